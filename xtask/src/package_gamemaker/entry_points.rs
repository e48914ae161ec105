//! The Rust file with one entry point per GML function, under the names that runners look up.

use super::description::{Argument, Description, Function, Kind};

/// Functions that call the runner's slots themselves.
const CALL_SLOTS: [(&str, &str); 2] = [
    ("init", "Body::Runner { needs: &[], run: options::apply }"),
    ("step", "Body::Runner { needs: step::NEEDS, run: step::step }"),
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
         //! What a runner looks up: one entry point per GML function, under its C++ name.\n\n\
         use super::arguments::Accepts::{Buffer, Real, RealOrText, Text};\n\
         use super::call::{Body, Function, entry_point, optional, parameter};\n\
         use super::{functions, options, step};\n",
    );
    for function in &description.functions {
        text.push('\n');
        text.push_str(&entry_point(description, function));
    }
    text
}

fn entry_point(description: &Description, function: &Function) -> String {
    let name = description.gml_name(&function.name);
    let parameters: Vec<String> = function.arguments.iter().map(parameter).collect();
    let body = CALL_SLOTS.iter().find(|(name, _)| *name == function.name).map_or_else(
        || format!("Body::Library(functions::{})", escaped(&function.name)),
        |(_, body)| (*body).to_owned(),
    );
    format!(
        "entry_point! {{\n    {symbol},\n    \"{itanium}\",\n    \"{msvc}\",\n    Function {{\n        \
         name: \"{name}\",\n        parameters: &[{parameters}],\n        body: {body},\n    }}\n}}\n",
        symbol = escaped(&function.name),
        itanium = itanium_name(&name),
        msvc = msvc_name(&name),
        parameters = if parameters.is_empty() {
            String::new()
        } else {
            format!("\n            {},\n        ", parameters.join(",\n            "))
        },
    )
}

fn parameter(argument: &Argument) -> String {
    let accepts = match argument.kind {
        Kind::Real | Kind::Socket => "Real",
        Kind::String => "Text",
        Kind::Buffer => "Buffer",
        Kind::RealOrString => "RealOrText",
    };
    let maker = if argument.optional { "optional" } else { "parameter" };
    format!("{maker}(\"{}\", {accepts})", argument.name)
}

/// A name that Rust keeps for itself.
fn escaped(name: &str) -> String {
    if name == "final" { "r#final".to_owned() } else { name.to_owned() }
}
