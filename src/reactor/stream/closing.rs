//! The end of a connection, whoever begins it, and the deadlines that bring it about.

use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;

use socket2::SockRef;

use crate::address::PeerName;
use crate::admission::Admission;
use crate::clock::Millis;
use crate::command::{CloseFrame, Id};
use crate::error::{Code, Error};
use crate::mailbox::Dirty;
use crate::newcomers::Crowded;
use crate::outgoing::Outgoing;
use crate::reactor::turn::{LINGER_MILLIS, Next, Turn};
use crate::socket::{NO_TOKEN, Socket};

use super::{Stream, StreamPhase};

impl Stream {
    /// The peer has closed. The connection stays for what the host sends before it sees the event.
    pub(crate) fn half_close(&mut self) {
        self.phase = StreamPhase::HalfClosed;
        self.leave_server();
    }

    /// The connection is broken: nothing more can be sent.
    pub(crate) fn lose(&mut self) {
        if !self.is_draining() {
            self.discard_queue();
            if let Some(socket) = &self.socket {
                socket.token.store(NO_TOKEN, Relaxed);
                socket.unfinished.store(0, Relaxed);
            }
        }
        self.leave_server();
    }

    /// Whether the host learns of the end of this connection: it knew of it, and has neither been
    /// told already nor ended it itself.
    pub(crate) fn tells_of_end(&self) -> bool {
        self.socket.is_some() && self.phase == StreamPhase::Open
    }

    /// Whether the peer is to hear last words before the connection closes.
    pub(crate) fn owes_close_frame(&self) -> bool {
        self.session.owes_close_frame()
    }

    /// The code of the WebSocket's close frame that came; 0 where there is no WebSocket.
    pub(crate) fn received_close_code(&self) -> u16 {
        self.session.received_close_code()
    }

    /// What the close frame is to say, if the connection has one and it has not left yet.
    pub(crate) fn set_close_frame(&mut self, frame: &CloseFrame) {
        self.session.set_close_frame(frame);
    }

    /// From now on the host's sends fail, though the connection still has something to say.
    pub(crate) fn refuse_sends(&mut self) {
        if let Some(socket) = &self.socket {
            socket.host.lock().connection.lost();
        }
    }

    pub(crate) fn belongs_to(&self, socket: &Arc<Socket>) -> bool {
        self.socket.as_ref().is_some_and(|own| Arc::ptr_eq(own, socket))
    }

    /// Counts a connection that has not become a server's client, and writes a line about it.
    pub(crate) fn turned_away(&self, why: &Error) {
        if let (None, Some(admission)) = (&self.socket, &self.admission) {
            admission.turn_away(self.ip().map_or("", PeerName::as_str), self.port, why);
        }
    }

    /// Whether this is a connection that a server accepted and that has not finished its handshake.
    pub(crate) fn is_newcomer(&self) -> bool {
        self.newcomer().is_some()
    }

    /// The newcomer has come to its reactor: who has to make room for it. None if its server is gone.
    pub(crate) fn take_seat(&self, id: Id) -> Option<Crowded> {
        self.newcomer()?.seated(id)
    }

    /// The host is done with the connection: what it sent is flushed, then it closes.
    pub(crate) fn drain(&mut self, now: Millis, spent: &mut Dirty) -> Next {
        self.leave_server();
        if let Some(socket) = &self.socket {
            let mut rest = Outgoing::default();
            socket.host.lock().queue.exchange(&mut rest);
            self.writing.append(rest);
            socket.token.store(NO_TOKEN, Relaxed);
            socket.unfinished.store(0, Relaxed);
        }
        self.session.forget_unfinished();
        self.share.give_back();
        self.session.write_close_frame(self.writing.own());
        let unfinished = self.phase == StreamPhase::Handshake && !self.session.owes_close_frame();
        self.paused = false;
        self.phase = StreamPhase::Draining;
        if unfinished {
            return Next::Close;
        }
        self.aside().deadline = now + LINGER_MILLIS;
        match self.flush_or_fail(now, spent) {
            // What arrives now is read and dropped: unread bytes would turn the close into a reset,
            // and the peer might lose what was just sent.
            Next::Sleep => Next::Again,
            next => next,
        }
    }

    pub(crate) fn close_after_flush(&mut self) -> Next {
        if self.session.awaits_close_frame() {
            return Next::Again;
        }
        let resets = self
            .transport
            .tcp()
            .is_none_or(|io| SockRef::from(io).linger().is_ok_and(|linger| linger == Some(Duration::ZERO)));
        // Closing with unread bytes would reset the connection, and what was just flushed might be
        // lost: the end of the stream has to be read first.
        if resets || self.transport.shutdown_write().is_err() { Next::Close } else { Next::Again }
    }

    /// Its server begins to count connections by address.
    pub(crate) fn count_address(&mut self, of: &Arc<Admission>) {
        if let Some(admission) = &self.admission
            && Arc::ptr_eq(admission, of)
            && !self.expects_proxy()
            && !self.forwarded
            && let Some(ip) = self.ip().and_then(PeerName::ip)
        {
            admission.count_address(ip, &mut self.counted);
        }
    }

    /// Makes room for another client of the server.
    pub(crate) fn leave_server(&mut self) {
        if let Some(admission) = self.admission.take() {
            admission.leave_address(|| self.ip()?.ip(), self.counted);
            if !self.is_newcomer() {
                admission.leave();
            }
        }
    }

    pub(crate) fn next_deadline(&self, now: Millis) -> Option<Millis> {
        let aside = self.aside.as_deref();
        let handshake_or_closing = aside.map(|aside| aside.deadline).filter(|&deadline| deadline != 0);
        if self.phase != StreamPhase::Open {
            return handshake_or_closing;
        }
        // One after the other and not as a list: that would be written to memory and read again at once, which has to wait
        // until all that was unmasked before has reached the cache.
        const NEVER: Millis = Millis::MAX;
        let earliest = handshake_or_closing
            .unwrap_or(NEVER)
            .min(self.read_deadline(now).unwrap_or(NEVER))
            .min(self.write_deadline(now).unwrap_or(NEVER))
            .min(self.message_deadline(now).unwrap_or(NEVER))
            .min(self.next_probe(now).unwrap_or(NEVER))
            .min(aside.and_then(|aside| aside.throttle.as_ref()?.until()).unwrap_or(NEVER));
        (earliest != NEVER).then_some(earliest)
    }

    fn read_deadline(&self, now: Millis) -> Option<Millis> {
        let timeout = self.aside.as_ref()?.read_timeout;
        (timeout != 0 && !self.paused).then(|| self.last_read.moment(now) + Millis::from(timeout))
    }

    fn message_deadline(&self, now: Millis) -> Option<Millis> {
        let socket = self.socket.as_ref()?;
        if socket.unfinished.load(Relaxed) == 0 || self.paused {
            return None;
        }
        let timeout = socket.message_timeout.load(Relaxed);
        (timeout != 0).then(|| self.partial_since.moment(now) + Millis::from(timeout))
    }

    fn write_deadline(&self, now: Millis) -> Option<Millis> {
        let timeout = self.aside.as_ref()?.write_timeout;
        (timeout != 0 && self.blocked).then(|| self.last_progress.moment(now) + Millis::from(timeout))
    }

    fn next_probe(&self, now: Millis) -> Option<Millis> {
        if self.paused { None } else { self.session.next_probe(self.last_read, now) }
    }

    pub(crate) fn is_overdue(&self, now: Millis) -> bool {
        self.next_deadline(now).is_some_and(|at| at <= now)
    }

    /// A deadline is over.
    pub(crate) fn timed_out(&mut self, turn: &mut Turn) -> Next {
        let is_over = |deadline: Option<Millis>| deadline.is_some_and(|at| at <= turn.now);
        let why = match self.phase {
            StreamPhase::Draining => return Next::Close,
            StreamPhase::Handshake if self.expects_proxy() => "no header of the PROXY protocol came in time",
            StreamPhase::Handshake if self.transport.is_handshaking() => {
                "the connection stands, but TLS was not agreed on in time: does the other end speak TLS?"
            }
            StreamPhase::Handshake => self.session.overdue(),
            _ if is_over(self.write_deadline(turn.now)) => {
                "the peer took none of the queued bytes for the time set as write timeout"
            }
            _ if is_over(self.read_deadline(turn.now)) => {
                "nothing was received for the time set as read timeout"
            }
            _ if is_over(self.message_deadline(turn.now)) => "a message of the peer stopped half-way",
            _ if is_over(self.next_probe(turn.now)) => return self.probe(turn),
            // Reading goes on.
            _ => return Next::Sleep,
        };
        self.cut_off(Error::new(Code::Timeout, why))
    }

    fn probe(&mut self, turn: &mut Turn) -> Next {
        match self.session.probe(turn.now, self.writing.own()) {
            Ok(()) => self.flush_or_fail(turn.now, &mut turn.spent),
            Err(error) => self.cut_off(error),
        }
    }
}
