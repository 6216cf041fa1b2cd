package readmodel

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/weighbridge/weighbridge/chaincode/massbalance"
	"github.com/weighbridge/weighbridge/chaincode/wire"
	"github.com/weighbridge/weighbridge/gateway/replay"
)

// ErrGap says that a block was left out.
var ErrGap = errors.New("a block was left out")

// Apply folds one replayed block in, and settles it. A block that was applied
// before is passed over.
func (m *Model) Apply(ctx context.Context, block replay.Block) error {
	if err := m.Fold(ctx, block); err != nil {
		return err
	}
	return m.Settle()
}

// Fold is Apply for one of several blocks: they become visible, and stay, with
// Settle, all at once or none of them. Each is replayed against the model as those
// before it left it. Fold settles by itself what has come to be much or has waited
// for long. If it fails, what was not settled is undone.
func (m *Model) Fold(ctx context.Context, block replay.Block) error {
	due := m.due()
	if block.Number < due {
		return nil
	}
	if block.Number > due {
		return fmt.Errorf("couldn't apply block %d: %w: expected block %d", block.Number, ErrGap, due)
	}
	if err := m.fold(ctx, block); err != nil {
		m.undo()
		return fmt.Errorf("couldn't apply block %d: %w", block.Number, err)
	}
	if m.overdue() {
		return m.Settle()
	}
	return nil
}

func (m *Model) fold(ctx context.Context, block replay.Block) (err error) {
	u := &m.unsettled
	if u.tx == nil {
		if u.tx, err = m.database.begin(ctx); err != nil {
			u.tx = nil
			return err
		}
		u.began = time.Now()
	}
	if m.log == nil || m.log.next != block.Number {
		m.log = &logState{}
	}
	f := &fold{writing: u.tx, block: block.Number, hash: block.Hash, log: m.log, rows: m.rows}
	if err := f.checkpoint(); err != nil {
		return err
	}
	f.rows.empty()
	if err := f.blocks(block); err != nil {
		return err
	}
	m.log.next = block.Number + 1
	for _, t := range block.Transactions {
		m.held.apply(t.Writes)
		u.writes += len(t.Writes)
	}
	u.next = block.Number + 1
	return nil
}

// blocks folds a block's transactions in, and logs its records.
func (f *fold) blocks(block replay.Block) error {
	if err := f.beginLog(); err != nil {
		return err
	}
	for _, d := range block.Findings {
		if err := f.finding(d); err != nil {
			return err
		}
	}
	for i := range block.Transactions {
		t := &block.Transactions[i]
		if err := f.transaction(t); err != nil {
			return fmt.Errorf("transaction %s: %w", t.ID, err)
		}
	}
	if err := f.logBlock(); err != nil {
		return err
	}
	return f.flush()
}

// checkpoint moves the checkpoint on to after this block, before all else: a
// second process that writes the same block waits here and is then told.
func (f *fold) checkpoint() error {
	var next uint64
	err := f.one([]any{&next}, `UPDATE checkpoint SET next = ?, head = ? WHERE next = ? RETURNING next`, f.block+1, f.hash[:], f.block)
	if errors.Is(err, sql.ErrNoRows) {
		return ErrNotLeading
	}
	return err
}

// fold is one block on its way into the database.
type fold struct {
	writing
	block uint64
	hash  [32]byte
	log   *logState
	rows  *rows
	// lots is the position of the last lot, or 0 while it is not known.
	lots int64
}

func (f *fold) exec(text string, args ...any) error {
	for i := range args {
		args[i] = plain(args[i])
	}
	return f.execute(text, args)
}

// one reads a single row.
func (f *fold) one(into []any, text string, args ...any) error {
	rows, err := f.query(text, args...)
	if err != nil {
		return err
	}
	defer rows.Close()
	if !rows.Next() {
		return errors.Join(rows.Err(), sql.ErrNoRows)
	}
	if err := rows.Scan(into...); err != nil {
		return err
	}
	return rows.Close()
}

// query reads what the fold has written so far, too.
func (f *fold) query(text string, args ...any) (*sql.Rows, error) {
	for i := range args {
		args[i] = plain(args[i])
	}
	return f.read(text, args)
}

// place gives a key a row in a table. A row keeps the position that it was first
// given; of the columns only the one named in update changes later. Where it says
// what was put there last, there is nothing to do: an account has a row, whatever
// moves on it.
func (f *fold) place(table, columns, update, key string, args ...any) error {
	value := any(true)
	if at := slices.Index(strings.Split(columns, ", "), update); at > 0 {
		value = plain(args[at-1])
	}
	if before, ok := f.log.placed.get(key); ok && before == value {
		return nil
	}
	f.log.placed.put(key, value)
	text := "INSERT INTO " + table + " (position, " + columns + ") VALUES ((SELECT coalesce(max(position), 0) + 1 FROM " + table + "), ?" +
		strings.Repeat(", ?", len(args)) + ") ON CONFLICT (key) DO "
	if update == "" {
		text += "NOTHING"
	} else {
		text += "UPDATE SET " + update + " = excluded." + update
	}
	return f.exec(text, append([]any{key}, args...)...)
}

// plain makes an argument of one of the kinds that columns have. Databases differ
// in which others they take, and in what they make of them.
func plain(arg any) any {
	switch arg.(type) {
	case string, []byte, int64:
		return arg
	}
	switch v := reflect.ValueOf(arg); v.Kind() {
	case reflect.String:
		return v.String()
	case reflect.Bool:
		if v.Bool() {
			return int64(1)
		}
		return int64(0)
	case reflect.Int, reflect.Int64:
		return v.Int()
	case reflect.Uint, reflect.Uint64:
		return int64(v.Uint()) //nolint:gosec // numbers of blocks and transactions
	default:
		return arg
	}
}

func (f *fold) transaction(t *replay.Transaction) error {
	if err := f.exec(`INSERT INTO transactions VALUES (?, ?, ?, ?, ?, ?)`,
		f.block, t.Index, readable(t.ID), readable(string(t.Organisation)), t.Time.UTC().Format(time.RFC3339Nano), readable(t.Code)); err != nil {
		return err
	}
	forms, err := t.Forms()
	if err != nil {
		return err
	}
	if err := f.logTransaction(t, forms); err != nil {
		return err
	}
	for i, w := range t.Writes {
		if err := f.write(t, w, forms.Keys[i], forms.Values[i]); err != nil {
			return fmt.Errorf("%s: %w", forms.Keys[i], err)
		}
	}
	if t.Finding != nil {
		return f.finding(*t.Finding)
	}
	return nil
}

func (f *fold) finding(d replay.Finding) error {
	return f.exec(`INSERT INTO findings (position, block, "transaction", problem, key, expected, found)
		VALUES ((SELECT coalesce(max(position), 0) + 1 FROM findings), ?, ?, ?, ?, ?, ?)`,
		d.Block, readable(d.Transaction), d.Problem, readable(d.Key), readable(d.Expected), readable(d.Found))
}

// Note adds a finding on a block that is not to be applied. The same one is
// added once.
func (m *Model) Note(ctx context.Context, finding replay.Finding) error {
	if err := m.Settle(); err != nil {
		return err
	}
	tx, err := m.database.begin(ctx)
	if err != nil {
		return fmt.Errorf("couldn't note a finding: %w", err)
	}
	defer tx.rollback()
	f := &fold{writing: tx}
	var known int
	err = f.one([]any{&known}, `SELECT count(*) FROM findings WHERE block = ? AND problem = ? AND expected = ? AND found = ?`,
		finding.Block, finding.Problem, readable(finding.Expected), readable(finding.Found))
	if err == nil && known == 0 {
		err = f.finding(finding)
	}
	if err == nil {
		err = tx.commit()
	}
	if err != nil {
		return fmt.Errorf("couldn't note a finding: %w", err)
	}
	return nil
}

// readable makes text of what is quoted from the chain, which may be any bytes;
// PostgreSQL's text has no zero byte.
func readable(quoted string) string {
	return strings.ReplaceAll(strings.ToValidUTF8(quoted, "\uFFFD"), "\x00", "\uFFFD")
}

// entry keeps a record with its command. The position is that in the log, from 1.
func (f *fold) entry(e *massbalance.Entry, position int64, command, record []byte) {
	r := &e.Record
	f.rows.entries.add(number(position), number(f.block), text(r.Organisation), text(r.Command), text(r.Type), text(r.Date), text(r.Site), text(r.Period),
		text(r.Subject), blob(command), blob(record))
	for _, holder := range holders(e) {
		f.rows.touched.add(text(holder), number(position))
	}
}

// write stores a value and, where lists are made of its kind, its row. A row
// keeps the position that it was first given.
func (f *fold) write(t *replay.Transaction, w massbalance.Write, key string, data []byte) error {
	switch v := w.Value.(type) {
	case massbalance.Record:
		return nil // it stands with its entry
	case massbalance.Lot:
		f.rows.setState(key, data)
		return f.lot(key, v)
	case massbalance.Proposal:
		f.rows.setState(key, data)
		return f.proposal(t, key, w.Key.B, v)
	case massbalance.Claim:
		for _, line := range v.Lines {
			f.rows.claimed.add(text(line.Lot), text(key))
		}
	}
	f.rows.setState(key, data)
	return f.row(key, w)
}

// lot keeps the row of a lot. Of one that was there before the block only what is
// available changes.
func (f *fold) lot(key string, v massbalance.Lot) error {
	available := plain(!v.Available().IsZero())
	if at, again := f.rows.lotAt[key]; again {
		f.rows.lots[at+lotAvailable] = available
		f.log.placed.put(key, available)
		return nil
	}
	name, made := f.log.made[v.ID]
	if !made {
		return f.place("lots", lotColumns, "available", key,
			v.Site, v.Product, available, v.Model, v.Characteristics, v.Certifier, v.Statement, sortable(v.Quantity), name)
	}
	if f.lots == 0 {
		if err := f.one([]any{&f.lots}, `SELECT coalesce(max(position), 0) FROM lots`); err != nil {
			return err
		}
	}
	f.lots++
	f.rows.lotAt[key] = len(f.rows.lots)
	f.log.placed.put(key, available)
	f.rows.lots.add(number(f.lots), text(key), text(v.Site), text(v.Product), column{value: available}, text(v.Model), text(v.Characteristics),
		text(v.Certifier), text(v.Statement), text(sortable(v.Quantity)), text(name))
	for _, parent := range v.Parents {
		f.rows.descent.add(text(parent.Lot), text(key))
	}
	return nil
}

// proposal keeps the command that is asked for beside who asked: the ledger's
// state has its hash only.
func (f *fold) proposal(t *replay.Transaction, key, digest string, p massbalance.Proposal) error {
	content := []byte{}
	for _, e := range t.Entries {
		if e.Command.BodyContent.String() == digest {
			var err error
			if content, err = wire.Format(e.Command); err != nil { // few are proposed
				return err
			}
			break
		}
	}
	return f.place("proposals", "key, adopted, content", "adopted", key, p.Adopted, content)
}
