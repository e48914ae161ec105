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
mod crowd;
mod datagram;
mod datagrams;
mod endpoints;
mod session;
mod stream;
mod streams;
mod transport;
mod turn;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::Ordering::SeqCst;
use std::time::{Duration, Instant};

use mio::event::Event;
use mio::{Events, Poll, Token};

use crate::clock::{self, Millis};
use crate::command::{Id, Stop};
use crate::context::Context;
use crate::error::{Code, Error, Result};
use crate::placement::{self, ReactorIndex};
use crate::sync::Waker;
use crate::sys::PreciseTimers;

use crowd::Crowd;
use datagram::{DatagramTools, Datagrams};
use endpoints::{Endpoint, Endpoints};
use turn::{Next, RETRY_MILLIS, Turn};

#[cfg(test)]
pub(crate) use session::{Session, SessionEnd};

/// Sockets whose readiness one turn takes from the system. Small enough that what they sent is
/// still in the processor's cache when the host answers it.
const READY_PER_TURN: usize = 64;
/// How long the sends of a burst may wait to leave together.
const BURST: Duration = Duration::from_micros(200);
/// The shortest sleep the system's poll knows.
const SHORTEST_SLEEP: Duration = Duration::from_millis(1);

/// The longest sleep beside other reactors: the end of the connections, which may be at another one, does not
/// tell this one that its poll's descriptor was closed by somebody.
const LONGEST_SLEEP: Duration = Duration::from_secs(1);

/// How long a turn sleeps once the system can no longer be asked what is ready.
const BLIND_SLEEP: Duration = Duration::from_millis(20);

const WAKER: Token = Token(usize::MAX);
/// `network_wake` was called.
const WAKE: Token = Token(usize::MAX - 1);

pub(crate) struct Reactor {
    poll: Poll,
    ready: Events,
    /// Kept alive here; the work lists have the other reference.
    _waker: Arc<Waker>,
    endpoints: Endpoints,
    turn: Turn,
    crowd: Crowd,
    datagram_tools: DatagramTools,
    /// Since when the sends of a burst have been held back.
    deferred: Option<Instant>,
    stop: Option<Stop>,
    began: Instant,
    _timers: PreciseTimers,
}

impl Reactor {
    pub(crate) fn new(context: &'static Context, index: ReactorIndex) -> Result<Self> {
        let failed = |error: std::io::Error| Error::from_io("cannot start the reactor", &error);
        let poll = Poll::new().map_err(failed)?;
        let waker = Arc::new(Waker::new(poll.registry(), WAKER).map_err(failed)?);
        if index == ReactorIndex::FIRST
            && let Some(flag) = context.wake.flag().map_err(failed)?
        {
            flag.register(poll.registry(), WAKE).map_err(failed)?;
        }
        context.mailboxes.of(index).set_waker(Some(Arc::clone(&waker)));
        Ok(Self {
            poll,
            ready: Events::with_capacity(READY_PER_TURN),
            _waker: waker,
            endpoints: Endpoints::default(),
            turn: Turn::new(context, index),
            crowd: Crowd::default(),
            datagram_tools: DatagramTools::new(context, index),
            deferred: None,
            stop: None,
            began: clock::epoch(),
            _timers: PreciseTimers::begin(),
        })
    }

    pub(crate) fn index(&self) -> ReactorIndex {
        self.turn.reactor
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
        self.turn.begin();
        if self.turn.batch.is_empty() {
            self.turn.batch.destroyed_before = self.turn.context.destroyed.load(SeqCst);
        }
        self.take_work(before, host_waits);
        // Mailbox can bring events at once (a refused connect); the host must not wait for those.
        let most = if self.turn.batch.is_empty() { most() } else { Some(Duration::ZERO) };
        self.sleep(most);
        self.set_now(Instant::now());
        // What the host has changed before something arrived holds for that already.
        for command in self.turn.mailbox.take_commands() {
            self.handle(command);
        }

        for id in self.endpoints.take_postponed() {
            self.endpoints.unlist(id);
            self.attend(id, |reactor, id| reactor.go_on(id));
        }
        // A panic below leaves the next turn a list of its own.
        let mut ready = std::mem::replace(&mut self.ready, Events::with_capacity(READY_PER_TURN));
        let (mut soon, mut next) = (ready.iter().skip(2), ready.iter().skip(1));
        for event in &ready {
            let number = |event: &Event| event.token().0 as u32;
            self.endpoints.fetch_ahead(soon.next().map(number), next.next().map(number));
            let token = event.token();
            if token == WAKER {
                continue;
            }
            if token == WAKE {
                self.turn.context.wake.lower();
                self.turn.context.events.interrupt();
                continue;
            }
            let Some(id) = self.endpoints.at(token.0 as u32) else { continue };
            let (readable, writable) = (event.is_readable(), event.is_writable());
            let hung_up = event.is_read_closed() || event.is_error();
            self.attend(id, |reactor, id| reactor.on_ready(id, readable, writable, hung_up));
        }
        ready.clear();
        self.ready = ready;
        self.go_on_with_those_that_had_their_part();
        // All that are due now and no others: what is armed for at once meanwhile comes in the next turn,
        // after everybody else has had theirs.
        for id in self.endpoints.take_due(self.turn.now) {
            self.attend(id, Self::on_timer);
        }
        self.look_after_crowd();
        self.endpoints.free_gone();
        self.turn.context.wake_waiting_for_all();
        if !self.turn.batch.is_empty() {
            let collected = self.turn.context.events.publish(&mut self.turn.batch);
            self.release_collected(collected);
        }
    }

    fn set_now(&mut self, instant: Instant) {
        self.turn.now = instant.duration_since(self.began).as_millis() as Millis;
    }

    fn sleep(&mut self, most: Option<Duration>) {
        let mut timeout = most;
        let mut at_most =
            |limit: Duration| timeout = Some(timeout.map_or(limit, |timeout| timeout.min(limit)));
        if self.endpoints.any_to_go_on() {
            at_most(Duration::ZERO);
        }
        if self.stop.is_some() {
            at_most(Duration::ZERO);
        }
        if let Some(at) = self.endpoints.next_timer() {
            at_most(Duration::from_millis(at.saturating_sub(self.turn.now)));
        }
        if let Some(at) = self.crowd.look_at() {
            at_most(Duration::from_millis(at.saturating_sub(self.turn.now)));
        }
        if self.deferred.is_some() {
            at_most(SHORTEST_SLEEP);
        }
        if placement::reactors() > 1 {
            at_most(LONGEST_SLEEP);
        }
        let sleeps = timeout != Some(Duration::ZERO);
        if sleeps && !self.turn.mailbox.fall_asleep(self.deferred.is_some()) {
            timeout = Some(Duration::ZERO);
        }
        let polled = self.poll.poll(&mut self.ready, timeout);
        if sleeps {
            self.turn.mailbox.woke_up();
        }
        // Interrupted by a signal is as good as nothing ready.
        if let Err(error) = polled
            && error.kind() != std::io::ErrorKind::Interrupted
        {
            self.poll_failed(&error, timeout);
        }
    }

    /// Somebody has closed the poll's descriptor: nothing that is watched will ever be ready again.
    #[cold]
    fn poll_failed(&mut self, error: &std::io::Error, timeout: Option<Duration>) {
        self.ready.clear();
        for id in self.endpoints.all() {
            let error = Error::from_io("the library's descriptors were closed", error);
            self.end(id, Next::Failed(error));
        }
        // Commands still come, and each ends with an error; nobody can wake this thread for them.
        std::thread::sleep(timeout.unwrap_or(BLIND_SLEEP).min(BLIND_SLEEP));
    }

    /// Looks at one endpoint. A panic there is a defect of ours; it costs that connection and no other.
    fn attend(&mut self, id: Id, look: impl FnOnce(&mut Self, Id)) {
        if !self.endpoints.contains(id) {
            return;
        }
        if catch_unwind(AssertUnwindSafe(|| look(self, id))).is_err() {
            self.after_panic(id);
        }
        self.tell_of_room(id);
        self.endpoints.arm(id, self.turn.now);
    }

    /// Tells the host if a socket that has refused a message has room again, after what was written.
    fn tell_of_room(&mut self, id: Id) {
        let Some(endpoint) = self.endpoints.get(id) else { return };
        match endpoint {
            Endpoint::Stream(stream) => stream.tell_of_room(id, &mut self.turn),
            Endpoint::Datagrams(own) => own.tell_of_room(id, &mut self.turn),
            Endpoint::Listener(_) | Endpoint::Connect(_) | Endpoint::ConnectAttempt(_) | Endpoint::Gone => {}
        }
    }

    fn after_panic(&mut self, id: Id) {
        let moment = self.turn.now + RETRY_MILLIS;
        match self.endpoints.get(id) {
            // Those serve many, of whom one brought it about: they go on after a moment.
            Some(Endpoint::Listener(listener)) => {
                listener.retry_at = moment;
                return;
            }
            Some(Endpoint::Datagrams(own)) => {
                own.read_again_at = Some(moment);
                return;
            }
            Some(Endpoint::Stream(stream)) => stream.abandon(),
            Some(Endpoint::Connect(_) | Endpoint::ConnectAttempt(_) | Endpoint::Gone) | None => {}
        }
        let error = Error::new(Code::Internal, "a defect in stepwire broke this connection");
        self.end(id, Next::Failed(error));
    }

    /// Leaves reading an endpoint to the next turn if this one has gathered enough.
    fn postpone_if_full(&mut self, id: Id) -> bool {
        let is_full = self.turn.is_full();
        if is_full {
            self.endpoints.postpone(id);
        }
        is_full
    }

    fn on_ready(&mut self, id: Id, readable: bool, writable: bool, hung_up: bool) {
        // Whoever stands on a list is read when that has its turn.
        let listed = self.endpoints.is_listed(id);
        let Some(endpoint) = self.endpoints.get(id) else { return };
        match endpoint {
            Endpoint::Stream(stream) => {
                stream.hung_up |= hung_up;
                let paused = stream.paused;
                // TLS may have to write before it can read, and the other way round.
                let either = stream.is_encrypted() && (readable || writable);
                let (readable, writable) = (readable || either, writable || either);
                if writable {
                    match stream.writable(self.turn.now, &mut self.turn.spent) {
                        Next::Sleep => {}
                        next => self.end(id, next),
                    }
                }
                if (readable || hung_up) && !paused && !listed {
                    self.read(id);
                }
            }
            Endpoint::Datagrams(own) => {
                if writable && own.blocked {
                    self.with_datagrams(id, Datagrams::flush);
                }
                if readable && !listed {
                    self.read_datagrams(id);
                }
            }
            Endpoint::Listener(listener) => {
                if !listener.paused {
                    self.accept(id);
                }
            }
            Endpoint::ConnectAttempt(_) => self.attempted(id, hung_up),
            Endpoint::Connect(_) | Endpoint::Gone => {}
        }
    }

    /// Last of all, so that whoever sends without end keeps nobody waiting who has only just sent something.
    fn go_on_with_those_that_had_their_part(&mut self) {
        let again = self.endpoints.take_again();
        for (done, &id) in again.iter().enumerate() {
            if done > 0 && self.turn.is_full() {
                self.endpoints.put_back(&again[done..]);
                break;
            }
            self.endpoints.unlist(id);
            // One of them goes on in any turn, however full.
            let is_stream = self.endpoints.stream(id).is_some();
            self.attend(id, |reactor, id| if is_stream { reactor.read_now(id) } else { reactor.go_on(id) });
        }
    }

    /// Continues what a budget had ended, or what had been paused.
    fn go_on(&mut self, id: Id) {
        let Some(endpoint) = self.endpoints.get(id) else { return };
        match endpoint {
            Endpoint::Stream(_) => self.read(id),
            Endpoint::Datagrams(_) => self.read_datagrams(id),
            Endpoint::Listener(_) => self.accept(id),
            Endpoint::Connect(_) => self.try_next(id),
            Endpoint::ConnectAttempt(_) | Endpoint::Gone => {}
        }
    }

    fn on_timer(&mut self, id: Id) {
        let now = self.turn.now;
        let Some(endpoint) = self.endpoints.get(id) else { return };
        match endpoint {
            Endpoint::Stream(stream) => {
                if stream.is_overdue(now) {
                    self.stream_overdue(id);
                }
            }
            Endpoint::Datagrams(own) => {
                let reads = own.read_again_at.take_if(|at| *at <= now).is_some();
                if let Some(Next::Again) = self.with_datagrams(id, Datagrams::on_timer) {
                    self.endpoints.go_on_later(id);
                }
                if reads {
                    self.read_datagrams(id);
                }
            }
            Endpoint::Listener(_) => self.try_to_accept_again(id),
            Endpoint::Connect(connect) => {
                if connect.deadline() <= now {
                    let resolving = connect.addresses.is_none();
                    let why =
                        if resolving { "the name was not resolved in time" } else { "no connection in time" };
                    self.connect_failed(id, Error::new(Code::Timeout, why));
                } else if connect.next_attempt <= now {
                    self.try_next(id);
                }
            }
            Endpoint::ConnectAttempt(_) | Endpoint::Gone => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use std::net::{Ipv4Addr, TcpStream};

    use crate::command::{Command, Listen};
    use crate::context::CONTEXT;
    use crate::listening::{Listening, Place};
    use crate::newcomers;
    use crate::options::Settings;
    use crate::socket::{Family, SocketRole};

    use super::*;

    #[test]
    fn a_server_survives_a_panic() {
        let mut reactor = Reactor::new(&CONTEXT, ReactorIndex::FIRST).unwrap();
        let settings = Arc::new(Settings { max_clients: 1, ..Settings::default() });
        let socket = CONTEXT.registry.insert(SocketRole::Server, Family::Tcp, true, settings).unwrap();
        let listener = std::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        listener.set_nonblocking(true).unwrap();
        let address = listener.local_addr().unwrap();
        reactor.handle(Command::Listen(Listen {
            socket: Arc::clone(&socket),
            listening: Arc::new(Listening::new(
                mio::net::TcpListener::from_std(listener),
                Place { ip: None, port: address.port(), shared: false, inherited: false },
            )),
            regular: true,
            tls: None,
            descriptor_limit: 1_000,
        }));
        let id = reactor.endpoints.at(socket.token.load(SeqCst)).unwrap();

        reactor.attend(id, |_, _| panic!("on purpose"));

        let _client = TcpStream::connect(address).unwrap();
        let deadline = Instant::now() + Duration::from_secs(20);
        while !newcomers::has_any_of(socket.handle) {
            assert!(Instant::now() < deadline, "the server does not accept any more");
            reactor.turn(|| Some(Duration::from_millis(10)), true);
        }
        CONTEXT.registry.remove(socket.handle);
    }
}
