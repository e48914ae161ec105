//! The extension's resource file, `stepwire.yy`.

use md5::{Digest, Md5};
use serde_json::{Map, Value, json};

use super::binaries::Platform;
use super::description::{Constant, Description, ExtensionOption, Function, OptionKind};
use super::yy;

/// macOS, Windows and Linux, as the IDE counts them.
const DESKTOP: u32 = 1 << 1 | 1 << 6 | 1 << 7;
/// A file that stands for different files on different platforms.
const FILE_GENERIC: u32 = 4;
const FUNCTION_KIND: u32 = 4;
/// A function whose calls may differ in their number of arguments.
const VARIADIC: i32 = -1;

/// What the IDE wants to find even where it does not apply: texts, lists and flags.
const EMPTY: [&str; 30] = [
    "androidactivityinject",
    "androidclassname",
    "androidcodeinjection",
    "androidinject",
    "androidmanifestinject",
    "androidsourcedir",
    "classname",
    "gradleinject",
    "helpfile",
    "HTML5CodeInjection",
    "installdir",
    "iosCocoaPodDependencies",
    "iosCocoaPods",
    "ioscodeinjection",
    "iosdelegatename",
    "iosplistinject",
    "maccompilerflags",
    "maclinkerflags",
    "macsourcedir",
    "packageId",
    "productId",
    "sourcedir",
    "tvosclassname",
    "tvosCocoaPodDependencies",
    "tvosCocoaPods",
    "tvoscodeinjection",
    "tvosdelegatename",
    "tvosmaccompilerflags",
    "tvosmaclinkerflags",
    "tvosplistinject",
];
const NONE: [&str; 6] = [
    "androidPermissions",
    "IncludedResources",
    "iosSystemFrameworkEntries",
    "iosThirdPartyFrameworkEntries",
    "tvosSystemFrameworkEntries",
    "tvosThirdPartyFrameworkEntries",
];
const OFF: [&str; 4] = ["androidProps", "html5Props", "iosProps", "tvosProps"];

pub fn text(description: &Description, version: &str) -> String {
    let name = &description.extension;
    let mut members = Map::new();
    members.extend(EMPTY.map(|key| (key.to_owned(), json!(""))));
    members.extend(NONE.map(|key| (key.to_owned(), json!([]))));
    members.extend(OFF.map(|key| (key.to_owned(), json!(false))));
    let own = json!({
        "$GMExtension": "",
        "%Name": name,
        "author": "",
        "ConfigValues": {},
        "copyToTargets": DESKTOP,
        "description": "The networking functions, and what they lack: disconnects, reasons, limits, wss servers.",
        "exportToGame": true,
        "extensionVersion": version,
        "files": [file(description)],
        "hasConvertedCodeInjection": true,
        "license": "MIT OR Apache-2.0",
        "name": name,
        "options": description.options.iter().map(option).collect::<Vec<_>>(),
        "optionsFile": "options.json",
        "parent": {"name": "stepwire", "path": "folders/stepwire.yy"},
        "resourceType": "GMExtension",
        "resourceVersion": "2.0",
        "supportedTargets": -1,
    });
    if let Value::Object(own) = own {
        members.extend(own);
    }
    yy::to_string(&yy::sorted(members))
}

fn file(description: &Description) -> Value {
    let name = format!("{}.ext", description.extension);
    json!({
        "$GMExtensionFile": "v1",
        "%Name": name,
        "constants": description.constants.iter().map(|entry| constant(description, entry)).collect::<Vec<_>>(),
        "copyToTargets": DESKTOP,
        "filename": name,
        "final": description.gml_name("final"),
        "functions": description.functions.iter().map(|entry| function(description, entry)).collect::<Vec<_>>(),
        "init": description.gml_name("init"),
        "kind": FILE_GENERIC,
        "name": name,
        "origname": "",
        "ProxyFiles": Platform::ALL.map(proxy),
        "resourceType": "GMExtensionFile",
        "resourceVersion": "2.0",
        "uncompress": false,
        "usesRunnerInterface": true,
    })
}

fn constant(description: &Description, constant: &Constant) -> Value {
    let name = description.gml_name(&constant.name);
    json!({
        "$GMExtensionConstant": "",
        "%Name": name,
        "hidden": false,
        "name": name,
        "resourceType": "GMExtensionConstant",
        "resourceVersion": "2.0",
        "value": constant.value.to_string(),
    })
}

fn function(description: &Description, function: &Function) -> Value {
    let name = description.gml_name(&function.name);
    let types: Vec<u8> = function.arguments.iter().map(|argument| argument.kind.yy()).collect();
    let (count, types) =
        if function.is_variadic() { (VARIADIC, Vec::new()) } else { (types.len() as i32, types) };
    json!({
        "$GMExtensionFunction": "",
        "%Name": name,
        "argCount": count,
        "args": types,
        "documentation": documentation(function),
        "externalName": name,
        "help": function.call(&name),
        // The runner calls it, and nobody else should.
        "hidden": function.name == "final",
        "kind": FUNCTION_KIND,
        "name": name,
        "resourceType": "GMExtensionFunction",
        "resourceVersion": "2.0",
        "returnType": function.returns.kind.yy(),
    })
}

/// The function's JSDoc, which the IDE's editor shows.
fn documentation(function: &Function) -> String {
    let mut lines = vec![format!("/// @description {}", function.summary)];
    for argument in &function.arguments {
        let name = if argument.optional { format!("[{}]", argument.name) } else { argument.name.clone() };
        lines.push(format!("/// @param {{{}}} {name} {}", argument.kind.feather(), argument.doc));
    }
    lines.push(format!("/// @returns {{{}}} {}", function.returns.kind.feather(), function.returns.doc));
    lines.join("\n")
}

fn option(option: &ExtensionOption) -> Value {
    let kind = match option.kind {
        OptionKind::Number => 1,
        OptionKind::String => 2,
        OptionKind::List => 6,
    };
    json!({
        "$GMExtensionOption": "",
        "%Name": option.name,
        "defaultValue": option.default,
        "description": option.doc,
        "displayName": option.display,
        "exportToINI": false,
        "extensionId": null,
        "guid": guid(&option.name),
        "hidden": false,
        "listItems": option.items,
        "name": option.name,
        "optType": kind,
        "resourceType": "GMExtensionOption",
        "resourceVersion": "2.0",
    })
}

/// The IDE tells options apart by it: the same at every generation.
fn guid(name: &str) -> String {
    let hex = format!("{:032x}", u128::from_be_bytes(Md5::digest(format!("stepwire {name}")).into()));
    [&hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..]].join("-")
}

fn proxy(platform: Platform) -> Value {
    json!({
        "$GMProxyFile": "",
        "%Name": platform.file_name(),
        "name": platform.file_name(),
        "resourceType": "GMProxyFile",
        "resourceVersion": "2.0",
        "TargetMask": platform.target(),
    })
}
