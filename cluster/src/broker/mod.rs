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

#[cfg(test)]
mod tests {
    use super::*;

    const INFO: &[u8] = b"INFO {\"headers\":true,\"max_payload\":1000}\r\n";

    fn broker(url: &str) -> Broker {
        Broker::new(Url::parse(url).expect("a url"), "me", 100, 0)
    }

    fn host(broker: &mut Broker) -> String {
        match broker.take_wishes().pop() {
            Some(Wish::Connect(host)) => host.name,
            other => panic!("{other:?}"),
        }
    }

    fn said(broker: &mut Broker) -> String {
        String::from_utf8(std::mem::take(&mut broker.out)).expect("text")
    }

    fn lost() -> Error {
        Error::new(Code::of(0.0), "lost")
    }

    /// Through to the news that it is up.
    fn bring_up(broker: &mut Broker, now: u64) {
        let mut news = Vec::new();
        broker.connected(now);
        broker.bytes(now, INFO, &mut news);
        assert_eq!(news, [News::Greeted]);
        broker.confirm();
        broker.bytes(now, b"PONG\r\n", &mut news);
        assert_eq!(news[1..], [News::Up]);
    }

    #[test]
    fn only_the_first_info_is_answered() {
        let mut broker = broker("nats://a");
        host(&mut broker);
        let mut news = Vec::new();
        broker.connected(0);
        // A PONG that was not asked for means nothing.
        broker.bytes(0, &[INFO, b"PONG\r\n", INFO].concat(), &mut news);
        assert_eq!(news, [News::Greeted]);
        assert_eq!(said(&mut broker).matches("CONNECT").count(), 1);
        broker.confirm();
        broker.bytes(0, &[b"PONG\r\n", INFO, INFO].concat(), &mut news);
        assert_eq!((said(&mut broker).as_str(), broker.is_up()), ("PING\r\n", true));
        assert_eq!(broker.most_payload(), 1000);
    }

    #[test]
    fn the_next_host_is_tried_after_growing_pauses() {
        let mut broker = broker("nats://a,b,c");
        let (mut news, mut now) = (Vec::new(), 0);
        let mut pauses = Vec::new();
        for expected in ["a", "b", "c", "a", "b", "c", "a", "b", "c"] {
            assert_eq!(host(&mut broker), expected);
            broker.ended(now, lost(), &mut news);
            pauses.push(broker.due() - now);
            broker.step(broker.due() - 1, &mut news);
            assert!(broker.take_wishes().is_empty());
            now = broker.due();
            broker.step(now, &mut news);
        }
        let mut least = SHORTEST_PAUSE;
        for pause in pauses {
            assert!((least..=LONGEST_PAUSE.min(least + least / 2)).contains(&pause), "{pause} of {least}");
            least = LONGEST_PAUSE.min(2 * least);
        }
        // Told once. When it is there again, the pauses begin anew.
        assert_eq!(news, [News::Down(lost())]);
        bring_up(&mut broker, now);
        broker.ended(now, lost(), &mut news);
        assert!(broker.due() <= now + SHORTEST_PAUSE * 3 / 2);
        assert_eq!(news.len(), 2);
    }

    #[test]
    fn two_pings_without_an_answer_are_the_end() {
        let mut broker = broker("nats://a");
        host(&mut broker);
        bring_up(&mut broker, 0);
        said(&mut broker);
        let mut news = Vec::new();
        // However late the steps come, each ping has its time.
        for now in [100, 10_000] {
            broker.step(now, &mut news);
            assert_eq!(said(&mut broker), "PING\r\n");
        }
        broker.bytes(10_050, b"PONG\r\n", &mut news);
        for now in [10_100, 10_200] {
            broker.step(now, &mut news);
            assert!(broker.is_up());
        }
        broker.step(10_300, &mut news);
        assert!(matches!(&news[..], [News::Down(error)] if error.code == Code::TIMEOUT), "{news:?}");
        assert_eq!(broker.take_wishes(), [Wish::Close]);
    }

    #[test]
    fn the_brokers_own_words_are_the_reason() {
        let mut broker = broker("nats://a");
        host(&mut broker);
        let mut news = Vec::new();
        broker.connected(0);
        broker.bytes(0, &[INFO, b"-ERR 'Authorization Violation'\r\n"].concat(), &mut news);
        broker.ended(0, lost(), &mut news);
        assert_eq!(
            news[1],
            News::Down(Error::new(Code::of(0.0), "the broker says: Authorization Violation"))
        );
    }

    #[test]
    fn pings_are_answered_and_other_hosts_remembered() {
        let mut broker = broker("nats://a");
        host(&mut broker);
        bring_up(&mut broker, 0);
        said(&mut broker);
        let mut news = Vec::new();
        let more =
            b"INFO {\"headers\":true,\"connect_urls\":[\"a:4222\",\"b:1\",\"c d\",\"[::1]:2\"]}\r\nPING\r\n";
        broker.bytes(0, more, &mut news);
        assert_eq!((said(&mut broker).as_str(), &news[..]), ("PONG\r\n", &[News::TopologyChanged][..]));
        let mut tried = Vec::new();
        for _ in 0..4 {
            broker.ended(broker.due(), lost(), &mut news);
            broker.step(broker.due(), &mut news);
            tried.push(host(&mut broker));
        }
        assert_eq!(tried, ["b", "::1", "a", "b"]);
    }

    #[test]
    fn tls_comes_after_the_first_info() {
        let mut secure = broker("tls://token@a");
        host(&mut secure);
        let mut news = Vec::new();
        secure.connected(0);
        secure.bytes(0, INFO, &mut news);
        // The token is not said in the open.
        assert_eq!((secure.take_wishes(), said(&mut secure).as_str()), (vec![Wish::Secure("a".into())], ""));
        secure.secured(0, &mut news);
        assert!(said(&mut secure).contains("\"auth_token\":\"token\""));
        let mut open = broker("nats://token@a");
        host(&mut open);
        open.connected(0);
        open.bytes(0, b"INFO {\"headers\":true,\"tls_required\":true}\r\n", &mut news);
        assert_eq!((open.take_wishes(), said(&mut open).as_str()), (vec![Wish::Close], ""));
    }
}
