//! What the host's calls and the reactors have in common.

use std::sync::Arc;
use std::sync::atomic::AtomicU64;

use parking_lot::Mutex;

use crate::backlog::Backlog;
use crate::command::{CloseFrame, Command};
use crate::dns::NameCache;
use crate::event::queue::EventQueue;
use crate::mailbox::{Burst, Mailboxes};
use crate::options::Options;
use crate::placement::ReactorIndex;
use crate::registry::Registry;
use crate::socket::{HostGuard, HostSide, Socket, take_waiting};
use crate::wake::Wake;

/// All state of the library, for the whole life of the process.
pub(crate) static CONTEXT: Context = Context::new();

pub(crate) struct Context {
    pub(crate) registry: Registry,
    pub(crate) events: EventQueue,
    /// What of all that has come the host has not collected.
    pub(crate) backlog: Backlog,
    pub(crate) mailboxes: Mailboxes,
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
            backlog: Backlog::new(),
            mailboxes: Mailboxes::new(),
            wake: Wake::new(),
            options: Mutex::new(None),
            names: NameCache::new(),
            destroyed: AtomicU64::new(0),
            users: AtomicU64::new(0),
        }
    }

    /// Asks a reactor for something.
    pub(crate) fn command(&self, reactor: ReactorIndex, command: Command) {
        self.mailboxes.of(reactor).command(command);
    }

    /// Tells the reactors that the host has destroyed these; WebSockets among them say `close_frame`.
    pub(crate) fn command_destroy(&self, mut sockets: Vec<Arc<Socket>>, close_frame: Option<CloseFrame>) {
        let close_frame = close_frame.map(Arc::new);
        while let Some(reactor) = sockets.first().map(|socket| socket.reactor()) {
            let own = sockets.extract_if(.., |socket| socket.reactor() == reactor).collect();
            let command = Command::Destroy { sockets: own, close_frame: close_frame.clone() };
            self.command(reactor, command);
        }
    }

    /// Where all together have less to send again, has the reactors look at those that waited for that.
    #[inline]
    pub(crate) fn wake_waiting_for_all(&self) {
        for handle in take_waiting() {
            if let Ok(socket) = self.registry.get(handle) {
                socket.waits_for_all.taken();
                self.command(socket.reactor(), Command::Apply(socket));
            }
        }
    }

    /// Lets `append` add to the send queue of a socket, and tells its reactor of it.
    #[inline(always)]
    pub(crate) fn send<T>(
        &self,
        socket: &Socket,
        host: HostGuard<'_>,
        append: impl FnOnce(&mut HostSide) -> T,
    ) -> T {
        // While the host has events to answer it is likely to send more in a moment.
        self.mailboxes.of(socket.reactor()).send(socket, host, || self.events.waiting() > 0, append)
    }

    /// Begins sends to so many sockets, of which the reactors hear together.
    pub(crate) fn burst(&self, sockets: usize) -> Burst<'_> {
        self.mailboxes.burst(sockets, self.events.waiting() > 0)
    }

    /// Reads or changes the options; they have their defaults until one is set.
    pub(crate) fn with_options<T>(&self, with: impl FnOnce(&mut Options) -> T) -> T {
        with(self.options.lock().get_or_insert_with(Options::default))
    }

    pub(crate) fn options(&self) -> Options {
        self.with_options(|options| options.clone())
    }
}
