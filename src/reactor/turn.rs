//! What endpoints are given while they are looked at, and what they answer.

use std::time::Duration;

use crate::backlog::Share;
use crate::context::Context;
use crate::error::{Code, Error};
use crate::event::batch::{Batch, EVENT_COST, Happened, Load, Origin};
use crate::log::{self, Level};
use crate::mailbox::{Dirty, Mailbox};
use crate::placement::ReactorIndex;
use crate::quota::Quota;
use crate::socket::Handle;

use super::session::SessionEnd;
use crate::clock::Millis;

/// A turn reads no further sockets once it has read this many bytes.
const TURN_BYTES: usize = 256 << 10;
/// What a message or a frame counts there besides its bytes: the smallest have 6.
const ITEM_COST: usize = 20;
/// What is read of a WebSocket at a time: as many frames of the smallest kind are some thousands.
pub(crate) const FRAMES_READ: usize = 64 << 10;
/// Bytes one socket may read in one turn before the others have theirs.
pub(crate) const READ_BUDGET: usize = 256 << 10;
/// How long closing may take to flush what was accepted for sending.
pub(crate) const LINGER_MILLIS: Millis = 2_000;
/// After this time it is tried again what the system has refused: to accept without a descriptor to be had, to
/// receive in spite of errors.
pub(crate) const RETRY_MILLIS: Millis = 100;
/// Time of a turn for TLS handshakes with clients of servers. The one under way when it is over is finished.
const HANDSHAKE_BUDGET: Duration = Duration::from_millis(1);
/// Uncollected connects and disconnects from which on servers stop accepting.
const MOST_LINK_EVENTS: u32 = 65_536;

/// What endpoints need of the reactor while they are looked at.
pub(crate) struct Turn {
    pub(crate) context: &'static Context,
    /// Whose turn it is, and what the others and the host leave for that reactor.
    pub(crate) reactor: ReactorIndex,
    pub(crate) mailbox: &'static Mailbox,
    /// The events of this turn.
    pub(crate) batch: Batch,
    pub(crate) now: Millis,
    /// Takes the buffers back whose bytes were written.
    pub(crate) spent: Dirty,
    /// What a protocol demands as an answer to what is being read.
    pub(crate) answers: Vec<u8>,
    /// What all reactors' uncollected events weighed when that was last looked at; those of this turn not
    /// included.
    published: Load,
    /// What reading has cost in this turn, in bytes.
    worked: usize,
    /// What TLS handshakes with clients of servers have taken of this turn.
    shaking_hands: Duration,
}

impl Turn {
    pub(crate) fn new(context: &'static Context, reactor: ReactorIndex) -> Self {
        Self {
            context,
            reactor,
            mailbox: context.mailboxes.of(reactor),
            batch: Batch::of(reactor),
            now: 0,
            spent: Dirty::default(),
            answers: Vec::new(),
            published: Load::default(),
            worked: 0,
            shaking_hands: Duration::ZERO,
        }
    }

    /// A turn begins.
    pub(crate) fn begin(&mut self) {
        self.context.backlog.set_limit(self.context.with_options(|options| options.total_queue_limit));
        self.shaking_hands = Duration::ZERO;
        self.worked = 0;
        self.look_at_load();
    }

    /// So many bytes were read, and so many messages, frames and the like were found in them, whether or not
    /// the host is told of those.
    #[inline]
    pub(crate) fn worked(&mut self, bytes: usize, items: usize) {
        self.worked += bytes + ITEM_COST * items;
    }

    /// Whether the others have to wait for the next turn, so that this one ends soon.
    #[inline]
    pub(crate) fn is_full(&self) -> bool {
        self.worked >= TURN_BYTES
    }

    /// The host may have collected events, and other reactors may have brought some.
    pub(crate) fn look_at_load(&mut self) {
        self.published = self.context.events.load();
    }

    /// Cost of all uncollected events.
    #[inline]
    pub(crate) fn queued(&self) -> u64 {
        self.published.cost + self.batch.load().cost
    }

    /// Whether further TLS handshakes have to wait for the next turn, so that those who play do not.
    pub(crate) fn has_shaken_enough_hands(&self) -> bool {
        self.shaking_hands >= HANDSHAKE_BUDGET
    }

    pub(crate) fn shook_hands(&mut self, took: Duration) {
        self.shaking_hands += took;
    }

    /// Whether nothing may be read before the host collects events.
    pub(crate) fn awaits_collection(&self) -> bool {
        self.context.backlog.awaits_collection(self.queued())
    }

    /// Whether there is no room for more of what the host has not collected.
    pub(crate) fn is_over_limit(&self) -> bool {
        self.context.backlog.is_full_with(self.queued())
    }

    /// Whether unfinished messages take most of that room.
    pub(crate) fn is_crowded(&self) -> bool {
        self.context.backlog.is_crowded()
    }

    /// How many bytes may be read of a connection whose message lacks as many as `missing` says.
    #[inline]
    pub(crate) fn permits(&self, share: &Share, missing: impl FnOnce() -> u64) -> usize {
        let most = self.context.backlog.permits(share, missing, self.queued());
        usize::try_from(most).unwrap_or(usize::MAX)
    }

    /// Sets the room aside that a message still needs; false if there is none.
    pub(crate) fn reserve(&self, share: &mut Share, missing: u64) -> bool {
        self.context.backlog.reserve(share, missing)
    }

    /// A connection holds so much of messages that have not come whole.
    #[inline]
    pub(crate) fn holds(&self, share: &mut Share, memory: u64) {
        share.set(&self.context.backlog, memory);
    }

    /// The same, and what it held before was of others, which have come.
    #[inline]
    pub(crate) fn holds_anew(&self, share: &mut Share, memory: u64) {
        share.begin_anew(&self.context.backlog, memory);
    }

    /// So much has come of a connection.
    #[inline]
    pub(crate) fn came(&self, share: &mut Share, size: usize) {
        self.context.backlog.came(share, size);
    }

    /// Whether the host must collect connects and disconnects before there can be more.
    pub(crate) fn has_too_many_link_events(&self) -> bool {
        self.published.link_events + self.batch.load().link_events >= MOST_LINK_EVENTS
    }

    /// A reliable peer of an endpoint, whose own quota is `own`, was given up.
    pub(crate) fn peer_lost(&mut self, origin: Origin<'_>, error: Option<&Error>, own: &mut Quota) {
        let happened = Happened::PeerLost(error);
        log_happened(&origin, &happened);
        own.book(EVENT_COST);
        self.batch.push(origin, happened);
    }

    /// An endpoint, whose own quota is `own`, has room again for messages of the host.
    pub(crate) fn has_room(&mut self, origin: Origin<'_>, own: &mut Quota) {
        own.book(EVENT_COST);
        self.batch.push(origin, Happened::Writable);
    }

    /// A connect or disconnect.
    pub(crate) fn happened(&mut self, origin: Origin<'_>, happened: Happened<'_>) {
        log_happened(&origin, &happened);
        self.batch.push(origin, happened);
    }
}

/// A line about what the host is told.
fn log_happened(origin: &Origin<'_>, happened: &Happened<'_>) {
    if !log::is_on(Level::Warning) {
        return;
    }
    let socket = origin.socket.0;
    let peer = format_args!("{} port {}", origin.ip, origin.port);
    match happened {
        Happened::Connect => {
            log::write(
                Level::Connection,
                format_args!("server {}: client {socket} has come from {peer}", origin.server.0),
            );
        }
        Happened::ConnectEnded(None) => {
            log::write(Level::Connection, format_args!("socket {socket} is connected to {peer}"));
        }
        Happened::ConnectEnded(Some(error)) => log_failed_connect(origin.socket, error),
        Happened::ClosedByPeer { .. } | Happened::Disconnect { error: None, .. } => {
            log::write(Level::Connection, format_args!("socket {socket}: {peer} has closed the connection"));
        }
        Happened::PeerLost(None) => {
            log::write(Level::Connection, format_args!("socket {socket}: {peer} has left"));
        }
        Happened::Writable => {}
        Happened::Disconnect { error: Some(error), .. } | Happened::PeerLost(Some(error)) => {
            // That peers go away without a word is usual; all else ought not to happen.
            let level = if error.code == Code::Closed { Level::Connection } else { Level::Warning };
            log::write(level, format_args!("socket {socket}: {peer} is lost: {error}"));
        }
    }
}

/// A line about a connect that came to nothing, whoever is told.
pub(crate) fn log_failed_connect(socket: Handle, error: &Error) {
    log::write(Level::Warning, format_args!("socket {} did not connect: {error}", socket.0));
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
            SessionEnd::Answered => Self::ClosedByPeer(String::new()),
            SessionEnd::Failed(error) => Self::Failed(error),
        }
    }
}
