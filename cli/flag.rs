//! Flags: admissions that a gate would now refuse.

use crate::Run;
use crate::words::when;
use serde_json::{Value, json};
use waypass_credential::time::Timestamp;
use waypass_gate::Flag;

/// Warns of the admissions that this gate would now refuse, until somebody has looked at each.
pub(crate) fn warn_of(run: &Run, flags: &[Flag]) {
    for flag in flags {
        run.out.warn(&words(flag));
    }
    if !flags.is_empty() {
        run.out.note("look at each, then: waypass audit acknowledge RECORD --by YOUR-NAME");
    }
}

/// Returns a flag in words: what the gate knows, and what the issuer answered.
pub(crate) fn words(flag: &Flag) -> String {
    let (seq, list) = (flag.admission.seq, when(flag.list_issued_at));
    let since = flag.answer.as_ref().filter(|answer| answer.already_revoked).and_then(|answer| answer.revoked_at);
    match since.and_then(Timestamp::from_unix) {
        Some(since) => {
            format!("record {seq} let somebody in whose credential had been withdrawn since {}: waypass audit show {seq}", when(since))
        }
        None => format!(
            "record {seq} let somebody in before this gate had the list of {list}, which denies the credential: waypass audit show {seq}"
        ),
    }
}

/// Returns a flag as JSON.
pub(crate) fn document(flag: &Flag) -> Value {
    json!({
        "seq": flag.admission.seq, "admitted_at": flag.admission.admitted_at, "list_issued_at": flag.list_issued_at.unix(),
        "revoked_at": flag.answer.as_ref().and_then(|answer| answer.revoked_at),
        "already_revoked": flag.answer.as_ref().map(|answer| answer.already_revoked),
    })
}
