//! What a shared library shows of itself, and what its header says that it does. For tests on Linux.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

/// A library of that name that cargo has built beside the test that asks.
pub fn library(name: &str) -> PathBuf {
    let test = std::env::current_exe().expect("a test is a program");
    test.parent().expect("a program is in a folder").join(name)
}

fn tool(program: &str, arguments: &[&str], library: &Path) -> String {
    let output =
        Command::new(program).args(arguments).arg(library).output().expect("binutils come with the linker");
    assert!(output.status.success(), "{program}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("names are plain text")
}

/// The names a shared library exports.
pub fn exported(library: &Path) -> BTreeSet<String> {
    names(&tool("nm", &["-D", "--defined-only"], library))
}

/// The names a program that links an archive can meet.
pub fn archived(library: &Path) -> BTreeSet<String> {
    names(&tool("nm", &["--defined-only", "--extern-only"], library))
}

fn names(listed: &str) -> BTreeSet<String> {
    listed.lines().filter_map(|line| line.split_whitespace().nth(2)).map(str::to_owned).collect()
}

/// What the dynamic linker is told, as text.
pub fn dynamic_section(library: &Path) -> String {
    tool("readelf", &["--dynamic", "--wide"], library)
}

/// The functions of a header whose names begin like this: the words before a parenthesis in its code.
pub fn declared(header: &Path, prefix: &str) -> BTreeSet<String> {
    let header = std::fs::read_to_string(header).expect("the header is part of the project");
    let code: String =
        header.split("/*").map(|piece| piece.split_once("*/").map_or(piece, |(_, code)| code)).collect();
    code.match_indices('(')
        .map(|(at, _)| {
            code[..at].rsplit(|c: char| !c.is_alphanumeric() && c != '_').next().unwrap_or_default()
        })
        .filter(|name| name.starts_with(prefix))
        .map(str::to_owned)
        .collect()
}

/// A library's part of `include/api.json` as it is committed: "stepwire" or "cluster".
pub fn described(root: &Path, library: &str) -> Value {
    let text = std::fs::read_to_string(root.join(crate::api::PATH)).expect("the description is there");
    let mut api: Value = serde_json::from_str(&text).expect("it is JSON");
    api[library].take()
}

/// The names of what stands in a list of such a description.
pub fn described_names(list: &Value) -> BTreeSet<String> {
    let names = list.as_array().expect("a list").iter().map(|row| row["name"].as_str().expect("a name"));
    names.map(str::to_owned).collect()
}

/// Name, offset and size of each field of a described struct; at its end its own name, 0 and size.
pub fn described_layout(structure: &Value) -> Vec<(String, usize, usize)> {
    let number = |value: &Value| usize::try_from(value.as_u64().expect("a number")).expect("a small one");
    let name = |value: &Value| value["name"].as_str().expect("a name").to_owned();
    let fields = structure["fields"].as_array().expect("fields").iter();
    let mut layout: Vec<_> =
        fields.map(|field| (name(field), number(&field["offset"]), number(&field["size"]))).collect();
    layout.push((name(structure), 0, number(&structure["size"])));
    layout
}

/// The same of a struct of Rust.
#[macro_export]
macro_rules! layout {
    ($structure:ident { $($field:ident),* $(,)? }) => {{
        fn size_of_field<S, T>(_: fn(&S) -> &T) -> usize {
            size_of::<T>()
        }
        vec![
            $((
                stringify!($field).trim_start_matches("r#").to_owned(),
                std::mem::offset_of!($structure, $field),
                size_of_field(|structure: &$structure| &structure.$field),
            ),)*
            (stringify!($structure).to_owned(), 0, size_of::<$structure>()),
        ]
    }};
}

/// The libraries that the dynamic linker loads with it.
pub fn needed_libraries(library: &Path) -> Vec<String> {
    let text = dynamic_section(library);
    let needed = text.lines().filter(|line| line.contains("(NEEDED)"));
    needed.filter_map(|line| Some(line.split_once('[')?.1.split(']').next()?.to_owned())).collect()
}

/// The newest version of glibc that it asks for.
pub fn needed_glibc(library: &Path) -> Option<(u32, u32)> {
    let text = tool("readelf", &["--version-info", "--wide"], library);
    let versions = text.split("Name: GLIBC_").skip(1).filter_map(|rest| {
        let mut numbers = rest.split_whitespace().next()?.split('.');
        Some((numbers.next()?.parse().ok()?, numbers.next()?.parse().ok()?))
    });
    versions.max()
}
