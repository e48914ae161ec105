//! A host with a server and some clients, and what happens to them, chosen by a seed.

use std::cell::RefCell;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::SeqCst};

use super::end::{Around, End, Phase};
use super::ledger::Ledger;
use super::pipe::Pipe;
use crate::command::WebSocketRequest;
use crate::conditioner::Random;
use crate::encoder::Form;
use crate::event::batch::{Batch, Source, What};
use crate::event::queue::{Collector, EventQueue};
use crate::event::{NetworkEvent, kind};
use crate::options::Settings;
use crate::placement::ReactorIndex;
use crate::registry::Registry;
use crate::reliable::Micros;
use crate::simulation::trace::trace;
use crate::socket::{Family, Handle, Socket, SocketRole};
use crate::url::Url;

const MS: Micros = 1_000;
const SECOND: Micros = 1_000_000;
/// The largest message that is taken; larger ones are not sent.
const MESSAGE_LIMIT: u32 = 20_000;
/// Bytes that the host leaves waiting in a queue.
const QUEUED: usize = 100_000;

/// What the library's host side is to its events: `host::delivery`, as far as connections go.
struct Host {
    registry: Registry,
    destroyed: AtomicU64,
    /// Ends that the host has learned are closed half-way, by their tokens.
    finished: RefCell<Vec<u32>>,
}

impl Collector for Host {
    fn destroyed(&self) -> u64 {
        self.destroyed.load(SeqCst)
    }

    fn exists(&self, socket: Handle) -> bool {
        self.registry.contains(socket)
    }

    fn collected(&self, source: &Source, what: What) -> Option<Handle> {
        let socket = self.registry.get(source.socket).ok()?;
        match what {
            What::ConnectEnded { .. } if what.is_failed_connect() => {
                socket.host.lock().connection.connect_failed();
            }
            What::ConnectEnded { .. } => socket.host.lock().connection.connect_succeeded(),
            What::Disconnect { half_closed, .. } => {
                socket.host.lock().connection.disconnect_collected();
                if half_closed {
                    self.finished.borrow_mut().push(source.token);
                }
                return (socket.role == SocketRole::Accepted).then_some(socket.handle);
            }
            _ => {}
        }
        None
    }

    fn left(&self, socket: Handle) {
        self.registry.remove(socket);
    }

    fn wake_reactors(&self, _waiting: impl Iterator<Item = ReactorIndex>) {}
}

struct Link {
    /// The client's, then the server's.
    ends: [End; 2],
    /// What the client writes, then what the server writes.
    pipes: [Pipe; 2],
    /// Until then an end is not looked at.
    stalled_until: [Micros; 2],
    broken: bool,
}

pub(super) struct World {
    now: Micros,
    random: Random,
    family: Family,
    regular: bool,
    host: Host,
    events: EventQueue,
    batch: Batch,
    server: Arc<Socket>,
    clients: Vec<Arc<Socket>>,
    links: Vec<Link>,
    /// Sockets that the host has destroyed and the reactor not yet heard of.
    destroyed: Vec<Arc<Socket>>,
    ledger: Ledger,
}

impl World {
    pub(super) fn new(seed: u64, clients: usize) -> Self {
        let mut random = Random::new(seed);
        let family = [Family::Tcp, Family::WebSocket][random.below(2) as usize];
        let regular = random.chance(0.7);
        let host =
            Host { registry: Registry::new(), destroyed: AtomicU64::new(0), finished: RefCell::default() };
        let settings = Arc::new(Settings { message_limit: Some(MESSAGE_LIMIT), ..Settings::default() });
        let make = |role| {
            host.registry.insert(role, family, regular, Arc::clone(&settings)).expect("handles are left")
        };
        let server = make(SocketRole::Server);
        let clients = (0..clients).map(|_| make(SocketRole::Client)).collect();
        Self {
            now: 0,
            random,
            family,
            regular,
            host,
            events: EventQueue::new(),
            batch: Batch::default(),
            server,
            clients,
            links: Vec::new(),
            destroyed: Vec::new(),
            ledger: Ledger::default(),
        }
    }

    /// Returns how many messages have come.
    pub(super) fn play(mut self, steps: u64) -> u64 {
        for _ in 0..steps {
            self.something_happens();
        }
        self.all_comes_to_an_end();
        self.ledger.messages
    }

    fn something_happens(&mut self) {
        let what = self.random.below(24);
        let client = self.random.below(self.clients.len() as u64) as usize;
        trace(format_args!("{} step {what}, client {client}", self.now));
        match what {
            0..=3 => self.connect(client),
            4..=13 => self.send(),
            14..=15 => self.collect(),
            16 => self.stall(),
            17 if self.random.chance(0.5) => self.reset(),
            18 => self.destroy_one(),
            19 => self.pass(3 * SECOND),
            _ => self.pass(20 * MS),
        }
    }

    fn connect(&mut self, client: usize) {
        let socket = Arc::clone(&self.clients[client]);
        if socket.host.lock().connection.begin_connect().is_err() {
            return;
        }
        let link = self.ledger.begin();
        let request = self.family.is_websocket().then(|| {
            let url = Url::parse("ws://server/path?query").expect("a url");
            let texts = Arc::clone(&socket.host.lock().settings.texts);
            WebSocketRequest::new(&url, 80, false, &texts)
        });
        self.ledger.is(socket.handle, link, 0);
        let token = 2 * link as u32;
        let ends = [
            End::client(&socket, self.regular, request, token, self.now),
            End::server(&self.server, self.regular, token + 1, self.now),
        ];
        let pipes = [Pipe::new(&mut self.random), Pipe::new(&mut self.random)];
        self.links.push(Link { ends, pipes, stalled_until: [0; 2], broken: false });
        for side in 0..2 {
            self.at_end(link, side, End::begin);
        }
        self.turn();
    }

    fn at_end(&mut self, link: usize, side: usize, act: impl FnOnce(&mut End, &mut Around<'_>)) {
        let Link { ends, pipes: [first, second], .. } = &mut self.links[link];
        let (outgoing, incoming) = if side == 0 { (first, second) } else { (second, first) };
        let mut around = Around {
            now: self.now,
            random: &mut self.random,
            batch: &mut self.batch,
            registry: &self.host.registry,
            incoming,
            outgoing,
        };
        let end = &mut ends[side];
        let had_socket = end.socket.is_some();
        act(end, &mut around);
        if let Some(socket) = end.socket.as_ref().filter(|_| !had_socket) {
            self.ledger.is(socket.handle, link, side);
        }
    }

    /// An end in which something may still happen.
    fn any_end(&mut self) -> Option<(usize, usize)> {
        let alive = |link: &Link| link.ends.iter().any(|end| end.phase != Phase::Gone);
        let alive: Vec<usize> = (0..self.links.len()).filter(|&link| alive(&self.links[link])).collect();
        let chosen = alive.get(self.random.below(alive.len().max(1) as u64) as usize)?;
        Some((*chosen, self.random.below(2) as usize))
    }

    /// Some messages from one end, as `host::sending` does it.
    fn send(&mut self) {
        let Some((link, side)) = self.any_end() else { return };
        let Some(socket) = self.links[link].ends[side].socket.clone() else { return };
        for _ in 0..=self.random.below(6) {
            let most = if self.random.chance(0.1) { u64::from(MESSAGE_LIMIT) } else { 300 };
            let length = self.random.below(most) as usize;
            let mut host = socket.host.lock();
            // A client's socket may be that of another connection by now.
            let is_its = matches!(self.links[link].ends[side].phase, Phase::Open | Phase::HalfClosed);
            let is_full = host.queue.payload_with(&socket.in_flight) as usize > QUEUED;
            if !is_its || is_full || host.connection.check_can_send().is_err() {
                return;
            }
            let message = self.ledger.send(link, side, length);
            let form = if self.regular { Form::Packet } else { Form::Binary };
            let encoder = socket.encoder();
            host.queue.push(message.len(), |out| encoder.message(out, form, &message));
        }
        self.turn();
    }

    #[allow(unsafe_code, reason = "events have C's form")]
    fn collect(&mut self) {
        let has_bounds = self.regular || self.family.is_websocket();
        let Self { events, host, ledger, .. } = self;
        let deliver = |event: &NetworkEvent| match event.r#type as u8 {
            kind::CONNECT => ledger.connected(event.socket),
            kind::NON_BLOCKING_CONNECT if event.succeeded > 0.0 => ledger.connected(event.id),
            kind::NON_BLOCKING_CONNECT => ledger.failed(event.id),
            kind::DISCONNECT => ledger.disconnected(event.socket),
            kind::DATA => {
                // SAFETY: what an event points to lives until the next poll.
                let bytes = unsafe { std::slice::from_raw_parts(event.buffer, event.size as usize) };
                ledger.came(event.id, bytes, has_bounds);
            }
            other => panic!("an event of kind {other}"),
        };
        events.drain(host, deliver).expect("nothing is broken");
        for token in self.host.finished.take() {
            let (link, side) = (token as usize / 2, token as usize % 2);
            if self.links[link].ends[side].phase == Phase::HalfClosed {
                self.at_end(link, side, End::drain);
            }
        }
    }

    fn stall(&mut self) {
        if let Some((link, side)) = self.any_end() {
            self.links[link].stalled_until[side] = self.now + self.random.below(5 * SECOND);
        }
    }

    fn reset(&mut self) {
        if let Some((link, _)) = self.any_end() {
            trace(format_args!("{link} is reset"));
            self.links[link].broken = true;
            self.links[link].pipes.iter_mut().for_each(Pipe::reset);
        }
    }

    fn destroy_one(&mut self) {
        let Some((link, side)) = self.any_end() else { return };
        let Some(socket) = self.links[link].ends[side].socket.clone() else { return };
        self.destroy(&socket);
        // A client's place is taken by another.
        if let Some(own) = self.clients.iter_mut().find(|own| own.handle == socket.handle) {
            let settings = Arc::clone(&socket.host.lock().settings);
            let another = self.host.registry.insert(SocketRole::Client, self.family, self.regular, settings);
            *own = another.expect("handles are left");
        }
    }

    /// `host::sockets::end`.
    fn destroy(&mut self, socket: &Arc<Socket>) {
        let removed = self.host.registry.remove(socket.handle);
        for socket in &removed {
            socket.retire();
            self.ledger.destroyed(socket.handle);
        }
        self.destroyed.extend(removed);
        self.host.destroyed.fetch_add(1, SeqCst);
    }

    /// A turn of the reactor.
    fn turn(&mut self) {
        if self.batch.is_empty() {
            self.batch.destroyed_before = self.host.destroyed.load(SeqCst);
        }
        for socket in std::mem::take(&mut self.destroyed) {
            for link in 0..self.links.len() {
                for side in 0..2 {
                    let end = &self.links[link].ends[side];
                    // Of a client that has connected anew the earlier connection closes as it would.
                    let is_its = end.socket.as_ref().is_some_and(|own| Arc::ptr_eq(own, &socket));
                    if is_its && !matches!(end.phase, Phase::Draining | Phase::Gone) {
                        self.at_end(link, side, End::drain);
                    }
                }
            }
        }
        for link in 0..self.links.len() {
            for side in 0..2 {
                if self.links[link].stalled_until[side] <= self.now {
                    self.at_end(link, side, End::look);
                }
            }
        }
        if !self.batch.is_empty() {
            self.events.publish(&mut self.batch);
        }
    }

    fn pass(&mut self, most: Micros) {
        let until = self.now + self.random.below(most + 1);
        for _ in 0..4 {
            self.now += (until - self.now) / 2;
            self.turn();
        }
        self.now = until;
        self.turn();
    }

    /// Nobody connects or stalls any more; everybody leaves in an orderly way.
    fn all_comes_to_an_end(&mut self) {
        for link in &mut self.links {
            link.stalled_until = [0; 2];
        }
        let settle = |world: &mut Self| {
            for _ in 0..30 {
                world.pass(SECOND);
                world.collect();
            }
        };
        settle(self);
        for client in self.clients.clone() {
            if self.random.chance(0.5) {
                self.destroy(&client);
            }
        }
        settle(self);
        let server = Arc::clone(&self.server);
        self.destroy(&server);
        settle(self);
        for (number, link) in self.links.iter().enumerate() {
            let is_gone = link.ends.iter().all(|end| end.phase == Phase::Gone);
            assert!(is_gone, "{number} is still there: {:?}", link.ends.each_ref().map(|end| end.phase));
            let is_whole = !link.broken && !link.ends.iter().any(|end| end.gave_up);
            self.ledger.check(number, is_whole);
        }
        let load = self.events.load();
        assert_eq!((load.cost, load.link_events, self.events.waiting()), (0, 0, 0));
    }
}
