//! What the fuzzers in `fuzz/` feed: one function per protocol, that takes any bytes and holds what must be true
//! whatever they are. The tests replay the fuzzers' seeds, damaged in many ways, through the same functions.

mod gamemaker;
mod input;
mod proxy;
mod reliable;
mod texts;
mod websocket;

#[cfg(test)]
mod replay;

/// A fuzz target: its name, which is that of its folder of seeds, and what it does with some bytes.
pub type Target = (&'static str, fn(&[u8]));

/// All of them.
pub const TARGETS: [Target; 10] = [
    ("gamemaker", gamemaker::stream),
    ("option_texts", texts::options),
    ("proxy_forwarded", proxy::forwarded),
    ("proxy_header", proxy::header),
    ("reliable_datagrams", reliable::datagrams),
    ("reliable_session", reliable::session),
    ("url", texts::url),
    ("websocket_frames", websocket::frames),
    ("websocket_request", websocket::request),
    ("websocket_response", websocket::response),
];

/// Runs one of the [`TARGETS`].
///
/// # Panics
/// There is none of that name, or something is not as it must be.
pub fn run(name: &str, bytes: &[u8]) {
    let target = TARGETS.iter().find(|(known, _)| *known == name);
    target.unwrap_or_else(|| panic!("there is no target {name}")).1(bytes);
}
