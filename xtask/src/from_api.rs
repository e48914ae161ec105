//! The files of bindings that are made as a whole from the description of the ABI (`include/api.json`).

use std::path::Path;

use serde_json::Value;

use crate::{api, cpp_binding, csharp_binding, scripting_bindings};

type Make = fn(&Value) -> Result<String, String>;

const FILES: [(&str, Make); 5] = [
    (cpp_binding::PATH, cpp_binding::generate),
    (csharp_binding::PATH, csharp_binding::generate),
    (scripting_bindings::PYTHON, scripting_bindings::python),
    (scripting_bindings::JAVASCRIPT, scripting_bindings::javascript),
    (scripting_bindings::TYPESCRIPT, scripting_bindings::typescript),
];

/// Each of them as it should be, with its path below the folder of the project, `root`.
pub fn generate(root: &Path) -> Result<Vec<(&'static str, String)>, String> {
    let description = serde_json::from_str(&api::generate(root)?).map_err(|error| error.to_string())?;
    FILES.iter().map(|(path, make)| Ok((*path, make(&description)?))).collect()
}

/// Calls with each member of a list of the description, and puts the answers together.
pub(crate) fn each(list: &Value, line: fn(&Value) -> Result<String, String>) -> Result<String, String> {
    list.as_array().ok_or("the description of the ABI lacks a list")?.iter().map(line).collect()
}

/// A member that is text.
pub(crate) fn text(value: &Value) -> Result<&str, String> {
    value.as_str().ok_or_else(|| format!("the description of the ABI has {value} where text is expected"))
}

/// What an option takes, and what it is where nobody sets it, in few words: "1 to 2147483647 ms; default 10000".
pub(crate) fn range(option: &Value) -> Result<String, String> {
    let value = &option["value"];
    let takes = match text(&value["kind"])? {
        "flag" => "0 or 1".to_owned(),
        "percentage" => "0 to 100".to_owned(),
        "integer" => {
            let unit = value["unit"].as_str().filter(|unit| !unit.is_empty());
            let unit = unit.map_or_else(String::new, |unit| format!(" {unit}"));
            format!("{} to {}{unit}", value["least"], value["most"])
        }
        "action" => return Ok(String::new()),
        "text" => "text".to_owned(),
        "file" => "a path".to_owned(),
        other => return Err(format!("options that take \"{other}\" are not known")),
    };
    Ok(match option["default"].as_str().unwrap_or_default() {
        "" => takes,
        default => format!("{takes}; default {default}"),
    })
}
