//! The groups that a connection is in, and its place in each.

use super::handle::Handle;

/// Groups by handle.
#[derive(Debug)]
pub(crate) struct Memberships {
    /// The server whose client it is, if the host knows of that.
    server: Membership,
    /// Those it was added to.
    #[allow(clippy::box_collection, reason = "most connections are in none: one word instead of three")]
    others: Option<Box<Vec<Membership>>>,
}

#[derive(Debug)]
struct Membership {
    group: Handle,
    /// Among the group's members.
    place: u32,
}

impl Default for Memberships {
    fn default() -> Self {
        Self { server: Membership { group: Handle::NONE, place: 0 }, others: None }
    }
}

impl Memberships {
    /// One of the groups.
    #[inline]
    pub(crate) fn any(&self) -> Option<Handle> {
        if self.server.group != Handle::NONE {
            return Some(self.server.group);
        }
        self.others.as_ref()?.last().map(|membership| membership.group)
    }

    #[inline]
    pub(crate) fn contains(&self, group: Handle) -> bool {
        let others = || self.others.iter().flat_map(|others| others.iter());
        self.server.group == group || others().any(|other| other.group == group)
    }

    pub(crate) fn is_client_of(&mut self, server: Handle, place: usize) {
        self.server = Membership { group: server, place: place as u32 };
    }

    pub(crate) fn add(&mut self, group: Handle, place: usize) {
        self.others.get_or_insert_default().push(Membership { group, place: place as u32 });
    }

    /// It has another place in the group now.
    pub(crate) fn moved(&mut self, group: Handle, place: usize) {
        let others = self.others.iter_mut().flat_map(|others| others.iter_mut());
        let membership = std::iter::once(&mut self.server).chain(others).find(|own| own.group == group);
        if let Some(membership) = membership {
            membership.place = place as u32;
        }
    }

    /// Forgets the group. Returns the place that the connection had there.
    pub(crate) fn remove(&mut self, group: Handle) -> Option<usize> {
        if self.server.group == group {
            self.server.group = Handle::NONE;
            return Some(self.server.place as usize);
        }
        let others = self.others.as_mut()?;
        let at = others.iter().position(|other| other.group == group)?;
        let place = others.swap_remove(at).place;
        if others.is_empty() {
            self.others = None;
        }
        Some(place as usize)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_follows_its_connection() {
        let [server, one, other] = [Handle(1), Handle(2), Handle(3)];
        let mut memberships = Memberships::default();
        assert_eq!(memberships.any(), None);
        memberships.is_client_of(server, 10);
        memberships.add(one, 20);
        memberships.add(other, 30);
        memberships.moved(server, 11);
        memberships.moved(other, 31);
        assert!(
            memberships.contains(server) && memberships.contains(other) && !memberships.contains(Handle(4))
        );
        assert_eq!(memberships.remove(other), Some(31));
        assert_eq!(memberships.remove(other), None);
        assert_eq!(memberships.remove(server), Some(11));
        assert_eq!(memberships.any(), Some(one));
        assert_eq!(memberships.remove(one), Some(20));
        assert_eq!(memberships.any(), None);
    }
}
