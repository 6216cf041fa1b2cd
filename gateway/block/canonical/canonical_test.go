package canonical_test

import (
	"testing"

	"github.com/hyperledger/fabric-protos-go-apiv2/ledger/rwset/kvrwset"
	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"

	"github.com/weighbridge/weighbridge/gateway/block/canonical"
)

// read reads a kvrwset.KVRead and a kvrwset.KVWrite, which have all kinds of fields.
func read(data []byte) (*kvrwset.KVRead, bool) {
	m := canonical.Of(data)
	r := &kvrwset.KVRead{Key: string(m.Text(1))}
	if v, ok := m.Enter(2); ok {
		r.Version = &kvrwset.Version{BlockNum: v.Number(1), TxNum: v.Number(2)}
		m.Leave(v)
	}
	return r, m.Done()
}

func readWrite(data []byte) (*kvrwset.KVWrite, bool) {
	m := canonical.Of(data)
	w := &kvrwset.KVWrite{Key: string(m.Text(1)), IsDelete: m.Number(2) != 0, Value: m.Bytes(3)}
	return w, m.Done()
}

func encoded(t testing.TB, m proto.Message) []byte {
	data, err := proto.Marshal(m)
	require.NoError(t, err)
	return data
}

func TestReadsWhatTheLibraryWrites(t *testing.T) {
	for _, expected := range []*kvrwset.KVRead{
		{}, {Key: "site:mühle"}, {Key: "k", Version: &kvrwset.Version{}}, {Version: &kvrwset.Version{BlockNum: 1 << 63}},
		{Key: "k", Version: &kvrwset.Version{BlockNum: 300, TxNum: 1}},
	} {
		found, ok := read(encoded(t, expected))
		require.True(t, ok, "%v", expected)
		require.True(t, proto.Equal(expected, found), "%v", found)
	}
}

// Counting reads nothing, and stops where the field does.
func TestCountsWhatComesNext(t *testing.T) {
	data := encoded(t, &kvrwset.KVRWSet{Reads: []*kvrwset.KVRead{{Key: "a"}, {}, {Key: "b"}}, Writes: []*kvrwset.KVWrite{{Key: "c"}}})
	m := canonical.Of(data)
	require.Equal(t, 3, m.Count(1))
	require.Zero(t, m.Count(3))
	for range 3 {
		r, ok := m.Enter(1)
		require.True(t, ok)
		r.Text(1)
		m.Leave(r)
	}
	require.Equal(t, 1, m.Count(3))
	cut := canonical.Of(data[:len(data)-1])
	require.Equal(t, 3, cut.Count(1))
	require.False(t, cut.Done())
}

// Each is read by the library, or might be by another one, and is not canonical.
func TestReadsNothingElse(t *testing.T) {
	field := func(number protowire.Number, data string) []byte {
		return protowire.AppendString(protowire.AppendTag(nil, number, protowire.BytesType), data)
	}
	tests := map[string][]byte{
		"a field twice":               append(field(1, "a"), field(1, "b")...),
		"fields in another order":     append(field(2, ""), field(1, "a")...),
		"an unknown field":            append(field(1, "a"), field(9, "")...),
		"an unknown field, number 16": append(field(1, "a"), field(16, "x")...),
		"a default value":             field(1, ""),
		"a length in two bytes":       {0x0a, 0x81, 0x00, 'a'},
		"a tag in two bytes":          {0x8a, 0x00, 0x01, 'a'},
		"a length beyond the end":     {0x0a, 0x05, 'a'},
		"no length":                   {0x0a},
		"a length without end":        {0x0a, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01},
		"another type":                {0x08, 0x01},
		"not UTF-8":                   field(1, "\xff"),
		"an unknown field inside":     field(2, "\x18\x01"),
		"a default value inside":      field(2, "\x08\x00"),
		"a number in two bytes":       field(2, "\x08\x81\x00"),
	}
	for name, data := range tests {
		t.Run(name, func(t *testing.T) {
			_, ok := read(data)
			require.False(t, ok)
		})
	}
}

// What is read is what the library reads, and its canonical form is what was read.
func FuzzCanonical(f *testing.F) {
	f.Add(encoded(f, &kvrwset.KVRead{Key: "k", Version: &kvrwset.Version{BlockNum: 300, TxNum: 1}}))
	f.Add(encoded(f, &kvrwset.KVWrite{Key: "k", Value: []byte("v")}))
	f.Add(encoded(f, &kvrwset.KVWrite{Key: "k", IsDelete: true}))
	f.Fuzz(func(t *testing.T, data []byte) {
		if found, ok := read(data); ok {
			var expected kvrwset.KVRead
			require.NoError(t, proto.Unmarshal(data, &expected))
			require.True(t, proto.Equal(&expected, found))
			require.Equal(t, data, append([]byte{}, encoded(t, found)...))
		}
		if found, ok := readWrite(data); ok {
			var expected kvrwset.KVWrite
			require.NoError(t, proto.Unmarshal(data, &expected))
			require.True(t, proto.Equal(&expected, found))
		}
	})
}
