//! Coverage-guided fuzzing of the parsers and deciders. `cargo xtask fuzz` builds this program and runs it.
//!
//! One program holds all targets, because they share the crates that take long to build. `FUZZ_TARGET` names one; `FUZZ_SEEDS` writes
//! the valid inputs of every target into a folder and ends. An input that breaks a rule is written into the folder `FUZZ_FINDINGS`.
#![no_main]

mod guard;
mod mutate;
mod seeds;
mod setting;
mod targets;
#[path = "../../world.rs"]
#[expect(dead_code, reason = "the world serves several test binaries, each with a part of it")]
mod world;

use std::path::Path;
use std::sync::OnceLock;
use targets::Target;

#[global_allocator]
static COUNTING: guard::Counting = guard::Counting;

static CHOSEN: OnceLock<(&'static str, Target)> = OnceLock::new();

fn init() {
    if CHOSEN.get().is_some() {
        return;
    }
    if let Some(folder) = std::env::var_os("FUZZ_SEEDS") {
        seeds::write(Path::new(&folder));
        std::process::exit(0);
    }
    let name = std::env::var("FUZZ_TARGET").expect("FUZZ_TARGET names a target");
    let chosen = targets::ALL.into_iter().find(|(known, _)| *known == name).unwrap_or_else(|| panic!("no target is called {name}"));
    guard::hook();
    CHOSEN.get_or_init(|| chosen);
}

libfuzzer_sys::fuzz_target!(init: init(), |data: &[u8]| {
    let (name, target) = CHOSEN.get().expect("chosen");
    guard::run(name, data, || target(data));
});

libfuzzer_sys::fuzz_mutator!(|data: &mut [u8], size: usize, max_size: usize, seed: u32| {
    init();
    mutate::mutate(CHOSEN.get().expect("chosen").0, data, size, max_size, seed)
});
