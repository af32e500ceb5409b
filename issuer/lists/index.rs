//! Status indices: random, so that neighbours in the list say nothing about when two people were issued to, and never
//! given twice, because the store holds every index ever given and refuses a second one.
//!
//! A random draw needs no key: a thief of the database cannot recompute an order of issuing from the indices. While a
//! list is mostly empty a draw hits a free index at once; when draws keep failing, the free ones are counted out.

use crate::draw::below;
use crate::sealed::Sealed;
use crate::store::{Entry, StoreError};
use rand_core::CryptoRng;
use waypass_credential::role::Mechanism;

/// With a list 15/16 full, 40 draws all miss once in 13 cases; then counting out costs one read of the list.
const DRAWS: u32 = 40;

/// Returns a free index in the oldest list of this kind that has one, opening a further list of `capacity` when all are full.
pub(crate) fn draw(store: &mut Sealed<'_>, mechanism: &Mechanism, capacity: u32, rng: &mut dyn CryptoRng) -> Result<Entry, StoreError> {
    let lists = store.lists()?;
    let Some(list) = lists.iter().find(|list| list.mechanism == *mechanism && list.used < list.capacity) else {
        let list = store.transact(|tx| Ok(tx.open_list(mechanism, capacity)))?;
        return Ok(Entry { list, index: below(capacity, rng) });
    };
    for _ in 0..DRAWS {
        let index = below(list.capacity, rng);
        if !store.is_taken(list.id, index)? {
            return Ok(Entry { list: list.id, index });
        }
    }
    let taken = store.taken_indices(list.id)?;
    let free = list.capacity.saturating_sub(u32::try_from(taken.len()).unwrap_or(u32::MAX));
    if free == 0 {
        return Err(StoreError::Corrupt("a status list is fuller than it says"));
    }
    Ok(Entry { list: list.id, index: nth_free(&taken, below(free, rng)) })
}

/// Returns the free index that has `nth` free ones below it; `taken` is in order.
fn nth_free(taken: &[u32], nth: u32) -> u32 {
    // Each taken index up to the answer moves the answer up by one.
    taken.iter().fold(nth, |answer, &index| if index <= answer { answer + 1 } else { answer })
}

#[cfg(test)]
mod tests {
    use super::nth_free;

    #[test]
    fn counts_out_what_is_free() {
        let taken = [0, 1, 3, 4, 7];
        let free: Vec<u32> = (0..3).map(|nth| nth_free(&taken, nth)).collect();
        assert_eq!(free, [2, 5, 6]);
    }
}
