//! Who speaks, and what a message carries.

/// Which end of the connection we are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// We connected: we mask what we send, the peer must not.
    Client,
    /// We accepted: the peer masks, we must not.
    Server,
}

/// What a message carries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Text,
    Binary,
}
