-- Under the seal of the issuer's vault: what decides is one register, what happened is one chain of events, and a row that
-- is not as it was written is found. Rows of earlier versions are read before this step and sealed after it.
DROP TABLE events;
DROP TABLE entries;

CREATE TABLE sealed_credentials (
    seq         INTEGER PRIMARY KEY,
    id          TEXT NOT NULL UNIQUE,
    format      TEXT NOT NULL,
    holder      TEXT NOT NULL,
    label       TEXT NOT NULL,
    roles       TEXT NOT NULL,
    sites       TEXT NOT NULL,
    zones       TEXT NOT NULL,
    issued_at   INTEGER NOT NULL,
    valid_from  INTEGER NOT NULL,
    valid_until INTEGER NOT NULL,
    key_id      TEXT NOT NULL,
    list        INTEGER NOT NULL,
    idx         INTEGER NOT NULL CHECK (idx >= 0),
    state       INTEGER NOT NULL CHECK (state IN (0, 1, 2)),
    changed_at  INTEGER NOT NULL,
    mac         BLOB NOT NULL,
    UNIQUE (list, idx)
) STRICT;
INSERT INTO sealed_credentials
    SELECT seq, id, format, holder, label, roles, sites, zones, issued_at, valid_from, valid_until, key_id, list, idx, state,
           changed_at, zeroblob(32)
    FROM credentials;
DROP TABLE credentials;
ALTER TABLE sealed_credentials RENAME TO credentials;
CREATE INDEX credentials_by_holder ON credentials (holder);
CREATE INDEX credentials_withdrawn ON credentials (list, idx, state) WHERE state <> 0;
CREATE TRIGGER revoked_is_final BEFORE UPDATE OF state ON credentials
    WHEN old.state = 1 AND new.state <> 1
BEGIN
    SELECT raise(ABORT, 'a revoked credential stays revoked');
END;

DROP TABLE lists;
DROP TABLE keys;
DROP TABLE gates;
DROP TABLE counters;
DROP TABLE devices;

CREATE TABLE register (
    id      INTEGER PRIMARY KEY CHECK (id = 1),
    version INTEGER NOT NULL,
    body    TEXT NOT NULL,
    mac     BLOB NOT NULL
) STRICT;

CREATE TABLE events (
    seq        INTEGER PRIMARY KEY,
    credential TEXT,
    body       TEXT NOT NULL,
    mac        BLOB NOT NULL
) STRICT;
CREATE INDEX events_by_credential ON events (credential, seq);

-- What the events add up to so far: lost, it is made again from them.
CREATE TABLE summary (
    id   INTEGER PRIMARY KEY CHECK (id = 1),
    seq  INTEGER NOT NULL,
    body TEXT NOT NULL,
    mac  BLOB NOT NULL
) STRICT;
