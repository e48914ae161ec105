//! The way from the host's calls to the reactors. Each has a mailbox: commands, the list of sockets with
//! something to send, and the signal that wakes the reactor once per burst.

mod all;
mod burst;
mod dirty;
mod single;

pub(crate) use all::Mailboxes;
pub(crate) use burst::Burst;
pub(crate) use dirty::Dirty;
pub(crate) use single::Mailbox;
