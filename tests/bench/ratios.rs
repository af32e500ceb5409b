//! The cost of verification over the signatures it must check, as ratios (`cargo bench --profile ci --bench ratios`).
//!
//! Gates are ratios to raw verifications in the same process; absolute figures are reported and never gated.

#[path = "device.rs"]
mod device;
#[path = "measure.rs"]
mod measure;
#[path = "paths.rs"]
mod paths;
#[path = "../world.rs"]
#[expect(dead_code, reason = "the world serves several test binaries, each with a part of it")]
mod world;

use measure::Ratio;

fn main() -> std::process::ExitCode {
    // `cargo test --benches` and `cargo bench -- --list` pass flags; there is nothing to list.
    if std::env::args().any(|arg| arg == "--list" || arg == "--test") {
        return std::process::ExitCode::SUCCESS;
    }
    let world = world::World::default();
    let gated = paths::gated(&world);
    println!("{:<46} {:>9} {:>9} {:>7} {:>7} {:>6}", "path", "raw us", "path us", "ratio", "target", "");
    for line in &gated {
        let verdict = if line.passes() { "ok" } else { "SLOW" };
        println!("{:<46} {:>9.1} {:>9.1} {:>7.2} {:>7.2} {verdict:>6}", line.name, us(line.raw), us(line.path), line.measured, line.target);
    }
    println!("\n{:<46} {:>9}", "reported, not gated", "us");
    for (name, time) in paths::reported(&world).into_iter().chain(device::reported()) {
        println!("{name:<46} {:>9.1}", us(time));
    }
    let slow: Vec<&Ratio> = gated.iter().filter(|line| !line.passes()).collect();
    println!("\n{} passed, {} failed, 0 skipped", gated.len() - slow.len(), slow.len());
    if slow.is_empty() { std::process::ExitCode::SUCCESS } else { std::process::ExitCode::FAILURE }
}

fn us(time: std::time::Duration) -> f64 {
    time.as_secs_f64() * 1e6
}
