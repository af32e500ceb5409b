//! Rows of both formats, and every bit of them.

use super::*;
use crate::RecoveryCode;
use crate::factor::{Factor as _, KeyFile};
use crate::seal::SUITES;
use crate::testing::TestRng;
use alloc::vec;
use proptest::prelude::*;

const VK: [u8; 32] = [9; 32];

fn place(suite: Suite) -> Place {
    Place { realm: Realm { vault: [1; 16], generation: 1, suite }, id: [2; 8], epoch: 3, ends: None }
}

fn sealed(suite: Suite, code: &RecoveryCode) -> Slot {
    Slot::seal(place(suite), &Factors::one(code), KdfCost::Floor, &VK, &mut TestRng).expect("seals")
}

fn read(row: &[u8]) -> Option<Slot> {
    if let Row::Slot(slot) = Row::read(row) { Some(slot) } else { None }
}

fn open(slot: &Slot, factors: &Factors<'_>) -> Result<[u8; 32], NotOpened> {
    let mut vk = [0; 32];
    Asking::new(factors).open(slot, &mut vk).map(|_| vk)
}

#[test]
fn opens_with_its_factor_only() {
    for suite in SUITES {
        let code = RecoveryCode::generate(&mut TestRng);
        let slot = sealed(suite, &code);
        assert_eq!(open(&slot, &Factors::one(&code)), Ok(VK));
        let other = RecoveryCode::generate(&mut TestRng);
        assert_eq!(open(&slot, &Factors::one(&other)), Err(NotOpened::WrongSecret));
        assert_eq!(read(&slot.to_row()), Some(slot));
    }
}

#[test]
fn every_flipped_bit_is_noticed_even_with_a_mended_checksum() {
    for suite in SUITES {
        let code = RecoveryCode::generate(&mut TestRng);
        let row = sealed(suite, &code).to_row();
        for bit in 0..row.len() * 8 {
            let mut flipped = row.clone();
            flipped[bit / 8] ^= 1 << (bit % 8);
            assert!(matches!(Row::read(&flipped), Row::Damaged), "bit {bit}");
            let content = row.len() - CHECKSUM;
            if bit / 8 < content {
                mend(&mut flipped);
                let opened = read(&flipped).is_some_and(|slot| open(&slot, &Factors::one(&code)).is_ok());
                assert!(!opened, "bit {bit}");
            }
        }
    }
}

fn mend(row: &mut [u8]) {
    let content = row.len() - CHECKSUM;
    let sum = Sha256::digest(&row[..content]);
    row[content..].copy_from_slice(&sum[..CHECKSUM]);
}

fn row_of(header: &[u8]) -> Vec<u8> {
    let mut row = u16::try_from(header.len()).expect("short").to_be_bytes().to_vec();
    row.extend_from_slice(header);
    row.extend_from_slice(&[0; 88 + CHECKSUM]);
    mend(&mut row);
    row
}

#[test]
fn a_slot_of_0_1_0_reads_and_opens_as_it_is() {
    let code = RecoveryCode::generate(&mut TestRng);
    let mut header = Writer::new();
    header.array(7).unsigned(1).bytes(&[1; 16]).bytes(&[2; 8]).unsigned(3).unsigned(1).bytes(&[5; 32]);
    header.array(1).array(2).unsigned(2).bytes(&[6; 16]);
    let header = header.into_bytes();
    let place = place(Suite::ChaCha);
    let mut slot = read(&row_of(&header)).expect("a slot");
    assert_eq!((slot.place, slot.kinds()), (place, vec![FactorKind::Recovery]));
    let mut key = Zeroizing::new([0; 32]);
    code.derive(&slot.factors[0].1, &mut key).expect("derives");
    slot.sealed = Suite::ChaCha.seal(&slot.kek(&vec![key]), &header, &[&ZEROES[..], &VK].concat(), &mut TestRng);
    let again = read(&slot.to_row()).expect("a slot");
    assert_eq!(again, slot, "its header is written as it was read");
    assert_eq!(open(&again, &Factors::one(&code)), Ok(VK));
}

#[test]
fn what_a_newer_version_wrote_is_not_called_damaged() {
    let header = |version: u64, suite: u64, kind: u64| {
        let mut to = Writer::new();
        to.array(9).unsigned(version).bytes(&[1; 16]).bytes(&[2; 8]).unsigned(3).unsigned(1).unsigned(suite);
        to.option(None::<i64>, |_, _| ()).bytes(&[5; 32]).array(1).array(2).unsigned(kind).bytes(&[7; 2048]);
        to.into_bytes()
    };
    let slot = read(&row_of(&header(2, 1, 77))).expect("a slot");
    assert_eq!(slot.kinds(), [FactorKind::Newer(77)]);
    assert!(matches!(Row::read(&row_of(&header(2, 9, 2))), Row::Newer));
    assert!(matches!(Row::read(&row_of(&header(3, 1, 2))), Row::Newer));
    assert!(matches!(Row::read(&row_of(&header(0, 1, 2))), Row::Damaged));
}

#[test]
fn parameters_and_factors_have_a_limit() {
    let header = |factors: usize, bytes: usize| {
        let mut to = Writer::new();
        to.array(9).unsigned(2).bytes(&[1; 16]).bytes(&[2; 8]).unsigned(3).unsigned(1).unsigned(1);
        to.option(None::<i64>, |_, _| ()).bytes(&[5; 32]).array(factors);
        for _ in 0..factors {
            to.array(2).unsigned(2).bytes(&vec![7; bytes]);
        }
        to.into_bytes()
    };
    assert!(read(&row_of(&header(4, 2048))).is_some());
    for (factors, bytes) in [(0, 0), (5, 8), (1, 2049)] {
        assert!(read(&row_of(&header(factors, bytes))).is_none(), "{factors} of {bytes}");
    }
    assert!(FactorParameters::new(vec![0; 2049]).is_none());
}

#[test]
fn two_factors_of_a_kind_open_together_in_any_order_and_not_one_of_them_twice() {
    let [one, two] = [(); 2].map(|()| KeyFile::generate(&mut TestRng));
    let slot = Slot::seal(place(Suite::Aes), &Factors::one(&one).and(&two), KdfCost::Floor, &VK, &mut TestRng).expect("seals");
    for both in [Factors::one(&one).and(&two), Factors::one(&two).and(&one)] {
        assert_eq!(open(&slot, &both), Ok(VK));
    }
    assert_eq!(Asking::new(&Factors::one(&one)).fits(&slot), Ok(false));
    assert_eq!(open(&slot, &Factors::one(&one).and(&one)), Err(NotOpened::WrongSecret));
}

proptest! {
    #[test]
    fn any_row_is_answered(mut row: Vec<u8>, mended: bool) {
        if mended && row.len() >= CHECKSUM {
            mend(&mut row);
        }
        let _ = Row::read(&row);
    }
}
