// Package store keeps what is a gateway's own: what does not follow from the
// chain and is lost with its disk, such as users, sessions, approvals,
// webhooks and commands that were accepted and not yet committed. It is the
// one thing of a gateway that needs a backup; package readmodel keeps the rest.
//
// A store is a database of SQLite (sqlite:/absolute/path) or PostgreSQL
// (postgres://…). Whoever uses it writes SQL that both understand:
//
//   - columns are TEXT, BIGINT or BLOB, and none counts up by itself;
//   - a time is a BIGINT of milliseconds since 1970 in UTC, a truth 0 or 1;
//   - text is compared byte by byte;
//   - parameters are written ?, and a conflict is resolved by ON CONFLICT.
//
// Each component brings its tables as a list of steps (Migrate). A step is
// taken once, in order, and never changed afterwards; the next one corrects it.
// A store that knows steps which the program does not is of a later program
// and is refused.
package store
