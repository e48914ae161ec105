//! Pushing back: what was not read because the host does not collect, and when that goes on.

use std::sync::atomic::{Ordering::SeqCst, fence};

use crate::command::Id;
use crate::event::batch::Source;
use crate::log::{Level, Seldom};
use crate::socket::Handle;

use super::Reactor;
use super::endpoints::Endpoint;

static PAUSED: Seldom = Seldom::new();
static RESUMED: Seldom = Seldom::new();

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
        if self.endpoints.paused.is_empty() || self.turn.is_over_limit() {
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
                let must_wait = !stream.may_resume();
                (&mut stream.paused, must_wait)
            }
            Endpoint::Datagrams(own) => {
                let must_wait = own.is_over_limit();
                (&mut own.paused, must_wait)
            }
            Endpoint::Listener(listener) => (&mut listener.paused, self.turn.has_too_many_link_events()),
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
        log_reading(&PAUSED, Level::Warning, "pauses: a limit of uncollected events is reached", socket);
        self.turn.context.events.set_starving(self.turn.reactor, true);
        fence(SeqCst);
        // The host may have collected everything between the last look and this.
        if self.turn.context.events.waiting() == 0 {
            self.turn.mailbox.notify();
        }
    }
}
