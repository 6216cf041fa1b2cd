package wire_test

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/weighbridge/weighbridge/chaincode/massbalance"
	"github.com/weighbridge/weighbridge/chaincode/wire"
)

func tickets(t testing.TB, n int) []massbalance.Command {
	commands := make([]massbalance.Command, n)
	for i := range commands {
		id := fmt.Sprintf("WB-%05d", 99_990+i)
		var err error
		commands[i], err = wire.NewCommand(massbalance.Command{ID: massbalance.CommandID(id), Date: "2026-08-03", Period: "2026-Q3", Body: massbalance.TakeIn{
			Site: "mill", Product: "wheat", Quantity: massbalance.Kilograms(int64(27_000 + 7*i)), Supplier: "Farm", Evidence: massbalance.EvidenceID(id),
		}})
		require.NoError(t, err)
	}
	return commands
}

// A packed batch is the same commands with the same digests, in a fraction of the bytes;
// a short one is left as it is.
func TestPackedBatches(t *testing.T) {
	for _, n := range []int{0, 1, 2, 100, 500} {
		commands := tickets(t, n)
		plain, err := wire.FormatBatch(commands)
		require.NoError(t, err)
		packed, err := wire.PackBatch(commands)
		require.NoError(t, err)
		read, each, err := wire.SplitBatch(packed)
		require.NoError(t, err)
		require.Len(t, read, n)
		for i, c := range commands {
			require.Equal(t, c, read[i])
			require.Contains(t, string(plain), string(each[i]))
		}
		if n >= 100 {
			require.Less(t, len(packed)*6, len(plain))
		} else {
			require.Equal(t, plain, packed)
		}
	}
}

func TestPackedBatchesThatAreNone(t *testing.T) {
	packed := func(text string) string {
		var b bytes.Buffer
		w := gzip.NewWriter(&b)
		_, err := w.Write([]byte(text))
		require.NoError(t, err)
		require.NoError(t, w.Close())
		return b.String()
	}
	good, err := wire.PackBatch(tickets(t, 100))
	require.NoError(t, err)
	changed := bytes.Clone(good)
	changed[len(changed)-5] ^= 1 // of the checksum
	for name, c := range map[string]struct{ bytes, want string }{
		"cut off":             {string(good[:len(good)-9]), "unexpected EOF"},
		"a bit changed":       {string(changed), "invalid checksum"},
		"followed by another": {string(good) + packed("[]"), "bytes follow the packed batch"},
		"not canonical":       {packed(" []"), "not in canonical form"},
		"packed twice":        {packed(packed("[]")), "couldn't parse"},
		"no gzip":             {"\x1f\x8b\x07", "couldn't unpack a batch"},
		"a bomb":              {packed("[" + strings.Repeat(" ", 17<<20)), "more than 16777216 bytes"},
	} {
		_, err := wire.ParseBatch([]byte(c.bytes))
		require.ErrorContains(t, err, c.want, name)
	}
}

// An answer as rows gives back each result, with the command that stands in its place.
func TestAnswers(t *testing.T) {
	commands := tickets(t, 4)
	results := []massbalance.Result{
		{Command: commands[0].ID, Code: massbalance.Accepted, Subject: "WB-99990", Sequence: 41},
		{Command: commands[1].ID, Code: massbalance.EvidenceUsed, Message: "document WB-1 was used already"},
		{Command: commands[2].ID, Code: massbalance.Accepted, Repeated: true},
		{Command: commands[3].ID, Code: massbalance.Accepted, Subject: "WB-99993", Sequence: 42, Pending: true},
	}
	for _, paged := range []bool{false, true} {
		answer, err := wire.FormatAnswer(paged, results)
		require.NoError(t, err)
		read, err := wire.ParseAnswer(answer, commands)
		require.NoError(t, err)
		require.Equal(t, results, read)
		require.Contains(t, wire.ShowAnswer(answer), `document WB-1 was used already`)
		if paged {
			_, err := wire.ParseAnswer(answer, commands[:3])
			require.ErrorContains(t, err, "more results than the 3 commands")
			_, err = wire.ParseAnswer(answer[:len(answer)-2], commands)
			require.Error(t, err)
			require.Less(t, len(answer), 140)
		}
	}
	_, err := wire.ParseAnswer(nil, nil)
	require.Error(t, err)
}
