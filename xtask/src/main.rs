//! The project's own commands: `cargo xtask <command>`.

mod bench;
mod bench_io_threads;
mod bench_reliable;
mod bench_tls;
mod build;
mod check_platforms;
mod command;
mod cross;
mod demo;
mod demo_cluster;
mod dist;
mod examples;
mod faults;
mod fuzz;
mod header;
#[cfg(unix)]
mod library_path;
mod licences;
mod machine;
mod models;
mod mutants;
mod package_bindings;
mod package_gamemaker;
mod peers;
mod process;
mod sanitize;
mod simulate;
mod site;
mod soak;
mod steps;
mod test;
mod test_arm64;
mod test_tls;
mod test_windows;
mod wine;

use std::process::ExitCode;

fn main() -> ExitCode {
    #[cfg(unix)]
    if let Err(error) = library_path::leave_cargos() {
        eprintln!("xtask: cannot leave cargo's library path: {error}");
    }
    let command = std::env::args().nth(1).unwrap_or_default();
    let result = match command.as_str() {
        "bench" => bench::run(std::env::args().skip(2)),
        "bench-io-threads" => bench_io_threads::run(),
        "bench-reliable" => bench_reliable::run(),
        "bench-tls" => bench_tls::run(),
        "check-platforms" => check_platforms::run(std::env::args().skip(2)),
        "dist" => dist::run(std::env::args().skip(2)),
        "demo" => demo::run(std::env::args().skip(2)),
        "demo-cluster" => demo_cluster::run(),
        "faults" => faults::run(std::env::args().skip(2)),
        "fuzz" => fuzz::run(std::env::args().skip(2)),
        "header" => header::run(),
        "licences" => licences::run(),
        "models" => models::run(std::env::args().skip(2)),
        "mutants" => mutants::run(std::env::args().skip(2)),
        "package-bindings" => package_bindings::run(std::env::args().skip(2)),
        "package-gamemaker" => package_gamemaker::run(std::env::args().skip(2)),
        "sanitize" => sanitize::run(std::env::args().skip(2)),
        "simulate" => simulate::run(std::env::args().skip(2)),
        "site" => site::run(),
        "soak" => soak::run(std::env::args().skip(2)),
        "test" => test::run(std::env::args().skip(2)),
        _ => Err(
            "usage: cargo xtask bench|bench-io-threads|bench-reliable|bench-tls|check-platforms|demo|demo-cluster|dist|faults|\
             fuzz|header|licences|models|mutants|package-bindings|package-gamemaker|sanitize|simulate|site|soak|test"
                .into(),
        ),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("xtask {command}: {error}");
            ExitCode::FAILURE
        }
    }
}
