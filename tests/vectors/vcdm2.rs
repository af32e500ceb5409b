//! The inputs of the data model's test suite, read as credentials and presentations of any type. Their names say what is expected:
//! `-ok`, `-fail`, or `-fail-or-inject` for what a reader may mend, which this one refuses.

use super::suite::run;
use crate::json::{self, Limits, Object, Value};
use crate::vcdm::document::Document;
use std::prelude::rust_2024::*;
use std::{format, panic};

/// The suite gives this issuer to a credential, or this `id` to an issuer object, if it has none.
const ISSUER: &str = "did:key:z6MkwWcBSyCTt6PkDFwddZGqzDzM3vAhcbwQZGAQvXSMMDRE";

#[test]
fn data_model_2_0() {
    run("vcdm2", "vcdm2", |suite| {
        for folder in [".", "names-and-descriptions"] {
            for file in suite.names(folder) {
                let Some(name) = file.strip_suffix(".json") else { continue };
                let bytes = suite.bytes(format!("{folder}/{file}"));
                let Ok(Value::Object(mut document)) = json::parse(&bytes, Limits::CREDENTIAL) else { panic!("{name}: no object") };
                let read = if name.starts_with("presentation") {
                    Document::presentation(document)
                } else {
                    if name != "credential-no-issuer-fail" {
                        issued(&mut document);
                    }
                    Document::credential(document)
                };
                match (name.ends_with("-ok"), name.contains("-fail")) {
                    (true, _) => suite.case(format!("{name}: {:?}", read.as_ref().err()), read.is_ok()),
                    (_, true) => suite.case(name, read.is_err()),
                    (false, false) => suite.exclude(name),
                }
            }
        }
    });
}

fn issued(credential: &mut Object<'_>) {
    let issuer = match credential.remove("issuer") {
        None => ISSUER.into(),
        Some(Value::Object(issuer)) if issuer.member("id").is_none() => issuer.with("id", ISSUER).into(),
        Some(other) => other,
    };
    credential.set("issuer", issuer);
}
