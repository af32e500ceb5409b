//! A credential's record as a row: ciphertext, and the tags that it is found by.

use super::Result;
use super::cipher::Place;
use super::register::time;
use super::seal::{Seal, tampered};
use crate::store::{CredentialRecord, CredentialRow, State, StoreError, Tag, Tx};
use serde::{Deserialize, Serialize};
use waypass_credential::Format;
use waypass_credential::json;

/// Seconds of a day.
const DAY: i64 = 86_400;

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Body {
    format: Format,
    holder: String,
    label: String,
    roles: Vec<String>,
    sites: Vec<String>,
    zones: Vec<String>,
    issued_at: i64,
    valid_from: i64,
    valid_until: i64,
    key_id: String,
    list: u32,
    index: u32,
    state: u8,
    changed_at: i64,
}

/// Returns the number of the day on which a second lies.
pub(super) const fn day(seconds: i64) -> i64 {
    seconds.div_euclid(DAY)
}

impl Seal {
    /// Adds a credential's first row under the tags that it is found by; returns that of its holder.
    pub(super) fn add_credential(&self, rows: &mut dyn Tx, record: &CredentialRecord) -> Result<Tag> {
        let row = self.credential_row(record, 0);
        let roles: Vec<Tag> = record.roles.iter().map(|role| self.role_tag(role)).collect();
        rows.add_credential(&row, &roles, &self.day(record))?;
        Ok(row.holder)
    }

    pub(super) fn entry_tag(&self, list: u32, index: u32) -> Tag {
        self.cipher.tag("entry", &[list.to_be_bytes(), index.to_be_bytes()].concat())
    }

    pub(super) fn holder_tag(&self, holder: &str) -> Tag {
        self.cipher.tag("holder", holder.as_bytes())
    }

    pub(super) fn role_tag(&self, role: &str) -> Tag {
        self.cipher.tag("role", role.as_bytes())
    }

    /// Returns the tag of the first digits of the id that a wallet shows, and the MAC that says it is the name of this credential.
    pub(super) fn name(&self, digits: &str, id: &str) -> (Tag, Tag) {
        (self.cipher.tag("name", digits.as_bytes()), self.cipher.tag("named", format!("{digits} {id}").as_bytes()))
    }

    fn day_tag(&self, day: i64) -> Tag {
        self.cipher.tag("day", &day.to_be_bytes())
    }

    /// Returns the ciphertext of the day under its tag.
    pub(super) fn day(&self, record: &CredentialRecord) -> Vec<u8> {
        let day = day(record.valid_until.unix());
        let place = Place { table: "days", row: &self.day_tag(day), revision: 0, with: &[] };
        self.cipher.close(&place, &day.to_be_bytes())
    }

    pub(super) fn open_day(&self, tag: &Tag, body: &[u8]) -> Result<i64> {
        let opened = self.cipher.open(&Place { table: "days", row: tag, revision: 0, with: &[] }, body);
        let bytes: Option<[u8; 8]> = opened.and_then(|bytes| bytes.try_into().ok());
        bytes.map(i64::from_be_bytes).ok_or_else(|| tampered("a day on which credentials end"))
    }

    /// Makes the row of a record at this revision.
    pub(super) fn credential_row(&self, record: &CredentialRecord, revision: u32) -> CredentialRow {
        let body = Body {
            format: record.format,
            holder: record.holder.clone(),
            label: record.label.clone(),
            roles: record.roles.clone(),
            sites: record.sites.clone(),
            zones: record.zones.clone(),
            issued_at: record.issued_at.unix(),
            valid_from: record.valid_from.unix(),
            valid_until: record.valid_until.unix(),
            key_id: record.key_id.clone(),
            list: record.list,
            index: record.index,
            state: record.state.bits(),
            changed_at: record.changed_at.unix(),
        };
        let mut row = CredentialRow {
            id: record.id.clone(),
            entry: self.entry_tag(record.list, record.index),
            holder: self.holder_tag(&record.holder),
            ends: self.day_tag(day(record.valid_until.unix())),
            state: record.state,
            revision,
            body: Vec::new(),
        };
        row.body = self.cipher.close(&place(&row, &tags(&row)), json::to_string(&body).as_bytes());
        row
    }

    /// Reads a row; `None` if something else wrote it.
    pub(super) fn open_credential(&self, row: &CredentialRow) -> Result<Option<CredentialRecord>> {
        const DAMAGED: StoreError = StoreError::Corrupt("a credential");
        let Some(text) = self.cipher.open(&place(row, &tags(row)), &row.body) else { return Ok(None) };
        let body: Body = serde_json::from_slice(&text).map_err(|_| DAMAGED)?;
        let state = State::from_bits(body.state).ok_or(DAMAGED)?;
        if state != row.state {
            return Ok(None);
        }
        Ok(Some(CredentialRecord {
            id: row.id.clone(),
            format: body.format,
            holder: body.holder,
            label: body.label,
            roles: body.roles,
            sites: body.sites,
            zones: body.zones,
            issued_at: time(body.issued_at)?,
            valid_from: time(body.valid_from)?,
            valid_until: time(body.valid_until)?,
            key_id: body.key_id,
            list: body.list,
            index: body.index,
            state,
            changed_at: time(body.changed_at)?,
        }))
    }
}

fn place<'p>(row: &'p CredentialRow, tags: &'p [u8]) -> Place<'p> {
    Place { table: "credentials", row: row.id.as_bytes(), revision: row.revision.into(), with: tags }
}

fn tags(row: &CredentialRow) -> Vec<u8> {
    [row.entry, row.holder, row.ends].concat()
}
