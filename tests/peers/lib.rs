//! The work of the second implementations in these tests: hold keys, issue, present and verify, each with its own code.
//!
//! Nothing of Waypass is linked here. It is met as the built program, through files.

mod distribution;
pub mod key;
pub mod node;
pub mod python;
pub mod sd_jwt;
pub mod status;
