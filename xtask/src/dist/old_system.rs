//! An old distribution without OpenSSL, in a folder of its own: the archive is unpacked, built against with the
//! compiler of that time, and run there.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use super::{Result, check};
use crate::build::{root, target_dir};
use crate::command::must;
use crate::machine::{Tool, provide};

const DEBOOTSTRAP: Tool = Tool::new("debootstrap", "debootstrap");
const RELEASE: &str = "bullseye";
const MIRROR: &str = "http://deb.debian.org/debian";
const PACKAGES: &str = "gcc,libc6-dev,make,pkg-config";

/// Returns what it is called.
pub fn try_out(unpacked: &Path) -> Result<String> {
    let system = system()?;
    let place = system.join("stepwire");
    if place.exists() {
        fs::remove_dir_all(&place)?;
    }
    fs::create_dir_all(&place)?;
    must(Command::new("cp").arg("-a").arg(unpacked).arg(place.join("archive")))?;
    must(Command::new("cp").arg("-a").arg(root().join("tests/consumer")).arg(place.join("consumer")))?;
    check::certify(&place)?;
    let script = root().join("tests/consumer/old_system.sh");
    fs::copy(script, place.join("run.sh"))?;
    fs::write(system.join("etc/hosts"), "127.0.0.1 localhost\n")?;
    must(Command::new("chroot").arg(&system).args(["sh", "-eu", "/stepwire/run.sh"]))?;
    let version = fs::read_to_string(system.join("etc/debian_version"))?;
    Ok(format!("Debian {} without OpenSSL", version.trim()))
}

fn system() -> Result<PathBuf> {
    let system = env::var_os("STEPWIRE_OLD_SYSTEM").map_or_else(|| target_dir().join(RELEASE), PathBuf::from);
    let complete = system.with_extension("is-complete");
    if complete.exists() {
        return Ok(system);
    }
    provide(&[DEBOOTSTRAP], &[])?;
    if system.exists() {
        fs::remove_dir_all(&system)?;
    }
    println!("installing Debian {RELEASE} into {}", system.display());
    let mut debootstrap = Command::new(DEBOOTSTRAP.program);
    debootstrap.args(["--variant=minbase", "--include", PACKAGES, RELEASE]).arg(&system).arg(MIRROR);
    must(debootstrap.stdout(Stdio::null()))?;
    // What the C library's headers bring along.
    let without = "rm -f /usr/lib/*/libssl.so.* /usr/lib/*/libcrypto.so.*";
    must(Command::new("chroot").arg(&system).args(["sh", "-c", without]))?;
    fs::write(&complete, "")?;
    Ok(system)
}
