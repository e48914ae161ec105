//! Generated GML.

use super::description::{Description, Kind, LegacyFunction};

const HEADER: &str =
    "// Generated from gamemaker/functions.json by cargo xtask package-gamemaker --generate.\n";

/// The script that makes a game's `network_*` calls calls of the extension.
pub fn redirect(description: &Description) -> String {
    let mut text = String::from(HEADER);
    text.push_str(
        "// With this script in a project the built-in networking functions are the extension's.\n\
         // Delete it to have both side by side.\n\n",
    );
    for function in description.functions.iter().chain(&description.script) {
        if let Some(built_in) = function.built_in_name() {
            text.push_str(&format!("#macro {built_in} {}\n", description.gml_name(&function.name)));
        }
    }
    text
}

/// The constants, as macros: those of extensions are not there on every target.
pub fn constants(description: &Description) -> String {
    let mut text = String::from(HEADER);
    for constant in &description.constants {
        let name = description.gml_name(&constant.name);
        text.push_str(&format!(
            "\n/// {}\n#macro {name} {}\n",
            constant.doc.trim_start_matches("/// "),
            constant.value
        ));
    }
    text
}

/// `external_define` lines for hosts without the runner interface.
pub fn external(description: &Description) -> String {
    let mut text = String::from(HEADER);
    text.push_str(
        "// Call it once with the library's file name; then for example\n\
         // external_call(global.ext_stepwire_create_socket, network_socket_tcp).\n\
         // Bytes go in and out as buffer_get_address(buffer), which is a string to external_call.\n\n\
         /// @param {String} library stepwire_x64.dll, stepwire.so or libstepwire.dylib\n\
         function stepwire_external_define(library) {\n",
    );
    for function in description.plain() {
        // The runner calls this one by itself, and only in extensions.
        if function.name != "RegisterCallbacks" {
            text.push_str(&format!("    {};\n", external_define(&function)));
        }
    }
    text.push_str("}\n");
    text
}

fn external_define(function: &LegacyFunction) -> String {
    let mut arguments = vec![
        "library".to_owned(),
        format!("\"{}\"", function.name),
        "dll_cdecl".to_owned(),
        external_type(function.returns).to_owned(),
        function.arguments.len().to_string(),
    ];
    arguments.extend(function.arguments.iter().map(|kind| external_type(*kind).to_owned()));
    format!("global.ext_{} = external_define({})", function.name, arguments.join(", "))
}

fn external_type(kind: Kind) -> &'static str {
    if kind.yy() == 1 { "ty_string" } else { "ty_real" }
}
