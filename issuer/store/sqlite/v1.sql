-- Settings, policy and signed parts, by name.
CREATE TABLE documents (
    name  TEXT PRIMARY KEY,
    bytes BLOB NOT NULL
) STRICT, WITHOUT ROWID;

-- Version numbers; they only grow.
CREATE TABLE counters (
    name  TEXT PRIMARY KEY,
    value INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE keys (
    multikey     TEXT NOT NULL UNIQUE,
    key_use      TEXT NOT NULL,
    state        TEXT NOT NULL CHECK (state IN ('active', 'retired', 'compromised')),
    not_before   INTEGER NOT NULL,
    issued_until INTEGER
) STRICT;

CREATE TABLE lists (
    id       INTEGER PRIMARY KEY AUTOINCREMENT,
    capacity INTEGER NOT NULL CHECK (capacity > 0),
    used     INTEGER NOT NULL DEFAULT 0 CHECK (used BETWEEN 0 AND capacity)
) STRICT;

CREATE TABLE credentials (
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
    list        INTEGER NOT NULL REFERENCES lists (id),
    idx         INTEGER NOT NULL CHECK (idx >= 0),
    state       INTEGER NOT NULL CHECK (state IN (0, 1, 2)),
    changed_at  INTEGER NOT NULL,
    UNIQUE (list, idx)
) STRICT;

CREATE INDEX credentials_by_holder ON credentials (holder);
CREATE INDEX credentials_withdrawn ON credentials (list, idx, state) WHERE state <> 0;

-- A revocation is final in the database too, whatever a program asks.
CREATE TRIGGER revoked_is_final BEFORE UPDATE OF state ON credentials
    WHEN old.state = 1 AND new.state <> 1
BEGIN
    SELECT raise(ABORT, 'a revoked credential stays revoked');
END;

CREATE TABLE events (
    credential TEXT NOT NULL REFERENCES credentials (id),
    seq        INTEGER NOT NULL,
    before     INTEGER,
    after      INTEGER NOT NULL,
    cause      TEXT NOT NULL,
    note       TEXT NOT NULL,
    operator   TEXT NOT NULL,
    at         INTEGER NOT NULL,
    PRIMARY KEY (credential, seq)
) STRICT, WITHOUT ROWID;

CREATE TABLE offers (
    secret_hash BLOB PRIMARY KEY,
    id          TEXT NOT NULL,
    tx_salt     BLOB,
    tx_hash     BLOB,
    tries_left  INTEGER,
    sealed      BLOB NOT NULL,
    expires_at  INTEGER NOT NULL,
    exchanged   INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- Proof nonces that were used, until they would have expired anyway.
CREATE TABLE nonces (
    hash       BLOB PRIMARY KEY,
    expires_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE gates (
    id          TEXT PRIMARY KEY,
    name        TEXT NOT NULL,
    site        TEXT NOT NULL,
    zone        TEXT NOT NULL,
    enrolled_at INTEGER NOT NULL,
    revoked_at  INTEGER,
    reason      TEXT
) STRICT, WITHOUT ROWID;

CREATE TABLE devices (
    id         TEXT PRIMARY KEY,
    next_seq   INTEGER NOT NULL,
    head       BLOB NOT NULL,
    forked_at  INTEGER,
    forked_seq INTEGER
) STRICT, WITHOUT ROWID;

CREATE TABLE leaves (
    device      TEXT NOT NULL,
    seq         INTEGER NOT NULL,
    hash        BLOB NOT NULL,
    leaf        BLOB NOT NULL,
    received_at INTEGER NOT NULL,
    PRIMARY KEY (device, seq)
) STRICT, WITHOUT ROWID;
