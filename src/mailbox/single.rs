//! The mailbox of one reactor.

use std::io;
use std::sync::Arc;

use crate::command::Command;
use crate::socket::{HostGuard, HostSide, Socket};
use crate::spin_lock::SpinLock;
use crate::sync::atomic::{AtomicBool, AtomicU8, Ordering::Relaxed, Ordering::SeqCst};
use crate::sync::{Mutex, Waker};

use super::dirty::Dirty;

/// What the reactor is doing, as far as somebody with work for it must know.
mod state {
    /// It will look at the lists by itself before it sleeps.
    pub(crate) const AWAKE: u8 = 0;
    pub(crate) const ASLEEP: u8 = 1;
    /// It knows of the burst of sends under way and sleeps for a moment to write it as a whole.
    pub(crate) const DEFERRING: u8 = 2;
}

// What two threads write is not in one line of the cache.
#[repr(align(128))]
pub(crate) struct Mailbox {
    commands: Mutex<Vec<Command>>,
    pub(super) dirty: SpinLock<Dirty>,
    /// Something was put on a list since the reactor last looked.
    pending: AtomicBool,
    state: AtomicU8,
    waker: Mutex<Option<Arc<Waker>>>,
}

impl Mailbox {
    pub(crate) const fn new() -> Self {
        Self {
            commands: Mutex::new(Vec::new()),
            dirty: SpinLock::new(Dirty::new()),
            pending: AtomicBool::new(false),
            state: AtomicU8::new(state::AWAKE),
            waker: Mutex::new(None),
        }
    }

    pub(crate) fn set_waker(&self, waker: Option<Arc<Waker>>) {
        *self.waker.lock() = waker;
        self.state.store(state::AWAKE, SeqCst);
    }

    pub(crate) fn command(&self, command: Command) {
        self.commands.lock().push(command);
        self.notify();
    }

    /// Lets `append` add to a socket's send queue, and tells the reactor of it unless that knows already
    /// that there is something. `burst_goes_on` tells whether the host is likely to send more in a
    /// moment. The socket's lock is released before the reactor is woken.
    // Inlined into the sends, each of which appends in its own way.
    #[inline(always)]
    pub(crate) fn send<T>(
        &self,
        socket: &Socket,
        mut host: HostGuard<'_>,
        burst_goes_on: impl FnOnce() -> bool,
        append: impl FnOnce(&mut HostSide) -> T,
    ) -> T {
        let first = host.queue.announce();
        if first {
            self.put_on_list(socket.token.load(Relaxed), &mut host);
        }
        let result = append(&mut host);
        drop(host);
        if first {
            self.signal_sends(burst_goes_on);
        }
        result
    }

    /// The socket's queue is lent an empty buffer if it has none.
    #[inline]
    fn put_on_list(&self, token: u32, host: &mut HostSide) {
        let mut dirty = self.dirty.lock();
        dirty.tokens.push(token);
        dirty.lend_to(host.queue.buffer());
    }

    #[inline]
    pub(super) fn signal_sends(&self, burst_goes_on: impl FnOnce() -> bool) {
        // Whoever raised it first did that before this was put on the list, or the reactor has yet to look there:
        // it lowers it before. Else each send would wait until all it has written is in the cache.
        if !self.pending.load(SeqCst) {
            self.pending.store(true, SeqCst);
        }
        match self.state.load(SeqCst) {
            state::ASLEEP => self.wake(),
            state::DEFERRING if !burst_goes_on() => self.wake(),
            _ => {}
        }
    }

    /// Makes the reactor look at the lists.
    pub(crate) fn notify(&self) {
        self.pending.store(true, SeqCst);
        if self.state.load(SeqCst) != state::AWAKE {
            self.wake();
        }
    }

    #[inline]
    pub(super) fn burst_ended(&self) {
        if self.state.load(SeqCst) == state::DEFERRING {
            self.wake();
        }
    }

    #[cold]
    fn wake(&self) {
        // Only the first of several that find the reactor asleep makes the system call.
        if self.state.swap(state::AWAKE, SeqCst) != state::AWAKE {
            let waker = self.waker.lock().clone();
            if let Some(waker) = waker {
                // Otherwise it can fail only if the poll is gone, and then nobody is asleep.
                while waker.wake().is_err_and(|error| error.kind() == io::ErrorKind::Interrupted) {}
            }
        }
    }

    /// Whether something was put on a list since this was last asked.
    pub(crate) fn take_pending(&self) -> bool {
        self.pending.swap(false, SeqCst)
    }

    pub(crate) fn take_commands(&self) -> Vec<Command> {
        std::mem::take(&mut *self.commands.lock())
    }

    /// Exchanges the list of sockets to write for an empty one that brings spent buffers back.
    pub(crate) fn swap_dirty(&self, spent: &mut Dirty) {
        let mut dirty = self.dirty.lock();
        std::mem::swap(&mut dirty.tokens, &mut spent.tokens);
        while let Some(buffer) = spent.lend() {
            dirty.keep(buffer);
        }
    }

    /// The reactor is about to sleep; false if it must not, because there is work.
    pub(crate) fn fall_asleep(&self, deferring: bool) -> bool {
        self.state.store(if deferring { state::DEFERRING } else { state::ASLEEP }, SeqCst);
        if self.pending.load(SeqCst) {
            self.state.store(state::AWAKE, SeqCst);
            return false;
        }
        true
    }

    pub(crate) fn woke_up(&self) {
        self.state.store(state::AWAKE, SeqCst);
    }

    /// Drops what was on the lists; for the end of the library's life.
    pub(crate) fn clear(&self) {
        // First, so that what is put on a list meanwhile is not forgotten there.
        self.pending.store(false, SeqCst);
        self.commands.lock().clear();
        *self.dirty.lock() = Dirty::default();
    }
}
