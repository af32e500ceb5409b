//! The test vectors of the status lists, run among the unit tests of `waypass-trust`: their bits are not offered to other crates.

mod bitstring;
#[expect(dead_code, reason = "the suites of several test binaries are run by it, each with a part of it")]
mod suite;
mod token_status_list;
