package audit

import (
	"errors"
	"fmt"

	"github.com/syndtr/goleveldb/leveldb"
	"github.com/syndtr/goleveldb/leveldb/filter"
	"github.com/syndtr/goleveldb/leveldb/opt"

	"github.com/weighbridge/weighbridge/chaincode/massbalance"
	"github.com/weighbridge/weighbridge/chaincode/wire"
	"github.com/weighbridge/weighbridge/gateway/block"
	"github.com/weighbridge/weighbridge/gateway/replay"
)

// ledger is the replay's own state: what the rules give, whatever the chain says.
type ledger struct {
	engine *replay.Engine
	state  *values
	tally  *massbalance.Tally
	told   int // findings of the tally that were reported
}

// counts are what one block's valid transactions held.
type counts struct{ commands, records uint64 }

func openLedger(dir, chaincode string) (*ledger, error) {
	state, err := openValues(dir)
	if err != nil {
		return nil, err
	}
	return &ledger{engine: replay.New(chaincode), state: state, tally: massbalance.NewTally()}, nil
}

func (l *ledger) close() error { return l.state.db.Close() }

// replay executes a block and moves the state on.
func (l *ledger) replay(b block.Block) (counts, []replay.Finding, error) {
	var c counts
	replayed, err := l.engine.Replay(l.state, b)
	if err != nil {
		return c, nil, err
	}
	var findings []replay.Finding
	for _, x := range replayed.Transactions {
		if x.Finding != nil {
			findings = append(findings, *x.Finding)
		}
		c.commands += uint64(len(x.Results))
		c.records += uint64(len(x.Entries))
		for _, e := range x.Entries {
			l.tally.Add(e)
		}
		if err := l.state.write(x.Writes); err != nil {
			return c, nil, err
		}
	}
	return c, findings, nil
}

// recount checks conservation after the records so far.
func (l *ledger) recount(after uint64) []replay.Finding {
	l.tally.Close()
	var findings []replay.Finding
	for _, text := range l.tally.Findings[l.told:] {
		findings = append(findings, replay.Finding{Block: after, Problem: Unsound, Expected: "what the records add up to", Found: text})
	}
	l.told = len(l.tally.Findings)
	return findings
}

// kept bounds how many values stay in memory: two generations of this many. The
// rules read the same sites, accounts and lots again and again.
var kept = 1 << 17 // changed by a test

// values is the ledger's state: what was used last in memory, and on disk, as
// canonical bytes, what had to give way. It need not survive a crash: an audit
// begins anew.
type values struct {
	db       *leveldb.DB
	new, old map[massbalance.Key]held
	// stored counts the values on disk; while there are none, none is looked for.
	stored int
}

// held is a value in memory. Changed says that the disk has not seen it.
type held struct {
	value   massbalance.Value
	changed bool
}

func openValues(dir string) (*values, error) {
	db, err := leveldb.OpenFile(dir, &opt.Options{WriteBuffer: 32 << 20, NoSync: true, Filter: filter.NewBloomFilter(10)})
	if err != nil {
		return nil, fmt.Errorf("couldn't open the replay's state in %s: %w", dir, err)
	}
	return &values{db: db, new: map[massbalance.Key]held{}}, nil
}

// Get gives the value of a key; nil if there is none.
func (v *values) Get(key massbalance.Key) (massbalance.Value, error) {
	if h, ok := v.new[key]; ok {
		return h.value, nil
	}
	h, ok := v.old[key]
	if !ok {
		var err error
		if h.value, err = v.read(key); err != nil {
			return nil, err
		}
	}
	return h.value, v.keep(key, h)
}

func (v *values) read(key massbalance.Key) (massbalance.Value, error) {
	if v.stored == 0 {
		return nil, nil
	}
	data, err := v.db.Get([]byte(wire.FormatKey(key)), nil)
	if errors.Is(err, leveldb.ErrNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("couldn't read %s: %w", wire.FormatKey(key), err)
	}
	value, err := wire.ParseValue(key.Kind, data)
	if err != nil {
		return nil, fmt.Errorf("couldn't read %s: %w", wire.FormatKey(key), err)
	}
	return value, nil
}

// write changes values.
func (v *values) write(writes []massbalance.Write) error {
	for _, w := range writes {
		if err := v.keep(w.Key, held{w.Value, true}); err != nil {
			return err
		}
	}
	return nil
}

// keep holds a value in memory. When a generation is full, the one before it goes
// to disk, but for what was used again since.
func (v *values) keep(key massbalance.Key, h held) error {
	if len(v.new) >= kept {
		if err := v.store(); err != nil {
			return err
		}
		v.old, v.new = v.new, make(map[massbalance.Key]held, kept)
	}
	v.new[key] = h
	return nil
}

func (v *values) store() error {
	var batch leveldb.Batch
	for key, h := range v.old {
		if _, again := v.new[key]; again || !h.changed {
			continue
		}
		data, err := wire.FormatValue(h.value)
		if err != nil {
			return fmt.Errorf("couldn't encode %s: %w", wire.FormatKey(key), err)
		}
		batch.Put([]byte(wire.FormatKey(key)), data)
		v.stored++
	}
	if err := v.db.Write(&batch, nil); err != nil {
		return fmt.Errorf("couldn't store the replay's state: %w", err)
	}
	return nil
}
