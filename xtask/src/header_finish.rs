//! What makes cbindgen's header one for C programmers: clean as C89, in groups, in C's words, and with
//! the arguments that GameMaker lets games leave out.

use std::path::Path;

/// The groups of the documentation: name, title, and the sources whose functions are in it.
const GROUPS: [(&str, &str, &[&str]); 8] = [
    ("sockets", "Sockets and servers", &["src/abi/sockets.rs"]),
    ("connecting", "Connecting", &["src/abi/connect.rs"]),
    ("sending", "Sending", &["src/abi/sending.rs", "src/abi/udp_target.rs"]),
    ("groups", "One message to many", &["src/abi/groups.rs"]),
    ("events", "Events", &["src/abi/events.rs"]),
    ("options", "Options", &["src/abi/options.rs"]),
    ("asking", "Asking", &["src/abi/info.rs"]),
    ("errors", "Errors", &[]),
];

/// The groups of what is no function, by how its name begins.
const GROUPS_OF_NAMES: [(&str, &str); 9] = [
    ("network_socket_", "sockets"),
    ("network_connect_", "connecting"),
    ("network_send_", "sending"),
    ("network_message_", "sending"),
    ("network_type_", "events"),
    ("NetworkEvent", "events"),
    ("NetworkCallback", "events"),
    ("network_config_", "options"),
    ("network_error_", "errors"),
];

/// Functions of GameMaker whose last argument may be left out, and with how many arguments that is.
const SHORT_CALLS: [(&str, usize); 2] = [("network_set_config", 2), ("network_send_raw", 3)];

/// Finishes what cbindgen has written.
pub fn finish(text: &str, root: &Path) -> Result<String, String> {
    let text = in_words_of_c(&guarded_to_the_end(text));
    let text = with_defaults(&text)?;
    let text = in_groups(&text, &functions(root)?)?;
    Ok(text.replace("@GROUPS@", &groups()).replace("@SHORT_CALLS@", &short_calls()))
}

/// The include guard ends the file: cbindgen puts the trailer behind it.
fn guarded_to_the_end(text: &str) -> String {
    const END: &str = "#endif  /* STEPWIRE_H */\n";
    let (inside, trailer) = text.rsplit_once(END).unwrap_or((text, ""));
    format!("{}\n{}\n{END}", inside.trim_end(), trailer.trim_end())
}

/// No heading of Rust's documentation, and no comments of C99 and C++.
pub fn in_words_of_c(text: &str) -> String {
    text.replace(" * # Safety\n *\n", " * @par What the caller promises\n")
        .replace("}  // extern \"C\"", "}  /* extern \"C\" */")
        .replace("} // extern \"C\"", "} /* extern \"C\" */")
        .replace("// __cplusplus", "/* __cplusplus */")
}

/// Gives the last parameter of those functions its default for C++.
fn with_defaults(text: &str) -> Result<String, String> {
    let mut text = text.to_owned();
    for (function, _) in SHORT_CALLS {
        let declared = text.find(&format!("\ndouble {function}(")).ok_or(format!("no {function}"))?;
        let end = text[declared..].find(");").ok_or(format!("{function} has no end"))? + declared;
        text.insert_str(end, " STEPWIRE_DEFAULT(0)");
    }
    Ok(text)
}

/// The macros by which C calls those functions without the last argument.
fn short_calls() -> String {
    let define = |(function, short): &(&str, usize)| {
        // One place for each number of arguments, from the largest down: the place that comes to be the
        // sixth says what to do.
        let places = (1..=5).rev().map(|n| if n == *short { "STEPWIRE_ADD_0_" } else { "STEPWIRE_ALL_" });
        let places = places.collect::<Vec<_>>().join(", ");
        format!(
            "/** `{function}`, whose last argument is 0 where it is left out. */\n\
             #define {function}(...) \\\n    \
             STEPWIRE_SIXTH_(__VA_ARGS__, {places}, 0)({function}, __VA_ARGS__)\n"
        )
    };
    SHORT_CALLS.iter().map(define).collect()
}

fn groups() -> String {
    let define = |(name, title, _): &(&str, &str, &[&str])| format!("/** @defgroup {name} {title} */\n");
    GROUPS.iter().map(define).collect()
}

/// Every function's name with its group.
fn functions(root: &Path) -> Result<Vec<(String, &'static str)>, String> {
    let mut found = Vec::new();
    for (group, _, sources) in GROUPS {
        for source in sources {
            let code = std::fs::read_to_string(root.join(source)).map_err(|error| error.to_string())?;
            let names = code.lines().filter(|line| line.starts_with("pub ")).filter_map(|line| {
                let (_, rest) = line.split_once(" fn network_")?;
                Some(format!("network_{}", rest.split('(').next()?))
            });
            found.extend(names.map(|name| (name, group)));
        }
    }
    Ok(found)
}

/// Says in each comment to which group the declaration after it belongs.
fn in_groups(text: &str, functions: &[(String, &'static str)]) -> Result<String, String> {
    let mut out = String::with_capacity(2 * text.len());
    let mut rest = text;
    while let Some(at) = rest.find("\n/**\n") {
        let (before, comment) = rest.split_at(at + "\n/**\n".len());
        out.push_str(before);
        let declaration = comment.split_once("*/\n").map_or("", |(_, code)| code);
        let name = declared(declaration);
        let group = functions
            .iter()
            .find(|(function, _)| function == name)
            .map(|(_, group)| *group)
            .or_else(|| GROUPS_OF_NAMES.iter().find(|(start, _)| name.starts_with(start)).map(|row| row.1))
            .ok_or_else(|| format!("\"{name}\" belongs to no group"))?;
        out.push_str(&format!(" * @ingroup {group}\n"));
        rest = comment;
    }
    out.push_str(rest);
    Ok(out)
}

/// The name that a declaration gives.
fn declared(code: &str) -> &str {
    let line = code.lines().next().unwrap_or_default();
    let is_part = |c: char| c.is_alphanumeric() || c == '_';
    let starts = ["network_", "NetworkEvent", "NetworkCallback"];
    let at = starts.iter().filter_map(|start| line.find(start)).min().unwrap_or(line.len());
    line[at..].split(|c| !is_part(c)).next().unwrap_or_default()
}
