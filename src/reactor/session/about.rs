//! What is worth knowing of an open WebSocket.

/// What `network_get_string` tells. Each is empty where there is none.
#[derive(Debug)]
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

impl About {
    /// Nothing but the usual: this needs no memory.
    pub(crate) fn is_usual(&self) -> bool {
        let texts = [&self.query, &self.origin, &self.protocol];
        &*self.path == "/" && texts.iter().all(|text| text.is_empty()) && !self.encrypted
    }
}

/// The usual.
impl Default for About {
    fn default() -> About {
        About {
            path: "/".into(),
            query: Box::default(),
            origin: Box::default(),
            protocol: Box::default(),
            encrypted: false,
        }
    }
}
