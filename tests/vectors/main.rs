//! Test vectors that others wrote, and how many of them ran.
//!
//! The vectors do not belong to this repository: `WAYPASS_VECTORS` names their folder, else `../shared/vectors` next to
//! it is tried. Without them a suite is skipped, unless `CI` is set. `expected.toml` holds each suite's least number of
//! cases and
//! everything left out, with the reason.

// The reader of N-Quads is one file with the unit tests of the no_std crate.
extern crate alloc;

mod bitstring;
mod cases;
mod cddl;
mod contexts;
mod cose;
mod dcql;
mod dids;
mod formats;
mod jcs;
mod multibase;
mod rdfc;
mod reading;
mod role_schemas;
mod sd_jwt;
mod ssi;
mod suite;
mod token_status_list;
mod vc_api;
mod vc_di_ecdsa;
mod vc_di_eddsa;
mod vc_di_rdfc;
mod vc_jose_cose;
mod vcdm2;
mod wycheproof;

#[path = "../world.rs"]
#[expect(dead_code, reason = "the world serves several test binaries, each with a part of it")]
mod world;
