//! One value of a JSON text changed, and what a tree cannot say: a name twice, other escapes, other spellings of a number.

use super::Dice;
use serde_json::{Map, Value, json};
use waypass_credential::base64url;

const TEXTS: [&str; 38] = [
    "",
    "*",
    "nurse",
    "doctor",
    "@id",
    "@type",
    "@none",
    "@json",
    "https://clinic.example/lists/1",
    "did:key:z6Mk",
    "urn:x",
    "EdDSA",
    "ES256",
    "none",
    "dc+sd-jwt",
    "vc+sd-jwt",
    "sha-256",
    "sha-384",
    "2026-11-20T08:00:00Z",
    "9999-12-31T23:59:59Z",
    "2026-11-20T24:00:00Z",
    "_sd",
    "...",
    "_sd_alg",
    "\u{202e}",
    "\0",
    "\u{feff}x",
    "_:b0",
    "rev",
    "VerifiableCredential",
    "RoleCredential",
    "https://www.w3.org/ns/credentials/v2",
    "DataIntegrityProof",
    "eddsa-rdfc-2022",
    "authentication",
    "@CNF@",
    "@SD0@",
    "@SD1@",
];
const NAMES: [&str; 66] = [
    "_sd",
    "...",
    "iss",
    "exp",
    "nbf",
    "iat",
    "cnf",
    "status",
    "vct",
    "sub",
    "id",
    "type",
    "@id",
    "@type",
    "@context",
    "@graph",
    "@value",
    "@language",
    "@direction",
    "@list",
    "@set",
    "@included",
    "@reverse",
    "@nest",
    "@index",
    "@vocab",
    "@base",
    "@protected",
    "@container",
    "@import",
    "@propagate",
    "@version",
    "proof",
    "credentialStatus",
    "holder",
    "issuer",
    "validFrom",
    "validUntil",
    "roles",
    "sites",
    "zones",
    "given_name",
    "nonce",
    "aud",
    "sd_hash",
    "crit",
    "kid",
    "alg",
    "typ",
    "cty",
    "b64",
    "jwk",
    "x5c",
    "_sd_alg",
    "termsOfUse",
    "evidence",
    "previousProof",
    "domain",
    "challenge",
    "expires",
    "created",
    "purpose",
    "claims",
    "path",
    "values",
    "meta",
];
const NUMBERS: [&str; 15] = [
    "0",
    "1",
    "-1",
    "7",
    "7.0",
    "8",
    "1795161600",
    "1795161600.5",
    "9007199254740993",
    "18446744073709551615",
    "-9223372036854775808",
    "1e308",
    "0.5",
    "253402300800",
    "-62135596801",
];

/// Changes one value, name or spelling.
pub(super) fn changed(text: &[u8], dice: &mut Dice) -> Option<Vec<u8>> {
    if dice.below(12) == 0 {
        return respelled(core::str::from_utf8(text).ok()?, dice);
    }
    let mut tree: Value = serde_json::from_slice(text).ok()?;
    let values = size(&tree);
    let donor = nth(&tree, &mut dice.below(values)).cloned().unwrap_or_default();
    visit(&mut tree, &mut dice.below(values), &mut |value| change(value, &donor, dice));
    serde_json::to_vec(&tree).ok()
}

/// Takes members, the proof or the credential of another document.
pub(super) fn spliced(text: &[u8], other: &[u8], dice: &mut Dice) -> Option<Vec<u8>> {
    let mut tree: Value = serde_json::from_slice(text).ok()?;
    let other: Value = serde_json::from_slice(other).ok()?;
    let mine = tree.as_object_mut()?;
    for (name, value) in other.as_object()? {
        let both = |own: &Value| {
            Value::Array([own, value].into_iter().flat_map(|v| v.as_array().cloned().unwrap_or_else(|| vec![v.clone()])).collect())
        };
        match mine.get(name).filter(|_| matches!(name.as_str(), "proof" | "verifiableCredential") && dice.below(3) == 0) {
            Some(own) => drop(mine.insert(name.clone(), both(own))),
            None if dice.below(3) == 0 => drop(mine.insert(name.clone(), value.clone())),
            None => {}
        }
    }
    serde_json::to_vec(&tree).ok()
}

fn respelled(text: &str, dice: &mut Dice) -> Option<Vec<u8>> {
    let places = |wanted: fn(char) -> bool| text.match_indices(wanted).map(|(at, _)| at).collect::<Vec<_>>();
    let mut out = text.to_owned();
    let commas = places(|c| c == ',');
    match dice.below(4) {
        0 if commas.len() > 1 => {
            let from = dice.below(commas.len() - 1);
            out.insert_str(dice.one(&commas), &text[commas[from]..commas[from + 1]]);
        }
        1 => {
            let digits = places(|c| c.is_ascii_digit());
            let at = digits.get(dice.below(digits.len()))? + 1;
            out.insert_str(at, dice.one(&["e0", ".0", "0", "E+1", ".5"]));
        }
        2 if !commas.is_empty() => out.insert(dice.one(&commas), dice.one(&[' ', '\n', '\t', '\u{a0}', '\0'])),
        _ => {
            let open = text.find('{')?;
            out.insert_str(
                open + 1,
                dice.one(&["\"__proto__\":1,", "\"@context\":[],", "\"proof\":null,", "\"\":\"\",", "\"\\u0065xp\":1,"]),
            );
        }
    }
    Some(out.into_bytes())
}

fn size(tree: &Value) -> usize {
    1 + match tree {
        Value::Array(items) => items.iter().map(size).sum(),
        Value::Object(members) => members.values().map(size).sum::<usize>(),
        _ => 0,
    }
}

fn nth<'v>(tree: &'v Value, left: &mut usize) -> Option<&'v Value> {
    if *left == 0 {
        return Some(tree);
    }
    *left -= 1;
    match tree {
        Value::Array(items) => items.iter().find_map(|item| nth(item, left)),
        Value::Object(members) => members.values().find_map(|value| nth(value, left)),
        _ => None,
    }
}

fn visit(tree: &mut Value, left: &mut usize, change: &mut dyn FnMut(&mut Value)) -> bool {
    if *left == 0 {
        change(tree);
        return true;
    }
    *left -= 1;
    match tree {
        Value::Array(items) => items.iter_mut().any(|item| visit(item, left, change)),
        Value::Object(members) => members.values_mut().any(|value| visit(value, left, change)),
        _ => false,
    }
}

fn change(value: &mut Value, donor: &Value, dice: &mut Dice) {
    match dice.below(12) {
        0 => *value = donor.clone(),
        1 => *value = Value::from(dice.one(&TEXTS)),
        2 => *value = [Value::Null, json!(true), json!(false), json!([]), json!({})][dice.below(5)].clone(),
        3 => *value = serde_json::from_str(dice.one(&NUMBERS)).expect("a number"),
        4 => *value = json!([value.take(), donor]),
        5 => (0..=dice.below(30)).for_each(|_| *value = json!([value.take()])),
        _ => match value {
            Value::Object(members) => change_object(members, donor, dice),
            Value::Array(items) if items.is_empty() => items.push(donor.clone()),
            Value::Array(items) => {
                let (first, second) = (dice.below(items.len()), dice.below(items.len()));
                match dice.below(4) {
                    0 => drop(items.remove(first)),
                    1 => items.extend(vec![items[first].clone(); 1 + dice.below(40)]),
                    2 => items.swap(first, second),
                    _ => items.push(donor.clone()),
                }
            }
            Value::String(text) => change_text(text, dice),
            Value::Number(number) => {
                let number = number.as_i64().unwrap_or_default();
                *value =
                    Value::from(dice.one(&[number.wrapping_add(1), number.wrapping_neg(), number.wrapping_mul(1000), number ^ 1 << 40]));
            }
            _ => *value = donor.clone(),
        },
    }
}

fn change_object(members: &mut Map<String, Value>, donor: &Value, dice: &mut Dice) {
    let names: Vec<String> = members.keys().cloned().collect();
    let new = dice.one(&NAMES).to_owned();
    let (way, first, second) = (dice.below(5), dice.below(names.len()), dice.below(names.len()));
    match way {
        0 if !names.is_empty() => drop(members.remove(&names[first])),
        1 if !names.is_empty() => {
            let moved = members.remove(&names[first]).unwrap_or_default();
            members.insert(new, moved);
        }
        2 if names.len() > 1 => {
            let (a, b) = (&names[first], &names[second]);
            let (first, second) = (members[a].clone(), members[b].clone());
            members.insert(a.clone(), second);
            members.insert(b.clone(), first);
        }
        3 => drop(members.insert(new, Value::from(dice.one(&TEXTS)))),
        _ => drop(members.insert(new, donor.clone())),
    }
}

fn change_text(text: &mut String, dice: &mut Dice) {
    match dice.below(6) {
        0 => *text = text.repeat(1 + dice.below(60)),
        1 => text.push(' '),
        2 => *text = text.to_uppercase(),
        3 => drop(text.pop()),
        4 => {
            // A document within: the last segment of a data URL or token that holds JSON.
            let start = text.rfind(',').map_or(0, |at| at + 1);
            let mut segments: Vec<String> = text[start..].split('.').map(str::to_owned).collect();
            let at = dice.below(segments.len());
            let inner = base64url::decode(segments[at].as_str()).ok().filter(|bytes| matches!(bytes.first(), Some(b'{' | b'[')));
            if let Some(inner) = inner.and_then(|bytes| changed(&bytes, dice)) {
                segments[at] = base64url::encode(&inner);
                *text = format!("{}{}", &text[..start], segments.join("."));
            }
        }
        _ => text.insert(0, dice.one(&['\u{202e}', ' ', '\u{301}', '#', '/'])),
    }
}
