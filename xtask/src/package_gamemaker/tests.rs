//! That everything which lists functions or constants says the same, and that the package is one.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::Read;
use std::process::Command;
use std::sync::OnceLock;

use md5::{Digest, Md5};
use serde_json::Value;
use xtask::catalog::options::TABLE;

use super::binaries::{Binary, Platform};
use super::description::{Function, Kind, Returns};
use super::*;

fn description() -> Description {
    Description::read(&root()).unwrap()
}

/// The header without its comments.
fn header() -> String {
    let text = fs::read_to_string(root().join("include/stepwire.h")).unwrap();
    let is_comment = |line: &str| line.trim_start().starts_with(['*', '/']);
    text.lines().filter(|line| !is_comment(line)).flat_map(|line| [line, "\n"]).collect()
}

/// The library for this machine, built as it stands.
fn library() -> Binary {
    static BUILT: OnceLock<PathBuf> = OnceLock::new();
    let file = BUILT.get_or_init(|| {
        let target = root().join("target/package-test");
        let status = Command::new(env!("CARGO"))
            .args(["build", "--quiet", "--package", "stepwire-extension", "--target-dir"])
            .arg(&target)
            .current_dir(root())
            .status();
        assert!(status.unwrap().success());
        let names = Platform::ALL.map(|platform| target.join("debug").join(platform.built_name()));
        names.into_iter().find(|file| file.is_file()).expect("cargo makes the library")
    });
    Binary::open(file).unwrap()
}

/// The package's files by path.
fn package() -> BTreeMap<String, Vec<u8>> {
    static FILES: OnceLock<BTreeMap<String, Vec<u8>>> = OnceLock::new();
    let pack = || {
        let out = root().join("target/package-test/stepwire.yymps");
        archive::write(&root(), &out, &[library()]).unwrap();
        let mut zip = zip::ZipArchive::new(File::open(out).unwrap()).unwrap();
        let mut files = BTreeMap::new();
        for index in 0..zip.len() {
            let mut file = zip.by_index(index).unwrap();
            let mut content = Vec::new();
            file.read_to_end(&mut content).unwrap();
            let path = file.name().unwrap().into_owned();
            assert!(files.insert(path, content).is_none());
        }
        files
    };
    FILES.get_or_init(pack).clone()
}

fn resource(files: &BTreeMap<String, Vec<u8>>, path: &str) -> Value {
    let content = files.get(path).unwrap_or_else(|| panic!("{path} is missing"));
    yy::parse(std::str::from_utf8(content).unwrap()).unwrap()
}

/// `#define`s of the header that begin with the prefix, without it.
fn defines(prefix: &str) -> BTreeMap<String, i32> {
    let header = header();
    let lines = header.lines().filter_map(|line| line.strip_prefix("#define network_")?.split_once(' '));
    lines
        .filter(|(name, _)| name.starts_with(prefix))
        .map(|(name, value)| (name.to_owned(), value.trim().parse().unwrap()))
        .collect()
}

/// The parameters' types and the result's type of a function of the header: D for double, P for a
/// pointer.
fn signature(name: &str) -> Option<String> {
    let header = header();
    let start = header.find(&format!(" {name}(")).or_else(|| header.find(&format!("*{name}(")))?;
    let result = if header[..start + 1].lines().last()?.contains("char") || header[start..].starts_with('*') {
        'P'
    } else {
        'D'
    };
    let open = start + header[start..].find('(')?;
    let parameters = &header[open + 1..open + header[open..].find(')')?];
    let kinds = parameters.split(',').map(str::trim).filter(|parameter| *parameter != "void");
    let kinds: String = kinds.map(|parameter| if parameter.contains('*') { 'P' } else { 'D' }).collect();
    Some(format!("{kinds}>{result}"))
}

fn letter(kind: Kind) -> char {
    if matches!(kind, Kind::String | Kind::Buffer) { 'P' } else { 'D' }
}

#[test]
fn what_is_generated_is_up_to_date() {
    refuse_stale(&root(), &generated_files(&description())).unwrap();
}

#[test]
fn constants_are_those_of_the_header() {
    let description = description();
    let described: BTreeMap<String, i32> =
        description.constants.iter().map(|constant| (constant.name.clone(), constant.value)).collect();
    let mut expected = defines("error_");
    // The events that GameMaker has no name for.
    expected.extend(defines("type_").into_iter().filter(|(_, value)| *value >= 1000));
    let options = defines("config_");
    // Older releases of GameMaker lack some of its own; those for C programs alone have no summary.
    let for_games = TABLE.iter().filter(|row| !row.summary.is_empty());
    expected.extend(for_games.map(|row| {
        let name = row.name.trim_start_matches("network_").to_owned();
        let value = options[&name];
        (name, value)
    }));
    assert_eq!(described, expected);
}

#[test]
fn functions_with_a_twin_have_the_twins_arguments() {
    let description = description();
    let functions = description.functions.iter().chain(&description.script);
    for function in functions.filter(|function| function.built_in) {
        let name = function.built_in_name().unwrap();
        let arguments: String = function.arguments.iter().map(|argument| letter(argument.kind)).collect();
        // set_config takes texts too, which is a function of its own in C.
        let expected = format!("{arguments}>{}", letter(function.returns.kind));
        assert_eq!(signature(&name), Some(expected), "{name}");
    }
}

#[test]
fn plain_functions_can_be_called() {
    for function in description().plain() {
        let arguments: String = function.arguments.iter().map(|kind| letter(*kind)).collect();
        let mixed = arguments.contains('D') && arguments.contains('P');
        assert!(!mixed || arguments.len() <= 4, "{} mixes more than four arguments", function.name);
    }
}

/// The script's functions are written by hand, their documentation is not.
#[test]
fn the_script_has_the_functions() {
    let description = description();
    let script = "gamemaker/scripts/stepwire_functions/stepwire_functions.gml";
    let script = fs::read_to_string(root().join(script)).unwrap();
    for function in &description.script {
        let arguments: Vec<String> = function
            .arguments
            .iter()
            .map(|argument| match &argument.default {
                Some(value) => format!("{} = {value}", argument.name),
                None => argument.name.clone(),
            })
            .collect();
        let head = format!(
            "{}\nfunction {}({}) {{\n",
            extension::documentation(function),
            description.gml_name(&function.name),
            arguments.join(", ")
        );
        assert!(script.contains(&head), "the script lacks\n{head}");
    }
}

#[test]
fn targets_without_a_library_have_the_functions() {
    let description = description();
    let folder = root().join("gamemaker/extensions/stepwire");
    let script = fs::read_to_string(folder.join("stepwire.js")).unwrap();
    let forwarding = fs::read_to_string(folder.join("stepwire_builtin.gml")).unwrap();
    for function in &description.functions {
        let name = description.gml_name(&function.name);
        assert!(script.contains(&format!("\nfunction {name}(...given) {{")), "{name}");
        let head = format!("#define {name}\n/// {}\n", function.call(&name));
        assert!(forwarding.contains(&head), "{head}");
    }
    assert!(script.contains(&format!("version: () => \"{VERSION}\"")));
}

#[test]
fn the_library_has_exactly_the_functions() {
    let library = library();
    let mut description = description();
    library.check(&description).unwrap();

    // One more, and one less.
    let extra = Function {
        name: "no_such".to_owned(),
        summary: String::new(),
        arguments: Vec::new(),
        returns: Returns { kind: Kind::Real, doc: String::new() },
        built_in: false,
        hidden: false,
    };
    description.functions.push(extra);
    let error = library.check(&description).unwrap_err().to_string();
    assert!(error.contains("lacks") && error.contains("stepwire_no_such"), "{error}");
    description.functions.pop();
    let last = description.functions.pop().unwrap().name;
    let error = library.check(&description).unwrap_err().to_string();
    assert!(error.contains("the package lacks") && error.contains(&format!("stepwire_{last}")), "{error}");
}

/// Beside what runners look up there are the C functions, which come with the crate, and nothing else.
#[test]
#[cfg(target_os = "linux")]
fn the_library_exports_nothing_else() {
    let description = description();
    let code = header();
    let declared = code.match_indices('(').filter_map(|(at, _)| {
        let name = code[..at].rsplit(|c: char| !c.is_alphanumeric() && c != '_').next()?;
        name.starts_with("network_").then(|| name.to_owned())
    });
    let gml = description.functions.iter().map(|function| description.gml_name(&function.name));
    let legacy = description.legacy.iter().map(|function| function.name.clone());
    let mut expected: BTreeSet<String> = declared.chain(gml).chain(legacy).collect();
    expected.insert("GMExtensionInitialise".to_owned());
    let exported = library().exports().unwrap();
    let plain: BTreeSet<String> = exported.into_iter().filter(|name| !name.starts_with("_Z")).collect();
    assert_eq!(plain, expected);
}

/// The package is named after x64; a library for another processor must not get in under that name.
#[test]
fn libraries_for_other_processors_are_refused() {
    let library = library();
    if library.platform != Platform::Linux {
        return;
    }
    let file = root().join("target/package-test/arm64.so");
    let mut content = library.content;
    // The ELF header's e_machine.
    content[18..20].copy_from_slice(&183_u16.to_le_bytes());
    fs::write(&file, content).unwrap();
    let error = Binary::open(&file).err().map(|error| error.to_string()).unwrap_or_default();
    assert!(error.contains("Aarch64"), "{error}");
}

#[test]
fn an_incomplete_package_says_so() {
    let own = library().platform;
    let missing = binaries::missing(&[library()]);
    assert_eq!(missing.len(), Platform::ALL.len() - 1);
    let warning = incomplete(&missing);
    let metadata: Value = serde_json::from_slice(&package()["metadata.json"]).unwrap();
    let shown = metadata["display_name"].as_str().unwrap();
    for platform in missing {
        assert!(warning.contains("INCOMPLETE") && warning.contains(platform.name()), "{warning}");
        assert!(shown.contains(platform.name()), "{shown}");
    }
    assert!(!shown.contains(own.name()), "{shown}");
}

/// The I/O thread runs the library's code.
#[test]
#[cfg(target_os = "linux")]
fn the_library_stays_loaded() {
    let output = Command::new("readelf").args(["--dynamic", "--wide"]).arg(library().file).output().unwrap();
    let dynamic = String::from_utf8(output.stdout).unwrap();
    assert!(dynamic.contains("NODELETE"), "{dynamic}");
}

#[test]
fn the_manifest_lists_every_file() {
    let mut files = package();
    let manifest = String::from_utf8(files.remove("yymanifest.xml").unwrap()).unwrap();
    let listed: BTreeMap<String, String> = manifest
        .lines()
        .filter_map(|line| line.trim().strip_prefix("<file md5=\"")?.strip_suffix("</file>"))
        .map(|line| line.split_once("\">").unwrap())
        .map(|(digest, path)| (path.replace('\\', "/"), digest.to_owned()))
        .collect();
    let expected: BTreeMap<String, String> = files
        .iter()
        .map(|(path, content)| {
            let digest: String = Md5::digest(content).iter().map(|byte| format!("{byte:02X}")).collect();
            (path.clone(), digest)
        })
        .collect();
    assert_eq!(listed, expected);
}

#[test]
fn the_project_has_its_resources_and_no_others() {
    let files = package();
    let project = resource(&files, "stepwire.yyp");
    assert_eq!(project["MetaData"]["PackageID"], "stepwire");
    assert_eq!(project["MetaData"]["PackageVersion"], VERSION);
    let metadata: Value = serde_json::from_slice(&files["metadata.json"]).unwrap();
    assert_eq!(metadata["package_id"], "stepwire");
    assert_eq!(metadata["version"], project["MetaData"]["PackageVersion"]);

    let folders: BTreeSet<&str> = project["Folders"]
        .as_array()
        .unwrap()
        .iter()
        .map(|folder| folder["folderPath"].as_str().unwrap())
        .collect();
    let mut expected: BTreeSet<String> =
        ["stepwire.yyp", "stepwire.resource_order", "metadata.json", "yymanifest.xml"]
            .map(str::to_owned)
            .into();
    for entry in project["resources"].as_array().unwrap() {
        let path = entry["id"]["path"].as_str().unwrap();
        let resource = resource(&files, path);
        assert_eq!(resource["name"], entry["id"]["name"], "{path}");
        assert!(folders.contains(resource["parent"]["path"].as_str().unwrap()), "{path}");
        expected.insert(path.to_owned());
        expected.extend(code_of(path, &resource));
    }
    assert_eq!(files.keys().cloned().collect::<BTreeSet<_>>(), expected);
}

/// The files that a resource file speaks of.
fn code_of(path: &str, resource: &Value) -> Vec<String> {
    let directory = path.rsplit_once('/').unwrap().0;
    let name = resource["name"].as_str().unwrap();
    match resource["resourceType"].as_str().unwrap() {
        "GMScript" => vec![format!("{directory}/{name}.gml")],
        "GMObject" => {
            let events = resource["eventList"].as_array().unwrap().iter();
            events.map(|event| format!("{directory}/{}.gml", event_file(event))).collect()
        }
        "GMExtension" => {
            let files = resource["files"].as_array().unwrap();
            let built_for = library().platform;
            let proxies = files[0]["ProxyFiles"].as_array().unwrap();
            assert_eq!(proxies.len(), Platform::ALL.len());
            let proxy = proxies.iter().find(|proxy| proxy["TargetMask"] == built_for.target()).unwrap();
            let names = files.iter().map(|file| &file["filename"]).chain([&proxy["name"]]);
            names.map(|name| format!("{directory}/{}", name.as_str().unwrap())).collect()
        }
        _ => Vec::new(),
    }
}

fn event_file(event: &Value) -> String {
    let kind = match event["eventType"].as_u64().unwrap() {
        0 => "Create",
        3 => "Step",
        7 => "Other",
        8 => "Draw",
        12 => "CleanUp",
        other => panic!("an event of type {other}"),
    };
    format!("{kind}_{}", event["eventNum"])
}

#[test]
fn each_target_has_one_file_with_all_functions() {
    let files = package();
    let description = description();
    let extension = resource(&files, "extensions/stepwire/stepwire.yy");
    let sources = extension["files"].as_array().unwrap();
    assert_eq!(sources[0]["usesRunnerInterface"], true);
    let mut targets = 0_u64;
    for file in sources {
        let own = file["copyToTargets"].as_u64().unwrap();
        assert_eq!(targets & own, 0, "{}", file["name"]);
        targets |= own;
        let names = file["functions"].as_array().unwrap().iter();
        let names: Vec<String> = names.map(|entry| entry["name"].as_str().unwrap().to_owned()).collect();
        for function in &description.functions {
            assert!(
                names.contains(&description.gml_name(&function.name)),
                "{} in {}",
                function.name,
                file["name"]
            );
        }
        // Both runtimes call them alike.
        assert!(file["functions"].as_array().unwrap().iter().all(|entry| entry["argCount"] != -1));
        assert!(names.contains(&file["init"].as_str().unwrap().to_owned()));
        assert!(names.contains(&file["final"].as_str().unwrap().to_owned()));
    }
    assert_eq!(targets, i64::MAX as u64);
}

#[test]
fn the_windows_library_is_looked_up_by_microsofts_names() {
    use entry_points::{itanium_name, msvc_name};
    assert_eq!(itanium_name("stepwire_collect"), "_Z16stepwire_collectR6RValueP9CInstanceS2_iPS_");
    assert_eq!(msvc_name("stepwire_collect"), "?stepwire_collect@@YAXAEAURValue@@PEAVCInstance@@1HPEAU1@@Z");
}
