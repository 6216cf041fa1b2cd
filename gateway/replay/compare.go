package replay

import (
	"bytes"
	"slices"
	"strings"

	"github.com/weighbridge/weighbridge/chaincode/massbalance"
	"github.com/weighbridge/weighbridge/chaincode/wire"
	"github.com/weighbridge/weighbridge/gateway/block"
)

// expectedWrite is a write of the replay in the ledger's form.
type expectedWrite struct {
	key     string
	value   []byte
	guarded bool
}

// compare finds the first difference between what the chain says and the
// replay's outcome, in the order of the ledger's keys; then the answer.
func compare(tx block.Transaction, outcome massbalance.BatchOutcome, forms *Forms) *Finding {
	expected := sorted(outcome.Writes, forms)
	if finding := compareWrites(expected, tx.Writes); finding != nil {
		return finding
	}
	if finding := compareGuards(expected, tx.Guarded); finding != nil {
		return finding
	}
	answer, err := wire.FormatResults(outcome.Results)
	if err != nil {
		return &Finding{Problem: RulesFailed, Expected: "results that have a form", Found: err.Error()}
	}
	if !bytes.Equal(answer, tx.Response) {
		return &Finding{Problem: DifferingAnswer, Expected: string(answer), Found: string(tx.Response)}
	}
	return nil
}

// sorted puts the writes into the order of the ledger's keys.
func sorted(writes []massbalance.Write, forms *Forms) []expectedWrite {
	all := make([]expectedWrite, len(writes))
	for i, w := range writes {
		all[i] = expectedWrite{forms.Keys[i], forms.Values[i], w.Guard != nil}
	}
	slices.SortFunc(all, func(a, b expectedWrite) int { return strings.Compare(a.key, b.key) })
	return all
}

// compareWrites walks both lists in the order of their keys.
func compareWrites(expected []expectedWrite, found []block.Write) *Finding {
	byKey := func(a, b block.Write) int { return strings.Compare(a.Key, b.Key) }
	if !slices.IsSortedFunc(found, byKey) {
		found = slices.SortedStableFunc(slices.Values(found), byKey)
	}
	for i, f := range found {
		if i > 0 && found[i-1].Key == f.Key {
			return &Finding{Problem: RepeatedKey, Key: f.Key, Expected: "one write", Found: "two"}
		}
		switch {
		case len(expected) == 0 || f.Key < expected[0].key:
			return &Finding{Problem: ExtraKey, Key: f.Key, Expected: "no write", Found: string(f.Value)}
		case f.Key > expected[0].key:
			return missing(expected[0])
		case f.Deleted:
			return &Finding{Problem: DeletedKey, Key: f.Key, Expected: string(expected[0].value), Found: "deleted"}
		case !bytes.Equal(f.Value, expected[0].value):
			return &Finding{Problem: DifferingValue, Key: f.Key, Expected: string(expected[0].value), Found: string(f.Value)}
		}
		expected = expected[1:]
	}
	if len(expected) > 0 {
		return missing(expected[0])
	}
	return nil
}

func missing(w expectedWrite) *Finding {
	return &Finding{Problem: MissingKey, Key: w.key, Expected: string(w.value), Found: "no write"}
}

// compareGuards finds a key that was given an endorsement policy without the
// rules asking for it, or the other way round.
func compareGuards(expected []expectedWrite, found []string) *Finding {
	for _, w := range expected {
		if w.guarded && !slices.Contains(found, w.key) {
			return &Finding{Problem: DifferingGuard, Key: w.key, Expected: "guarded", Found: "not guarded"}
		}
	}
	for _, key := range found {
		if !slices.ContainsFunc(expected, func(w expectedWrite) bool { return w.guarded && w.key == key }) {
			return &Finding{Problem: DifferingGuard, Key: key, Expected: "not guarded", Found: "guarded"}
		}
	}
	return nil
}
