use super::{KnownContexts, LdError, to_rdf, to_rdf_without};
use crate::canon::rdfc::{HashAlgorithm, canonicalize};
use crate::json::{Limits, Value, parse};
use alloc::borrow::ToOwned;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use sha2::{Digest, Sha256};

mod carried;
mod meaning;
mod refusals;
mod robust;

const V2: &str = "https://www.w3.org/ns/credentials/v2";
const ROLE: &str = "https://waypass.example/contexts/role/v1";
const EXAMPLES: &str = "https://www.w3.org/ns/credentials/examples/v2";
/// A context of our own for what the published ones do not use.
const TEST: &str = "https://carried.example/test/v1";

/// The canonical N-Quads of the document `text`, without the member `without`.
fn quads_without(known: &KnownContexts, text: &str, without: Option<&str>) -> Result<String, LdError> {
    let value = parse(text.as_bytes(), Limits::CREDENTIAL).expect("JSON within the limits");
    let document = value.as_object().expect("an object");
    let contexts = known.list(document)?;
    let dataset = match without {
        None => to_rdf(document, &contexts)?,
        Some(without) => to_rdf_without(document, &contexts, without)?,
    };
    let mut out = Vec::new();
    canonicalize(&dataset, HashAlgorithm::Sha256, &mut out).expect("canonical");
    let text = String::from_utf8(out).expect("UTF-8");
    assert_eq!(text.lines().count(), dataset.len(), "every statement is made once");
    Ok(text)
}

fn quads(known: &KnownContexts, text: &str) -> Result<String, LdError> {
    quads_without(known, text, None)
}

/// The statements of a document under credentials/v2 and the role context, of which `members` is the inside.
fn role(members: &str) -> Result<String, LdError> {
    quads(&KnownContexts::new(), &format!(r#"{{"@context": ["{V2}", "{ROLE}"], {members}}}"#))
}

/// The statements of a document under a carried context with this body.
fn with_context(context: &str, members: &str) -> Result<String, LdError> {
    quads(&carrying(&[(TEST, &format!(r#"{{"@context": {context}}}"#))]), &format!(r#"{{"@context": "{TEST}", {members}}}"#))
}

fn carrying(contexts: &[(&str, &str)]) -> KnownContexts {
    let mut known = KnownContexts::new();
    for (id, document) in contexts {
        known.add(id, &Sha256::digest(document).into(), document.as_bytes()).unwrap_or_else(|why| panic!("{id}: {why}"));
    }
    known
}

/// N-Quads lines in order, for comparison with a canonical form.
fn lines(lines: &[&str]) -> String {
    let mut lines: Vec<String> = lines.iter().map(|line| format!("{line} .\n")).collect();
    lines.sort_unstable();
    lines.concat()
}

fn owned(text: &str) -> Value<'static> {
    parse(text.as_bytes(), Limits::CREDENTIAL).expect("JSON").into_owned()
}

#[test]
fn a_list_says_what_it_names() {
    let known = KnownContexts::new();
    let document = owned(&format!(r#"{{"@context": ["{V2}", "{ROLE}"], "type": "RoleCredential"}}"#));
    let document = document.as_object().expect("an object");
    let list = known.list(document).expect("known contexts");
    assert_eq!(list.ids().collect::<Vec<_>>(), [V2, ROLE]);
    assert!(list.is(&[V2, ROLE]) && !list.is(&[V2]) && !list.is(&[ROLE, V2]) && !list.is_open());
    let open = owned(&format!(r#"{{"@context": "{EXAMPLES}"}}"#));
    assert!(known.list(open.as_object().expect("an object")).expect("known").is_open());
    assert!(to_rdf(document, &list).is_ok());
    // Read with another list than it names, a document would mean something else.
    let other = owned(&format!(r#"{{"@context": ["{V2}"], "type": "RoleCredential"}}"#));
    assert_eq!(to_rdf(other.as_object().expect("an object"), &list).err(), Some(LdError::OtherContext));
    // A proof has no context of its own; it is read with the document's.
    let proof = owned(r#"{"type": "DataIntegrityProof", "proofPurpose": "assertionMethod"}"#);
    assert_eq!(to_rdf(proof.as_object().expect("an object"), &list).map(|dataset| dataset.len()).ok(), Some(2));
    let named = owned("{}").as_object().expect("an object").to_owned();
    assert_eq!(known.list(&named).err(), Some(LdError::Context));
}
