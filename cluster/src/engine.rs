//! The one cluster of this process: gives its state machine the time and what stepwire's events bring, and does with
//! stepwire's sockets what it wishes.

use std::ffi::{CString, c_char};
use std::sync::{Mutex, MutexGuard, OnceLock};
use std::time::{Instant, SystemTime, UNIX_EPOCH};

use crate::broker::Wish;
use crate::broker::url::{Host, Transport, Url};
use crate::error::{Code, Error, Result};
use crate::event::Event;
use crate::node::{Config, Node, Now, WayOut};
use crate::stepwire::{self, Happened, NetworkEvent, Socket};
use crate::tls::{self, Connector, Tls, Trust};

/// So much is given to stepwire in one piece.
const PIECE: usize = 256 * 1024;

/// What outlives a cluster that is closed, and the cluster.
#[derive(Debug)]
pub(crate) struct State {
    pub(crate) config: Config,
    pub(crate) trust: Trust,
    pub(crate) cluster: Option<Cluster>,
}

static STATE: Mutex<State> =
    Mutex::new(State { config: Config::DEFAULT, trust: Trust::DEFAULT, cluster: None });

/// After a defect was caught with the lock in hand, what was changed in part is not gone on with.
pub(crate) fn lock() -> MutexGuard<'static, State> {
    STATE.lock().unwrap_or_else(|poisoned| {
        STATE.clear_poison();
        let mut state = poisoned.into_inner();
        state.cluster = None;
        state
    })
}

pub(crate) fn now() -> Now {
    static START: OnceLock<Instant> = OnceLock::new();
    let ms = START.get_or_init(Instant::now).elapsed().as_millis();
    let wall_ms = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_millis();
    Now { ms: u64::try_from(ms).unwrap_or(u64::MAX), wall_ms: u64::try_from(wall_ms).unwrap_or(0) }
}

#[derive(Debug)]
pub(crate) struct Cluster {
    pub(crate) node: Node,
    link: Option<Link>,
    connector: Option<Connector>,
    pub(crate) current: Option<Current>,
}

impl Cluster {
    pub(crate) fn open(url: Option<Url>, address: &str, state: &State) -> Result<Self> {
        let is_tls = url.as_ref().is_some_and(|url| url.transport == Transport::Tls);
        let connector = if is_tls { Some(tls::connector(&state.trust)?) } else { None };
        let node = Node::new(url, address, state.config.clone(), now());
        let mut cluster = Self { node, link: None, connector, current: None };
        cluster.settle();
        Ok(cluster)
    }

    /// An event of stepwire's; whether it was about the broker.
    ///
    /// # Safety
    ///
    /// The event is as stepwire handed it out, and still valid.
    pub(crate) unsafe fn event(&mut self, event: &NetworkEvent) -> bool {
        let Some(link) = &mut self.link else { return false };
        // SAFETY: the caller's promise.
        let Some(happened) = (unsafe { link.socket.happened(event) }) else { return false };
        match happened {
            Happened::Connected => self.node.connected(now()),
            Happened::Data(bytes) => self.received(bytes),
            Happened::NotConnected { error, reason } | Happened::Disconnected { error, reason } => {
                self.lost(lost_because(error, reason));
            }
            Happened::Other => {}
        }
        self.settle();
        true
    }

    pub(crate) fn step(&mut self) -> u64 {
        let rest = self.node.step(now());
        self.settle();
        rest
    }

    /// Does what the state machine wishes, and sends what it has written.
    pub(crate) fn settle(&mut self) {
        loop {
            let wishes = self.node.take_wishes();
            if wishes.is_empty() {
                break;
            }
            for wish in wishes {
                self.fulfil(wish);
            }
        }
        self.send();
    }

    fn fulfil(&mut self, wish: Wish) {
        match wish {
            Wish::Close => self.link = None,
            Wish::Connect(host) => {
                self.link = None;
                self.node.set_way_out(WayOut::Free);
                match self.node.transport().map(|transport| Link::connect(transport, &host)) {
                    Some(Ok(link)) => self.link = Some(link),
                    Some(Err(error)) => self.node.ended(now(), error),
                    None => {}
                }
            }
            Wish::Secure(name) => {
                let (Some(link), Some(connector)) = (&mut self.link, &self.connector) else { return };
                match Tls::begin(connector, &name) {
                    Ok(tls) => link.tls = Some(tls),
                    Err(error) => self.lost(error),
                }
            }
        }
    }

    fn received(&mut self, bytes: &[u8]) {
        let Some(tls) = self.link.as_mut().and_then(|link| link.tls.as_mut()) else {
            self.node.bytes(now(), bytes);
            return;
        };
        let was_ready = tls.is_ready();
        let mut plain = Vec::new();
        let outcome = tls.receive(bytes, &mut plain);
        if !was_ready && tls.is_ready() {
            self.node.secured(now());
        }
        self.node.bytes(now(), &plain);
        if let Err(error) = outcome {
            self.lost(error);
        }
    }

    fn lost(&mut self, error: Error) {
        self.link = None;
        self.node.ended(now(), error);
    }

    fn send(&mut self) {
        let Some(link) = &mut self.link else { return };
        let Some(out) = self.node.out() else { return };
        match link.send(out) {
            Ok(way_out) => {
                out.clear();
                self.node.set_way_out(way_out);
            }
            Err(error) => self.lost(error),
        }
    }
}

fn lost_because(error: f64, reason: String) -> Error {
    let reason = if reason.is_empty() { "the broker has closed the connection".to_owned() } else { reason };
    Error::new(Code::of(error), reason)
}

/// The connection to a broker.
#[derive(Debug)]
struct Link {
    socket: Socket,
    tls: Option<Tls>,
    /// What the socket's queue had no room for: it goes on with the event that there is some again.
    unsent: Vec<u8>,
}

impl Link {
    fn connect(transport: Transport, host: &Host) -> Result<Self> {
        let bracketed =
            || if host.name.contains(':') { format!("[{}]", host.name) } else { host.name.clone() };
        let (kind, url) = match transport {
            Transport::Tcp | Transport::Tls => (stepwire::SOCKET_TCP, host.name.clone()),
            Transport::WebSocket => (stepwire::SOCKET_WS, format!("ws://{}", bracketed())),
            Transport::SecureWebSocket => (stepwire::SOCKET_WSS, format!("wss://{}", bracketed())),
        };
        Ok(Self { socket: Socket::connect(kind, &url, host.port)?, tls: None, unsent: Vec::new() })
    }

    fn send(&mut self, bytes: &[u8]) -> Result<WayOut> {
        match &mut self.tls {
            Some(tls) => {
                tls.send(bytes)?;
                self.unsent.append(&mut tls.take_outgoing());
            }
            None => self.unsent.extend_from_slice(bytes),
        }
        let mut sent = 0;
        while sent < self.unsent.len() {
            let piece = &self.unsent[sent..self.unsent.len().min(sent + PIECE)];
            match self.socket.send(piece) {
                Ok(()) => sent += piece.len(),
                Err(error) if error.code == Code::QUEUE_FULL => {
                    self.unsent.drain(..sent);
                    return Ok(WayOut::Full);
                }
                // Somebody has shut stepwire down: no event will tell of it.
                Err(error) if error.code == Code::BAD_HANDLE => return Err(error),
                Err(_) => {
                    self.unsent.clear();
                    return Ok(WayOut::Gone);
                }
            }
        }
        self.unsent.clear();
        Ok(WayOut::Free)
    }
}

/// The event that the host looks at, with its texts as C has them.
#[derive(Debug)]
pub(crate) struct Current {
    pub(crate) event: Event,
    texts: Vec<CString>,
}

impl Current {
    /// The texts of an event, in the order of `new`.
    pub(crate) const TEXTS: [&str; 10] =
        ["topic", "player", "from", "name", "kind", "address", "server", "ticket", "data", "reason"];

    pub(crate) fn new(event: Event) -> Self {
        let e = &event;
        let texts = [
            &e.topic,
            &e.player,
            &e.from,
            &e.name,
            &e.room_kind,
            &e.address,
            &e.server,
            &e.ticket,
            &e.data,
            &e.reason,
        ];
        let as_c = |text: &String| CString::new(text.replace('\0', " ")).unwrap_or_default();
        let texts = texts.into_iter().map(as_c).collect();
        Self { event, texts }
    }

    pub(crate) fn text(&self, which: usize) -> *const c_char {
        self.texts[which].as_ptr()
    }
}
