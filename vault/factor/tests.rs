//! The duties of every factor.

use super::*;
use crate::testing::{TestRng, host, reading};
use crate::{NewSlot, Plan, Rules, Unfinished};

macro_rules! every_factor {
    ($($name:ident: $mine:expr, $other:expr;)*) => {$(
        mod $name {
            use super::*;

            #[test]
            fn same_parameters_same_key_other_salt_other_key() {
                let factor = $mine;
                let [Enrolled { parameters: first, key }, Enrolled { parameters: second, .. }] = [(); 2].map(|()| enrolled(&factor));
                assert_ne!(first, second, "the salt was used twice");
                assert_eq!(derived(&factor, &first), *key, "enrolling and deriving agree");
                assert_eq!(derived(&factor, &first), derived(&factor, &first));
                assert_ne!(derived(&factor, &first), derived(&factor, &second));
                assert_ne!(derived(&factor, &first), derived(&$other, &first));
                assert_ne!(derived(&factor, &first), [0; 32]);
            }

            #[test]
            fn it_takes_no_parameters_of_another_kind_and_no_damaged_ones() {
                let factor = $mine;
                let parameters = enrolled(&factor).parameters.as_bytes().to_vec();
                assert!(parameters.len() <= 64, "{} bytes", parameters.len());
                let mut foreign = parameters.clone();
                foreign[1] ^= 8;
                let longer = [&parameters[..], b"x"].concat();
                for wrong in [&foreign[..], &longer, &parameters[..parameters.len() - 1], b""] {
                    let wrong = FactorParameters::new(wrong.to_vec()).expect("short enough");
                    assert_eq!(factor.derive(&wrong, &mut [0; 32]), Err(FactorError::Parameters));
                }
            }

            #[test]
            fn opens_its_vault_and_another_of_its_kind_does_not() {
                let (factor, with) = ($mine, KeyFile::generate(&mut TestRng));
                let slots = vec![NewSlot::of(Factors::one(&factor).and(&with))];
                let plan = Plan { suite: Suite::Aes, cost: KdfCost::Floor, rules: Rules::default(), slots, at: None };
                let mut vault = Unfinished::begin(host(), "test", &plan).expect("begun").finish().expect("created");
                drop(plan);
                vault.unlock(&Factors::one(&factor).and(&with), &reading()).expect("opens");
                assert!(vault.unlock(&Factors::one(&$other).and(&with), &reading()).is_err());
                vault.unlock(&Factors::one(&with).and(&factor), &reading()).expect("opens again");
            }
        }
    )*};
}

every_factor! {
    password: Password::new("correct horse"), Password::new("correct horsf");
    recovery: RecoveryCode::generate(&mut TestRng), RecoveryCode::generate(&mut TestRng);
    key_file: KeyFile::generate(&mut TestRng), KeyFile::generate(&mut TestRng);
    pin: Pin::parse("402917").expect("a PIN"), Pin::parse("402918").expect("a PIN");
}

fn enrolled(factor: &dyn Factor) -> Enrolled {
    factor.enrol(&mut Enrolment { suite: Suite::Aes, cost: KdfCost::Floor, rng: &mut TestRng }).expect("enrols")
}

fn derived(factor: &dyn Factor, parameters: &FactorParameters) -> [u8; 32] {
    let mut key = [0; 32];
    factor.derive(parameters, &mut key).expect("derives");
    key
}
