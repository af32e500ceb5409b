//! The recovery code: 128 random bits, printed in Crockford's alphabet (no I, L, O or U), seven groups of four.

use super::{Enrolled, Enrolment, Factor, FactorKind, FactorParameters, salt_of, salted};
use crate::error::FactorError;
use crate::seal;
use alloc::string::String;
use rand_core::CryptoRng;
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

/// A 128-bit code for the drawer: opens the vault when the password is lost.
pub struct RecoveryCode(Zeroizing<[u8; 16]>);

const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";

/// 128 bits of code and 12 of checksum make 28 letters of 5 bits: 1 typing mistake in 4096 goes unnoticed until the vault refuses it.
const LETTERS: usize = 28;
const GROUP: usize = 4;

impl RecoveryCode {
    /// Makes a new code.
    pub fn generate(rng: &mut dyn CryptoRng) -> Self {
        let mut code = Zeroizing::new([0; 16]);
        rand_core::Rng::fill_bytes(rng, &mut code[..]);
        Self(code)
    }

    /// Takes 128 bits that are random for who sees them.
    pub(crate) fn of(bits: &[u8; 16]) -> Self {
        Self(Zeroizing::new(*bits))
    }

    pub(crate) fn bits(&self) -> Zeroizing<[u8; 16]> {
        self.0.clone()
    }

    /// Reads a printed code: any case; spaces and hyphens are ignored, those of a word processor too, I and L are read as 1 and O as 0.
    pub fn parse(text: &str) -> Result<Self, FactorError> {
        let mut bits = Zeroizing::new([0_u8; LETTERS * 5 / 8 + 1]);
        let mut letters = 0;
        for letter in text.chars().filter(|c| !c.is_whitespace() && !matches!(c, '-' | '\u{2010}'..='\u{2015}')) {
            let letter = u8::try_from(letter).map_err(|_| FactorError::NotARecoveryCode)?;
            let letter = match letter.to_ascii_uppercase() {
                b'I' | b'L' => b'1',
                b'O' => b'0',
                other => other,
            };
            let value = ALPHABET.iter().position(|known| *known == letter).ok_or(FactorError::NotARecoveryCode)?;
            if letters == LETTERS {
                return Err(FactorError::NotARecoveryCode);
            }
            for bit in 0..5 {
                if value & (0x10 >> bit) != 0 {
                    let at = letters * 5 + bit;
                    bits[at / 8] |= 0x80 >> (at % 8);
                }
            }
            letters += 1;
        }
        let mut code = Zeroizing::new([0; 16]);
        code.copy_from_slice(&bits[..16]);
        let sum = checksum(&code);
        if letters != LETTERS || bits[16] != sum[0] || bits[17] != sum[1] {
            return Err(FactorError::NotARecoveryCode);
        }
        Ok(Self(code))
    }

    /// Returns the text to print: seven groups of four letters.
    pub fn printed(&self) -> Zeroizing<String> {
        let mut bits = Zeroizing::new([0_u8; LETTERS * 5 / 8 + 1]);
        bits[..16].copy_from_slice(&self.0[..]);
        bits[16..].copy_from_slice(&checksum(&self.0));
        let mut text = Zeroizing::new(String::with_capacity(LETTERS + LETTERS / GROUP));
        for letter in 0..LETTERS {
            if letter > 0 && letter % GROUP == 0 {
                text.push('-');
            }
            let value = (0..5).map(|bit| letter * 5 + bit).fold(0, |value, at| value << 1 | usize::from(bits[at / 8] >> (7 - at % 8) & 1));
            text.push(char::from(ALPHABET[value]));
        }
        text
    }
}

/// 12 bits, in the upper end of two bytes.
fn checksum(code: &[u8; 16]) -> [u8; 2] {
    let hash = Sha256::new().chain_update(b"waypass/v1/recovery-checksum").chain_update(code).finalize();
    [hash[0], hash[1] & 0xf0]
}

impl Factor for RecoveryCode {
    fn kind(&self) -> FactorKind {
        FactorKind::Recovery
    }

    fn enrol(&self, with: &mut Enrolment<'_>) -> Result<Enrolled, FactorError> {
        let parameters = salted(self.kind(), with);
        let mut key = Zeroizing::new([0; 32]);
        self.derive(&parameters, &mut key)?;
        Ok(Enrolled { parameters, key })
    }

    fn derive(&self, parameters: &FactorParameters, to: &mut [u8; 32]) -> Result<(), FactorError> {
        let salt = salt_of(self.kind(), parameters)?;
        // 128 random bits need no slow function.
        seal::derive(&salt, &self.0[..], b"waypass/v1/factor/recovery", to);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::{ALPHABET, RecoveryCode};
    use crate::testing::TestRng;
    use alloc::format;
    use alloc::string::ToString as _;
    use proptest::prelude::*;

    #[test]
    fn reads_what_people_type() {
        let code = RecoveryCode::generate(&mut TestRng);
        let printed = code.printed();
        assert_eq!(printed.len(), 34);
        let sloppy = printed.replace('-', " ").replace('0', "o").replace('1', "l").to_lowercase();
        assert_eq!(RecoveryCode::parse(&sloppy).expect("reads").0, code.0);
        for hyphen in ['\u{2010}', '\u{2011}', '\u{2013}', '\u{2014}', '\u{a0}', '\n'] {
            let processed = printed.replace('-', &hyphen.to_string());
            assert_eq!(RecoveryCode::parse(&processed).expect("of a word processor").0, code.0, "{hyphen:?}");
        }
        assert!(RecoveryCode::parse(&printed.replace('-', "\u{431}")).is_err(), "a letter is not between letters");
    }

    #[test]
    fn notices_wrong_swapped_and_missing_letters() {
        let printed = RecoveryCode::generate(&mut TestRng).printed().replace('-', "");
        let mut unnoticed = 0;
        for at in 0..printed.len() {
            assert!(RecoveryCode::parse(&format!("{}{}", &printed[..at], &printed[at + 1..])).is_err());
            for letter in ALPHABET.iter().map(|letter| char::from(*letter)).filter(|letter| !printed[at..].starts_with(*letter)) {
                unnoticed += usize::from(RecoveryCode::parse(&format!("{}{letter}{}", &printed[..at], &printed[at + 1..])).is_ok());
            }
        }
        assert!(unnoticed <= 6, "{unnoticed} of 868 wrong letters went unnoticed");
        assert!(RecoveryCode::parse(&format!("{printed}0")).is_err());
    }

    proptest! {
        #[test]
        fn any_text_is_answered(text in "\\PC{0,40}") {
            let _ = RecoveryCode::parse(&text);
        }
    }
}
