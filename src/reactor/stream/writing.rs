//! Bytes out: what the session has to say and what the host has queued.

use std::io;
use std::sync::Arc;

use crate::clock::{Millis, Stamp};
use crate::command::Id;
use crate::error::Result;
use crate::mailbox::Dirty;
use crate::outgoing::Outgoing;
use crate::reactor::turn::{Next, Turn};
use crate::socket::count;

use super::{Stream, StreamPhase, origin_of};

impl Stream {
    /// Writes what the session has to say.
    pub(crate) fn flush_now(&mut self, turn: &mut Turn) -> Result<()> {
        self.flush(turn.now, &mut turn.spent).map_err(|error| {
            self.session.cut_off();
            self.transport.failure(&error)
        })
    }

    /// Writes what is queued until all is gone or the system takes no more.
    pub(crate) fn flush(&mut self, now: Millis, spent: &mut Dirty) -> io::Result<()> {
        // A send after the queue was taken puts the socket on the list again, so once is enough.
        let mut taken = false;
        loop {
            if self.writing.is_written() {
                if taken || !self.take_pending(spent) {
                    spent.keep(self.writing.clear());
                    self.blocked = false;
                    self.settle_sent();
                    return Ok(());
                }
                taken = true;
            }
            match self.transport.write_outgoing(&self.writing) {
                Ok(size) => {
                    self.writing.advance(size);
                    self.last_progress = Stamp::of(now);
                    if let Some(socket) = &self.socket {
                        count(&socket.traffic.bytes_sent, size as u64);
                        // A client socket may have connected anew while its old connection closes.
                        if !self.is_draining() {
                            socket.in_flight.set(self.writing.payload_left());
                        }
                    }
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    if !self.blocked {
                        self.blocked = true;
                        self.last_progress = Stamp::of(now);
                    }
                    self.settle_sent();
                    return Ok(());
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
    }

    /// Exchanges the written buffer for what the host has queued since. False if that is nothing.
    fn take_pending(&mut self, spent: &mut Dirty) -> bool {
        spent.keep(self.writing.clear());
        self.blocked = false;
        self.session.flushed();
        let Some(socket) = self.socket.as_ref().filter(|_| !self.is_draining()) else {
            return false;
        };
        if !socket.host.lock().queue.exchange(&mut self.writing) {
            return false;
        }
        socket.in_flight.set(self.writing.payload());
        true
    }

    /// Whether the system has to have room again before anything more can be written.
    #[inline]
    pub(crate) fn is_blocked(&self) -> bool {
        self.blocked
    }

    /// The system has room again.
    pub(crate) fn writable(&mut self, now: Millis, spent: &mut Dirty) -> Next {
        if self.blocked { self.flush_or_fail(now, spent) } else { Next::Sleep }
    }

    /// Flushes; a failure is told to the host only after all that had arrived was read.
    pub(crate) fn flush_or_fail(&mut self, now: Millis, spent: &mut Dirty) -> Next {
        match self.flush(now, spent) {
            Ok(()) if self.is_draining() && !self.blocked => self.close_after_flush(),
            Ok(()) => Next::Sleep,
            Err(_) if matches!(self.phase, StreamPhase::Draining | StreamPhase::HalfClosed) => Next::Close,
            Err(error) => {
                self.aside().write_error = Some(self.transport.failure(&error));
                self.session.cut_off();
                self.discard_queue();
                Next::Again
            }
        }
    }

    /// Tells the host if there is room again for messages of which one was refused.
    #[inline]
    pub(crate) fn tell_of_room(&mut self, id: Id, turn: &mut Turn) {
        let Some(socket) = &self.socket else { return };
        // The host of one that is closing knows, or is told something else.
        if self.phase == StreamPhase::Open && !self.has_write_error() && socket.has_room_again() {
            let socket = Arc::clone(socket);
            let origin = origin_of(Some(&socket), self.aside.as_deref(), self.port, id);
            turn.has_room(origin, &mut self.queued);
        }
    }

    pub(crate) fn discard_queue(&mut self) {
        self.writing = Outgoing::default();
        self.blocked = false;
        if let Some(socket) = &self.socket {
            let mut host = socket.host.lock();
            host.connection.lost();
            host.queue.discard();
            socket.in_flight.set(0);
            host.queue.settle(&socket.in_flight);
        }
    }

    fn settle_sent(&self) {
        if let Some(socket) = self.socket.as_ref().filter(|_| !self.is_draining()) {
            socket.settle_sent();
        }
    }
}
