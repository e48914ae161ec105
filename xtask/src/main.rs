//! The project's own commands: `cargo xtask <command>`.

mod header;
mod package_gamemaker;

use std::process::ExitCode;

fn main() -> ExitCode {
    let command = std::env::args().nth(1).unwrap_or_default();
    let result = match command.as_str() {
        "header" => header::run(),
        "package-gamemaker" => package_gamemaker::run(std::env::args().skip(2)),
        _ => Err("usage: cargo xtask header|package-gamemaker".into()),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("xtask {command}: {error}");
            ExitCode::FAILURE
        }
    }
}
