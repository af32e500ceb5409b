use super::{NotOpened, Recipient, RecipientSecret, Sealed, is_sealed, seal};
use crate::cbor::Writer;
use crate::malformed::Malformed;
use crate::testing::TestRng;
use alloc::{vec, vec::Vec};

const QUESTION: [u8; 32] = [7; 32];
const ANSWER: &[u8] = b"an answer";

fn secret() -> RecipientSecret {
    RecipientSecret::random(&mut TestRng(1))
}

fn sealed() -> Vec<u8> {
    seal(ANSWER, &secret().recipient(), &QUESTION, &mut TestRng(2)).expect("seals")
}

fn open(bytes: &[u8], secret: &RecipientSecret, question: &[u8; 32]) -> Result<Vec<u8>, NotOpened> {
    Sealed::parse(bytes).map_err(|_| NotOpened)?.open(secret, question)
}

#[test]
fn only_the_gate_opens_it_and_only_under_its_question() {
    let bytes = sealed();
    assert!(is_sealed(&bytes) && !is_sealed(ANSWER) && !is_sealed(&[]));
    assert!(!bytes.windows(ANSWER.len()).any(|window| window == ANSWER), "it is not in the clear");
    // Key and tag, and 23 bytes around them.
    assert_eq!(bytes.len() - ANSWER.len(), 32 + 16 + 23);
    let kept = RecipientSecret::from_bytes(*secret().to_bytes());
    assert_eq!(open(&bytes, &kept, &QUESTION).as_deref(), Ok(ANSWER));
    assert_eq!(open(&bytes, &RecipientSecret::random(&mut TestRng(3)), &QUESTION), Err(NotOpened));
    let mut another = QUESTION;
    another[31] ^= 1;
    let read = Sealed::parse(&bytes).expect("reads");
    assert!(read.names(&QUESTION) && read.names(&another) && !read.names(&[8; 32]));
    assert_eq!(open(&bytes, &kept, &another), Err(NotOpened));
    // Two answers have nothing in common.
    let again = seal(ANSWER, &secret().recipient(), &QUESTION, &mut TestRng(4)).expect("seals");
    assert_ne!(again[20..52], bytes[20..52]);
}

#[test]
fn every_flipped_bit_is_refused() {
    let mut bytes = sealed();
    for at in 0..bytes.len() {
        for bit in 0..8 {
            bytes[at] ^= 1 << bit;
            let opened = open(&bytes, &secret(), &QUESTION);
            // The name of the question finds the key, and is not sealed.
            let names = Sealed::parse(&bytes).is_ok_and(|sealed| !sealed.names(&QUESTION));
            assert!(opened == Err(NotOpened) || names, "byte {at} bit {bit}");
            bytes[at] ^= 1 << bit;
        }
    }
    for end in 0..bytes.len() {
        assert!(Sealed::parse(&bytes[..end]).is_err(), "{end} bytes");
    }
}

/// A key of small order gives a secret that everybody knows (RFC 9180 §7.1.4).
#[test]
fn a_key_of_small_order_is_not_sealed_to() {
    for key in [[0; 32], core::array::from_fn(|at| u8::from(at == 0))] {
        assert!(seal(ANSWER, &Recipient(key), &QUESTION, &mut TestRng(2)).is_err());
    }
}

#[test]
fn each_fault_is_named() {
    let message = |header: &[(i64, i64)], kid: Option<&[u8]>, ek: Option<&[u8]>, algorithm_in_the_open: bool| {
        let mut protected = Writer::new();
        protected.map(header.len());
        for (label, value) in header {
            protected.signed(*label).signed(*value);
        }
        let mut out = Writer::new();
        let count = usize::from(kid.is_some()) + usize::from(ek.is_some()) + usize::from(algorithm_in_the_open);
        out.tag(16).array(3).bytes(&protected.into_bytes()).map(count);
        if algorithm_in_the_open {
            out.signed(1).signed(42);
        }
        if let Some(kid) = kid {
            out.signed(4).bytes(kid);
        }
        if let Some(ek) = ek {
            out.signed(-4).bytes(ek);
        }
        out.bytes(&[0; 17]);
        Sealed::parse(&out.into_bytes()).map(drop)
    };
    let (kid, ek) = (Some(&[7; 8][..]), Some(&[1; 32][..]));
    assert_eq!(message(&[(1, 42)], kid, ek, false), Ok(()));
    assert_eq!(message(&[(1, 41)], kid, ek, false), Err(Malformed::OutOfRange("alg")));
    assert_eq!(message(&[], kid, ek, false), Err(Malformed::OutOfRange("alg")));
    assert_eq!(message(&[(1, 42), (2, 1)], kid, ek, false), Err(Malformed::OutOfRange("crit")));
    assert_eq!(message(&[(1, 42)], kid, ek, true), Err(Malformed::Unprotected));
    assert_eq!(message(&[(1, 42)], None, ek, false), Err(Malformed::Missing("kid")));
    assert_eq!(message(&[(1, 42)], kid, None, false), Err(Malformed::Missing("ek")));
    assert_eq!(message(&[(1, 42)], Some(&[7; 9]), ek, false), Err(Malformed::Serialization));
    let large = vec![0xd0; crate::format::MAX_BYTES + 1];
    assert_eq!(Sealed::parse(&large).map(drop), Err(Malformed::TooLarge));
    assert_eq!(Sealed::parse(&[0xd2, 0x83]).map(drop), Err(Malformed::Serialization));
}
