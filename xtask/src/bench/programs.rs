//! Building the load, our servers and those of the peers. A peer that cannot be had is missing, with a reason.

use std::cell::RefCell;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;
use xtask::performance::{BARE, IO_THREAD, MANUAL, Missing};

use super::Result;
use super::servers::Program;
use crate::build::{cargo, root, target_dir};
use crate::command::must;
use crate::machine::{self, Tool, provide};
use crate::peers;

pub const LIBUV: &str = "libuv";
pub const TOKIO: &str = "tokio";
pub const TOKIO_WEBSOCKETS: &str = "tokio-websockets";
pub const FASTWEBSOCKETS: &str = "fastwebsockets";
pub const LIBWEBSOCKETS: &str = "libwebsockets";
pub const UWEBSOCKETS: &str = "uWebSockets";
pub const NODE_WS: &str = "Node ws";

/// Of GameMaker's packets over TCP; of messages over WebSockets.
pub const TCP_PEERS: [&str; 2] = [LIBUV, TOKIO];
pub const WEBSOCKET_PEERS: [&str; 5] =
    [UWEBSOCKETS, LIBWEBSOCKETS, TOKIO_WEBSOCKETS, FASTWEBSOCKETS, NODE_WS];

const WARNINGS: [&str; 4] = ["-D_GNU_SOURCE", "-Wall", "-Wextra", "-Werror"];

pub struct Programs {
    pub load: PathBuf,
    pub servers: Vec<Program>,
    missing: RefCell<Vec<Missing>>,
}

impl Programs {
    /// Without peers in a `quick` run.
    pub fn build(quick: bool) -> Result<Self> {
        provide(&[Tool::new("cc", "gcc"), Tool::new("taskset", "util-linux")], &[Tool::new("c++", "g++")])?;
        fs::create_dir_all(folder())?;
        let mut programs =
            Self { load: build_load()?, servers: vec![build_bare()?], missing: RefCell::default() };
        let server = build_ours()?;
        programs.servers.push(Program::new(IO_THREAD, &server, &[]));
        programs.servers.push(Program::new(MANUAL, &server, &[]).with_last("manual"));
        if !quick {
            programs.add(LIBUV, build_libuv());
            programs.add(LIBWEBSOCKETS, build_libwebsockets());
            programs.add(UWEBSOCKETS, build_uwebsockets());
            programs.add(NODE_WS, provide_node_ws());
            let rust = build_rust_peers();
            for name in [TOKIO, TOKIO_WEBSOCKETS, FASTWEBSOCKETS] {
                let program = rust.as_ref().map(|path| Program::new(name, path, &[name]));
                programs.add(name, program.map_err(ToString::to_string));
            }
        }
        Ok(programs)
    }

    fn add(&mut self, name: &str, program: std::result::Result<Program, String>) {
        match program {
            Ok(program) => self.servers.push(program),
            Err(why) => self.lack(name, &why),
        }
    }

    /// Something cannot be measured: it is left out, and told of.
    pub fn lack(&self, what: &str, why: &str) {
        println!("{what} is left out: {why}");
        self.missing.borrow_mut().push(Missing { what: what.into(), why: why.into() });
    }

    pub fn into_missing(self) -> Vec<Missing> {
        self.missing.into_inner()
    }

    /// Those of these that are here, in this order.
    pub fn named(&self, names: &[&str]) -> Vec<&Program> {
        names.iter().filter_map(|name| self.servers.iter().find(|server| server.name == *name)).collect()
    }
}

fn folder() -> PathBuf {
    target_dir().join("bench")
}

fn sources(room: &str) -> Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for entry in fs::read_dir(root().join("benches").join(room))? {
        let path = entry?.path();
        if path.extension().is_some_and(|extension| extension == "c") {
            files.push(path);
        }
    }
    Ok(files)
}

fn source(path: &str) -> PathBuf {
    root().join("benches").join(path)
}

/// What both sides of frames share with the load.
fn bills() -> [PathBuf; 2] {
    [source("load/bill.c"), source("load/latency.c")]
}

fn build_load() -> Result<PathBuf> {
    let mut files = sources("load")?;
    files.retain(|file| !file.ends_with("bill.c"));
    Ok(compile("load", &files, &[])?)
}

fn build_bare() -> Result<Program> {
    machine::install_unless("/usr/include/openssl/sha.h", "libssl-dev");
    let mut files = sources("bare")?;
    files.extend(bills());
    Ok(Program::new(BARE, &compile("bare", &files, &["-lcrypto"])?, &[]))
}

/// The release library, and the server that is linked with it.
fn build_ours() -> Result<PathBuf> {
    if !cargo().args(["build", "--release", "--lib"]).status()?.success() {
        return Err("the library could not be built".into());
    }
    let library = target_dir().join("release");
    let mut files = vec![source("stepwire/server.c")];
    files.extend(bills());
    let options = [
        format!("-I{}", root().join("include").display()),
        format!("-L{}", library.display()),
        format!("-Wl,-rpath,{}", library.display()),
        "-lstepwire".into(),
    ];
    Ok(compile("server", &files, &options.each_ref().map(String::as_str))?)
}

fn build_libuv() -> std::result::Result<Program, String> {
    machine::install_unless("/usr/include/uv.h", "libuv1-dev");
    let files = [source("peers/libuv.c"), source("bare/wire.c")];
    Ok(Program::new(LIBUV, &compile("libuv", &files, &["-luv", "-lcrypto"])?, &[]))
}

fn build_libwebsockets() -> std::result::Result<Program, String> {
    machine::install_unless("/usr/include/libwebsockets.h", "libwebsockets-dev");
    let file = [source("peers/libwebsockets.c")];
    Ok(Program::new(LIBWEBSOCKETS, &compile("libwebsockets", &file, &["-lwebsockets"])?, &[]))
}

/// Its sources come with a package of Rust's, which the peers' lock file names.
fn build_uwebsockets() -> std::result::Result<Program, String> {
    let sources = package_folder("libuwebsockets-sys")?.join("uWebSockets");
    let sockets = sources.join("uSockets/src");
    let include = [format!("-I{}", sources.join("src").display()), format!("-I{}", sockets.display())];
    let mut objects = Vec::new();
    for name in ["bsd", "context", "loop", "socket", "udp", "eventing/epoll_kqueue"] {
        let object = folder().join(format!("usockets-{}.o", name.replace('/', "-")));
        let mut command = Command::new("cc");
        command.args(["-O3", "-DLIBUS_NO_SSL", "-c", "-o"]).arg(&object).args(&include);
        must(command.arg(sockets.join(name).with_extension("c")))?;
        objects.push(object);
    }
    let program = folder().join("uwebsockets");
    let mut command = Command::new("c++");
    command.args(["-O3", "-std=c++20", "-DLIBUS_NO_SSL", "-DUWS_NO_ZLIB", "-o"]).arg(&program);
    must(command.args(&include).arg(source("peers/uwebsockets.cpp")).args(objects))?;
    Ok(Program::new(UWEBSOCKETS, &program, &[]))
}

fn provide_node_ws() -> std::result::Result<Program, String> {
    let modules = peers::node_modules()?;
    let node = Tool::new("node", "nodejs").path().ok_or("there is no node")?;
    let script = source("peers/ws.js");
    let script = script.to_str().ok_or("the project's folder is not UTF-8")?;
    Ok(Program::new(NODE_WS, &node, &[script]).with_environment("NODE_PATH", &modules))
}

fn build_rust_peers() -> std::result::Result<PathBuf, String> {
    let target = folder().join("rust-peers");
    let mut command = cargo();
    command.args(["build", "--release", "--locked", "--manifest-path"]).arg(rust_manifest());
    must(command.arg("--target-dir").arg(&target))?;
    Ok(target.join("release/rust-peers"))
}

fn rust_manifest() -> PathBuf {
    source("rust_peers/Cargo.toml")
}

/// Where cargo keeps the sources of a package that the peers' lock file names.
fn package_folder(name: &str) -> std::result::Result<PathBuf, String> {
    let mut command = cargo();
    command.args(["metadata", "--format-version", "1", "--locked", "--manifest-path"]).arg(rust_manifest());
    let output = command.output().map_err(|error| error.to_string())?;
    let metadata: Value = serde_json::from_slice(&output.stdout)
        .map_err(|_| format!("cargo metadata: {}", String::from_utf8_lossy(&output.stderr).trim()))?;
    let packages = metadata["packages"].as_array().into_iter().flatten();
    let manifest = packages
        .filter(|package| package["name"] == name)
        .find_map(|package| package["manifest_path"].as_str());
    manifest
        .and_then(|path| Path::new(path).parent())
        .map(Path::to_owned)
        .ok_or_else(|| format!("{name} is not in the peers' lock file"))
}

fn compile(name: &str, files: &[PathBuf], options: &[&str]) -> std::result::Result<PathBuf, String> {
    let program = folder().join(name);
    let mut command = Command::new("cc");
    command.arg("-O3").args(WARNINGS).arg("-o").arg(&program).args(files).args(options);
    must(&mut command)?;
    Ok(program)
}
