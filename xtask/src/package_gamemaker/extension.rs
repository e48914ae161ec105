//! The extension's resource file, `stepwire.yy`.

use md5::{Digest, Md5};
use serde_json::{Map, Value, json};

use super::binaries::Platform;
use super::description::{Argument, Description, ExtensionOption, Function, Kind, OptionKind, Returns};
use super::yy;

/// macOS, Windows and Linux, as the IDE counts them.
const DESKTOP: u64 = 1 << 1 | 1 << 6 | 1 << 7;
const HTML5: u64 = 1 << 5;
/// Every target that there is and will be.
const ALL: u64 = i64::MAX as u64;

/// A file with functions. Each target has exactly one of them, with the same functions in it.
struct SourceFile {
    name: &'static str,
    targets: u64,
    /// The IDE's number for such files, and for functions in them.
    kind: u32,
    uses_runner_interface: bool,
    platforms: &'static [Platform],
    /// Functions of its own, which take one argument.
    helpers: &'static [&'static str],
}

const FILES: [SourceFile; 3] = [
    // Stands for different libraries on different platforms.
    SourceFile {
        name: "stepwire.ext",
        targets: DESKTOP,
        kind: 4,
        uses_runner_interface: true,
        platforms: &Platform::ALL,
        helpers: &[],
    },
    SourceFile {
        name: "stepwire.js",
        targets: HTML5,
        kind: 5,
        uses_runner_interface: false,
        platforms: &[],
        helpers: &[],
    },
    // Where there is neither: the built-in functions.
    SourceFile {
        name: "stepwire_builtin.gml",
        targets: ALL & !DESKTOP & !HTML5,
        kind: 2,
        uses_runner_interface: false,
        platforms: &[],
        helpers: &["result", "unsupported", "builtin"],
    },
];

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
        "copyToTargets": -1,
        "description": "The networking functions, and what they lack: disconnects, reasons, limits, wss servers.",
        "exportToGame": true,
        "extensionVersion": version,
        "files": FILES.iter().map(|file| source_file(description, file)).collect::<Vec<_>>(),
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

fn source_file(description: &Description, file: &SourceFile) -> Value {
    let functions = description.functions.iter().map(|entry| function(description, entry, file.kind));
    let helpers = file.helpers.iter().map(|name| function(description, &helper(name), file.kind));
    json!({
        "$GMExtensionFile": "v1",
        "%Name": file.name,
        "constants": [],
        "copyToTargets": file.targets,
        "filename": file.name,
        "final": description.gml_name("final"),
        "functions": functions.chain(helpers).collect::<Vec<_>>(),
        "init": description.gml_name("init"),
        "kind": file.kind,
        "name": file.name,
        "origname": "",
        "ProxyFiles": file.platforms.iter().map(|platform| proxy(*platform)).collect::<Vec<_>>(),
        "resourceType": "GMExtensionFile",
        "resourceVersion": "2.0",
        "uncompress": false,
        "usesRunnerInterface": file.uses_runner_interface,
    })
}

fn helper(name: &str) -> Function {
    let argument = Argument { name: "value".to_owned(), kind: Kind::Real, default: None, doc: String::new() };
    Function {
        name: name.to_owned(),
        summary: "For this file alone.".to_owned(),
        arguments: vec![argument],
        returns: Returns { kind: Kind::Real, doc: String::new() },
        built_in: false,
        hidden: true,
    }
}

fn function(description: &Description, function: &Function, kind: u32) -> Value {
    let name = description.gml_name(&function.name);
    let types: Vec<u8> = function.arguments.iter().map(|argument| argument.kind.yy()).collect();
    json!({
        "$GMExtensionFunction": "",
        "%Name": name,
        "argCount": types.len(),
        "args": types,
        "documentation": documentation(function),
        "externalName": name,
        "help": function.call(&name),
        // The runner calls it, and nobody else should. Those for the package's scripts are shown: tools take
        // what is hidden for undeclared.
        "hidden": function.name == "final",
        "kind": kind,
        "name": name,
        "resourceType": "GMExtensionFunction",
        "resourceVersion": "2.0",
        "returnType": function.returns.kind.yy(),
    })
}

/// The function's JSDoc, which the IDE's editor shows.
pub fn documentation(function: &Function) -> String {
    let mut lines = vec![format!("/// @description {}", function.summary)];
    for argument in &function.arguments {
        let name =
            if argument.default.is_some() { format!("[{}]", argument.name) } else { argument.name.clone() };
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
