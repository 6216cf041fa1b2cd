package readmodel_test

import (
	"errors"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/weighbridge/weighbridge/chaincode/massbalance"
	"github.com/weighbridge/weighbridge/gateway/readmodel"
	"github.com/weighbridge/weighbridge/gateway/readmodel/ledgertest"
)

// A finding reaches every lot and claim that rests on the statement; what is to
// be traced comes in an order in which one command can trace it all.
func TestReachOfARecall(t *testing.T) {
	l, m := season(t)
	apply(t, m, l.Blocks())
	read(t, m, func(s *readmodel.Snapshot) {
		_, err := s.Reach(ledgertest.Certifier, "VS-2026-011")
		var none *readmodel.NotFound
		require.True(t, errors.As(err, &none), "nobody found anything yet")
	})

	l.Find("VS-2026-011", "yields of a field that is a car park")
	apply(t, m, l.Blocks())
	var reach readmodel.RecallReach
	read(t, m, func(s *readmodel.Snapshot) {
		var err error
		reach, err = s.Reach(ledgertest.Certifier, "VS-2026-011")
		require.NoError(t, err)
		recalls, err := s.AllRecalls()
		require.NoError(t, err)
		require.Equal(t, []massbalance.Recall{reach.Recall}, recalls)
	})
	require.Equal(t, "170700", reach.Recall.Introduced.String())
	require.Contains(t, reach.Lots, massbalance.LotID("growers/INT-4/1"))
	require.Contains(t, reach.Lots, massbalance.LotID("brand/RCV-1/1"), "five steps on")
	require.NotContains(t, reach.Lots, massbalance.LotID("growers/INT-2/1"), "of another farm")
	require.Equal(t, []massbalance.ClaimID{"brand/CLM-1"}, reach.Claims)
	require.Equal(t, reach.Claims, reach.Untraced.Claims)

	l.Must(ledgertest.Brand, massbalance.Command{ID: "TRACE", Body: massbalance.TraceRecall{
		Certifier: ledgertest.Certifier, Statement: "VS-2026-011", Lots: reach.Untraced.Lots, Claims: reach.Untraced.Claims}})
	apply(t, m, l.Blocks())
	read(t, m, func(s *readmodel.Snapshot) {
		after, err := s.Reach(ledgertest.Certifier, "VS-2026-011")
		require.NoError(t, err)
		require.True(t, after.Untraced.Empty())
		require.Equal(t, reach.Lots, after.Lots)
		require.Equal(t, reach.Untraced.Frozen.String(), after.Recall.Frozen.String())
		require.Equal(t, reach.Untraced.Claimed.String(), after.Recall.Claimed.String())
	})
}
