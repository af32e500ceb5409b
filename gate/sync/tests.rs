//! Receipts by keys that were not in use when they signed.

use crate::testing::{reading, with_gate};
use crate::world::{DAY, TestRng, World, at};
use waypass_trust::audit::{Event, Receipt, ReceiptError};
use waypass_trust::bundle::{KeyRecord, KeyState, KeyUse};

/// The thief of an intake key could make a gate believe that its log is safe at the office.
#[test]
fn a_receipt_counts_by_a_key_that_was_in_use() {
    let world = World::default();
    with_gate(|gate| {
        gate.record(Event::Synced, "the office", &reading(1), &mut TestRng::new("record")).expect("recorded");
        let chain = gate.state().expect("whole").chain;
        let opened = |seconds: i64, change: &dyn Fn(&mut KeyRecord)| {
            let mut targets = world.targets(1, at(0));
            targets.authorities[0].keys.iter_mut().filter(|key| key.key_use == KeyUse::Intake).for_each(change);
            let bundle = world.bundle(1, &targets, vec![world.list(at(0), 30 * DAY, &[])]);
            let receipt = Receipt { chain: chain.clone(), stored_at: at(seconds), flagged: Vec::new() };
            let receipt = receipt.sign(&world.intake.key_id(), &world.intake).expect("signed");
            gate.open_receipt(&receipt, &bundle).map(|receipt| receipt.chain.size())
        };
        assert_eq!(opened(60, &|_| ()), Ok(1));
        let refused = Err(ReceiptError::InvalidProof);
        assert_eq!(opened(-31 * DAY, &|_| ()), refused, "before it was in use");
        let retired = |key: &mut KeyRecord| (key.state, key.issued_until) = (KeyState::Retired, Some(at(60)));
        assert_eq!((opened(60, &retired), opened(61, &retired)), (Ok(1), refused));
        // Whatever date the thief writes.
        let stolen = |key: &mut KeyRecord| key.state = KeyState::Compromised;
        assert_eq!((opened(-DAY, &stolen), opened(60, &stolen)), (refused, refused));
    });
}
