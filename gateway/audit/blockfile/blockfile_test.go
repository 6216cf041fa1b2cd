package blockfile_test

import (
	"io"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/hyperledger/fabric-lib-go/common/metrics/disabled"
	"github.com/hyperledger/fabric-protos-go-apiv2/common"
	"github.com/hyperledger/fabric/common/ledger/blkstorage"
	"github.com/hyperledger/fabric/protoutil"
	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"

	"github.com/weighbridge/weighbridge/gateway/audit/blockfile"
)

// chain makes blocks with something in each field.
func chain(n int) []*common.Block {
	var blocks []*common.Block
	var previous []byte
	for i := range n {
		b := protoutil.NewBlock(uint64(i), previous)
		for j := range i + 1 {
			b.Data.Data = append(b.Data.Data, []byte{byte(i), byte(j), 0xff})
		}
		b.Header.DataHash = protoutil.ComputeBlockDataHash(b.Data)
		b.Metadata = &common.BlockMetadata{Metadata: [][]byte{[]byte("signatures"), nil, make([]byte, i+1), nil, nil}}
		previous = protoutil.BlockHeaderHash(b.Header)
		blocks = append(blocks, b)
	}
	return blocks
}

func readAll(t *testing.T, dir string) ([]*common.Block, error) {
	r, err := blockfile.Open(dir)
	require.NoError(t, err)
	defer r.Close()
	var blocks []*common.Block
	for {
		b, err := r.Next()
		if err != nil {
			return blocks, err
		}
		blocks = append(blocks, b)
	}
}

func requireSame(t *testing.T, expected, found []*common.Block) {
	require.Len(t, found, len(expected))
	for i := range expected {
		require.True(t, proto.Equal(expected[i], found[i]), "block %d", i)
	}
}

// Fabric's own store writes the files, over several of them.
func TestReadsWhatFabricWrites(t *testing.T) {
	root := t.TempDir()
	indexes := &blkstorage.IndexConfig{AttrsToIndex: []blkstorage.IndexableAttr{blkstorage.IndexableAttrBlockNum}}
	provider, err := blkstorage.NewProvider(blkstorage.NewConf(root, 300), indexes, &disabled.Provider{})
	require.NoError(t, err)
	store, err := provider.Open("channel")
	require.NoError(t, err)
	expected := chain(20)
	for _, b := range expected {
		require.NoError(t, store.AddBlock(b))
	}
	dir := filepath.Join(root, "chains", "channel")
	_, err = os.Stat(filepath.Join(dir, "blockfile_000002"))
	require.NoError(t, err, "the blocks should have taken several files")

	found, err := readAll(t, dir) // while the store is open, as beside a running peer

	require.ErrorIs(t, err, io.EOF)
	requireSame(t, expected, found)
	store.Shutdown()
	provider.Close()
}

func write(t *testing.T, dir string, blocks []*common.Block) []byte {
	var file []byte
	for _, b := range blocks {
		file = protowire.AppendBytes(file, blockfile.Format(b))
	}
	require.NoError(t, os.WriteFile(filepath.Join(dir, "blockfile_000000"), file, 0o600))
	return file
}

// A file that ends within a block gives the blocks before it, wherever it ends.
func TestSaysWhereAFileIsCut(t *testing.T) {
	dir, blocks := t.TempDir(), chain(3)
	whole := write(t, dir, blocks)
	var ends []int
	for i := range blocks {
		ends = append(ends, len(write(t, dir, blocks[:i+1])))
	}
	for cut := 1; cut <= len(whole); cut++ {
		require.NoError(t, os.WriteFile(filepath.Join(dir, "blockfile_000000"), whole[:cut], 0o600))
		found, err := readAll(t, dir)
		complete := 0
		for complete < len(ends) && ends[complete] <= cut {
			complete++
		}
		requireSame(t, blocks[:complete], found)
		if slices.Contains(ends, cut) {
			require.ErrorIs(t, err, io.EOF)
		} else {
			require.ErrorIs(t, err, blockfile.ErrCut)
		}
	}
}

func TestOpenNamesWhatIsMissing(t *testing.T) {
	_, err := blockfile.Open(t.TempDir())
	require.ErrorContains(t, err, "there is no blockfile_000000")
}

func TestParseRefusesWhatIsNoBlock(t *testing.T) {
	good := blockfile.Format(chain(2)[1])
	for name, data := range map[string][]byte{
		"nothing":            nil,
		"cut":                good[:len(good)-1],
		"something behind":   append(slices.Clone(good), 0),
		"a count too high":   append(protowire.AppendBytes(protowire.AppendBytes([]byte{1}, nil), nil), 0xff, 0xff, 0xff, 0xff, 0x0f),
		"a length too great": {1, 0xff, 0xff, 0xff, 0xff, 0x0f},
		"no number":          {0xff},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := blockfile.Parse(data)
			require.ErrorContains(t, err, "couldn't parse a block")
		})
	}
}

// What parses has one form.
func FuzzParse(f *testing.F) {
	for _, b := range chain(3) {
		f.Add(blockfile.Format(b))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		b, err := blockfile.Parse(data)
		if err != nil {
			return
		}
		again, err := blockfile.Parse(blockfile.Format(b))
		require.NoError(t, err)
		require.True(t, proto.Equal(b, again))
	})
}
