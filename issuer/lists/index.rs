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
    let mut taken: BTreeSet<u32> = store.taken_indices(list.id)?.into_iter().collect();
    taken.extend(mine);
    while drawn.len() < wanted {
        let free = list.capacity.saturating_sub(u32::try_from(taken.len()).unwrap_or(u32::MAX));
        if free == 0 {
            return Err(StoreError::Corrupt("a status list is fuller than it says"));
        }
        let index = nth_free(&taken, below(free, rng));
        taken.insert(index);
        drawn.push(Entry { list: list.id, index });
    }
    Ok(())
}

/// Returns the free index that has `nth` free ones below it; `taken` is in order.
fn nth_free(taken: &BTreeSet<u32>, nth: u32) -> u32 {
    // Each taken index up to the answer moves the answer up by one.
    taken.iter().fold(nth, |answer, &index| if index <= answer { answer + 1 } else { answer })
}

#[cfg(test)]
mod tests {
    use super::nth_free;

    #[test]
    fn counts_out_what_is_free() {
        let taken = [0, 1, 3, 4, 7].into();
        let free: Vec<u32> = (0..3).map(|nth| nth_free(&taken, nth)).collect();
        assert_eq!(free, [2, 5, 6]);
    }
}
