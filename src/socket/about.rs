//! What the opening of a WebSocket has brought to light, for `network_get_string`.

use std::sync::Arc;

use crate::websocket::handshake::Fields;

/// Each is empty where there is none.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct About {
    pub(crate) path: Box<str>,
    /// Without the '?'.
    pub(crate) query: Box<str>,
    /// The page that the client comes from.
    pub(crate) origin: Box<str>,
    /// The subprotocol agreed on.
    pub(crate) protocol: Box<str>,
    /// The header fields of a client's request, as far as they are kept.
    pub(crate) headers: Fields,
    pub(crate) encrypted: bool,
}

impl About {
    /// Nothing but the usual: this needs no memory.
    pub(crate) fn is_usual(&self) -> bool {
        *self == Self::default()
    }
}

/// The usual.
impl Default for About {
    fn default() -> Self {
        Self {
            path: "/".into(),
            query: Box::default(),
            origin: Box::default(),
            protocol: Box::default(),
            headers: Fields::default(),
            encrypted: false,
        }
    }
}

/// What is known of a server's latest clients. Programs and browsers of one kind say the same to the letter,
/// and share the memory for it.
#[derive(Debug, Default)]
pub(crate) struct Abouts {
    latest: Vec<Arc<About>>,
    /// Whose place the next one takes.
    oldest: usize,
}

impl Abouts {
    /// Kinds of clients that are remembered.
    const MOST: usize = 8;

    pub(crate) fn share(&mut self, about: About) -> Arc<About> {
        if let Some(known) = self.latest.iter().find(|known| ***known == about) {
            return Arc::clone(known);
        }
        let about = Arc::new(about);
        if self.latest.len() < Self::MOST {
            self.latest.push(Arc::clone(&about));
        } else {
            self.latest[self.oldest] = Arc::clone(&about);
            self.oldest = (self.oldest + 1) % Self::MOST;
        }
        about
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn about(query: usize) -> About {
        About { query: query.to_string().into(), ..About::default() }
    }

    #[test]
    fn who_says_the_same_shares_it() {
        let mut abouts = Abouts::default();
        let first = abouts.share(about(0));
        for number in 1..Abouts::MOST {
            assert!(!Arc::ptr_eq(&first, &abouts.share(about(number))));
            assert!(Arc::ptr_eq(&first, &abouts.share(about(0))));
        }
        // The ninth kind takes the place of the first.
        abouts.share(about(Abouts::MOST));
        assert!(!Arc::ptr_eq(&first, &abouts.share(about(0))));
        assert_eq!(abouts.latest.len(), Abouts::MOST);
    }
}
