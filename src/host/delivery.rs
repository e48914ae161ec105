//! Collecting events: with them the host's view of a connection moves on.

use std::sync::atomic::Ordering::SeqCst;

use crate::command::Command;
use crate::event::batch::{Source, What};
use crate::event::queue::Collector;
use crate::shared::Shared;
use crate::socket::{Handle, Link, Role};

impl Collector for Shared {
    #[inline]
    fn destroyed(&self) -> u64 {
        self.destroyed.load(SeqCst)
    }

    fn exists(&self, socket: Handle) -> bool {
        self.registry.contains(socket)
    }

    fn collected(&self, source: &Source, what: What) -> Option<Handle> {
        move_on(self, source, what)
    }

    fn left(&self, socket: Handle) {
        self.registry.remove(socket);
    }

    fn expect_answers(&self, socket: Handle) {
        self.registry.take_at_hand(socket);
    }

    fn answers_ended(&self) {
        self.registry.put_down();
    }

    fn caught_up(&self) {
        self.work.burst_ended();
    }

    fn wake_reactor(&self) {
        self.work.notify();
    }
}

/// Brings the host's view of a connection in step with an event about it. Returns the socket if it
/// is to go once the program asks for the event after this one.
fn move_on(shared: &Shared, source: &Source, what: What) -> Option<Handle> {
    let socket = shared.registry.get(source.socket).ok()?;
    let mut host = socket.host.lock();
    match what {
        What::Dialed { .. } if what.is_failed_dial() => host.link = Link::Idle,
        What::Dialed { .. } if host.link == Link::Connecting => host.link = Link::Open,
        What::Disconnect { half_closed, .. } => {
            host.link = Link::Closed;
            // While the socket is locked, so that it cannot connect anew before.
            if half_closed {
                shared.work.command(Command::Finish { token: source.token, serial: source.serial });
            }
            return (socket.role == Role::Accepted).then_some(socket.handle);
        }
        _ => {}
    }
    None
}
