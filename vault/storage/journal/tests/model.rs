//! Any sequence of commits, openings and power cuts against rows in memory.

use super::*;
use crate::storage::MemoryStorage;
use proptest::prelude::*;

#[derive(Clone, Debug)]
enum Step {
    Commit(Vec<Change>),
    Reopen,
    PowerCut,
}

fn change() -> impl Strategy<Value = Change> {
    let value = prop::option::weighted(0.8, prop::collection::vec(any::<u8>(), 0..200));
    (0..7_usize, prop::collection::vec(0..3_u8, 0..3), value).prop_map(|(space, key, value)| Change {
        space: Space::ALL[space],
        key,
        value,
    })
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        8 => prop::collection::vec(change(), 0..5).prop_map(Step::Commit),
        1 => Just(Step::Reopen),
        1 => Just(Step::PowerCut),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]
    #[test]
    fn behaves_like_rows_in_memory(steps in prop::collection::vec(step(), 0..60)) {
        let model = MemoryStorage::default();
        let mut files = Files::default();
        let mut journal = small(&files).expect("opens");
        for step in steps {
            match step {
                Step::Commit(changes) => {
                    journal.commit(&changes).expect("commits");
                    model.commit(&changes).expect("commits");
                    for Change { space, key, .. } in &changes {
                        prop_assert_eq!(journal.get(*space, key), model.get(*space, key));
                    }
                }
                Step::Reopen => {
                    drop(journal);
                    journal = small(&files).expect("opens");
                }
                Step::PowerCut => {
                    files = Files::of(&files.kept());
                    journal = small(&files).expect("opens");
                }
            }
            prop_assert_eq!(rows(&journal), rows(&model));
            let live: u64 = rows(&model).iter().map(|((_, key), value)| (14 + key.len() + value.len()) as u64).sum();
            let records = 48 * rows(&model).len() as u64;
            prop_assert_eq!(journal.held.borrow().rows.live(), live);
            prop_assert!(journal.held.borrow().end < SMALL.compact_above + 2 * live + records + 1_200, "it grows without end");
        }
    }
}
