//! The client's side: writes a request, checks the answer.

use super::head::{Head, HeadError};
use super::headers::{list, list_has, map, single};
use super::limits::{Limits, MOST_HEADERS};
use super::options::{Protocols, RequestHeaders};
use crate::random;
use crate::url::Url;
use data_encoding::BASE64;
use tungstenite::handshake::derive_accept_key;
use tungstenite::http::{HeaderMap, StatusCode};

/// A connection whose answer is not complete yet.
#[derive(Debug)]
pub struct ClientHandshake {
    head: Head,
    /// What the answer must hold to show that the server understood.
    accept_key: String,
    protocols: Protocols,
}

/// The server's answer.
struct Response {
    status: StatusCode,
    headers: HeaderMap,
}

/// The server agreed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Opened {
    /// The subprotocol that the server chose, or empty.
    pub protocol: Box<str>,
}

/// Why there is no WebSocket, in one sentence for a person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HandshakeError(String);

impl HandshakeError {
    fn new(reason: impl Into<String>) -> Self {
        Self(reason.into())
    }
}

impl std::fmt::Display for HandshakeError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for HandshakeError {}

impl ClientHandshake {
    /// What the part of the answer that has come takes of memory.
    #[must_use]
    pub fn memory(&self) -> usize {
        self.head.memory()
    }

    /// Appends the request to `out`. `port` and `encrypted` are those of the connection.
    #[must_use]
    pub fn start(
        url: &Url,
        port: u16,
        encrypted: bool,
        protocols: &Protocols,
        headers: &RequestHeaders,
        out: &mut Vec<u8>,
    ) -> Self {
        let key = BASE64.encode(&random::bytes::<16>());
        let target = url.target();
        let host = url.authority(port, encrypted);
        let mut request = format!(
            "GET {target} HTTP/1.1\r\n\
             Host: {host}\r\n\
             Upgrade: websocket\r\n\
             Connection: Upgrade\r\n\
             Sec-WebSocket-Key: {key}\r\n\
             Sec-WebSocket-Version: 13\r\n"
        );
        let offered = protocols.names().join(", ");
        if !offered.is_empty() {
            request.push_str(&format!("Sec-WebSocket-Protocol: {offered}\r\n"));
        }
        request.push_str(headers.lines());
        request.push_str("\r\n");
        out.extend_from_slice(request.as_bytes());
        Self {
            head: Head::default(),
            accept_key: derive_accept_key(key.as_bytes()),
            protocols: protocols.clone(),
        }
    }

    /// Takes what was received. When the answer is complete and right, says what was agreed on
    /// and how many of these bytes belonged to it.
    pub fn receive(
        &mut self,
        bytes: &[u8],
        limits: &Limits,
    ) -> Result<Option<(Opened, usize)>, HandshakeError> {
        let mut at = 0;
        loop {
            let complete = self.head.receive(&bytes[at..], limits.bytes);
            check_is_http(self.head.bytes())?;
            let Some(count) = complete.map_err(head_error)? else {
                return Ok(None);
            };
            at += count;
            let response = parse(self.head.bytes(), limits)?;
            // An interim answer: the real one follows (RFC 9110, section 15.2).
            let interim = response.status.is_informational();
            if !interim || response.status == StatusCode::SWITCHING_PROTOCOLS {
                return Ok(Some((self.verify(&response)?, at)));
            }
            self.head = Head::default();
        }
    }

    fn verify(&self, response: &Response) -> Result<Opened, HandshakeError> {
        let headers = &response.headers;
        if response.status != StatusCode::SWITCHING_PROTOCOLS {
            return Err(describe_status(response.status, headers));
        }
        let wrong = |what| HandshakeError(format!("the server's answer is wrong: {what}"));
        if !list_has(headers, "Upgrade", "websocket") {
            return Err(wrong("the header 'Upgrade: websocket' is missing"));
        }
        if !list_has(headers, "Connection", "Upgrade") {
            return Err(wrong("the header 'Connection: Upgrade' is missing"));
        }
        if single(headers, "Sec-WebSocket-Accept") != Ok(Some(&self.accept_key)) {
            return Err(wrong("Sec-WebSocket-Accept does not fit our request"));
        }
        if list(headers, "Sec-WebSocket-Extensions").next().is_some() {
            return Err(wrong("it uses an extension that we did not ask for"));
        }
        let protocol = single(headers, "Sec-WebSocket-Protocol")
            .map_err(|()| wrong("it chooses more than one subprotocol"))?
            .unwrap_or_default();
        let offered = self.protocols.names().iter().any(|name| name == protocol);
        if !protocol.is_empty() && !offered {
            return Err(wrong("it chooses a subprotocol that we did not offer"));
        }
        Ok(Opened { protocol: protocol.into() })
    }
}

/// Recognises what is no HTTP answer from its first bytes.
fn check_is_http(head: &[u8]) -> Result<(), HandshakeError> {
    const START: &[u8] = b"HTTP/";
    let length = head.len().min(START.len());
    if head[..length] == START[..length] {
        return Ok(());
    }
    Err(HandshakeError::new(match head {
        [b'G', b'M', ..] => "the server is a GameMaker TCP server, not a WebSocket server: use a TCP socket",
        [0x15 | 0x16, ..] => "the server speaks TLS: use wss:// or a socket of kind wss",
        _ => "the server does not speak HTTP, so it is no WebSocket server",
    }))
}

fn head_error(error: HeadError) -> HandshakeError {
    HandshakeError::new(match error {
        HeadError::TooLarge => "the head of the server's answer is too long",
        HeadError::NotText => "the server's answer holds a control character",
    })
}

fn parse(head: &[u8], limits: &Limits) -> Result<Response, HandshakeError> {
    let malformed = || HandshakeError::new("the server's answer is malformed HTTP");
    let too_many = || HandshakeError::new("the server's answer has too many headers");
    let mut lines = [httparse::EMPTY_HEADER; MOST_HEADERS];
    let mut response = httparse::Response::new(&mut lines);
    match response.parse(head) {
        // The first empty line is the end to either.
        Ok(httparse::Status::Complete(length)) => debug_assert_eq!(length, head.len()),
        Err(httparse::Error::TooManyHeaders) => return Err(too_many()),
        _ => return Err(malformed()),
    }
    if response.headers.len() > limits.headers {
        return Err(too_many());
    }
    if response.version != Some(1) {
        return Err(HandshakeError::new(
            "the server answered with HTTP/1.0, so it is a web server without WebSockets",
        ));
    }
    let status = response.code.and_then(|code| StatusCode::from_u16(code).ok()).ok_or_else(malformed)?;
    let headers = map(response.headers).ok_or_else(malformed)?;
    Ok(Response { status, headers })
}

fn describe_status(status: StatusCode, headers: &HeaderMap) -> HandshakeError {
    let meaning = match status.as_u16() {
        300..=399 => {
            let location = single(headers, "Location").ok().flatten();
            let location = location.unwrap_or("another address");
            return HandshakeError(format!(
                "the server redirects to {location} ({status}); redirects are not followed"
            ));
        }
        200..=299 => "it is a web server without a WebSocket at this path",
        400 => "it takes the request for a wrong one",
        401 | 407 => "it asks for a login, as by an Authorization request header",
        403 => "it does not let us in, perhaps because of our origin",
        404 | 410 => "there is nothing at this path",
        426 => "it wants another protocol or version",
        429 | 503 => "it is too busy or not ready",
        500..=599 => "something is broken there",
        _ => "it does not agree",
    };
    HandshakeError(format!("the server answered {status} instead of opening a WebSocket: {meaning}"))
}

#[cfg(test)]
mod tests;
