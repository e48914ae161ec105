//! One end's part in GameMaker's handshake, with what it says.

use crate::error::{Code, Error, Result};
use crate::protocol::handshake::{self, Handshake, Progress};

pub(crate) struct Greeting {
    handshake: Handshake,
    game_id: u32,
}

/// What some received bytes came to.
pub(super) struct Step {
    pub(super) taken: usize,
    pub(super) answer: Vec<u8>,
    pub(super) ready: bool,
    /// The bytes ended with the step.
    pub(super) whole: bool,
}

impl Greeting {
    pub(super) fn server() -> Greeting {
        Greeting { handshake: Handshake::server(), game_id: 0 }
    }

    pub(super) fn client(game_id: u32) -> Greeting {
        Greeting { handshake: Handshake::client(), game_id }
    }

    /// Step 1, which is the server's.
    pub(super) fn first_words(&self) -> &'static [u8] {
        if self.handshake.is_server() { &handshake::GREETING } else { &[] }
    }

    /// Step 3, which is the server's.
    pub(super) fn last_words(&self) -> &'static [u8] {
        if self.handshake.is_server() { &handshake::CONFIRMATION } else { &[] }
    }

    pub(super) fn receive(&mut self, bytes: &[u8]) -> Result<Step> {
        let (taken, progress) = self.handshake.receive(bytes).map_err(|_| wrong())?;
        let answer = match progress {
            Progress::Answer => handshake::answer(self.game_id).to_vec(),
            Progress::Wait | Progress::Ready => Vec::new(),
        };
        let whole = progress != Progress::Wait && taken == bytes.len();
        Ok(Step { taken, answer, ready: progress == Progress::Ready, whole })
    }
}

pub(super) fn wrong() -> Error {
    Error::new(Code::Handshake, "the peer does not speak GameMaker's protocol")
}
