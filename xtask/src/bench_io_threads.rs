//! `cargo xtask bench-io-threads`: what a second I/O thread brings on two processors.

use std::error::Error;
use std::fs;
use std::process::Command;

use crate::build;
use crate::command::must;
use crate::machine::{Tool, provide};

pub fn run() -> Result<(), Box<dyn Error>> {
    provide(
        &[Tool::new("cc", "gcc"), Tool::new("python3", "python3"), Tool::new("openssl", "openssl")],
        &[],
    )?;
    must(build::cargo().args(["build", "--release", "--lib"]))?;
    let folder = build::target_dir().join("bench-io-threads");
    fs::create_dir_all(&folder)?;
    let sources = build::root().join("benches/tls");
    let (server, library) = (folder.join("server"), build::target_dir().join("release"));
    let mut compile = Command::new("cc");
    compile.arg("-O2").arg("-I").arg(build::root().join("include")).arg(sources.join("server.c"));
    compile.arg("-L").arg(&library).arg("-lstepwire").arg(format!("-Wl,-rpath,{}", library.display()));
    must(compile.arg("-o").arg(&server))?;
    Ok(must(Command::new("python3").arg(sources.join("io_threads.py")).arg(server))?)
}
