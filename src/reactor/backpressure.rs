//! Pushing back: what was not read because the host does not collect, or because unfinished messages take
//! the room; and when that goes on.

use std::cmp::Reverse;
use std::sync::atomic::{Ordering::SeqCst, fence};

use crate::command::{CloseFrame, Id};
use crate::error::{Code, Error};
use crate::event::batch::Source;
use crate::log::{Level, Seldom};
use crate::socket::Handle;
use crate::websocket::close_code;

use super::Reactor;
use super::datagram::Datagrams;
use super::endpoints::Endpoint;
use super::turn::Next;

static PAUSED: Seldom = Seldom::new();
static RESUMED: Seldom = Seldom::new();
static GAVE_WAY: Seldom = Seldom::new();

fn log_reading(seldom: &Seldom, level: Level, what: &str, socket: Option<Handle>) {
    match socket {
        Some(socket) => seldom.write(level, format_args!("reading socket {} {what}", socket.0)),
        None => seldom.write(level, format_args!("reading a connection in its handshake {what}")),
    }
}

enum Resumed {
    Yes,
    /// It still has to wait.
    No,
    /// It did not wait any more, or is gone.
    NotPaused,
}

impl Reactor {
    /// Takes back the cost of events the host has collected, and goes on with who waited for that.
    pub(crate) fn release_collected(&mut self, collected: Vec<Vec<Source>>) {
        for sources in collected {
            for source in sources {
                self.release(&source);
            }
        }
        self.turn.look_at_load();
        // With a crowd it is looked now and then who may go on.
        if !(self.crowd.is_there() && self.turn.is_crowded()) {
            self.resume_paused();
        }
    }

    /// Goes on with those who waited and need not any longer.
    fn resume_paused(&mut self) {
        if self.endpoints.paused.is_empty() || self.turn.awaits_collection() {
            return;
        }
        let mut paused = std::mem::take(&mut self.endpoints.paused);
        paused.retain(|&id| match self.resume(id) {
            Resumed::No => true,
            Resumed::Yes => {
                self.endpoints.go_on_later(id);
                false
            }
            Resumed::NotPaused => false,
        });
        self.turn.context.events.set_starving(self.turn.reactor, !paused.is_empty());
        self.endpoints.paused = paused;
    }

    /// Lets a paused endpoint go on if what it waited for has come.
    fn resume(&mut self, id: Id) -> Resumed {
        let Some(endpoint) = self.endpoints.get(id) else { return Resumed::NotPaused };
        let (paused, must_wait) = match endpoint {
            Endpoint::Stream(stream) => {
                let must_wait = !stream.may_resume(&self.turn);
                (&mut stream.paused, must_wait)
            }
            Endpoint::Datagrams(own) => {
                let must_wait = own.is_over_limit();
                (&mut own.paused, must_wait)
            }
            Endpoint::Listener(listener) => {
                let must_wait = self.turn.has_too_many_link_events() || self.turn.is_over_limit();
                (&mut listener.paused, must_wait)
            }
            Endpoint::Connect(_) | Endpoint::ConnectAttempt(_) | Endpoint::Gone => {
                return Resumed::NotPaused;
            }
        };
        if !*paused {
            return Resumed::NotPaused;
        }
        *paused = must_wait;
        if must_wait {
            return Resumed::No;
        }
        if let Some(stream) = self.endpoints.stream(id) {
            stream.resumed(self.turn.now);
        }
        let socket = self.endpoints.get(id).and_then(|endpoint| endpoint.handle());
        log_reading(&RESUMED, Level::Connection, "goes on", socket);
        Resumed::Yes
    }

    fn release(&mut self, source: &Source) {
        // Only data counts on the connection itself.
        if source.link_events > 0 {
            return;
        }
        let id = Id { token: source.token, serial: source.serial };
        let Some(endpoint) = self.endpoints.get(id) else { return };
        match endpoint {
            Endpoint::Stream(stream) => stream.queued.release(source.cost()),
            Endpoint::Datagrams(own) => own.queued.release(source.cost()),
            Endpoint::Listener(_) | Endpoint::Connect(_) | Endpoint::ConnectAttempt(_) | Endpoint::Gone => {}
        }
    }

    pub(crate) fn pause(&mut self, id: Id) {
        self.endpoints.paused.push(id);
        let socket = self.endpoints.get(id).and_then(|endpoint| endpoint.handle());
        let why = if self.turn.is_crowded() {
            "pauses: unfinished messages take most of network_config_total_queue_limit"
        } else {
            "pauses: a limit of uncollected events is reached"
        };
        log_reading(&PAUSED, Level::Warning, why, socket);
        self.turn.context.events.set_starving(self.turn.reactor, true);
        fence(SeqCst);
        // The host may have collected everything between the last look and this.
        if self.turn.context.events.waiting() == 0 {
            self.turn.mailbox.notify();
        }
    }

    // ---- a crowd of unfinished messages ------------------------------------------------------

    /// Looks now and then, while unfinished messages take the room, who may go on and who has to give way.
    pub(crate) fn look_after_crowd(&mut self) {
        let now = self.turn.now;
        if self.crowd.is_due(now) {
            self.resume_paused();
            if self.turn.is_crowded() {
                self.let_nearly_done_go_on();
                self.make_way();
            } else {
                self.crowd.nobody_waits();
            }
            self.crowd.look_again(self.is_crowd(), now);
        } else if !self.crowd.is_there() {
            self.crowd.look_again(self.is_crowd(), now);
        }
    }

    /// Whether unfinished messages take room that somebody waits for, or will. If the host has to collect
    /// first, it makes itself heard.
    fn is_crowd(&self) -> bool {
        let waits = !self.endpoints.paused.is_empty() && self.turn.is_over_limit();
        (waits || self.turn.is_crowded()) && !self.turn.awaits_collection()
    }

    /// Of those that wait with a part of a message, lets those go on that are nearest to its end, as many as
    /// there is room for.
    fn let_nearly_done_go_on(&mut self) {
        let now = self.turn.now;
        let mut paused = std::mem::take(&mut self.endpoints.paused);
        let mut waiting: Vec<(u64, Id)> = Vec::new();
        for &id in &paused {
            if let Some(stream) = self.endpoints.stream(id).filter(|stream| !stream.is_at_own_limit()) {
                waiting.push((stream.missing(), id));
            }
        }
        waiting.sort_unstable_by_key(|&(missing, id)| (missing, id.serial));
        let mut all_go_on = !self.endpoints.datagram_sockets().any(|(_, own)| own.has_refused());
        for (_, id) in waiting {
            let turn = &self.turn;
            let Some(stream) = self.endpoints.stream(id) else { continue };
            if !stream.reserve(turn) {
                all_go_on = false;
                break;
            }
            stream.paused = false;
            stream.resumed(now);
            self.endpoints.go_on_later(id);
        }
        paused.retain(|&id| self.endpoints.stream(id).is_none_or(|stream| stream.paused));
        self.turn.context.events.set_starving(self.turn.reactor, !paused.is_empty());
        self.endpoints.paused = paused;
        if all_go_on {
            self.crowd.nobody_waits();
        } else {
            self.crowd.somebody_waits(now, self.turn.context.backlog.progress());
        }
    }

    /// When somebody has waited in vain for long: those give way that hold most, of equals the oldest.
    fn make_way(&mut self) {
        let backlog = &self.turn.context.backlog;
        if self.crowd.has_waited_in_vain(self.turn.now) {
            self.crowd.nobody_waits();
            backlog.set_stuck(true);
        }
        if !backlog.is_stuck() {
            return;
        }
        let mean = backlog.mean();
        let holders = self.endpoints.streams().map(|(id, stream)| (stream.holds(), id));
        let mut holders: Vec<_> = holders.filter(|((held, _), _)| *held > 0 && *held >= mean).collect();
        holders.sort_unstable_by_key(|&((held, number), _)| (Reverse(held), number));
        for (_, id) in holders {
            if !self.turn.is_crowded() {
                break;
            }
            let socket = self.endpoints.get(id).and_then(|endpoint| endpoint.handle());
            log_reading(
                &GAVE_WAY,
                Level::Warning,
                "ends: unfinished messages fill network_config_total_queue_limit, and its own is among the largest",
                socket,
            );
            self.attend(id, Self::give_way);
        }
        let sockets: Vec<Id> = self.endpoints.datagram_sockets().map(|(id, _)| id).collect();
        for id in sockets {
            self.attend(id, |reactor, id| {
                reactor.with_datagrams(id, Datagrams::make_way);
            });
        }
        if !self.turn.is_crowded() {
            self.turn.context.backlog.set_stuck(false);
        }
    }

    fn give_way(&mut self, id: Id) {
        let why = "too many messages had come in part, and nothing moved: this was one of the largest";
        if let Some(stream) = self.endpoints.stream(id) {
            stream.set_close_frame(&CloseFrame {
                code: close_code::TOO_BIG,
                reason: "too many at once".into(),
            });
        }
        self.end(id, Next::Failed(Error::new(Code::TooBig, why)));
    }
}
