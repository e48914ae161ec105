//! The mailboxes of all reactors.

use crate::placement::{self, MOST_REACTORS, ReactorIndex};

use super::burst::Burst;
use super::single::Mailbox;

/// Of each reactor one.
pub(crate) struct Mailboxes([Mailbox; MOST_REACTORS]);

impl Mailboxes {
    pub(crate) const fn new() -> Self {
        Self([const { Mailbox::new() }; MOST_REACTORS])
    }

    #[inline(always)]
    pub(crate) fn of(&self, reactor: ReactorIndex) -> &Mailbox {
        // Indices are below that; so the compiler knows it too.
        &self.0[reactor.get() % MOST_REACTORS]
    }

    /// Those of the reactors that sockets are placed on.
    #[inline]
    pub(crate) fn in_use(&self) -> &[Mailbox] {
        &self.0[..placement::reactors()]
    }

    /// Drops what is left; for the end of the library's life.
    pub(crate) fn end(&self) {
        for mailbox in &self.0 {
            mailbox.set_waker(None);
            mailbox.clear();
        }
    }

    /// The host has no more events to answer: what it sent should leave now.
    #[inline]
    pub(crate) fn burst_ended(&self) {
        self.in_use().iter().for_each(Mailbox::burst_ended);
    }

    /// Begins sends to so many sockets, of which the reactors hear together.
    pub(crate) fn burst(&self, sockets: usize, goes_on: bool) -> Burst<'_> {
        Burst::begin(self.in_use(), sockets, goes_on)
    }
}
