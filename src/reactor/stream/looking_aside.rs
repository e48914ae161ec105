//! A stream's access to what is set [aside](super::aside).

use crate::address::PeerName;
use crate::error::Error;
use crate::newcomers::Newcomer;
use crate::reactor::connect::pending::PendingConnect;

use super::Stream;
use super::aside::{Aside, ip_of};

impl Stream {
    /// To set something there.
    pub(super) fn aside(&mut self) -> &mut Aside {
        self.aside.get_or_insert_default()
    }

    /// Something there may be over.
    pub(super) fn tidy_aside(&mut self) {
        if self.aside.as_ref().is_some_and(|aside| aside.is_empty()) {
            self.aside = None;
        }
    }

    pub(crate) fn opening(&self) -> Option<&PendingConnect> {
        self.aside.as_ref()?.opening.as_deref()
    }

    pub(crate) fn take_opening(&mut self) -> Option<Box<PendingConnect>> {
        self.aside.as_mut()?.opening.take()
    }

    pub(super) fn newcomer(&self) -> Option<&Newcomer> {
        self.aside.as_ref()?.newcomer.as_deref()
    }

    pub(super) fn expects_proxy(&self) -> bool {
        self.aside.as_ref().is_some_and(|aside| aside.proxy.is_some())
    }

    pub(super) fn has_write_error(&self) -> bool {
        self.aside.as_ref().is_some_and(|aside| aside.write_error.is_some())
    }

    pub(super) fn take_write_error(&mut self) -> Option<Error> {
        self.aside.as_mut()?.write_error.take()
    }

    /// The peer's address.
    #[inline]
    pub(super) fn ip(&self) -> Option<&PeerName> {
        ip_of(self.socket.as_deref(), self.aside.as_deref())
    }
}
