//! XChaCha20-Poly1305, AES-256-GCM, HKDF-SHA256, HMAC-SHA256 and PBKDF2, in the crates that `waypass-vault` seals and stretches with.

use super::{bytes, each_test, is_valid, name};
use crate::suite::run;
use aes_gcm::Aes256Gcm;
use chacha20poly1305::aead::{Aead, KeyInit as _, Payload};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};
use hkdf::Hkdf;
use hmac::{Hmac, Mac};
use sha2::Sha256;

#[test]
fn xchacha20_poly1305() {
    run("wycheproof-xchacha20-poly1305", "wycheproof", |suite| {
        each_test(suite, "xchacha20_poly1305_test.json", |suite, _, test| {
            let (key, nonce, aad) = (bytes(&test["key"]), bytes(&test["iv"]), bytes(&test["aad"]));
            let (plain, tag) = (bytes(&test["msg"]), bytes(&test["tag"]));
            let sealed = [bytes(&test["ct"]), tag].concat();
            // A nonce of another length is not one; the type says so.
            let opened = XNonce::try_from(nonce.as_slice()).ok().and_then(|nonce| {
                let cipher = XChaCha20Poly1305::new_from_slice(&key).expect("a 256-bit key");
                let opened = cipher.decrypt(&nonce, Payload { msg: &sealed, aad: &aad }).ok()?;
                let again = cipher.encrypt(&nonce, Payload { msg: &opened, aad: &aad }).expect("short");
                (again == sealed).then_some(opened)
            });
            suite.equal(name(test), opened, is_valid(test).then_some(plain));
        });
    });
}

/// Keys of 256 bits and nonces of 96: the vault has no others.
#[test]
fn aes_256_gcm() {
    run("wycheproof-aes-256-gcm", "wycheproof", |suite| {
        each_test(suite, "aes_gcm_test.json", |suite, group, test| {
            if (group["keySize"].as_u64(), group["ivSize"].as_u64()) != (Some(256), Some(96)) {
                return;
            }
            let (key, nonce, aad) = (bytes(&test["key"]), bytes(&test["iv"]), bytes(&test["aad"]));
            let sealed = [bytes(&test["ct"]), bytes(&test["tag"])].concat();
            let (cipher, nonce) = (Aes256Gcm::new_from_slice(&key).expect("a 256-bit key"), nonce.as_slice().try_into().expect("12 bytes"));
            let opened = cipher.decrypt(nonce, Payload { msg: &sealed, aad: &aad }).ok().filter(|opened| {
                let again = cipher.encrypt(nonce, Payload { msg: opened, aad: &aad }).expect("short");
                again == sealed
            });
            suite.equal(name(test), opened, is_valid(test).then(|| bytes(&test["msg"])));
        });
    });
}

#[test]
fn pbkdf2_hmac_sha256() {
    run("wycheproof-pbkdf2-hmac-sha256", "wycheproof", |suite| {
        each_test(suite, "pbkdf2_hmacsha256_test.json", |suite, _, test| {
            let number = |name: &str| test[name].as_u64().and_then(|number| u32::try_from(number).ok()).expect("a number");
            let mut out = vec![0; number("dkLen") as usize];
            pbkdf2::pbkdf2_hmac::<Sha256>(&bytes(&test["password"]), &bytes(&test["salt"]), number("iterationCount"), &mut out);
            suite.equal(name(test), Some(out), is_valid(test).then(|| bytes(&test["dk"])));
        });
    });
}

#[test]
fn hkdf_sha256() {
    run("wycheproof-hkdf-sha256", "wycheproof", |suite| {
        each_test(suite, "hkdf_sha256_test.json", |suite, _, test| {
            let mut out = vec![0; usize::try_from(test["size"].as_u64().expect("a size")).expect("a size")];
            let derived = Hkdf::<Sha256>::new(Some(&bytes(&test["salt"])), &bytes(&test["ikm"])).expand(&bytes(&test["info"]), &mut out);
            suite.equal(name(test), derived.is_ok().then_some(out), is_valid(test).then(|| bytes(&test["okm"])));
        });
    });
}

#[test]
fn hmac_sha256() {
    run("wycheproof-hmac-sha256", "wycheproof", |suite| {
        each_test(suite, "hmac_sha256_test.json", |suite, _, test| {
            let mut mac = Hmac::<Sha256>::new_from_slice(&bytes(&test["key"])).expect("any length");
            mac.update(&bytes(&test["msg"]));
            suite.equal(name(test), mac.verify_truncated_left(&bytes(&test["tag"])).is_ok(), is_valid(test));
        });
    });
}
