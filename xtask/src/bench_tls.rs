//! `cargo xtask bench-tls`: what TLS costs a server, by the system's OpenSSL and by rustls, in turns on the same machine.

use std::error::Error;
use std::fs;
use std::process::Command;

use crate::command::must;
use crate::machine::{Tool, provide};
use crate::{build, test_tls};

pub fn run() -> Result<(), Box<dyn Error>> {
    build::provide_tools(&[])?;
    provide(&[Tool::new("python3", "python3"), Tool::new("openssl", "openssl")], &[])?;
    let folder = build::target_dir().join("bench-tls");
    fs::create_dir_all(&folder)?;
    let mut arguments = Vec::new();
    for (name, kind) in [("OpenSSL", "system"), ("rustls", "rustls")] {
        let copy = folder.join(format!("libstepwire-{kind}.so"));
        fs::copy(test_tls::build(kind)?, &copy)?;
        must(Command::new("strip").arg(&copy))?;
        arguments.push(format!("{name}={}", copy.display()));
    }
    let sources = build::root().join("benches/tls");
    let server = folder.join("server");
    let mut compile = Command::new("cc");
    compile.arg("-O2").arg("-I").arg(build::root().join("include")).arg(sources.join("server.c"));
    must(compile.arg(folder.join("libstepwire-rustls.so")).arg("-o").arg(&server))?;
    Ok(must(Command::new("python3").arg(sources.join("measure.py")).arg(server).args(arguments))?)
}
