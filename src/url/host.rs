//! Hosts: names, IPv4 and IPv6 addresses, each perhaps with a port.

use super::error::{UrlError, checked};
use std::fmt;
use std::net::{Ipv4Addr, Ipv6Addr};

/// A host, checked but not resolved.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Host {
    Name(String),
    V4(Ipv4Addr),
    V6 {
        address: Ipv6Addr,
        /// An interface's name or number; empty if there is none.
        zone: String,
    },
}

impl Host {
    /// As a URL or a `Host` header has it: IPv6 in brackets, without the zone, which means
    /// nothing to others (RFC 6874, section 1).
    #[must_use]
    pub fn without_zone(&self) -> String {
        match self {
            Self::V6 { address, .. } => format!("[{address}]"),
            other => other.to_string(),
        }
    }
}

/// As the system's resolver takes it: `fe80::1%eth0`.
impl fmt::Display for Host {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Name(name) => f.write_str(name),
            Self::V4(address) => write!(f, "{address}"),
            Self::V6 { address, zone } if zone.is_empty() => write!(f, "{address}"),
            Self::V6 { address, zone } => write!(f, "{address}%{zone}"),
        }
    }
}

/// Takes `host[:port]`, the address of a TCP or UDP peer. An IPv6 address may stand in brackets
/// or, without a port, alone.
pub fn parse_host(text: &str) -> Result<(Host, Option<u16>), UrlError> {
    let text = checked(text)?;
    if let Ok(address) = text.parse() {
        return Ok((Host::V4(address), None));
    }
    if let Some((scheme, _)) = split_scheme(text) {
        return Err(UrlError::new(format!(
            "a TCP or UDP address is a host without {scheme}://; WebSocket URLs need a WebSocket \
             socket"
        )));
    }
    if text.contains(['/', '?', '#', '@', '\\']) {
        return Err(UrlError::new("a TCP or UDP address is a host alone, without a path"));
    }
    if is_bare_v6(text) {
        return Ok((parse_v6(text)?, None));
    }
    parse_authority(text)
}

/// Takes `host[:port]` out of a URL.
pub(crate) fn parse_authority(authority: &str) -> Result<(Host, Option<u16>), UrlError> {
    if let Some(rest) = authority.strip_prefix('[') {
        let Some((literal, rest)) = rest.split_once(']') else {
            return Err(UrlError::new("the ']' behind an IPv6 address is missing"));
        };
        let port = match rest.strip_prefix(':') {
            Some(port) => Some(parse_port(port)?),
            None if rest.is_empty() => None,
            None => {
                return Err(UrlError::new("after an IPv6 address only a port may follow"));
            }
        };
        return Ok((parse_v6(&decode_zone(literal))?, port));
    }
    if is_bare_v6(authority) {
        return Err(UrlError::new("an IPv6 address in a URL stands in brackets, as in [::1]"));
    }
    let (host, port) = match authority.split_once(':') {
        Some((host, port)) => (host, Some(parse_port(port)?)),
        None => (authority, None),
    };
    Ok((parse_name_or_v4(host)?, port))
}

/// `scheme://rest` taken apart, if it is that.
pub(crate) fn split_scheme(text: &str) -> Option<(&str, &str)> {
    let (scheme, rest) = text.split_once("://")?;
    let is_scheme = !scheme.is_empty()
        && scheme.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte));
    is_scheme.then_some((scheme, rest))
}

fn is_bare_v6(text: &str) -> bool {
    !text.starts_with('[') && text.bytes().filter(|byte| *byte == b':').count() > 1
}

fn parse_port(text: &str) -> Result<u16, UrlError> {
    if text.is_empty() {
        return Err(UrlError::new("the port after the ':' is missing"));
    }
    // parse() alone would take "+80".
    let digits = text.bytes().all(|byte| byte.is_ascii_digit());
    match text.parse() {
        Ok(port @ 1..) if digits => Ok(port),
        _ => Err(UrlError::new(format!("'{text}' is not a port number from 1 to 65535"))),
    }
}

/// In a URL a zone's '%' may be written "%25" (RFC 6874); what people paste is often a plain one.
fn decode_zone(literal: &str) -> String {
    match literal.split_once("%25") {
        Some((address, zone)) if !zone.is_empty() => format!("{address}%{zone}"),
        _ => literal.to_owned(),
    }
}

fn parse_v6(literal: &str) -> Result<Host, UrlError> {
    let (address, zone) = match literal.split_once('%') {
        Some((address, zone)) => (address, Some(zone)),
        None => (literal, None),
    };
    let Ok(address) = address.parse() else {
        return Err(UrlError::new(format!("'{literal}' is not an IPv6 address")));
    };
    let zone = zone.map_or(Ok(""), |zone| match zone {
        "" => Err(UrlError::new("the zone after the '%' is missing")),
        zone if zone.bytes().all(is_zone_byte) => Ok(zone),
        zone => Err(UrlError::new(format!("'{zone}' is not the name or number of a network interface"))),
    })?;
    Ok(Host::V6 { address, zone: zone.to_owned() })
}

fn is_zone_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"-._~@".contains(&byte)
}

fn parse_name_or_v4(host: &str) -> Result<Host, UrlError> {
    if host.is_empty() {
        return Err(UrlError::new("the host is missing"));
    }
    if let Ok(address) = host.parse() {
        return Ok(Host::V4(address));
    }
    if !host.is_ascii() {
        return Err(UrlError::new(format!(
            "'{host}': a host name with letters outside ASCII must be given in its xn-- form"
        )));
    }
    let name = host.strip_suffix('.').unwrap_or(host);
    let labels = || name.split('.');
    let is_name_byte = |byte: u8| byte.is_ascii_alphanumeric() || b"-_".contains(&byte);
    if name.len() > 253
        || labels().any(|label| !(1..=63).contains(&label.len()))
        || !labels().all(|label| label.bytes().all(is_name_byte))
    {
        return Err(UrlError::new(format!("'{host}' is not a host name")));
    }
    // No top-level domain is a number: a mistyped address, not a name to look up.
    if labels().next_back().is_some_and(|label| label.bytes().all(|byte| byte.is_ascii_digit())) {
        return Err(UrlError::new(format!("'{host}' is not an IPv4 address")));
    }
    Ok(Host::Name(host.to_owned()))
}
