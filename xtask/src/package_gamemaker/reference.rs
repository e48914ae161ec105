//! The generated page of the documentation: every function, constant and option.

use super::description::{Description, Function, OptionKind};

pub fn text(description: &Description) -> String {
    let mut text = String::from(
        "# GameMaker extension: functions, constants, options\n\n\
         Generated from `gamemaker/functions.json` by `cargo xtask package-gamemaker --generate`. \
         How to use it is in [porting-gamemaker.md](porting-gamemaker.md).\n\n\
         ## Functions\n\n\
         Those with a built-in twin take exactly its arguments. Results below 0 are errors; \
         `stepwire_last_error()` then has a sentence.\n",
    );
    let shown = description.functions.iter().filter(|function| !function.hidden);
    for function in shown.chain(&description.script) {
        text.push_str(&entry(description, function));
    }
    text.push_str("\n## Constants\n\n| name | value | meaning |\n|---|---|---|\n");
    for constant in &description.constants {
        let name = description.gml_name(&constant.name);
        text.push_str(&format!("| `{name}` | {} | {} |\n", constant.value, constant.doc));
    }
    text.push_str("\n## Extension options\n\n| option | default | meaning |\n|---|---|---|\n");
    for option in &description.options {
        let choice = match option.kind {
            OptionKind::List => format!(" ({})", option.items.join(", ")),
            OptionKind::Number | OptionKind::String => String::new(),
        };
        let default = if option.default.is_empty() { "empty" } else { &option.default };
        text.push_str(&format!("| {}{choice} | {default} | {} |\n", option.display, option.doc));
    }
    text.push_str(
        "\n## Plain functions\n\n\
         For hosts that pass only doubles and strings (GameMaker's new runtime, extensions without the runner \
         interface, `external_define`): exported under these names. A buffer is passed as its address, a string.\n\n\
         | function | arguments | result | what it does |\n|---|---|---|---|\n",
    );
    for function in description.plain() {
        let arguments: Vec<&str> =
            function.arguments.iter().map(|kind| if kind.yy() == 1 { "string" } else { "double" }).collect();
        let result = if function.returns.yy() == 1 { "string" } else { "double" };
        let arguments = if arguments.is_empty() { "none".to_owned() } else { arguments.join(", ") };
        let summary = if function.summary.is_empty() { "see above" } else { &function.summary };
        text.push_str(&format!("| `{}` | {arguments} | {result} | {summary} |\n", function.name));
    }
    text
}

fn entry(description: &Description, function: &Function) -> String {
    let call = function.call(&description.gml_name(&function.name));
    let mut text = format!("\n### `{call}`\n\n{}", function.summary);
    if let Some(built_in) = function.built_in_name() {
        text.push_str(&format!(" Twin of `{built_in}`."));
    }
    text.push_str("\n\n");
    for argument in &function.arguments {
        let optional =
            argument.default.as_ref().map_or_else(String::new, |value| format!(", optional, {value}"));
        text.push_str(&format!(
            "- `{}` ({}{optional}): {}\n",
            argument.name,
            argument.kind.feather(),
            argument.doc
        ));
    }
    text.push_str(&format!("- returns ({}): {}\n", function.returns.kind.feather(), function.returns.doc));
    text
}
