//! The connection to a broker as a state machine: bytes and the time in, bytes, wishes and news out. It finds a host of
//! the list that answers, says who we are, notices when the connection is gone and begins again.

pub(crate) mod url;

use crate::error::{Code, Error};
use crate::protocol::info::Info;
use crate::protocol::parser::{Message, Operation, Parser};
use crate::protocol::write;
use crate::random;
use url::{Host, Transport, Url};

/// The first pause before another attempt, and the longest, in ms; up to half as much again is added at random.
const SHORTEST_PAUSE: u64 = 100;
const LONGEST_PAUSE: u64 = 5_000;
/// How long a broker may take to know all our subscriptions, in ms: they may be many.
const RENEWAL_TIME: u64 = 30_000;
/// The most hosts that are tried in turn, those that brokers tell of included.
const MOST_HOSTS: usize = 128;

/// What the owner of the socket is asked to do.
#[derive(Debug, PartialEq)]
pub(crate) enum Wish {
    Connect(Host),
    /// Begin TLS; the certificate must be for that name.
    Secure(String),
    Close,
}

/// What has become known.
#[derive(Debug, PartialEq)]
pub(crate) enum News {
    /// The broker listens: subscriptions may be written, then `confirm` is due.
    Greeted,
    /// It knows all that was written since.
    Up,
    Down(Error),
    Message(Message),
    /// A message was too large and is gone.
    Oversized,
    /// The broker's own cluster has changed.
    TopologyChanged,
}

#[derive(Debug, PartialEq)]
enum State {
    /// Until then, another attempt is not made.
    Pausing {
        until: u64,
    },
    Connecting {
        until: u64,
    },
    /// Connected; the broker has to speak first.
    AwaitingInfo {
        until: u64,
    },
    Securing {
        until: u64,
    },
    /// We have spoken; `asked` whether the broker has understood.
    Confirming {
        until: u64,
        asked: bool,
    },
    Up {
        next_ping: u64,
        unanswered: u32,
    },
}

#[derive(Debug)]
pub(crate) struct Broker {
    url: Url,
    /// Who we are.
    name: String,
    ping: u64,
    state: State,
    /// Which host is tried next.
    next_host: usize,
    current: Host,
    failures: u32,
    /// `Down` was told, and not yet `Up` again.
    told_down: bool,
    parser: Parser,
    info: Option<Info>,
    wishes: Vec<Wish>,
    /// What is to be sent over the connection.
    pub(crate) out: Vec<u8>,
    /// What the broker last complained of.
    complaint: Option<String>,
}

impl Broker {
    /// Begins with the first host at once.
    pub(crate) fn new(url: Url, name: &str, ping: u64, now: u64) -> Self {
        let current = url.hosts[0].clone();
        let mut broker = Self {
            url,
            name: name.to_owned(),
            ping,
            state: State::Pausing { until: now },
            next_host: 0,
            current,
            failures: 0,
            told_down: false,
            parser: Parser::default(),
            info: None,
            wishes: Vec::new(),
            out: Vec::new(),
            complaint: None,
        };
        broker.attempt(now);
        broker
    }

    pub(crate) fn set_ping(&mut self, ping: u64) {
        self.ping = ping;
    }

    pub(crate) fn transport(&self) -> Transport {
        self.url.transport
    }

    pub(crate) fn is_up(&self) -> bool {
        matches!(self.state, State::Up { .. })
    }

    /// Whether what is written now belongs to the connection: it has begun, and will not begin again.
    pub(crate) fn listens(&self) -> bool {
        matches!(self.state, State::Confirming { .. } | State::Up { .. })
    }

    /// The largest payload that the broker takes.
    pub(crate) fn most_payload(&self) -> usize {
        self.info.as_ref().map_or(usize::MAX, |info| info.max_payload)
    }

    pub(crate) fn take_wishes(&mut self) -> Vec<Wish> {
        std::mem::take(&mut self.wishes)
    }

    /// When `step` has something to do.
    pub(crate) fn due(&self) -> u64 {
        match self.state {
            State::Pausing { until }
            | State::Connecting { until }
            | State::AwaitingInfo { until }
            | State::Securing { until }
            | State::Confirming { until, .. } => until,
            State::Up { next_ping, .. } => next_ping,
        }
    }

    pub(crate) fn connected(&mut self, now: u64) {
        if matches!(self.state, State::Connecting { .. }) {
            self.state = State::AwaitingInfo { until: now + 2 * self.ping };
        }
    }

    pub(crate) fn secured(&mut self, now: u64, news: &mut Vec<News>) {
        if matches!(self.state, State::Securing { .. }) {
            self.introduce(now, true, news);
        }
    }

    /// The connection has ended, or has never come to be.
    pub(crate) fn ended(&mut self, now: u64, error: Error, news: &mut Vec<News>) {
        if !matches!(self.state, State::Pausing { .. }) {
            self.pause(now, error, news);
        }
    }

    pub(crate) fn bytes(&mut self, now: u64, bytes: &[u8], news: &mut Vec<News>) {
        let mut operations = Vec::new();
        let outcome = self.parser.feed(bytes, |operation| operations.push(operation));
        for operation in operations {
            // What follows the end of a connection is of no meaning.
            if matches!(self.state, State::Pausing { .. } | State::Connecting { .. }) {
                return;
            }
            self.operation(now, operation, news);
        }
        if let Err(violation) = outcome {
            self.give_up(now, Error::new(Code::HANDSHAKE, violation.0), news);
        }
    }

    /// Time has passed.
    pub(crate) fn step(&mut self, now: u64, news: &mut Vec<News>) {
        if now < self.due() {
            return;
        }
        match self.state {
            State::Pausing { .. } => self.attempt(now),
            State::Up { unanswered: 2.., .. } => self.silent(now, "answers no pings", news),
            State::Up { unanswered, .. } => {
                write::ping(&mut self.out);
                self.state = State::Up { next_ping: now + self.ping, unanswered: unanswered + 1 };
            }
            State::Connecting { .. } => self.silent(now, "cannot be reached", news),
            _ => self.silent(now, "does not answer", news),
        }
    }

    /// The subscriptions are written: is the broker done with them?
    pub(crate) fn confirm(&mut self) {
        if let State::Confirming { asked, .. } = &mut self.state {
            *asked = true;
            write::ping(&mut self.out);
        }
    }

    fn operation(&mut self, now: u64, operation: Operation, news: &mut Vec<News>) {
        match operation {
            Operation::Info(json) => match Info::parse(&json) {
                Some(info) => self.take_info(now, info, news),
                None => self.give_up(now, Error::new(Code::HANDSHAKE, "the broker's INFO is broken"), news),
            },
            Operation::Ping if self.listens() => write::pong(&mut self.out),
            Operation::Pong => self.take_pong(now, news),
            Operation::Message(message) if self.listens() => news.push(News::Message(message)),
            Operation::Oversized => news.push(News::Oversized),
            // After most complaints the broker closes the connection, and this is why.
            Operation::Error(complaint) => self.complaint = Some(complaint),
            Operation::Ping | Operation::Message(_) | Operation::Ok => {}
        }
    }

    /// Only the first INFO of a connection is answered. Later ones, of which newer brokers send one after CONNECT, tell
    /// of changes.
    fn take_info(&mut self, now: u64, info: Info, news: &mut Vec<News>) {
        let default_port = self.url.transport.default_port();
        for url in &info.connect_urls {
            match Host::parse(url, default_port) {
                Ok(host) if self.url.hosts.len() < MOST_HOSTS && !self.url.hosts.contains(&host) => {
                    self.url.hosts.push(host);
                }
                _ => {}
            }
        }
        if self.listens() {
            let grown =
                |before: &Info| info.connect_urls.iter().any(|url| !before.connect_urls.contains(url));
            if self.info.as_ref().is_some_and(grown) {
                news.push(News::TopologyChanged);
            }
            self.info = Some(info);
            return;
        }
        if !matches!(self.state, State::AwaitingInfo { .. }) {
            return;
        }
        if !info.headers {
            let reason = "the broker is too old: it has no headers (nats-server 2.2 and newer have)";
            self.give_up(now, Error::new(Code::HANDSHAKE, reason), news);
            return;
        }
        if info.tls_required && self.url.transport == Transport::Tcp {
            self.give_up(
                now,
                Error::new(Code::TLS, "the broker demands TLS: the url must begin with tls://"),
                news,
            );
            return;
        }
        self.info = Some(info);
        if self.url.transport == Transport::Tls {
            self.state = State::Securing { until: now + 2 * self.ping };
            self.wishes.push(Wish::Secure(self.current.name.clone()));
        } else {
            self.introduce(now, false, news);
        }
    }

    fn introduce(&mut self, now: u64, encrypted: bool, news: &mut Vec<News>) {
        write::connect(&mut self.out, &self.name, &self.url.credentials, encrypted);
        self.state = State::Confirming { until: now + RENEWAL_TIME, asked: false };
        news.push(News::Greeted);
    }

    fn take_pong(&mut self, now: u64, news: &mut Vec<News>) {
        match &mut self.state {
            State::Confirming { asked: true, .. } => {
                self.state = State::Up { next_ping: now + self.ping, unanswered: 0 };
                self.failures = 0;
                self.told_down = false;
                self.complaint = None;
                news.push(News::Up);
            }
            State::Up { unanswered, .. } => {
                *unanswered = 0;
                // It has not closed the connection over it.
                self.complaint = None;
            }
            _ => {}
        }
    }

    fn attempt(&mut self, now: u64) {
        self.next_host %= self.url.hosts.len();
        self.current = self.url.hosts[self.next_host].clone();
        self.next_host += 1;
        self.parser = Parser::default();
        self.info = None;
        self.complaint = None;
        self.out.clear();
        self.state = State::Connecting { until: now + 2 * self.ping };
        self.wishes.push(Wish::Connect(self.current.clone()));
    }

    fn silent(&mut self, now: u64, what: &str, news: &mut Vec<News>) {
        let reason = format!("the broker at {}:{} {what}", self.current.name, self.current.port);
        self.give_up(now, Error::new(Code::TIMEOUT, reason), news);
    }

    /// Ends the connection ourselves.
    fn give_up(&mut self, now: u64, error: Error, news: &mut Vec<News>) {
        self.wishes.push(Wish::Close);
        self.pause(now, error, news);
    }

    fn pause(&mut self, now: u64, mut error: Error, news: &mut Vec<News>) {
        if let Some(complaint) = self.complaint.take() {
            error.message = format!("the broker says: {complaint}").into();
        }
        let pause = LONGEST_PAUSE.min(SHORTEST_PAUSE << self.failures.min(16));
        self.failures += 1;
        let jitter = random::number() % (pause / 2 + 1);
        self.state = State::Pausing { until: now + LONGEST_PAUSE.min(pause + jitter) };
        self.out.clear();
        if !self.told_down {
            self.told_down = true;
            news.push(News::Down(error));
        }
    }
}
