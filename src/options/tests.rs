//! That what the catalog lists can be set.

use crate::catalog::options::{Kind, Row, Scope, TABLE};

use super::{Options, Settings, Value};

fn sample(row: &Row) -> Value<'static> {
    match row.kind {
        Kind::Flag => Value::Flag(true),
        Kind::Integer { least, .. } => Value::Integer(least),
        Kind::Percentage => Value::Share(0.5),
        Kind::Action => Value::Action,
        Kind::Text | Kind::File => Value::Text(""),
    }
}

#[test]
fn every_option_of_a_socket_can_be_set() {
    // What a server does at once, and nothing that is kept.
    const DONE_AT_ONCE: [&str; 1] = ["network_config_tls_reload"];
    for row in TABLE.iter().filter(|row| row.scope != Scope::Library && !DONE_AT_ONCE.contains(&row.name)) {
        let set = Settings::default().set(row.number, sample(row));
        assert!(set.is_ok(), "{}: {set:?}", row.name);
        assert_ne!(row.sockets, 0, "{} is of no socket", row.name);
    }
}

#[test]
fn every_option_of_the_library_can_be_set() {
    // Their values are the runtime's and the log's own.
    const KEPT_ELSEWHERE: [&str; 3] =
        ["network_config_manual_io", "network_config_io_threads", "network_config_log_level"];
    for row in TABLE.iter().filter(|row| row.scope == Scope::Library) {
        let kept = Options::default().set(row.number, sample(row)).expect("a sensible value");
        assert_eq!(kept, !KEPT_ELSEWHERE.contains(&row.name), "{}", row.name);
    }
}

#[test]
fn numbers_and_names_stand_once_and_in_order() {
    assert!(TABLE.windows(2).all(|pair| pair[0].number < pair[1].number));
}
