//! A new gate over memory, for the tests of this crate.

use crate::gate::{About, Gate};
use crate::world::{TestRng, at};
use waypass_trust::time::Reading;
use waypass_vault::{Factors, Host, KdfCost, MemoryStorage, MemoryTrust, Password, PlainMemory, Storage, TrustStore, Vault};

/// The clocks `seconds` after the start of the world.
pub(crate) fn reading(seconds: i64) -> Reading {
    Reading { wall: at(seconds), boottime_ms: 5_000, boot_id: [1; 16] }
}

/// Runs `work` with a gate that was just set up and believes nothing yet.
pub(crate) fn with_gate(work: impl FnOnce(&Gate<'_>)) {
    gate_over(Box::new(MemoryStorage::default()), work);
}

/// Like [`with_gate`], over these rows.
pub(crate) fn gate_over(storage: Box<dyn Storage>, work: impl FnOnce(&Gate<'_>)) {
    let host = Host { storage, memory: Box::new(PlainMemory), entropy: Box::new(TestRng::new("vault")) };
    let password = Password::new("tulip anchor seven");
    let (mut vault, _) = Vault::create(host, "verifier", &password, KdfCost::Floor).expect("a vault");
    let unlocked = vault.unlock(&Factors::one(&password), &reading(0)).expect("unlocked");
    let about = About { name: "North door".into(), site: "clinic-north".into(), zone: "ward".into() };
    Gate::set_up(&unlocked, &about).expect("set up");
    work(&Gate::open(&unlocked, TrustStore::new(MemoryTrust::default())).expect("opened"));
}
