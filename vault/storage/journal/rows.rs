//! The rows of a journal: their keys in memory, their values in the file.

use super::layout::{Place, size};
use crate::storage::Space;
use alloc::boxed::Box;
use alloc::collections::BTreeMap;
use alloc::vec::Vec;
use core::ops::Bound;

/// The place of every value.
#[derive(Default)]
pub(super) struct Rows {
    spaces: [BTreeMap<Box<[u8]>, Place>; Space::ALL.len()],
    live: u64,
}

impl Rows {
    pub(super) fn place(&self, space: Space, key: &[u8]) -> Option<Place> {
        self.spaces[space as usize].get(key).copied()
    }

    /// Returns the rows whose keys begin with `prefix`, in order.
    pub(super) fn with_prefix<'r>(&'r self, space: Space, prefix: &'r [u8]) -> impl Iterator<Item = (&'r [u8], Place)> {
        let rows = self.spaces[space as usize].range::<[u8], _>((Bound::Included(prefix), Bound::Unbounded));
        rows.map(|(key, place)| (&**key, *place)).take_while(move |(key, _)| key.starts_with(prefix))
    }

    /// Puts a row, or removes it.
    pub(super) fn set(&mut self, space: Space, key: &[u8], place: Option<Place>) {
        let rows = &mut self.spaces[space as usize];
        let before = match place {
            Some(place) => rows.insert(key.into(), place),
            None => rows.remove(key),
        };
        self.live += place.map_or(0, |place| size(key.len(), place.len));
        self.live -= before.map_or(0, |place| size(key.len(), place.len));
    }

    /// Returns how many bytes of the file are in use.
    pub(super) fn live(&self) -> u64 {
        self.live
    }

    pub(super) fn all(&self) -> impl Iterator<Item = (Space, &[u8], Place)> {
        Space::ALL.into_iter().flat_map(|space| self.with_prefix(space, b"").map(move |(key, place)| (space, key, place)))
    }

    /// Takes the new places of all rows, in the order of [`Self::all`].
    pub(super) fn move_all(&mut self, places: Vec<Place>) {
        self.spaces.iter_mut().flat_map(BTreeMap::values_mut).zip(places).for_each(|(place, moved)| *place = moved);
    }
}
