//! What threads do to each other, in many orders: each model is a few threads that run the library's own locks, lists
//! and queues, one step at a time, in an order that a scheduler chooses anew in every run (shuttle). What cannot run
//! here, since it waits in system calls, is played in a few lines that name what they stand for.
//!
//! Every step is seen by all others at once: what a processor may do with weaker orderings is no matter of these models.
//!
//! `cargo xtask models` plays them; what it prints on a failure goes into `STEPWIRE_SCHEDULE` to play that run again.

mod destroying;
mod events;
mod lock;
mod mailbox;
mod shutdown;

use std::sync::Arc;

use crate::command::Command;
use crate::error::Result;
use crate::mailbox::{Dirty, Mailbox};
use crate::options::Settings;
use crate::outgoing::Outgoing;
use crate::registry::Registry;
use crate::socket::{Family, Socket, SocketRole};
use crate::sync::Waker;

/// How many orders are tried, by each of two ways to choose them.
const RUNS: &str = "STEPWIRE_SCHEDULES";
/// One order to be played again.
const SCHEDULE: &str = "STEPWIRE_SCHEDULE";
/// Orders that differ from the first come, first served by few changes find most of what there is to find.
const CHANGES: usize = 3;

fn explore(model: impl Fn() + Send + Sync + 'static) {
    if let Ok(schedule) = std::env::var(SCHEDULE) {
        return shuttle::replay(model, &schedule);
    }
    let runs = std::env::var(RUNS).ok().and_then(|runs| runs.parse().ok()).unwrap_or(2_000);
    let model = Arc::new(model);
    let same = Arc::clone(&model);
    shuttle::check_random(move || model(), runs);
    shuttle::check_pct(move || same(), runs, CHANGES);
}

fn socket(registry: &Registry) -> Result<Arc<Socket>> {
    registry.insert(SocketRole::Client, Family::Tcp, true, Arc::new(Settings::default()))
}

/// The reactor, as far as it looks at its mailbox: `Reactor::take_work` and `Reactor::sleep`.
struct MailReader {
    waker: Arc<Waker>,
    spent: Dirty,
}

/// What a turn found.
struct Mail {
    commands: Vec<Command>,
    tokens: Vec<u32>,
}

impl MailReader {
    fn new(mailbox: &Mailbox) -> Self {
        let waker = Arc::new(Waker::lowered());
        mailbox.set_waker(Some(Arc::clone(&waker)));
        Self { waker, spent: Dirty::default() }
    }

    /// One turn: takes what there is, sleeps if there was nothing, and takes what commands came meanwhile.
    fn turn(&mut self, mailbox: &Mailbox) -> Mail {
        self.turn_with(mailbox, || false)
    }

    /// The same; `goes_on` says, before it sleeps, whether something else is to be gone on with.
    fn turn_with(&mut self, mailbox: &Mailbox, goes_on: impl FnOnce() -> bool) -> Mail {
        let mut mail = Mail { commands: Vec::new(), tokens: Vec::new() };
        if mailbox.take_pending() {
            mail.commands = mailbox.take_commands();
            mailbox.swap_dirty(&mut self.spent);
            mail.tokens = std::mem::take(&mut self.spent.tokens);
        }
        let is_idle = mail.commands.is_empty() && mail.tokens.is_empty() && !goes_on();
        if is_idle && mailbox.fall_asleep(false) {
            self.waker.sleep();
            mailbox.woke_up();
        } else {
            self.waker.look();
        }
        mail.commands.extend(mailbox.take_commands());
        mail
    }
}

/// What a socket has queued, as a stream takes it in its turn.
fn take_queued(socket: &Socket) -> Vec<u8> {
    let mut taken = Outgoing::default();
    let mut host = socket.host.lock();
    if host.queue.exchange(&mut taken) { taken.own().clone() } else { Vec::new() }
}
