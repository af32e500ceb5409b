//! What a new pass phrase or PIN must be like.

use super::phrase::{self, Weakness};
use super::pin::{self, Pin, PinWeakness};
use alloc::borrow::ToOwned as _;
use alloc::string::String;
use alloc::vec::Vec;
use rand_core::CryptoRng;
use waypass_credential::cbor::{NotCanonical, Reader, Writer};
use waypass_trust::bundle::VaultRules;
use zeroize::Zeroizing;

/// What a new pass phrase or PIN must be like. By default, what a personal vault asks.
///
/// ```
/// use waypass_vault::{SecretRules, phrase::Weakness};
///
/// let rules = SecretRules::default();
/// assert_eq!(rules.phrase_weakness("passw0rd"), Some(Weakness::Common));
/// assert_eq!(rules.phrase_weakness("tulip anchor seven"), None);
/// ```
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SecretRules {
    passphrase_characters: u32,
    pin_digits: u32,
    /// In small letters.
    blocked: Vec<String>,
}

/// Bounds of what is read, which are those of the signed policy.
const MOST_BLOCKED: usize = 32;
/// Composing a letter makes at most three of it (UAX #15), of four bytes each.
const LONGEST_BLOCKED: usize = 32 * 3 * 4;

impl Default for SecretRules {
    fn default() -> Self {
        Self { passphrase_characters: phrase::LEAST, pin_digits: pin::LEAST, blocked: Vec::new() }
    }
}

impl SecretRules {
    pub(crate) fn of(rules: &VaultRules) -> Self {
        let usual = Self::default();
        Self {
            passphrase_characters: rules.passphrase_characters.unwrap_or(usual.passphrase_characters),
            pin_digits: rules.pin_digits.unwrap_or(usual.pin_digits),
            blocked: rules.blocked.iter().map(|word| small(&phrase::prepare(word)).as_str().to_owned()).collect(),
        }
    }

    /// The fewest characters of a new pass phrase.
    pub const fn passphrase_characters(&self) -> u32 {
        self.passphrase_characters
    }

    /// The fewest digits of a new PIN.
    pub const fn pin_digits(&self) -> u32 {
        self.pin_digits
    }

    /// Says why a pass phrase must not be chosen; `None` if it may. It finds the worst ones and does not measure the others.
    pub fn phrase_weakness(&self, text: &str) -> Option<Weakness> {
        phrase::weakness(text, self.passphrase_characters).or_else(|| self.blocks(text).then_some(Weakness::Blocked))
    }

    /// Says why a PIN must not be chosen; `None` if it may.
    pub fn pin_weakness(&self, text: &str) -> Option<PinWeakness> {
        Pin::weakness(text, self.pin_digits).or_else(|| self.blocks(text).then_some(PinWeakness::Blocked))
    }

    /// Makes a pass phrase of words that these rules allow: seven, or more until it is long enough. `None` if the blocked words leave hardly
    /// any.
    pub fn generate(&self, rng: &mut dyn CryptoRng) -> Option<Zeroizing<String>> {
        const DRAWS: u32 = 1_000;
        (0..DRAWS).map(|_| phrase::generate(self.passphrase_characters, rng)).find(|phrase| self.phrase_weakness(phrase).is_none())
    }

    fn blocks(&self, text: &str) -> bool {
        let text = small(&phrase::prepare(text));
        self.blocked.iter().any(|word| text.contains(word.as_str()))
    }

    pub(crate) fn write(&self, to: &mut Writer) {
        to.array(3).unsigned(self.passphrase_characters.into()).unsigned(self.pin_digits.into()).array(self.blocked.len());
        self.blocked.iter().for_each(|word| {
            to.text(word);
        });
    }

    pub(crate) fn read(from: &mut Reader<'_>) -> Result<Self, NotCanonical> {
        from.array_of(3)?;
        let (passphrase_characters, pin_digits) = (from.unsigned32()?, from.unsigned32()?);
        let blocked = (0..from.array_up_to(MOST_BLOCKED)?).map(|_| from.string(LONGEST_BLOCKED)).collect::<Result<_, _>>()?;
        Ok(Self { passphrase_characters, pin_digits, blocked })
    }
}

fn small(text: &str) -> Zeroizing<String> {
    Zeroizing::new(text.to_lowercase())
}

#[cfg(test)]
mod tests {
    use super::{PinWeakness, SecretRules, VaultRules, Weakness};
    use crate::testing::{TestRng, site_rules};
    use alloc::borrow::ToOwned as _;

    #[test]
    fn a_site_asks_for_more_than_a_personal_vault() {
        let strict = SecretRules::of(&VaultRules { passphrase_characters: Some(14), pin_digits: Some(8), ..site_rules(&[]) });
        for (secret, usual) in [("tulip anchor", None), ("tulip anchors", None), ("tulip anchor s", None)] {
            assert_eq!(SecretRules::default().phrase_weakness(secret), usual, "{secret}");
        }
        assert_eq!(strict.phrase_weakness("tulip anchors"), Some(Weakness::Short(14)));
        assert_eq!(strict.phrase_weakness("tulip anchor s"), None);
        assert_eq!((SecretRules::default().pin_weakness("4029175"), strict.pin_weakness("4029175")), (None, Some(PinWeakness::Length(8))));
        assert_eq!(strict.pin_weakness("83920174"), None);
    }

    #[test]
    fn a_generated_one_is_as_long_as_the_rules_ask() {
        for least in [8, 40, 64] {
            let rules = SecretRules::of(&VaultRules { passphrase_characters: Some(least), ..site_rules(&[]) });
            for _ in 0..100 {
                let phrase = rules.generate(&mut TestRng).expect("made");
                assert_eq!(rules.phrase_weakness(&phrase), None);
            }
        }
        let blocked = ["a", "e", "i", "o", "u"].map(str::to_owned).to_vec();
        let unkind = SecretRules::of(&VaultRules { blocked, ..site_rules(&[]) });
        assert!(unkind.generate(&mut TestRng).is_none(), "no word is left");
    }

    #[test]
    fn a_word_that_the_site_blocks_is_found_however_it_is_written() {
        let blocked = ["North Clinic", "caf\u{e9}", "4711"].map(str::to_owned).to_vec();
        let strict = SecretRules::of(&VaultRules { blocked, ..site_rules(&[]) });
        for blocked in ["my NORTH CLINIC phrase", "old north\u{a0}clinic", "Cafe\u{301} at noon", "grey 4711 herons"] {
            assert_eq!(strict.phrase_weakness(blocked), Some(Weakness::Blocked), "{blocked}");
            assert_eq!(SecretRules::default().phrase_weakness(blocked), None, "{blocked}");
        }
        assert_eq!(strict.pin_weakness("904711"), Some(PinWeakness::Blocked));
        assert_eq!(strict.phrase_weakness("north of the clinic"), None);
    }
}
