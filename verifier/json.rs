//! `waypass.verdict/1` (`schemas/verdict/verdict-1.schema.json`).

use crate::decision::{Age, Decision, Verdict, Who};
use alloc::{format, string::String};
use waypass_credential::json::{Object, Value};
use waypass_trust::bundle::OfflineHorizon;
use waypass_trust::reason::Level;

impl Decision {
    /// Returns the decision as `waypass.verdict/1`.
    pub fn to_json(&self) -> Object<'static> {
        let evidence = &self.evidence;
        let step = if let Verdict::Caution(step, _) = &self.verdict { Value::from(step.as_str()) } else { Value::Null };
        let reasons: Value<'static> = self.reasons.iter().map(|reason| self.reason(reason)).collect();
        Object::new()
            .with("schema", "waypass.verdict/1")
            .with("verdict", self.verdict.as_str())
            .with("level", self.level().as_str())
            .with("headline", self.headline())
            .with("reasons", reasons)
            .with("next_action", self.next_action())
            .with("step", step)
            .with("issuer_name", text(evidence.issuer_name.clone()))
            .with("who", evidence.who.as_ref().map_or(Value::Null, who))
            .with(
                "evidence",
                Object::new()
                    .with("trust", age(evidence.trust))
                    .with("revocation", age(evidence.revocation))
                    .with("policy", age(evidence.policy)),
            )
            .with("rule", text(evidence.rule.clone()))
            .with("works_offline_until", evidence.works_offline_until.as_ref().map_or(Value::Null, horizon))
            .with("challenge", text(evidence.challenge.map(|nonce| nonce.to_text())))
            .with("gate", text(evidence.gate.clone()))
            .with("decided_at", evidence.decided_at.map_or(Value::Null, |at| Value::from(at.unix())))
            .with("clock", evidence.clock.map_or(Value::Null, |clock| Value::from(clock.as_str())))
    }

    fn reason(&self, reason: &waypass_trust::reason::Reason) -> Object<'static> {
        let accepted = reason.code.level() == Level::Amber && self.unattended_ok.contains(&reason.code);
        Object::new()
            .with("code", reason.code.as_str())
            .with("level", reason.code.level().as_str())
            .with("meaning", reason.code.meaning())
            .with("detail", reason.detail.clone())
            .with("unattended_ok", accepted)
    }
}

fn text(text: Option<String>) -> Value<'static> {
    text.map_or(Value::Null, Value::from)
}

fn who(who: &Who) -> Value<'static> {
    let list = |texts: &[String]| texts.iter().cloned().collect::<Value<'static>>();
    let mut object = Object::new()
        .with("issuer", who.issuer.clone())
        .with("format", who.format.as_str())
        .with("roles", list(&who.roles))
        .with("sites", list(&who.sites))
        .with("zones", list(&who.zones))
        .with("claims", who.claims.clone())
        .with("valid_until", who.valid_until.unix());
    if !who.not_acted_on.is_empty() {
        object.set("not_acted_on", who.not_acted_on.iter().copied().collect::<Value<'static>>());
    }
    Value::Object(object)
}

fn age(age: Option<Age>) -> Value<'static> {
    let Some(age) = age else { return Value::Null };
    let seconds = age.seconds.map_or(Value::Null, Value::from);
    Value::Object(Object::new().with("as_of", age.as_of.unix()).with("age_seconds", seconds))
}

fn horizon(horizon: &OfflineHorizon) -> Value<'static> {
    Value::Object(Object::new().with("at", horizon.until.unix()).with("binding", format!("{}", horizon.binding)))
}
