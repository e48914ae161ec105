//! Header fields that the handshake reads.

use tungstenite::http::{HeaderMap, HeaderName, HeaderValue};

/// The fields of a parsed head; `None` if one cannot be.
pub(crate) fn map(lines: &[httparse::Header<'_>]) -> Option<HeaderMap> {
    let mut headers = HeaderMap::with_capacity(lines.len());
    for line in lines {
        let name = HeaderName::from_bytes(line.name.as_bytes()).ok()?;
        headers.append(name, HeaderValue::from_bytes(line.value).ok()?);
    }
    Some(headers)
}

/// A field that may stand there once at most, and in plain ASCII; else the error.
pub(crate) fn single<'h>(headers: &'h HeaderMap, name: &str) -> Result<Option<&'h str>, ()> {
    let mut values = headers.get_all(name).iter();
    match (values.next(), values.next()) {
        (None, _) => Ok(None),
        (Some(value), None) => value.to_str().map(|value| Some(value.trim())).map_err(|_| ()),
        _ => Err(()),
    }
}

/// The elements of a field that is a list, over all its lines.
pub(crate) fn list<'h>(headers: &'h HeaderMap, name: &str) -> impl Iterator<Item = &'h str> {
    let values = headers.get_all(name).into_iter();
    values
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .map(str::trim)
        .filter(|element| !element.is_empty())
}

/// Whether a list holds a keyword, in whatever case.
pub(crate) fn list_has(headers: &HeaderMap, name: &str, keyword: &str) -> bool {
    list(headers, name).any(|element| element.eq_ignore_ascii_case(keyword))
}

/// A token in the sense of RFC 9110, section 5.6.2: names of fields and subprotocols are such.
pub(crate) fn is_token(text: &str) -> bool {
    let is_token_byte = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
    !text.is_empty() && text.bytes().all(is_token_byte)
}
