//! The effects of a checkpoint that need its gate.

use rand_core::CryptoRng;
use waypass_credential::request::Query;
use waypass_gate::{Asked, Became, Carrier, Decides, Gate, GateError, Mode, Needs, Recorded, Settled};
use waypass_screen::{Answerable, Form, Readiness, Shown};
use waypass_trust::audit::Note;
use waypass_trust::bundle::TrustBundle;
use waypass_trust::reason::ReasonCode;
use waypass_trust::time::Reading;

/// The content of the questions of a lane.
#[derive(Clone, Debug)]
pub struct Question {
    /// The claims that are asked for.
    pub query: Query,
    /// Why, in words for the person.
    pub purpose: String,
    /// The way it gets to wallets.
    pub carrier: Carrier,
}

/// Reads the facts about the gate.
pub fn refresh(gate: &Gate<'_>, at: &Reading) -> Result<Readiness, GateError> {
    let status = gate.status(at)?;
    let tampered = status.trust_tampering.is_some() || !status.device_tampering.is_empty();
    let decides = match status.decides() {
        _ if tampered => Answerable::Tampered,
        Decides::AboutAll => Answerable::AboutAll,
        Decides::AboutSome => Answerable::AboutSome,
        Decides::Forbidden => Answerable::Forbidden,
        Decides::NoLonger => Answerable::NoLonger,
        Decides::NotYet => Answerable::NotYet,
    };
    let issued_at = status.bundle.as_ref().map(TrustBundle::issued_at);
    let works_until = status.horizon.as_ref().map(|(_, horizon)| horizon.until);
    Ok(Readiness { decides, issued_at, works_until, flags: status.open_flags })
}

/// Makes a question. Returns it, and for how many seconds it can be answered.
pub fn ask(gate: &Gate<'_>, question: &Question, at: &Reading, rng: &mut dyn CryptoRng) -> Result<(Asked, u64), GateError> {
    let asked = gate.ask(question.query.clone(), &question.purpose, question.carrier, at, rng)?;
    let seconds = asked.request.expires_at.since(asked.request.issued_at);
    Ok((asked, u64::try_from(seconds).unwrap_or_default()))
}

/// Decides, and records that. Returns the decision as it is kept and as it is shown. `accepted` are amber reasons that open a door without
/// a person.
pub fn decide(
    gate: &Gate<'_>,
    answer: &[u8],
    accepted: &[ReasonCode],
    at: &Reading,
    rng: &mut dyn CryptoRng,
) -> Result<(Recorded, Shown), GateError> {
    let recorded = gate.decide(answer, Mode::Gate, accepted, at, rng)?;
    let decision = recorded.decision();
    let needs = Needs::of(decision.reasons.iter().map(|reason| reason.code.as_str()));
    let shown = Shown::of(decision).recorded(recorded.seq(), needs.second, needs.reason).accepting(decision, accepted);
    Ok((recorded, shown))
}

/// Writes down what became of an amber decision.
pub fn settle(gate: &Gate<'_>, form: &Form, at: &Reading, rng: &mut dyn CryptoRng) -> Result<Settled, GateError> {
    let became = if form.admitted { Became::Confirmed } else { Became::TurnedAway };
    let note = Note::new(&form.by, form.second.as_deref(), form.reason.as_deref())?;
    gate.settle(form.seq, became, note, at, rng)
}
