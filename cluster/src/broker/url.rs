//! Where the brokers are: `nats://[user:password@|token@]host[:port][,host[:port]...][/app]`.

use crate::error::{Error, Result};
use crate::protocol::subject;
use crate::protocol::write::Credentials;

/// The most hosts in one url.
const MOST_HOSTS: usize = 64;
const DEFAULT_APP: &str = "game";

/// What carries the protocol.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Transport {
    Tcp,
    /// TLS begins after the broker's first line.
    Tls,
    WebSocket,
    SecureWebSocket,
}

impl Transport {
    const ALL: [(&str, Self); 4] = [
        ("nats://", Self::Tcp),
        ("tls://", Self::Tls),
        ("ws://", Self::WebSocket),
        ("wss://", Self::SecureWebSocket),
    ];

    pub(crate) fn default_port(self) -> u16 {
        match self {
            Self::Tcp | Self::Tls => 4222,
            Self::WebSocket => 80,
            Self::SecureWebSocket => 443,
        }
    }
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Host {
    /// A name or an address, IPv6 without brackets.
    pub(crate) name: String,
    pub(crate) port: u16,
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Url {
    pub(crate) transport: Transport,
    pub(crate) credentials: Credentials,
    pub(crate) hosts: Vec<Host>,
    pub(crate) app: String,
}

impl Url {
    pub(crate) fn parse(text: &str) -> Result<Self> {
        let (scheme, transport) = Transport::ALL
            .into_iter()
            .find(|(scheme, _)| {
                text.get(..scheme.len()).is_some_and(|start| start.eq_ignore_ascii_case(scheme))
            })
            .ok_or_else(|| {
                Error::bad_argument("the url must be \"\" or begin with nats://, tls://, ws:// or wss://")
            })?;
        let rest = &text[scheme.len()..];
        let (places, path) = rest.split_once('/').unwrap_or((rest, ""));
        let app = if path.is_empty() { DEFAULT_APP } else { path.trim_end_matches('/') };
        if !subject::is_word(app) {
            return Err(Error::bad_argument(format!(
                "the url's path, the application, must be 1 to {} letters, digits, - or _",
                subject::LONGEST_WORD
            )));
        }
        // A password may have an @ in it that nobody has escaped.
        let (credentials, places) = match places.rsplit_once('@') {
            Some((credentials, places)) => (parse_credentials(credentials)?, places),
            None => (Credentials::None, places),
        };
        let hosts: Vec<_> = places
            .split(',')
            .map(|place| Host::parse(place, transport.default_port()))
            .collect::<Result<_>>()?;
        if hosts.len() > MOST_HOSTS {
            return Err(Error::bad_argument(format!("the url has more than {MOST_HOSTS} hosts")));
        }
        Ok(Self { transport, credentials, hosts, app: app.to_owned() })
    }
}

impl Host {
    /// `host[:port]`, an IPv6 address in brackets.
    pub(crate) fn parse(text: &str, default_port: u16) -> Result<Self> {
        let wrong = || Error::bad_argument("a host in the url is not host, host:port or [address]:port");
        let (name, port) = match text.strip_prefix('[').map(|rest| rest.split_once(']')) {
            Some(Some((name, ""))) => (name, None),
            Some(Some((name, rest))) => (name, Some(rest.strip_prefix(':').ok_or_else(wrong)?)),
            Some(None) => return Err(wrong()),
            None => text.split_once(':').map_or((text, None), |(name, port)| (name, Some(port))),
        };
        let plain = |c: char| c.is_alphanumeric() || matches!(c, '.' | '-' | '_' | ':' | '%');
        if name.is_empty() || name.len() > 255 || !name.chars().all(plain) {
            return Err(wrong());
        }
        let port = match port {
            None => default_port,
            Some(port) => port.parse().ok().filter(|&port| port > 0).ok_or_else(wrong)?,
        };
        Ok(Self { name: name.to_owned(), port })
    }
}

fn parse_credentials(text: &str) -> Result<Credentials> {
    Ok(match text.split_once(':') {
        Some((name, password)) => {
            Credentials::User { name: unescaped(name)?, password: unescaped(password)? }
        }
        None => Credentials::Token(unescaped(text)?),
    })
}

/// With `%41` and the like replaced.
fn unescaped(text: &str) -> Result<String> {
    let wrong = || Error::bad_argument("the url's user, password or token has a % that is no escape");
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        bytes.push(if byte == b'%' {
            let digits = [rest.next().ok_or_else(wrong)?, rest.next().ok_or_else(wrong)?];
            let digits = std::str::from_utf8(&digits).map_err(|_| wrong())?;
            if !digits.bytes().all(|digit| digit.is_ascii_hexdigit()) {
                return Err(wrong());
            }
            u8::from_str_radix(digits, 16).map_err(|_| wrong())?
        } else {
            byte
        });
    }
    String::from_utf8(bytes).map_err(|_| wrong())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn host(name: &str, port: u16) -> Host {
        Host { name: name.into(), port }
    }

    #[test]
    fn reads_urls() {
        let url = Url::parse("nats://one,two:5000,[::1]:6000,[fe80::1%eth0]/space-game").expect("a url");
        assert_eq!(url.transport, Transport::Tcp);
        assert_eq!(url.credentials, Credentials::None);
        let hosts = [host("one", 4222), host("two", 5000), host("::1", 6000), host("fe80::1%eth0", 4222)];
        assert_eq!(url.hosts, hosts);
        assert_eq!(url.app, "space-game");

        let url = Url::parse("WSS://us%3Aer:p%40s:s@broker.example/").expect("a url");
        let credentials = Credentials::User { name: "us:er".into(), password: "p@s:s".into() };
        assert_eq!((url.transport, url.credentials), (Transport::SecureWebSocket, credentials));
        assert_eq!((url.hosts, url.app.as_str()), (vec![host("broker.example", 443)], "game"));

        let url = Url::parse("tls://s3cret@broker:1").expect("a url");
        assert_eq!((url.transport, url.credentials), (Transport::Tls, Credentials::Token("s3cret".into())));
    }

    #[test]
    fn refuses_what_is_no_url() {
        let many = format!("nats://{}", vec!["a"; MOST_HOSTS + 1].join(","));
        for wrong in [
            "a",
            "http://a",
            "nats://",
            "nats://a,",
            "nats://a:0",
            "nats://a:65536",
            "nats://a:x",
            "nats://[::1",
            "nats://[::1]5",
            "nats://a b",
            "nats://a/b.c",
            "nats://a/b/c",
            "nats://a/*",
            "nats://%zz@a",
            "nats://%4@a",
            "nats://%ff@a",
            "nats://a\r\n",
            "näts://a",
            many.as_str(),
        ] {
            assert!(Url::parse(wrong).is_err(), "{wrong}");
        }
    }
}
