//! Bitstring Status List v1.0: lists of a reference implementation, read and written again.

use super::suite::{items, run, text};
use crate::status::bitstring::{Bitstring, decode, encode};
use std::collections::BTreeSet;
use std::format;
use std::prelude::rust_2024::*;

/// The size of 131,072 entries of one bit.
const BYTES: usize = 16_384;

#[test]
fn lists_of_a_reference_implementation() {
    run("bitstring-status-list", "bitstring-status-list", |suite| {
        for name in suite.names(".") {
            let case = suite.json(&name);
            let bytes = decode(text(&case["encodedList"]), BYTES).expect("decodes");
            let bits = Bitstring::new(1, &bytes).expect("a size");
            let set: BTreeSet<u64> = items(&case["setIndexes"]).iter().map(|index| index.as_u64().expect("an index")).collect();
            suite.equal(format!("{name}: length"), Some(bits.len()), case["lengthBits"].as_u64());
            let right = (0..bits.len()).all(|index| bits.get(index) == Some(u8::from(set.contains(&index))));
            suite.case(format!("{name}: entries"), right);
            suite.equal(format!("{name}: written again"), decode(&encode(bits), BYTES), Ok(bytes.clone()));
        }
    });
}
