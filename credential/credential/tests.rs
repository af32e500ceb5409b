//! All formats have in common: one way in, one meaning.

use super::{Credential, Format, MAX_BYTES, Malformed, Presentation};
use crate::format::from_file;
use crate::jsonld::KnownContexts;
use crate::key::{ShortThumbprint, Signer};
use crate::key_source::KeyClaim;
use crate::role::RoleClaims;
use crate::role::kind_in;
use crate::role::tests::claims;
use crate::testing::{Key, TestRng};
use alloc::{vec, vec::Vec};
use proptest::prelude::*;

#[test]
fn one_meaning_in_every_format() {
    for format in Format::ALL {
        // Ed25519 throughout: eddsa-jcs-2022 has no other keys.
        let holder = Some(Key::ed25519(2).public_key().clone().into());
        let claims = RoleClaims { kind: kind_in(format).into(), holder, ..claims() };
        let credential = Credential::issue(&claims, format, &Key::issuer(), &mut TestRng(1)).expect("issued");
        let read = Credential::parse(credential.as_bytes(), &KnownContexts::new()).expect("its own bytes");
        assert_eq!(read.format(), format);
        match read.key_claim() {
            KeyClaim::Issuer(claimed) => assert_eq!((claimed.issuer, claimed.key_id), (claims.issuer.as_str(), claims.key_id.as_deref())),
            KeyClaim::Thumbprint { issuer, thumbprint } => {
                assert_eq!((issuer, thumbprint), (None, ShortThumbprint::of(Key::issuer().public_key())));
            }
            KeyClaim::Further(_) => panic!("the issuer's"),
        }
        assert_eq!(read.verify(Key::issuer().public_key()).expect("genuine").role(), &claims);
        assert!(read.verify(Key::ed25519(9).public_key()).is_err());
    }
}

#[test]
fn size_is_checked_before_anything_else() {
    for first in [b'{', b'e'] {
        let bytes = vec![first; MAX_BYTES + 1];
        assert_eq!(Credential::parse(&bytes, &KnownContexts::new()).map(drop), Err(Malformed::TooLarge));
        assert_eq!(Presentation::parse(&bytes, &KnownContexts::new()).map(drop), Err(Malformed::TooLarge));
    }
}

#[test]
fn a_presentation_is_no_credential() {
    let credential = Credential::issue(&claims(), Format::SdJwtVc, &Key::issuer(), &mut TestRng(1)).expect("issued");
    let bound = [credential.as_bytes(), b"e30.e30.AA"].concat();
    assert!(Credential::parse(&bound, &KnownContexts::new()).is_err());
    assert!(Credential::parse(b"", &KnownContexts::new()).is_err());
}

proptest! {
    #[test]
    fn any_bytes_are_answered(bytes: Vec<u8>, text in "\\PC{0,60}") {
        for bytes in [bytes.as_slice(), text.as_bytes(), &[b"{", text.as_bytes()].concat()] {
            prop_assert!(Credential::parse(bytes, &KnownContexts::new()).is_err());
            prop_assert!(Presentation::parse(bytes, &KnownContexts::new()).is_err());
        }
    }
}

#[test]
fn only_texts_lose_the_white_space_around_them() {
    assert_eq!(from_file(b" e30.e30.AA\r\n"), b"e30.e30.AA");
    assert_eq!(from_file(b"\xef\xbb\xbfe30.e30.AA\r\n"), b"e30.e30.AA");
    // The last byte of a signature may be any.
    assert_eq!(from_file(b"\xd2\x84 \n"), b"\xd2\x84 \n");
}
