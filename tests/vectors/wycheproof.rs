//! Project Wycheproof: signatures as our keys check them, the JOSE layer, and the symmetric primitives that vaults stand on.

use crate::suite::{Suite, hex, items, text};
use serde_json::Value;

mod jose;
mod signatures;
mod symmetric;

/// Calls `each` with every group and test of a file.
fn each_test(suite: &mut Suite, file: &str, mut each: impl FnMut(&mut Suite, &Value, &Value)) {
    let document = suite.json(file);
    let mut count = 0;
    for group in items(&document["testGroups"]) {
        for test in items(&group["tests"]) {
            count += 1;
            each(suite, group, test);
        }
    }
    assert_eq!(Some(count), document["numberOfTests"].as_u64(), "{file} says how many tests it holds");
}

/// Returns true if the test's input must be accepted.
fn is_valid(test: &Value) -> bool {
    match text(&test["result"]) {
        "valid" => true,
        "invalid" => false,
        other => panic!("{}: the result {other:?} is for us to decide", name(test)),
    }
}

fn name(test: &Value) -> String {
    format!("tcId {} {}", test["tcId"], test["comment"])
}

/// A member in hexadecimal.
fn bytes(value: &Value) -> Vec<u8> {
    hex(text(value))
}
