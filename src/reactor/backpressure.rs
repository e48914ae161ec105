//! Pushing back: what was not read because the host does not collect, and when that goes on.

use std::sync::atomic::{Ordering::SeqCst, fence};

use crate::command::Id;
use crate::event::batch::Source;

use super::{Endpoint, MOST_LINK_EVENTS, Reactor};

impl Reactor {
    /// Takes back the cost of events the host has collected, and goes on with who waited for that.
    pub(crate) fn take_credits(&mut self, collected: Vec<Vec<Source>>) {
        for sources in collected {
            for source in sources {
                self.release(&source);
            }
        }
        if self.paused.is_empty() || self.queued >= self.queued_limit {
            return;
        }
        let mut paused = std::mem::take(&mut self.paused);
        let link_events = self.link_events;
        paused.retain(|&id| {
            let resumes = match self.slot(id).map(|slot| &mut slot.endpoint) {
                Some(Endpoint::Stream(stream)) if stream.paused => {
                    stream.paused = !stream.may_resume();
                    !stream.paused
                }
                Some(Endpoint::Datagrams(own)) if own.paused => {
                    own.paused = own.is_over_limit();
                    !own.paused
                }
                Some(Endpoint::Listener(listener)) if listener.paused => {
                    listener.paused = link_events >= MOST_LINK_EVENTS;
                    !listener.paused
                }
                _ => return false,
            };
            if resumes {
                self.go_on_later(id);
            }
            !resumes
        });
        self.context.events.set_starving(!paused.is_empty());
        self.paused = paused;
    }

    pub(crate) fn release(&mut self, source: &Source) {
        self.queued = self.queued.saturating_sub(source.cost());
        self.link_events = self.link_events.saturating_sub(u32::from(source.link_events));
        let id = Id { token: source.token, serial: source.serial };
        // Only data counts on the connection itself.
        if source.link_events == 0 {
            match self.slot(id).map(|slot| &mut slot.endpoint) {
                Some(Endpoint::Stream(stream)) => {
                    stream.queued = stream.queued.saturating_sub(source.cost());
                }
                Some(Endpoint::Datagrams(own)) => own.queued = own.queued.saturating_sub(source.cost()),
                _ => {}
            }
        }
    }

    pub(crate) fn pause(&mut self, id: Id) {
        self.paused.push(id);
        self.context.events.set_starving(true);
        fence(SeqCst);
        // The host may have collected everything between the last look and this.
        if self.context.events.waiting() == 0 {
            self.context.mailbox.notify();
        }
    }
}
