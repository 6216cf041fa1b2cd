package readmodel

import (
	"database/sql"
	"errors"
	"fmt"

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

// beginLog names the log after block 0.
func (f *fold) beginLog() error {
	empty, err := merkle.Root(0, nil)
	if err != nil {
		return err
	}
	return f.exec(`INSERT INTO log (one, origin, size, registered, register) VALUES (1, ?, 0, 0, ?) ON CONFLICT (one) DO NOTHING`,
		checkpoint.Origin(f.hash), empty[:])
}

// logTransaction appends a leaf for each record and notes what the register says anew.
func (f *fold) logTransaction(t replay.Transaction) error {
	if len(t.Entries) == 0 {
		return nil
	}
	lots := map[massbalance.LotID]massbalance.Lot{}
	for _, w := range t.Writes {
		if lot, ok := w.Value.(massbalance.Lot); ok {
			lots[lot.ID] = lot
		}
	}
	for _, e := range t.Entries {
		if err := f.logEntry(t, e, leaf.CreatedBy(e.Record.Organisation, e.Record.Command, lots)); err != nil {
			return fmt.Errorf("couldn't log command %s: %w", e.Record.Command, err)
		}
	}
	for _, w := range t.Writes {
		if !leaf.Registered(w.Key, w.Value) {
			continue
		}
		if err := f.logValue(w); err != nil {
			return err
		}
	}
	return nil
}

func (f *fold) logEntry(t replay.Transaction, e massbalance.Entry, created []massbalance.Lot) error {
	size, err := f.logSize()
	if err != nil {
		return err
	}
	made, err := leaf.Make(leaf.Record{
		Origin: leaf.Origin{Block: f.hash, Transaction: t.ID, Organisation: e.Record.Organisation, Command: e.Record.Command},
		Number: f.block, Entry: e, Created: created, Name: f.lotName,
	})
	if err != nil {
		return err
	}
	if err := f.exec(`INSERT INTO log_leaves (leaf, organisation, command, block, secret, core, whole) VALUES (?, ?, ?, ?, ?, ?, ?)`, size,
		e.Record.Organisation, e.Record.Command, f.block, made.Secret[:], made.Leaf.Core[:], made.Leaf.Whole[:]); err != nil {
		return err
	}
	for i, lot := range created {
		if err := f.exec(`INSERT INTO log_lots (lot, name) VALUES (?, ?)`, lot.ID, made.Created[i]); err != nil {
			return err
		}
	}
	for _, key := range leaf.Writes(e, created) {
		if err := f.exec(`INSERT INTO log_writers (key, leaf) VALUES (?, ?) ON CONFLICT DO NOTHING`, wire.FormatKey(key), size); err != nil {
			return err
		}
	}
	return f.grow(size, made.Leaf.Bytes())
}

// grow stores the hashes that a leaf brings.
func (f *fold) grow(size int64, data []byte) error {
	hashes, err := tlog.StoredHashes(size, data, tlog.HashReaderFunc(f.readHashes))
	if err != nil {
		return err
	}
	first := tlog.StoredHashIndex(0, size)
	for i, h := range hashes {
		if err := f.exec(`INSERT INTO log_hashes (position, hash) VALUES (?, ?)`, first+int64(i), h[:]); err != nil {
			return err
		}
	}
	return f.exec(`UPDATE log SET size = ?`, size+1)
}

func (f *fold) readHashes(indexes []int64) ([]tlog.Hash, error) {
	out := make([]tlog.Hash, len(indexes))
	for i, index := range indexes {
		var stored []byte
		if err := f.one([]any{&stored}, `SELECT hash FROM log_hashes WHERE position = ?`, index); err != nil {
			return nil, fmt.Errorf("couldn't read hash %d of the log: %w", index, err)
		}
		copy(out[i][:], stored)
	}
	return out, nil
}

func (f *fold) logSize() (size int64, err error) {
	err = f.one([]any{&size}, `SELECT size FROM log`)
	return size, err
}

// lotName is the pseudonym of a lot. A command that names a lot which does not
// exist is refused, so a record never does, but for a recall's.
func (f *fold) lotName(id massbalance.LotID) (name string, err error) {
	if err := f.one([]any{&name}, `SELECT name FROM log_lots WHERE lot = ?`, id); errors.Is(err, sql.ErrNoRows) {
		return "", fmt.Errorf("lot %s has no leaf", id)
	} else if err != nil {
		return "", err
	}
	return name, nil
}

// logValue notes a value of the register as of the end of this block.
func (f *fold) logValue(w massbalance.Write) error {
	value, err := wire.FormatValue(w.Value)
	if err != nil {
		return err
	}
	f.registered = true
	return f.exec(`INSERT INTO log_register (hash, size, key, value) VALUES (?, ?, ?, ?) ON CONFLICT (hash, size) DO UPDATE SET value = excluded.value`,
		leaf.KeyHash(w.Key).String(), -1, wire.FormatKey(w.Key), value)
}

// logBlock ends a block: what the register says anew is of this size of the log,
// and a block that brought records has a checkpoint.
func (f *fold) logBlock() error {
	size, err := f.logSize()
	if err != nil || size == f.logged {
		return err
	}
	if f.registered {
		if err := f.exec(`UPDATE log_register SET size = ? WHERE size = -1`, size); err != nil {
			return err
		}
		if err := f.logRegister(size); err != nil {
			return err
		}
	}
	text := checkpoint.Text{Size: size}
	var register []byte
	if err := f.one([]any{&text.Origin, &text.Registered, &register}, `SELECT origin, registered, register FROM log`); err != nil {
		return err
	}
	copy(text.Register[:], register)
	if text.Root, err = tlog.TreeHash(size, tlog.HashReaderFunc(f.readHashes)); err != nil {
		return err
	}
	return f.exec(`INSERT INTO log_checkpoints (size, block, text) VALUES (?, ?, ?)`, size, f.block, text.String())
}

func (f *fold) logRegister(size int64) error {
	registrations, err := registerAt(f.query, size)
	if err != nil {
		return err
	}
	root, err := merkle.Root(int64(len(registrations)), merkle.Of(registerHashes(registrations)))
	if err != nil {
		return err
	}
	return f.exec(`UPDATE log SET registered = ?, register = ?`, len(registrations), root[:])
}
