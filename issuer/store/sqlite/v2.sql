-- Bitstring Status Lists beside the Token Status Lists: a purpose makes a list a bitstring.
ALTER TABLE lists ADD COLUMN purpose TEXT CHECK (purpose IN ('revocation', 'suspension', 'refresh', 'message'));
ALTER TABLE lists ADD COLUMN size INTEGER NOT NULL DEFAULT 1 CHECK (size BETWEEN 1 AND 8);
ALTER TABLE lists ADD COLUMN messages TEXT NOT NULL DEFAULT '[]';

-- Every entry of a bitstring: a credential has one for each purpose, the first of which stands in its own row too. An entry
-- of no credential belongs to a document that is not on record.
CREATE TABLE entries (
    list       INTEGER NOT NULL REFERENCES lists (id),
    idx        INTEGER NOT NULL CHECK (idx >= 0),
    credential TEXT REFERENCES credentials (id),
    value      INTEGER NOT NULL DEFAULT 0 CHECK (value BETWEEN 0 AND 255),
    PRIMARY KEY (list, idx)
) STRICT, WITHOUT ROWID;

CREATE INDEX entries_by_credential ON entries (credential) WHERE credential IS NOT NULL;
CREATE INDEX entries_set ON entries (list, idx, value) WHERE value <> 0;

-- A revocation is final here too.
CREATE TRIGGER revocation_entry_is_final BEFORE UPDATE OF value ON entries
    WHEN old.value <> 0 AND new.value = 0 AND (SELECT purpose FROM lists WHERE id = old.list) = 'revocation'
BEGIN
    SELECT raise(ABORT, 'a revoked entry stays revoked');
END;
