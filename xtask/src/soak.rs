//! `cargo xtask soak`: thousands of clients and all kinds of trouble. What runs is in `tests/soak`.

use std::error::Error;
use std::process::Command;

use crate::build;
use crate::machine::Tool;

const USEFUL: [Tool; 3] =
    [Tool::new("python3", "python3"), Tool::new("openssl", "openssl"), Tool::new("ip", "iproute2")];

/// `arguments` are those of the script, `--seconds` and `--clients` among them.
pub fn run(arguments: impl Iterator<Item = String>) -> Result<(), Box<dyn Error>> {
    build::provide_tools(&USEFUL)?;
    if !build::cargo().args(["build", "--release", "--locked"]).status()?.success() {
        return Err("the library does not build".into());
    }
    let mut command = Command::new(USEFUL[0].program);
    command.arg(build::root().join("tests/soak/run.py"));
    command.arg("--library").arg(build::target_dir().join("release")).args(arguments);
    if !command.status()?.success() {
        return Err("the accounts do not balance: see above".into());
    }
    Ok(())
}
