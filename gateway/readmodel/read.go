package readmodel

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"

	"github.com/weighbridge/weighbridge/chaincode/massbalance"
	"github.com/weighbridge/weighbridge/chaincode/wire"
)

// Snapshot is the read model at one height. It lives as long as the function
// that Read handed it to, and is for one goroutine.
type Snapshot struct {
	ctx      context.Context
	tx       *sql.Tx
	database database
	// rows are the prepared look-ups of one row, for the same ones come again and again.
	rows map[string]*sql.Stmt
	// Next is how many blocks the snapshot holds: it is true at block Next − 1.
	Next uint64

	hashes hashRows
	// Head is the hash of that block, zero where there is none.
	Head [32]byte
}

// Read lets a function look at the model; all that it sees belongs to one height.
func (m *Model) Read(ctx context.Context, look func(*Snapshot) error) error {
	tx, err := m.database.reader().BeginTx(ctx, m.database.snapshot())
	if err != nil {
		return fmt.Errorf("couldn't begin to read the read model: %w", err)
	}
	defer tx.Rollback() //nolint:errcheck // nothing was written
	s := &Snapshot{ctx: ctx, tx: tx, database: m.database, rows: map[string]*sql.Stmt{}}
	var head []byte
	if err := s.queryRow(`SELECT next, head FROM checkpoint`).Scan(&s.Next, &head); err != nil {
		return fmt.Errorf("couldn't read the checkpoint: %w", err)
	}
	copy(s.Head[:], head)
	return look(s)
}

// Get returns the value at a key, or nil.
func (s *Snapshot) Get(key massbalance.Key) (massbalance.Value, error) {
	query, args := lookUp(key)
	return value(s.queryRow(query, args...), key)
}

func (s *Snapshot) query(text string, args ...any) (*sql.Rows, error) {
	return s.tx.QueryContext(s.ctx, s.database.translate(text), args...)
}

func (s *Snapshot) queryRow(text string, args ...any) *sql.Row {
	prepared := s.rows[text]
	if prepared == nil {
		var err error
		if prepared, err = s.tx.PrepareContext(s.ctx, s.database.translate(text)); err != nil {
			return s.tx.QueryRowContext(s.ctx, s.database.translate(text), args...) // which has the same error to tell
		}
		s.rows[text] = prepared // the end of the transaction closes it
	}
	return prepared.QueryRowContext(s.ctx, args...)
}

// NotFound says that there is nothing of this kind and name at the snapshot's height.
type NotFound struct {
	Kind, Name string
}

// Error names what was not found.
func (e *NotFound) Error() string { return fmt.Sprintf("there is no %s %s", e.Kind, e.Name) }

// Need returns the value at a key, or a *NotFound.
func Need[T massbalance.Value](s *Snapshot, key massbalance.Key) (T, error) {
	var none T
	v, err := s.Get(key)
	if err != nil {
		return none, err
	}
	if v == nil {
		name := key.A
		if key.B != "" {
			name += " " + key.B
		}
		return none, &NotFound{string(key.Kind), name}
	}
	typed, ok := v.(T)
	if !ok {
		return none, fmt.Errorf("couldn't read %s: it holds a %T", wire.FormatKey(key), v)
	}
	return typed, nil
}

// Page says which part of a list is wanted.
type Page struct {
	// After is the position after which to begin; 0 is the beginning.
	After uint64
	// Limit is how many are wanted; 0 means DefaultLimit.
	Limit int
	// Newest turns the order round; After then means before.
	Newest bool
	// By is what the list is sorted by, where it is not the order of the ledger,
	// and AfterValue what stands there at After.
	By         Sort
	AfterValue string
}

// Sort is what a list is sorted by: a column whose values never change. What is
// equal there stands in the order of the ledger.
type Sort string

// Not every list knows every one of these.
const (
	InOrder    Sort = ""
	ByDate     Sort = "date"
	ByProduct  Sort = "product"
	ByQuantity Sort = "quantity"
)

// DefaultLimit is the length of a page where none is asked for, MaxLimit the most that is given.
const (
	DefaultLimit = 100
	MaxLimit     = 500
)

func (p Page) limit() int {
	if p.Limit <= 0 {
		return DefaultLimit
	}
	return min(p.Limit, MaxLimit)
}

// Listing is one page of a list.
type Listing[T any] struct {
	Items []T
	// Next is the After of the following page, 0 if there is none; NextValue its
	// AfterValue where the list is Sorted. It may be "": not everything has a date.
	Next      uint64
	NextValue string
	Sorted    bool
}

// condition is one filter; it applies where its argument is given, which stands
// for each question mark.
type condition struct {
	sql string
	arg string
}

// selection is a query over one table, ready to be paged.
type selection struct {
	columns string
	from    string
	where   []condition
	// sorts are the columns that the list may be sorted by.
	sorts map[Sort]string
}

// sorted says what a list may be sorted by.
func (q selection) sorted(by map[Sort]string) selection {
	q.sorts = by
	return q
}

// overState selects the values of one table's keys.
func overState(table string, where ...condition) selection {
	return selection{columns: "t.position, t.key, state.value", from: table + " t JOIN state ON state.key = t.key", where: where}
}

func (q selection) build(p Page) (string, []any) {
	order, compare := "ASC", ">"
	if p.Newest {
		order, compare = "DESC", "<"
	}
	column := q.sorts[p.By]
	query, args := "SELECT "+q.columns+" FROM "+q.from+" WHERE true", []any{}
	switch {
	case p.After > 0 && column != "":
		query += " AND (" + column + " " + compare + " ? OR " + column + " = ? AND t.position " + compare + " ?)"
		args = append(args, p.AfterValue, p.AfterValue, p.After)
	case p.After > 0:
		query, args = query+" AND t.position "+compare+" ?", append(args, p.After)
	}
	for _, c := range q.where {
		if c.arg != "" {
			query += " AND " + c.sql
			for range strings.Count(c.sql, "?") {
				args = append(args, c.arg)
			}
		}
	}
	if column != "" {
		column += " " + order + ", "
	}
	return query + " ORDER BY " + column + "t.position " + order + " LIMIT ?", append(args, p.limit()+1)
}

// ErrSort says that a list can't be sorted in the way that was asked for.
var ErrSort = errors.New("the list is not sorted by this")

// value is what a row's sort column holds. It is asked for apart, because only
// the last row of a page needs it.
func (q selection) value(s *Snapshot, by Sort, position uint64) (value string, err error) {
	column := q.sorts[by]
	if column == "" || position == 0 {
		return "", nil
	}
	err = s.queryRow("SELECT "+column+" FROM "+q.from+" WHERE t.position = ?", position).Scan(&value)
	return value, err
}

// list runs a selection. One row more than wanted is asked for, to know
// whether there is a next page.
func list[T any](s *Snapshot, q selection, p Page, scan func(*sql.Rows) (uint64, T, error)) (Listing[T], error) {
	page := Listing[T]{Sorted: p.By != InOrder}
	if p.By != InOrder && q.sorts[p.By] == "" {
		return page, fmt.Errorf("couldn't list %s: %w: %q", q.from, ErrSort, p.By)
	}
	query, args := q.build(p)
	rows, err := s.query(query, args...)
	if err != nil {
		return page, fmt.Errorf("couldn't list %s: %w", q.from, err)
	}
	defer rows.Close()
	var last uint64
	for rows.Next() {
		if len(page.Items) == p.limit() {
			page.Next = last
			break
		}
		position, item, err := scan(rows)
		if err != nil {
			return page, fmt.Errorf("couldn't read a row of %s: %w", q.from, err)
		}
		last, page.Items = position, append(page.Items, item)
	}
	if err := errors.Join(rows.Err(), rows.Close()); err != nil {
		return page, err
	}
	page.NextValue, err = q.value(s, p.By, page.Next)
	return page, err
}

// values runs a selection over state.
func values[T massbalance.Value](s *Snapshot, q selection, p Page) (Listing[T], error) {
	return list(s, q, p, func(rows *sql.Rows) (uint64, T, error) {
		_, position, item, err := stored[T](rows)
		return position, item, err
	})
}

func stored[T massbalance.Value](rows *sql.Rows) (key massbalance.Key, position uint64, item T, err error) {
	var name string
	var data []byte
	if err = rows.Scan(&position, &name, &data); err != nil {
		return key, position, item, err
	}
	if key, err = wire.ParseKey(name); err != nil {
		return key, position, item, err
	}
	item, err = wire.Decode[T](data)
	return key, position, item, err
}

// all reads a list to its end.
func all[T any](fetch func(Page) (Listing[T], error)) ([]T, error) {
	var items []T
	page := Page{Limit: MaxLimit}
	for {
		listing, err := fetch(page)
		if err != nil {
			return nil, err
		}
		items = append(items, listing.Items...)
		if listing.Next == 0 {
			return items, nil
		}
		page.After, page.AfterValue = listing.Next, listing.NextValue
	}
}
