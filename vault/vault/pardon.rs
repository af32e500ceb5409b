//! Administrators let somebody try again: the counters begin anew, and the owner is told how often that was done, and by whom.
//!
//! It needs no key, and opens nothing. The row about it lies in the clear, where the counters are.

use super::{Vault, meta, no_tries};
use crate::error::StorageError;
use crate::storage::{Change, Space};
use alloc::string::String;
use alloc::vec::Vec;
use waypass_credential::cbor::{NotCanonical, Reader, Writer};

const PARDONS: &[u8] = b"tries/pardons";
/// More administrators than the owner can ask.
const MOST: usize = 16;
/// Bytes of a DID.
const LONGEST: usize = 512;

/// How often tries were given back since the owner was here last, and by whom.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Pardons {
    /// How often.
    pub times: u32,
    /// The DIDs of those who agreed, each once.
    pub by: Vec<String>,
}

impl Vault {
    /// Lets the owner try again, as `by` agreed.
    pub fn pardon(&self, by: &[String]) -> Result<(), StorageError> {
        let mut pardons = self.pardons()?.unwrap_or_default();
        pardons.times = pardons.times.saturating_add(1);
        for did in by {
            if pardons.by.len() < MOST && !pardons.by.contains(did) {
                pardons.by.push(did.clone());
            }
        }
        let [secret, recovery] = no_tries();
        self.commit_with_reserve(&[secret, recovery, meta(PARDONS, pardons.to_row())])
    }

    pub(crate) fn forget_pardons(&self) -> Result<(), StorageError> {
        self.storage().commit(&[Change { space: Space::Meta, key: PARDONS.to_vec(), value: None }])
    }

    pub(super) fn pardons(&self) -> Result<Option<Pardons>, StorageError> {
        // One that cannot be read is told as one of nobody.
        Ok(self.storage().get(Space::Meta, PARDONS)?.map(|row| Pardons::read(&row).unwrap_or_default()))
    }
}

impl Pardons {
    fn to_row(&self) -> Vec<u8> {
        let mut to = Writer::new();
        to.array(2).unsigned(self.times.into()).array(self.by.len());
        self.by.iter().for_each(|did| {
            to.text(did);
        });
        to.into_bytes()
    }

    fn read(row: &[u8]) -> Result<Self, NotCanonical> {
        let mut from = Reader::new(row);
        from.array_of(2)?;
        let times = from.unsigned32()?;
        let by = (0..from.array_up_to(MOST)?).map(|_| from.string(LONGEST)).collect::<Result<_, _>>()?;
        from.end()?;
        Ok(Self { times, by })
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::{host, reading};
    use crate::{Factors, KdfCost, NewSlot, Password, Plan, Rules, Suite, Unfinished, UnlockError, Vault};
    use alloc::{string::ToString as _, vec};

    #[test]
    fn tries_are_given_back_and_the_owner_is_told_how_often() {
        let (right, wrong) = (Password::new("tulip anchor seven"), Password::new("a guess"));
        let slots = vec![NewSlot::of(Factors::one(&right))];
        let plan = Plan { suite: Suite::ChaCha, cost: KdfCost::Floor, rules: Rules::default(), slots, at: None };
        let mut vault: Vault = Unfinished::begin(host(), "wallet", &plan).expect("begun").finish().expect("made");
        let mut at = reading();
        for did in ["did:key:a", "did:key:b"] {
            for _ in 0..10 {
                at.boottime_ms += 90_000_000;
                assert!(matches!(vault.unlock(&Factors::one(&wrong), &at), Err(UnlockError::WrongSecret { .. })));
            }
            at.boottime_ms += 90_000_000;
            assert!(matches!(vault.unlock(&Factors::one(&right), &at), Err(UnlockError::LockedOut)));
            vault.pardon(&[did.to_string()]).expect("let in");
        }
        let status = vault.status(&at).expect("status");
        let pardons = status.pardons.expect("told");
        assert_eq!((status.attempts_left, pardons.times), (10, 2));
        assert_eq!(pardons.by, ["did:key:a", "did:key:b"]);
        vault.unlock(&Factors::one(&right), &at).expect("opens").noted_pardons().expect("forgotten");
        assert_eq!(vault.status(&at).expect("status").pardons, None);
    }
}
