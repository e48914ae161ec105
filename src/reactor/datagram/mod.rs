//! UDP sockets of the reactor: datagrams in, straight to events, and out from the host's queue; between them
//! and the network the reliable protocol and a simulated bad network, where the host wants those.

mod arrivals;
mod conditions;
mod receiving;
mod reliability;
mod sending;
mod sessions;
mod socket;
mod sources;

pub(crate) use socket::{Around, DatagramTools, Datagrams};
