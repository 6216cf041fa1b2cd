package witness_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/weighbridge/weighbridge/gateway/proof/checkpoint"
	"github.com/weighbridge/weighbridge/gateway/readmodel/ledgertest"
)

// Who asks for a state that was passed by long ago gets it signed with the time at
// which it was, and not as one of today: a claim that was recalled since would look
// fresh.
func TestAnOldStateIsNotSignedAsOneOfToday(t *testing.T) {
	l, gateways := consortium(t)
	brand := gateways[ledgertest.Brand]
	signedAt := func(size int64) time.Time {
		_, who, _, err := checkpoint.Open(brand.must(fmt.Sprintf("/api/v1/log/checkpoints/%d", size)), key(ledgertest.Brand))
		require.NoError(t, err)
		require.Len(t, who, 1)
		return who[0].Time
	}
	text, _, err := checkpoint.Split(brand.must("/api/v1/log/checkpoint"))
	require.NoError(t, err)
	before := len(l.Blocks())
	l.Must(ledgertest.Miller, takeIn("T-1", "1000"))
	l.Must(ledgertest.Miller, takeIn("T-2", "1000"))
	brand.read(l.Blocks()[before:])
	first := brand.now
	passed := first.Add(10 * time.Minute)
	brand.now = passed
	require.Equal(t, passed, signedAt(text.Size+2))

	brand.now = passed.Add(30 * 24 * time.Hour)
	require.Equal(t, passed.Add(-time.Second), signedAt(text.Size+1))
	require.Equal(t, first, signedAt(text.Size), "it was signed when it was the greatest")
	brand.reopen(2, nil)
	require.Equal(t, passed.Add(-time.Second), timeOf(t, brand, text.Size+1), "under a new key as well")
}

// timeOf is the time of the only cosignature by the second key.
func timeOf(t *testing.T, g *gateway, size int64) time.Time {
	_, who, _, err := checkpoint.Open(g.must(fmt.Sprintf("/api/v1/log/checkpoints/%d", size)), []checkpoint.Key{{Organisation: g.org, Public: signer(g.org, 2).Public()}})
	require.NoError(t, err)
	require.Len(t, who, 1)
	return who[0].Time
}
