//! The cost of the second implementations over the signatures they must check, in the form of Waypass's own table
//! (`cargo bench --profile ci --bench ratios`): each against raw verifications by the library it uses itself.

use jsonwebtoken::Algorithm;
use ring::rand::SystemRandom;
use ring::signature::{
    ECDSA_P256_SHA256_FIXED, ECDSA_P256_SHA256_FIXED_SIGNING, ED25519, EcdsaKeyPair, Ed25519KeyPair, KeyPair, UnparsedPublicKey,
};
use rustix::time::{ClockId, clock_gettime};
use serde_json::{Map, Value, json};
use std::hint::black_box;
use std::time::{Duration, Instant};
use waypass_peers::key::Key;
use waypass_peers::{node, sd_jwt};

/// For each line.
const BUDGET: Duration = Duration::from_secs(3);
/// Calls between two readings of the clock, so that the reading itself does not count.
const CALLS: u32 = 8;
const MESSAGE: [u8; 64] = [7; 64];

fn main() {
    println!("{:<46} {:>9} {:>9} {:>7} {:>7} {:>6}", "path", "raw us", "path us", "ratio", "target", "");
    sd_jwt_with_key_binding("SD-JWT VC + KB, 5 of 20, ES256 (sd-jwt-rs)", Algorithm::ES256);
    sd_jwt_with_key_binding("SD-JWT VC + KB, 5 of 20, EdDSA (sd-jwt-rs)", Algorithm::EdDSA);
    match node::ready().and_then(|()| node::run(&["speed"])) {
        Ok(line) => println!("{line}"),
        Err(why) => println!("SKIP eddsa-jcs-2022 (npm): {why}"),
    }
}

/// As in Waypass's bench: two roles and three of eighteen other claims shown, signature and holder binding checked.
fn sd_jwt_with_key_binding(name: &str, algorithm: Algorithm) {
    let (issuer, holder) = (Key::new(algorithm), Key::new(algorithm));
    let mut claims = json!({
        "iss": issuer.public().did(), "vct": "https://waypass.example/vct/role/1", "iat": 1_795_161_600, "nbf": 1_795_161_600,
        "exp": 4_000_000_000_u64, "roles": ["nurse", "doctor"], "sites": ["north"], "zones": ["ward-3"],
        "status": { "status_list": { "idx": 7, "uri": "https://clinic.example/lists/1" } },
    });
    let mut concealed = vec!["$.roles[0]".to_owned(), "$.roles[1]".to_owned()];
    let mut disclose = Map::from_iter([("roles".to_owned(), json!([true, true]))]);
    for n in 0..18 {
        claims[format!("claim_{n}")] = Value::from(format!("value number {n}"));
        concealed.push(format!("$.claim_{n}"));
        if n < 3 {
            disclose.insert(format!("claim_{n}"), Value::Bool(true));
        }
    }
    let concealed = concealed.iter().map(String::as_str).collect();
    let credential = sd_jwt::issue(&claims, concealed, Some(holder.public().jwk()), &issuer);
    let shown = sd_jwt::present(&credential, &Value::Object(disclose), "nonce", "gate", &holder);
    assert_eq!(shown.matches('~').count(), 6, "five disclosures");
    let path = || sd_jwt::verify(&shown, issuer.public(), "nonce", "gate").expect("verifies");
    let (raw, path) = interleaved(two_verifications(algorithm), path);
    let us = |time: Duration| time.as_secs_f64() * 1e6;
    println!("{name:<46} {:>9.1} {:>9.1} {:>7.2} {:>7} {:>6}", us(raw), us(path), us(path) / us(raw), "-", "peer");
}

/// The issuer's and the holder's.
fn two_verifications(algorithm: Algorithm) -> impl FnMut() {
    let rng = SystemRandom::new();
    let (public, signature): (UnparsedPublicKey<Vec<u8>>, Vec<u8>) = if algorithm == Algorithm::EdDSA {
        let pkcs8 = Ed25519KeyPair::generate_pkcs8(&rng).expect("entropy");
        let pair = Ed25519KeyPair::from_pkcs8(pkcs8.as_ref()).expect("a new key");
        (UnparsedPublicKey::new(&ED25519, pair.public_key().as_ref().to_vec()), pair.sign(&MESSAGE).as_ref().to_vec())
    } else {
        let pkcs8 = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &rng).expect("entropy");
        let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, pkcs8.as_ref(), &rng).expect("a new key");
        let signature = pair.sign(&rng, &MESSAGE).expect("signs").as_ref().to_vec();
        (UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, pair.public_key().as_ref().to_vec()), signature)
    };
    move || {
        for _ in 0..2 {
            public.verify(&MESSAGE, &signature).expect("verifies");
        }
    }
}

/// The least CPU time of one call of each, measured in turn.
fn interleaved<A, B>(mut a: impl FnMut() -> A, mut b: impl FnMut() -> B) -> (Duration, Duration) {
    let mut least = (Duration::MAX, Duration::MAX);
    let end = Instant::now() + BUDGET;
    while Instant::now() < end {
        least.0 = least.0.min(timed(&mut a));
        least.1 = least.1.min(timed(&mut b));
    }
    least
}

fn timed<A>(work: &mut impl FnMut() -> A) -> Duration {
    let start = thread_cpu();
    for _ in 0..CALLS {
        black_box(work());
    }
    thread_cpu().saturating_sub(start) / CALLS
}

fn thread_cpu() -> Duration {
    let now = clock_gettime(ClockId::ThreadCPUTime);
    Duration::new(now.tv_sec.unsigned_abs(), u32::try_from(now.tv_nsec).unwrap_or(0))
}
