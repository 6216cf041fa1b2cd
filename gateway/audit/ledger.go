package audit

import (
	"fmt"

	"github.com/syndtr/goleveldb/leveldb"
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
	return c, findings, l.state.flush()
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
const kept = 1 << 17

// values is the ledger's state on disk, as canonical bytes, with what was used
// last in memory, parsed. It need not survive a crash: an audit begins anew.
type values struct {
	db       *leveldb.DB
	batch    leveldb.Batch
	new, old map[massbalance.Key]massbalance.Value
}

func openValues(dir string) (*values, error) {
	db, err := leveldb.OpenFile(dir, &opt.Options{WriteBuffer: 32 << 20, NoSync: true})
	if err != nil {
		return nil, fmt.Errorf("couldn't open the replay's state in %s: %w", dir, err)
	}
	return &values{db: db, new: map[massbalance.Key]massbalance.Value{}}, nil
}

// Get gives the value of a key; nil if there is none.
func (v *values) Get(key massbalance.Key) (massbalance.Value, error) {
	if value, ok := v.new[key]; ok {
		return value, nil
	}
	value, ok := v.old[key]
	if !ok {
		var err error
		if value, err = v.stored(key); err != nil {
			return nil, err
		}
	}
	v.keep(key, value)
	return value, nil
}

func (v *values) stored(key massbalance.Key) (massbalance.Value, error) {
	data, err := v.db.Get([]byte(wire.FormatKey(key)), nil)
	if err == leveldb.ErrNotFound {
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

func (v *values) keep(key massbalance.Key, value massbalance.Value) {
	if len(v.new) >= kept {
		v.old, v.new = v.new, make(map[massbalance.Key]massbalance.Value, kept)
	}
	v.new[key] = value
}

// write changes values, for good with the next flush.
func (v *values) write(writes []massbalance.Write) error {
	for _, w := range writes {
		data, err := wire.FormatValue(w.Value)
		if err != nil {
			return fmt.Errorf("couldn't encode %s: %w", wire.FormatKey(w.Key), err)
		}
		v.batch.Put([]byte(wire.FormatKey(w.Key)), data)
		v.keep(w.Key, w.Value)
	}
	return nil
}

// flush stores what was written. It comes before the next block is read, so what
// has left the memory is on disk.
func (v *values) flush() error {
	if err := v.db.Write(&v.batch, nil); err != nil {
		return fmt.Errorf("couldn't store the replay's state: %w", err)
	}
	v.batch.Reset()
	return nil
}
