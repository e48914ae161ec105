//! `cargo xtask test`: all tests, of Rust, C, Python and a browser.

use std::error::Error;
use std::process::Command;

use crate::machine::Tool;
use crate::steps::Steps;
use crate::{build, faults, fuzz, package_bindings, peers, test_arm64, test_tls, test_windows};

const USEFUL: [Tool; 10] = [
    Tool::new("valgrind", "valgrind"),
    Tool::new("pkg-config", "pkg-config"),
    Tool::new("python3", "python3"),
    Tool::new("pip3", "python3-pip"),
    Tool::new("openssl", "openssl"),
    Tool::new("tshark", "tshark"),
    Tool::new("luajit", "luajit"),
    // What stands in front of servers, and watches them.
    Tool::new("haproxy", "haproxy"),
    Tool::new("nginx", "libnginx-mod-stream"),
    Tool::new("promtool", "prometheus"),
];

const USAGE: &str = "usage: cargo xtask test [--target windows|windows-x86 [PART...] | --target linux-arm64 | \
    --tls [system|rustls|none]]";

pub fn run(arguments: impl Iterator<Item = String>) -> Result<(), Box<dyn Error>> {
    let arguments: Vec<_> = arguments.collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        [] => here(),
        ["--tls"] => test_tls::run(None),
        ["--tls", kind] => test_tls::run(Some(kind)),
        ["--target", "windows", ref parts @ ..] => test_windows::run(&crate::cross::WINDOWS_X64, parts),
        ["--target", "windows-x86", ref parts @ ..] => test_windows::run(&crate::cross::WINDOWS_X86, parts),
        ["--target", "linux-arm64"] => test_arm64::run(),
        _ => Err(USAGE.into()),
    }
}

/// Everything, on this machine's own system.
fn here() -> Result<(), Box<dyn Error>> {
    build::provide_tools(&USEFUL)?;
    let mut steps = Steps::default();

    if has_component("fmt") {
        steps.run("cargo fmt", cargo(&["fmt", "--all", "--check"]));
    } else {
        steps.skip("cargo fmt", "this toolchain has no rustfmt");
    }
    if has_component("clippy") {
        let arguments = ["clippy", "--workspace", "--all-targets", "--locked", "--", "-D", "warnings"];
        steps.run("cargo clippy", cargo(&arguments));
    } else {
        steps.skip("cargo clippy", "this toolchain has no clippy");
    }
    // As users see it, and with what only the sources' readers see.
    steps.run("cargo doc", documentation(&[]));
    steps.run("cargo doc, inside", documentation(&["--document-private-items"]));
    steps.run("cargo test", cargo(&["test", "--workspace", "--locked"]));
    if fuzz::is_here() {
        steps.carry_out("fuzz", fuzz::smoke);
    } else {
        steps.skip("fuzz", "there is no cargo-fuzz with a nightly toolchain (cargo install cargo-fuzz)");
    }

    if steps.run("cmake configure", build::cmake_configure())
        && steps.run("cmake build", build::cmake_build(&build::cmake_dir()))
    {
        steps.run("ctest", ctest());
        interop(&mut steps);
        fault_injection(&mut steps);
        package_bindings::check_all(&mut steps);
        cluster(&mut steps);
        browser(&mut steps);
        autobahn(&mut steps);
    }
    steps.conclude()
}

fn cargo(arguments: &[&str]) -> Command {
    let mut command = build::cargo();
    command.args(arguments);
    command
}

/// Makes the documentation; a warning, such as a link that leads nowhere, is a failure.
fn documentation(arguments: &[&str]) -> Command {
    let mut command = cargo(&["doc", "--workspace", "--no-deps", "--locked"]);
    command.args(arguments).env("RUSTDOCFLAGS", "-D warnings");
    command
}

/// A bare toolchain may lack rustfmt and clippy.
fn has_component(name: &str) -> bool {
    cargo(&[name, "--version"]).output().is_ok_and(|output| output.status.success())
}

fn ctest() -> Command {
    let mut command = Command::new("ctest");
    // Chance gets one more attempt; the report shows the first.
    command.current_dir(build::cmake_dir()).args(["-j2", "--output-on-failure", "--repeat", "until-pass:2"]);
    command
}

/// The Python peers that know the wire's description alone, and packages of others for WebSockets.
fn interop(steps: &mut Steps) {
    if !USEFUL[2].is_here() {
        steps.skip("interop", "there is no python3");
        return;
    }
    // Without the packages their tests are skipped, and say so.
    let python = peers::python().unwrap_or_else(|reason| {
        println!("{reason}");
        "python3".into()
    });
    let mut command = Command::new(python);
    command.arg(build::root().join("tests/interop/run.py"));
    command.env("STEPWIRE_LIBRARY", build::library()).env("STEPWIRE_PROGRAMS", build::cmake_dir());
    if let Ok(modules) = peers::node_modules() {
        command.env("STEPWIRE_NODE_MODULES", &modules).env("NODE_PATH", modules);
    }
    steps.run("interop", command);
}

/// System calls that fail.
fn fault_injection(steps: &mut Steps) {
    if USEFUL[2].is_here() {
        // It says itself where it cannot run.
        steps.run("faults", faults::slice());
    } else {
        steps.skip("faults", "there is no python3");
    }
}

/// Processes of a cluster against real brokers, and what becomes of them when those fail.
fn cluster(steps: &mut Steps) {
    let python = match peers::python() {
        Ok(python) => python,
        Err(reason) => {
            steps.skip("cluster", &reason);
            return;
        }
    };
    let brokers = peers::nats_servers();
    if brokers.is_empty() {
        steps.skip("cluster", "there is no nats-server");
        return;
    }
    let mut command = Command::new(python);
    command.arg(build::root().join("tests/interop/run.py"));
    command.arg("--directory").arg(build::root().join("tests/cluster"));
    command.env("STEPWIRE_LIBRARY", build::library()).env("STEPWIRE_PROGRAMS", build::cmake_dir());
    command.env("STEPWIRE_NATS_SERVERS", std::env::join_paths(brokers).unwrap_or_default());
    steps.run("cluster", command);
}

/// Web pages in Chromium against the C servers.
fn browser(steps: &mut Steps) {
    let (chromium, modules) = match (peers::chromium(), peers::node_modules()) {
        (Ok(chromium), Ok(modules)) => (chromium, modules),
        (Err(reason), _) | (_, Err(reason)) => {
            steps.skip("browser", &reason);
            return;
        }
    };
    for (name, script) in [("browser", "run.mjs"), ("extension in a browser", "extension.mjs")] {
        let mut command = Command::new("node");
        command.arg(build::root().join("tests/browser").join(script));
        command.env("STEPWIRE_PROGRAMS", build::cmake_dir()).env("STEPWIRE_NODE_MODULES", &modules);
        command.env("STEPWIRE_CHROMIUM", &chromium);
        steps.run(name, command);
    }
}

/// The conformance suite for WebSockets; it says itself where it cannot run.
fn autobahn(steps: &mut Steps) {
    if !USEFUL[2].is_here() {
        steps.skip("autobahn", "there is no python3");
        return;
    }
    let mut command = Command::new("python3");
    command.arg(build::root().join("tests/autobahn/run.py")).arg("--target").arg(build::target_dir());
    steps.run("autobahn", command);
}
