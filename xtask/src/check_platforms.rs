//! `cargo xtask check-platforms`: whether the libraries compile for systems whose linker and libraries cannot be had
//! here. Their types are checked against the real declarations of those systems; nothing is linked, and nothing run.

use std::error::Error;
use std::path::PathBuf;
use std::process::Command;

use crate::build::{root, target_dir};
use crate::command::must_for;
use crate::cross;
use crate::dist::Zig;
use crate::machine::{Tool, provide};
use crate::steps::Steps;

type Result<T> = std::result::Result<T, Box<dyn Error>>;

const USAGE: &str = "usage: cargo xtask check-platforms [PLATFORM]...

Type-checks the libraries for macos-x64, macos-arm64, ios-arm64, android-arm64 and android-x64, or those named, each with
TLS by the system's library and by rustls. Takes Debian's own Rust, whose source of the standard library goes with it,
and zig for the few files in C and assembly.";

struct Platform {
    name: &'static str,
    /// Rust's name.
    triple: &'static str,
    /// What zig calls a system whose C headers are near enough; of iOS and Android it has none.
    like: &'static str,
}

const PLATFORMS: [Platform; 5] = [
    Platform { name: "macos-x64", triple: "x86_64-apple-darwin", like: "x86_64-macos" },
    Platform { name: "macos-arm64", triple: "aarch64-apple-darwin", like: "aarch64-macos" },
    Platform { name: "ios-arm64", triple: "aarch64-apple-ios", like: "aarch64-macos" },
    Platform { name: "android-arm64", triple: "aarch64-linux-android", like: "aarch64-linux-musl" },
    Platform { name: "android-x64", triple: "x86_64-linux-android", like: "x86_64-linux-musl" },
];

pub fn run(arguments: impl Iterator<Item = String>) -> Result<()> {
    let wanted: Vec<_> = arguments.collect();
    if wanted.iter().any(|wanted| !PLATFORMS.iter().any(|platform| platform.name == wanted)) {
        return Err(USAGE.into());
    }
    cross::provide_debian_rust()?;
    provide(&[Tool::new("cc", "gcc"), Tool::new("pkg-config", "pkg-config")], &[])?;
    let zig = Zig::provide()?;
    let mut steps = Steps::default();
    for platform in &PLATFORMS {
        if wanted.is_empty() || wanted.iter().any(|wanted| wanted == platform.name) {
            steps.carry_out(platform.name, || platform.check(&zig));
        }
    }
    steps.conclude()
}

impl Platform {
    fn check(&self, zig: &Zig) -> Result<String> {
        let with_openssl = self.triple.ends_with("android");
        let mut command = self.cargo(&["--features=tls"]);
        if with_openssl {
            self.lend_openssl(&mut command)?;
        }
        must_for("with the system's TLS", &mut command)?;
        let mut command = self.cargo(&["--features=rustls"]);
        self.lend_compiler(&mut command, zig);
        must_for("with rustls", &mut command)?;
        let system = if with_openssl { "OpenSSL" } else { "Secure Transport" };
        Ok(format!("type-checked with {system} and with rustls"))
    }

    fn cargo(&self, features: &[&str]) -> Command {
        let mut command = Command::new(cross::DEBIAN_CARGO);
        command.current_dir(root()).args(["check", "--locked", "--lib", "--no-default-features"]);
        command.args(["--package=stepwire", "--package=stepwire-extension", "--package=stepwire-cluster"]);
        command.args(features).args(["--target", self.triple]);
        command.arg("--target-dir").arg(target_dir().join("platforms"));
        cross::with_debian_rust(&mut command);
        command
    }

    /// Of OpenSSL the crate in between wants to see the version: this machine's.
    fn lend_openssl(&self, command: &mut Command) -> Result<()> {
        let machine = self.triple.replace('-', "_");
        let folder = |name: &str| output(Command::new("pkg-config").args(["--variable", name, "openssl"]));
        command.env("OPENSSL_LIB_DIR", folder("libdir")?).env("OPENSSL_INCLUDE_DIR", folder("includedir")?);
        let multiarch = output(Command::new("cc").arg("-print-multiarch"))?;
        command.env(format!("CC_{machine}"), "cc");
        command.env(format!("CFLAGS_{machine}"), format!("-I/usr/include/{multiarch}"));
        Ok(())
    }

    /// rustls' cryptography has files that are no Rust.
    fn lend_compiler(&self, command: &mut Command, zig: &Zig) {
        let machine = self.triple.replace('-', "_");
        command.env(format!("CC_{machine}"), compiler());
        command.env("STEPWIRE_ZIG", zig.python()).env("STEPWIRE_ZIG_TARGET", self.like);
        // So that nobody asks Apple's tools for it.
        command.env("SDKROOT", target_dir());
    }
}

/// Understands what is said to Apple's and Android's compilers, and has zig do it.
fn compiler() -> PathBuf {
    root().join("xtask/src/check_platforms/cc.sh")
}

fn output(command: &mut Command) -> Result<String> {
    let output = command.output()?;
    if !output.status.success() {
        return Err(format!("{command:?} failed: {}", String::from_utf8_lossy(&output.stderr)).into());
    }
    Ok(String::from_utf8(output.stdout)?.trim().to_owned())
}
