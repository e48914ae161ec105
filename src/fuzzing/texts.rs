//! Texts that a host, or its users, may have written.

use super::input::Input;
use crate::proxy::Trusted;
use crate::url::{Url, parse_host};
use crate::websocket::handshake::{Origins, Protocols, RequestHeaders};

/// What was understood is understood again when it is written out.
pub(super) fn url(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    if let Ok((host, _)) = parse_host(text) {
        assert_eq!(parse_host(&host.to_string()).map(|(host, _)| host), Ok(host));
    }
    let Ok(url) = Url::parse(text) else { return };
    let target = url.target();
    assert!(target.starts_with('/'), "{target:?}");
    assert!(target.bytes().all(|byte| byte.is_ascii_graphic()), "{target:?}");
    for encrypted in [false, true] {
        let authority = url.authority(url.port(0, encrypted), encrypted);
        assert!(!authority.contains(|c: char| c.is_whitespace() || c.is_control()), "{authority:?}");
        let scheme = if encrypted { "wss" } else { "ws" };
        let again = Url::parse(&format!("{scheme}://{authority}{target}"));
        let again = again.unwrap_or_else(|error| panic!("{authority}{target}: {error}"));
        assert_eq!(again.target(), target);
        assert_eq!(again.port(0, encrypted), url.port(0, encrypted));
        assert_eq!(again.host().without_zone(), url.host().without_zone());
    }
}

/// What is taken can do no harm in a handshake.
pub(super) fn options(bytes: &[u8]) {
    let mut input = Input::new(bytes);
    let which = input.below(4);
    let Ok(text) = std::str::from_utf8(input.rest()) else { return };
    match which {
        0 => {
            if let Ok(headers) = RequestHeaders::parse(text) {
                let lines = headers.lines();
                assert!(!lines.contains("\r\n\r\n") && (lines.is_empty() || lines.ends_with("\r\n")));
                for line in lines.split_terminator("\r\n") {
                    assert!(line.contains(": ") && !line.contains(['\r', '\n', '\0']), "{line:?}");
                }
                assert_eq!(RequestHeaders::parse(lines).as_ref().map(RequestHeaders::lines), Ok(lines));
            }
        }
        1 => {
            if let Ok(protocols) = Protocols::parse(text) {
                let names = protocols.names();
                let offered: Vec<String> = names.iter().map(ToString::to_string).collect();
                assert_eq!(protocols.choose(&offered).is_some(), !names.is_empty());
                assert_eq!(Protocols::parse(&names.join(",")), Ok(protocols));
            }
        }
        2 => {
            if let Ok(origins) = Origins::parse(text) {
                assert!(origins.allow(None), "native clients say no origin");
            }
        }
        _ => {
            if let Ok(trusted) = Trusted::parse(text)
                && text.trim().is_empty()
            {
                assert_eq!(trusted, Trusted::default());
            }
        }
    }
}
