//! GameMaker's networking functions and wire protocol for everybody.

pub mod conditioner;
pub mod reliable;
