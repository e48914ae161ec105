//! The project's own commands: `cargo xtask <command>`.

mod demo;
mod examples;
mod header;
mod process;

use std::process::ExitCode;

fn main() -> ExitCode {
    let command = std::env::args().nth(1).unwrap_or_default();
    let result = match command.as_str() {
        "demo" => demo::run(),
        "header" => header::run(),
        _ => Err("usage: cargo xtask demo | header".into()),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("xtask {command}: {error}");
            ExitCode::FAILURE
        }
    }
}
