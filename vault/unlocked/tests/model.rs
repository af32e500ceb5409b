//! Any sequence of operations against a plain map.

use super::*;
use alloc::collections::BTreeMap;
use proptest::prelude::*;

#[derive(Clone, Debug)]
enum Step {
    Put { id: u8, content: Vec<u8>, tags: Vec<u8> },
    Remove { id: u8 },
    Append { content: Vec<u8> },
    Lock,
    Fail { id: u8 },
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        4 => (0..8_u8, any::<Vec<u8>>(), prop::collection::vec(0..3_u8, 0..3)).prop_map(|(id, content, tags)| Step::Put { id, content, tags }),
        2 => (0..8_u8).prop_map(|id| Step::Remove { id }),
        2 => any::<Vec<u8>>().prop_map(|content| Step::Append { content }),
        1 => Just(Step::Lock),
        1 => (0..8_u8).prop_map(|id| Step::Fail { id }),
    ]
}

fn tagged(tags: &[u8]) -> Vec<(&'static str, &[u8])> {
    tags.iter().map(|tag| ("tag", core::slice::from_ref(tag))).collect()
}

fn compare(unlocked: &Unlocked<'_>, records: &BTreeMap<u8, (Vec<u8>, Vec<u8>)>, log: &[Vec<u8>]) {
    let ids: Vec<Vec<u8>> = records.keys().map(|id| vec![*id]).collect();
    assert_eq!(unlocked.ids("t").expect("ids"), ids);
    for (id, (content, _)) in records {
        assert_eq!(unlocked.get("t", &[*id]).expect("read").expect("there").as_slice(), content.as_slice());
    }
    for tag in 0..3_u8 {
        let wanted: Vec<Vec<u8>> = records.iter().filter(|(_, (_, tags))| tags.contains(&tag)).map(|(id, _)| vec![*id]).collect();
        assert_eq!(unlocked.find("t", "tag", &[tag]).expect("found"), wanted);
    }
    let entries: Vec<Vec<u8>> = unlocked.log_from("log", 0).map(|entry| entry.expect("read").1.to_vec()).collect();
    assert_eq!(entries, log);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]
    #[test]
    fn behaves_like_a_map_and_a_list(steps in prop::collection::vec(step(), 0..40), batched: bool) {
        let mut fixture = Fixture::new();
        let (mut records, mut log) = (BTreeMap::new(), Vec::new());
        for run in steps.split(|step| matches!(step, Step::Lock)) {
            let unlocked = fixture.unlock();
            let mut work = || -> Result<(), VaultError> {
                for step in run {
                    match step {
                        Step::Put { id, content, tags } => {
                            unlocked.put("t", &[*id], content, &tagged(tags))?;
                            records.insert(*id, (content.clone(), tags.clone()));
                        }
                        Step::Remove { id } => assert_eq!(unlocked.remove("t", &[*id])?, records.remove(id).is_some()),
                        Step::Append { content } => {
                            assert_eq!(unlocked.append("log", content)?, log.len() as u64);
                            log.push(content.clone());
                        }
                        Step::Fail { id } => assert!(unlocked.put("t", &[*id], b"", &[("tag", [0; 1025].as_slice())]).is_err()),
                        Step::Lock => {}
                    }
                    compare(&unlocked, &records, &log);
                }
                Ok(())
            };
            if batched {
                unlocked.batch(|_| work()).expect("a batch");
            } else {
                work().expect("works");
            }
            assert_eq!(unlocked.findings(), []);
        }
        let unlocked = fixture.unlock();
        compare(&unlocked, &records, &log);
        prop_assert_eq!(unlocked.verify_all().expect("verified"), []);
    }
}
