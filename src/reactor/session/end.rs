//! Why a session receives nothing more.

use crate::error::{Code, Error};
use crate::protocol::framing::Broken;

/// Why nothing more can be received.
#[derive(Debug)]
pub(crate) enum SessionEnd {
    /// The peer has closed in an orderly way, perhaps with some words.
    ClosedByPeer(String),
    Failed(Error),
    /// What the peer asked for is answered, and nothing is to follow.
    Answered,
}

impl From<Error> for SessionEnd {
    fn from(error: Error) -> Self {
        Self::Failed(error)
    }
}

#[cold]
pub(crate) fn broken(broken: Broken, limit: usize) -> Error {
    match broken {
        Broken::TooBig(size) => Error::new(
            Code::TooBig,
            format!("the peer announced a packet of {size} bytes; the limit is {limit}"),
        ),
        Broken::NotAPacket => {
            Error::new(Code::Handshake, "the peer sent something that is not a GameMaker packet")
        }
    }
}
