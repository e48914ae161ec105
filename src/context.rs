//! What the host's calls and the reactor have in common.

use std::sync::atomic::AtomicU64;

use parking_lot::Mutex;

use crate::dns::NameCache;
use crate::event::queue::EventQueue;
use crate::mailbox::{Burst, Mailbox};
use crate::options::Options;
use crate::registry::Registry;
use crate::socket::{HostGuard, HostSide, Socket};
use crate::wake::Wake;

/// All state of the library, for the whole life of the process.
pub(crate) static CONTEXT: Context = Context::new();

pub(crate) struct Context {
    pub(crate) registry: Registry,
    pub(crate) events: EventQueue,
    pub(crate) mailbox: Mailbox,
    pub(crate) wake: Wake,
    pub(crate) options: Mutex<Option<Options>>,
    pub(crate) names: NameCache,
    /// How many sockets the host has destroyed; see [`crate::event::batch::Batch`].
    pub(crate) destroyed: AtomicU64,
    /// How often the host has set a socket's own pointer; 0: no socket has one.
    pub(crate) users: AtomicU64,
}

impl Context {
    const fn new() -> Self {
        Self {
            registry: Registry::new(),
            events: EventQueue::new(),
            mailbox: Mailbox::new(),
            wake: Wake::new(),
            options: Mutex::new(None),
            names: NameCache::new(),
            destroyed: AtomicU64::new(0),
            users: AtomicU64::new(0),
        }
    }

    /// Lets `append` add to the send queue of a socket, and tells the reactor of it.
    #[inline(always)]
    pub(crate) fn send<T>(
        &self,
        socket: &Socket,
        host: HostGuard<'_>,
        append: impl FnOnce(&mut HostSide) -> T,
    ) -> T {
        // While the host has events to answer it is likely to send more in a moment.
        self.mailbox.send(socket, host, || self.events.waiting() > 0, append)
    }

    /// Begins sends to so many sockets, of which the reactor hears together.
    pub(crate) fn burst(&self, sockets: usize) -> Burst<'_> {
        self.mailbox.burst(sockets, self.events.waiting() > 0)
    }

    /// Reads or changes the options; they have their defaults until one is set.
    pub(crate) fn with_options<T>(&self, with: impl FnOnce(&mut Options) -> T) -> T {
        with(self.options.lock().get_or_insert_with(Options::default))
    }

    pub(crate) fn options(&self) -> Options {
        self.with_options(|options| options.clone())
    }
}
