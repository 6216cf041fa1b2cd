package wire_test

import (
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/weighbridge/weighbridge/chaincode/massbalance"
	"github.com/weighbridge/weighbridge/chaincode/wire"
)

func TestPlaces(t *testing.T) {
	lot := func(name string) massbalance.Key { return massbalance.LotKey(massbalance.LotID(name)) }
	for _, c := range []struct {
		key   massbalance.Key
		place string
		digit byte
	}{
		{massbalance.RecordKey("miller", "PO-12347"), "page:miller:PO-1234*", '7'},
		{massbalance.RecordKey("miller", "7"), "page:miller:*", '7'},
		{massbalance.RecordKey("miller7", "harvest"), "record:miller7:harvest", 0},
		{massbalance.EvidenceKey("miller", "T-10"), "page:miller:T-1*", '0'},
		{massbalance.EvidenceKey("miller", "billet é"), "evidence:miller:billet%20%C3%A9", 0}, // ends in a digit only as a key
		{massbalance.EvidenceKey("miller", "é*9"), "page:miller:%C3%A9%2A*", '9'},
		{massbalance.EvidenceKey("miller", "9 "), "evidence:miller:9%20", 0},
		{massbalance.EvidenceKey("miller", ""), "evidence:miller:", 0},
		{lot("miller/PO-12347/1"), "page:miller:PO-1234*", '7'},
		{lot("miller/PO-12347/2"), "lot:miller/PO-12347/2:", 0}, // a second lot of the same command
		{lot("miller/PO-12347/11"), "lot:miller/PO-12347/11:", 0},
		{lot("miller/harvest/1"), "lot:miller/harvest/1:", 0},
		{lot("miller/7/1/1"), "lot:miller/7/1/1:", 0},
		{lot("7"), "lot:7:", 0},
		{massbalance.TaintKey("miller/PO-12347/1"), "taint:miller/PO-12347/1:", 0},
		{massbalance.HeadKey("mill1"), "head:mill1:", 0},
	} {
		place := wire.PlaceOf(c.key)
		require.Equal(t, c.place, place.Key)
		require.Equal(t, c.digit, place.Digit)
		require.Equal(t, c.digit != 0, wire.IsPage(place.Key))
	}
}

// The pages' bytes are kept for ever, as the values' forms are.
func TestGoldenPages(t *testing.T) {
	var b strings.Builder
	for _, writes := range [][]massbalance.Write{harvest(3), evidence(), {long(7)}} {
		stored, err := wire.StoreOver(paged(), writes)
		require.NoError(t, err)
		for _, s := range stored {
			shown := "text " + string(s.Value)
			if wire.IsPage(s.Key) {
				shown = "page " + hex.EncodeToString(s.Value) + "\n" + wire.Show(s.Key, s.Value)
			}
			fmt.Fprintf(&b, "%s\n%s\n\n", s.Key, shown)
		}
	}
	path := filepath.Join("testdata", "pages.txt")
	if *update {
		require.NoError(t, os.WriteFile(path, []byte(b.String()), 0o600))
	}
	golden, err := os.ReadFile(path)
	require.NoError(t, err)
	require.Equal(t, string(golden), b.String())
}

func paged() massbalance.Memory {
	return massbalance.Memory{massbalance.ConsortiumKey(): massbalance.Consortium{Paged: true}}
}

func harvest(n int) (writes []massbalance.Write) {
	for i := range n {
		lot := massbalance.Lot{
			ID: massbalance.LotID(fmt.Sprintf("growers/H-%d/1", 18+i)), Site: "silo", Product: "wheat", Model: massbalance.MassBalance,
			Characteristics: massbalance.CharacteristicsID(strings.Repeat("ab", 32)), Quantity: massbalance.Kilograms(int64(27340 + i)),
		}
		writes = append(writes,
			massbalance.Write{Key: massbalance.LotKey(lot.ID), Value: lot},
			massbalance.Write{Key: massbalance.RecordKey("growers", massbalance.CommandID(fmt.Sprintf("H-%d", 18+i))), Value: massbalance.Record{Content: massbalance.Digest{byte(i)}}})
	}
	return writes
}

func evidence() []massbalance.Write {
	return []massbalance.Write{
		{Key: massbalance.EvidenceKey("growers", "H-18"), Value: massbalance.Evidence{Command: "H-18"}}, // its command's name

		{Key: massbalance.EvidenceKey("growers", "T 1"), Value: massbalance.Evidence{Command: "H-18"}},
		{Key: massbalance.EvidenceKey("growers", "T 9"), Value: massbalance.Evidence{Command: "H-19"}},
		{Key: massbalance.EvidenceKey("growers", "T x"), Value: massbalance.Evidence{Command: "H-20"}},
	}
}

// long is a lot of so many parents that it stands under its own key, from about 7 on.
func long(parents int) massbalance.Write {
	lot := massbalance.Lot{ID: "growers/M-5/1", Site: "silo", Product: "wheat", Quantity: massbalance.Kilograms(1)}
	for i := range parents {
		lot.Parents = append(lot.Parents, massbalance.LotLine{Lot: massbalance.LotID(fmt.Sprintf("growers/a-long-name-of-a-command-%d/1", i)), Quantity: massbalance.Kilograms(1)})
	}
	return massbalance.Write{Key: massbalance.LotKey(lot.ID), Value: lot}
}

// ledger is what peers keep, and beside it the values.
type ledger struct {
	kept   map[string][]byte
	values massbalance.Memory
}

func (l *ledger) write(t require.TestingT, writes []massbalance.Write) {
	reader, err := wire.NewReader(func(key string) ([]byte, error) { return l.kept[key], nil })
	require.NoError(t, err)
	stored, err := reader.Store(writes)
	require.NoError(t, err)
	over, err := wire.StoreOver(l.values, writes)
	require.NoError(t, err)
	require.Equal(t, over, stored, "who knows the values writes what a peer writes")
	l.values.Apply(writes)
	for i, s := range stored {
		require.True(t, i == 0 || stored[i-1].Key < s.Key, "%s stands twice or out of order", s.Key)
		l.kept[s.Key] = s.Value
	}
}

// A ledger with pages gives back whatever was written to it, in whatever order and
// however it was put into transactions.
func TestPagesKeepWhatWasWritten(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		l := &ledger{map[string][]byte{}, massbalance.Memory{}}
		l.write(t, []massbalance.Write{{Key: massbalance.ConsortiumKey(), Value: massbalance.Consortium{Paged: rapid.Bool().Draw(t, "paged")}}})
		for range rapid.IntRange(1, 8).Draw(t, "transactions") {
			batch := massbalance.Memory{}
			for range rapid.IntRange(1, 12).Draw(t, "writes") {
				key, value := drawWrite(t)
				batch[key] = value
			}
			var writes []massbalance.Write
			for key, value := range batch {
				writes = append(writes, massbalance.Write{Key: key, Value: value})
			}
			l.write(t, writes)
		}
		reader, err := wire.NewReader(func(key string) ([]byte, error) { return l.kept[key], nil })
		require.NoError(t, err)
		for key, value := range l.values {
			want, err := wire.FormatValue(value)
			require.NoError(t, err)
			got, err := reader.Form(key)
			require.NoError(t, err)
			require.Equal(t, string(want), string(got), wire.FormatKey(key))
		}
		none, err := reader.Get(massbalance.RecordKey("growers", "N-1"))
		require.NoError(t, err)
		require.Nil(t, none)
	})
}

func drawWrite(t *rapid.T) (massbalance.Key, massbalance.Value) {
	number := rapid.IntRange(0, 25).Draw(t, "number")
	name := fmt.Sprintf("%s-%d%s", rapid.SampledFrom([]string{"A", "é B"}).Draw(t, "prefix"), number, rapid.SampledFrom([]string{"", "", "", "x"}).Draw(t, "suffix"))
	text := rapid.StringMatching(`[a-z"\\,{}é\[\]:]{0,6}`)
	switch rapid.IntRange(0, 2).Draw(t, "kind") {
	case 0:
		record := massbalance.Record{Content: massbalance.Digest{byte(number), rapid.Byte().Draw(t, "content")}}
		if rapid.Bool().Draw(t, "asked for") {
			record.Type, record.Site = text.Draw(t, "type"), massbalance.SiteID(text.Draw(t, "site"))
			record.Materials = []massbalance.Material{{Site: record.Site, Product: "wheat", In: massbalance.Kilograms(int64(number))}}
		}
		return massbalance.RecordKey("growers", massbalance.CommandID(name)), record
	case 1:
		return massbalance.EvidenceKey("growers", massbalance.EvidenceID(name)), massbalance.Evidence{Command: massbalance.CommandID(text.Draw(t, "command"))}
	}
	w := long(rapid.IntRange(0, 12).Draw(t, "parents"))
	lot := w.Value.(massbalance.Lot)
	lot.ID = massbalance.NameLot("growers", massbalance.CommandID(name), rapid.IntRange(1, 2).Draw(t, "nth"))
	lot.Product = massbalance.ProductID(text.Draw(t, "product"))
	return massbalance.LotKey(lot.ID), lot
}

// What stands in a page cannot be guarded, and nothing is where nobody put it.
func TestPagesRefuse(t *testing.T) {
	guarded := evidence()[:1]
	guarded[0].Guard = &massbalance.Guard{}
	_, err := wire.StoreOver(paged(), guarded)
	require.ErrorContains(t, err, "evidence:growers:H-18 is to be guarded")
	for name, bad := range map[string]string{
		"a kind that stands in no page": "\x30\x00",
		"a digit that is none":          "\x0a\x00",
		"entries that fall":             "\x12\x00\x11\x00",
		"an entry twice":                "\x11\x00\x11\x00",
		"an end within a field":         "\x11\x01\x00\x09ab",
		"an end before the entry's":     "\x11\x01\x00\x01a",
		"a field that the type has not": "\x11\x3f\x00\x01a\x00",
		"more shared than there is":     "\x11\x01\x50\x01a\x00",
		"a hash cut off":                "\x01\x04\x00\x00\x20abc",
		"a hash that is too long":       "\x01\x04\x00\x00\x21" + strings.Repeat("a", 40),
		"an endless number":             "\x11\x01\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01",
	} {
		_, err := wire.ParsePage("page:growers:T-*", []byte(bad))
		require.Error(t, err, name)
		require.Contains(t, wire.Show("page:growers:T-*", []byte(bad)), "no page: ", name)
	}
	for _, key := range []string{"page:growers", "page:growers:T-1", "page:growers:T %*", "head:mill:"} {
		_, err = wire.ParsePage(key, nil)
		require.ErrorContains(t, err, "is no page's key")
	}
}

// FuzzPage reads whatever may stand at a page's key.
func FuzzPage(f *testing.F) {
	for _, writes := range [][]massbalance.Write{harvest(3), evidence(), {long(7)}} {
		stored, err := wire.StoreOver(paged(), writes)
		require.NoError(f, err)
		for _, s := range stored {
			f.Add(s.Value)
		}
	}
	const key = "page:growers:H-1*"
	f.Fuzz(func(t *testing.T, data []byte) {
		page, err := wire.ParsePage(key, data)
		if err != nil {
			return
		}
		again, err := page.Format()
		if err != nil {
			return // its forms are no JSON; a reader refuses these
		}
		back, err := wire.ParsePage(key, again)
		require.NoError(t, err)
		require.Equal(t, page, back)
	})
}
