//! `include/api.json`: all that the C headers and the catalog say, for programs that make bindings.
//! docs/bindings.md describes its form.

use std::path::Path;

use serde_json::{Value, json};

use crate::catalog::{event_keys, options, stats};
use crate::declarations::{Code, Declaration, Header, Variable, read};
use crate::reference_text::socket_kinds;
use crate::{header_text, version};

/// Where it is, below the project's folder.
pub const PATH: &str = "include/api.json";

/// Another number is another form of the file: programs that read it look at this first.
const FORMAT: u32 = 1;

/// Its text for the project at `root`.
pub fn generate(root: &Path) -> Result<String, String> {
    let stepwire = read(&header_text::STEPWIRE.generate(root)?)?;
    let cluster = read(&header_text::CLUSTER.generate(root)?)?;
    let api = json!({
        "format": FORMAT,
        "made_by": "cargo xtask header; docs/bindings.md describes the form",
        "version": version::VERSION,
        "abi": version::abi(),
        "stepwire": with_catalog(library("stepwire", "stepwire.h", &stepwire)?),
        "cluster": library("stepwire_cluster", "stepwire_cluster.h", &cluster)?,
    });
    Ok(serde_json::to_string_pretty(&api).map_err(|error| error.to_string())? + "\n")
}

/// One library as its header has it.
fn library(name: &str, file: &str, header: &Header) -> Result<Value, String> {
    let of = |wanted: fn(&Declaration) -> Result<Option<Value>, String>| {
        let found = header.declarations.iter().map(wanted).filter_map(Result::transpose);
        found.collect::<Result<Vec<_>, _>>()
    };
    let groups = header.groups.iter().map(|(name, title)| json!({ "name": name, "title": title }));
    Ok(json!({
        "library": name,
        "header": file,
        "files": {
            "linux": version::loaded_name_on("linux", name),
            "macos": version::loaded_name_on("macos", name),
            "windows": version::loaded_name_on("windows", name),
        },
        "groups": groups.collect::<Vec<_>>(),
        "functions": of(|found| Ok(function(found)))?,
        "callbacks": of(|found| Ok(callback(found)))?,
        "structs": of(structure)?,
        "constants": of(|found| Ok(constant(found)))?,
    }))
}

/// What the declarations have in common.
fn described(declaration: &Declaration) -> Value {
    let mut value = json!({ "name": declaration.name });
    if let Some(group) = &declaration.group {
        value["group"] = json!(group);
    }
    value["doc"] = json!(declaration.doc);
    value
}

fn constant(declaration: &Declaration) -> Option<Value> {
    let Code::Constant { value } = &declaration.code else { return None };
    let mut constant = described(declaration);
    constant["value"] = json!(value);
    Some(constant)
}

fn function(declaration: &Declaration) -> Option<Value> {
    let Code::Function { returns, arguments } = &declaration.code else { return None };
    let mut function = described(declaration);
    if let Some(promises) = &declaration.promises {
        function["promises"] = json!(promises);
    }
    Some(with_signature(function, returns, arguments))
}

fn callback(declaration: &Declaration) -> Option<Value> {
    let Code::Callback { returns, arguments } = &declaration.code else { return None };
    Some(with_signature(described(declaration), returns, arguments))
}

fn with_signature(mut function: Value, returns: &str, arguments: &[Variable]) -> Value {
    let argument = |argument: &Variable| {
        let mut value = json!({ "name": argument.name, "type": argument.c_type });
        if let Some(default) = argument.default {
            value["default"] = json!(default);
        }
        value
    };
    function["returns"] = json!(returns);
    function["arguments"] = arguments.iter().map(argument).collect();
    function
}

fn structure(declaration: &Declaration) -> Result<Option<Value>, String> {
    let Code::Struct { members } = &declaration.code else { return Ok(None) };
    let mut offset = 0;
    let mut fields = Vec::new();
    for member in members {
        let size = size(&member.c_type)? * member.count.unwrap_or(1);
        let mut field = json!({ "name": member.name, "type": member.c_type });
        if let Some(count) = member.count {
            field["count"] = json!(count);
        }
        field["offset"] = json!(offset);
        field["size"] = json!(size);
        field["doc"] = json!(member.doc);
        fields.push(field);
        offset += size;
    }
    let mut value = described(declaration);
    value["size"] = json!(offset);
    value["fields"] = json!(fields);
    Ok(Some(value))
}

/// The size of a type on systems of 64 bits. All that the structs have are aligned to their sizes, which are
/// the same, so that nothing stands between members.
fn size(c_type: &str) -> Result<usize, String> {
    match c_type {
        "double" => Ok(8),
        pointer if pointer.ends_with('*') => Ok(8),
        other => Err(format!("what \"{other}\" takes in a struct is not known")),
    }
}

/// What only the tables of stepwire say.
fn with_catalog(mut stepwire: Value) -> Value {
    stepwire["options"] = options::TABLE.iter().map(option).collect();
    let stat = |row: &stats::Row| json!({ "key": row.key, "scope": stat_scope(row.scope), "doc": row.doc });
    stepwire["stats"] = stats::TABLE.iter().map(stat).collect();
    stepwire["event_keys"] = json!({
        "numbers": event_keys::REALS.iter().map(|row| row.name).collect::<Vec<_>>(),
        "texts": event_keys::TEXTS.iter().map(|row| row.name).collect::<Vec<_>>(),
    });
    let constants = stepwire["constants"].as_array().into_iter().flatten();
    let errors = constants.filter(|constant| constant["group"] == "errors");
    let error = |constant: &Value| json!({ "name": constant["name"], "number": constant["value"], "sentence": constant["doc"] });
    stepwire["errors"] = errors.map(error).collect();
    stepwire
}

fn option(row: &options::Row) -> Value {
    let scope = match row.scope {
        options::Scope::Library => "library",
        options::Scope::Socket => "socket",
        options::Scope::SocketOrDefault => "socket or default",
    };
    let value = match row.kind {
        options::Kind::Flag => json!({ "kind": "flag" }),
        options::Kind::Integer { unit, least, most } => {
            json!({ "kind": "integer", "unit": unit, "least": least, "most": most })
        }
        options::Kind::Percentage => json!({ "kind": "percentage", "least": 0, "most": 100 }),
        options::Kind::Action => json!({ "kind": "action" }),
        options::Kind::Text => json!({ "kind": "text" }),
        options::Kind::File => json!({ "kind": "file" }),
    };
    json!({
        "name": row.name.trim_start_matches("network_config_"),
        "constant": row.name,
        "number": row.number,
        "scope": scope,
        "sockets": socket_kinds(row.sockets),
        "function": if row.kind.is_text() { "network_set_config_string" } else { "network_set_config" },
        "value": value,
        "default": row.default,
        "doc": row.doc.lines().map(str::trim).collect::<Vec<_>>().join("\n").trim(),
    })
}

fn stat_scope(scope: stats::Scope) -> &'static str {
    match scope {
        stats::Scope::SocketAndLibrary => "socket or library",
        stats::Scope::Socket => "socket",
        stats::Scope::Server => "server",
        stats::Scope::Library => "library",
    }
}
