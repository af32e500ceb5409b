use super::{Sign1, TAG, Types, sign, to_be_signed};
use crate::cbor::Writer;
use crate::key::{Algorithm, Signer};
use crate::malformed::Malformed;
use crate::registered_claims::RegisteredClaims;
use crate::testing::Key;
use crate::time::Timestamp;
use alloc::{borrow::ToOwned, vec::Vec};
use proptest::prelude::*;

/// The first byte of a tagged message.
const FIRST_BYTE: u8 = 0xd2;

fn claims() -> RegisteredClaims {
    let at = Timestamp::from_unix(1_795_000_000).expect("in range");
    let mut claims = RegisteredClaims::made_at(at);
    claims.issuer = Some("did:example:1".to_owned());
    claims.audience = Some("did:example:gate".to_owned());
    claims.nonce = Some("n".to_owned());
    claims.times.expires_at = Some(at.plus(60));
    claims
}

fn message(key: &Key) -> Vec<u8> {
    sign(b"{}", Types { typ: "vc+cose", content_type: "vc" }, "key 1", &claims(), key).expect("signs")
}

/// A message with a protected header written by `protected`, signed well.
fn crafted(protected: impl FnOnce(&mut Writer), unprotected: impl FnOnce(&mut Writer)) -> Result<Sign1, Malformed> {
    let key = Key::issuer();
    let mut header = Writer::default();
    protected(&mut header);
    let protected = header.into_bytes();
    let signature = key.sign(&to_be_signed(&protected, b"{}")).expect("signs");
    let mut out = Writer::default();
    out.tag(TAG).array(4).bytes(&protected);
    unprotected(&mut out);
    out.bytes(b"{}").bytes(&signature);
    Sign1::parse(&out.into_bytes())
}

fn empty(out: &mut Writer) {
    out.map(0);
}

#[test]
fn what_is_signed_is_read_back() {
    for key in [Key::issuer(), Key::p256(4), Key::p384(4)] {
        let message = message(&key);
        assert_eq!(message.first(), Some(&FIRST_BYTE));
        let read = Sign1::parse(&message).expect("reads");
        assert_eq!((read.claims.clone(), read.key_id.as_deref(), read.payload.as_slice()), (claims(), Some("key 1"), &b"{}"[..]));
        assert_eq!((read.typ.as_deref(), read.content_type.as_deref()), (Some("vc+cose"), Some("vc")));
        assert_eq!(read.verify(key.public_key()), Ok(()));
        for other in [Key::ed25519(9), Key::p256(9), Key::p384(9)] {
            assert!(read.verify(other.public_key()).is_err());
        }
        let mut damaged = message.clone();
        for at in 0..damaged.len() {
            for bit in 0..8 {
                damaged[at] ^= 1 << bit;
                assert!(!Sign1::parse(&damaged).is_ok_and(|read| read.verify(key.public_key()).is_ok()), "byte {at} bit {bit}");
                damaged[at] ^= 1 << bit;
            }
        }
    }
}

#[test]
fn the_header_decides_nothing() {
    assert!(
        crafted(
            |out| {
                out.map(1).signed(1).signed(-8);
            },
            empty
        )
        .is_ok_and(|read| read.verify(Key::issuer().public_key()).is_ok())
    );
    // Another algorithm than the key's.
    for wrong in [-7, -35, -36, -37, 5, 0] {
        let read = crafted(
            |out| {
                out.map(1).signed(1).signed(wrong);
            },
            empty,
        )
        .expect("reads");
        assert!(read.verify(Key::issuer().public_key()).is_err(), "{wrong}");
    }
    // None at all, in a text, or where it is not protected.
    assert!(
        crafted(
            |out| {
                out.map(1).signed(4).bytes(b"k");
            },
            empty
        )
        .is_err()
    );
    assert!(
        crafted(
            |out| {
                out.map(1).signed(1).text("EdDSA");
            },
            empty
        )
        .is_err()
    );
    assert!(
        crafted(
            |out| {
                out.map(0);
            },
            |out| {
                out.map(1).signed(1).signed(-8);
            }
        )
        .is_err()
    );
    assert!(
        crafted(
            |out| {
                out.map(1).signed(1).signed(-8);
            },
            |out| {
                out.map(1).signed(1).signed(-8);
            }
        )
        .is_err()
    );
    assert!(
        crafted(
            |out| {
                out.map(1).signed(1).signed(-8);
            },
            |out| {
                out.map(1).signed(16).text("application/vc+cose");
            }
        )
        .is_err()
    );
}

#[test]
fn keys_are_found_and_never_taken_from_a_header() {
    // Critical parameters, known or not.
    assert!(
        crafted(
            |out| {
                out.map(2).signed(1).signed(-8).signed(2).array(1).signed(4);
            },
            empty
        )
        .is_err()
    );
    // The key id may stand outside, once; a key or certificate anywhere is not asked.
    let outside = crafted(
        |out| {
            out.map(1).signed(1).signed(-8);
        },
        |out| {
            out.map(2).signed(4).bytes(b"k").signed(33).bytes(b"x5chain");
        },
    );
    assert_eq!(outside.expect("reads").key_id.as_deref(), Some("k"));
    assert!(
        crafted(
            |out| {
                out.map(2).signed(1).signed(-8).signed(4).bytes(b"k");
            },
            |out| {
                out.map(1).signed(4).bytes(b"k");
            }
        )
        .is_err()
    );
    let matches = [Key::issuer(), Key::p256(1), Key::p384(1)].map(|key| key.public_key().algorithm().cose_ids());
    assert_eq!(matches, [[-19, -8], [-9, -7], [-51, -35]], "RFC 9864 §2, RFC 9053 §2");
    assert_eq!(Key::p384(1).public_key().algorithm(), Algorithm::Es384);
}

#[test]
fn a_message_may_lack_its_tag_and_order_its_header_as_it_likes() {
    let good = message(&Key::issuer());
    let refused = |bytes: &[u8]| Sign1::parse(bytes).is_err();
    assert!(!refused(&good));
    let untagged = Sign1::parse(&good[1..]).expect("RFC 9052 §2: with or without its tag");
    assert_eq!(untagged.verify(Key::issuer().public_key()), Ok(()));
    assert!(refused(&[&[0xd1], &good[1..]].concat()), "another tag");
    assert!(refused(&[&good[..], &[0]].concat()), "bytes after it");
    assert!(refused(&[&[0xd8, 18][..], &good[1..]].concat()), "a longer head");
    let in_another_order = crafted(
        |out| {
            out.map(2).signed(4).bytes(b"k").signed(1).signed(-8);
        },
        empty,
    );
    assert_eq!(in_another_order.expect("signed as bytes").verify(Key::issuer().public_key()), Ok(()));
    assert!(
        crafted(
            |out| {
                out.map(2).signed(1).signed(-8).signed(1).signed(-8);
            },
            empty
        )
        .is_err(),
        "twice"
    );
    for end in 0..good.len() {
        assert!(refused(&good[..end]), "cut at {end}");
    }
}

#[test]
fn claims_are_read_strictly() {
    let with = |label: i64, value: &dyn Fn(&mut Writer)| {
        crafted(
            |out| {
                out.map(2).signed(1).signed(-8).signed(15).map(1).signed(label);
                value(out);
            },
            empty,
        )
        .map(|read| read.claims)
    };
    assert_eq!(
        with(3, &|out| {
            out.array(1).text("gate");
        })
        .expect("one")
        .audience
        .as_deref(),
        Some("gate")
    );
    assert!(
        with(3, &|out| {
            out.array(2).text("gate").text("else");
        })
        .is_err()
    );
    assert!(
        with(6, &|out| {
            out.signed(-1);
        })
        .is_err()
    );
    assert!(
        with(6, &|out| {
            out.text("soon");
        })
        .is_err()
    );
    assert!(
        with(10, &|out| {
            out.text("a nonce is bytes");
        })
        .is_err()
    );
    assert!(
        with(10, &|out| {
            out.bytes(&[0xff]);
        })
        .is_err()
    );
    assert_eq!(
        with(99, &|out| {
            out.text("not ours");
        }),
        Ok(RegisteredClaims::default())
    );
}

proptest! {
    #[test]
    fn any_bytes_are_answered(bytes: Vec<u8>) {
        prop_assert!(Sign1::parse(&bytes).is_err());
        let tagged = [&[FIRST_BYTE, 0x84], bytes.as_slice()].concat();
        let _ = Sign1::parse(&tagged);
    }
}
