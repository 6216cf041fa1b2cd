package readmodel

// logSchema keeps the transparency log (package proof/leaf) beside the entries
// that its leaves are of, so that both move together.
const logSchema = `
CREATE TABLE log (
	one INTEGER PRIMARY KEY CHECK (one = 1), origin TEXT NOT NULL,
	size INTEGER NOT NULL, registered INTEGER NOT NULL, register BLOB NOT NULL) STRICT;

-- The leaves in their order, leavesPerRow in a row. A leaf is of the entry whose
-- position is one more.
CREATE TABLE log_leaves (position INTEGER PRIMARY KEY, leaves BLOB NOT NULL) STRICT;

-- The hashes in the order in which package tlog stores them, hashesPerRow in a row.
CREATE TABLE log_hashes (position INTEGER PRIMARY KEY, hashes BLOB NOT NULL) STRICT;

CREATE TABLE log_writers (
	key TEXT NOT NULL, leaf INTEGER NOT NULL,
	PRIMARY KEY (key, leaf)) STRICT, WITHOUT ROWID;

CREATE TABLE log_register (
	hash TEXT NOT NULL, size INTEGER NOT NULL, key TEXT NOT NULL, value BLOB NOT NULL,
	PRIMARY KEY (hash, size)) STRICT, WITHOUT ROWID;

CREATE TABLE log_checkpoints (size INTEGER PRIMARY KEY, block INTEGER NOT NULL, text TEXT NOT NULL) STRICT;
CREATE INDEX log_checkpoints_block ON log_checkpoints (block);
`
