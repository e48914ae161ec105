//! Options that are given as text, checked once when they are set.

use super::headers::is_token;

/// What is wrong with an option, in one sentence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OptionError(String);

impl std::fmt::Display for OptionError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for OptionError {}

/// Subprotocols, the preferred first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Protocols(Vec<String>);

impl Protocols {
    /// Takes names separated by commas; "" is none.
    pub fn parse(text: &str) -> Result<Self, OptionError> {
        let mut names: Vec<String> = Vec::new();
        for name in elements(text) {
            if !is_token(name) {
                return Err(OptionError(format!("'{name}' cannot be a subprotocol's name")));
            }
            if names.iter().any(|other| other == name) {
                return Err(OptionError(format!("subprotocol '{name}' stands there twice")));
            }
            names.push(name.to_owned());
        }
        Ok(Self(names))
    }

    pub(crate) fn names(&self) -> &[String] {
        &self.0
    }

    /// The first of ours that is offered.
    pub(crate) fn choose(&self, offered: &[String]) -> Option<&str> {
        let mut ours = self.0.iter();
        ours.find(|name| offered.contains(name)).map(String::as_str)
    }
}

/// The origins of the pages that may connect; none in the list: all may.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Origins(Vec<String>);

impl Origins {
    /// Takes origins as browsers write them, `scheme://host[:port]` or `null`, separated by
    /// commas; "" allows all.
    pub fn parse(text: &str) -> Result<Self, OptionError> {
        elements(text).map(normal_origin).collect::<Result<_, _>>().map(Self)
    }

    /// Only pages say where they are from; a program that says nothing is no page.
    #[must_use]
    pub fn allow(&self, origin: Option<&str>) -> bool {
        let Some(origin) = origin else { return true };
        self.0.is_empty() || self.0.iter().any(|ours| ours.eq_ignore_ascii_case(origin))
    }
}

/// An origin as browsers send it: no '/' at the end, no port that is the scheme's own.
fn normal_origin(text: &str) -> Result<String, OptionError> {
    let origin = text.strip_suffix('/').unwrap_or(text).to_ascii_lowercase();
    if origin == "null" {
        return Ok(origin);
    }
    match origin.split_once("://") {
        Some((scheme, host)) if is_token(scheme) && is_authority(host) => {
            let default_port = match scheme {
                "http" => ":80",
                "https" => ":443",
                _ => return Ok(origin),
            };
            let origin = origin.strip_suffix(default_port).unwrap_or(&origin);
            Ok(origin.to_owned())
        }
        _ => {
            Err(OptionError(format!("'{text}' is not an origin, which is written like https://example.com")))
        }
    }
}

fn is_authority(text: &str) -> bool {
    let is_foreign = |byte: u8| !byte.is_ascii_graphic() || b"/?#@*\\".contains(&byte);
    !text.is_empty() && !text.bytes().any(is_foreign)
}

fn elements(text: &str) -> impl Iterator<Item = &str> {
    text.split(',').map(str::trim).filter(|element| !element.is_empty())
}

/// Additional request headers of a client.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RequestHeaders(String);

impl RequestHeaders {
    /// Takes lines of the form "Name: value". The headers of the handshake itself are refused.
    pub fn parse(text: &str) -> Result<Self, OptionError> {
        let mut block = String::new();
        for line in text.lines() {
            let Some((name, value)) = line.split_once(':') else {
                return Err(OptionError(format!("'{line}' is not of the form Name: value")));
            };
            let value = value.trim_matches([' ', '\t']);
            if !is_token(name) {
                return Err(OptionError(format!("'{name}' cannot be a header's name")));
            }
            if is_of_the_handshake(name) {
                return Err(OptionError(format!("the header '{name}' cannot be set this way")));
            }
            if value.chars().any(|char| char.is_control() && char != '\t') {
                return Err(OptionError(format!(
                    "the value of the header '{name}' holds a control character"
                )));
            }
            block.push_str(&format!("{name}: {value}\r\n"));
        }
        Ok(Self(block))
    }

    /// The lines as they stand in a request.
    pub(crate) fn lines(&self) -> &str {
        &self.0
    }
}

fn is_of_the_handshake(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    name.starts_with("sec-websocket-")
        || ["host", "connection", "upgrade", "content-length", "transfer-encoding"].contains(&name.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn protocols() {
        let ours = Protocols::parse(" game.v2,game.v1 ,").unwrap();
        assert_eq!(ours.names(), ["game.v2", "game.v1"]);
        let offered = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
        assert_eq!(ours.choose(&offered(&["game.v1", "game.v2"])), Some("game.v2"));
        assert_eq!(ours.choose(&offered(&["x", "game.v1"])), Some("game.v1"));
        assert_eq!(ours.choose(&offered(&["GAME.V1"])), None);
        assert_eq!(ours.choose(&[]), None);
        assert_eq!(Protocols::parse(""), Ok(Protocols::default()));
        for wrong in ["a b", "a,a", "a\r\nb", "ä", "a;b"] {
            let error = Protocols::parse(wrong).expect_err(wrong).to_string();
            assert!(error.contains("subprotocol"), "{error}");
        }
    }

    #[test]
    fn origins() {
        let ours = "https://Game.example/, http://localhost:8080,https://x.example:443, http://y.example:80";
        let ours = Origins::parse(ours).unwrap();
        for allowed in
            ["https://game.example", "http://localhost:8080", "https://x.example", "http://y.example"]
        {
            assert!(ours.allow(Some(allowed)), "{allowed}");
        }
        for foreign in [
            "http://game.example",
            "https://game.example:444",
            "https://game.example.evil",
            "https://evil/https://game.example",
            "http://localhost",
            "null",
            "",
        ] {
            assert!(!ours.allow(Some(foreign)), "{foreign}");
        }
        assert!(ours.allow(None));
        assert!(Origins::parse("null").unwrap().allow(Some("null")));
        assert!(Origins::parse("").unwrap().allow(Some("https://anybody")));
        for wrong in ["*", "game.example", "https://", "https://a/b", "https://a b", "//x"] {
            assert!(Origins::parse(wrong).is_err(), "{wrong:?}");
        }
    }

    #[test]
    fn request_headers() {
        let headers = RequestHeaders::parse("Authorization: Bearer x:y\r\nX-Name:\tJürgen \n");
        assert_eq!(headers.unwrap().lines(), "Authorization: Bearer x:y\r\nX-Name: Jürgen\r\n");
        assert_eq!(RequestHeaders::parse("").unwrap().lines(), "");
        assert_eq!(RequestHeaders::parse("X:").unwrap().lines(), "X: \r\n");
        for wrong in [
            "no colon",
            ": no name",
            "two words: x",
            " Folded: x",
            "A: x\n\nGET / HTTP/1.1",
            "A: x\ry",
            "A: x\0",
            "Host: elsewhere",
            "sec-websocket-KEY: x",
            "Sec-WebSocket-Protocol: x",
            "Connection: close",
            "Content-Length: 5",
        ] {
            assert!(RequestHeaders::parse(wrong).is_err(), "{wrong:?}");
        }
    }
}
