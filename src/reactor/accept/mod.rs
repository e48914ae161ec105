//! The reactor's part in serving: listening, accepting, handing over, making room.

pub(crate) mod listener;

use std::fmt::Display;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;

use mio::{Interest, Token};

use crate::address;
use crate::admission::{Admission, Arrival, Counted};
use crate::clock::Millis;
use crate::command::{Command, Dismissal, Id, Listen};
use crate::error::{Code, Error};
use crate::log::{Level, Seldom};
use crate::newcomers::{self, Crowded, Newcomer};
use crate::placement::{self, ReactorIndex, Seat};

use crate::reactor::Reactor;
use crate::reactor::endpoints::Endpoint;
use crate::reactor::stream::Stream;
use crate::reactor::turn::{Next, RETRY_MILLIS};
use listener::{ACCEPTS_PER_TURN, Accepted, Listener, MOST_FAILURES};

static ACCEPTS_NOBODY: Seldom = Seldom::new();

impl Reactor {
    pub(crate) fn listen(&mut self, listen: Listen) {
        let socket = Arc::clone(&listen.socket);
        if !self.turn.context.registry.contains(socket.handle) {
            return;
        }
        let id = self.endpoints.insert(Endpoint::Listener(Box::new(Listener::new(listen))));
        socket.token.store(id.token, Relaxed);
        self.watch_listener(id);
        self.apply_address_limits(id);
    }

    /// Sees to it that the poll watches what the server listens on.
    fn watch_listener(&mut self, id: Id) {
        let Some(listener) = self.endpoints.listener(id) else { return };
        let token = Token(id.token as usize);
        // Adding a descriptor to the poll fails only when the kernel is out of memory, or this user's watches are
        // used up.
        if listener.listening.register(self.poll.registry(), token).is_err() {
            listener.retry_at = self.turn.now + RETRY_MILLIS;
            self.endpoints.arm(id, self.turn.now);
        }
    }

    /// The host has changed a server's options: its port may be open again or closed, with some who came
    /// before, and other limits may hold.
    pub(crate) fn apply_to_listener(&mut self, id: Id) {
        self.watch_listener(id);
        self.apply_address_limits(id);
        if self.endpoints.listener(id).is_some_and(|listener| !listener.paused) {
            self.accept(id);
        }
    }

    /// Begins to count connections by address, those there are included, or stops that.
    fn apply_address_limits(&mut self, id: Id) {
        let Some(listener) = self.endpoints.listener(id) else { return };
        let admission = Arc::clone(&listener.admission);
        if admission.begin_or_stop_counting() {
            self.count_addresses(&admission);
            for other in
                ReactorIndex::first(placement::reactors()).filter(|&other| other != self.turn.reactor)
            {
                let command = Command::CountAddresses(Arc::clone(&admission));
                self.turn.context.command(other, command);
            }
        }
    }

    /// Counts those that came before.
    pub(crate) fn count_addresses(&mut self, admission: &Arc<Admission>) {
        for (_, stream) in self.endpoints.streams_mut() {
            stream.count_address(admission);
        }
    }

    /// What made it wait may be over.
    pub(crate) fn try_to_accept_again(&mut self, id: Id) {
        let now = self.turn.now;
        let Some(listener) = self.endpoints.listener(id) else { return };
        if listener.retry_at == 0 || listener.retry_at > now {
            return;
        }
        listener.retry_at = 0;
        self.watch_listener(id);
        self.accept(id);
    }

    pub(crate) fn accept(&mut self, id: Id) {
        let mut failures = 0;
        for _ in 0..ACCEPTS_PER_TURN {
            let congested = self.turn.has_too_many_link_events() || self.turn.is_over_limit();
            let now = self.turn.now;
            let Some(listener) = self.endpoints.listener(id) else { return };
            if congested {
                listener.paused = true;
                self.pause(id);
                return;
            }
            match listener.accept() {
                Accepted::Connection(io, peer) => {
                    let admission = Arc::clone(&listener.admission);
                    let proxied = admission.expects_proxy();
                    let forwarded = !proxied && admission.believes_headers_of(peer.ip());
                    let allowed = match (proxied, forwarded) {
                        (true, _) => admission.check_proxy(peer.ip()).map(|()| Counted::default()),
                        (_, true) => Ok(Counted::default()),
                        _ => admission.take_address(peer.ip(), now),
                    };
                    let counted = match allowed {
                        Ok(counted) => counted,
                        Err(error) => {
                            admission.turn_away(&address::text(&peer), peer.port(), &error);
                            continue;
                        }
                    };
                    let most = listener.most_newcomers;
                    let (server, seat) = (admission.server.handle, Seat::beside(self.turn.reactor));
                    let newcomer = Newcomer::enter(server, peer.ip(), seat, most);
                    // The timeout in force now, also for servers made before it was set.
                    let timeout = self.turn.context.with_options(|options| options.handshake_timeout_ms());
                    let handshake_timeout = Millis::from(timeout);
                    let arrival = Arrival {
                        io,
                        peer,
                        admission,
                        newcomer,
                        counted,
                        proxied,
                        forwarded,
                        handshake_timeout,
                    };
                    self.hand_over(arrival);
                }
                Accepted::Nobody => return,
                Accepted::Skip => {}
                Accepted::OutOfDescriptors if self.give_way_for_descriptors() => {}
                Accepted::OutOfDescriptors => {
                    self.accept_later(id, &"the process has no file descriptors left");
                    return;
                }
                Accepted::Failed(error) => {
                    failures += 1;
                    if failures == MOST_FAILURES {
                        self.accept_later(id, &error);
                        return;
                    }
                }
            }
        }
        self.endpoints.go_on_later(id);
    }

    fn accept_later(&mut self, id: Id, why: &dyn Display) {
        let Some(listener) = self.endpoints.listener(id) else { return };
        listener.retry_at = self.turn.now + RETRY_MILLIS;
        ACCEPTS_NOBODY.write(
            Level::Error,
            format_args!("server {} accepts nobody: {why}", listener.admission.server.handle.0),
        );
    }

    /// Gives a connection to the reactor that it has its seat at.
    fn hand_over(&mut self, arrival: Arrival) {
        let reactor = arrival.newcomer.seat.reactor();
        if reactor == self.turn.reactor {
            self.adopt(arrival);
        } else {
            self.turn.context.command(reactor, Command::Adopt(Box::new(arrival)));
        }
    }

    /// Begins the handshake of a connection that was accepted, here or by another reactor.
    pub(crate) fn adopt(&mut self, arrival: Arrival) {
        let id = self.endpoints.insert(Endpoint::Stream(Stream::accepted(arrival, self.turn.now)));
        let crowded = self.endpoints.stream(id).and_then(|stream| stream.take_seat(id));
        match crowded {
            None => return self.dismiss(id, Dismissal::ServerGone),
            Some(Crowded::Nobody) => {}
            Some(Crowded::Endpoint(reactor, oldest)) => self.make_room(reactor, oldest, Dismissal::Crowded),
        }
        self.attend(id, |reactor, id| reactor.begin(id));
    }

    /// A newcomer has to go.
    fn make_room(&mut self, reactor: ReactorIndex, id: Id, why: Dismissal) {
        if reactor == self.turn.reactor {
            self.dismiss(id, why);
        } else {
            self.turn.context.command(reactor, Command::Dismiss { ids: vec![id], why });
        }
    }

    /// The process has no descriptors left: some newcomers give theirs back. False if none did so here and now.
    fn give_way_for_descriptors(&mut self) -> bool {
        let leaving = newcomers::take_for_descriptors();
        let any_here = leaving.iter().any(|&(reactor, _)| reactor == self.turn.reactor);
        for (reactor, id) in leaving {
            self.make_room(reactor, id, Dismissal::NoDescriptors);
        }
        any_here
    }

    /// The server of these is destroyed.
    pub(crate) fn dismiss_all(&mut self, mut newcomers: Vec<(ReactorIndex, Id)>) {
        while let Some(&(reactor, _)) = newcomers.first() {
            let own = newcomers.extract_if(.., |newcomer| newcomer.0 == reactor);
            let ids: Vec<Id> = own.map(|(_, id)| id).collect();
            if reactor == self.turn.reactor {
                ids.into_iter().for_each(|id| self.dismiss(id, Dismissal::ServerGone));
            } else {
                let command = Command::Dismiss { ids, why: Dismissal::ServerGone };
                self.turn.context.command(reactor, command);
            }
        }
    }

    /// Closes a connection unless it has finished its handshake in the meantime.
    pub(crate) fn dismiss(&mut self, id: Id, why: Dismissal) {
        let Some(stream) = self.endpoints.stream(id).filter(|stream| stream.is_newcomer()) else { return };
        let why = match why {
            Dismissal::ServerGone => None,
            Dismissal::Crowded => Some("too many others are in their handshake"),
            Dismissal::NoDescriptors => {
                Some("the process has no file descriptors left, and its address has most newcomers")
            }
        };
        if let Some(why) = why {
            stream.turned_away(&Error::new(Code::Limit, why));
        }
        self.close(id);
    }

    /// Registers a new stream with the poll and lets it begin.
    pub(crate) fn begin(&mut self, id: Id) {
        let Some(stream) = self.endpoints.stream(id) else { return };
        let interest = Interest::READABLE | Interest::WRITABLE;
        let Some(io) = stream.io_mut() else { return };
        if let Err(error) = self.poll.registry().register(io, Token(id.token as usize), interest) {
            self.end(id, Next::Failed(Error::from_io("cannot watch the connection", &error)));
            return;
        }
        if let Some(Err(error)) = self.with_stream(id, |stream, turn| stream.begin(id, turn)) {
            self.end(id, Next::Failed(error));
        }
    }
}
