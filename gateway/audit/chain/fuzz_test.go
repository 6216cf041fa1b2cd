package chain_test

import (
	"testing"

	"github.com/hyperledger/fabric-protos-go-apiv2/common"
	"github.com/stretchr/testify/require"

	"github.com/weighbridge/weighbridge/gateway/audit/chaintest"
)

// Whatever bytes a quorum of orderers puts into a block, or a peer into its
// metadata, the checker says what it makes of them; a block that it stops at
// changes nothing, and the next honest one passes.
func FuzzCheck(f *testing.F) {
	c := chaintest.New(quiet{f})
	checker := checked(f, c)
	f.Add(c.Apply("miller", c.TakeIn("a", "100")).Envelope(), []byte{0}, []byte(nil))
	f.Add(c.Reconfigure("3s", nil, "growers", "miller", "manufacturer"), []byte{0}, []byte(nil))
	signatures := c.Blocks[3].GetMetadata().GetMetadata()[common.BlockMetadataIndex_SIGNATURES]
	f.Add(c.Blocks[3].GetData().GetData()[0], []byte{0}, signatures)
	f.Fuzz(func(t *testing.T, envelope, codes, signatures []byte) {
		raw := c.Next(codes, [][]byte{envelope})
		if len(signatures) > 0 {
			raw.Metadata.Metadata[common.BlockMetadataIndex_SIGNATURES] = signatures
		}
		checker.Warm(raw, checker.Orderers())
		next := checker.Next()
		v := check(t, checker, raw)
		if v.Stop {
			require.NotEmpty(t, v.Findings)
			require.Equal(t, next, checker.Next())
			return
		}
		require.Len(t, v.Codes, 1)
		c.Blocks = append(c.Blocks, raw)
	})
}

// quiet lets a chain be made before fuzzing and go on while it runs, where f must
// not be asked for help.
type quiet struct{ testing.TB }

func (quiet) Helper() {}
