//! Status indices: random, so that neighbours in the list say nothing about when two people were issued to, and never
//! given twice, because the store holds every index ever given and refuses a second one.
//!
//! A random draw needs no key: a thief of the database cannot recompute an order of issuing from the indices. While a
//! list is mostly empty a draw hits a free index at once; when draws keep failing, the free ones are counted out.

use crate::draw::below;
use crate::sealed::Sealed;
use crate::store::{Entry, ListRecord, StoreError};
use rand_core::CryptoRng;
use std::collections::BTreeSet;
use waypass_credential::role::Mechanism;

/// The counter of the lists in which nothing is drawn any more: those up to this number. An issuer from a backup does not know which of
/// their entries it gave away since.
pub(crate) const CLOSED: &str = "lists-closed";

/// With a list 15/16 full, 40 draws all miss once in 13 cases; then counting out costs one read of the list.
const DRAWS: u32 = 40;

/// Returns `count` free entries, in the oldest lists of this kind that have one. Opens a further list of `capacity` when all are full.
pub(crate) fn draw(
    store: &mut Sealed<'_>,
    mechanism: &Mechanism,
    capacity: u32,
    count: usize,
    rng: &mut dyn CryptoRng,
) -> Result<Vec<Entry>, StoreError> {
    let mut drawn: Vec<Entry> = Vec::with_capacity(count);
    let closed = store.version(CLOSED)?;
    while drawn.len() < count {
        let lists = store.lists()?;
        let is_open = |list: &&ListRecord| {
            list.mechanism == *mechanism && u64::from(list.id) > closed && !drawn.iter().any(|entry| entry.list == list.id)
        };
        let Some(list) = lists.iter().filter(is_open).find(|list| list.used < list.capacity) else {
            store.transact(|tx| Ok(tx.open_list(mechanism, capacity)))?;
            continue;
        };
        let room = usize::try_from(list.capacity - list.used).unwrap_or(usize::MAX);
        draw_in(store, list, room.min(count - drawn.len()), &mut drawn, rng)?;
    }
    Ok(drawn)
}

/// Adds `count` free entries of one list.
fn draw_in(store: &Sealed<'_>, list: &ListRecord, count: usize, drawn: &mut Vec<Entry>, rng: &mut dyn CryptoRng) -> Result<(), StoreError> {
    let wanted = drawn.len() + count;
    let mut mine = BTreeSet::new();
    for _ in 0..DRAWS {
        let mut tries = Vec::new();
        for _ in drawn.len()..wanted {
            let index = below(list.capacity, rng);
            if !mine.contains(&index) && !tries.iter().any(|entry: &Entry| entry.index == index) {
                tries.push(Entry { list: list.id, index });
            }
        }
        for (entry, is_taken) in tries.iter().zip(store.are_taken(&tries)?) {
            if !is_taken {
                mine.insert(entry.index);
                drawn.push(*entry);
            }
        }
        if drawn.len() == wanted {
            return Ok(());
        }
    }
    // Counted out once for all that is missing: near the end of a list each batch comes here.
    let mut free = store.free_indices(list.id, list.capacity)?;
    free.retain(|index| !mine.contains(index));
    while drawn.len() < wanted {
        let left = u32::try_from(free.len()).unwrap_or(u32::MAX);
        if left == 0 {
            return Err(StoreError::Corrupt("a status list is fuller than it says"));
        }
        let at = usize::try_from(below(left, rng)).unwrap_or(usize::MAX);
        drawn.push(Entry { list: list.id, index: free.swap_remove(at) });
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::{draw, draw_in};
    use crate::sealed::Sealed;
    use crate::store::{Entry, StoreError};
    use crate::testing::{TestRng, seal, store};
    use std::collections::BTreeSet;
    use waypass_credential::role::Mechanism;

    /// The last entries of a list are each given once, in an order that tells nothing; the next list is opened when they are gone.
    #[test]
    fn the_last_entries_of_a_list_are_counted_out() {
        const CAPACITY: u32 = 1 << 12;
        let dir = tempfile::tempdir().expect("a folder");
        let mut store = Sealed::open(Box::new(store(dir.path())), seal(), &mut |_| ()).expect("opened");
        store.transact(|tx| Ok(tx.open_list(&Mechanism::TokenList, CAPACITY))).expect("a list");
        let (left, taken): (BTreeSet<u32>, BTreeSet<u32>) = (0..CAPACITY).partition(|index| index % 64 == 7);
        let taken: Vec<Entry> = taken.into_iter().map(|index| Entry { list: 1, index }).collect();
        store.transact(|tx| tx.take_entries(&taken)).expect("taken");
        let drawn = draw(&mut store, &Mechanism::TokenList, CAPACITY, left.len() + 3, &mut TestRng::new(1)).expect("drawn");
        let (last, next): (Vec<Entry>, Vec<Entry>) = drawn.iter().partition(|entry| entry.list == 1);
        let indices: Vec<u32> = last.iter().map(|entry| entry.index).collect();
        assert_eq!((indices.iter().copied().collect::<BTreeSet<u32>>(), indices.len()), (left.clone(), left.len()));
        assert!(!indices.is_sorted(), "the order of the indices is the order of the people");
        assert_eq!(next.iter().map(|entry| entry.list).collect::<Vec<_>>(), [2; 3]);
    }

    #[test]
    fn a_list_that_says_it_has_room_and_has_none_is_damaged() {
        let dir = tempfile::tempdir().expect("a folder");
        let mut store = Sealed::open(Box::new(store(dir.path())), seal(), &mut |_| ()).expect("opened");
        store.transact(|tx| Ok(tx.open_list(&Mechanism::TokenList, 8))).expect("a list");
        let list = store.lists().expect("read").remove(0);
        let all: Vec<Entry> = (0..8).map(|index| Entry { list: 1, index }).collect();
        store.transact(|tx| tx.take_entries(&all)).expect("taken");
        let mut drawn = Vec::new();
        let done = draw_in(&store, &list, 1, &mut drawn, &mut TestRng::new(1));
        assert_eq!((done, drawn), (Err(StoreError::Corrupt("a status list is fuller than it says")), vec![]));
    }
}
