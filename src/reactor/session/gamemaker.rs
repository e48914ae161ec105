//! One end's part in GameMaker's handshake, with what it says.

use crate::error::{Code, Error, Result};
use crate::protocol::handshake::{self, Handshake, Progress};

pub(crate) struct Greeting {
    handshake: Handshake,
    game_id: u32,
}

/// What GameMaker's handshake goes over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Carrier {
    Tcp,
    WebSocket,
}

/// What some received bytes came to.
pub(crate) struct HandshakeStep {
    pub(crate) taken: usize,
    pub(crate) answer: Vec<u8>,
    pub(crate) ready: bool,
    /// The bytes ended with the step.
    pub(crate) whole: bool,
}

impl Greeting {
    pub(crate) fn server() -> Self {
        Self { handshake: Handshake::server(), game_id: 0 }
    }

    pub(crate) fn client(game_id: u32) -> Self {
        Self { handshake: Handshake::client(), game_id }
    }

    /// HandshakeStep 1, which is the server's.
    pub(crate) fn greeting(&self) -> &'static [u8] {
        if self.handshake.is_server() { &handshake::GREETING } else { &[] }
    }

    /// HandshakeStep 3, which is the server's.
    pub(crate) fn confirmation(&self) -> &'static [u8] {
        if self.handshake.is_server() { &handshake::CONFIRMATION } else { &[] }
    }

    /// What a handshake that took too long looks like. `carrier` is what it goes over.
    pub(crate) fn overdue(&self, carrier: Carrier) -> &'static str {
        match (self.handshake.is_server(), self.handshake.is_untouched(), carrier) {
            (true, true, _) => "the client connected and then said nothing",
            (true, false, _) => "the client began GameMaker's handshake and did not finish it",
            (false, true, Carrier::Tcp) => {
                "the connection stands, but nothing came from the server in the time for connects: is it a raw \
                 server, or one for WebSockets?"
            }
            (false, true, Carrier::WebSocket) => {
                "the WebSocket is open, but GameMaker's greeting did not come in the time for connects: is it a \
                 raw server?"
            }
            (false, false, _) => {
                "the server began GameMaker's handshake and did not finish it in the time for connects"
            }
        }
    }

    pub(crate) fn receive(&mut self, bytes: &[u8]) -> Result<HandshakeStep> {
        let (taken, progress) = self.handshake.receive(bytes).map_err(|_| wrong())?;
        let answer = match progress {
            Progress::Answer => handshake::answer(self.game_id).to_vec(),
            Progress::Wait | Progress::Ready => Vec::new(),
        };
        let whole = progress != Progress::Wait && taken == bytes.len();
        Ok(HandshakeStep { taken, answer, ready: progress == Progress::Ready, whole })
    }
}

pub(crate) fn wrong() -> Error {
    Error::new(Code::Handshake, "the peer does not speak GameMaker's protocol")
}
