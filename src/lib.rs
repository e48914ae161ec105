//! GameMaker's networking functions and wire protocol for everybody.

pub mod url;
pub mod websocket;
