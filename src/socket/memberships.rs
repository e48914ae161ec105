//! The groups that a connection is in.

use super::handle::Handle;

/// Groups by handle.
#[derive(Debug)]
pub(crate) struct Memberships {
    /// The server whose client it is, if the host knows of that.
    server: Handle,
    /// Those it was added to.
    #[allow(clippy::box_collection, reason = "most connections are in none: one word instead of three")]
    others: Option<Box<Vec<Handle>>>,
}

impl Default for Memberships {
    fn default() -> Self {
        Self { server: Handle::NONE, others: None }
    }
}

impl Memberships {
    #[inline]
    pub(crate) fn is_empty(&self) -> bool {
        self.server == Handle::NONE && self.others.is_none()
    }

    pub(crate) fn is_client_of(&mut self, server: Handle) {
        self.server = server;
    }

    pub(crate) fn add(&mut self, group: Handle) {
        self.others.get_or_insert_default().push(group);
    }

    pub(crate) fn remove(&mut self, group: Handle) {
        if self.server == group {
            self.server = Handle::NONE;
        }
        if let Some(others) = &mut self.others {
            others.retain(|other| *other != group);
            if others.is_empty() {
                self.others = None;
            }
        }
    }

    pub(crate) fn groups(self) -> impl Iterator<Item = Handle> {
        let server = (self.server != Handle::NONE).then_some(self.server);
        server.into_iter().chain(self.others.into_iter().flat_map(|others| *others))
    }
}
