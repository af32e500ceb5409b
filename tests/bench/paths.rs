//! The paths that are measured, each against the raw verifications it contains.

use crate::measure::{Ratio, least};
use crate::world::{TestKey, World, at};
use std::time::Duration;
use waypass_credential::format::{Credential, Format, Presentation};
use waypass_credential::json::Object;
use waypass_credential::key::Signer;
use waypass_credential::request::{ClaimPath, Nonce, Request};

pub(crate) fn gated(world: &World) -> Vec<Ratio> {
    vec![
        data_integrity(world),
        sd_jwt(world, &world.issuer_p256, &world.holder_p256, "SD-JWT VC + KB, 5 of 20 disclosed, ES256"),
        sd_jwt(world, &world.issuer, &world.holder, "SD-JWT VC + KB, 5 of 20 disclosed, EdDSA"),
    ]
}

pub(crate) fn reported(world: &World) -> Vec<(&'static str, Duration)> {
    let sign = |key: &TestKey| key.sign(&MESSAGE).expect("signs");
    let claims = World::nurse(&world.issuer, &world.holder, Format::DataIntegrity);
    vec![
        ("raw Ed25519 verification", raw(&world.issuer)),
        ("raw P-256 verification", raw(&world.issuer_p256)),
        ("raw Ed25519 signature", least(|| sign(&world.issuer))),
        ("issue eddsa-jcs-2022", least(|| World::issue(&claims, &world.issuer, Format::DataIntegrity, "bench"))),
    ]
}

/// As long as the hash pair that an eddsa-jcs-2022 signature covers.
const MESSAGE: [u8; 64] = [7; 64];

fn raw(key: &TestKey) -> Duration {
    let signature = key.sign(&MESSAGE).expect("signs");
    least(|| key.public_key().verify(&MESSAGE, &signature))
}

/// A credential of about 1.8 kB, read from bytes and verified.
fn data_integrity(world: &World) -> Ratio {
    let mut claims = World::nurse(&world.issuer, &world.holder, Format::DataIntegrity);
    claims.roles = (0..12).map(|n| format!("ward-nurse-{n}")).collect();
    claims.sites = (0..8).map(|n| format!("clinic-site-{n}")).collect();
    claims.zones = (0..8).map(|n| format!("zone-{n}")).collect();
    let bytes = World::issue(&claims, &world.issuer, Format::DataIntegrity, "bench").as_bytes().to_vec();
    let key = world.issuer.public_key();
    let signature = world.issuer.sign(&MESSAGE).expect("signs");
    Ratio::of(
        "eddsa-jcs-2022 credential",
        1.3,
        || key.verify(&MESSAGE, &signature),
        || {
            let credential = Credential::parse(&bytes).expect("parses");
            credential.verify(key).expect("verifies").role().roles.len()
        },
    )
}

/// A presentation with 5 of 20 claims, issuer signature and holder binding checked.
fn sd_jwt(world: &World, issuer: &TestKey, holder: &TestKey, name: &'static str) -> Ratio {
    let mut claims = World::nurse(issuer, holder, Format::SdJwtVc);
    claims.personal = (0..18).fold(Object::new(), |object, n| object.with(format!("claim_{n}"), format!("value number {n}")));
    let credential = World::issue(&claims, issuer, Format::SdJwtVc, "bench");
    let request = Request {
        client_id: world.gate.did(),
        nonce: Nonce([9; 16]),
        issued_at: at(0),
        expires_at: at(60),
        purpose: "bench".into(),
        query: World::query(),
    };
    let mut disclose: Vec<ClaimPath> = vec![ClaimPath::names(["roles"]).then(0), ClaimPath::names(["roles"]).then(1)];
    disclose.extend((0..3).map(|n| ClaimPath::names([format!("claim_{n}").as_str()])));
    let bytes = credential.present(&disclose, &request, at(1), holder).expect("presents").as_bytes().to_vec();
    let (issuer_signature, holder_signature) = (issuer.sign(&MESSAGE).expect("signs"), holder.sign(&MESSAGE).expect("signs"));
    Ratio::of(
        name,
        1.2,
        || (issuer.public_key().verify(&MESSAGE, &issuer_signature), holder.public_key().verify(&MESSAGE, &holder_signature)),
        || {
            let presentation = Presentation::parse(&bytes).expect("parses");
            let verified = presentation.credential().verify(issuer.public_key()).expect("verifies");
            let bound = verified.role().holder.as_ref().expect("a bound key");
            presentation.verify_holder(bound, &request.nonce, &request.client_id).expect("answers")
        },
    )
}
