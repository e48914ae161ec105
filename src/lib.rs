//! GameMaker's networking functions and wire protocol for everybody.
