//! The times of both tokens, and the order that the draft wants them in (draft-ietf-spice-sd-cwt-08 §9 steps 3 and 7).

use crate::cbor::Map;
use crate::cose::claim;
use crate::malformed::Malformed;
use crate::registered_claims::SignatureTimes;
use crate::time::Timestamp;

/// Reads `iat`, `nbf` and `exp` of either token.
pub(crate) fn read_times(claims: &Map<'_>) -> Result<SignatureTimes, Malformed> {
    let time = |label, name| {
        let Some(item) = claims.at(label) else { return Ok(None) };
        let seconds = item.as_integer().ok_or(Malformed::WrongType(name))?;
        Timestamp::from_unix(seconds).map(Some).ok_or(Malformed::OutOfRange(name))
    };
    Ok(SignatureTimes { issued_at: time(claim::IAT, "iat")?, not_before: time(claim::NBF, "nbf")?, expires_at: time(claim::EXP, "exp")? })
}

/// Checks the times of one token against each other (§9 steps 3 and 7).
pub(crate) fn require_ordered(times: SignatureTimes) -> Result<(), Malformed> {
    let SignatureTimes { issued_at, not_before, expires_at } = times;
    let holds =
        [("nbf", not_after(not_before, issued_at)), ("nbf", before(not_before, expires_at)), ("iat", before(issued_at, expires_at))];
    first_broken(&holds)
}

/// Checks the times of a key binding token against those of its SD-CWT (§9 step 7).
pub(super) fn require_within(token: SignatureTimes, of: SignatureTimes) -> Result<(), Malformed> {
    let holds = [
        ("exp", not_after(token.expires_at, of.expires_at)),
        ("nbf", not_after(of.not_before, token.not_before)),
        ("iat", not_after(of.issued_at, token.issued_at)),
        ("nbf", before(token.not_before, of.expires_at)),
        ("iat", before(token.issued_at, of.expires_at)),
        ("iat", not_after(of.not_before, token.issued_at)),
    ];
    first_broken(&holds)
}

/// Returns true if one of them is absent, or the first is not after the second.
fn not_after(first: Option<Timestamp>, second: Option<Timestamp>) -> bool {
    first.zip(second).is_none_or(|(first, second)| first <= second)
}

/// Returns true if one of them is absent, or the first is before the second.
fn before(first: Option<Timestamp>, second: Option<Timestamp>) -> bool {
    first.zip(second).is_none_or(|(first, second)| first < second)
}

fn first_broken(holds: &[(&'static str, bool)]) -> Result<(), Malformed> {
    holds.iter().find(|(_, holds)| !holds).map_or(Ok(()), |(name, _)| Err(Malformed::OutOfRange(name)))
}
