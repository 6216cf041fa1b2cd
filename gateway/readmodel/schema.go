package readmodel

// schemaVersion is kept in the database. Tables of another version are dropped
// and folded anew: that is simpler than migrating, and as safe, because blocks
// are the source.
const schemaVersion = 18

// schema keeps every value once, in state; the tables below it hold what a
// query filters and sorts by, and the key of the value. It is written for SQLite;
// each database makes of it what it needs. Positions are counted by the fold, so
// that they are the same everywhere.
const schema = `
CREATE TABLE checkpoint (one INTEGER PRIMARY KEY CHECK (one = 1), next INTEGER NOT NULL, head BLOB NOT NULL) STRICT;

CREATE TABLE state (key TEXT PRIMARY KEY, value BLOB NOT NULL) STRICT, WITHOUT ROWID;

CREATE TABLE transactions (
	block INTEGER NOT NULL, idx INTEGER NOT NULL, id TEXT NOT NULL,
	organisation TEXT NOT NULL, time TEXT NOT NULL, code TEXT NOT NULL,
	PRIMARY KEY (block, idx)) STRICT;
CREATE INDEX transactions_id ON transactions (id);

CREATE TABLE entries (
	position INTEGER PRIMARY KEY,
	block INTEGER NOT NULL,
	organisation TEXT NOT NULL, command TEXT NOT NULL, type TEXT NOT NULL,
	date TEXT NOT NULL, site TEXT NOT NULL, period TEXT NOT NULL, subject TEXT NOT NULL,
	content BLOB NOT NULL, record BLOB NOT NULL,
	UNIQUE (organisation, command)) STRICT;
CREATE INDEX entries_site ON entries (site, position);

CREATE TABLE touched (
	holder TEXT NOT NULL, entry INTEGER NOT NULL,
	PRIMARY KEY (holder, entry)) STRICT, WITHOUT ROWID;

CREATE TABLE findings (
	position INTEGER PRIMARY KEY,
	block INTEGER NOT NULL, "transaction" TEXT NOT NULL,
	problem TEXT NOT NULL, key TEXT NOT NULL, expected TEXT NOT NULL, found TEXT NOT NULL) STRICT;

CREATE TABLE proposals (position INTEGER PRIMARY KEY, key TEXT NOT NULL UNIQUE, adopted INTEGER NOT NULL, content BLOB NOT NULL) STRICT;
CREATE TABLE sites (
	position INTEGER PRIMARY KEY, key TEXT NOT NULL UNIQUE, id TEXT NOT NULL,
	owner TEXT NOT NULL, country TEXT NOT NULL, region TEXT NOT NULL) STRICT;
CREATE TABLE products (position INTEGER PRIMARY KEY, key TEXT NOT NULL UNIQUE) STRICT;
CREATE TABLE recipes (position INTEGER PRIMARY KEY, key TEXT NOT NULL UNIQUE, input TEXT NOT NULL) STRICT;
CREATE TABLE certificates (
	position INTEGER PRIMARY KEY, key TEXT NOT NULL UNIQUE, holder TEXT NOT NULL,
	certifier TEXT NOT NULL, scheme TEXT NOT NULL, begins TEXT NOT NULL, ends TEXT NOT NULL) STRICT;

CREATE TABLE coverage (position INTEGER PRIMARY KEY, key TEXT NOT NULL UNIQUE, site TEXT NOT NULL) STRICT;

CREATE TABLE statements (
	position INTEGER PRIMARY KEY, key TEXT NOT NULL UNIQUE,
	holder TEXT NOT NULL, site TEXT NOT NULL, product TEXT NOT NULL,
	certifier TEXT NOT NULL, scheme TEXT NOT NULL, vintage TEXT NOT NULL, project TEXT NOT NULL,
	issued TEXT NOT NULL, available INTEGER NOT NULL) STRICT;

CREATE TABLE accounts (
	position INTEGER PRIMARY KEY, key TEXT NOT NULL UNIQUE,
	site TEXT NOT NULL, product TEXT NOT NULL) STRICT;
CREATE INDEX accounts_site ON accounts (site, position);

CREATE TABLE periods (
	position INTEGER PRIMARY KEY, key TEXT NOT NULL UNIQUE,
	site TEXT NOT NULL, closed INTEGER NOT NULL, begins TEXT NOT NULL, ends TEXT NOT NULL) STRICT;
CREATE INDEX periods_site ON periods (site, position);

CREATE TABLE lots (
	position INTEGER PRIMARY KEY, key TEXT NOT NULL UNIQUE,
	site TEXT NOT NULL, product TEXT NOT NULL, available INTEGER NOT NULL,
	model TEXT NOT NULL, characteristics TEXT NOT NULL, certifier TEXT NOT NULL, statement TEXT NOT NULL, grams TEXT NOT NULL,
	name TEXT NOT NULL) STRICT; -- its pseudonym in the log
CREATE INDEX lots_site ON lots (site, available, position);

CREATE TABLE descent (
	parent TEXT NOT NULL, child TEXT NOT NULL,
	PRIMARY KEY (parent, child)) STRICT, WITHOUT ROWID;

CREATE TABLE transfers (
	position INTEGER PRIMARY KEY, key TEXT NOT NULL UNIQUE,
	sender TEXT NOT NULL, receiver TEXT NOT NULL, status TEXT NOT NULL,
	shipper TEXT NOT NULL, consignee TEXT NOT NULL, product TEXT NOT NULL, dispatched TEXT NOT NULL, agreement TEXT NOT NULL) STRICT;
CREATE INDEX transfers_sender ON transfers (sender, position);
CREATE INDEX transfers_agreement ON transfers (agreement, position);
CREATE INDEX transfers_receiver ON transfers (receiver, position);

CREATE TABLE claims (
	position INTEGER PRIMARY KEY, key TEXT NOT NULL UNIQUE,
	site TEXT NOT NULL, organisation TEXT NOT NULL, product TEXT NOT NULL,
	year TEXT NOT NULL, model TEXT NOT NULL, date TEXT NOT NULL, reversed INTEGER NOT NULL) STRICT;
CREATE INDEX claims_site ON claims (site, position);

-- What the sets of characteristics are searched by.
CREATE TABLE sets (
	id TEXT PRIMARY KEY, scheme TEXT NOT NULL, region TEXT NOT NULL,
	vintage TEXT NOT NULL, project TEXT NOT NULL) STRICT, WITHOUT ROWID;

-- Everything else of which there is a list: see filed.
CREATE TABLE things (
	position INTEGER PRIMARY KEY, key TEXT NOT NULL UNIQUE,
	kind TEXT NOT NULL, a TEXT NOT NULL, b TEXT NOT NULL) STRICT;
CREATE INDEX things_kind ON things (kind, position);

CREATE TABLE claimed (
	lot TEXT NOT NULL, claim TEXT NOT NULL,
	PRIMARY KEY (lot, claim)) STRICT, WITHOUT ROWID;
`
