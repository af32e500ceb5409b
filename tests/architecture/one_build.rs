//! One build serves the program, its tests and its benches: nothing is compiled twice for being asked for differently.

use crate::root;
use serde_json::Value;
use std::collections::BTreeSet;
use std::collections::hash_map::DefaultHasher;
use std::hash::{Hash as _, Hasher as _};
use std::process::Command;

/// The units that cargo would compile, as identities that cover a unit's features, profile and everything below it.
struct Plan(Vec<(u64, String)>);

impl Plan {
    /// The plan of one command; nothing is compiled. Unit graphs are a nightly feature of cargo, hence the variable.
    fn of(args: &[&str]) -> Self {
        let args = [args, &["--profile", "ci", "--offline", "--locked", "--unit-graph", "-Z", "unstable-options"]].concat();
        let output = Command::new(env!("CARGO")).args(&args).env("RUSTC_BOOTSTRAP", "1").current_dir(root()).output().expect("cargo runs");
        assert!(output.status.success(), "cargo {args:?}: {}", String::from_utf8_lossy(&output.stderr));
        let graph: Value = serde_json::from_slice(&output.stdout).expect("a unit graph");
        let units = graph["units"].as_array().expect("units");
        let mut known = vec![None; units.len()];
        for at in 0..units.len() {
            identity(units, at, &mut known);
        }
        let described = units.iter().zip(known).map(|(unit, identity)| (identity.expect("identified"), describe(unit)));
        Self(described.collect())
    }

    fn not_in(&self, other: &Self) -> Vec<&str> {
        let known: BTreeSet<u64> = other.0.iter().map(|(identity, _)| *identity).collect();
        self.0.iter().filter(|(identity, _)| !known.contains(identity)).map(|(_, what)| what.as_str()).collect()
    }
}

fn identity(units: &[Value], at: usize, known: &mut [Option<u64>]) -> u64 {
    if let Some(identity) = known[at] {
        return identity;
    }
    let unit = &units[at];
    let mut below: Vec<u64> = unit["dependencies"]
        .as_array()
        .expect("dependencies")
        .iter()
        .map(|dependency| identity(units, usize::try_from(dependency["index"].as_u64().expect("an index")).expect("small"), known))
        .collect();
    below.sort_unstable();
    let mut hasher = DefaultHasher::new();
    for part in ["pkg_id", "features", "mode", "platform", "profile"] {
        unit[part].to_string().hash(&mut hasher);
    }
    (unit["target"]["name"].to_string(), unit["target"]["kind"].to_string(), below).hash(&mut hasher);
    *known[at].insert(hasher.finish())
}

fn describe(unit: &Value) -> String {
    format!("{} {} with {}", unit["pkg_id"], unit["target"]["kind"], unit["features"])
}

#[test]
fn binary_and_tests_share_one_build() {
    let tests = Plan::of(&["test", "--workspace"]);
    let program = Plan::of(&["build", "--package", "waypass", "--bin", "waypass"]);
    assert!(program.0.len() > 100);
    // Of those named, the one below the others is the cause: a line in `[dependencies]` of the root turns on for the program what the
    // tests' libraries turn on for themselves.
    assert_eq!(program.not_in(&tests), Vec::<&str>::new(), "built a second time for the program");
    let bench = Plan::of(&["bench", "--bench", "ratios"]);
    let again: Vec<&str> = bench.not_in(&tests).into_iter().filter(|what| !what.contains("[\"bench\"]")).collect();
    assert_eq!(again, Vec::<&str>::new(), "built a second time for the bench");
}
