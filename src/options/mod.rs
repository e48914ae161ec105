//! The options' values: those of the whole library, and those each socket has its own of. Which options
//! there are, and what values they take, says [`crate::catalog::options`].

mod library;
mod settings;
mod value;

pub(crate) use library::Options;
pub(crate) use settings::{ACCEPTED_MESSAGE_LIMIT, MESSAGE_LIMIT, Settings, Texts, Udp};
pub(crate) use value::Value;

#[cfg(test)]
mod tests;
