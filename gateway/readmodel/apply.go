package readmodel

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/weighbridge/weighbridge/chaincode/massbalance"
	"github.com/weighbridge/weighbridge/chaincode/wire"
	"github.com/weighbridge/weighbridge/gateway/replay"
)

// ErrGap says that a block was left out.
var ErrGap = errors.New("a block was left out")

// Apply folds one replayed block in. A block that was applied before is passed over.
func (m *Model) Apply(ctx context.Context, block replay.Block) error {
	next := m.Next()
	if block.Number < next {
		return nil
	}
	if block.Number > next {
		return fmt.Errorf("couldn't apply block %d: %w: expected block %d", block.Number, ErrGap, next)
	}
	if err := m.apply(ctx, block); err != nil {
		return fmt.Errorf("couldn't apply block %d: %w", block.Number, err)
	}
	m.advance(block.Number + 1)
	return nil
}

func (m *Model) apply(ctx context.Context, block replay.Block) error {
	tx, err := m.writer.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer tx.Rollback() //nolint:errcheck // after Commit there is nothing to roll back
	f := &fold{ctx: ctx, tx: tx, block: block.Number, hash: block.Hash, prepared: map[string]*sql.Stmt{}}
	if err := f.blocks(block); err != nil {
		return err
	}
	if err := f.checkpoint(); err != nil {
		return err
	}
	return tx.Commit()
}

// blocks folds a block's transactions in, and logs its records.
func (f *fold) blocks(block replay.Block) (err error) {
	if err := f.beginLog(); err != nil {
		return err
	}
	if f.logged, err = f.logSize(); err != nil {
		return err
	}
	for _, t := range block.Transactions {
		if err := f.transaction(t); err != nil {
			return fmt.Errorf("transaction %s: %w", t.ID, err)
		}
	}
	return f.logBlock()
}

// checkpoint moves the checkpoint on from this block. If it is not there,
// another process writes to the same file.
func (f *fold) checkpoint() error {
	result, err := f.tx.ExecContext(f.ctx, `UPDATE checkpoint SET next = ?, head = ? WHERE next = ?`, f.block+1, f.hash[:], f.block)
	if err != nil {
		return err
	}
	if moved, err := result.RowsAffected(); err != nil || moved != 1 {
		return errors.Join(err, errors.New("the checkpoint was moved by another process"))
	}
	return nil
}

// fold is one block on its way into the database.
type fold struct {
	ctx      context.Context
	tx       *sql.Tx
	block    uint64
	hash     [32]byte
	prepared map[string]*sql.Stmt
	// logged is how many records the log had before this block; registered is set
	// where the register says something anew.
	logged     int64
	registered bool
}

func (f *fold) prepare(query string) (*sql.Stmt, error) {
	if statement, ok := f.prepared[query]; ok {
		return statement, nil
	}
	statement, err := f.tx.PrepareContext(f.ctx, query)
	if err == nil {
		f.prepared[query] = statement
	}
	return statement, err
}

func (f *fold) exec(query string, args ...any) error {
	statement, err := f.prepare(query)
	if err != nil {
		return err
	}
	_, err = statement.ExecContext(f.ctx, args...)
	return err
}

func (f *fold) transaction(t replay.Transaction) error {
	if err := f.exec(`INSERT INTO transactions VALUES (?, ?, ?, ?, ?, ?)`,
		f.block, t.Index, t.ID, t.Organisation, t.Time.UTC().Format(time.RFC3339Nano), t.Code); err != nil {
		return err
	}
	for _, entry := range t.Entries {
		if err := f.entry(t, entry); err != nil {
			return fmt.Errorf("command %s: %w", entry.Command.ID, err)
		}
	}
	if err := f.logTransaction(t); err != nil {
		return err
	}
	for _, w := range t.Writes {
		if err := f.write(t, w); err != nil {
			return fmt.Errorf("%s: %w", wire.FormatKey(w.Key), err)
		}
	}
	if d := t.Finding; d != nil {
		return f.exec(`INSERT INTO findings (block, "transaction", problem, key, expected, found) VALUES (?, ?, ?, ?, ?, ?)`,
			d.Block, readable(d.Transaction), d.Problem, readable(d.Key), readable(d.Expected), readable(d.Found))
	}
	return nil
}

// readable makes text of what a finding quotes from the chain, which may be any bytes.
func readable(quoted string) string { return strings.ToValidUTF8(quoted, "\uFFFD") }

func (f *fold) entry(t replay.Transaction, e massbalance.Entry) error {
	command, err := wire.Format(e.Command)
	if err != nil {
		return err
	}
	record, err := wire.Format(e.Record)
	if err != nil {
		return err
	}
	r := e.Record
	if err := f.exec(`INSERT INTO entries (block, idx, "transaction", organisation, command, type, date, site, period, sequence, subject, content, record)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
		f.block, t.Index, t.ID, r.Organisation, r.Command, r.Type, r.Date, r.Site, r.Period, r.Sequence, r.Subject, command, record); err != nil {
		return err
	}
	for _, holder := range holders(e) {
		if err := f.exec(`INSERT INTO touched SELECT ?, position FROM entries WHERE organisation = ? AND command = ?`, holder, r.Organisation, r.Command); err != nil {
			return err
		}
	}
	return nil
}

// write stores a value and, where lists are made of its kind, its row. A row
// keeps the position that it was first given.
func (f *fold) write(t replay.Transaction, w massbalance.Write) error {
	data, err := wire.FormatValue(w.Value)
	if err != nil {
		return err
	}
	key := wire.FormatKey(w.Key)
	if err := f.exec(`INSERT INTO state VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value`, key, data); err != nil {
		return err
	}
	switch v := w.Value.(type) {
	case massbalance.Proposal:
		return f.proposal(t, key, w.Key.B, v)
	case massbalance.Lot:
		for _, parent := range v.Parents {
			if err := f.exec(`INSERT INTO descent VALUES (?, ?) ON CONFLICT DO NOTHING`, parent.Lot, key); err != nil {
				return err
			}
		}
	}
	return f.row(key, w)
}

// proposal keeps the command that is asked for beside who asked: the ledger's
// state has its hash only.
func (f *fold) proposal(t replay.Transaction, key, digest string, p massbalance.Proposal) error {
	content := []byte{}
	for _, e := range t.Entries {
		if e.Command.BodyContent.String() == digest {
			var err error
			if content, err = wire.Format(e.Command); err != nil {
				return err
			}
			break
		}
	}
	return f.exec(`INSERT INTO proposals (key, adopted, content) VALUES (?, ?, ?)
		ON CONFLICT (key) DO UPDATE SET adopted = excluded.adopted`, key, p.Adopted, content)
}
