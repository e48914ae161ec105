//! For C#: a NuGet package, for .NET, mono and Unity, with the library for each platform.

use std::collections::BTreeMap;
use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::Command;

use xtask::version::VERSION;

use super::{Binding, Library, Result, conformance, in_clean_environment, new_folder};
use crate::build::{root, target_dir};
use crate::command::must;
use crate::dist::archive;
use crate::dist::contents;
use crate::machine::{Tool, provide};

const COMPILER: Tool = Tool::new("mcs", "mono-mcs");
const MONO: Tool = Tool::new("mono", "mono-runtime");
/// A second runtime, as a package of Python's; what makes programs for it is not to be had like that.
const NET_CORE: &str = "dotnetcore2==3.1.23";

/// The language that the oldest of the compilers knows which are to be served.
const COMPILE: [&str; 4] = ["-langversion:7.2", "-warn:4", "-warnaserror", "-nologo"];

/// What is in the package as it is here: where it stands in the project, and in the package.
const FILES: [(&str, &str); 7] = [
    ("bindings/csharp/README.md", "README.md"),
    ("bindings/csharp/package/Stepwire.nuspec", "Stepwire.nuspec"),
    ("bindings/csharp/package/Stepwire.targets", "build/net45/Stepwire.targets"),
    ("bindings/csharp/examples/EchoServer.cs", "examples/EchoServer.cs"),
    ("LICENSE-MIT", "LICENSE-MIT.txt"),
    ("LICENSE-APACHE", "LICENSE-APACHE.txt"),
    ("THIRD-PARTY-LICENSES", "THIRD-PARTY-LICENSES.txt"),
];

/// Where the assembly stands: for the .NET Framework and mono, and for everything else.
const ASSEMBLIES: [&str; 2] = ["lib/net45/Stepwire.dll", "lib/netstandard2.0/Stepwire.dll"];

/// As packages must have it that are archives of parts with types.
const RELATIONS: &str = r#"<?xml version="1.0" encoding="utf-8"?>
<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">
  <Relationship Type="http://schemas.microsoft.com/packaging/2010/07/manifest" Target="/Stepwire.nuspec" Id="manifest" />
</Relationships>
"#;

pub struct CSharp;

impl Binding for CSharp {
    fn language(&self) -> &'static str {
        "csharp"
    }

    fn package(&self, libraries: &[Library], folder: &Path) -> Result<Vec<PathBuf>> {
        provide(&[COMPILER], &[])?;
        let stage = new_folder(&target_dir().join("bindings/csharp/package"))?;
        for (from, to) in FILES {
            write(
                &stage.join(to),
                fs::read_to_string(root().join(from))?.replace("@VERSION@", VERSION).as_bytes(),
            )?;
        }
        let assembly = target_dir().join("bindings/csharp/Stepwire.dll");
        must(
            Command::new(COMPILER.program)
                .args(COMPILE)
                .args(["-target:library", "-optimize+"])
                .args(output(&assembly))
                .args(sources()?),
        )?;
        for place in ASSEMBLIES {
            write(&stage.join(place), &fs::read(&assembly)?)?;
        }
        for library in libraries {
            write(&stage.join(place_of(library)), &fs::read(&library.file)?)?;
        }
        write(&stage.join("[Content_Types].xml"), types_of(&stage)?.as_bytes())?;
        write(&stage.join("_rels/.rels"), RELATIONS.as_bytes())?;
        let package = archive::zip_contents(&stage, "", &folder.join(format!("Stepwire.{VERSION}.nupkg")))?;
        validate(&package, libraries)?;
        Ok(vec![package])
    }

    fn provide_runtime(&self) -> std::result::Result<(), String> {
        provide(&[COMPILER, MONO], &[])
    }

    fn check(&self, packages: &[PathBuf], clean: &Path) -> Result<String> {
        let package = clean.join("package");
        zip::ZipArchive::new(fs::File::open(&packages[0])?)?.extract(&package)?;
        let script = root().join("tests/bindings/csharp/Conformance.cs");
        let library = package.join(place_of(&Library::of_this_machine(PathBuf::new())?));

        // As a build of a program that uses the package leaves it.
        let program = new_folder(&clean.join("program"))?;
        let assembly = program.join("Stepwire.dll");
        fs::copy(package.join(ASSEMBLIES[0]), &assembly)?;
        fs::copy(&library, program.join("libstepwire.so"))?;
        let conformance = program.join("Conformance.exe");
        let mut compiler = Command::new(COMPILER.program);
        compiler.args(COMPILE).args(output(&conformance)).arg(reference(&assembly)).arg("-r:System.Core.dll");
        must(compiler.arg(&script))?;
        let example = program.join("EchoServer.exe");
        let mut compiler = Command::new(COMPILER.program);
        compiler.args(COMPILE).args(output(&example)).arg(reference(&assembly));
        must(compiler.arg(package.join("examples/EchoServer.cs")))?;
        must(in_clean_environment(MONO.program, clean).arg(&example))?;
        let mono = conformance::run(in_clean_environment(MONO.program, clean).arg(&conformance), clean)?;

        let net_core = match net_core() {
            Ok(runtime) => {
                fs::write(program.join("Conformance.runtimeconfig.json"), RUNTIME_CONFIG)?;
                let passed = conformance::run(dotnet(&runtime, clean).arg(&conformance), clean)?;
                let spans = with_spans(&runtime, &script, &library, clean)?;
                format!("{passed} with .NET Core, {spans} with spans")
            }
            Err(reason) => format!("not with .NET Core: {reason}"),
        };
        Ok(format!("{mono} with mono, {net_core}"))
    }
}

/// Where a library stands in the package: by the names that NuGet has for platforms. Programs ask for it as "stepwire".
fn place_of(library: &Library) -> String {
    let platform = library.platform.replace("windows", "win").replace("macos", "osx");
    let file = match platform.split('-').next() {
        Some("win") => "stepwire.dll",
        Some("osx") => "libstepwire.dylib",
        _ => "libstepwire.so",
    };
    format!("runtimes/{platform}/native/{file}")
}

fn sources() -> Result<Vec<PathBuf>> {
    let mut sources = Vec::new();
    for entry in fs::read_dir(root().join("bindings/csharp/src"))? {
        sources.push(entry?.path());
    }
    sources.sort();
    Ok(sources)
}

fn output(file: &Path) -> [String; 1] {
    [format!("-out:{}", file.display())]
}

fn reference(assembly: &Path) -> String {
    format!("-r:{}", assembly.display())
}

fn write(file: &Path, content: &[u8]) -> Result<()> {
    fs::create_dir_all(file.parent().ok_or("a file is in a folder")?)?;
    Ok(fs::write(file, content)?)
}

/// The types of all parts, by the ends of their names.
fn types_of(stage: &Path) -> Result<String> {
    let mut types =
        BTreeMap::from([("rels".to_owned(), "application/vnd.openxmlformats-package.relationships+xml")]);
    for file in contents::files(stage)? {
        let extension = file.extension().ok_or_else(|| format!("{} has no extension", file.display()))?;
        types.entry(extension.to_string_lossy().into_owned()).or_insert("application/octet-stream");
    }
    let defaults = types.iter().map(|(extension, of_type)| {
        format!("  <Default Extension=\"{extension}\" ContentType=\"{of_type}\" />\n")
    });
    Ok(format!(
        "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n\
         <Types xmlns=\"http://schemas.openxmlformats.org/package/2006/content-types\">\n{}</Types>\n",
        defaults.collect::<String>()
    ))
}

/// Reads a package back: all that NuGet looks for is there, and the libraries are what they were.
fn validate(package: &Path, libraries: &[Library]) -> Result<()> {
    let mut archive = zip::ZipArchive::new(fs::File::open(package)?)?;
    let mut read = |name: &str| -> Result<Vec<u8>> {
        let mut content = Vec::new();
        archive.by_name(name).map_err(|error| format!("{name}: {error}"))?.read_to_end(&mut content)?;
        Ok(content)
    };
    let description = String::from_utf8(read("Stepwire.nuspec")?)?;
    for wanted in
        ["<id>Stepwire</id>", &format!("<version>{VERSION}</version>"), "<readme>README.md</readme>"]
    {
        if !description.contains(wanted) {
            return Err(format!("the description lacks {wanted}").into());
        }
    }
    for name in ["README.md", "_rels/.rels", "[Content_Types].xml"].into_iter().chain(ASSEMBLIES) {
        if read(name)?.is_empty() {
            return Err(format!("{name} is empty").into());
        }
    }
    for library in libraries {
        if read(&place_of(library))? != fs::read(&library.file)? {
            return Err(format!("{} is not what was put in", place_of(library)).into());
        }
    }
    Ok(())
}

const RUNTIME_CONFIG: &str = r#"{"runtimeOptions": {"framework": {"name": "Microsoft.NETCore.App", "version": "3.1.0"},
  "configProperties": {"System.Globalization.Invariant": true}}}
"#;

/// The `dotnet` of that package, which is installed where it is missing.
fn net_core() -> std::result::Result<PathBuf, String> {
    let folder = target_dir().join("dotnet");
    let program = folder.join("dotnetcore2/bin/dotnet");
    if !program.is_file() {
        println!("installing {NET_CORE}");
        let mut install = Command::new("python3");
        install.args(["-m", "pip", "install", "--quiet", "--no-deps", "--target"]).arg(&folder).arg(NET_CORE);
        // What is installed is in a folder of its own, whoever runs this.
        install.env("PIP_ROOT_USER_ACTION", "ignore");
        must(&mut install)?;
    }
    // An archive of Python's does not say that a file can be run.
    must(Command::new("chmod").arg("+x").arg(&program))?;
    Ok(program)
}

fn dotnet(runtime: &Path, clean: &Path) -> Command {
    let mut command = in_clean_environment(&runtime.to_string_lossy(), clean);
    command.env("DOTNET_CLI_TELEMETRY_OPTOUT", "1");
    command
}

/// The sources with what they have for spans, which mono's compiler finds in that runtime's own assemblies alone.
fn with_spans(runtime: &Path, script: &Path, library: &Path, clean: &Path) -> Result<String> {
    const ASSEMBLIES: [&str; 7] = [
        "System.Private.CoreLib",
        "System.Runtime",
        "System.Runtime.Extensions",
        "System.Console",
        "System.Diagnostics.Process",
        "System.Linq",
        "System.ComponentModel.Primitives",
    ];
    let program = new_folder(&clean.join("spans"))?;
    let version = NET_CORE.rsplit('=').next().ok_or("the runtime has a version")?;
    let folder = runtime.with_file_name("shared").join("Microsoft.NETCore.App").join(version);
    let compiler = || {
        let mut compiler = Command::new(COMPILER.program);
        compiler.args([
            COMPILE[0],
            COMPILE[3],
            "-unsafe",
            "-noconfig",
            "-nostdlib",
            "-nowarn:1702",
            "-d:STEPWIRE_SPAN",
        ]);
        compiler.args(ASSEMBLIES.map(|assembly| reference(&folder.join(format!("{assembly}.dll")))));
        compiler
    };
    let assembly = program.join("Stepwire.dll");
    must(compiler().arg("-target:library").args(output(&assembly)).args(sources()?))?;
    let conformance = program.join("Conformance.dll");
    must(compiler().args(output(&conformance)).arg(reference(&assembly)).arg(script))?;
    fs::copy(library, program.join("libstepwire.so"))?;
    fs::write(program.join("Conformance.runtimeconfig.json"), RUNTIME_CONFIG)?;
    conformance::run(dotnet(runtime, clean).arg(&conformance), clean)
}
