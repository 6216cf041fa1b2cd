package leaf_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/mod/sumdb/tlog"

	. "github.com/weighbridge/weighbridge/chaincode/massbalance"
	"github.com/weighbridge/weighbridge/chaincode/wire"
	"github.com/weighbridge/weighbridge/gateway/proof/leaf"
)

func kg(text string) Quantity {
	q, err := ParseQuantity(text)
	if err != nil {
		panic(err)
	}
	return q
}

func names(id LotID) (string, error) { return leaf.Sign + "of-" + string(id), nil }

func dispatch() Command {
	return Command{ID: "D-1", Date: "2026-08-07", Period: "2026-Q3", By: "A. Clerk", Body: Dispatch{
		Site: "elevator", To: "mill", Product: "wheat", Quantity: kg("100"),
		Lines: []LotLine{{Lot: "growers/I-1/1", Quantity: kg("40")}}, Documents: []EvidenceID{"CMR-1", "CMR-2"}}}
}

func record(c Command) leaf.Record {
	return leaf.Record{
		Origin:  leaf.Origin{Block: [32]byte{1}, Transaction: "tx1", Organisation: "growers", Command: c.ID},
		Number:  7,
		Entry:   Entry{Command: c, Record: Record{Organisation: "growers", Command: c.ID, Rules: 2}},
		Created: []Lot{{ID: "growers/D-1/1", Quantity: kg("5"), Spent: kg("3")}, {ID: "growers/D-1/2", Quantity: kg("6")}},
		Name:    names,
	}
}

// made gives the leaf of a record with its forms.
func made(r leaf.Record) (out leaf.Made, err error) {
	if r.CommandForm, err = wire.Format(r.Entry.Command); err != nil {
		return out, err
	}
	if r.RecordForm, err = wire.Format(r.Entry.Record); err != nil {
		return out, err
	}
	return leaf.Make(r)
}

func TestACoreHidesClerkDocumentsAndLots(t *testing.T) {
	c := dispatch()
	core, err := leaf.FormatCore(record(c).Entry, []string{"#new"}, names)
	require.NoError(t, err)
	require.Equal(t, `{"organisation":"growers","command":{"id":"D-1","type":"dispatch","date":"2026-08-07","period":"2026-Q3","body":{"site":"elevator","to":"mill",`+
		`"product":"wheat","quantity":"100","lines":[{"lot":"#of-growers/I-1/1","quantity":"40"}]}},"rules":2,"created":["#new"]}`, string(core))
	require.Equal(t, dispatch(), c, "the caller's command is as it was")
	parsed, err := leaf.ParseCore(core)
	require.NoError(t, err)
	require.Equal(t, LotID("#of-growers/I-1/1"), parsed.Command.Body.(Dispatch).Lines[0].Lot)
}

// Whatever command there is, no lot and no document of it is in its core.
func TestEveryCommandIsHidden(t *testing.T) {
	for _, body := range Bodies {
		c, err := wire.NewCommand(Command{ID: "C-1", By: "A. Clerk", Body: body})
		require.NoError(t, err)
		renamed, err := leaf.Rename(c, names)
		require.NoError(t, err, body.Type())
		require.Equal(t, body.Type(), renamed.Body.Type())
		require.Empty(t, renamed.By)
	}
	hidden, err := leaf.Rename(Command{ID: "C", Body: Convert{Lines: []LotLine{{Lot: "a/b/1"}}, With: []Input{{Lines: []LotLine{{Lot: "a/b/2"}}}}}}, names)
	require.NoError(t, err)
	text, err := wire.Format(hidden)
	require.NoError(t, err)
	require.Equal(t, 2, strings.Count(string(text), "#of-a/b/"))
}

func TestALeafIsTheSameForEverybodyOnTheChannel(t *testing.T) {
	first, err := made(record(dispatch()))
	require.NoError(t, err)
	second, err := made(record(dispatch()))
	require.NoError(t, err)
	require.Equal(t, first, second)
	require.Contains(t, string(first.Leaf.Bytes()), "weighbridge record v1\nblock 7\ncore ")
	require.Equal(t, tlog.RecordHash(first.Leaf.Bytes()), first.Leaf.Hash())

	for what, change := range map[string]func(*leaf.Record){
		"clerk":       func(r *leaf.Record) { r.Entry.Command.By = "B. Clerk" },
		"record":      func(r *leaf.Record) { r.Entry.Record.Subject = "other" },
		"transaction": func(r *leaf.Record) { r.Transaction = "tx2" },
		"block":       func(r *leaf.Record) { r.Block[0]++ },
		"number":      func(r *leaf.Record) { r.Number++ },
		"lot":         func(r *leaf.Record) { r.Created[1].Quantity = kg("7") },
	} {
		r := record(dispatch())
		change(&r)
		other, err := made(r)
		require.NoError(t, err)
		require.NotEqual(t, first.Leaf.Bytes(), other.Leaf.Bytes(), what)
	}
}

func TestAPseudonymIsOfTheLotAsCreated(t *testing.T) {
	lot := Lot{ID: "growers/I-1/1", Quantity: kg("5")}
	name, err := leaf.Pseudonym(leaf.Salt{1}, lot)
	require.NoError(t, err)
	lot.Spent = kg("4")
	spent, err := leaf.Pseudonym(leaf.Salt{1}, lot)
	require.NoError(t, err)
	require.Equal(t, name, spent)
	other, err := leaf.Pseudonym(leaf.Salt{2}, lot)
	require.NoError(t, err)
	require.NotEqual(t, name, other)
	require.True(t, strings.HasPrefix(name, leaf.Sign))
}

func TestSaltsAsText(t *testing.T) {
	var salt leaf.Salt
	text, err := leaf.Salt{1, 2}.MarshalText()
	require.NoError(t, err)
	require.NoError(t, salt.UnmarshalText(text))
	require.Equal(t, leaf.Salt{1, 2}, salt)
	require.Error(t, salt.UnmarshalText([]byte("AAA")))
	require.Error(t, salt.UnmarshalText([]byte("AQIAAAAAAAAAAAAAAAAAAB")), "bits beyond the last byte")
}

func TestWhatStandsInTheRegister(t *testing.T) {
	require.True(t, leaf.Registered(ProductKey("wheat"), Product{}))
	require.True(t, leaf.Registered(ClaimKey("b/C"), Claim{Reversed: "2026-09-01"}))
	require.False(t, leaf.Registered(ClaimKey("b/C"), Claim{}))
	require.False(t, leaf.Registered(LotKey("a/b/1"), Lot{}))
	require.NotEqual(t, leaf.KeyHash(ProductKey("a")), leaf.KeyHash(ProductKey("b")))
	require.NotEqual(t, leaf.Registration{Key: Digest{1}}.Hash(), leaf.Registration{Value: Digest{1}}.Hash())
}

// A core has one form: what reads is what was written.
func FuzzParseCore(f *testing.F) {
	core, err := leaf.FormatCore(record(dispatch()).Entry, []string{"#new"}, names)
	require.NoError(f, err)
	f.Add(core)
	f.Fuzz(func(t *testing.T, data []byte) {
		if core, err := leaf.ParseCore(data); err == nil {
			again, err := wire.Format(core)
			require.NoError(t, err)
			require.Equal(t, string(data), string(again))
		}
	})
}

func FuzzSalt(f *testing.F) {
	f.Add("AAAAAAAAAAAAAAAAAAAAAA")
	f.Add("AAAAAAAAAAAA\nAAAAAAAAAA")
	f.Fuzz(func(t *testing.T, text string) {
		var salt leaf.Salt
		if salt.UnmarshalText([]byte(text)) == nil {
			again, err := salt.MarshalText()
			require.NoError(t, err)
			require.Equal(t, text, string(again))
		}
	})
}
