//! Collecting events: with them the host's view of a connection moves on.

use std::ffi::c_void;
use std::sync::atomic::Ordering::SeqCst;

use crate::command::Command;
use crate::context::Context;
use crate::event::batch::{Source, What};
use crate::event::queue::Collector;
use crate::placement::ReactorIndex;
use crate::socket::{Handle, SocketRole};

impl Collector for Context {
    #[inline]
    fn destroyed(&self) -> u64 {
        self.destroyed.load(SeqCst)
    }

    fn exists(&self, socket: Handle) -> bool {
        self.registry.contains(socket)
    }

    #[inline]
    fn users(&self) -> u64 {
        self.users.load(SeqCst)
    }

    #[inline]
    fn user(&self, socket: Handle) -> *mut c_void {
        // Most programs set none: that is seen without a look at the socket.
        if self.users() == 0 {
            return std::ptr::null_mut();
        }
        self.registry.read().get(socket).map_or(std::ptr::null_mut(), |socket| socket.user.load(SeqCst))
    }

    fn fetch_ahead(&self, sockets: impl Iterator<Item = Handle>) {
        self.registry.fetch_ahead(sockets);
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
        self.mailboxes.burst_ended();
    }

    fn wake_reactors(&self, waiting: impl Iterator<Item = ReactorIndex>) {
        waiting.for_each(|reactor| self.mailboxes.of(reactor).notify());
    }
}

/// Brings the host's view of a connection in step with an event about it. Returns the socket if it
/// is to go once the program polls again.
fn move_on(context: &Context, source: &Source, what: What) -> Option<Handle> {
    let socket = context.registry.get(source.socket).ok()?;
    if matches!(what, What::Connect) && context.users() > 0 {
        // Now and not when it was accepted: the host may have given the server its pointer since.
        socket.user.store(context.user(source.server), SeqCst);
    }
    match what {
        What::Connect => context.registry.groups.client_came(&socket),
        What::ConnectEnded { .. } if what.is_failed_connect() => {
            socket.host.lock().connection.connect_failed();
        }
        What::ConnectEnded { .. } => socket.host.lock().connection.connect_succeeded(),
        What::Writable => socket.host.lock().queue.room_collected(),
        What::Disconnect { half_closed, .. } => {
            let mut host = context.registry.groups.leave(&socket);
            host.connection.disconnect_collected();
            // While the socket is locked, so that it cannot connect anew before.
            if half_closed {
                let command = Command::Finish { token: source.token, serial: source.serial };
                context.command(source.reactor, command);
            }
            return (socket.role == SocketRole::Accepted).then_some(socket.handle);
        }
        _ => {}
    }
    None
}
