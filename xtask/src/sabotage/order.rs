//! The order of the entries. Neighbours build the same tests, because the next build then has the least to do.

use super::check::Check;
use std::collections::BTreeMap;

/// As many entries of a group as are run one after the other in a sample: enough to pay for the first build of its crates, and few enough
/// that a sample comes to several groups.
const ROUND: usize = 12;

/// A room comes before those that it is built from, so that what a removed check leaves to be rebuilt is not needed any more.
const ROOMS: [&str; 12] =
    ["cli", "gate", "wallet", "issuer", "net", "qr", "machine", "vault", "verifier", "trust", "credential", "schemas"];

/// Returns all entries, those together that build the same.
pub(super) fn grouped(checks: &[Check]) -> Vec<&Check> {
    groups(checks).into_values().flatten().collect()
}

/// Returns all entries in the order that `seed` says: rounds of some of each group, so that a few minutes see several crates, and other
/// commits see others.
pub(super) fn sampled<'c>(checks: &'c [Check], seed: &str) -> Vec<&'c Check> {
    let mut dice = Dice::of(seed);
    let mut groups: Vec<Vec<&Check>> = groups(checks).into_values().collect();
    for group in &mut groups {
        dice.shuffle(group);
    }
    let longest = groups.iter().map(Vec::len).max().unwrap_or_default();
    let mut order = Vec::with_capacity(checks.len());
    for start in (0..longest).step_by(ROUND) {
        let mut round: Vec<&[&Check]> = groups.iter().filter_map(|group| group.get(start..)).collect();
        dice.shuffle(&mut round);
        order.extend(round.into_iter().flat_map(|group| group.iter().take(ROUND)).copied());
    }
    order
}

/// Entries by the room they change and by what they build.
fn groups(checks: &[Check]) -> BTreeMap<(usize, Vec<String>), Vec<&Check>> {
    let mut groups: BTreeMap<_, Vec<&Check>> = BTreeMap::new();
    for check in checks {
        let room = check.room();
        let rank = ROOMS.iter().position(|known| *known == room).unwrap_or(ROOMS.len());
        groups.entry((rank, check.build())).or_default().push(check);
    }
    groups
}

/// Numbers that follow from a text: FNV-1a, then SplitMix64.
struct Dice(u64);

impl Dice {
    fn of(seed: &str) -> Self {
        Self(seed.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)))
    }

    fn below(&mut self, most: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        usize::try_from((mixed ^ (mixed >> 31)) % (most.max(1) as u64)).unwrap_or_default()
    }

    fn shuffle<T>(&mut self, items: &mut [T]) {
        for at in (1..items.len()).rev() {
            items.swap(at, self.below(at + 1));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{ROUND, grouped, sampled};
    use crate::sabotage::check::{Check, tests::check};
    use std::collections::BTreeSet;

    fn checks() -> Vec<Check> {
        let rooms = ["credential", "trust", "cli"];
        (0..60)
            .map(|n| {
                let room = rooms[n % 3];
                check(&format!("{room}-{n}"), &format!("{room}/a.rs"), &["--lib", "--", "x"])
            })
            .collect()
    }

    fn names(checks: &[&Check]) -> Vec<String> {
        checks.iter().map(|check| check.name.clone()).collect()
    }

    #[test]
    fn neighbours_build_the_same_and_a_room_comes_before_what_it_is_built_from() {
        let all = checks();
        let rooms: Vec<String> = grouped(&all).iter().map(|check| check.room()).collect();
        let expected: Vec<&str> = ["cli", "trust", "credential"].into_iter().flat_map(|room| [room; 20]).collect();
        assert_eq!(rooms, expected);
    }

    #[test]
    fn a_sample_follows_from_the_commit_and_has_every_entry_once() {
        let all = checks();
        let order = names(&sampled(&all, "3f2c"));
        assert_eq!(order, names(&sampled(&all, "3f2c")));
        assert_ne!(order, names(&sampled(&all, "3f2d")));
        assert_eq!(order.iter().collect::<BTreeSet<_>>().len(), all.len());
        assert_eq!(order.len(), all.len());
    }

    #[test]
    fn a_sample_sees_every_room_before_it_sees_one_again() {
        let all = checks();
        let first: BTreeSet<String> = sampled(&all, "3f2c").iter().take(3 * ROUND).map(|check| check.room()).collect();
        assert_eq!(first.len(), 3);
    }
}
