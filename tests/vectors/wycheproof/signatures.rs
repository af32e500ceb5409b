//! Ed25519 and ECDSA over P-256 and P-384. Backends must not disagree: each signature goes through all that we could build with.

use super::{bytes, each_test, is_valid, name};
use crate::suite::run;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED, ECDSA_P384_SHA384_FIXED, UnparsedPublicKey};
use p256::ecdsa::signature::Verifier as _;
use waypass_credential::key::{PublicKey, Signature};

#[test]
fn ed25519() {
    run("wycheproof-ed25519", "wycheproof", |suite| {
        each_test(suite, "ed25519_test.json", |suite, group, test| {
            let key: [u8; 32] = bytes(&group["publicKey"]["pk"]).try_into().expect("32 bytes");
            let (message, signature) = (bytes(&test["msg"]), bytes(&test["sig"]));
            // Signatures of another length cannot be written in our types: refused before any key is asked.
            let signature = Signature::try_from(signature.as_slice()).ok();
            let key = PublicKey::ed25519(&key);
            let accepted = signature.is_some_and(|signature| key.is_ok_and(|key| key.verify(&message, &signature).is_ok()));
            suite.equal(name(test), accepted, is_valid(test));
        });
    });
}

#[test]
fn ecdsa_p256() {
    run("wycheproof-ecdsa-p256", "wycheproof", |suite| {
        each_test(suite, "ecdsa_secp256r1_sha256_p1363_test.json", |suite, group, test| {
            let (point, message, raw) = (bytes(&group["publicKey"]["uncompressed"]), bytes(&test["msg"]), bytes(&test["sig"]));
            let signature = Signature::try_from(raw.as_slice()).ok();
            let key = PublicKey::p256(&point);
            let ours = signature.is_some_and(|signature| key.is_ok_and(|key| key.verify(&message, &signature).is_ok()));
            let aws_lc = UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, &point).verify(&message, &raw).is_ok();
            let rust_crypto = p256::ecdsa::VerifyingKey::from_sec1_bytes(&point)
                .is_ok_and(|key| p256::ecdsa::Signature::from_slice(&raw).is_ok_and(|signature| key.verify(&message, &signature).is_ok()));
            for (backend, accepted) in [("ours", ours), ("aws-lc", aws_lc), ("p256", rust_crypto)] {
                suite.equal(format!("{} by {backend}", name(test)), accepted, is_valid(test));
            }
        });
    });
}

#[test]
fn ecdsa_p384() {
    run("wycheproof-ecdsa-p384", "wycheproof", |suite| {
        each_test(suite, "ecdsa_secp384r1_sha384_p1363_test.json", |suite, group, test| {
            let (point, message, raw) = (bytes(&group["publicKey"]["uncompressed"]), bytes(&test["msg"]), bytes(&test["sig"]));
            let signature = Signature::try_from(raw.as_slice()).ok();
            let key = PublicKey::p384(&point);
            let ours = signature.is_some_and(|signature| key.is_ok_and(|key| key.verify(&message, &signature).is_ok()));
            let aws_lc = UnparsedPublicKey::new(&ECDSA_P384_SHA384_FIXED, &point).verify(&message, &raw).is_ok();
            let rust_crypto = p384::ecdsa::VerifyingKey::from_sec1_bytes(&point)
                .is_ok_and(|key| p384::ecdsa::Signature::from_slice(&raw).is_ok_and(|signature| key.verify(&message, &signature).is_ok()));
            for (backend, accepted) in [("ours", ours), ("aws-lc", aws_lc), ("p384", rust_crypto)] {
                suite.equal(format!("{} by {backend}", name(test)), accepted, is_valid(test));
            }
        });
    });
}
