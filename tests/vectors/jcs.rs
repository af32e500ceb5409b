//! RFC 8785: the files and the number lines of its reference implementation.

use super::suite::{hex, run};
use crate::canon::jcs;
use crate::json::{self, Limits, Number, Value};
use std::format;
use std::prelude::rust_2024::*;

#[test]
fn jcs() {
    run("jcs", "jcs", |suite| {
        for name in suite.names("input") {
            let input = suite.bytes(format!("input/{name}"));
            let canonical = jcs::to_vec(&json::parse(&input, Limits::CREDENTIAL).expect("JSON"));
            suite.case(format!("output/{name}"), canonical == suite.text(format!("output/{name}")).as_bytes());
            let digits = suite.text(format!("outhex/{}", name.replace(".json", ".txt")));
            suite.case(format!("outhex/{name}"), canonical == hex(&digits));
        }
        let numbers = suite.text("es6-numbers-first-10000.txt");
        for line in numbers.lines() {
            let (bits, expected) = line.split_once(',').expect("two fields");
            let number = f64::from_bits(u64::from_str_radix(bits, 16).expect("hexadecimal"));
            suite.case(line, jcs::to_vec(&Value::Number(Number::Float(number))) == expected.as_bytes());
        }
    });
}
