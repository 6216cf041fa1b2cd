package replay

import (
	"bytes"
	"slices"
	"strings"

	"github.com/weighbridge/weighbridge/chaincode/wire"
	"github.com/weighbridge/weighbridge/gateway/block"
)

// compare finds the first difference between what the chain says and the
// replay's outcome, in the order of the ledger's keys; then the answer.
func compare(tx block.Transaction, expected []wire.Stored, answer []byte) *Finding {
	if finding := compareWrites(expected, tx.Writes); finding != nil {
		return finding
	}
	if finding := compareGuards(expected, tx.Guarded); finding != nil {
		return finding
	}
	if !bytes.Equal(answer, tx.Response) {
		return &Finding{Problem: DifferingAnswer, Expected: wire.ShowAnswer(answer), Found: wire.ShowAnswer(tx.Response)}
	}
	return nil
}

// compareWrites walks both lists in the order of their keys.
func compareWrites(expected []wire.Stored, found []block.Write) *Finding {
	byKey := func(a, b block.Write) int { return strings.Compare(a.Key, b.Key) }
	if !slices.IsSortedFunc(found, byKey) {
		found = slices.SortedStableFunc(slices.Values(found), byKey)
	}
	for i, f := range found {
		if i > 0 && found[i-1].Key == f.Key {
			return &Finding{Problem: RepeatedKey, Key: f.Key, Expected: "one write", Found: "two"}
		}
		switch {
		case len(expected) == 0 || f.Key < expected[0].Key:
			return &Finding{Problem: ExtraKey, Key: f.Key, Expected: "no write", Found: wire.Show(f.Key, f.Value)}
		case f.Key > expected[0].Key:
			return missing(expected[0])
		case f.Deleted:
			return &Finding{Problem: DeletedKey, Key: f.Key, Expected: wire.Show(f.Key, expected[0].Value), Found: "deleted"}
		case !bytes.Equal(f.Value, expected[0].Value):
			return differing(expected[0], f.Value)
		}
		expected = expected[1:]
	}
	if len(expected) > 0 {
		return missing(expected[0])
	}
	return nil
}

// differing names the value that is another one: in a page the first.
func differing(expected wire.Stored, found []byte) *Finding {
	finding := &Finding{Problem: DifferingValue, Key: expected.Key, Expected: wire.Show(expected.Key, expected.Value), Found: wire.Show(expected.Key, found)}
	ours, err := wire.Values(expected.Key, expected.Value)
	theirs, unreadable := wire.Values(expected.Key, found)
	if err != nil || unreadable != nil {
		return finding
	}
	text := func(values []wire.Shown, key string) string {
		if at := slices.IndexFunc(values, func(v wire.Shown) bool { return v.Key == key }); at >= 0 {
			return values[at].Text
		}
		return "nothing"
	}
	for _, v := range append(ours, theirs...) {
		if a, b := text(ours, v.Key), text(theirs, v.Key); a != b {
			finding.Key, finding.Expected, finding.Found = v.Key, a, b
			break
		}
	}
	return finding
}

func missing(w wire.Stored) *Finding {
	return &Finding{Problem: MissingKey, Key: w.Key, Expected: wire.Show(w.Key, w.Value), Found: "no write"}
}

// compareGuards finds a key that was given an endorsement policy without the
// rules asking for it, or the other way round.
func compareGuards(expected []wire.Stored, found []string) *Finding {
	for _, w := range expected {
		if w.Guard != nil && !slices.Contains(found, w.Key) {
			return &Finding{Problem: DifferingGuard, Key: w.Key, Expected: "guarded", Found: "not guarded"}
		}
	}
	for _, key := range found {
		if !slices.ContainsFunc(expected, func(w wire.Stored) bool { return w.Guard != nil && w.Key == key }) {
			return &Finding{Problem: DifferingGuard, Key: key, Expected: "not guarded", Found: "guarded"}
		}
	}
	return nil
}
