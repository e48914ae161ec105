//! Sockets that have refused a message because of what all have to send together. Nothing of their own need
//! ever leave before there is room again: whoever makes it looks here.

use std::sync::atomic::{AtomicBool, Ordering::Relaxed, Ordering::SeqCst, fence};

use parking_lot::Mutex;

use super::handle::Handle;
use super::send_queue::total;

static ANY: AtomicBool = AtomicBool::new(false);
static SOCKETS: Mutex<Vec<Handle>> = Mutex::new(Vec::new());

/// That a socket stands on the list.
#[derive(Debug, Default)]
pub(crate) struct Listed(AtomicBool);

impl Listed {
    /// Puts the socket on the list, unless it is there. Afterwards it may be that there is room already.
    pub(super) fn enlist(&self, socket: Handle) {
        if !self.0.swap(true, Relaxed) {
            SOCKETS.lock().push(socket);
            ANY.store(true, Relaxed);
        }
        // Who makes room looks at the list after it: one of both sees the other.
        fence(SeqCst);
    }

    /// It was taken from there.
    pub(crate) fn taken(&self) {
        self.0.store(false, Relaxed);
    }
}

/// Takes the sockets from the list if there is room. Asked often, and hardly ever is there any.
#[inline]
pub(crate) fn take_waiting() -> Vec<Handle> {
    fence(SeqCst);
    if ANY.load(Relaxed) && !total().is_full() { take_all() } else { Vec::new() }
}

#[cold]
fn take_all() -> Vec<Handle> {
    let mut sockets = SOCKETS.lock();
    ANY.store(false, Relaxed);
    std::mem::take(&mut sockets)
}
