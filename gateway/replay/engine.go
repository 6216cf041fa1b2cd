package replay

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/weighbridge/weighbridge/chaincode/massbalance"
	"github.com/weighbridge/weighbridge/chaincode/wire"
	"github.com/weighbridge/weighbridge/gateway/block"
)

// apply is the contract's only function that writes to the ledger's state, and
// keep the one that writes private data.
const (
	apply = "Apply"
	keep  = "Keep"
)

// Engine replays the blocks of one chaincode.
type Engine struct{ chaincode string }

// New makes an engine for the chaincode of this name.
func New(chaincode string) *Engine { return &Engine{chaincode} }

// Fetcher is a View that can read many keys at once, for less than it costs to
// Get each of them afterwards.
type Fetcher interface {
	// Fetch makes ready to Get the keys.
	Fetch(keys []massbalance.Key) error
}

// Replay executes the block's transactions over the state before the block.
// Each sees what those before it wrote. The caller stores the writes of all of
// them, in order, before the next block. An error means that the view failed;
// the block can then be replayed again.
func (e *Engine) Replay(view massbalance.View, b block.Block) (Block, error) {
	state := &overlay{below: view, values: map[massbalance.Key]massbalance.Value{}}
	out := Block{Number: b.Number, Hash: b.Hash}
	for i, tx := range b.Transactions {
		replayed, ours := e.replay(state, b.Number, tx)
		if state.failed != nil {
			return Block{}, fmt.Errorf("couldn't replay transaction %s of block %d: %w", tx.ID, b.Number, state.failed)
		}
		if !ours {
			continue
		}
		if i+1 < len(b.Transactions) { // who stores the block knows them as well
			for _, w := range replayed.Writes {
				state.values[w.Key] = w.Value
			}
		}
		out.Transactions = append(out.Transactions, replayed)
	}
	return out, nil
}

// replay executes one transaction. Those that neither call the chaincode nor
// write to it are not ours.
func (e *Engine) replay(state *overlay, number uint64, tx block.Transaction) (Transaction, bool) {
	out := Transaction{
		ID: tx.ID, Index: tx.Index, Time: tx.Time, Code: tx.Code,
		Organisation: massbalance.OrganisationID(tx.Organisation),
	}
	if !tx.Valid() {
		return out, tx.Chaincode == e.chaincode
	}
	var finding *Finding
	if tx.Chaincode == e.chaincode && functionOf(tx) == apply {
		finding = out.execute(state, number, tx)
	} else if finding = e.trespass(tx); finding == nil {
		if finding = e.checkKept(tx); finding == nil {
			return out, false
		}
	}
	if finding != nil {
		finding.Block, finding.Transaction = number, tx.ID
		out.Finding = finding
	}
	return out, true
}

// functionOf is the contract's function that was called. Fabric lets a caller
// put the contract's name before it; the function is the same.
func functionOf(tx block.Transaction) string {
	if len(tx.Args) == 0 {
		return ""
	}
	name := string(tx.Args[0])
	return name[strings.LastIndexByte(name, ':')+1:]
}

// trespass finds writes to the ledger by anything else than its own Apply:
// another function, or another chaincode that called this one.
func (e *Engine) trespass(tx block.Transaction) *Finding {
	writes, caller := tx.Writes, functionOf(tx)
	if tx.Chaincode != e.chaincode {
		writes, caller = nil, tx.Chaincode
		for _, foreign := range tx.Foreign {
			if foreign.Chaincode == e.chaincode {
				writes = foreign.Writes
			}
		}
	}
	if len(writes) > 0 {
		return &Finding{Problem: ForeignFunction, Key: writes[0].Key, Expected: "written by " + apply, Found: "written by " + caller}
	}
	if tx.Chaincode == e.chaincode && len(tx.Guarded) > 0 {
		return &Finding{Problem: ForeignFunction, Key: tx.Guarded[0], Expected: "guarded by " + apply, Found: "guarded by " + caller}
	}
	return nil
}

// execute replays a batch and compares.
func (t *Transaction) execute(state *overlay, number uint64, tx block.Transaction) *Finding {
	if len(tx.Private) > 0 {
		return &Finding{Problem: DifferingPrivate, Expected: "no private data written by " + apply, Found: describe(tx.Private)}
	}
	if len(tx.Args) != 2 {
		return &Finding{Problem: UnreadableBatch, Expected: "one argument", Found: fmt.Sprintf("%d arguments", max(len(tx.Args), 1)-1)}
	}
	commands, texts, err := wire.SplitBatch(tx.Args[1])
	if err != nil {
		return &Finding{Problem: UnreadableBatch, Expected: "a canonical batch", Found: err.Error()}
	}
	if err := state.fetch(t.Organisation, commands); err != nil {
		return nil // it is the caller's error
	}
	outcome, err := executeBatch(state, massbalance.Tx{ID: tx.ID, Organisation: t.Organisation}, commands)
	if err != nil {
		return &Finding{Problem: RulesFailed, Expected: "an outcome", Found: err.Error()}
	}
	t.Results, t.Writes = outcome.Results, outcome.Writes
	forms := &Forms{Commands: make([][]byte, 0, len(outcome.Records)), Records: make([][]byte, 0, len(outcome.Records))}
	t.Entries = make([]massbalance.Entry, 0, len(outcome.Records)) // an entry is large, and growing would copy it again and again
	for i := range outcome.Records {
		r := &outcome.Records[i]
		t.Entries = append(t.Entries, massbalance.Entry{Block: number, Command: commands[r.Index], Record: r.Record})
		forms.Commands = append(forms.Commands, texts[r.Index])
	}
	if err := errors.Join(forms.addWrites(t.Writes), forms.addRecords(t.Entries, t.Writes)); err != nil {
		return &Finding{Problem: RulesFailed, Expected: "values that have a form", Found: err.Error()}
	}
	t.forms = forms
	expected, answer, err := state.kept(outcome, forms.Values)
	if state.failed != nil {
		return nil
	}
	if err != nil {
		return &Finding{Problem: RulesFailed, Expected: "values that the ledger can keep", Found: err.Error()}
	}
	return compare(tx, expected, answer)
}

// executeBatch turns a panic of the rules into an error, as the contract does:
// no transaction may keep an auditor from reading on. A panic of the view is the
// caller's own.
func executeBatch(state *overlay, tx massbalance.Tx, commands []massbalance.Command) (outcome massbalance.BatchOutcome, err error) {
	defer func() {
		if state.reading {
			return
		}
		if broken := recover(); broken != nil {
			outcome, err = massbalance.BatchOutcome{}, fmt.Errorf("the rules panicked: %v", broken)
		}
	}()
	return massbalance.ExecuteBatch(state, tx, commands)
}

// overlay is the state before the block with the writes of its transactions so
// far. It remembers a failure of the view below, to tell it from one of the rules.
type overlay struct {
	below  massbalance.View
	values map[massbalance.Key]massbalance.Value
	failed error
	// reading is set while the view below is at work.
	reading bool
}

func (o *overlay) Get(key massbalance.Key) (massbalance.Value, error) {
	if value, ok := o.values[key]; ok {
		return value, nil
	}
	o.reading = true
	value, err := o.below.Get(key)
	o.reading = false
	if err != nil && o.failed == nil {
		o.failed = err
	}
	return value, err
}

// fetch makes a view that can do so read together what the commands name.
func (o *overlay) fetch(org massbalance.OrganisationID, commands []massbalance.Command) error {
	below, ok := o.below.(Fetcher)
	if !ok {
		return nil
	}
	keys := make([]massbalance.Key, 0, 2*len(commands))
	for _, c := range commands {
		keys = append(keys, massbalance.Names(org, c)...)
	}
	return o.fetchFrom(below, keys)
}

// fetchFrom makes the view below ready for those of the keys that this block did not
// write to. The list is its own from then on.
func (o *overlay) fetchFrom(below Fetcher, keys []massbalance.Key) error {
	unknown := slices.DeleteFunc(keys, func(key massbalance.Key) bool {
		_, known := o.values[key]
		return known
	})
	o.reading = true
	o.failed = below.Fetch(unknown)
	o.reading = false
	return o.failed
}

// kept is what the ledger is to keep of an outcome, and the answer. What stands beside
// the writes in their pages is fetched together.
func (o *overlay) kept(outcome massbalance.BatchOutcome, forms [][]byte) (stored []wire.Stored, answer []byte, err error) {
	consortium, err := o.Get(massbalance.ConsortiumKey())
	if err != nil {
		return nil, nil, err
	}
	paged := wire.Paged(consortium, outcome.Writes)
	stored, err = wire.Store(paged, outcome.Writes, forms, func(keys []massbalance.Key) ([]wire.Entry, error) {
		if below, ok := o.below.(Fetcher); ok {
			if err := o.fetchFrom(below, slices.Clone(keys)); err != nil {
				return nil, err
			}
		}
		return wire.BesideIn(o)(keys)
	})
	if err != nil {
		return nil, nil, err
	}
	answer, err = wire.FormatAnswer(paged, outcome.Results)
	return stored, answer, err
}
