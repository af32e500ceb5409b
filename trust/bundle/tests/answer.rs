//! Time answers: only the timestamp role, only for the question that was asked.

use super::*;
use crate::time::SignedTime;

const QUESTION: TimeNonce = [7; 32];

fn answer(signers: &[&TestKey]) -> Vec<u8> {
    let signers: Vec<&dyn Signer> = signers.iter().map(|key| *key as &dyn Signer).collect();
    answer_time(&QUESTION, NOON.plus(5), &signers).expect("signs").to_bytes()
}

#[test]
fn an_answer_by_the_timestamp_role_is_signed_time() {
    let site = Site::new();
    let bundle = site.seal();
    let expected = SignedTime { at: NOON.plus(5), ..bundle.signed_time() };
    assert_eq!(bundle.root().open_time_answer(&answer(&[&site.timestamp_key]), &QUESTION), Ok(expected));
}

#[test]
fn an_answer_to_another_question_or_by_another_role_proves_nothing() {
    let site = Site::new();
    let root = site.pinned();
    let ours = answer(&[&site.timestamp_key]);
    assert_eq!(root.open_time_answer(&ours, &[8; 32]), Err(BundleError::OtherQuestion));
    let part = PartName::TimeAnswer;
    for other in [&site.snapshot_key, &site.status_key] {
        let threshold = Err(BundleError::Threshold { part: part.clone(), needed: 1, found: 0 });
        assert_eq!(root.open_time_answer(&answer(&[other]), &QUESTION), threshold);
    }
    // A timestamp by the same key is not an answer, and an answer is not a timestamp.
    let said = payload(&serde_json::from_slice(&ours).expect("JSON"));
    let as_timestamp = envelope(&said, TimestampPart::TYP, &[&site.timestamp_key]).to_string();
    assert_eq!(root.open_time_answer(as_timestamp.as_bytes(), &QUESTION), Err(BundleError::InvalidProof(part.clone())));
    let other_schema = envelope(&json!({"schema": "waypass.time/2"}), "waypass-time+json", &[&site.timestamp_key]).to_string();
    let found = "waypass.time/2".into();
    assert_eq!(root.open_time_answer(other_schema.as_bytes(), &QUESTION), Err(BundleError::Schema { part: part.clone(), found }));
    let long = vec![b' '; MAX_TIME_ANSWER + 1];
    let too_large = BundleError::TooLarge { part, bytes: MAX_TIME_ANSWER + 1, limit: MAX_TIME_ANSWER };
    assert_eq!(root.open_time_answer(&long, &QUESTION), Err(too_large));
}
