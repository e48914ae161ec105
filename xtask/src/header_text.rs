//! The C headers as they should be.

use std::path::{Path, PathBuf};

use crate::catalog::{event_keys, options, stats};
use crate::{header_finish, version};

/// A header and what it is made from; all paths are below the project's folder.
#[derive(Debug)]
pub struct Header {
    /// The header itself.
    pub path: &'static str,
    config: &'static str,
    sources: &'static [&'static str],
    /// Makes what cbindgen has written one for C programmers.
    finish: fn(&str, &Path) -> Result<String, String>,
}

/// stepwire's own.
pub const STEPWIRE: Header = Header {
    path: "include/stepwire.h",
    config: "cbindgen.toml",
    sources: &[
        "src/abi/constants.rs",
        "src/event/mod.rs",
        "src/abi/sockets.rs",
        "src/abi/connect.rs",
        "src/abi/sending.rs",
        "src/abi/groups.rs",
        "src/abi/udp_target.rs",
        "src/abi/events.rs",
        "src/abi/options.rs",
        "src/abi/info.rs",
    ],
    finish: |text, root| header_finish::finish(&with_catalog(text), root),
};

/// The cluster library's.
pub const CLUSTER: Header = Header {
    path: "cluster/include/stepwire_cluster.h",
    config: "cluster/cbindgen.toml",
    sources: &[
        "cluster/src/abi/constants.rs",
        "cluster/src/abi/opening.rs",
        "cluster/src/abi/topics.rs",
        "cluster/src/abi/rooms.rs",
        "cluster/src/abi/players.rs",
        "cluster/src/abi/events.rs",
    ],
    finish: |text, _| Ok(header_finish::in_words_of_c(text)),
};

impl Header {
    /// Makes its text from the sources of the project at `root`.
    pub fn generate(&self, root: &Path) -> Result<String, String> {
        let mut config = cbindgen::Config::from_file(root.join(self.config))?;
        config.after_includes = config.after_includes.map(with_version);
        let sources = self.sources.iter().map(|source| root.join(source));
        let builder = sources
            .fold(cbindgen::Builder::new().with_config(config), |builder, source: PathBuf| {
                builder.with_src(source)
            });
        let mut text = Vec::new();
        builder.generate().map_err(|error| error.to_string())?.write(&mut text);
        let text = String::from_utf8(text).map_err(|error| error.to_string())?;
        (self.finish)(&text, root)
    }
}

/// Puts in what comes from the catalog's tables instead of the sources' comments.
fn with_catalog(text: &str) -> String {
    let names =
        |names: Vec<&str>| names.iter().map(|name| format!("\"{name}\"")).collect::<Vec<_>>().join(", ");
    text.replace("@OPTIONS@", &options())
        .replace(" * @STATS@", &stats())
        .replace("@REALS@", &names(event_keys::REALS.iter().map(|row| row.name).collect()))
        .replace("@TEXTS@", &names(event_keys::TEXTS.iter().map(|row| row.name).collect()))
}

/// A macro for each option, under a comment that says what it takes and does.
fn options() -> String {
    let define = |row: &options::Row| {
        let lines: String = row.doc.trim_end().lines().map(|line| format!("\n *{line}")).collect();
        let default = match row.default {
            "" => String::new(),
            default => format!("; default {default}"),
        };
        format!("/**\n * `{}`{default}.{lines}\n */\n#define {} {}\n", call(row), row.name, row.number)
    };
    options::TABLE.iter().map(define).collect::<Vec<_>>().join("\n")
}

/// How an option is set.
pub fn call(row: &options::Row) -> String {
    let value = match row.kind {
        options::Kind::Flag => "0 or 1".to_owned(),
        options::Kind::Integer { unit: "", least, most } => format!("{least} to {most}"),
        options::Kind::Integer { unit, least, most } => format!("{least} to {most} {unit}"),
        options::Kind::Percentage => "0 to 100".to_owned(),
        options::Kind::Action => "0".to_owned(),
        options::Kind::Text => "text".to_owned(),
        options::Kind::File => "path".to_owned(),
    };
    let function = if row.kind.is_text() { "network_set_config_string" } else { "network_set_config" };
    match row.scope {
        options::Scope::Library if row.kind.is_text() => format!("{function}(.., -1, {value})"),
        options::Scope::Library => format!("{function}(.., {value}, 0)"),
        options::Scope::Socket => format!("{function}(.., socket, {value})"),
        options::Scope::SocketOrDefault => format!("{function}(.., socket or -1, {value})"),
    }
}

fn stats() -> String {
    let line = |row: &stats::Row| {
        let scope = match row.scope {
            stats::Scope::SocketAndLibrary => "",
            stats::Scope::Socket => " (not with -1)",
            stats::Scope::Server => " (of servers)",
            stats::Scope::Library => " (with -1 only)",
        };
        format!(" * - \"{}\"{scope}: {}", row.key, row.doc)
    };
    stats::TABLE.iter().map(line).collect::<Vec<_>>().join("\n")
}

fn with_version(text: String) -> String {
    text.replace("@VERSION@", version::VERSION)
        .replace("@VERSION_MAJOR@", version::MAJOR)
        .replace("@VERSION_MINOR@", version::MINOR)
        .replace("@VERSION_PATCH@", version::PATCH)
}
