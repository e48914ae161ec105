//! For Node: a package with the addon and the library. The addon is compiled here, and serves every version of Node.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use xtask::version::VERSION;

use super::{Binding, Library, Result, conformance, copy, copy_licences, in_clean_environment, new_folder};
use crate::build::{root, target_dir};
use crate::command::must;
use crate::dist::contents;
use crate::peers;

/// Compilers for the platforms that addons can be made for.
const COMPILERS: [(&str, &str); 2] = [("linux-x64", "x86_64"), ("linux-arm64", "aarch64")];

pub struct Node;

impl Binding for Node {
    fn language(&self) -> &'static str {
        "node"
    }

    fn package(&self, libraries: &[Library], folder: &Path) -> Result<Vec<PathBuf>> {
        let source = root().join("bindings/node");
        let stage = new_folder(&target_dir().join("bindings/node/stage"))?;
        for file in contents::files(&source)? {
            let is_wanted = ["lib", "types", "examples", "package.json", "README.md"]
                .iter()
                .any(|wanted| file.starts_with(wanted));
            if is_wanted && file.extension().is_none_or(|extension| extension != "node") {
                copy(&source.join(&file), &stage.join(&file))?;
            }
        }
        copy_licences(&stage)?;
        let manifest = stage.join("package.json");
        let text = fs::read_to_string(&manifest)?.replace("\"0.0.0\"", &format!("\"{VERSION}\""));
        fs::write(&manifest, text)?;

        let mut is_empty = true;
        for library in libraries {
            if let Some(compiler) = compiler(library.platform) {
                add(library, &compiler, &stage)?;
                is_empty = false;
            } else {
                println!("no addon for {}: there is no compiler for it here", library.platform);
            }
        }
        if is_empty {
            return Err("there is no platform that an addon can be compiled for".into());
        }
        let mut pack = Command::new("npm");
        pack.args(["pack", "--silent", "--ignore-scripts", "--pack-destination"]).arg(folder);
        must(pack.current_dir(&stage))?;
        Ok(vec![folder.join(format!("stepwire-{VERSION}.tgz"))])
    }

    fn provide_runtime(&self) -> std::result::Result<(), String> {
        peers::node_modules().map(drop)
    }

    fn check(&self, packages: &[PathBuf], clean: &Path) -> Result<String> {
        let here = root().join("tests/bindings/node");
        let mut install = in_clean_environment("npm", clean);
        install.args(["install", "--silent", "--offline", "--no-audit", "--no-fund"]);
        must(install.arg(&packages[0]))?;
        for file in ["conformance.mjs", "typed.mts", "typed.cts"] {
            fs::copy(here.join(file), clean.join(file))?;
        }
        let mut script = in_clean_environment("node", clean);
        let cases = conformance::run(script.args(["--expose-gc", "conformance.mjs"]), clean)?;

        let modules = peers::node_modules()?;
        let mut types = Command::new("node");
        types.arg(modules.join("typescript/bin/tsc"));
        types.args(["--strict", "--noEmit", "--module", "nodenext", "--target", "es2022", "--types", "node"]);
        types.arg("--typeRoots").arg(modules.join("@types")).args(["typed.mts", "typed.cts"]);
        must(types.current_dir(clean))?;

        let mut example = Command::new("python3");
        example.arg(root().join("tests/bindings/examples.py")).args(["lobby", "--", "node"]);
        example.arg(clean.join("node_modules/stepwire/examples/lobby.mjs")).args(["0", "0"]);
        must(&mut example)?;
        Ok(format!("{cases}, the types, the example"))
    }
}

/// The C compiler for a platform, if it is here.
fn compiler(platform: &str) -> Option<String> {
    let (_, machine) = COMPILERS.into_iter().find(|(name, _)| *name == platform)?;
    let of_this_machine = cfg!(target_os = "linux") && std::env::consts::ARCH == machine;
    let name = if of_this_machine { "cc".to_owned() } else { format!("{machine}-linux-gnu-gcc") };
    let is_here = Command::new(&name).arg("--version").output().is_ok_and(|output| output.status.success());
    is_here.then_some(name)
}

/// The library and the addon that is linked with it.
fn add(library: &Library, compiler: &str, stage: &Path) -> Result<()> {
    let folder = stage.join("lib").join(library.platform);
    copy(&library.file, &folder.join(library.name()))?;
    let mut compile = Command::new(compiler);
    compile.args(["-shared", "-fPIC", "-O2", "-s", "-std=c11", "-Wall", "-Wextra", "-Werror", "-I"]);
    compile
        .arg(root().join("include"))
        .arg("-I")
        .arg(peers::node_modules()?.join("node-api-headers/include"));
    compile.arg(root().join("bindings/node/src/addon.c")).arg("-o").arg(folder.join("stepwire.node"));
    compile.arg("-L").arg(&folder).arg(format!("-l:{}", library.name())).arg("-Wl,-rpath,$ORIGIN");
    Ok(must(&mut compile)?)
}
