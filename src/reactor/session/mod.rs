//! What the bytes of a connection mean: GameMaker's protocol or none, over TCP as it is or inside
//! WebSocket messages. Bytes in, events and answers out; when to read and write is for
//! [`super::stream`] to say.

mod end;
mod gamemaker;
mod messages;
mod upgrade;
mod websocket;

use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;

use crate::command::{CloseFrame, WebSocketRequest};
use crate::error::{Code, Error};
use crate::event::batch::BatchWriter;
use crate::protocol::framing::Framer;
use crate::socket::{About, Socket};
use crate::sys;

use crate::clock::{Millis, Stamp};

use end::broken;
use gamemaker::{Carrier, Greeting};
use upgrade::Gate;
use websocket::WebSocket;

pub(crate) use end::SessionEnd;

pub(crate) enum Session {
    /// GameMaker's handshake over TCP.
    Greeting(Box<Greeting>),
    Packets(Framer),
    Raw,
    WebSocket(Box<WebSocket>),
}

impl Session {
    /// A server's side over TCP.
    pub(crate) fn tcp_server(regular: bool) -> Self {
        if regular { Self::Greeting(Box::new(Greeting::server())) } else { Self::Raw }
    }

    /// A client's side over TCP.
    pub(crate) fn tcp_client(regular: bool, game_id: u32) -> Self {
        if regular { Self::Greeting(Box::new(Greeting::client(game_id))) } else { Self::Raw }
    }

    /// A server's side of a WebSocket. `server` says whom it lets in.
    pub(crate) fn websocket_server(regular: bool, server: &Arc<Socket>) -> Self {
        Self::WebSocket(Box::new(WebSocket::server(regular.then(Greeting::server), server)))
    }

    /// A client's side of a WebSocket.
    pub(crate) fn websocket_client(regular: bool, game_id: u32, request: WebSocketRequest) -> Self {
        Self::WebSocket(Box::new(WebSocket::client(regular.then(|| Greeting::client(game_id)), request)))
    }

    /// Whether there is a handshake between the connection and its first data.
    pub(crate) fn has_handshake(&self) -> bool {
        !matches!(self, Self::Raw)
    }

    /// Has the processor fetch what it points to.
    #[inline]
    pub(crate) fn fetch(&self) {
        if let Self::WebSocket(websocket) = self {
            sys::prefetch(&**websocket);
        }
    }

    pub(crate) fn is_websocket(&self) -> bool {
        matches!(self, Self::WebSocket(_))
    }

    /// The connection is there: writes what its end has to say first.
    pub(crate) fn begin(&mut self, out: &mut Vec<u8>) {
        match self {
            Self::Greeting(greeting) => out.extend_from_slice(greeting.greeting()),
            Self::WebSocket(websocket) => websocket.begin(out),
            Self::Packets(_) | Self::Raw => {}
        }
    }

    /// Takes bytes of the handshake. Returns how many, and whether the handshake is done: then the
    /// rest is for [`Session::receive`], after [`Session::opened`]. `gate` is asked about a request for a
    /// WebSocket.
    pub(crate) fn open(
        &mut self,
        bytes: &mut [u8],
        out: &mut Vec<u8>,
        gate: Gate<'_>,
    ) -> Result<(usize, bool), SessionEnd> {
        match self {
            Self::Greeting(greeting) => {
                let mut at = 0;
                while at < bytes.len() {
                    let step = greeting.receive(&bytes[at..])?;
                    at += step.taken;
                    out.extend_from_slice(&step.answer);
                    if step.ready {
                        return Ok((at, true));
                    }
                }
                Ok((at, false))
            }
            Self::WebSocket(websocket) => websocket.open(bytes, out, gate),
            Self::Packets(_) | Self::Raw => Ok((0, true)),
        }
    }

    /// The handshake is done and the host knows: writes what the peer needs to know it too.
    pub(crate) fn opened(&mut self, out: &mut Vec<u8>) {
        match self {
            Self::Greeting(greeting) => {
                out.extend_from_slice(greeting.confirmation());
                *self = Self::Packets(Framer::default());
            }
            Self::WebSocket(websocket) => websocket.opened(out),
            Self::Packets(_) | Self::Raw => {}
        }
    }

    /// What the opening of a WebSocket has brought to light; to be taken once.
    pub(crate) fn take_about(&mut self) -> Option<Box<About>> {
        match self {
            Self::WebSocket(websocket) => websocket.take_about(),
            _ => None,
        }
    }

    /// Takes the bytes from `at` on. Events go to `sink`, answers that the protocol demands to `out`.
    #[inline]
    pub(crate) fn receive(
        &mut self,
        bytes: &mut [u8],
        at: usize,
        socket: &Socket,
        sink: &mut BatchWriter<'_>,
        out: &mut Vec<u8>,
    ) -> Result<(), SessionEnd> {
        match self {
            Self::Packets(framer) => {
                let limit = socket.message_limit.load(Relaxed) as usize;
                framer.receive(bytes, at, limit, sink).map_err(|wrong| broken(wrong, limit).into())
            }
            Self::WebSocket(websocket) => websocket.receive(bytes, at, socket, sink, out),
            Self::Raw => {
                sink.data(0, at, bytes.len() - at);
                Ok(())
            }
            Self::Greeting(_) => Ok(()),
        }
    }

    /// How many frames and messages were taken of which no event came, since this was last asked.
    #[inline]
    pub(crate) fn take_work(&mut self) -> usize {
        match self {
            Self::WebSocket(websocket) => websocket.take_work(),
            Self::Packets(_) | Self::Raw | Self::Greeting(_) => 0,
        }
    }

    /// How much there is of a message that has not come whole; 0 between messages.
    #[inline]
    pub(crate) fn partial(&self) -> usize {
        match self {
            Self::Packets(framer) => framer.partial(),
            Self::WebSocket(websocket) => websocket.partial(),
            Self::Raw | Self::Greeting(_) => 0,
        }
    }

    /// What takes memory of a message, or of the handshake, that has not come whole.
    #[inline]
    pub(crate) fn memory(&self) -> usize {
        match self {
            Self::Packets(framer) => framer.memory(),
            Self::WebSocket(websocket) => websocket.memory(),
            Self::Raw | Self::Greeting(_) => 0,
        }
    }

    /// How many bytes a message that has begun still lacks, or may lack; `limit` is the most that it may have.
    pub(crate) fn missing(&self, limit: usize) -> u64 {
        match self {
            Self::Packets(framer) => framer.missing() as u64,
            Self::WebSocket(websocket) => websocket.missing(limit),
            Self::Raw | Self::Greeting(_) => 0,
        }
    }

    /// Nobody wants what has begun to come, nor what comes from now on.
    pub(crate) fn forget_unfinished(&mut self) {
        match self {
            Self::Packets(framer) => *framer = Framer::default(),
            Self::WebSocket(websocket) => websocket.forget_unfinished(),
            Self::Raw | Self::Greeting(_) => {}
        }
    }

    /// Takes bytes that nobody wants any more, but for the end of the closing handshake.
    pub(crate) fn ignore(&mut self, bytes: &mut [u8]) {
        if let Self::WebSocket(websocket) = self {
            websocket.ignore(bytes);
        }
    }

    /// What a handshake that was not done in time looks like.
    pub(crate) fn overdue(&self) -> &'static str {
        match self {
            Self::Greeting(greeting) => greeting.overdue(Carrier::Tcp),
            Self::WebSocket(websocket) => websocket.overdue(),
            Self::Packets(_) | Self::Raw => "the peer did not finish the handshake in time",
        }
    }

    /// What the end of the stream means: `None` if the peer may end it here.
    pub(crate) fn end_of_stream(&self) -> Option<Error> {
        let why = match self {
            Self::Raw => return None,
            Self::Packets(framer) if framer.is_between_packets() => return None,
            Self::Packets(_) => "the peer closed the connection in the middle of a packet",
            Self::Greeting(_) => "the peer closed the connection during the handshake",
            Self::WebSocket(websocket) if websocket.is_opening() => {
                "the peer closed the connection during the handshake"
            }
            Self::WebSocket(_) => "the peer closed the connection without closing the WebSocket",
        };
        Some(Error::new(Code::Closed, why))
    }

    // ---- closing -----------------------------------------------------------------------------

    /// Nothing can be written any more.
    pub(crate) fn cut_off(&mut self) {
        if let Self::WebSocket(websocket) = self {
            websocket.cut_off();
        }
    }

    /// Whether the peer is to hear more before the connection closes.
    pub(crate) fn owes_close_frame(&self) -> bool {
        matches!(self, Self::WebSocket(websocket) if websocket.owes_close_frame())
    }

    /// What the close frame is to say.
    pub(crate) fn set_close_frame(&mut self, frame: &CloseFrame) {
        if let Self::WebSocket(websocket) = self {
            websocket.set_close_frame(frame);
        }
    }

    /// The code of the close frame that came, 1005 if it had none, 1006 if none came; 0 where there
    /// are no close frames.
    pub(crate) fn received_close_code(&self) -> u16 {
        match self {
            Self::WebSocket(websocket) => websocket.received_close_code(),
            _ => 0,
        }
    }

    /// Writes the last words, unless they were said.
    pub(crate) fn write_close_frame(&mut self, out: &mut Vec<u8>) {
        if let Self::WebSocket(websocket) = self {
            websocket.write_close_frame(out);
        }
    }

    /// Whether closing waits for the peer's own last words.
    pub(crate) fn awaits_close_frame(&self) -> bool {
        matches!(self, Self::WebSocket(websocket) if websocket.awaits_close_frame())
    }

    // ---- keeping alive -----------------------------------------------------------------------

    /// All that was written to `out` has left.
    #[inline]
    pub(crate) fn flushed(&mut self) {
        if let Self::WebSocket(websocket) = self {
            websocket.flushed();
        }
    }

    /// How long the connection may be idle before it is probed; 0 means for ever.
    pub(crate) fn set_keepalive(&mut self, ms: u32) {
        if let Self::WebSocket(websocket) = self {
            websocket.set_keepalive(ms);
        }
    }

    /// When to probe the connection, or give it up, if nothing is received until then.
    pub(crate) fn next_probe(&self, last_read: Stamp, now: Millis) -> Option<Millis> {
        match self {
            Self::WebSocket(websocket) => websocket.next_probe(last_read, now),
            _ => None,
        }
    }

    /// Asks the peer for a sign of life. Fails if it owes one, though it has given them before.
    pub(crate) fn probe(&mut self, now: Millis, out: &mut Vec<u8>) -> Result<(), Error> {
        match self {
            Self::WebSocket(websocket) => websocket.probe(now, out),
            _ => Ok(()),
        }
    }
}
