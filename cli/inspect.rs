//! `waypass inspect FILE|-`: decodes without trusting.

use crate::exit::{Exit, Failure, Outcome};
use crate::input::Input;
use crate::output::Out;
use crate::text::{Text, escaped};
use crate::tone::Tone;
use serde_json::{Value, json};
use std::path::PathBuf;
use waypass_credential::jsonld::KnownContexts;
use waypass_credential::request::Request;
use waypass_credential::sealed::{Sealed, is_sealed};
use waypass_credential::{Credential, Presentation};
use waypass_credential::{base64url, hex, json as strict};

/// Arguments of `inspect`.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// A credential, presentation, request, bundle or list; `-` reads standard input
    file: PathBuf,
}

/// Everything this verb shows could have been written by anyone.
const WARNING: &str = "NOT VERIFIED: decoded only, no signature, date or status was checked";

pub(crate) fn run(out: Out, input: Input, args: &Args) -> Outcome {
    let bytes = crate::file::read(input, &args.file)?;
    let (kind, content) = decoded(&bytes).map_err(|failure| failure.about(&args.file))?;
    show(out, kind, &content)
}

/// Returns the kind of a file, and its content.
fn decoded(bytes: &[u8]) -> Result<(&'static str, Value), Failure> {
    let Ok(text) = std::str::from_utf8(bytes).map(str::trim) else { return cose(bytes) };
    Ok(if text.starts_with('{') {
        let value: Value = serde_json::from_str(document(text)?).map_err(|error| unknown(&format!("it is not JSON: {error}")))?;
        (json_kind(&value), value)
    } else if text.contains('~') {
        ("SD-JWT", sd_jwt(text)?)
    } else {
        ("JWS", jws(text)?)
    })
}

fn show(out: Out, kind: &str, content: &Value) -> Outcome {
    out.json(&json!({ "schema": "waypass.inspect/1", "verified": false, "kind": kind, "content": content }))?;
    let pretty = serde_json::to_string_pretty(content).map_err(|error| unknown(&error.to_string()))?;
    let mut lines = vec![Text::in_tone(Tone::Amber, WARNING), Text::from(kind)];
    lines.extend(escaped(&pretty).lines().map(Text::from));
    out.words(lines);
    Ok(Exit::Done)
}

/// Returns the text itself once the strict parser has accepted it: no duplicate members, no depth that serde_json would follow.
fn document(text: &str) -> Result<&str, Failure> {
    strict::parse(text.as_bytes(), strict::Limits::BUNDLE).map_err(|error| unknown(&format!("its JSON is refused: {error}")))?;
    Ok(text)
}

fn json_kind(value: &Value) -> &'static str {
    let is = |name: &str| {
        value
            .get("type")
            .is_some_and(|t| t.as_str() == Some(name) || t.as_array().is_some_and(|all| all.iter().any(|t| t.as_str() == Some(name))))
    };
    if value.get("schema").is_some() {
        "Waypass document"
    } else if is("VerifiablePresentation") {
        "Verifiable Presentation"
    } else if is("VerifiableCredential") {
        "Verifiable Credential"
    } else {
        "JSON"
    }
}

/// Returns what a COSE message of ours says: a question, an answer that is sealed, or the document of a credential or of the one in a
/// presentation.
fn cose(bytes: &[u8]) -> Result<(&'static str, Value), Failure> {
    let wrong = |error: &dyn std::fmt::Display| unknown(&format!("it is neither text nor a COSE message of ours: {error}"));
    if is_sealed(bytes) {
        let sealed = Sealed::parse(bytes).map_err(|error| wrong(&error))?;
        return Ok(("sealed answer", json!({ "question": hex::encode(sealed.question()) })));
    }
    if let Ok(Request { client_id, nonce, issued_at, expires_at, purpose, query, code: Some(code) }) = Request::open(bytes) {
        let content = json!({
            "client_id": client_id, "nonce": nonce.to_text(), "iat": issued_at.unix(), "exp": expires_at.unix(), "purpose": purpose,
            "dcql_query": query, "digest": hex::encode(&code.digest),
        });
        return Ok(("question", content));
    }
    let credential = match Presentation::parse(bytes, &KnownContexts::new()) {
        Ok(presentation) => presentation.credential().clone(),
        Err(_) => Credential::parse(bytes, &KnownContexts::new()).map_err(|error| wrong(&error))?,
    };
    let said = credential.untrusted().map_err(|error| wrong(&error))?;
    serde_json::to_value(said.claims).map(|claims| ("COSE", claims)).map_err(|error| wrong(&error))
}

fn jws(text: &str) -> Result<Value, Failure> {
    let mut parts = text.split('.');
    let (Some(header), Some(payload), Some(_signature), None) = (parts.next(), parts.next(), parts.next(), parts.next()) else {
        return Err(unknown("it is neither JSON nor a compact JWS"));
    };
    Ok(json!({ "header": part(header)?, "payload": part(payload)? }))
}

fn sd_jwt(text: &str) -> Result<Value, Failure> {
    let mut pieces: Vec<&str> = text.split('~').collect();
    let binding = pieces.pop().filter(|last| !last.is_empty()).map(jws).transpose()?;
    let issued = pieces.first().copied().map(jws).transpose()?;
    let disclosures = pieces.iter().skip(1).map(|piece| part(piece)).collect::<Result<Vec<_>, _>>()?;
    Ok(json!({ "issued": issued, "disclosures": disclosures, "key_binding": binding }))
}

fn part(text: &str) -> Result<Value, Failure> {
    let bytes = base64url::decode(text).map_err(|_| unknown("a part is not base64url"))?;
    let inner = std::str::from_utf8(&bytes).map_err(|_| unknown("a part is not text"))?;
    serde_json::from_str(document(inner)?).map_err(|error| unknown(&format!("a part is not JSON: {error}")))
}

fn unknown(why: &str) -> Failure {
    Failure::usage(
        format!("this cannot be decoded: {why}"),
        "inspect reads credentials, presentations, requests, trust bundles and status lists",
    )
}
