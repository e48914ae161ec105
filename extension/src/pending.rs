//! Events that were collected from the library, until the game has seen them.
//!
//! What they point to stays valid until the library is polled again, and that happens only when the
//! game has seen them all: if a slot of the runner throws, the next step goes on where this one ended.

use std::collections::VecDeque;
use std::ffi::c_void;

use parking_lot::Mutex;
use stepwire::abi::{NetworkEvent, network_poll};

use super::connections;

struct Pending {
    waiting: VecDeque<NetworkEvent>,
    /// The one that the game looks at, where it asks for events.
    current: Option<NetworkEvent>,
    /// Those that were posted without their payload, which the game asks for.
    posted: Vec<NetworkEvent>,
    /// The number of the first of them.
    first_posted: u64,
}

static PENDING: Mutex<Pending> =
    Mutex::new(Pending { waiting: VecDeque::new(), current: None, posted: Vec::new(), first_posted: 0 });

/// Collects every event that waits, if the game has seen those from before. What arrives later is for
/// the next call, so that a flood cannot keep a step from ending. Returns how many there are now.
pub(crate) fn collect() -> f64 {
    if PENDING.lock().waiting.is_empty() {
        forget_what_was_seen();
        connections::release_retired();
        // SAFETY: `keep` takes no user pointer.
        let collected = unsafe { network_poll(Some(keep), std::ptr::null_mut()) };
        if collected < 0.0 {
            return collected;
        }
    }
    PENDING.lock().waiting.len() as f64
}

unsafe extern "C-unwind" fn keep(event: *const NetworkEvent, _: *mut c_void) {
    // SAFETY: the library's event, readable during the call.
    PENDING.lock().waiting.push_back(unsafe { event.read() });
}

/// Payload goes when the library is polled.
fn forget_what_was_seen() {
    let pending = &mut *PENDING.lock();
    pending.current = None;
    pending.first_posted += pending.posted.len() as u64;
    pending.posted.clear();
}

/// The next event for the game; it stays until [`delivered`].
pub(crate) fn first() -> Option<NetworkEvent> {
    PENDING.lock().waiting.front().copied()
}

/// The game has the first event.
pub(crate) fn delivered() {
    PENDING.lock().waiting.pop_front();
}

/// Makes the next event the one that the game looks at.
pub(crate) fn advance() -> Option<NetworkEvent> {
    let pending = &mut *PENDING.lock();
    pending.current = pending.waiting.pop_front();
    pending.current
}

/// The event that the game looks at.
pub(crate) fn current() -> Option<NetworkEvent> {
    PENDING.lock().current
}

/// Keeps an event whose payload the game will ask for; its number.
pub(crate) fn keep_posted(event: &NetworkEvent) -> f64 {
    let pending = &mut *PENDING.lock();
    pending.posted.push(*event);
    (pending.first_posted + pending.posted.len() as u64 - 1) as f64
}

/// The event of that number, if its payload is still there.
pub(crate) fn posted(number: u64) -> Option<NetworkEvent> {
    let pending = PENDING.lock();
    let index = number.checked_sub(pending.first_posted)?;
    pending.posted.get(usize::try_from(index).ok()?).copied()
}

/// The game has destroyed a socket: nothing more is said about it, or about a server's clients.
pub(crate) fn drop_events_of(socket: f64) {
    let about = |event: &NetworkEvent| [event.id, event.socket, event.server].contains(&socket);
    PENDING.lock().waiting.retain(|event| !about(event));
}

/// Forgets everything: the library was shut down.
pub(crate) fn clear() {
    forget_what_was_seen();
    PENDING.lock().waiting.clear();
}
