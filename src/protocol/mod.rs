//! GameMaker's wire protocol as bytes in, facts out: no sockets, no clocks.
//!
//! Sources: GameMaker's open HTML5 runtime and YoYo Games' own test server, which agree with
//! several independent implementations.

pub mod framing;
pub mod handshake;
pub mod packet;
