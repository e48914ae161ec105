//! `cargo xtask models`: what threads do to each other, in many orders.

use std::error::Error;
use std::time::Instant;

use crate::build;

const USAGE: &str = "usage: cargo xtask models [ORDERS-PER-MODEL [MODEL]]";
const ORDERS: u64 = 10_000;

pub fn run(mut arguments: impl Iterator<Item = String>) -> Result<(), Box<dyn Error>> {
    let orders = arguments.next().map_or(Ok(ORDERS), |orders| orders.parse()).map_err(|_| USAGE)?;
    let model = format!("models::{}", arguments.next().unwrap_or_default());
    let began = Instant::now();
    let mut command = build::cargo();
    // Other atomics and locks take the place of the system's, all else is as it is.
    command.env("RUSTFLAGS", "--cfg shuttle").env("STEPWIRE_SCHEDULES", orders.to_string());
    command.arg("test").arg("--target-dir").arg(build::target_dir().join("models"));
    command.args(["--locked", "--lib", &model]);
    if !command.status()?.success() {
        return Err("a model failed: see above".into());
    }
    println!(
        "{orders} orders by each of two ways to choose them, {:.0} s with the build",
        began.elapsed().as_secs_f64()
    );
    Ok(())
}
