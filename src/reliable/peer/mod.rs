//! One peer: the session with it, if there is one, and what waits for it.

mod receive;
mod session;
mod state;
mod timing;
mod transmit;

pub(crate) use session::{Confirm, MEMORY_LASTS};
pub(crate) use state::{Local, Peer};
pub(crate) use timing::Due;
pub(crate) use transmit::Outcome;
