-- Ciphertext under a key of the issuer's vault: what is said about people, about keys and about gates. What is searched for exactly is
-- searched by tags, which say nothing without the key. Rows of the version before are read before this step and written again after it.
DROP TABLE credentials;
CREATE TABLE credentials (
    seq      INTEGER PRIMARY KEY,
    id       TEXT NOT NULL UNIQUE,
    entry    BLOB NOT NULL UNIQUE,
    holder   BLOB NOT NULL,
    ends     BLOB NOT NULL,
    state    INTEGER NOT NULL CHECK (state IN (0, 1, 2)),
    revision INTEGER NOT NULL CHECK (revision >= 0),
    body     BLOB NOT NULL
) STRICT;
CREATE INDEX credentials_by_holder ON credentials (holder);
CREATE INDEX credentials_by_end ON credentials (ends);
CREATE INDEX credentials_withdrawn ON credentials (entry, state) WHERE state <> 0;
CREATE TRIGGER revoked_is_final BEFORE UPDATE OF state ON credentials
    WHEN old.state = 1 AND new.state <> 1
BEGIN
    SELECT raise(ABORT, 'a revoked credential stays revoked');
END;

CREATE TABLE credential_roles (
    role BLOB NOT NULL,
    seq  INTEGER NOT NULL,
    PRIMARY KEY (role, seq)
) STRICT, WITHOUT ROWID;

-- The days on which validities end, each under the tag that the rows have.
CREATE TABLE days (
    tag  BLOB PRIMARY KEY,
    body BLOB NOT NULL
) STRICT, WITHOUT ROWID;

DROP TABLE register;
CREATE TABLE register (
    id      INTEGER PRIMARY KEY CHECK (id = 1),
    version INTEGER NOT NULL,
    body    BLOB NOT NULL,
    mac     BLOB NOT NULL
) STRICT;

DROP TABLE events;
CREATE TABLE events (
    seq        INTEGER PRIMARY KEY,
    credential TEXT,
    body       BLOB NOT NULL,
    mac        BLOB NOT NULL
) STRICT;
CREATE INDEX events_by_credential ON events (credential, seq);

DROP TABLE summary;
CREATE TABLE summary (
    id   INTEGER PRIMARY KEY CHECK (id = 1),
    seq  INTEGER NOT NULL,
    body BLOB NOT NULL,
    mac  BLOB NOT NULL
) STRICT;
