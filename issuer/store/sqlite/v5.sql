-- The beginnings of the ids that wallets show for credentials, as tags. `mac` is a tag of both, so that nobody else can name a
-- credential so.
CREATE TABLE credential_names (
    name BLOB NOT NULL,
    id   TEXT NOT NULL,
    mac  BLOB NOT NULL,
    PRIMARY KEY (name, id)
) STRICT, WITHOUT ROWID;
