//! A WebSocket: the upgrade from HTTP, GameMaker's handshake inside it where the connection is a
//! regular one, then messages; pings, pongs and the closing handshake all along.

use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;

use crate::clock::{Millis, Stamp};
use crate::command::{CloseFrame, WebSocketRequest};
use crate::encoder::Frames;
use crate::error::{Code, Error};
use crate::event::batch;
use crate::protocol::framing::Framer;
use crate::protocol::packet::HEADER_SIZE;
use crate::socket::{About, Socket, count};
use crate::websocket::{self, Kind, MessageSink, Receiver, Side, Violation, close};

use super::end::SessionEnd;
use super::gamemaker::{self, Carrier, Greeting};
use super::messages;
use super::upgrade::{Gate, Upgrade};

/// Bytes of pongs that may wait for room; beyond that pings go unanswered.
const MOST_PONGS: usize = 16 << 10;
/// Messages of the handshake are smaller.
const HANDSHAKE_LIMIT: usize = 125;
/// Bytes a message of packets may have where the limit of a packet is smaller.
const LEAST_MESSAGE_LIMIT: usize = 64 << 10;

pub(crate) struct WebSocket {
    stage: Stage,
    frames: Frames,
    /// GameMaker's packets stand inside the messages.
    regular: bool,
    closing: Closing,
    keepalive: Keepalive,
    receiver: Receiver,
    framer: Framer,
    about: Option<Box<About>>,
    /// Bytes of pongs since everything had left last.
    pongs: u32,
    /// Frames and messages that made no sense, since it was last asked how many.
    work: u32,
}

enum Stage {
    /// Holds GameMaker's handshake that is to follow on a regular connection.
    Upgrade(Box<(Upgrade, Option<Greeting>)>),
    Greeting(Box<Greeting>),
    Open,
    /// A server has answered with something other than a WebSocket.
    Refused,
}

/// How far the closing handshake is.
#[derive(Default)]
struct Closing {
    /// The close frame to send, where it is not the usual one.
    words: Option<Box<Words>>,
    /// The code of the close frame that came; `None` if none came, or one without a code.
    received_code: Option<Option<u16>>,
    sent: bool,
    /// The peer's close frame has come, or what came cannot be understood any more.
    received: bool,
    cut_off: bool,
}

/// What a close frame says.
struct Words {
    code: Option<u16>,
    /// To a person.
    reason: Box<str>,
}

impl Closing {
    fn set_words(&mut self, code: Option<u16>, reason: &str) {
        self.words = Some(Box::new(Words { code, reason: reason.into() }));
    }
}

#[derive(Default)]
struct Keepalive {
    /// How long the connection may be idle; 0 means for ever.
    idle_ms: u32,
    pinged_at: Stamp,
    /// A ping was not answered yet.
    pinged: bool,
    /// Nothing at all came since the last ping.
    silent: bool,
    /// The peer is one that answers pings.
    has_answered: bool,
}

impl WebSocket {
    pub(crate) fn server(greeting: Option<Greeting>, server: &Arc<Socket>) -> Self {
        Self::new(Side::Server, greeting, Upgrade::server(server))
    }

    pub(crate) fn client(greeting: Option<Greeting>, request: WebSocketRequest) -> Self {
        Self::new(Side::Client, greeting, Upgrade::Client(request))
    }

    fn new(side: Side, greeting: Option<Greeting>, upgrade: Upgrade) -> Self {
        Self {
            frames: Frames::of(side),
            regular: greeting.is_some(),
            stage: Stage::Upgrade(Box::new((upgrade, greeting))),
            closing: Closing::default(),
            keepalive: Keepalive::default(),
            receiver: Receiver::new(side),
            framer: Framer::default(),
            about: None,
            pongs: 0,
            work: 0,
        }
    }

    // ---- opening -----------------------------------------------------------------------------

    pub(crate) fn is_opening(&self) -> bool {
        !matches!(self.stage, Stage::Open)
    }

    /// What an opening that was not done in time looks like.
    pub(crate) fn overdue(&self) -> &'static str {
        match (&self.stage, self.frames.side()) {
            (Stage::Greeting(greeting), _) => greeting.overdue(Carrier::WebSocket),
            (Stage::Upgrade(_), Side::Client) => {
                "the connection stands, but the request for a WebSocket was not answered in the time for \
                 connects: does the server speak WebSockets?"
            }
            (Stage::Upgrade(_), Side::Server) => {
                "the client did not send its request for a WebSocket in time"
            }
            (Stage::Open | Stage::Refused, _) => "the peer did not finish the handshake in time",
        }
    }

    pub(crate) fn begin(&mut self, out: &mut Vec<u8>) {
        if let Stage::Upgrade(upgrade) = &mut self.stage {
            upgrade.0.begin(out);
        }
    }

    pub(crate) fn open(
        &mut self,
        bytes: &mut [u8],
        out: &mut Vec<u8>,
        gate: Gate<'_>,
    ) -> Result<(usize, bool), SessionEnd> {
        match &mut self.stage {
            Stage::Upgrade(upgrade) => match upgrade.0.receive(bytes, out, gate) {
                Ok(None) => Ok((bytes.len(), false)),
                Ok(Some((about, taken))) => {
                    self.about = Some(Box::new(about));
                    let greeting = upgrade.1.take();
                    let Some(greeting) = greeting else { return Ok((taken, true)) };
                    self.frames.handshake_step(out, greeting.greeting());
                    self.stage = Stage::Greeting(Box::new(greeting));
                    Ok((taken, false))
                }
                Err(end) => {
                    self.stage = Stage::Refused;
                    Err(end)
                }
            },
            Stage::Greeting(_) => self.greet(bytes, out),
            Stage::Open => Ok((0, true)),
            Stage::Refused => Ok((bytes.len(), false)),
        }
    }

    /// Takes one message of GameMaker's handshake.
    fn greet(&mut self, bytes: &mut [u8], out: &mut Vec<u8>) -> Result<(usize, bool), SessionEnd> {
        let frames = self.frames;
        let Stage::Greeting(greeting) = &mut self.stage else { return Ok((0, false)) };
        let mut step = HandshakeMessages { greeting, frames, out, pongs: &mut self.pongs, result: None };
        let taken = self.receiver.receive(bytes, HANDSHAKE_LIMIT, &mut step);
        let result = step.result;
        let (stop, code) = match (taken, result) {
            (Ok(taken), None) => return Ok((taken, false)),
            (Ok(taken), Some(Ok(ready))) => return Ok((taken, ready)),
            (_, Some(Err(stop))) => (stop, websocket::close_code::PROTOCOL_ERROR),
            (Err(violation), _) => {
                let why = format!("the peer broke the WebSocket protocol: {violation}");
                (Error::new(Code::Handshake, why).into(), violation.code())
            }
        };
        self.closing.set_words(Some(code), "");
        self.closing.received = true;
        Err(stop)
    }

    pub(crate) fn opened(&mut self, out: &mut Vec<u8>) {
        if let Stage::Greeting(greeting) = &self.stage {
            self.frames.handshake_step(out, greeting.confirmation());
        }
        self.stage = Stage::Open;
    }

    pub(crate) fn take_about(&mut self) -> Option<Box<About>> {
        self.about.take()
    }

    // ---- messages ----------------------------------------------------------------------------

    #[inline]
    pub(crate) fn receive(
        &mut self,
        bytes: &mut [u8],
        at: usize,
        socket: &Socket,
        sink: &mut batch::BatchWriter<'_>,
        out: &mut Vec<u8>,
    ) -> Result<(), SessionEnd> {
        self.keepalive.silent = false;
        let limit = socket.message_limit.load(Relaxed) as usize;
        // A message of a regular connection carries a packet with its header, or several.
        let message_limit = if self.regular { (limit + HEADER_SIZE).max(LEAST_MESSAGE_LIMIT) } else { limit };
        let mut messages = Messages {
            events: messages::Events { sink, base: at, limit },
            framer: self.regular.then_some(&mut self.framer),
            frames: self.frames,
            out,
            pongs: &mut self.pongs,
            keepalive: &mut self.keepalive,
            dropped: 0,
            begun: 0,
            stop: None,
        };
        let result = self.receiver.receive(&mut bytes[at..], message_limit, &mut messages);
        let Messages { dropped, begun, stop, .. } = messages;
        self.work += begun + dropped as u32;
        if dropped > 0 {
            count(&socket.traffic.dropped, dropped);
        }
        match (stop, result) {
            (None, Ok(_)) => Ok(()),
            (Some(End { session, answer, received }), _) => {
                self.closing.set_words(answer, "");
                self.closing.received_code = received;
                self.closing.received = true;
                Err(session)
            }
            (None, Err(violation)) => {
                self.closing.set_words(Some(violation.code()), "");
                self.closing.received = true;
                Err(broken(violation, limit).into())
            }
        }
    }

    #[inline]
    pub(crate) fn take_work(&mut self) -> usize {
        std::mem::take(&mut self.work) as usize
    }

    #[inline]
    pub(crate) fn partial(&self) -> usize {
        self.receiver.partial() + self.framer.partial()
    }

    /// What takes memory of a message, or of the handshake, that has not come whole.
    #[inline]
    pub(crate) fn memory(&self) -> usize {
        let of_handshake = match &self.stage {
            Stage::Upgrade(upgrade) => upgrade.0.memory(),
            Stage::Greeting(_) | Stage::Open | Stage::Refused => 0,
        };
        self.receiver.memory() + self.framer.memory() + of_handshake
    }

    /// How many bytes a message that has begun still lacks; `limit` is the most that it may have.
    pub(crate) fn missing(&self, limit: usize) -> u64 {
        self.receiver.missing(limit).max(self.framer.missing() as u64)
    }

    pub(crate) fn forget_unfinished(&mut self) {
        self.receiver.forget_messages();
        self.framer = Framer::default();
    }

    pub(crate) fn ignore(&mut self, bytes: &mut [u8]) {
        let mut deaf = Deaf { closed: false };
        let result = self.receiver.receive(bytes, LEAST_MESSAGE_LIMIT, &mut deaf);
        self.closing.received |= deaf.closed || result.is_err();
    }

    // ---- closing -----------------------------------------------------------------------------

    pub(crate) fn cut_off(&mut self) {
        self.closing.cut_off = true;
    }

    pub(crate) fn owes_close_frame(&self) -> bool {
        !self.closing.cut_off && !matches!(self.stage, Stage::Upgrade(_))
    }

    pub(crate) fn write_close_frame(&mut self, out: &mut Vec<u8>) {
        let upgraded = matches!(self.stage, Stage::Greeting(_) | Stage::Open);
        if upgraded && !self.closing.sent && !self.closing.cut_off {
            self.closing.sent = true;
            match &self.closing.words {
                Some(words) => self.frames.close(out, words.code, &words.reason),
                None => self.frames.close(out, Some(websocket::close_code::NORMAL), ""),
            }
        }
    }

    pub(crate) fn set_close_frame(&mut self, frame: &CloseFrame) {
        self.closing.set_words(Some(frame.code), &frame.reason);
    }

    pub(crate) fn received_close_code(&self) -> u16 {
        match self.closing.received_code {
            Some(Some(code)) => code,
            Some(None) => websocket::close_code::NONE,
            None => websocket::close_code::ABNORMAL,
        }
    }

    pub(crate) fn awaits_close_frame(&self) -> bool {
        self.closing.sent && !self.closing.received && !self.closing.cut_off
    }

    // ---- keeping alive -----------------------------------------------------------------------

    #[inline]
    pub(crate) fn flushed(&mut self) {
        self.pongs = 0;
    }

    pub(crate) fn set_keepalive(&mut self, ms: u32) {
        self.keepalive.idle_ms = ms;
    }

    pub(crate) fn next_probe(&self, last_read: Stamp, now: Millis) -> Option<Millis> {
        let Keepalive { idle_ms, pinged_at, silent, .. } = self.keepalive;
        // Whatever came since the ping came later.
        let last = if silent { pinged_at } else { last_read };
        let open = matches!(self.stage, Stage::Open);
        (open && idle_ms != 0).then(|| last.moment(now) + Millis::from(idle_ms))
    }

    pub(crate) fn probe(&mut self, now: Millis, out: &mut Vec<u8>) -> Result<(), Error> {
        let keepalive = &mut self.keepalive;
        if keepalive.silent && keepalive.has_answered {
            return Err(Error::new(Code::Timeout, "the peer does not answer pings any more"));
        }
        keepalive.pinged_at = Stamp::of(now);
        keepalive.pinged = true;
        keepalive.silent = true;
        self.frames.ping(out);
        Ok(())
    }
}

fn pong(payload: &[u8], frames: Frames, out: &mut Vec<u8>, pongs: &mut u32) {
    let before = out.len();
    if (*pongs as usize) < MOST_PONGS {
        frames.pong(out, payload);
        *pongs += (out.len() - before) as u32;
    }
}

#[cold]
fn broken(violation: Violation, limit: usize) -> Error {
    match violation {
        Violation::TooBig => Error::new(
            Code::TooBig,
            format!("the peer sent a message that is larger than the limit of {limit} bytes"),
        ),
        other => Error::new(Code::Handshake, format!("the peer broke the WebSocket protocol: {other}")),
    }
}

/// What a close frame of the peer means.
#[cold]
fn closed(code: Option<u16>, reason: &str) -> SessionEnd {
    let words = close::describe(code, reason);
    match code {
        None | Some(websocket::close_code::NORMAL | websocket::close_code::GOING_AWAY) => {
            SessionEnd::ClosedByPeer(if reason.is_empty() { String::new() } else { words })
        }
        Some(websocket::close_code::TOO_BIG) => Error::new(Code::TooBig, words).into(),
        Some(_) => Error::new(Code::Closed, words).into(),
    }
}

/// Takes the messages of an open connection.
struct Messages<'a, 'b> {
    events: messages::Events<'a, 'b>,
    /// On regular connections.
    framer: Option<&'a mut Framer>,
    frames: Frames,
    out: &'a mut Vec<u8>,
    pongs: &'a mut u32,
    keepalive: &'a mut Keepalive,
    dropped: u64,
    /// Frames.
    begun: u32,
    stop: Option<End>,
}

/// Why nothing more is taken.
struct End {
    session: SessionEnd,
    /// The code to answer with.
    answer: Option<u16>,
    /// That of the close frame that came, if it was one.
    received: Option<Option<u16>>,
}

impl Messages<'_, '_> {
    /// Counts what made no sense, and stops at what cannot be gone on with.
    fn settle(&mut self, taken: Result<bool, Error>) {
        match taken {
            Ok(true) => {}
            Ok(false) => self.dropped += 1,
            Err(error) => {
                let answer = Some(websocket::close_code::TOO_BIG);
                self.stop = Some(End { session: error.into(), answer, received: None });
            }
        }
    }
}

impl MessageSink for Messages<'_, '_> {
    #[inline(always)]
    fn message_in_place(&mut self, kind: Kind, range: Range<usize>, payload: &[u8]) {
        match &mut self.framer {
            None => self.events.whole(kind, range),
            Some(framer) => {
                if !self.events.one_packet(kind, &range, payload, framer) {
                    let taken = self.events.packets(kind, range.start, payload, framer);
                    self.settle(taken);
                }
            }
        }
    }

    fn message_owned(&mut self, kind: Kind, payload: Vec<u8>) {
        match &mut self.framer {
            None => self.events.gathered(kind, payload),
            Some(framer) => {
                let taken = self.events.gathered_packets(kind, payload, framer);
                self.settle(taken);
            }
        }
    }

    fn ping(&mut self, payload: &[u8]) {
        pong(payload, self.frames, self.out, self.pongs);
    }

    fn pong(&mut self, _payload: &[u8]) {
        if std::mem::take(&mut self.keepalive.pinged) {
            self.keepalive.has_answered = true;
        }
    }

    fn frame(&mut self) {
        self.begun += 1;
    }

    fn close(&mut self, code: Option<u16>, reason: &str) {
        self.stop = Some(End { session: closed(code, reason), answer: code, received: Some(code) });
    }

    #[inline]
    fn is_full(&self) -> bool {
        self.stop.is_some()
    }
}

/// Takes a message of GameMaker's handshake, which holds one step and nothing else.
struct HandshakeMessages<'a> {
    greeting: &'a mut Greeting,
    frames: Frames,
    out: &'a mut Vec<u8>,
    pongs: &'a mut u32,
    result: Option<Result<bool, SessionEnd>>,
}

impl HandshakeMessages<'_> {
    fn take(&mut self, kind: Kind, payload: &[u8]) {
        self.result = Some(match self.greeting.receive(payload) {
            Ok(step) if kind == Kind::Binary && step.whole => {
                self.frames.handshake_step(self.out, &step.answer);
                Ok(step.ready)
            }
            Ok(_) => Err(gamemaker::wrong().into()),
            Err(error) => Err(error.into()),
        });
    }
}

impl MessageSink for HandshakeMessages<'_> {
    fn message_in_place(&mut self, kind: Kind, _range: Range<usize>, payload: &[u8]) {
        self.take(kind, payload);
    }

    fn message_owned(&mut self, kind: Kind, payload: Vec<u8>) {
        self.take(kind, &payload);
    }

    fn ping(&mut self, payload: &[u8]) {
        pong(payload, self.frames, self.out, self.pongs);
    }

    fn pong(&mut self, _payload: &[u8]) {}

    fn close(&mut self, code: Option<u16>, reason: &str) {
        let words = websocket::close::describe(code, reason);
        self.result = Some(Err(Error::new(Code::Closed, words).into()));
    }

    fn is_full(&self) -> bool {
        self.result.is_some()
    }
}

/// Listens for the peer's close frame alone.
struct Deaf {
    closed: bool,
}

impl MessageSink for Deaf {
    fn message_in_place(&mut self, _kind: Kind, _range: Range<usize>, _payload: &[u8]) {}
    fn message_owned(&mut self, _kind: Kind, _payload: Vec<u8>) {}
    fn ping(&mut self, _payload: &[u8]) {}
    fn pong(&mut self, _payload: &[u8]) {}
    fn close(&mut self, _code: Option<u16>, _reason: &str) {
        self.closed = true;
    }
}
