package readmodel

import (
	"database/sql"
	"errors"
	"fmt"
	"strings"

	"github.com/weighbridge/weighbridge/chaincode/massbalance"
	"github.com/weighbridge/weighbridge/chaincode/wire"
)

// Records are kept with the entries and not in the state a second time.
const (
	selectValue  = `SELECT value FROM state WHERE key = ?`
	selectRecord = `SELECT record FROM entries WHERE organisation = ? AND command = ?`
	manyValues   = `SELECT key, value FROM state WHERE key IN (?`
	manyRecords  = `SELECT command, record FROM entries WHERE organisation = ? AND command IN (?`
)

// lookUp is the query for the value at a key.
func lookUp(key massbalance.Key) (query string, args []any) {
	if key.Kind == massbalance.KindRecord {
		return selectRecord, []any{key.A, key.B}
	}
	return selectValue, []any{wire.FormatKey(key)}
}

func many(text string, n int) string { return text + strings.Repeat(", ?", n-1) + ")" }

// Get returns the value at a key as of the block applied last: with it the
// model is the View that the next block is replayed against. It is for whoever may
// Apply, and nobody may change what it returns.
func (m *Model) Get(key massbalance.Key) (massbalance.Value, error) {
	if v, ok := m.held.get(key); ok {
		return v, nil
	}
	query, args := lookUp(key)
	v, err := m.ask(query, args, key)
	if err != nil {
		return nil, fmt.Errorf("couldn't read %s: %w", wire.FormatKey(key), err)
	}
	m.held.keep(key, v)
	return v, nil
}

func (m *Model) ask(query string, args []any, key massbalance.Key) (massbalance.Value, error) {
	found, err := m.database.ask(query, args)
	if err != nil {
		return nil, err
	}
	defer found.Close()
	if !found.Next() {
		return nil, errors.Join(found.Err(), found.Close())
	}
	var data []byte
	if err := found.Scan(&data); err != nil {
		return nil, err
	}
	v, err := parseValue(key.Kind, data)
	return v, errors.Join(err, found.Close())
}

func value(row *sql.Row, key massbalance.Key) (massbalance.Value, error) {
	var data []byte
	err := row.Scan(&data)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("couldn't read %s: %w", wire.FormatKey(key), err)
	}
	return parseValue(key.Kind, data)
}

// parseValue reads what the state has at a key of this kind. Of a record it may have
// less than is kept with the entries.
func parseValue(kind massbalance.Kind, data []byte) (massbalance.Value, error) {
	v, err := wire.ParseValue(kind, data)
	if record, ok := v.(massbalance.Record); ok {
		return record.Noted(), err
	}
	return v, err
}

// Fetch reads the values at many keys at once, for Get to find them until the
// next block is applied or other keys are fetched.
func (m *Model) Fetch(keys []massbalance.Key) error {
	fetched := map[massbalance.Key]massbalance.Value{}
	var names []string
	commands := map[string][]string{} // by organisation
	for _, key := range keys {
		if _, twice := fetched[key]; twice {
			continue
		}
		if v, ok := m.held.get(key); ok {
			if v != nil {
				fetched[key] = v // or else it might not be held any more when it is asked for
			}
			continue
		}
		fetched[key] = nil
		if key.Kind == massbalance.KindRecord {
			commands[key.A] = append(commands[key.A], key.B)
			continue
		}
		names = append(names, wire.FormatKey(key))
	}
	err := m.fetch(manyValues, nil, names, wire.ParseKey, fetched)
	for org, ids := range commands {
		record := func(id string) (massbalance.Key, error) {
			return massbalance.RecordKey(massbalance.OrganisationID(org), massbalance.CommandID(id)), nil
		}
		err = errors.Join(err, m.fetch(manyRecords, []any{org}, ids, record, fetched))
	}
	if err != nil {
		return fmt.Errorf("couldn't read what a block names: %w", err)
	}
	m.held.fetch(fetched)
	return nil
}

// fetch reads what has one of the names, as many at a time as a portion has; the
// last portion is filled up with the last name.
func (m *Model) fetch(query string, first []any, names []string, keyOf func(string) (massbalance.Key, error), into map[massbalance.Key]massbalance.Value) error {
	for len(names) > 0 {
		size := portions[0]
		for _, n := range portions[1:] {
			if len(names) <= n {
				size = n
			}
		}
		n := min(size, len(names))
		args := append(make([]any, 0, size+1), first...)
		for i := range size {
			args = append(args, names[min(i, n-1)])
		}
		if err := m.fetchPortion(many(query, size), args, keyOf, into); err != nil {
			return err
		}
		names = names[n:]
	}
	return nil
}

func (m *Model) fetchPortion(query string, args []any, keyOf func(string) (massbalance.Key, error), into map[massbalance.Key]massbalance.Value) error {
	found, err := m.database.ask(query, args)
	if err != nil {
		return err
	}
	defer found.Close()
	for found.Next() {
		var name string
		var data []byte
		if err := found.Scan(&name, &data); err != nil {
			return err
		}
		key, err := keyOf(name)
		if err != nil {
			return err
		}
		if into[key], err = parseValue(key.Kind, data); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
	}
	return errors.Join(found.Err(), found.Close())
}
