//! The server's side: reads a request, answers it.

use super::fields::Fields;
use super::head::{Head, HeadError};
use super::headers::{is_token, list, list_has, map, single};
use super::limits::{Limits, MOST_HEADERS};
use super::options::{Origins, Protocols};
use super::plain::PlainRequest;
use tungstenite::handshake::derive_accept_key;
use tungstenite::http::{HeaderMap, StatusCode, Uri};

/// A connection whose request is not complete yet.
#[derive(Debug, Default)]
pub struct ServerHandshake {
    head: Head,
}

/// A right request for a WebSocket, not yet answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    pub path: String,
    /// Without the '?'; empty if there is none.
    pub query: String,
    pub host: String,
    /// What the page says where it is from; native clients say nothing.
    pub origin: Option<String>,
    /// The subprotocols offered.
    pub protocols: Vec<String>,
    /// All header fields.
    pub fields: Fields,
    accept_key: String,
}

/// What is worth knowing of an accepted request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Accepted {
    pub path: Box<str>,
    /// Without the '?'; empty if there is none.
    pub query: Box<str>,
    /// Empty if there is none.
    pub origin: Box<str>,
    /// The subprotocol chosen, or empty.
    pub protocol: Box<str>,
}

/// An answer that is not a WebSocket.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    pub status: StatusCode,
    /// One sentence for a person.
    pub reason: String,
}

impl ServerHandshake {
    /// Takes what was received. When the request is complete, returns it and how many of these
    /// bytes belonged to it. A refusal is to be written to the peer, and the connection closed.
    pub fn receive(&mut self, bytes: &[u8], limits: &Limits) -> Result<Option<(Request, usize)>, Refusal> {
        let complete = self.head.receive(bytes, limits.bytes);
        match self.head.bytes() {
            // No HTTP method begins with these; a TLS client need not wait for more of them.
            [0x16, ..] => {
                return Err(Refusal::bad("the peer speaks TLS, and this server does not"));
            }
            [first, ..] if !first.is_ascii_alphabetic() && !b"\r\n".contains(first) => {
                return Err(Refusal::bad("the peer does not speak HTTP"));
            }
            _ => {}
        }
        match complete {
            Ok(Some(count)) => Ok(Some((parse(self.head.bytes(), limits)?, count))),
            Ok(None) => Ok(None),
            Err(HeadError::TooLarge) => Err(too_large("the request's head is too long")),
            Err(HeadError::NotText) => Err(Refusal::bad("the request holds a control character")),
        }
    }
}

impl ServerHandshake {
    /// What the part of the request that has come takes of memory.
    #[must_use]
    pub fn memory(&self) -> usize {
        self.head.memory()
    }

    /// What was asked for instead of a WebSocket, once that was refused.
    pub fn plain_request(&self) -> Option<PlainRequest> {
        PlainRequest::parse(self.head.bytes())
    }
}

impl Request {
    /// Appends the answer that opens the WebSocket to `out`. A refusal is left to be written.
    pub fn accept(
        self,
        origins: &Origins,
        protocols: &Protocols,
        out: &mut Vec<u8>,
    ) -> Result<Accepted, Refusal> {
        if !origins.allow(self.origin.as_deref()) {
            let origin = self.origin.unwrap_or_default();
            return Err(Refusal::new(
                StatusCode::FORBIDDEN,
                format!("pages from {origin} may not connect to this server"),
            ));
        }
        let protocol = protocols.choose(&self.protocols).unwrap_or_default();
        // The names are written as in RFC 6455: there are clients that compare them to the letter.
        let mut response = format!(
            "HTTP/1.1 101 Switching Protocols\r\n\
             Upgrade: websocket\r\n\
             Connection: Upgrade\r\n\
             Sec-WebSocket-Accept: {}\r\n",
            self.accept_key
        );
        if !protocol.is_empty() {
            response.push_str(&format!("Sec-WebSocket-Protocol: {protocol}\r\n"));
        }
        response.push_str("\r\n");
        out.extend_from_slice(response.as_bytes());
        Ok(Accepted {
            path: self.path.into(),
            query: self.query.into(),
            origin: self.origin.unwrap_or_default().into(),
            protocol: protocol.into(),
        })
    }
}

impl Refusal {
    pub fn new(status: StatusCode, reason: impl Into<String>) -> Self {
        Self { status, reason: reason.into() }
    }

    fn bad(reason: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, reason)
    }

    /// Appends the refusal as an HTTP response to `out`.
    pub fn write(&self, out: &mut Vec<u8>) {
        let Self { status, reason } = self;
        let headers = match *status {
            StatusCode::UPGRADE_REQUIRED => {
                "Upgrade: websocket\r\n\
                 Sec-WebSocket-Version: 13\r\n\
                 Connection: Upgrade, close\r\n"
            }
            StatusCode::METHOD_NOT_ALLOWED => "Allow: GET\r\nConnection: close\r\n",
            _ => "Connection: close\r\n",
        };
        let length = reason.len() + 1;
        let response = format!(
            "HTTP/1.1 {status}\r\n\
             {headers}\
             Content-Type: text/plain; charset=utf-8\r\n\
             Content-Length: {length}\r\n\
             \r\n\
             {reason}\n"
        );
        out.extend_from_slice(response.as_bytes());
    }
}

impl std::fmt::Display for Refusal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} ({})", self.reason, self.status)
    }
}

impl std::error::Error for Refusal {}

fn too_large(reason: &str) -> Refusal {
    Refusal::new(StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE, reason)
}

fn parse(head: &[u8], limits: &Limits) -> Result<Request, Refusal> {
    let mut lines = [httparse::EMPTY_HEADER; MOST_HEADERS];
    let mut request = httparse::Request::new(&mut lines);
    match request.parse(head) {
        // The first empty line is the end to either.
        Ok(httparse::Status::Complete(length)) => debug_assert_eq!(length, head.len()),
        Err(httparse::Error::TooManyHeaders) => return Err(too_large("the request has too many headers")),
        _ => return Err(malformed()),
    }
    if request.headers.len() > limits.headers {
        return Err(too_large("the request has too many headers"));
    }
    if request.method != Some("GET") {
        return Err(Refusal::new(
            StatusCode::METHOD_NOT_ALLOWED,
            "a WebSocket is opened with GET, not with another method",
        ));
    }
    if request.version != Some(1) {
        return Err(Refusal::new(
            StatusCode::HTTP_VERSION_NOT_SUPPORTED,
            "a WebSocket is opened with HTTP/1.1, not with an older version",
        ));
    }
    let uri: Uri = request.path.and_then(|path| path.parse().ok()).ok_or_else(malformed)?;
    let headers = &map(request.headers).ok_or_else(malformed)?;
    if !list_has(headers, "Upgrade", "websocket") {
        return Err(Refusal::new(
            StatusCode::UPGRADE_REQUIRED,
            "this is a WebSocket server: there is no page here to look at",
        ));
    }
    if !list_has(headers, "Connection", "Upgrade") {
        return Err(Refusal::bad("the header 'Connection: Upgrade' is missing"));
    }
    check_version(headers)?;
    check_no_body(headers)?;
    let key = only(headers, "Sec-WebSocket-Key")?.filter(|key| is_key(key));
    let key = key.ok_or_else(|| Refusal::bad("Sec-WebSocket-Key is missing or wrong"))?;
    let host = only(headers, "Host")?.ok_or_else(|| Refusal::bad("the Host header is missing"))?;
    let protocols: Vec<String> = list(headers, "Sec-WebSocket-Protocol").map(str::to_owned).collect();
    if !protocols.iter().all(|name| is_token(name)) {
        return Err(Refusal::bad("Sec-WebSocket-Protocol holds what is no name"));
    }
    let path = uri.path();
    if !path.starts_with('/') {
        return Err(Refusal::bad("the request's path does not begin with '/'"));
    }
    Ok(Request {
        path: path.to_owned(),
        query: uri.query().unwrap_or_default().to_owned(),
        host: host.to_owned(),
        origin: only(headers, "Origin")?.map(str::to_owned),
        protocols,
        fields: Fields::of(request.headers),
        accept_key: derive_accept_key(key.as_bytes()),
    })
}

fn malformed() -> Refusal {
    Refusal::bad("the request is malformed")
}

fn check_version(headers: &HeaderMap) -> Result<(), Refusal> {
    match only(headers, "Sec-WebSocket-Version")? {
        Some("13") => Ok(()),
        Some(_) => Err(Refusal::new(
            StatusCode::UPGRADE_REQUIRED,
            "this server speaks version 13 of the WebSocket protocol alone",
        )),
        None => Err(Refusal::bad("Sec-WebSocket-Version is missing")),
    }
}

/// What follows the head must be frames.
fn check_no_body(headers: &HeaderMap) -> Result<(), Refusal> {
    let length = only(headers, "Content-Length")?;
    if length.is_some_and(|length| length != "0") || headers.contains_key("Transfer-Encoding") {
        return Err(Refusal::bad("a request for a WebSocket has no body"));
    }
    Ok(())
}

/// A header that must not be repeated.
fn only<'h>(headers: &'h HeaderMap, name: &str) -> Result<Option<&'h str>, Refusal> {
    single(headers, name).map_err(|()| Refusal::bad(format!("the header {name} is repeated or not ASCII")))
}

/// Whether it is 16 bytes in base64.
fn is_key(key: &str) -> bool {
    let is_base64_byte = |byte: u8| byte.is_ascii_alphanumeric() || b"+/".contains(&byte);
    key.len() == 24 && key.strip_suffix("==").is_some_and(|digits| digits.bytes().all(is_base64_byte))
}

#[cfg(test)]
mod tests;
