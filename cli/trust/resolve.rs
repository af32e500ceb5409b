//! `waypass trust resolve`: the keys that a DID stands for.

use crate::Run;
use crate::exit::{Exit, Failure, Outcome};
use crate::file::{self, Members, Readers};
use serde_json::json;
use std::path::PathBuf;
use waypass_credential::did::DidDocument;
use waypass_credential::did::Purpose;
use waypass_credential::did::WebDid;
use waypass_credential::did::resolution::{ErrorCode, Resolution};
use waypass_credential::json as plain;
use waypass_machine::clock;
use waypass_net::Link;
use waypass_net::TransportError;
use waypass_net::did_web;

/// Arguments of `trust resolve`.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// A did:key or did:jwk, which need no network, or a did:web, which is fetched
    did: String,
    /// Write the DID document to a file
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
}

pub(crate) fn run(run: &Run, args: &Args) -> Outcome {
    let fetched = match WebDid::parse(&args.did) {
        Ok(did) => Some(did_web::fetch(&did, &Link::default()).map_err(failure)?),
        Err(_) => None,
    };
    let resolution = Resolution::of(&args.did, None, |_| fetched.as_deref());
    let document = match &resolution.document {
        Ok(document) => document,
        Err(why) => return Err(refused(&args.did, *why)),
    };
    let keys = DidDocument::read(document, &args.did).map_err(|why| Failure::new(Exit::Red, why, NOT_ITS))?;
    let mut delivered = Members::new();
    if let Some(path) = &args.output {
        // Of a did:web exactly what came: its operator may have said its digest.
        let bytes = fetched.unwrap_or_else(|| plain::to_string(&plain::Value::Object(document.clone())).into_bytes());
        delivered = file::deliver(run.out, path, &bytes, Readers::All)?;
    }
    let found = json!({ "schema": "waypass.did/1", "did": args.did, "document": plain::Value::Object(document.clone()) });
    run.out.json(&file::with(found, delivered))?;
    run.out.words(&args.did);
    let now = clock::read().wall;
    for (purpose, says) in [(Purpose::AssertionMethod, "signs credentials"), (Purpose::Authentication, "answers as holder")] {
        for (method, key) in keys.keys(purpose, now) {
            run.out.words(&format!("  {says:<18} {} {method}", key.algorithm().jose_name()));
        }
    }
    run.out.note("a DID document says which keys, not whether to believe them: that is for `waypass issuer authority add`");
    Ok(Exit::Done)
}

const NOT_ITS: &str = "ask its operator for the document, and compare";

fn refused(did: &str, why: ErrorCode) -> Failure {
    let what = format!("{did}: {}", why.title());
    match why {
        ErrorCode::InvalidDidDocument => Failure::new(Exit::Red, what, NOT_ITS),
        _ => Failure::usage(what, "give a did:key, a did:jwk, or a did:web with the name of a host"),
    }
}

fn failure(error: TransportError) -> Failure {
    match error {
        TransportError::NotPublic { .. } => Failure::usage(error, "a DID may not lead into this network; bring the document as a file"),
        TransportError::Refused { .. } | TransportError::TooLarge { .. } => Failure::new(Exit::Network, error, NOT_ITS),
        error => Failure::new(Exit::Network, error, "try again later, or bring the document as a file"),
    }
}
