//! NATS' client protocol: bytes to operations and back. No sockets, no clocks.

pub(crate) mod info;
pub(crate) mod parser;
pub(crate) mod subject;
pub(crate) mod write;
