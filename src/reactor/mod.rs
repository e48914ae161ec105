//! The reactor: all file descriptors, and one function that does a turn of I/O with them.
//!
//! A turn takes the host's commands and queued sends, waits for the system to report readiness,
//! reads what is ready within budgets, looks at the timers, and publishes the events of all that
//! as one batch. Normally a thread of ours runs one turn after the other; with manual I/O the
//! host's polls and waits do.

mod accept;
mod backpressure;
mod commands;
mod connect;
mod datagram;
mod datagrams;
mod session;
mod stream;
mod streams;
mod timers;
mod transport;
mod turn;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::AtomicU32;
use std::sync::atomic::Ordering::{Relaxed, SeqCst};
use std::time::{Duration, Instant};

use mio::{Events, Poll, Token, Waker};
use slab::Slab;

use crate::clock::{self, Millis};
use crate::command::{Id, Stop};
use crate::context::Context;
use crate::dns::PendingLookups;
use crate::error::{Code, Error, Result};
use crate::event::batch::Batch;
use crate::mailbox::Dirty;
use crate::sys::DatagramReader;

use accept::listener::Listener;
use connect::pending::{Connect, ConnectAttempt};
use datagram::{CachedInterfaces, Datagrams};
use stream::Stream;
use timers::{Timer, Timers};
use turn::{Next, Turn};

/// Sockets whose readiness one turn takes from the system. Small enough that what they sent is
/// still in the processor's cache when the host answers it.
const READY_PER_TURN: usize = 64;
/// A turn reads no further sockets once it has gathered this many bytes.
const TURN_BYTES: usize = 256 << 10;
/// Uncollected connects and disconnects from which on servers stop accepting.
const MOST_LINK_EVENTS: u32 = 65_536;
/// How long the sends of a burst may wait to leave together.
const BURST: Duration = Duration::from_micros(200);
/// The shortest sleep the system's poll knows.
const SHORTEST_SLEEP: Duration = Duration::from_millis(1);

const WAKER: Token = Token(usize::MAX);

/// The next endpoint's number. It outlives the reactor, so that what was under way at a shutdown (a
/// name being looked up) never reaches an endpoint of the next one.
static NEXT_SERIAL: AtomicU32 = AtomicU32::new(0);

enum Endpoint {
    Listener(Box<Listener>),
    Connect(Box<Connect>),
    ConnectAttempt(Box<ConnectAttempt>),
    Stream(Box<Stream>),
    Datagrams(Box<Datagrams>),
    /// Removed in this turn; the place is given away again when the turn is over, so that late
    /// readiness of the old endpoint cannot families a new one.
    Gone,
}

struct Slot {
    endpoint: Endpoint,
    serial: u32,
    /// When the earliest timer of this endpoint comes up; `Millis::MAX` if it has none.
    timer: Millis,
    /// Stands on one of the lists of those to go on with.
    listed: bool,
}

pub(crate) struct Reactor {
    context: &'static Context,
    poll: Poll,
    ready: Events,
    /// Kept alive here; the work lists have the other reference.
    _waker: Arc<Waker>,
    endpoints: Slab<Slot>,
    gone: Vec<usize>,
    timers: Timers,
    batch: Batch,
    /// Endpoints that have more to do without the system saying so again.
    again: Vec<Id>,
    /// Endpoints that had no part in this turn because it was full: they come first in the next.
    postponed: Vec<Id>,
    /// Streams and listeners that wait for the host to collect events.
    paused: Vec<Id>,
    dirty: Dirty,
    datagram_reader: DatagramReader,
    /// Room for what the reader cannot read straight into a batch.
    scratch: Vec<u8>,
    lookups: PendingLookups,
    interfaces: CachedInterfaces,
    /// Since when the sends of a burst have been held back.
    deferred: Option<Instant>,
    queued: u64,
    /// The option as it stood when this turn began.
    queued_limit: u64,
    link_events: u32,
    stop: Option<Stop>,
    began: Instant,
    now: Millis,
}

impl Reactor {
    pub(crate) fn new(context: &'static Context) -> Result<Self> {
        let failed = |error: std::io::Error| Error::from_io("cannot start the reactor", &error);
        let poll = Poll::new().map_err(failed)?;
        let waker = Arc::new(Waker::new(poll.registry(), WAKER).map_err(failed)?);
        context.mailbox.set_waker(Some(Arc::clone(&waker)));
        Ok(Self {
            context,
            poll,
            ready: Events::with_capacity(READY_PER_TURN),
            _waker: waker,
            endpoints: Slab::new(),
            gone: Vec::new(),
            timers: Timers::default(),
            batch: Batch::default(),
            again: Vec::new(),
            postponed: Vec::new(),
            paused: Vec::new(),
            dirty: Dirty::default(),
            datagram_reader: DatagramReader::default(),
            scratch: Vec::new(),
            lookups: PendingLookups::new(&context.names, &context.mailbox),
            interfaces: CachedInterfaces::default(),
            deferred: None,
            queued: 0,
            queued_limit: 0,
            link_events: 0,
            stop: None,
            began: clock::epoch(),
            now: 0,
        })
    }

    /// How the thread is to end, if that was asked for in the last turn.
    pub(crate) fn take_stop(&mut self) -> Option<Stop> {
        self.stop.take()
    }

    /// Whether nothing is left to do: no connection, not even one that is still closing.
    pub(crate) fn is_empty(&self) -> bool {
        self.endpoints.is_empty()
    }

    /// One turn of I/O. Sleeps until something happens, but not longer than `most` says; it is asked
    /// when the host's work is taken, so that who changes its answer and then signals work is heard.
    /// `host_waits` says that the host itself is running the turn and sends nothing meanwhile.
    pub(crate) fn turn(&mut self, most: impl FnOnce() -> Option<Duration>, host_waits: bool) {
        let before = Instant::now();
        self.set_now(before);
        self.queued_limit = self.context.with_options(|options| options.total_queue_limit);
        if self.batch.is_empty() {
            self.batch.destroyed_before = self.context.destroyed.load(SeqCst);
        }
        self.take_work(before, host_waits);
        // Mailbox can bring events at once (a refused connect); the host must not wait for those.
        let most = if self.batch.is_empty() { most() } else { Some(Duration::ZERO) };
        self.sleep(most);
        self.set_now(Instant::now());
        // What the host has changed before something arrived holds for that already.
        for command in self.context.mailbox.take_commands() {
            self.handle(command);
        }

        let mut going_on = std::mem::take(&mut self.postponed);
        going_on.append(&mut self.again);
        for id in going_on {
            if let Some(slot) = self.slot(id) {
                slot.listed = false;
            }
            self.attend(id, |reactor, id| reactor.go_on(id));
        }
        // A panic below leaves the next turn a list of its own.
        let mut ready = std::mem::replace(&mut self.ready, Events::with_capacity(READY_PER_TURN));
        for event in &ready {
            let token = event.token();
            if token == WAKER {
                continue;
            }
            let token = token.0 as u32;
            let Some(slot) = self.endpoints.get(token as usize) else { continue };
            let id = Id { token, serial: slot.serial };
            let (readable, writable) = (event.is_readable(), event.is_writable());
            let hung_up = event.is_read_closed() || event.is_error();
            self.attend(id, |reactor, id| reactor.on_ready(id, readable, writable, hung_up));
        }
        ready.clear();
        self.ready = ready;
        while let Some(timer) = self.timers.pop_due(self.now) {
            let id = Id { token: timer.token, serial: timer.serial };
            self.attend(id, |reactor, id| reactor.on_timer(id, timer.at));
        }
        for token in self.gone.drain(..) {
            self.endpoints.remove(token);
        }
        if !self.batch.is_empty() {
            let collected = self.context.events.publish(&mut self.batch);
            self.take_credits(collected);
        }
    }

    fn set_now(&mut self, instant: Instant) {
        self.now = instant.duration_since(self.began).as_millis() as Millis;
    }

    fn sleep(&mut self, most: Option<Duration>) {
        let mut timeout = most;
        let mut at_most =
            |limit: Duration| timeout = Some(timeout.map_or(limit, |timeout| timeout.min(limit)));
        if !(self.again.is_empty() && self.postponed.is_empty()) {
            at_most(Duration::ZERO);
        }
        if self.stop.is_some() {
            at_most(Duration::ZERO);
        }
        if let Some(at) = self.timers.next() {
            at_most(Duration::from_millis(at.saturating_sub(self.now)));
        }
        if self.deferred.is_some() {
            at_most(SHORTEST_SLEEP);
        }
        let sleeps = timeout != Some(Duration::ZERO);
        if sleeps && !self.context.mailbox.fall_asleep(self.deferred.is_some()) {
            timeout = Some(Duration::ZERO);
        }
        // Interrupted by a signal is as good as nothing ready; other errors leave nothing to do
        // but go on with the work lists and timers.
        let _ = self.poll.poll(&mut self.ready, timeout);
        if sleeps {
            self.context.mailbox.woke_up();
        }
    }

    /// Looks at one endpoint. A panic there is a defect of ours; it costs that endpoint and no other.
    fn attend(&mut self, id: Id, look: impl FnOnce(&mut Self, Id)) {
        if self.slot(id).is_none() {
            return;
        }
        if catch_unwind(AssertUnwindSafe(|| look(self, id))).is_err() {
            if let Some(Slot { endpoint: Endpoint::Stream(stream), .. }) = self.slot(id) {
                stream.abandon();
            }
            let error = Error::new(Code::Internal, "a defect in stepwire broke this connection");
            self.end(id, Next::Failed(error));
        }
        self.arm(id);
    }

    fn go_on_later(&mut self, id: Id) {
        if self.enlist(id) {
            self.again.push(id);
        }
    }

    /// Leaves reading an endpoint to the next turn if this one has gathered enough.
    fn postpone_if_full(&mut self, id: Id) -> bool {
        let is_full = self.batch.bytes() >= TURN_BYTES;
        if is_full && self.enlist(id) {
            self.postponed.push(id);
        }
        is_full
    }

    /// Whether the endpoint may be put on a list of those to go on with: it stands on none.
    fn enlist(&mut self, id: Id) -> bool {
        self.slot(id).is_some_and(|slot| !std::mem::replace(&mut slot.listed, true))
    }

    // ---- endpoints ---------------------------------------------------------------------------

    fn slot(&mut self, id: Id) -> Option<&mut Slot> {
        self.endpoints
            .get_mut(id.token as usize)
            .filter(|slot| slot.serial == id.serial && !matches!(slot.endpoint, Endpoint::Gone))
    }

    fn insert(&mut self, endpoint: Endpoint) -> Id {
        let serial = NEXT_SERIAL.fetch_add(1, Relaxed);
        let token =
            self.endpoints.insert(Slot { endpoint, serial, timer: Millis::MAX, listed: false }) as u32;
        Id { token, serial }
    }

    fn remove(&mut self, id: Id) {
        if let Some(slot) = self.slot(id) {
            // Dropping the endpoint closes its descriptor, which takes it off the poll as well.
            slot.endpoint = Endpoint::Gone;
            self.gone.push(id.token as usize);
        }
    }

    /// Sees to it that a timer comes up for the endpoint's next deadline.
    fn arm(&mut self, id: Id) {
        let Some(slot) = self.slot(id) else { return };
        let deadline = match &slot.endpoint {
            Endpoint::Stream(stream) => stream.next_deadline(),
            Endpoint::Datagrams(own) => own.next_deadline(),
            Endpoint::Connect(connect) => connect.next_deadline(),
            Endpoint::Listener(listener) => (listener.retry_at != 0).then_some(listener.retry_at),
            Endpoint::ConnectAttempt(_) | Endpoint::Gone => None,
        };
        if let Some(at) = deadline
            && at < slot.timer
        {
            slot.timer = at;
            self.timers.add(Timer { at, token: id.token, serial: id.serial });
            let Self { timers, endpoints, .. } = self;
            timers.tidy(endpoints.len(), |timer| {
                let slot = endpoints.get(timer.token as usize);
                slot.is_some_and(|slot| slot.serial == timer.serial && slot.timer == timer.at)
            });
        }
    }

    fn on_ready(&mut self, id: Id, readable: bool, writable: bool, hung_up: bool) {
        let Some(slot) = self.slot(id) else { return };
        match &mut slot.endpoint {
            Endpoint::Stream(stream) => {
                stream.hung_up |= hung_up;
                let paused = stream.paused;
                // TLS may have to write before it can read, and the other way round.
                let either = stream.is_encrypted() && (readable || writable);
                let (readable, writable) = (readable || either, writable || either);
                if writable {
                    let Self { endpoints, dirty, now, .. } = self;
                    let Endpoint::Stream(stream) = &mut endpoints[id.token as usize].endpoint else { return };
                    match stream.writable(*now, dirty) {
                        Next::Sleep => {}
                        next => self.end(id, next),
                    }
                }
                if (readable || hung_up) && !paused {
                    self.read(id);
                }
            }
            Endpoint::Datagrams(own) => {
                if writable && own.blocked {
                    self.with_datagrams(id, Datagrams::flush);
                }
                if readable {
                    self.read_datagrams(id);
                }
            }
            Endpoint::Listener(listener) if !listener.paused => self.accept(id),
            Endpoint::ConnectAttempt(_) => self.attempted(id, hung_up),
            _ => {}
        }
    }

    /// Continues what a budget had ended, or what had been paused.
    fn go_on(&mut self, id: Id) {
        match self.slot(id).map(|slot| &slot.endpoint) {
            Some(Endpoint::Stream(_)) => self.read(id),
            Some(Endpoint::Datagrams(_)) => self.read_datagrams(id),
            Some(Endpoint::Listener(_)) => self.accept(id),
            Some(Endpoint::Connect(_)) => self.try_next(id),
            _ => {}
        }
    }

    fn on_timer(&mut self, id: Id, at: Millis) {
        let now = self.now;
        let Some(slot) = self.slot(id) else { return };
        if slot.timer != at {
            // A nearer one was armed after it and has seen to what came next.
            return;
        }
        slot.timer = Millis::MAX;
        match &mut slot.endpoint {
            Endpoint::Stream(stream) if stream.is_overdue(now) => {
                // What has arrived counts, also if this turn has not come to it.
                if !stream.paused {
                    self.read_now(id);
                }
                if let Some(Slot { endpoint: Endpoint::Stream(stream), .. }) = self.slot(id)
                    && stream.is_overdue(now)
                {
                    let next = self.with_stream(id, |stream, turn| stream.timed_out(turn));
                    self.end(id, next.unwrap_or(Next::Sleep));
                }
            }
            Endpoint::Listener(listener) if listener.retry_at != 0 && listener.retry_at <= now => {
                listener.retry_at = 0;
                self.accept(id);
            }
            Endpoint::Datagrams(_) => {
                self.with_datagrams(id, Datagrams::on_timer);
            }
            Endpoint::Connect(connect) => {
                if connect.deadline() <= now {
                    let resolving = connect.addresses.is_none();
                    let why =
                        if resolving { "the name was not resolved in time" } else { "no connection in time" };
                    self.dial_failed(id, Error::new(Code::Timeout, why));
                } else if connect.next_attempt <= now {
                    self.try_next(id);
                }
            }
            _ => {}
        }
    }
}
