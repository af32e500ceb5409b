//! Valid inputs of every target, from the deterministic world. A corpus begins with them.

use crate::setting::{good_presentation, setting};
use crate::targets;
use crate::world::{DAY, TestKey, TestRng, World, at};
use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use waypass_credential::base64url;
use waypass_credential::fuzzing;
use waypass_credential::jcs;
use waypass_credential::json::{self, Limits, Value};
use waypass_credential::key::Signer as _;
use waypass_credential::request::Query;
use waypass_credential::role::StatusPurpose;
use waypass_credential::vcdm::secured::Securing;
use waypass_credential::{ClaimPath, Format};
use waypass_issuer::policy::PolicyDraft;
use waypass_qr::{FrameSize, Picture, frames};
use waypass_trust::status::bitstring::{BitstringBuf, BitstringList};
use waypass_trust::sync::{AuditHeld, Manifest};
use waypass_trust::time::TimeState;
use waypass_verifier::DeviceState;

#[derive(Default)]
struct Seeds(BTreeMap<&'static str, Vec<Vec<u8>>>);

impl Seeds {
    fn put(&mut self, target: &'static str, bytes: impl AsRef<[u8]>) {
        self.0.entry(target).or_default().push(bytes.as_ref().to_vec());
    }
}

/// Writes each target's seeds into a folder of its name.
pub(crate) fn write(folder: &Path) {
    let mut seeds = Seeds::default();
    credentials(&mut seeds);
    signed(&mut seeds);
    records(&mut seeds);
    names(&mut seeds);
    office(&mut seeds);
    pictures(&mut seeds);
    targets::rows().into_iter().for_each(|(target, bytes)| seeds.put(target, bytes));
    seeds.put("restore", targets::backup());
    seeds.put("items", [0x81, 0x84, 0x61, b'a', 0x41, 1, 0x81, 0x82, 0x61, b'b', 0x41, 2, 0x41, 3]);
    for (target, inputs) in seeds.0 {
        let folder = folder.join(target);
        fs::create_dir_all(&folder).expect("a folder");
        for (number, bytes) in inputs.into_iter().enumerate() {
            fs::write(folder.join(format!("seed-{number:03}")), bytes).expect("a seed is written");
        }
    }
}

fn credentials(seeds: &mut Seeds) {
    for made in &setting().made {
        seeds.put("credential", &made.credential);
        if let Some(presentation) = &made.presentation {
            seeds.put("step", presentation);
        }
        if matches!(made.format, Format::VcCose | Format::SdCwt | Format::Card) {
            seeds.put("cbor", [b"5", made.credential.as_slice()].concat());
        }
        if !made.good {
            continue;
        }
        if let Some(opened) = targets::opened(made) {
            seeds.put("signed", &opened);
            seeds.put("diff", opened);
        }
        seeds.put("qr", &made.credential[..made.credential.len().min(600)]);
        if made.format == Format::DataIntegrity {
            let Ok(Value::Object(mut document)) = json::parse(&made.credential, Limits::CREDENTIAL) else { continue };
            document.remove("proof");
            seeds.put("vcapi", [b"0{\"credential\":".as_slice(), json::to_string(&Value::Object(document)).as_bytes(), b"}"].concat());
            seeds.put("vcapi", [b"1{\"verifiableCredential\":".as_slice(), &made.credential, b"}"].concat());
            let shown = made.presentation.as_deref().expect("a good seed is presented");
            seeds.put("vcapi", [b"2{\"verifiablePresentation\":".as_slice(), shown, b"}"].concat());
            [&made.credential, shown].into_iter().for_each(|text| seeds.put("jsonld", text));
            seeds.put("json", &made.credential);
        }
    }
}

fn payload(token: &str) -> Vec<u8> {
    let payload = base64url::decode(token.split('.').nth(1).expect("a payload")).expect("ours");
    [b"!", payload.as_slice()].concat()
}

fn signed(seeds: &mut Seeds) {
    let (setting, world) = (setting(), &setting().world);
    seeds.put("request", &setting.request_text);
    seeds.put("request", payload(&setting.request_text));
    for bundle in [&setting.bundle, &setting.newer] {
        seeds.put("bundle", bundle.to_bytes());
        seeds.put("bundle", bundle.to_bytes_with_lists(|_| false));
        seeds.put("targets", serde_json::to_vec(bundle.targets()).expect("written"));
        seeds.put("manifest", Manifest::of(Some(bundle), AuditHeld { size: 3, receipted: 1 }).to_bytes());
        let parcel = format!(r#"{{"schema":"waypass.parcel/1","bundle":{}}}"#, String::from_utf8(bundle.to_bytes()).expect("text"));
        seeds.put("parcel", parcel);
    }
    for set in [&[][..], &[(8, 1), (9, 2)]] {
        let list = world.list(at(0), 30 * DAY, set);
        seeds.put("token", payload(&list));
        seeds.put("token", list);
    }
    for by in [Securing::DataIntegrity, Securing::Jose, Securing::Cose] {
        let mut bits = BitstringBuf::new(1, 131_072).expect("a bitstring");
        bits.set(8, 1).expect("an entry");
        let list = BitstringList {
            uri: "https://clinic.example/lists/b1".into(),
            issuer: world.status.did(),
            purposes: vec![StatusPurpose::Revocation],
            messages: Vec::new(),
            issued_at: at(0),
            expires_at: Some(at(DAY)),
            ttl_milliseconds: Some(60_000),
        };
        // A list in COSE is no text, and is not carried.
        if let Ok(signed) = list.sign(&bits, by, &world.status.key_id(), &world.status) {
            seeds.put("bitstring", signed);
        }
        let document = json::to_string(&Value::Object(list.document(&bits).expect("a document")));
        ["!0", "!1", "!2"].into_iter().for_each(|head| seeds.put("bitstring", format!("{head}{document}")));
    }
}

fn records(seeds: &mut Seeds) {
    let setting = setting();
    let (checkpoint, moment) = setting.checkpoint(DeviceState::new(&setting.gate.id));
    let (_, commit) = checkpoint.step(good_presentation(), setting.asked(), &moment, &mut TestRng::new("salt"));
    let time = TimeState::default().adopt(&setting.bundle.signed_time(), moment.reading()).0;
    for (kind, bytes) in [
        ("0", commit.state_bytes()),
        ("1", commit.entry().to_bytes()),
        ("2", commit.entry().leaf_bytes().to_vec()),
        ("3", setting.challenge.clone()),
        ("4", time.to_bytes()),
    ] {
        seeds.put("cbor", [kind.as_bytes(), &bytes].concat());
    }
    targets::audit_seeds().into_iter().for_each(|bytes| seeds.put("audit", bytes));
    seeds.put("json", jcs::to_vec(&Value::Object(World::nurse(&setting.world.issuer, &setting.world.holder, Format::SdJwtVc).personal)));
    let numbers = r#"[1,-0,1e5,1.5e300,"\u00e9\ud83d\ude00",{"a":null,"b":[true,false]},18446744073709551615,-9223372036854775808,0.1]"#;
    seeds.put("json", numbers);
    seeds.put("rdfc", [4, 0, 1, 1, 2, 2, 3, 3, 0]);
    seeds.put("rdfc", (0..60).collect::<Vec<u8>>());
}

fn names(seeds: &mut Seeds) {
    for key in [TestKey::ed25519("x"), TestKey::p256("x"), TestKey::p384("x")] {
        let public = key.public_key();
        let did_jwk = format!("did:jwk:{}", base64url::encode(json::to_string(&Value::Object(public.to_jwk())).as_bytes()));
        for name in [key.did(), key.key_id(), did_jwk, public.to_multikey()] {
            seeds.put("did", name);
        }
        seeds.put("did", json::to_string(&Value::Object(public.to_jwk())));
        let document = fuzzing::did_document(&key.did()).expect("a document");
        seeds.put("diddoc", json::to_string(&Value::Object(document)));
    }
    ["did:web:clinic.example:issuers:1", "did:web:localhost%3A8080"].into_iter().for_each(|name| seeds.put("did", name));
    let nested = ClaimPath::names(["address", "locality"]);
    for query in [World::query(), Query::for_role(&Format::ALL, &["nurse", "doctor"], &[nested]).expect("a query")] {
        seeds.put("dcql", serde_json::to_vec(&query).expect("written"));
    }
    for text in ["90d", "2026-11-20T08:00:00Z", "1970-01-01T00:00:00+01:00", "ABCDE-FGHIJ-KLMNO-PQRST-UVWXY-Z", "666f6f62617266", "urn:x"] {
        seeds.put("text", text);
    }
    let offer = "openid-credential-offer://?credential_offer=%7B%22credential_issuer%22%3A%22https%3A%2F%2Fx.example%22%2C%22credential_configuration_ids%22\
                 %3A%5B%22a%22%5D%2C%22grants%22%3A%7B%22urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Apre-authorized_code%22%3A%7B%22pre-authorized_code%22\
                 %3A%22x%22%7D%7D%7D";
    seeds.put("offer", offer);
    seeds.put("offer", "openid-credential-offer://?credential_offer_uri=https%3A%2F%2Fx.example%2Fo%2F1");
    seeds.put(
        "offer",
        r#"{"credential_issuer":"https://x.example","credential_configuration_ids":["a"],"grants":{"urn:ietf:params:oauth:grant-type:pre-authorized_code":{"pre-authorized_code":"x","tx_code":{"input_mode":"numeric","length":6,"description":"d"}}}}"#,
    );
    seeds.put(
        "offer",
        r#"{"format":"dc+sd-jwt","proof_types_supported":{"jwt":{"proof_signing_alg_values_supported":["EdDSA","ES256"]}},"cryptographic_binding_methods_supported":["jwk","did:key"],"vct":"x"}"#,
    );
}

fn office(seeds: &mut Seeds) {
    let (setting, world) = (setting(), &setting().world);
    seeds.put("cedar", waypass_schemas::DEFAULT_POLICY);
    seeds.put(
        "cedar",
        r#"@id("x") permit(principal in Role::"nurse", action == Action::"admit", resource) when { context.sites.contains(resource.site) && context.hour_utc >= 7 } unless { context.zones.containsAny(["a"]) };"#,
    );
    seeds.put("policydraft", serde_json::to_vec(&PolicyDraft::initial().expect("the first policy")).expect("written"));
    seeds.put("authority", serde_json::to_vec(&setting.bundle.authorities()[0]).expect("written"));
    seeds.put("rootfile", world.root_envelope().to_bytes());
    seeds.put("rootfile", world.pinned().to_bytes());
}

fn pictures(seeds: &mut Seeds) {
    for text in ["HELLO", "https://example.org/a?b=c", "WP1:ABCDEF0123"] {
        seeds.put("png", Picture::Png.draw(text).expect("drawn"));
    }
    for name in ["baseline", "grey", "progressive", "turned"] {
        let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../qr/read/fixtures").join(format!("{name}.jpg"));
        seeds.put("jpeg", fs::read(file).expect("a photograph"));
    }
    let lines: Vec<String> = frames(&[7; 900], FrameSize::Terminal).expect("fits").iter().map(|frame| frame.text().to_owned()).collect();
    seeds.put("qr", lines.join("\n"));
    let texts = ["HELLO", "0123456789", "hello, \u{e9}\u{20ac}", "https://example.org/abcdefghijklmnopqrstuvwxyz"];
    for (text, level) in texts.into_iter().zip(0..) {
        let code = qrcode::QrCode::new(text).expect("a code");
        let modules = code.to_colors();
        let bytes = modules
            .chunks(8)
            .map(|chunk| chunk.iter().zip(0..).fold(0, |byte, (colour, at)| byte | u8::from(*colour == qrcode::Color::Dark) << (7 - at)));
        seeds.put("qrpic", [u8::try_from(code.width()).expect("small")].into_iter().chain(bytes).collect::<Vec<u8>>());
        let mut bits = qrcode::bits::Bits::new(qrcode::Version::Normal(3));
        bits.push_optimal_data(text.as_bytes()).expect("fits");
        bits.push_terminator(qrcode::EcLevel::L).expect("fits");
        seeds.put("qrword", [&[2 + level * 12], bits.into_bytes().as_slice()].concat());
    }
    // Segments of every kind: ECI, Kanji, structured append, FNC1, Hanzi.
    for words in [
        &[2, 0x71, 0xa4, 0x04, 0x41, 0x42, 0x43, 0x44][..],
        &[2, 0x78, 0x1a, 0x40, 0x24, 0x14],
        &[2, 0x30, 0x01, 0x40, 0x24, 0x14],
        &[2, 0x50, 0x40, 0x24, 0x14],
        &[2, 0x94, 0x10, 0x40],
        &[2, 0x80, 0x20, 0x40, 0x60],
        &[2, 0xd1, 0x02, 0x40, 0x60],
    ] {
        seeds.put("qrword", words);
    }
}
