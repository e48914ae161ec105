//! What the measurements were made on.

use std::fs;
use std::process::Command;

use xtask::performance::Machine;

use super::Result;

pub fn read() -> Result<Machine> {
    let processors = fs::read_to_string("/proc/cpuinfo")?;
    let names = processors.lines().filter_map(|line| line.strip_prefix("model name")?.split_once(": "));
    let names: Vec<&str> = names.map(|(_, name)| name).collect();
    let kernel = fs::read_to_string("/proc/sys/kernel/osrelease")?;
    let release = fs::read_to_string("/etc/os-release").unwrap_or_default();
    let distribution = release.lines().find_map(|line| line.strip_prefix("PRETTY_NAME=")).unwrap_or("Linux");
    Ok(Machine {
        date: output_of("date", &["-u", "+%Y-%m-%d"])?,
        version: env!("CARGO_PKG_VERSION").into(),
        processor: (*names.first().unwrap_or(&"an unknown processor")).into(),
        processors: std::thread::available_parallelism()?.get(),
        system: format!("{}, Linux {}", distribution.trim_matches('"'), kernel.trim()),
        load_before: load_average()?,
        load_after: 0.0,
    })
}

/// How many threads wanted a processor in the last minute.
pub fn load_average() -> Result<f64> {
    let text = fs::read_to_string("/proc/loadavg")?;
    Ok(text.split(' ').next().unwrap_or_default().parse()?)
}

fn output_of(program: &str, arguments: &[&str]) -> Result<String> {
    let output = Command::new(program).args(arguments).output()?;
    Ok(String::from_utf8(output.stdout)?.trim().to_owned())
}
