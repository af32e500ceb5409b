//! Everything that somebody may try who can write to `issuer.db` and does not have the vault's key.

use crate::issue::{Format, Order};
use crate::offer::{GrantError, OfferTerms};
use crate::office::Issuer;
use crate::open::OpenError;
use crate::publish::PublishError;
use crate::revoke::{Cause, ChangeError, Grounds};
use crate::sealed::{Anchor, Seal};
use crate::settings::Settings;
use crate::store::{Filter, State, StoreError};
use crate::testing::{Key, Log, TestRng, at, enrolment, keys, order, settings, store};
use rusqlite::Connection;
use waypass_credential::did;
use waypass_credential::key::Signer as _;
use waypass_trust::bundle::ListKind;

/// An issuer with something of every kind, what its vault keeps, and `old.db` from before half of it happened.
struct Victim {
    dir: tempfile::TempDir,
    anchor: Anchor,
    /// In a token list: in force, suspended, revoked; in bitstrings: revoked.
    ids: [String; 4],
}

const TERMS: OfferTerms = OfferTerms { valid_seconds: 1000, tx_code: true };

fn grounds() -> Grounds {
    Grounds { cause: Cause::Lost, note: String::new(), operator: "ines".into() }
}

fn victim() -> Victim {
    let dir = tempfile::tempdir().expect("a folder");
    let settings = Settings { status: ListKind::Bitstring, ..settings() };
    let mut issuer = Issuer::create(Box::new(store(dir.path())), Seal::new(&[7; 32], None), settings, keys(), at(0)).expect("set up");
    let mut rng = TestRng::new(5);
    let formats = [Format::SdJwtVc, Format::SdJwtVc, Format::SdJwtVc, Format::VcSdJwt];
    let ids = formats.map(|format| {
        let order = Order { format, ..order() };
        issuer.issue(&order, Key::p256(9).public_key(), "ines", at(1), &mut rng).expect("issued").record.id
    });
    let (gate, signed) = enrolment(30, at(1));
    let gate_id = did::to_did_key(gate.public_key());
    issuer.enroll_gate(&signed, None, at(1)).expect("enrolled");
    issuer.publish(at(2)).expect("published");
    let mut log = Log::new(gate);
    (0..3).for_each(|second| log.append("somebody", at(second)));
    issuer.intake(&log.upload(0, at(3), vec![]), at(3)).expect("taken");
    issuer.offer(&order(), &TERMS, "ines", at(3), &mut rng).expect("offered");
    issuer.publish(at(4)).expect("published");
    let copy = |name: &str| {
        let raw = Connection::open(dir.path().join("issuer.db")).expect("opened");
        raw.execute("VACUUM INTO ?1", [dir.path().join(name).to_str()]).expect("copied");
    };
    copy("old.db");

    issuer.suspend(&ids[1], &grounds(), at(5)).expect("suspended");
    issuer.revoke(&ids[2], &grounds(), at(5)).expect("revoked");
    issuer.revoke(&ids[3], &grounds(), at(5)).expect("revoked");
    issuer.revoke_gate(&gate_id, "stolen", at(5)).expect("ended");
    issuer.give_up_key(Key::p384(2).public_key()).expect("given up");
    let mut policy = issuer.policy().expect("read");
    policy.max_boots_without_signed_time = 7;
    issuer.set_policy(&policy).expect("set");
    issuer.offer(&order(), &TERMS, "ines", at(2000), &mut rng).expect("offered");
    issuer.publish(at(2000)).expect("published");
    let anchor = issuer.anchor().expect("read");
    drop(issuer);
    copy("new.db");
    Victim { dir, anchor, ids }
}

impl Victim {
    /// Makes `issuer.db` anew from what it was, and runs `sql` on it; `old` is the older copy.
    fn write(&self, sql: &str) {
        for file in ["issuer.db", "issuer.db-wal", "issuer.db-shm"] {
            drop(std::fs::remove_file(self.dir.path().join(file)));
        }
        std::fs::copy(self.dir.path().join("new.db"), self.dir.path().join("issuer.db")).expect("copied");
        self.write_more(sql);
    }

    fn write_more(&self, sql: &str) {
        let raw = Connection::open(self.dir.path().join("issuer.db")).expect("opened");
        raw.execute("ATTACH ?1 AS old", [self.dir.path().join("old.db").to_str()]).expect("attached");
        let changed = raw.total_changes();
        raw.execute_batch(sql).unwrap_or_else(|why| panic!("{sql}: {why}"));
        assert!(sql.is_empty() || raw.total_changes() > changed, "nothing was changed: {sql}");
    }

    fn open(&self) -> Result<Issuer<'static>, OpenError> {
        Issuer::open(Box::new(store(self.dir.path())), Seal::new(&[7; 32], Some(self.anchor.clone())), keys())
    }

    /// Returns the findings when an issuer is opened that somebody changed with `sql`.
    fn found(&self, sql: &str) -> String {
        self.write(sql);
        match self.open() {
            Err(OpenError::Store(StoreError::Tampered(what))) => what,
            Err(why) => panic!("{sql}: {why}"),
            Ok(_) => panic!("unnoticed: {sql}"),
        }
    }
}

/// Whatever is changed, the issuer does not open, so nothing can be signed; and what was changed is named.
#[test]
fn a_row_that_something_else_wrote_is_found_when_the_issuer_is_opened() {
    let victim = victim();
    victim.write("");
    assert!(victim.open().is_ok(), "what the issuer wrote itself is refused");
    let [valid, suspended, revoked, _] = &victim.ids;
    let cases = [
        // Another register: a bit of it, its plaintext, another row's ciphertext.
        ("UPDATE register SET body=CAST(substr(body, 1, 40) || x'00' || substr(body, 42) AS BLOB)", "the register"),
        ("UPDATE register SET body=CAST('{\"schema\":\"waypass.register/1\"}' AS BLOB)", "the register"),
        ("UPDATE register SET body=(SELECT body FROM events WHERE seq=1)", "the register"),
        // An older register was put back, with its number or with the newest one.
        ("UPDATE register SET (version, body, mac)=(SELECT version, body, mac FROM old.register)", "the register"),
        ("UPDATE register SET (body, mac)=(SELECT body, mac FROM old.register)", "the register"),
        ("DELETE FROM register", "the register"),
        // An authority added, the policy replaced or taken back, the settings widened, the targets taken back, a document gone.
        ("INSERT INTO documents VALUES('authorities', CAST('[]' AS BLOB))", "the document \"authorities\""),
        ("UPDATE documents SET bytes=CAST('{}' AS BLOB) WHERE name='policy'", "the document \"policy\""),
        ("DELETE FROM documents WHERE name='policy'", "the document \"policy\""),
        (
            "UPDATE documents SET bytes=CAST(replace(CAST(bytes AS TEXT), '\"nurse\"', '\"queen\"') AS BLOB) WHERE name='settings'",
            "the document \"settings\"",
        ),
        (
            "UPDATE documents SET bytes=(SELECT bytes FROM old.documents WHERE name='targets') WHERE name='targets'",
            "the document \"targets\"",
        ),
        ("UPDATE documents SET bytes=(SELECT bytes FROM old.documents WHERE name='bundle') WHERE name='bundle'", "the document \"bundle\""),
        // States: one set to valid, a suspension lifted, everybody revoked.
        (&*format!("DROP TRIGGER revoked_is_final; UPDATE credentials SET state=0 WHERE id='{revoked}'"), "the state of the credential"),
        (&*format!("UPDATE credentials SET state=0 WHERE id='{suspended}'"), "the state of the credential"),
        ("UPDATE credentials SET state=1", "the state of the credential"),
        (&*format!("UPDATE credentials SET state=1 WHERE id='{valid}'"), "the state of the credential"),
        ("DROP TRIGGER revoked_is_final; UPDATE credentials SET state=0", "the state of the credential"),
        // Rows that vanish.
        ("DELETE FROM credentials WHERE state=0", "the number of credentials"),
        ("DELETE FROM leaves WHERE seq=2", "a record of a gate's log"),
        ("DELETE FROM events WHERE seq=2", "event 2"),
        ("DELETE FROM events WHERE seq=(SELECT max(seq) FROM events)", "event"),
        ("DELETE FROM events", "event"),
        // Events that were not, or were otherwise.
        ("UPDATE events SET body=CAST(substr(body, 1, 30) || x'00' || substr(body, 32) AS BLOB) WHERE seq=3", "event 3"),
        ("UPDATE events SET credential=NULL WHERE seq=1", "event 1"),
        ("INSERT INTO events SELECT max(seq)+1, credential, body, mac FROM events", "event"),
        ("UPDATE events SET (body, mac)=(SELECT body, mac FROM old.events WHERE seq=1) WHERE seq=2", "event 2"),
        ("INSERT INTO summary VALUES(1, 1, zeroblob(60), zeroblob(32))", "the summary of events"),
        // Offers: one of the attacker's own, an expired one back, the tries back.
        ("INSERT INTO offers VALUES(zeroblob(32), 'o', NULL, NULL, NULL, x'01', 4000000000, 0)", "an offer"),
        ("INSERT INTO offers SELECT * FROM old.offers", "an offer"),
        ("UPDATE offers SET tries_left=99", "an offer"),
        ("DELETE FROM offers", "an offer"),
    ];
    for (sql, named) in cases {
        let found = victim.found(sql);
        assert!(found.starts_with(named), "{sql}: named was {found:?}");
    }
}

#[test]
fn a_whole_older_database_is_found() {
    let victim = victim();
    victim.write("");
    std::fs::copy(victim.dir.path().join("old.db"), victim.dir.path().join("issuer.db")).expect("put back");
    let found = victim.open().map(drop);
    assert_eq!(found, Err(OpenError::Store(StoreError::Tampered("the register".into()))));
    // Now with a register that is as new: the events are older.
    victim.write(
        "DELETE FROM events WHERE seq>(SELECT max(seq) FROM old.events); DELETE FROM credentials; INSERT INTO credentials SELECT * FROM old.credentials",
    );
    let found = victim.open().map(drop);
    assert!(matches!(&found, Err(OpenError::Store(StoreError::Tampered(what))) if what.starts_with("event ")), "{found:?}");
    // And a database that is gone is no new one.
    std::fs::remove_file(victim.dir.path().join("issuer.db")).expect("removed");
    let found = victim.open().map(drop);
    assert_eq!(found, Err(OpenError::Store(StoreError::Tampered("the register".into()))));
}

/// A database that is ahead of the vault, as a service or a command that was cut off leaves it, is believed.
#[test]
fn a_database_that_is_ahead_and_holds_is_adopted() {
    let victim = victim();
    victim.write("");
    let mut service = victim.open().expect("opened");
    service.revoke(&victim.ids[0], &grounds(), at(3000)).expect("revoked");
    service.publish(at(3000)).expect("published");
    drop(service);
    let next = victim.open().expect("opened");
    assert_eq!(next.credential(&victim.ids[0]).expect("read").expect("there").state, State::Revoked);
    assert_ne!(next.anchor().expect("read"), victim.anchor);
}

/// Another vault's key opens nothing, however new its own anchor.
#[test]
fn another_key_is_no_key() {
    let victim = victim();
    victim.write("");
    let found = Issuer::open(Box::new(store(victim.dir.path())), Seal::new(&[8; 32], None), keys()).map(drop);
    assert!(matches!(found, Err(OpenError::Store(StoreError::Tampered(_)))), "{found:?}");
}

/// Writes while an issuer is open, as a service has it open for months.
#[test]
fn a_running_issuer_signs_nothing_that_something_else_wrote() {
    let victim = victim();
    let [valid, _, revoked, _] = &victim.ids;
    let running = |sql: &str| {
        victim.write("");
        let issuer = victim.open().expect("opened");
        victim.write_more(sql);
        issuer
    };
    let tampered = |why: &StoreError| matches!(why, StoreError::Tampered(_));
    // Status lists are computed from the events.
    let mut issuer = running("DROP TRIGGER revoked_is_final; UPDATE credentials SET state=0");
    let lists = |issuer: &Issuer<'_>| [1, 2, 3].map(|list| issuer.store.set_entries(list).expect("read"));
    let before = lists(&issuer);
    assert!(matches!(issuer.publish(at(3000)), Err(PublishError::Store(why)) if tampered(&why)));
    assert_eq!(lists(&issuer), before);
    assert!(matches!(issuer.credential(revoked), Err(why) if tampered(&why)));
    // Everything else is an error.
    for sql in [
        "UPDATE documents SET bytes=CAST('{}' AS BLOB) WHERE name='policy'",
        "UPDATE register SET version=version+1",
        "DELETE FROM register",
        "INSERT INTO events SELECT max(seq)+1, credential, body, mac FROM events",
    ] {
        let found = running(sql).publish(at(3000)).map(drop);
        let is_found = match &found {
            Err(PublishError::Store(why)) => tampered(why),
            _ => false,
        };
        assert!(is_found, "{sql}: {found:?}");
    }
    // Events that vanish from under it.
    let found = running("DELETE FROM events WHERE seq=(SELECT max(seq) FROM events)").anchor();
    assert!(matches!(&found, Err(why) if tampered(why)), "{found:?}");
    let found = running("DELETE FROM events WHERE seq=(SELECT max(seq) FROM events)").revoke(valid, &grounds(), at(3000)).map(drop);
    assert!(matches!(&found, Err(ChangeError::Store(why)) if tampered(why)), "{found:?}");
    // A credential's row that leads a revocation astray, or away from its holder.
    let others = format!("UPDATE credentials SET holder=zeroblob(16) WHERE id='{valid}'");
    let moved = format!("UPDATE credentials SET entry=zeroblob(16) WHERE id='{valid}'");
    let swapped = format!("UPDATE credentials SET body=(SELECT body FROM credentials WHERE id='{revoked}') WHERE id='{valid}'");
    let revised = format!("UPDATE credentials SET revision=revision+1 WHERE id='{valid}'");
    for sql in [&others, &moved, &swapped, &revised] {
        let found = running(sql).revoke(valid, &grounds(), at(3000)).map(drop);
        assert!(matches!(&found, Err(ChangeError::Store(why)) if tampered(why)), "{sql}: {found:?}");
    }
    let holder = did::to_did_key(Key::p256(9).public_key());
    let found = running(&others).credentials(&Filter { holder: Some(holder), ..Filter::default() });
    assert!(matches!(&found, Err(why) if tampered(why)), "{found:?}");
    // The row of before the revocation.
    let back = format!(
        "DROP TRIGGER revoked_is_final;
         UPDATE credentials SET (state, revision, body)=(SELECT state, revision, body FROM old.credentials AS was WHERE was.id='{revoked}')
         WHERE id='{revoked}'"
    );
    let found = running(&back).credential(revoked);
    assert!(matches!(&found, Err(why) if tampered(why)), "{found:?}");
    // A row in clear, which says what lists and history say, of another person.
    victim.write("");
    let record = victim.open().expect("opened").credential(valid).expect("read").expect("there");
    let body = serde_json::json!({
        "format": record.format, "holder": "did:key:zOther", "label": "x", "roles": record.roles, "sites": record.sites, "zones": [],
        "issued_at": record.issued_at.unix(), "valid_from": record.valid_from.unix(), "valid_until": record.valid_until.unix(),
        "key_id": record.key_id, "list": record.list, "index": record.index, "state": 0, "changed_at": record.changed_at.unix(),
    });
    let found = running(&format!("UPDATE credentials SET body=CAST('{body}' AS BLOB) WHERE id='{valid}'")).credential(valid);
    assert!(matches!(&found, Err(why) if tampered(why)), "{found:?}");
    // A state that only the search goes by.
    let found = running(&format!("UPDATE credentials SET state=2 WHERE id='{valid}'"))
        .credentials(&Filter { state: Some(State::Suspended), ..Filter::default() });
    assert!(matches!(&found, Err(why) if tampered(why)), "{found:?}");
    // An offer of the attacker's own gives no token.
    let mut issuer = running("");
    let offer = issuer.offer(&order(), &TERMS, "ines", at(2001), &mut TestRng::new(6)).expect("offered");
    let code = offer.uri.split("pre-authorized_code%22%3A%22").nth(1).and_then(|rest| rest.split("%22").next()).expect("a code").to_owned();
    victim.write_more("UPDATE offers SET expires_at=4000000000");
    let found = issuer.exchange(&code, offer.tx_code.as_deref(), None, at(2002), &mut TestRng::new(7)).map(drop);
    assert!(matches!(&found, Err(GrantError::Store(why)) if tampered(why)), "{found:?}");
    // A received log that was rewritten is no evidence against its gate.
    for sql in
        ["UPDATE leaves SET hash=zeroblob(32) WHERE seq=1", "UPDATE leaves SET leaf=x'00' WHERE seq=1", "DELETE FROM leaves WHERE seq=1"]
    {
        let issuer = running(sql);
        let gate = issuer.gates().expect("read").remove(0).id;
        assert!(matches!(issuer.store.leaves(&gate, 0, 10), Err(why) if tampered(&why)), "{sql}");
    }
}

/// Two copies of one office have gone on in two ways. An event of one has no place in the chain of the other, although it is ciphertext
/// of this place by the same key; nor has a register with another seal.
#[test]
fn an_event_of_another_branch_has_no_place() {
    let (one, other) = (tempfile::tempdir().expect("a folder"), tempfile::tempdir().expect("a folder"));
    for (dir, first) in [(&one, 1), (&other, 2)] {
        let mut memory = super::sealed(dir.path());
        let list = super::bitstring(waypass_credential::role::StatusPurpose::Revocation, 1);
        memory.transact(|tx| Ok(tx.open_list(&list, 8))).expect("a list");
        for index in [first, 5] {
            memory.transact(|tx| tx.take_entries(&[crate::store::Entry { list: 1, index }])).expect("taken");
        }
    }
    let raw = Connection::open(one.path().join("issuer.db")).expect("opened");
    raw.execute("ATTACH ?1 AS other", [other.path().join("issuer.db").to_str()]).expect("attached");
    raw.execute_batch("UPDATE events SET (body, mac)=(SELECT body, mac FROM other.events WHERE seq=1) WHERE seq=1").expect("changed");
    let open = || crate::sealed::Sealed::open(Box::new(store(one.path())), Seal::new(&[7; 32], None), &mut |_| ()).map(drop);
    assert_eq!(open(), Err(StoreError::Tampered("event 2".into())));
    raw.execute_batch("UPDATE events SET (body, mac)=(SELECT body, mac FROM other.events AS theirs WHERE theirs.seq=events.seq)")
        .expect("changed");
    assert_eq!(open(), Ok(()), "a whole chain is one");
    raw.execute_batch("UPDATE register SET mac=zeroblob(32)").expect("changed");
    assert_eq!(open(), Err(StoreError::Tampered("the register".into())));
}
