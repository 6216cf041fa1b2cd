package store

import (
	"hash/fnv"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// dialect is what differs between the databases.
type dialect struct {
	driver      string
	connections int
	// numbered says that parameters are $1, $2, … and that bytes are BYTEA.
	numbered bool
	// turn waits until no other transaction is under way; SQLite has one writer at
	// a time and needs no such word.
	turn string
}

var (
	sqlite   = dialect{driver: "sqlite", connections: 1}
	postgres = dialect{driver: "pgx", connections: connections, numbered: true, turn: `SELECT pg_advisory_xact_lock($1)`}
)

var blob = regexp.MustCompile(`\bBLOB\b`)

// translate writes a statement for the database. What stands in quotes is left
// as it is.
func (d dialect) translate(query string) string {
	if !d.numbered {
		return query
	}
	return Numbered(query)
}

// Numbered writes a statement for PostgreSQL: parameters are $1, $2, … and bytes
// BYTEA. What stands in quotes is left as it is.
func Numbered(query string) string {
	var b strings.Builder
	parameters := 0
	for i, part := range strings.Split(query, "'") {
		if i > 0 {
			b.WriteByte('\'')
		}
		if i%2 == 1 {
			b.WriteString(part)
			continue
		}
		for _, r := range blob.ReplaceAllString(part, "BYTEA") {
			if r == '?' {
				parameters++
				b.WriteString("$" + strconv.Itoa(parameters))
				continue
			}
			b.WriteRune(r)
		}
	}
	return b.String()
}

var text = regexp.MustCompile(`\bTEXT\b`)

// table writes a change of tables for the database. Text is compared byte by
// byte, as SQLite does, whatever the language of the server.
func (d dialect) table(step string) string {
	if !d.numbered {
		return step
	}
	return text.ReplaceAllString(step, `TEXT COLLATE "C"`)
}

// plain makes truths of the arguments 0 or 1, as which they are kept.
func plain(args []any) []any {
	out := slices.Clone(args)
	for i, arg := range out {
		switch arg {
		case true:
			out[i] = 1
		case false:
			out[i] = 0
		}
	}
	return out
}

// LockNumber is the number of an advisory lock of PostgreSQL, of which a
// database has one set for all programs.
func LockNumber(name string) int64 {
	h := fnv.New64a()
	_, _ = h.Write([]byte(name)) // a hash takes anything
	return int64(h.Sum64())      //nolint:gosec // any number will do
}
