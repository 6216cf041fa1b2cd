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
	f.Keys, f.Values = make([]string, 0, len(writes)), make([][]byte, 0, len(writes))
	for _, w := range writes {
		key := wire.FormatKey(w.Key)
		value, err := wire.FormatValue(w.Value)
		if err != nil {
			return fmt.Errorf("%s: %w", key, err)
		}
		f.Keys, f.Values = append(f.Keys, key), append(f.Values, value)
	}
	return nil
}

// addRecords finds the records among the writes, where the rules put each that the
// state keeps whole, and formats the others.
func (f *Forms) addRecords(entries []massbalance.Entry, writes []massbalance.Write) error {
	var at map[massbalance.Key]int
	for _, e := range entries {
		if at == nil && e.Record.Whole() {
			at = recordsAmong(writes)
		}
		if i, ok := at[massbalance.RecordKey(e.Record.Organisation, e.Record.Command)]; ok && e.Record.Whole() {
			f.Records = append(f.Records, f.Values[i])
			continue
		}
		record, err := wire.Format(e.Record)
		if err != nil {
			return err
		}
		f.Records = append(f.Records, record)
	}
	return nil
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
