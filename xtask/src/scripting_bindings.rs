//! What the bindings for Python and Node have of `include/api.json`: constants, options, signatures, in the words of those
//! languages.

use std::fmt::Write;

use serde_json::Value;

use crate::from_api::text as text_of;

/// Where they are, below the project's folder.
pub const PYTHON: &str = "bindings/python/src/stepwire/abi.py";
pub const JAVASCRIPT: &str = "bindings/node/lib/abi.js";
pub const TYPESCRIPT: &str = "bindings/node/types/abi.d.ts";

const MADE_BY: &str = "made from include/api.json by `cargo xtask header`: do not edit";

/// `abi.py`.
pub fn python(api: &Value) -> Result<String, String> {
    let stepwire = &api["stepwire"];
    let mut text = format!(
        "\"\"\"The library's constants, options and functions, {MADE_BY}.\"\"\"\n\n\
         from __future__ import annotations\n\n\
         from typing import Final, Literal, TypedDict\n\n\
         #: The version that this package was made with.\n\
         VERSION: Final = {}\n\
         #: What it has to have in common with the library that it loads.\n\
         ABI: Final = {}\n\n\
         #: The library's file on each system, by `sys.platform`.\n\
         FILES: Final = {{\n    \"linux\": {},\n    \"darwin\": {},\n    \"win32\": {},\n}}\n\n",
        quoted(&api["version"])?,
        quoted(&api["abi"])?,
        quoted(&stepwire["files"]["linux"])?,
        quoted(&stepwire["files"]["macos"])?,
        quoted(&stepwire["files"]["windows"])?,
    );
    for constant in items(&stepwire["constants"])? {
        line(&mut text, format_args!("{}: Final = {}", name(constant)?, constant["value"]));
    }

    text += "\n#: The names of the error numbers.\nERRORS: Final = {\n";
    for error in items(&stepwire["errors"])? {
        line(&mut text, format_args!("    {}: {},", name(error)?, quoted(&error["name"])?));
    }
    text += "}\n\n#: Every option: its number, \"library\" or \"socket\", and \"flag\", \"number\", \"action\" or \"text\".\n";
    text += "OPTIONS: Final[dict[str, tuple[int, str, str]]] = {\n";
    for option in items(&stepwire["options"])? {
        let (scope, kind) = (scope(option)?, kind(option)?);
        line(
            &mut text,
            format_args!(
                "    {}: ({}, \"{}\", \"{}\"),",
                quoted(&option["name"])?,
                text_of(&option["constant"])?,
                scope.name(),
                kind.name()
            ),
        );
    }
    text += "}\n";
    for (class, wanted, words) in [
        ("SocketOptions", Scope::Socket, "Options of sockets."),
        ("LibraryOptions", Scope::Library, "Options of the whole library."),
    ] {
        write!(text, "\n\nclass {class}(TypedDict, total=False):\n    \"\"\"{words}\"\"\"\n\n")
            .map_err(|error| error.to_string())?;
        for option in items(&stepwire["options"])? {
            if scope(option)? == wanted {
                line(&mut text, format_args!("    {}: {}", name(option)?, kind(option)?.python()));
            }
        }
    }
    text += "\n\n";
    for (alias, library) in [("SocketStat", false), ("LibraryStat", true)] {
        line(&mut text, format_args!("{alias} = Literal["));
        for key in stats(stepwire, library)? {
            line(&mut text, format_args!("    \"{key}\","));
        }
        text += "]\n";
    }

    text += "\n#: Every function: its arguments, \">\", what it returns. d is a number, s a string, p a pointer.\n";
    text += "FUNCTIONS: Final = {\n";
    for function in items(&stepwire["functions"])? {
        let mut signature = String::new();
        for argument in items(&function["arguments"])? {
            signature += code(text_of(&argument["type"])?)?;
        }
        signature = signature + ">" + code(text_of(&function["returns"])?)?;
        line(&mut text, format_args!("    {}: \"{signature}\",", quoted(&function["name"])?));
    }
    text += "}\n\n";
    text += &event_layout(stepwire)?;
    Ok(text)
}

/// `NetworkEvent` for Python's `struct`, its reserve left out.
fn event_layout(stepwire: &Value) -> Result<String, String> {
    let event = items(&stepwire["structs"])?
        .iter()
        .find(|one| one["name"] == "NetworkEvent")
        .ok_or("there is no NetworkEvent")?;
    let (mut format, mut names) = (String::new(), Vec::new());
    for field in items(&event["fields"])? {
        let field_name = name(field)?;
        if field_name == "reserved" {
            continue;
        }
        format.push(if text_of(&field["type"])? == "double" { 'd' } else { 'P' });
        names.push(field_name);
    }
    Ok(format!(
        "#: `NetworkEvent` for the struct module: {}.\nEVENT_FORMAT: Final = \"{format}\"\n\
         #: How much memory it takes on systems with 64 bits.\nEVENT_SIZE: Final = {}\n",
        names.join(", "),
        event["size"]
    ))
}

/// One letter for a type of C.
fn code(c_type: &str) -> Result<&'static str, String> {
    Ok(match c_type {
        "double" => "d",
        "const char *" => "s",
        pointer if pointer.ends_with('*') => "p",
        "NetworkCallback" => "p",
        other => return Err(format!("the bindings know no type {other}")),
    })
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Scope {
    Library,
    Socket,
}

impl Scope {
    fn name(self) -> &'static str {
        match self {
            Self::Library => "library",
            Self::Socket => "socket",
        }
    }
}

fn scope(option: &Value) -> Result<Scope, String> {
    // A text has no place for a socket beside it: the library's are given -1.
    Ok(if text_of(&option["scope"])? == "library" { Scope::Library } else { Scope::Socket })
}

#[derive(Clone, Copy)]
enum Kind {
    Flag,
    Number,
    Action,
    Text,
}

impl Kind {
    fn name(self) -> &'static str {
        match self {
            Self::Flag => "flag",
            Self::Number => "number",
            Self::Action => "action",
            Self::Text => "text",
        }
    }

    fn python(self) -> &'static str {
        match self {
            Self::Flag => "bool",
            Self::Number => "int",
            Self::Action => "Literal[True]",
            Self::Text => "str",
        }
    }

    fn typescript(self) -> &'static str {
        match self {
            Self::Flag => "boolean",
            Self::Number => "number",
            Self::Action => "true",
            Self::Text => "string",
        }
    }
}

fn kind(option: &Value) -> Result<Kind, String> {
    Ok(match text_of(&option["value"]["kind"])? {
        "flag" => Kind::Flag,
        "integer" | "percentage" => Kind::Number,
        "action" => Kind::Action,
        "text" | "file" => Kind::Text,
        other => return Err(format!("the bindings know no option of kind {other}")),
    })
}

/// The counters that one socket has, or that the library has as a whole.
fn stats(stepwire: &Value, library: bool) -> Result<Vec<&str>, String> {
    let mut found = Vec::new();
    for stat in items(&stepwire["stats"])? {
        let scope = text_of(&stat["scope"])?;
        if if library { scope.contains("library") } else { scope != "library" } {
            found.push(text_of(&stat["key"])?);
        }
    }
    Ok(found)
}

/// `abi.js`.
pub fn javascript(api: &Value) -> Result<String, String> {
    let stepwire = &api["stepwire"];
    let mut text = format!("'use strict';\n// The library's constants and options, {MADE_BY}.\n\n");
    line(&mut text, format_args!("exports.version = {};", quoted(&api["version"])?));
    line(&mut text, format_args!("exports.abi = {};", quoted(&api["abi"])?));
    text += "\nexports.constants = Object.freeze({\n";
    for constant in items(&stepwire["constants"])? {
        line(&mut text, format_args!("  {}: {},", name(constant)?, constant["value"]));
    }
    text += "});\n\n// Number, scope, kind.\nexports.options = Object.freeze({\n";
    for option in items(&stepwire["options"])? {
        line(
            &mut text,
            format_args!(
                "  {}: [{}, '{}', '{}'],",
                name(option)?,
                option["number"],
                scope(option)?.name(),
                kind(option)?.name()
            ),
        );
    }
    text += "});\n";
    Ok(text)
}

/// `abi.d.ts`.
pub fn typescript(api: &Value) -> Result<String, String> {
    let stepwire = &api["stepwire"];
    let mut text = format!("// The library's constants and options, {MADE_BY}.\n\n");
    text += "/** Every constant of stepwire.h under its name there. */\nexport declare const constants: {\n";
    for constant in items(&stepwire["constants"])? {
        line(&mut text, format_args!("  readonly {}: {};", name(constant)?, constant["value"]));
    }
    text += "};\n";
    for (interface, wanted, words) in [
        ("SocketOptions", Scope::Socket, "Options of sockets."),
        ("LibraryOptions", Scope::Library, "Options of the whole library."),
    ] {
        write!(text, "\n/** {words} */\nexport interface {interface} {{\n")
            .map_err(|error| error.to_string())?;
        for option in items(&stepwire["options"])? {
            if scope(option)? == wanted {
                line(&mut text, format_args!("  {}?: {};", name(option)?, kind(option)?.typescript()));
            }
        }
        text += "}\n";
    }
    for (alias, library) in [("SocketStat", false), ("LibraryStat", true)] {
        write!(text, "\nexport type {alias} =\n").map_err(|error| error.to_string())?;
        let keys: Vec<_> = stats(stepwire, library)?.iter().map(|key| format!("  | '{key}'")).collect();
        line(&mut text, format_args!("{};", keys.join("\n")));
    }
    text += "\n/** The names of what goes wrong: `error.code`. */\nexport type ErrorCode =\n";
    let mut names = Vec::new();
    for error in items(&stepwire["errors"])? {
        names.push(format!("  | '{}'", name(error)?));
    }
    line(&mut text, format_args!("{};", names.join("\n")));
    Ok(text)
}

fn line(text: &mut String, words: std::fmt::Arguments<'_>) {
    text.push_str(&words.to_string());
    text.push('\n');
}

fn items(value: &Value) -> Result<&Vec<Value>, String> {
    value.as_array().ok_or_else(|| format!("not a list: {value}"))
}

fn name(value: &Value) -> Result<&str, String> {
    text_of(&value["name"])
}

fn quoted(value: &Value) -> Result<String, String> {
    Ok(format!("\"{}\"", text_of(value)?))
}
