package recalls_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/weighbridge/weighbridge/chaincode/massbalance"
	"github.com/weighbridge/weighbridge/gateway/readmodel"
	. "github.com/weighbridge/weighbridge/gateway/readmodel/ledgertest"
)

// A recall that reaches more lots than a command may name is traced in as many as
// it takes, by the one whose turn it is.
func TestALargeRecall(t *testing.T) {
	if testing.Short() {
		t.Skip("makes more than a thousand blocks")
	}
	w := newWorld(t, 4, 0)
	w.introduce("VS-2026-011", "300000")
	const parts = 600
	for range parts {
		sent := w.must(Growers, massbalance.Dispatch{Site: "elevator", To: "mill", Product: "wheat", Quantity: Kg("100"),
			Lines: []massbalance.LotLine{{Lot: "growers/move-1/1", Quantity: Kg("100")}}})
		w.must(Miller, massbalance.Receive{Site: "mill", Transfer: massbalance.TransferID(sent.Subject), Quantity: Kg("100")})
	}
	w.ledger.Find("VS-2026-011", "forged")
	require.NoError(t, w.models[Miller].Await(t.Context(), uint64(len(w.ledger.Blocks())-1)))
	began := time.Now()
	require.NoError(t, w.models[Miller].Read(t.Context(), func(s *readmodel.Snapshot) error {
		reach, err := s.Reach(Certifier, "VS-2026-011")
		require.Len(t, reach.Untraced.Lots, parts+1)
		return err
	}))
	t.Logf("a look at %d untraced lots took %s", parts+1, time.Since(began))
	began = time.Now()
	w.trace(Miller, Member{Ledger: w.ledger, Organisation: Miller}, time.Hour, nil)
	way := &counting{member: Member{Ledger: w.ledger, Organisation: Growers}}
	w.trace(Growers, way, time.Second, nil)
	w.settled()
	t.Logf("traced in %s by %v", time.Since(began), w.tracedBy())
	w.check()
}
