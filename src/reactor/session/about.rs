//! What is worth knowing of an open WebSocket.

/// What `network_get_string` tells. Each is empty where there is none.
#[derive(Debug, Default)]
pub(crate) struct About {
    pub(crate) path: Box<str>,
    /// Without the '?'.
    pub(crate) query: Box<str>,
    /// The page that the client comes from.
    pub(crate) origin: Box<str>,
    /// The subprotocol agreed on.
    pub(crate) protocol: Box<str>,
    pub(crate) encrypted: bool,
}
