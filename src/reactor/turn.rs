//! What endpoints are given while they are looked at, and what they answer.

use crate::context::Context;
use crate::error::Error;
use crate::event::batch::{Batch, EVENT_COST, Happened, Origin};
use crate::mailbox::Dirty;

use super::session::SessionEnd;
use crate::clock::Millis;

/// How long closing may take to flush what was accepted for sending.
pub(crate) const LINGER_MILLIS: Millis = 2_000;
/// What endpoints need of the reactor while they are looked at.
pub(crate) struct Turn<'a> {
    pub(crate) context: &'a Context,
    pub(crate) batch: &'a mut Batch,
    pub(crate) now: Millis,
    pub(crate) spent: &'a mut Dirty,
    /// Cost of all uncollected events.
    pub(crate) queued: &'a mut u64,
    pub(crate) queued_limit: u64,
    pub(crate) link_events: &'a mut u32,
}

impl Turn<'_> {
    /// Whether nothing may be read before the host collects events.
    pub(crate) fn is_over_limit(&self) -> bool {
        *self.queued >= self.queued_limit
    }

    /// An event without bytes.
    pub(crate) fn happened(&mut self, origin: Origin<'_>, happened: Happened<'_>) {
        *self.queued += EVENT_COST;
        *self.link_events += 1;
        self.batch.push(origin, happened);
    }
}

/// What is to be done with a connection after it was looked at.
#[derive(Debug)]
pub(crate) enum Next {
    /// Nothing until the system says so.
    Sleep,
    /// There may be more to read; others first.
    Again,
    /// The host must collect events first.
    Pause,
    /// The peer closed its direction in an orderly way.
    Eof,
    /// The peer closed both in an orderly way, perhaps with some words.
    ClosedByPeer(String),
    Failed(Error),
    /// Nothing is left to do: close.
    Close,
}

impl From<SessionEnd> for Next {
    fn from(stop: SessionEnd) -> Self {
        match stop {
            SessionEnd::ClosedByPeer(words) => Self::ClosedByPeer(words),
            SessionEnd::Failed(error) => Self::Failed(error),
        }
    }
}
