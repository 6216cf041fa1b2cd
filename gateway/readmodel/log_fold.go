package readmodel

import (
	"bytes"
	"database/sql"
	"errors"
	"fmt"
	"slices"

	"golang.org/x/mod/sumdb/tlog"

	"github.com/weighbridge/weighbridge/chaincode/massbalance"
	"github.com/weighbridge/weighbridge/chaincode/wire"
	"github.com/weighbridge/weighbridge/gateway/proof/checkpoint"
	"github.com/weighbridge/weighbridge/gateway/proof/leaf"
	"github.com/weighbridge/weighbridge/gateway/proof/merkle"
	"github.com/weighbridge/weighbridge/gateway/replay"
)

// This file appends each replayed record to the transparency log, in the same
// database transaction as everything else of its block.

// hashesPerRow is how many of the log's hashes stand in one row of log_hashes.
const hashesPerRow = 64

// logState is what appending to the log needs of it: its right edge, the register,
// and the names of the lots that were named last. The rest stays in the database.
type logState struct {
	// next is the block that the state is to be continued with.
	next   uint64
	origin string
	edge   merkle.Edge
	// tail are the hashes of the last row of log_hashes, if it is not full, and leaves
	// what the last row of log_leaves has, if that is not.
	tail, leaves []byte
	registered   int64
	register     tlog.Hash
	// registry are the leaves of the register by the hash of the key; nil until a
	// block changes it.
	registry []registration
	names    recent[massbalance.LotID, string]
	// placed are the rows that lists are made of: what the column says that may
	// change, as it was written last; see fold.place.
	placed recent[string, any]

	// What follows is of the block under way: how many records there were before it,
	// the names of the lots that it made, and what it brought to the register.
	before int64
	made   map[massbalance.LotID]string
	anew   map[string]registered
}

// registration is a leaf of the register.
type registration struct {
	key  massbalance.Digest
	hash tlog.Hash
}

// registered is a value of the register that a block brought.
type registered struct {
	key   massbalance.Key
	value []byte
}

// beginLog reads the log where it is not known, and names it after block 0.
func (f *fold) beginLog() error {
	if f.log.origin == "" {
		if err := f.readLog(); err != nil {
			return err
		}
	}
	f.log.before = f.log.edge.Size()
	f.log.made, f.log.anew = map[massbalance.LotID]string{}, map[string]registered{}
	return nil
}

func (f *fold) readLog() error {
	f.log.names.limit, f.log.placed.limit = namesKept, rowsPlaced
	var size int64
	var register []byte
	err := f.one([]any{&f.log.origin, &size, &f.log.registered, &register}, `SELECT origin, size, registered, register FROM log`)
	if errors.Is(err, sql.ErrNoRows) {
		f.log.origin = checkpoint.Origin(f.hash)
		if f.log.register, err = merkle.Root(0, nil); err != nil {
			return err
		}
		return f.exec(`INSERT INTO log (one, origin, size, registered, register) VALUES (1, ?, 0, 0, ?)`, f.log.origin, f.log.register[:])
	}
	if err != nil {
		return fmt.Errorf("couldn't read the log: %w", err)
	}
	copy(f.log.register[:], register)
	hashes := &hashRows{query: f.query}
	if f.log.edge, err = merkle.EdgeOf(size, merkle.Stored(hashes)); err != nil {
		return err
	}
	count := tlog.StoredHashCount(size)
	if over := count % hashesPerRow; over > 0 {
		row, err := hashes.row(count / hashesPerRow)
		if err != nil {
			return err
		}
		f.log.tail = bytes.Clone(row[:over*tlog.HashSize])
	}
	if size%leavesPerRow == 0 {
		return nil
	}
	return f.one([]any{&f.log.leaves}, `SELECT leaves FROM log_leaves WHERE position = ?`, size/leavesPerRow)
}

// logTransaction appends a leaf for each record and notes what the register says anew.
func (f *fold) logTransaction(t *replay.Transaction, forms replay.Forms) error {
	if len(t.Entries) == 0 {
		return nil
	}
	lots := map[massbalance.LotID]massbalance.Lot{}
	for _, w := range t.Writes {
		if lot, ok := w.Value.(massbalance.Lot); ok {
			lots[lot.ID] = lot
		}
	}
	for i := range t.Entries {
		e := &t.Entries[i]
		f.entry(e, f.log.edge.Size()+1, forms.Commands[i], forms.Records[i])
		record := leaf.Record{
			Origin: leaf.Origin{Block: f.hash, Transaction: t.ID, Organisation: e.Record.Organisation, Command: e.Record.Command},
			Number: f.block, Entry: *e, CommandForm: forms.Commands[i], RecordForm: forms.Records[i],
			Created: leaf.CreatedBy(e.Record.Organisation, e.Record.Command, lots), Name: f.lotName,
		}
		if err := f.logEntry(record); err != nil {
			return fmt.Errorf("couldn't log command %s: %w", e.Record.Command, err)
		}
	}
	for i, w := range t.Writes {
		if leaf.Registered(w.Key, w.Value) {
			f.log.anew[forms.Keys[i]] = registered{w.Key, forms.Values[i]}
		}
	}
	return nil
}

func (f *fold) logEntry(r leaf.Record) error {
	made, err := leaf.Make(r)
	if err != nil {
		return err
	}
	index := f.log.edge.Size()
	f.keepLeaf(index, &made)
	for i, lot := range r.Created {
		f.log.made[lot.ID] = made.Created[i]
		f.log.names.put(lot.ID, made.Created[i])
	}
	var written []string
	for _, key := range leaf.Writes(r.Entry, r.Created) {
		if key := wire.FormatKey(key); !slices.Contains(written, key) {
			written = append(written, key)
			f.rows.writers.add(text(key), number(index))
		}
	}
	f.grow(made.Leaf)
	return nil
}

// grow appends a leaf, and its hashes to the rows.
func (f *fold) grow(l leaf.Leaf) {
	row := tlog.StoredHashCount(f.log.edge.Size()) / hashesPerRow
	for _, h := range f.log.edge.Append(l.Hash()) {
		f.log.tail = append(f.log.tail, h[:]...)
		if len(f.log.tail) == hashesPerRow*tlog.HashSize {
			f.rows.hashes.add(number(row), blob(f.log.tail))
			row, f.log.tail = row+1, nil
		}
	}
}

// keepLeaf appends a leaf to the row that has the last ones.
func (f *fold) keepLeaf(index int64, m *leaf.Made) {
	if f.log.leaves == nil {
		f.log.leaves = make([]byte, 0, leavesPerRow*leafBytes)
	}
	f.log.leaves = appendLeaf(f.log.leaves, m)
	if len(f.log.leaves) == leavesPerRow*leafBytes {
		f.rows.leaves.add(number(index/leavesPerRow), blob(f.log.leaves))
		f.log.leaves = nil
	}
}

// lotName is the pseudonym of a lot. A command that names a lot which does not
// exist is refused, so a record never does, but for a recall's.
func (f *fold) lotName(id massbalance.LotID) (name string, err error) {
	if name, ok := f.log.names.get(id); ok {
		return name, nil
	}
	err = f.one([]any{&name}, `SELECT name FROM lots WHERE key = ?`, wire.FormatKey(massbalance.LotKey(id)))
	if errors.Is(err, sql.ErrNoRows) || err == nil && name == "" {
		return "", fmt.Errorf("lot %s has no leaf", id)
	}
	if err == nil {
		f.log.names.put(id, name)
	}
	return name, err
}

// logBlock ends a block: what the register says anew is of this size of the log,
// and a block that brought records has a checkpoint.
func (f *fold) logBlock() error {
	l := f.log
	if l.edge.Size() == l.before {
		return nil
	}
	if len(l.tail) > 0 {
		f.rows.hashes.add(number(tlog.StoredHashCount(l.edge.Size())/hashesPerRow), blob(bytes.Clone(l.tail)))
	}
	if len(l.leaves) > 0 {
		f.rows.leaves.add(number(l.edge.Size()/leavesPerRow), blob(bytes.Clone(l.leaves)))
	}
	if len(l.anew) > 0 {
		if err := f.logRegister(); err != nil {
			return err
		}
	}
	text := checkpoint.Text{Origin: l.origin, Size: l.edge.Size(), Root: l.edge.Root(), Registered: l.registered, Register: l.register}
	if err := f.exec(`UPDATE log SET size = ?, registered = ?, register = ?`, text.Size, l.registered, l.register[:]); err != nil {
		return err
	}
	return f.exec(`INSERT INTO log_checkpoints (size, block, text) VALUES (?, ?, ?)`, text.Size, f.block, text.String())
}

// logRegister stores what the register says anew and computes its root.
func (f *fold) logRegister() error {
	if f.log.registry == nil {
		all, err := registerAt(f.query, f.log.before)
		if err != nil {
			return err
		}
		for _, r := range all {
			f.log.registry = append(f.log.registry, registration{r.Registration.Key, r.Hash()})
		}
	}
	for name, r := range f.log.anew {
		entry := leaf.Registration{Key: leaf.KeyHash(r.key), Value: leaf.ValueHash(r.value)}
		f.rows.texts.add(text(entry.Key.String()), number(f.log.edge.Size()), text(name), blob(r.value))
		f.log.enter(registration{entry.Key, entry.Hash()})
	}
	hashes := make([]tlog.Hash, 0, len(f.log.registry))
	for _, r := range f.log.registry {
		hashes = append(hashes, r.hash)
	}
	var err error
	f.log.registered = int64(len(hashes))
	f.log.register, err = merkle.Root(f.log.registered, merkle.Of(hashes))
	return err
}

// enter puts a leaf into its place in the register.
func (l *logState) enter(r registration) {
	at, known := slices.BinarySearchFunc(l.registry, r, func(a, b registration) int { return bytes.Compare(a.key[:], b.key[:]) })
	if known {
		l.registry[at] = r
		return
	}
	l.registry = slices.Insert(l.registry, at, r)
}
