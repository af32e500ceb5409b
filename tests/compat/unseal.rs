//! Writes what an office holds into a database of version 0.1.0, which had no seal: credentials in force, in a token list, only.

use super::{Filter, Issuer};
use rusqlite::{Connection, params};
use std::path::Path;
use waypass_credential::time::Timestamp;

/// Fills the tables of version 0.1.0. The documents come from the office's own file.
pub(crate) fn unseal(office: &Issuer<'_>, file: &Path, to: &Path) {
    let old = Connection::open(to).expect("opened");
    old.execute_batch(include_str!("../../issuer/store/sqlite/v1.sql")).expect("made");
    old.execute_batch(include_str!("../../issuer/store/sqlite/v2.sql")).expect("made");
    old.execute("ATTACH ?1 AS new", [file.to_str()]).expect("attached");
    old.execute_batch("INSERT INTO documents SELECT name, bytes FROM new.documents").expect("filled");
    let name = |value: serde_json::Value| value.as_str().map(str::to_owned);
    for key in office.keys().expect("read") {
        let (key_use, state) = (name(serde_json::json!(key.key_use)), name(serde_json::json!(key.state)));
        let row = params![key.multikey, key_use, state, key.not_before.unix(), key.issued_until.map(Timestamp::unix)];
        old.execute("INSERT INTO keys VALUES(?1, ?2, ?3, ?4, ?5)", row).expect("a key");
    }
    for gate in office.gates().expect("read") {
        let row = params![gate.id, gate.name, gate.site, gate.zone, gate.enrolled_at.unix()];
        old.execute("INSERT INTO gates VALUES(?1, ?2, ?3, ?4, ?5, NULL, NULL)", row).expect("a gate");
    }
    let last = office.published().expect("read").expect("published");
    let counters = ["timestamp", "published"].map(|name| (name, last.timestamp));
    for (name, value) in counters.into_iter().chain([("targets", last.targets), ("targets-in-effect", last.targets), ("roots", last.root)])
    {
        old.execute("INSERT INTO counters VALUES(?1, ?2)", params![name, i64::try_from(value).expect("small")]).expect("a counter");
    }
    for list in &last.opened().targets().authorities[0].status_uris {
        let id: u32 = list.uri.rsplit('/').next().and_then(|id| id.parse().ok()).expect("a number");
        let capacity = i64::try_from(list.max_entries).expect("small");
        old.execute("INSERT INTO lists(id, capacity, used) VALUES(?1, ?2, 0)", params![id, capacity]).expect("a list");
    }
    for (seq, record) in (1_i64..).zip(office.credentials(&Filter::default()).expect("read").into_iter().rev()) {
        let names = |names: &[String]| serde_json::json!(names).to_string();
        let times = [record.issued_at, record.valid_from, record.valid_until].map(Timestamp::unix);
        old.execute(
            "INSERT INTO credentials VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, 0, ?9)",
            params![
                seq,
                record.id,
                record.format.as_str(),
                record.holder,
                record.label,
                names(&record.roles),
                names(&record.sites),
                names(&record.zones),
                times[0],
                times[1],
                times[2],
                record.key_id,
                record.list,
                record.index,
            ],
        )
        .expect("a credential");
        old.execute("INSERT INTO events VALUES(?1, 0, NULL, 0, 'issued', '', 'op', ?2)", params![record.id, times[0]]).expect("an event");
    }
    old.execute_batch("PRAGMA application_id=0x77706973; PRAGMA user_version=2;").expect("marked");
}
