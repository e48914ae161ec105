//! URLs of WebSockets.

use super::error::{UrlError, checked};
use super::host::{self, Host};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Scheme {
    Ws,
    Wss,
}

/// A WebSocket URL.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Url {
    scheme: Option<Scheme>,
    host: Host,
    port: Option<u16>,
    /// Path and query as they stand in a request.
    target: String,
}

impl Url {
    /// Takes a WebSocket URL apart.
    pub fn parse(text: &str) -> Result<Self, UrlError> {
        let text = checked(text)?;
        let (scheme, rest) = split_scheme(text)?;
        let (rest, _fragment) = rest.split_once('#').unwrap_or((rest, ""));
        let authority_end = rest.find(['/', '?', '\\']).unwrap_or(rest.len());
        let (authority, target) = rest.split_at(authority_end);
        if target.starts_with('\\') {
            return Err(UrlError::new("the URL holds a '\\' where a '/' belongs"));
        }
        if authority.contains('@') {
            return Err(UrlError::new(
                "a user name or password in a URL is not supported; send an Authorization \
                 request header instead",
            ));
        }
        let (host, port) = host::parse_authority(authority)?;
        Ok(Self { scheme, host, port, target: encode_target(target) })
    }

    #[must_use]
    pub fn host(&self) -> &Host {
        &self.host
    }

    /// Whether the connection is encrypted: `wss://` asks for it, and so does a socket of kind
    /// wss whatever the URL says.
    #[must_use]
    pub fn is_encrypted(&self, secure_socket: bool) -> bool {
        secure_socket || self.scheme == Some(Scheme::Wss)
    }

    /// The port to connect to: `argument` unless it is 0, else the URL's, else the default.
    #[must_use]
    pub fn port(&self, argument: u16, encrypted: bool) -> u16 {
        match argument {
            0 => self.port.unwrap_or(default_port(encrypted)),
            port => port,
        }
    }

    /// The `Host` header of a request: without the port where it is the default.
    #[must_use]
    pub fn authority(&self, port: u16, encrypted: bool) -> String {
        let host = self.host.without_zone();
        if port == default_port(encrypted) { host } else { format!("{host}:{port}") }
    }

    /// Path and query as they stand in a request; never empty, begins with `/`.
    #[must_use]
    pub fn target(&self) -> &str {
        &self.target
    }
}

fn default_port(encrypted: bool) -> u16 {
    if encrypted { 443 } else { 80 }
}

/// Without the white space around it, such as the line end of a file it was read from; none is
/// allowed inside, least of all a line end that would end up in a request.
fn split_scheme(text: &str) -> Result<(Option<Scheme>, &str), UrlError> {
    let Some((scheme, rest)) = host::split_scheme(text) else {
        return Ok((None, text));
    };
    match scheme.to_ascii_lowercase().as_str() {
        "ws" => Ok((Some(Scheme::Ws), rest)),
        "wss" => Ok((Some(Scheme::Wss), rest)),
        "http" => Err(UrlError::new("a WebSocket URL begins with ws://, not http://")),
        "https" => Err(UrlError::new("a WebSocket URL begins with wss://, not https://")),
        _ => Err(UrlError::new(format!("a WebSocket URL begins with ws:// or wss://, not {scheme}://"))),
    }
}

/// Encodes what may not stand in a request line as it is, like browsers do.
fn encode_target(target: &str) -> String {
    let mut encoded = String::with_capacity(target.len() + 1);
    if !target.starts_with('/') {
        encoded.push('/');
    }
    for byte in target.bytes() {
        if byte.is_ascii_graphic() && !b"\"<>\\^`{|}".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            encoded.push_str(&format!("%{byte:02X}"));
        }
    }
    encoded
}
