package replay

import (
	"fmt"

	"github.com/weighbridge/weighbridge/chaincode/massbalance"
	"github.com/weighbridge/weighbridge/chaincode/wire"
)

// Forms are a transaction's entries and writes in the ledger's form. The replay
// needs them to compare, and who stores them need not make them again. Nobody
// changes them.
type Forms struct {
	// Commands and Records are the canonical bytes of each of the Entries.
	Commands, Records [][]byte
	// Keys and Values are those of each of the Writes.
	Keys   []string
	Values [][]byte
}

// Forms gives the forms, which are made now where the replay had no need of them.
func (t *Transaction) Forms() (Forms, error) {
	if t.forms != nil {
		return *t.forms, nil
	}
	f := &Forms{}
	if err := f.addWrites(t.Writes); err != nil {
		return Forms{}, err
	}
	for _, e := range t.Entries {
		command, err := wire.Format(e.Command)
		if err != nil {
			return Forms{}, err
		}
		f.Commands = append(f.Commands, command)
	}
	if err := f.addRecords(t.Entries, t.Writes); err != nil {
		return Forms{}, err
	}
	t.forms = f
	return *f, nil
}

func (f *Forms) addWrites(writes []massbalance.Write) error {
	f.Keys = make([]string, 0, len(writes))
	values := newWritten(len(writes), valueRoom)
	for _, w := range writes {
		key := wire.FormatKey(w.Key)
		if err := values.add(w.Value); err != nil {
			return fmt.Errorf("%s: %w", key, err)
		}
		f.Keys = append(f.Keys, key)
	}
	f.Values = values.each(make([][]byte, 0, len(writes)))
	return nil
}

// addRecords finds the records among the writes, where the rules put each that the
// state keeps whole, and formats the others.
func (f *Forms) addRecords(entries []massbalance.Entry, writes []massbalance.Write) error {
	var at map[massbalance.Key]int
	made := newWritten(len(entries), recordRoom)
	for i := range entries {
		r := &entries[i].Record
		if r.Whole() {
			if at == nil {
				at = recordsAmong(writes)
			}
			if w, ok := at[massbalance.RecordKey(r.Organisation, r.Command)]; ok {
				made.copy(f.Values[w])
				continue
			}
		}
		if err := made.add(r); err != nil {
			return err
		}
	}
	f.Records = made.each(f.Records)
	return nil
}

// written are forms one after the other, which is less to allocate and to collect
// than each on its own.
type written struct {
	all  []byte
	ends []int
}

// valueRoom and recordRoom are what most values and records of a full transaction take.
const (
	valueRoom  = 96
	recordRoom = 512
)

func newWritten(n, room int) *written {
	return &written{make([]byte, 0, n*room), make([]int, 0, n)}
}

func (w *written) add(v any) (err error) {
	w.all, err = wire.Append(w.all, v)
	w.ends = append(w.ends, len(w.all))
	return err
}

func (w *written) copy(form []byte) {
	w.all = append(w.all, form...)
	w.ends = append(w.ends, len(w.all))
}

// each appends them one by one.
func (w *written) each(to [][]byte) [][]byte {
	start := 0
	for _, end := range w.ends {
		to = append(to, w.all[start:end:end])
		start = end
	}
	return to
}

// recordsAmong tells which of the writes are records.
func recordsAmong(writes []massbalance.Write) map[massbalance.Key]int {
	at := map[massbalance.Key]int{}
	for i, w := range writes {
		if w.Key.Kind == massbalance.KindRecord {
			at[w.Key] = i
		}
	}
	return at
}
