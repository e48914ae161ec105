//! For LuaJIT and LÖVE: an archive with the one file and a folder with the library for each platform.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use xtask::version::VERSION;

use super::{Binding, Library, Result, conformance, copy, copy_licences, in_clean_environment, new_folder};
use crate::build::{root, target_dir};
use crate::command::must;
use crate::dist::archive;
use crate::machine::{Tool, provide};

const LUAJIT: Tool = Tool::new("luajit", "luajit");
/// For the example, with a screen that nobody sees and a peer.
const LOVE: [Tool; 3] =
    [Tool::new("love", "love"), Tool::new("Xvfb", "xvfb"), Tool::new("python3", "python3")];

/// What is in the archive besides the libraries, and where it comes from.
const FILES: [&str; 6] = [
    "bindings/lua/stepwire.lua",
    "bindings/lua/README.md",
    "bindings/lua/love.png",
    "bindings/lua/echo_server.lua",
    "bindings/lua/love/main.lua",
    "bindings/lua/love/conf.lua",
];

pub struct Lua;

impl Binding for Lua {
    fn language(&self) -> &'static str {
        "lua"
    }

    fn package(&self, libraries: &[Library], folder: &Path) -> Result<Vec<PathBuf>> {
        let name = format!("stepwire-lua-{VERSION}");
        let stage = new_folder(&target_dir().join("bindings/lua").join(&name))?;
        for file in FILES {
            copy(&root().join(file), &stage.join(file.trim_start_matches("bindings/lua/")))?;
        }
        copy_licences(&stage)?;
        for library in libraries {
            copy(&library.file, &stage.join(library.platform).join(library.name()))?;
        }
        Ok(vec![archive::zip(&stage, &folder.join(name + ".zip"))?])
    }

    fn provide_runtime(&self) -> std::result::Result<(), String> {
        provide(&[LUAJIT], &LOVE)
    }

    fn check(&self, packages: &[PathBuf], clean: &Path) -> Result<String> {
        let package = archive::unpack(&packages[0], &clean.join("package"))?;
        let script = clean.join("conformance.lua");
        fs::copy(root().join("tests/bindings/lua/conformance.lua"), &script)?;
        let mut command = in_clean_environment(LUAJIT.program, clean);
        command.arg(script).env("LUA_PATH", package.join("?.lua"));
        let cases = conformance::run(&mut command, clean)?;
        if !LOVE.iter().all(Tool::is_here) {
            return Ok(format!("{cases}; the example was not run, there is no LÖVE or no Xvfb"));
        }
        let mut example = Command::new("python3");
        must(example.arg(root().join("tests/bindings/lua/love.py")).arg(&package))?;
        Ok(format!("{cases}, and the example in LÖVE"))
    }
}
