//! Targets that play whole sessions: calls of C functions, by any arguments in any order, against sockets of the same
//! process. What bytes of peers may do is in `src/fuzzing` and `cluster/src/fuzzing.rs`.

pub mod c_functions;
pub mod extension;
mod script;
