//! The Rust file with one entry point per GML function, under the names that runners look up.

use super::description::{Argument, Description, Function, Kind};

/// Functions that call the runner's slots themselves.
const CALL_SLOTS: [(&str, &str); 2] = [
    ("init", "Body::Runner { needs: &[], run: options::apply, without: options::apply_plain }"),
    ("collect", "Body::Runner { needs: step::NEEDS, run: step::step, without: polled::collect }"),
];
/// Functions that look at events which the game has asked for.
const POLLED: [&str; 7] = [
    "event_next",
    "event_real_key",
    "event_string_key",
    "event_real",
    "event_string",
    "event_read",
    "console_line",
];

/// The C++ name of `void name(RValue&, CInstance*, CInstance*, int, RValue*)` on Linux and macOS.
/// macOS puts one more underscore before every symbol by itself.
pub fn itanium_name(name: &str) -> String {
    format!("_Z{}{name}R6RValueP9CInstanceS2_iPS_", name.len())
}

/// The same on Windows x64.
pub fn msvc_name(name: &str) -> String {
    format!("?{name}@@YAXAEAURValue@@PEAVCInstance@@1HPEAU1@@Z")
}

pub fn text(description: &Description) -> String {
    let mut text = String::from(
        "// Generated from gamemaker/functions.json by cargo xtask package-gamemaker --generate.\n\
         //! What a runner looks up: two entry points per GML function, under its own and its C++ name.\n\n\
         use super::call::{Body, Function, entry_point};\n\
         use super::{functions, options, polled, step};\n",
    );
    for function in &description.functions {
        text.push('\n');
        text.push_str(&entry_point(description, function));
    }
    text
}

fn entry_point(description: &Description, function: &Function) -> String {
    let name = description.gml_name(&function.name);
    let parameters: Vec<String> = function.arguments.iter().enumerate().map(parameter).collect();
    let room = if POLLED.contains(&function.name.as_str()) { "polled" } else { "functions" };
    let body = CALL_SLOTS.iter().find(|(name, _)| *name == function.name).map_or_else(
        || format!("Body::Library({room}::{})", escaped(&function.name)),
        |(_, body)| (*body).to_owned(),
    );
    format!(
        "entry_point! {{\n    \"{name}\",\n    \"{itanium}\",\n    \"{msvc}\",\n    \
         ({parameters}) -> {result},\n    {body}\n}}\n",
        itanium = itanium_name(&name),
        msvc = msvc_name(&name),
        parameters = parameters.join(", "),
        result = if function.returns.kind == Kind::String { "Text" } else { "Real" },
    )
}

fn parameter((index, argument): (usize, &Argument)) -> String {
    let accepts = match argument.kind {
        Kind::Real | Kind::Socket => "Real",
        Kind::String => "Text",
        Kind::Buffer => "Buffer",
        Kind::Address => "Address",
        Kind::RealOrString => unreachable!("only scripts take one or the other"),
    };
    format!("a{index}: \"{}\" {accepts}", argument.name)
}

/// A name that Rust keeps for itself.
fn escaped(name: &str) -> String {
    if name == "final" { "r#final".to_owned() } else { name.to_owned() }
}
