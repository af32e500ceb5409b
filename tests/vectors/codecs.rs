//! The test vectors of the codecs, run among the unit tests of `waypass-credential`: what they look at is not offered to other crates.

mod cose;
mod dids;
mod jcs;
mod rdfc;
mod sd_jwt;
#[expect(dead_code, reason = "the suites of several test binaries are run by it, each with a part of it")]
mod suite;
mod vc_di_ecdsa;
mod vc_di_eddsa;
mod vc_di_rdfc;
mod vc_jose_cose;
mod vcdm2;
