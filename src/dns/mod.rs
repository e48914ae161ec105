//! Names to addresses: what is remembered of them, the threads that ask the system, and the datagrams
//! that wait for an answer.

mod cache;
pub(crate) mod resolver;
mod route;
mod waiting;

pub(crate) use cache::{Known, NameCache};
pub(crate) use route::routable_first;
pub(crate) use waiting::PendingLookups;
