package readmodel

import (
	"database/sql"

	"github.com/weighbridge/weighbridge/chaincode/massbalance"
)

// Filed is a value with the key that names it.
type Filed[T massbalance.Value] struct {
	Key   massbalance.Key
	Value T
}

// ThingFilter narrows a list by the parts of the key, which mean what the kind
// says; what is empty does not narrow.
type ThingFilter struct{ A, B string }

// Things lists the values of a kind that has no list of its own, in the order in
// which they first came to be.
func Things[T massbalance.Value](s *Snapshot, kind massbalance.Kind, f ThingFilter, p Page) (Listing[Filed[T]], error) {
	q := overState("things", condition{"t.kind = ?", string(kind)}, condition{"t.a = ?", f.A}, condition{"t.b = ?", f.B})
	return list(s, q, p, func(rows *sql.Rows) (uint64, Filed[T], error) {
		key, position, value, err := stored[T](rows)
		return position, Filed[T]{key, value}, err
	})
}

// AllThings lists them to the end.
func AllThings[T massbalance.Value](s *Snapshot, kind massbalance.Kind, f ThingFilter) ([]Filed[T], error) {
	return all(func(p Page) (Listing[Filed[T]], error) { return Things[T](s, kind, f, p) })
}
