package readmodel_test

import (
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/mod/sumdb/tlog"

	"github.com/weighbridge/weighbridge/chaincode/massbalance"
	"github.com/weighbridge/weighbridge/gateway/proof/checkpoint"
	"github.com/weighbridge/weighbridge/gateway/proof/leaf"
	"github.com/weighbridge/weighbridge/gateway/proof/merkle"
	"github.com/weighbridge/weighbridge/gateway/readmodel"
)

// Every record has a leaf, every block that brought records a checkpoint, whose
// root is that of the leaves.
func TestEveryRecordIsLogged(t *testing.T) {
	_, model := season(t)
	require.NoError(t, model.Read(t.Context(), func(s *readmodel.Snapshot) error {
		size, err := s.LogSize()
		require.NoError(t, err)
		listing, err := s.Entries(readmodel.EntryFilter{}, readmodel.Page{Limit: readmodel.MaxLimit})
		require.NoError(t, err)
		entries := listing.Items
		require.Len(t, entries, int(size))

		data, err := s.LeafData(0, int(size))
		require.NoError(t, err)
		var hashes []tlog.Hash
		checkpoints := 0
		for i, text := range data {
			hashes = append(hashes, tlog.RecordHash(text))
			opened, err := s.Leaf(int64(i))
			require.NoError(t, err)
			require.Equal(t, entries[i].Command, opened.Entry.Command)
			core, err := leaf.FormatCore(opened.Entry.Entry, createdNames(t, s, opened), s.LotName)
			require.NoError(t, err)
			require.Equal(t, opened.Core, leaf.CommitCore(opened.Secret.CoreSalt(), core))
			checkpoints += checkText(t, s, int64(i+1), hashes)
		}
		require.Positive(t, checkpoints)
		return nil
	}))
}

func createdNames(t *testing.T, s *readmodel.Snapshot, l readmodel.LogLeaf) (names []string) {
	for n := 1; ; n++ {
		name, err := s.LotName(massbalance.NameLot(l.Entry.Record.Organisation, l.Entry.Record.Command, n))
		if err != nil {
			return names
		}
		names = append(names, name)
	}
}

func checkText(t *testing.T, s *readmodel.Snapshot, size int64, hashes []tlog.Hash) int {
	raw, block, err := s.LogText(size)
	if err != nil {
		var missing *readmodel.NotFound
		require.ErrorAs(t, err, &missing)
		return 0
	}
	text, err := checkpoint.ParseText(raw)
	require.NoError(t, err)
	root, err := merkle.Root(size, merkle.Of(hashes))
	require.NoError(t, err)
	require.Equal(t, root, text.Root)
	last, err := s.Leaf(size - 1)
	require.NoError(t, err)
	require.Equal(t, last.Block, block)
	register, err := s.Register(size)
	require.NoError(t, err)
	var listed []tlog.Hash
	for i, r := range register {
		listed = append(listed, r.Hash())
		if i > 0 {
			require.Less(t, register[i-1].Registration.Key.String(), r.Registration.Key.String())
		}
	}
	root, err = merkle.Root(int64(len(register)), merkle.Of(listed))
	require.NoError(t, err)
	require.Equal(t, root, text.Register)
	return 1
}

// A lot's first source is the record that created it.
func TestWhoWroteWhat(t *testing.T) {
	_, model := season(t)
	require.NoError(t, model.Read(t.Context(), func(s *readmodel.Snapshot) error {
		writers, err := s.Writers(massbalance.LotKey("miller/CNV-1/1"), 1<<40)
		require.NoError(t, err)
		require.Len(t, writers, 1)
		made, err := s.LeafOf("miller", "CNV-1")
		require.NoError(t, err)
		require.Equal(t, writers[0], made.Index)
		votes, err := s.Writers(massbalance.ProductKey("wheat"), 1<<40)
		require.NoError(t, err)
		require.Len(t, votes, 3)
		return nil
	}))
}
