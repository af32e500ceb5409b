-- Fills the tables of version 0.1.0, which had no seal, with what the database `new` holds: credentials in force only.
INSERT INTO documents SELECT name, bytes FROM new.documents;
INSERT INTO counters SELECT key, value FROM new.register, json_each(body, '$.counters');
INSERT INTO keys SELECT value->>'multikey', value->>'purpose', value->>'state', value->>'not_before', value->>'issued_until'
    FROM new.register, json_each(body, '$.keys');
INSERT INTO lists(id, capacity, used, purpose, size, messages)
    SELECT value->>'id', value->>'capacity', 0, value->>'purpose', value->>'size', value->'messages'
    FROM new.register, json_each(body, '$.lists');
INSERT INTO gates SELECT value->>'id', value->>'name', value->>'site', value->>'zone', value->>'enrolled_at', NULL, NULL
    FROM new.register, json_each(body, '$.gates');
INSERT INTO credentials SELECT seq, id, format, holder, label, roles, sites, zones, issued_at, valid_from, valid_until, key_id, list, idx,
    state, changed_at FROM new.credentials;
INSERT INTO events SELECT id, 0, NULL, 0, 'issued', '', 'op', issued_at FROM new.credentials;
PRAGMA application_id=0x77706973;
PRAGMA user_version=2;
