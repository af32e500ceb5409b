//! Credentials: read, verified, presented.

use super::text;
use crate::guard::{require, violation};
use crate::setting::{Made, beyond_disclosure, setting};
use crate::world::{DAY, HOUR, TestKey, TestRng, at};
use sha2::{Digest as _, Sha256};
use std::hint::black_box;
use waypass_credential::cbor::{Reader, Writer};
use waypass_credential::data_integrity::Suite;
use waypass_credential::fuzzing;
use waypass_credential::json::{self, Limits, Object, Value};
use waypass_credential::key::{PublicKey, ShortThumbprint, Signer};
use waypass_credential::vcdm::envelope::{Content, Envelope, Material};
use waypass_credential::{Credential, Format, KeyClaim, PathStep, base64url, did, jws};

/// The tag of a COSE_Sign1 (RFC 9052 §2).
const COSE: u8 = 0xd2;

/// A changed credential that verifies says what a seed said.
pub(super) fn credential(data: &[u8]) {
    if let Some(credential) = read(data) {
        for verified in setting().keys.iter().filter_map(|key| credential.verify(key).ok()) {
            let said = beyond_disclosure(verified.role());
            if !setting().said.contains(&said) {
                violation("verifies with other content than a seed's", &said);
            }
        }
    }
    black_box(fuzzing::envelope(data));
}

/// Reads a credential: the unverified view is the verified one's, and every claim that may be withheld is there.
pub(super) fn read(data: &[u8]) -> Option<Credential> {
    let setting = setting();
    let credential = Credential::parse(data, setting.bundle.contexts()).ok()?;
    require(credential.as_bytes() == data, "other bytes than were read");
    let untrusted = credential.untrusted();
    if let (Ok(untrusted), Ok(paths)) = (&untrusted, credential.disclosable()) {
        require(paths.iter().all(|path| fuzzing::leads_somewhere(path, &untrusted.claims)), "a claim to withhold that is not there");
        black_box(setting.request.query.first_match(&untrusted.claims, credential.format(), &untrusted.role.kind));
    }
    for verified in setting.keys.iter().filter_map(|key| credential.verify(key).ok()) {
        let agrees = untrusted.as_ref().is_ok_and(|untrusted| {
            let mut role = untrusted.role.clone();
            if let KeyClaim::Thumbprint { issuer: None, thumbprint } = credential.key_claim() {
                // An issuer without a name is known by its thumbprint before its key is found, and by the key after that.
                require(role.issuer == thumbprint.to_string() && role.key_id.is_none(), "a name for an issuer that gives none");
                verified.role().issuer.clone_into(&mut role.issuer);
                role.key_id.clone_from(&verified.role().key_id);
            }
            untrusted.claims == verified.claims() && role == *verified.role()
        });
        require(agrees, "the unverified view differs from the verified one");
    }
    Some(credential)
}

/// Whatever the issuer signs is read, presented and decided about, and what the holder withholds is not shown.
pub(super) fn signed(data: &[u8]) {
    let setting = setting();
    let holder = &setting.world.holder;
    let Some(credential) = sign_as_issuer(data, holder.public_key()).and_then(|bytes| read(&bytes)) else { return };
    let paths = credential.disclosable().unwrap_or_default();
    for shown in [paths.as_slice(), &paths[..paths.len() / 2], &[]] {
        let Ok(presentation) = credential.present(shown, &setting.request.binding(), at(HOUR), holder, &mut TestRng::new("shown")) else {
            continue;
        };
        let decision = setting.decide(presentation.as_bytes());
        let Some(who) = &decision.evidence.who else { continue };
        let withheld = paths.iter().filter(|path| !shown.iter().any(|one| one.is_prefix_of(path) || path.is_prefix_of(one)));
        for path in withheld {
            if let [PathStep::Name(name)] = path.steps() {
                require(who.claims.member(name).is_none(), "a withheld claim is shown");
            }
        }
    }
}

/// Signs the content of `data` as the issuer: `0` a JWS with disclosures and `1` one without, as lines; `2` and `3` a document under JCS and
/// RDFC; `4` one in COSE; `5` the claims and the disclosures of an SD-CWT, see [`sign_chunks`]. The marks @CNF@, @DID@ and @SDn@ become the holder's key and the digests of the lines.
pub(super) fn sign_as_issuer(data: &[u8], holder: &PublicKey) -> Option<Vec<u8>> {
    let world = &setting().world;
    let (kind, rest) = data.split_first()?;
    if *kind == b'5' {
        return sign_chunks(rest);
    }
    let jwk = json::to_string(&Value::Object(holder.to_jwk()));
    let text = text(rest)?.replace("\"@CNF@\"", &jwk).replace("@DID@", &did::to_did_key(holder));
    if matches!(kind, b'0' | b'1') {
        return sign_lines(*kind == b'0', text.split('\n').map(str::to_owned).collect());
    }
    let Ok(Value::Object(document)) = json::parse(text.as_bytes(), Limits::CREDENTIAL) else { return None };
    let named = document.text("issuer").or_else(|| document.member("issuer")?.member("id")?.as_str());
    let is_p256 = named == Some(world.issuer_p256.did().as_str());
    let signer = if is_p256 { &world.issuer_p256 } else { &world.issuer };
    let suite = match (kind, is_p256) {
        (b'2', false) => Suite::EddsaJcs2022,
        (b'2', true) => Suite::EcdsaJcs2019,
        (b'3', false) => Suite::EddsaRdfc2022,
        (b'3', true) => Suite::EcdsaRdfc2019,
        _ => return seal(document, &world.issuer),
    };
    let id = signer.key_id();
    let proof = fuzzing::proof(suite, &document, &id, at(-DAY), setting().bundle.contexts(), signer)?;
    Some(json::to_string(&Value::Object(document.with("proof", proof))).into_bytes())
}

/// Signs an SD-CWT out of chunks, each after two bytes that are its length: the claims, then the content of each disclosure. 32 bytes
/// of `n` are the digest of disclosure `n`.
fn sign_chunks(mut rest: &[u8]) -> Option<Vec<u8>> {
    let mut chunks = Vec::new();
    while let Some((length, more)) = rest.split_first_chunk::<2>() {
        let (chunk, more) = more.split_at_checked(usize::from(u16::from_be_bytes(*length)))?;
        chunks.push(chunk.to_vec());
        rest = more;
    }
    if !(1..=64).contains(&chunks.len()) {
        return None;
    }
    // A disclosure may hold the digest of another one.
    for _ in 0..3 {
        for at in 1..chunks.len() {
            let digest = Sha256::digest(byte_string(&chunks[at]));
            let mark = [u8::try_from(at - 1).ok()?; 32];
            chunks.iter_mut().enumerate().filter(|(other, _)| *other != at).for_each(|(_, chunk)| replace(chunk, &mark, &digest));
        }
    }
    let issuer = &setting().world.issuer;
    let mut header = Writer::new();
    header.map(3).signed(1).signed(-19).signed(4).bytes(&ShortThumbprint::of(issuer.public_key()).0).signed(16).signed(293);
    let header = header.into_bytes();
    let mut signed = Writer::new();
    signed.array(4).text("Signature1").bytes(&header).bytes(&[]).bytes(&chunks[0]);
    let signature = issuer.sign(&signed.into_bytes()).ok()?;
    let mut out = Writer::new();
    out.array(4).bytes(&header).map(usize::from(chunks.len() > 1));
    if chunks.len() > 1 {
        out.signed(17).array(chunks.len() - 1);
        for chunk in &chunks[1..] {
            out.bytes(chunk);
        }
    }
    out.bytes(&chunks[0]).bytes(&signature);
    Some([&[COSE][..], &out.into_bytes()].concat())
}

fn byte_string(content: &[u8]) -> Vec<u8> {
    let mut out = Writer::new();
    out.bytes(content);
    out.into_bytes()
}

fn replace(chunk: &mut Vec<u8>, from: &[u8], to: &[u8]) {
    while let Some(at) = chunk.windows(from.len()).position(|found| found == from) {
        chunk.splice(at..at + from.len(), to.iter().copied());
    }
}

/// Writes an SD-CWT of ours as [`sign_chunks`] reads it.
fn chunks(credential: &[u8]) -> Option<Vec<u8>> {
    let mut from = Reader::new(credential.strip_prefix(&[COSE])?);
    (from.array_of(4).ok()?, from.bytes().ok()?);
    let mut chunks = Vec::new();
    let mut disclosed = from.clone();
    if disclosed.map_of(1).is_ok() {
        disclosed.unsigned().ok()?;
        for _ in 0..disclosed.array().ok()? {
            chunks.push(disclosed.bytes().ok()?.to_vec());
        }
        from = disclosed;
    } else {
        from.map_of(0).ok()?;
    }
    chunks.insert(0, from.bytes().ok()?.to_vec());
    for at in 1..chunks.len() {
        let digest = Sha256::digest(byte_string(&chunks[at]));
        let mark = [u8::try_from(at - 1).ok()?; 32];
        chunks.iter_mut().for_each(|chunk| replace(chunk, &digest, &mark));
    }
    let mut out = vec![b'5'];
    for chunk in chunks {
        out.extend(u16::try_from(chunk.len()).ok()?.to_be_bytes());
        out.extend(chunk);
    }
    Some(out)
}

fn seal(document: Object<'_>, issuer: &TestKey) -> Option<Vec<u8>> {
    let Value::Object(document) = Value::Object(document).into_owned() else { return None };
    Envelope::seal(document, Content::Credential, Material::Cose, &issuer.key_id(), &[], issuer, &mut TestRng::new("seal")).ok()
}

fn sign_lines(discloses: bool, mut lines: Vec<String>) -> Option<Vec<u8>> {
    if !(2..=80).contains(&lines.len()) {
        return None;
    }
    // A disclosure may hold the digest of another one.
    for _ in 0..3 {
        for at in (2..lines.len()).rev() {
            let digest = base64url::encode(&Sha256::digest(base64url::encode(lines[at].as_bytes())));
            let mark = format!("@SD{}@", at - 2);
            lines.iter_mut().enumerate().filter(|(other, _)| *other != at).for_each(|(_, line)| *line = line.replace(&mark, &digest));
        }
    }
    let header = json::parse(lines[0].as_bytes(), Limits::CREDENTIAL).ok()?;
    let world = &setting().world;
    let signer = if header.member("alg")?.as_str() == Some("ES256") { &world.issuer_p256 } else { &world.issuer };
    let input = format!("{}.{}", base64url::encode(lines[0].as_bytes()), base64url::encode(lines[1].as_bytes()));
    let signature = signer.sign(input.as_bytes()).ok()?;
    let mut token = format!("{input}.{}", base64url::encode(&signature));
    if discloses {
        token.push('~');
        lines[2..].iter().for_each(|line| token.extend([base64url::encode(line.as_bytes()).as_str(), "~"]));
    }
    Some(token.into_bytes())
}

/// Writes a credential as [`sign_as_issuer`] reads it.
pub(crate) fn opened(made: &Made) -> Option<Vec<u8>> {
    let plain = |segment: &str| String::from_utf8(base64url::decode(segment).ok()?).ok();
    let lines = || {
        let mut parts = text(&made.credential)?.split('~');
        let mut segments = parts.next()?.split('.');
        let mut lines = vec![plain(segments.next()?)?, plain(segments.next()?)?];
        for (number, disclosure) in parts.filter(|part| !part.is_empty()).enumerate() {
            let digest = base64url::encode(&Sha256::digest(disclosure));
            lines.iter_mut().for_each(|line| *line = line.replace(&digest, &format!("@SD{number}@")));
            lines.push(plain(disclosure)?);
        }
        Some(lines.join("\n"))
    };
    let document =
        || Some(json::to_string(&Credential::parse(&made.credential, setting().bundle.contexts()).ok()?.untrusted().ok()?.claims));
    let (kind, mut text) = match made.format {
        Format::SdJwtVc | Format::VcSdJwt => ('0', lines()?),
        Format::VcJwt => ('1', lines()?),
        Format::DataIntegrity => (if made.suite.is_some_and(|suite| suite.name().contains("rdfc")) { '3' } else { '2' }, document()?),
        Format::VcCose => ('4', document()?),
        Format::SdCwt | Format::Card => return chunks(&made.credential),
    };
    for key in [setting().world.holder.public_key(), setting().world.holder_p256.public_key()] {
        let jwk = json::to_string(&Value::Object(key.to_jwk()));
        text = text.replace(&jwk, "\"@CNF@\"").replace(&did::to_did_key(key), "@DID@");
    }
    Some(format!("{kind}{text}").into_bytes())
}

/// Signs a payload as a gate's request or a list, with the header that belongs to it.
pub(super) fn sign_jws(typ: &str, payload: &[u8], key: &TestKey) -> String {
    jws::sign(typ, Some(&key.key_id()), payload, key).expect("signed")
}
