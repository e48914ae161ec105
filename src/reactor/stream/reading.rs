//! Bytes in: reading within the budget of a turn, and what reading comes to.

use std::io;
use std::sync::atomic::Ordering::Relaxed;
use std::time::Instant;

use crate::clock::{Millis, Stamp};
use crate::command::Id;
use crate::error::{Error, Result};
use crate::reactor::session::SessionEnd;
use crate::reactor::turn::{FRAMES_READ, Next, READ_BUDGET, Turn};
use crate::socket::count;

use super::forwarded::Forwarding;
use super::throttle::Throttle;
use super::{Stream, StreamPhase, origin_of};

/// What a read counts towards the budget besides its bytes. Where only "would block" says that all was read, a peer that
/// answers at once always has something there, and would keep everybody else waiting.
const READ_COST: usize = READ_BUDGET / 4;

impl Stream {
    /// Reads what there is, within the budget of a turn.
    pub(crate) fn read(&mut self, id: Id, turn: &mut Turn) -> Next {
        let next = self.read_on(id, turn);
        // Nothing has begun: what was set aside is for others.
        if matches!(next, Next::Sleep) && self.share.is_reserved() && self.memory() == 0 {
            self.share.give_back();
        }
        next
    }

    fn read_on(&mut self, id: Id, turn: &mut Turn) -> Next {
        if self.expects_proxy() {
            match self.read_proxy(id, turn) {
                Ok(true) => {}
                Ok(false) => return Next::Sleep,
                Err(error) => return self.cut_off(error),
            }
        }
        if self.transport.is_handshaking() {
            // A server's part costs most, and strangers ask for it: it waits while this turn has spent enough on it.
            let is_server = self.admission.is_some();
            if is_server && turn.has_shaken_enough_hands() {
                return Next::Again;
            }
            let began = Instant::now();
            let done = self.shake_hands(id, turn);
            if is_server {
                turn.shook_hands(began.elapsed());
            }
            match done {
                Ok(true) => {}
                Ok(false) => return Next::Sleep,
                Err(error) => return self.cut_off(error),
            }
        }
        let mut budget = READ_BUDGET;
        loop {
            let permitted = self.permitted(turn);
            if permitted == 0 {
                self.paused = true;
                return Next::Pause;
            }
            let at_once = if self.session.is_websocket() { FRAMES_READ } else { usize::MAX };
            let allowance = self.allowance(turn.now).min(permitted).min(at_once);
            if allowance == 0 {
                return Next::Sleep;
            }
            let room = turn.batch.room();
            let offered = room.len().min(allowance);
            let room = &mut room[..offered];
            let size = match self.transport.read(room) {
                Ok(0) => return self.end_of_stream(),
                Ok(size) => size,
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    return match self.take_write_error() {
                        Some(error) => self.cut_off(error),
                        None => Next::Sleep,
                    };
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => {
                    let error = self.transport.failure(&error);
                    return self.cut_off(error);
                }
            };
            self.last_read = Stamp::of(turn.now);
            if let Some(throttle) = self.throttle() {
                throttle.read(size);
            }
            turn.came(&mut self.share, size);
            turn.worked(size, 0);
            let taken = self.take_in(size, id, turn);
            turn.worked(0, self.session.take_work());
            let memory = self.memory();
            turn.holds(&mut self.share, memory);
            if let Err(stop) = taken {
                return stop.into();
            }
            if self.is_draining()
                && !self.blocked
                && self.session.owes_close_frame()
                && !self.session.awaits_close_frame()
            {
                return self.close_after_flush();
            }
            let drained = size < offered && self.transport.is_drained_by_short_read();
            if drained && !self.hung_up && !self.has_write_error() {
                return Next::Sleep;
            }
            budget = budget.saturating_sub(size + READ_COST);
            if budget == 0 || turn.is_full() {
                return Next::Again;
            }
        }
    }

    /// How much may be read now: handshakes and closing go as fast as they can.
    fn allowance(&mut self, now: Millis) -> usize {
        let is_open = self.phase == StreamPhase::Open;
        match self.throttle() {
            Some(throttle) if is_open => throttle.allowance(now),
            _ => usize::MAX,
        }
    }

    fn throttle(&mut self) -> Option<&mut Throttle> {
        self.aside.as_mut()?.throttle.as_mut()
    }

    /// Reading goes on after the host has collected events: what the peer sent meanwhile was not looked at.
    pub(crate) fn resumed(&mut self, now: Millis) {
        self.partial_since = Stamp::of(now);
    }

    /// Goes on with TLS's handshake, and begins the session when it is done; whether it is.
    fn shake_hands(&mut self, id: Id, turn: &mut Turn) -> Result<bool> {
        let admission = &self.admission;
        let done = self.transport.handshake(|| admission.as_ref().and_then(|rules| rules.acceptor()))?;
        if done {
            self.begin_session(id, turn)?;
        }
        Ok(done)
    }

    /// Whether the host has to collect events of this connection before it is read.
    pub(crate) fn is_at_own_limit(&self) -> bool {
        self.socket.as_ref().is_some_and(|socket| self.queued.is_full(socket.receive_limit()))
    }

    /// How much may be read before the host collects more, or others finish their messages.
    fn permitted(&self, turn: &Turn) -> usize {
        // A connect of the host's goes on: it may be what the host waits for instead of collecting.
        if self.is_draining() || self.opening().is_some() {
            return usize::MAX;
        }
        if self.is_at_own_limit() { 0 } else { turn.permits(&self.share, || self.missing()) }
    }

    /// Whether it is worth reading again.
    pub(crate) fn may_resume(&self, turn: &Turn) -> bool {
        self.permitted(turn) > 0
    }

    /// Bytes that the message under way still lacks.
    pub(crate) fn missing(&self) -> u64 {
        let limit = self.socket.as_ref().map_or(0, |socket| socket.message_limit.load(Relaxed));
        self.session.missing(limit as usize)
    }

    /// What is held of a message, or of the handshake, that has not come whole.
    fn memory(&self) -> u64 {
        let of_proxy =
            self.aside.as_ref().and_then(|aside| aside.proxy.as_ref()).map_or(0, |header| header.memory());
        (self.session.memory() + of_proxy) as u64
    }

    /// Lets it read to the end of its message although there is hardly any room; false if there is none at all.
    pub(crate) fn reserve(&mut self, turn: &Turn) -> bool {
        let missing = self.missing();
        !self.is_at_own_limit() && turn.reserve(&mut self.share, missing)
    }

    /// What it holds of an unfinished message, and the number of that.
    pub(crate) fn holds(&self) -> (u64, u64) {
        (self.share.held(), self.share.number())
    }

    fn end_of_stream(&mut self) -> Next {
        if let Some(error) = self.take_write_error() {
            return self.cut_off(error);
        }
        match self.phase {
            // Every later readiness reads the end again; the way out stays open.
            StreamPhase::HalfClosed => Next::Sleep,
            StreamPhase::Draining if !self.writing.is_written() => Next::Sleep,
            StreamPhase::Draining => Next::Close,
            StreamPhase::Handshake | StreamPhase::Open => match self.session.end_of_stream() {
                Some(error) => self.cut_off(error),
                None => Next::Eof,
            },
        }
    }

    /// Nothing more is said over this connection.
    pub(crate) fn abandon(&mut self) {
        self.session.cut_off();
    }

    /// The connection itself has failed: there are no last words.
    pub(crate) fn cut_off(&mut self, error: Error) -> Next {
        self.session.cut_off();
        Next::Failed(error)
    }

    /// Passes freshly read bytes on to the session.
    fn take_in(&mut self, size: usize, id: Id, turn: &mut Turn) -> std::result::Result<(), SessionEnd> {
        let mut at = 0;
        while at < size && self.phase == StreamPhase::Handshake {
            let mut forwarding = Forwarding {
                admission: self.admission.as_ref(),
                ip: self.aside.as_mut().and_then(|aside| aside.ip.as_mut()),
                port: &mut self.port,
                counted: &mut self.counted,
                forwarded: &mut self.forwarded,
                now: turn.now,
            };
            turn.spent.lend_to(&mut self.writing);
            let bytes = &mut turn.batch.room()[at..size];
            let (taken, ready) =
                self.session.open(bytes, self.writing.own(), &mut |fields| forwarding.pass(fields))?;
            at += taken;
            if ready {
                self.ready(id, turn)?;
            }
            self.flush_now(turn)?;
        }
        if self.phase == StreamPhase::Draining {
            self.session.ignore(&mut turn.batch.room()[at..size]);
        }
        let Some(socket) = &self.socket else { return Ok(()) };
        count(&socket.traffic.bytes_received, size as u64);
        if at == size || matches!(self.phase, StreamPhase::HalfClosed | StreamPhase::Draining) {
            return Ok(());
        }
        let origin = origin_of(Some(socket), self.aside.as_deref(), self.port, id);
        // A panic may have left something there that is not this peer's.
        turn.answers.clear();
        let (bytes, mut sink) = turn.batch.received(size, origin);
        let result = self.session.receive(bytes, at, socket, &mut sink, &mut turn.answers);
        let (events, cost) = sink.finish();
        self.queued.book(cost);
        turn.worked(0, events as usize);
        count(&socket.traffic.packets_received, u64::from(events));
        let partial = self.session.partial() as u32;
        let before = socket.unfinished.load(Relaxed);
        if events > 0 || partial < before {
            turn.holds_anew(&mut self.share, self.session.memory() as u64);
        }
        if events > 0 || partial != before {
            self.partial_since = Stamp::of(turn.now);
            socket.unfinished.store(partial, Relaxed);
        }
        let answers = !turn.answers.is_empty();
        if answers {
            turn.spent.lend_to(&mut self.writing);
            self.writing.own().append(&mut turn.answers);
        }
        result?;
        if answers {
            // A failure is told when all that has arrived was read.
            self.flush_or_fail(turn.now, &mut turn.spent);
        }
        Ok(())
    }
}
