//! Test vectors that others wrote, and how many of them ran.
//!
//! The vectors do not belong to this repository: `WAYPASS_VECTORS` names their folder, else `../shared/vectors` next to
//! it is tried. Without them a suite is skipped, unless `CI` is set. `expected.toml` holds each suite's least number of
//! cases and
//! everything left out, with the reason.

mod by_hand;
mod cases;
mod cddl;
mod contexts;
mod dcql;
mod formats;
mod multibase;
mod reading;
mod role_schemas;
mod ssi;
mod suite;
mod vc_api;
mod wycheproof;

#[path = "../world.rs"]
#[expect(dead_code, reason = "the world serves several test binaries, each with a part of it")]
mod world;
