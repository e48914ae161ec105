//! What can be wrong with any address.

/// What is wrong with a URL, in one sentence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UrlError(String);

impl UrlError {
    pub(crate) fn new(reason: impl Into<String>) -> Self {
        Self(reason.into())
    }
}

impl std::fmt::Display for UrlError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for UrlError {}

pub(crate) fn checked(text: &str) -> Result<&str, UrlError> {
    let text = text.trim_ascii();
    if text.is_empty() {
        return Err(UrlError::new("the address is empty"));
    }
    if text.contains(char::is_control) {
        return Err(UrlError::new("the address holds a control character"));
    }
    Ok(text)
}
