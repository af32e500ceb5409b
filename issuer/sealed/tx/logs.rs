//! The records that gates sent, and what they have seen.

use super::super::event::{DeviceMark, Event};
use super::{Result, Tx};
use crate::store::{DeviceRow, Entry, LeafRow, StoreError};
use waypass_credential::time::Timestamp;

impl Tx<'_> {
    /// Appends leaves to a device's log if it still expects the first of them; else [`StoreError::Changed`]. `targets` is the newest
    /// version of the targets that they name.
    pub(crate) fn append_leaves(&mut self, device: &str, leaves: &[LeafRow], head: &[u8; 32], targets: u64) -> Result<()> {
        let Some(first) = leaves.first() else { return Ok(()) };
        let held = self.look().device(device)?.unwrap_or(DeviceRow::NEW);
        let is_next = held.next_seq == first.seq && (first.seq..).zip(leaves).all(|(seq, leaf)| leaf.seq == seq);
        if !is_next {
            return Err(StoreError::Changed);
        }
        let next_seq = first.seq + leaves.len() as u64;
        let row = DeviceRow { next_seq, head: *head, targets: held.targets.max(targets), ..held };
        self.rows.add_leaves(device, leaves)?;
        self.append_device(device, &row)
    }

    /// Notes that a device began to send after what is held of its log, which has `size` records.
    pub(crate) fn note_ahead(&mut self, device: &str, size: u64) -> Result<()> {
        let held = self.look().device(device)?.unwrap_or(DeviceRow::NEW);
        if held.forgiven || size <= held.next_seq.max(held.ahead) {
            return Ok(());
        }
        self.append_device(device, &DeviceRow { ahead: size, ..held })
    }

    /// Notes that somebody knows why a device is ahead.
    pub(crate) fn forgive(&mut self, device: &str) -> Result<()> {
        match self.look().device(device)? {
            Some(held) if !held.forgiven => self.append_device(device, &DeviceRow { forgiven: true, ..held }),
            _ => Ok(()),
        }
    }

    /// Notes entries that a gate has seen revoked and that are not revoked here.
    pub(crate) fn note_seen(&mut self, device: &str, entries: &[Entry]) -> Result<()> {
        let mut seen = Vec::new();
        for entry in entries {
            let is_noted = self.ledger().seen().any(|(list, index, _)| (list, index) == (entry.list, entry.index));
            if !is_noted && self.look().is_unrevoked(*entry)? {
                seen.push((entry.list, entry.index, device.to_owned()));
            }
        }
        if seen.is_empty() { Ok(()) } else { self.append(None, &Event { seen, ..Event::default() }) }
    }

    /// Marks a device that contradicted itself.
    pub(crate) fn flag_fork(&mut self, device: &str, at: Timestamp, seq: u64) -> Result<()> {
        let held = self.look().device(device)?.unwrap_or(DeviceRow::NEW);
        // The first contradiction is the one to look into; later ones follow from it.
        if held.forked.is_some() {
            return Ok(());
        }
        self.append_device(device, &DeviceRow { forked: Some((at, seq)), ..held })
    }

    fn append_device(&mut self, id: &str, row: &DeviceRow) -> Result<()> {
        self.append(None, &Event { device: Some(DeviceMark::of(id, row)), ..Event::default() })
    }
}
