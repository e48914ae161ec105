//! Events that were collected from the library and have not reached the game yet.
//!
//! What they point to stays valid until the library is polled again, and that happens only when the
//! game has seen them all: if a slot of the runner throws, the next step goes on where this one ended.

use std::collections::VecDeque;
use std::ffi::c_void;

use parking_lot::Mutex;
use stepwire::abi::{NetworkEvent, network_poll};

use super::connections;

static PENDING: Mutex<VecDeque<NetworkEvent>> = Mutex::new(VecDeque::new());

/// Collects every event that waits, if the game has seen those from before. What arrives later is for
/// the next call, so that a flood cannot keep a step from ending. Returns how many there are now.
pub(crate) fn collect() -> f64 {
    if PENDING.lock().is_empty() {
        connections::release_retired();
        // SAFETY: `keep` takes no user pointer.
        let collected = unsafe { network_poll(Some(keep), std::ptr::null_mut()) };
        if collected < 0.0 {
            return collected;
        }
    }
    PENDING.lock().len() as f64
}

unsafe extern "C-unwind" fn keep(event: *const NetworkEvent, _: *mut c_void) {
    // SAFETY: the library's event, readable during the call.
    PENDING.lock().push_back(unsafe { event.read() });
}

/// The next event for the game; it stays until [`delivered`].
pub(crate) fn first() -> Option<NetworkEvent> {
    PENDING.lock().front().copied()
}

/// The game has the first event.
pub(crate) fn delivered() {
    PENDING.lock().pop_front();
}

/// The game has destroyed a socket: nothing more is said about it, or about a server's clients.
pub(crate) fn drop_events_of(socket: f64) {
    PENDING.lock().retain(|event| event.id != socket && event.socket != socket && event.server != socket);
}

/// Forgets everything: the library was shut down.
pub(crate) fn clear() {
    PENDING.lock().clear();
}
