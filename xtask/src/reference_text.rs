//! The tables of options, counters and event keys as a page of the documentation.

use crate::catalog::{event_keys, options, stats};
use crate::header_text::call;

/// The text of `docs/reference.md`.
pub fn generate() -> String {
    let mut text = String::from(
        "# Options, counters, event keys\n\n\
         Generated from `src/catalog` by `cargo xtask header`.\n\n\
         ## Options\n\n\
         | option | number | call | default | for |\n|---|---|---|---|---|\n",
    );
    for row in options::TABLE {
        let call =
            call(row).replace("network_set_config_string(.., ", "(").replace("network_set_config(.., ", "(");
        text += &format!(
            "| `{}` | {} | `{call}` | {} | {} |\n",
            row.name.trim_start_matches("network_config_"),
            row.number,
            row.default,
            sockets(row)
        );
    }
    text += "\nWhat each one does stands with it in `include/stepwire.h`. On another kind of socket an option is\n\
             `network_error_wrong_kind`.\n\n\
             ## Counters of `network_get_stat`\n\n| key | of | what |\n|---|---|---|\n";
    for row in stats::TABLE {
        let of = match row.scope {
            stats::Scope::SocketAndLibrary => "a socket; -1",
            stats::Scope::Socket => "a socket",
            stats::Scope::Server => "a server",
            stats::Scope::Library => "-1",
        };
        text += &format!("| `{}` | {of} | {} |\n", row.key, row.doc);
    }
    text += "\n## Keys of `network_event_real` and `network_event_string`\n\n";
    let names =
        |names: Vec<&str>| names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ");
    let reals = names(event_keys::REALS.iter().map(|row| row.name).collect());
    let texts = names(event_keys::TEXTS.iter().map(|row| row.name).collect());
    text + &format!("Numbers: {reals}.\n\nTexts: {texts}.\n\nThey are the members of `NetworkEvent`.\n")
}

/// The kinds of sockets an option is for, in few words.
fn sockets(row: &options::Row) -> String {
    match row.sockets {
        0 => "the library".to_owned(),
        options::ANY => "all sockets".to_owned(),
        options::STREAMS => "all connections and servers".to_owned(),
        options::WEBSOCKETS => "WebSockets and their servers".to_owned(),
        some => socket_kinds(some).join(", "),
    }
}

/// Kinds of sockets, each by its name.
pub fn socket_kinds(sockets: options::Sockets) -> Vec<&'static str> {
    const NAMES: [(options::Sockets, &str); 8] = [
        (options::TCP_CLIENT, "TCP clients"),
        (options::WEBSOCKET_CLIENT, "WebSocket clients"),
        (options::TCP_SERVER, "TCP servers"),
        (options::WS_SERVER, "ws servers"),
        (options::WSS_SERVER, "wss servers"),
        (options::TCP_ACCEPTED, "accepted TCP"),
        (options::WEBSOCKET_ACCEPTED, "accepted WebSockets"),
        (options::UDP, "UDP"),
    ];
    NAMES.iter().filter(|(kind, _)| sockets & kind != 0).map(|(_, name)| *name).collect()
}
