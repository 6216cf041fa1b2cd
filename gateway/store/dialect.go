package store

import (
	"regexp"
	"strconv"
	"strings"
)

// dialect is what differs between the databases.
type dialect struct {
	driver      string
	connections int
	// numbered says that parameters are $1, $2, … and that bytes are BYTEA.
	numbered bool
	// forUpdate locks what a query reads until the transaction ends; SQLite
	// has one writer at a time and needs no such word.
	forUpdate string
}

var (
	sqlite   = dialect{driver: "sqlite", connections: 1}
	postgres = dialect{driver: "pgx", connections: connections, numbered: true, forUpdate: " FOR UPDATE"}
)

var blob = regexp.MustCompile(`\bBLOB\b`)

// translate writes a statement for the database. What stands in quotes is left
// as it is.
func (d dialect) translate(query string) string {
	if !d.numbered {
		return query
	}
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
