package api_test

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/weighbridge/weighbridge/chaincode/massbalance"
	"github.com/weighbridge/weighbridge/chaincode/wire"
	"github.com/weighbridge/weighbridge/gateway/api"
	"github.com/weighbridge/weighbridge/gateway/readmodel/ledgertest"
)

// What rests on a recalled statement shows as untraced until somebody traced it.
func TestReachOfARecallIsShown(t *testing.T) {
	g := serve(t)
	const path = "/api/v1/recalls/certifier/VS-2026-011/reach"
	require.Equal(t, http.StatusNotFound, g.get(path).StatusCode, "nobody found anything yet")
	g.ledger.Find("VS-2026-011", "forged")
	reach := func() api.RecallReach {
		r := g.get(path)
		require.Equal(t, http.StatusOK, r.StatusCode, r.body)
		reach, err := wire.Decode[api.RecallReach]([]byte(r.body))
		require.NoError(t, err)
		return reach
	}
	before := reach()
	require.Equal(t, before.Lots, before.UntracedLots)
	require.Equal(t, []massbalance.ClaimID{"brand/CLM-1"}, before.UntracedClaims)
	require.True(t, before.Recall.Frozen.IsZero())
	require.Positive(t, massbalance.GramsOf(before.ToFreeze).Sign())

	g.ledger.Must(ledgertest.Brand, massbalance.Command{ID: "TRACE", Body: massbalance.TraceRecall{
		Certifier: "certifier", Statement: "VS-2026-011", Lots: before.UntracedLots, Claims: before.UntracedClaims}})
	after := reach()
	require.Empty(t, after.UntracedLots)
	require.Empty(t, after.UntracedClaims)
	require.Equal(t, before.ToFreeze.String(), after.Recall.Frozen.String())
	require.Equal(t, before.ToMark.String(), after.Recall.Claimed.String())
}
