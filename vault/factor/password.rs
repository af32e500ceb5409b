//! Pass phrases.

use super::{Enrolled, Enrolment, Factor, FactorKind, FactorParameters, phrase, stretch};
use crate::error::FactorError;
use alloc::boxed::Box;
use alloc::vec::Vec;
use zeroize::Zeroizing;

/// A password; wiped when dropped.
pub struct Password {
    /// Prepared, so that every keyboard leads to the same bytes (RFC 8265).
    prepared: Zeroizing<Vec<u8>>,
    /// As it was typed, if that differs: 0.1.0 made vaults with that.
    typed: Option<Box<Self>>,
}

impl Password {
    /// From what was typed. The caller wipes its own copy.
    pub fn new(text: &str) -> Self {
        let prepared = phrase::prepare(text);
        let typed = (*prepared != text).then(|| Box::new(Self { prepared: Zeroizing::new(text.as_bytes().to_vec()), typed: None }));
        Self { prepared: Zeroizing::new(prepared.as_bytes().to_vec()), typed }
    }
}

impl Factor for Password {
    fn kind(&self) -> FactorKind {
        FactorKind::Password
    }

    fn older(&self) -> Option<&dyn Factor> {
        self.typed.as_deref().map(|typed| typed as &dyn Factor)
    }

    fn enrol(&self, with: &mut Enrolment<'_>) -> Result<Enrolled, FactorError> {
        if self.prepared.is_empty() {
            return Err(FactorError::Empty);
        }
        stretch::enrol(self.kind(), &self.prepared, with)
    }

    fn derive(&self, parameters: &FactorParameters, to: &mut [u8; 32]) -> Result<(), FactorError> {
        stretch::derive(self.kind(), &self.prepared, parameters, to)
    }
}

#[cfg(test)]
mod tests {
    use super::{Enrolment, Factor as _, FactorError, Password};
    use crate::factor::KdfCost;
    use crate::seal::Suite;
    use crate::testing::TestRng;

    #[test]
    fn the_empty_password_is_refused() {
        let mut with = Enrolment { suite: Suite::Aes, cost: KdfCost::Floor, rng: &mut TestRng };
        assert_eq!(Password::new("").enrol(&mut with).err(), Some(FactorError::Empty));
    }
}
