package ledgertest

import (
	"context"

	"github.com/stretchr/testify/require"

	"github.com/weighbridge/weighbridge/gateway/readmodel"
	"github.com/weighbridge/weighbridge/gateway/replay"
)

// Model opens a read model that follows the ledger from its first block on and
// ends with the test. A ledger has one follower.
func (l *Ledger) Model() *readmodel.Model {
	l.t.Helper()
	model, err := readmodel.Open(l.t.TempDir())
	require.NoError(l.t, err)
	l.t.Cleanup(func() { require.NoError(l.t, model.Close()) })
	// A block that is ordered while the test ends is still folded in.
	ctx := context.WithoutCancel(l.t.Context())
	l.Follow(func(b replay.Block) { require.NoError(l.t, model.Apply(ctx, b)) })
	return model
}
