//! The duties of every factor.

use super::*;
use crate::Vault;
use crate::testing::{TestRng, host, reading};

macro_rules! every_factor {
    ($($name:ident: $mine:expr, $other:expr;)*) => {$(
        mod $name {
            use super::*;

            #[test]
            fn same_parameters_same_key_other_salt_other_key() {
                let factor = $mine;
                let first = factor.enroll(KdfCost::Floor, &mut TestRng).expect("enrols");
                let second = factor.enroll(KdfCost::Floor, &mut TestRng).expect("enrols");
                assert_eq!(first.kind(), factor.kind());
                assert_ne!(first, second, "the salt was used twice");
                assert_eq!(derived(&factor, &first), derived(&factor, &first));
                assert_ne!(derived(&factor, &first), derived(&factor, &second));
                assert_ne!(derived(&factor, &first), derived(&$other, &first));
                assert_ne!(derived(&factor, &first), [0; 32]);
            }

            #[test]
            fn parameters_survive_their_encoding_and_no_other_kind_takes_them() {
                let factor = $mine;
                let parameters = factor.enroll(KdfCost::Floor, &mut TestRng).expect("enrols");
                let mut written = Writer::new();
                parameters.write(&mut written);
                assert_eq!(FactorParameters::read(&mut Reader::new(&written.into_bytes())), Ok(parameters));
                let foreign = match parameters.kind() {
                    FactorKind::Recovery => FactorParameters::KeyFile { salt: [0; 16] },
                    _ => FactorParameters::Recovery { salt: [0; 16] },
                };
                assert!(matches!(factor.derive(&foreign, &mut [0; 32]), Err(FactorError::Parameters)));
            }

            #[test]
            fn opens_its_vault_and_another_of_its_kind_does_not() {
                let factor = $mine;
                let (mut vault, _code) = Vault::create(host(), "test", &factor, KdfCost::Floor).expect("created");
                vault.unlock(&Factors::one(&factor), &reading()).expect("opens");
                assert!(vault.unlock(&Factors::one(&$other), &reading()).is_err());
                vault.unlock(&Factors::one(&factor), &reading()).expect("opens again");
            }
        }
    )*};
}

every_factor! {
    password: Password::new("correct horse"), Password::new("correct horsf");
    recovery: RecoveryCode::generate(&mut TestRng), RecoveryCode::generate(&mut TestRng);
    key_file: KeyFile::generate(&mut TestRng), KeyFile::generate(&mut TestRng);
}

fn derived(factor: &dyn Factor, parameters: &FactorParameters) -> [u8; 32] {
    let mut key = [0; 32];
    factor.derive(parameters, &mut key).expect("derives");
    key
}
