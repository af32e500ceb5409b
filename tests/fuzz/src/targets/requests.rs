//! Questions, queries and offers, which a wallet reads from others.

use super::credentials::sign_jws;
use super::{signed_if_asked, text};
use crate::guard::{require, violation};
use crate::setting::setting;
use crate::world::at;
use std::hint::black_box;
use waypass_credential::json::{self, Limits};
use waypass_credential::request::{Query, Request};
use waypass_credential::recipient::Recipient;
use waypass_credential::sealed::Sealed;
use waypass_credential::{Credential, Nonce};
use waypass_net::pickup::{Offer, OfferSource, fuzzing};
use waypass_wallet::Asked;

/// Only the gate's own question opens under its name, and a question that opens is written as it was read.
pub(super) fn request(data: &[u8]) {
    let setting = setting();
    let gate = &setting.world.gate;
    let Some((question, ours)) = signed_if_asked(data, |payload| sign_jws(waypass_credential::fuzzing::REQUEST, payload, gate)) else {
        return;
    };
    if let Ok(read) = Request::open(&question) {
        require(ours || read == setting.request, "a question that the gate did not ask");
        let again = read.sign(gate).ok().and_then(|text| Request::open(&text).ok());
        require(again == Some(Request { code: None, ..read }), "a question is another one when written again");
    }
    black_box(Request::open(data).is_ok() || Sealed::parse(data).is_ok());
    let moment = setting.moment();
    black_box(Asked::open(&question, Some(&setting.bundle), &moment).is_ok());
    black_box(Asked::open(&question, None, &moment).is_ok());
}

/// A query means the same when it is written again, a match is there, and a signed question opens.
pub(super) fn dcql(data: &[u8]) {
    let setting = setting();
    let Ok(query) = Query::parse(data) else { return };
    let written = serde_json::to_vec(&query).expect("a query is written");
    require(Query::parse(&written).as_ref() == Ok(&query), "a query is another one when written again");
    for made in setting.made.iter().step_by(9) {
        let credential = Credential::parse(&made.credential, setting.bundle.contexts()).expect("a seed");
        let Ok(untrusted) = credential.untrusted() else { continue };
        let Some(found) = query.first_match(&untrusted.claims, credential.format(), &untrusted.role.kind) else { continue };
        require(
            found.paths.iter().all(|path| waypass_credential::fuzzing::leads_somewhere(path, &untrusted.claims)),
            "a matched claim that is not there",
        );
    }
    let (issued_at, expires_at) = (at(0), at(60));
    let asked = Request { client_id: setting.world.gate.did(), nonce: Nonce([1; 16]), issued_at, expires_at, purpose: "x".into(), query, code: None };
    if let Ok(signed) = asked.sign_code(Recipient([9; 32]), &setting.world.gate) {
        let opened = Request::open(&signed.bytes).expect("a code that was signed opens");
        let again = opened.sign_code(Recipient([9; 32]), &setting.world.gate).map(|again| again.bytes);
        require(again == Ok(signed.bytes), "a code is another one when written again");
    }
    let Ok(signed) = asked.sign(&setting.world.gate) else { return };
    match Request::open(&signed) {
        Ok(opened) => require(opened == asked, "another question than was signed"),
        Err(why) if signed.len() <= waypass_credential::fuzzing::MOST_REQUEST => {
            violation("a signed question does not open", &why.to_string())
        }
        Err(_) => {}
    }
}

/// Offers, and what an issuer says about its credentials.
pub(super) fn offer(data: &[u8]) {
    if let Some(text) = text(data) {
        black_box(OfferSource::parse(text).is_ok());
    }
    if let Ok(offer) = Offer::parse(data) {
        black_box(offer.tx_code.as_ref().is_some_and(|code| code.fits("123456")));
        require(offer.mark() == Offer::parse(data).expect("again").mark(), "one offer has two marks");
    }
    if let Ok(described) = json::parse(data, Limits::CREDENTIAL) {
        black_box(fuzzing::configuration("x", &described).is_some_and(|configuration| !configuration.id.is_empty()));
    }
}
