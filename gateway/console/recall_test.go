package console_test

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/weighbridge/weighbridge/chaincode/massbalance"
	"github.com/weighbridge/weighbridge/gateway/readmodel/ledgertest"
)

// The audit page warns of what rests on a recalled statement and is untraced,
// also at the certification body, which cannot trace it.
func TestTheAuditPageWarnsOfUntracedLots(t *testing.T) {
	ledger := season(t)
	s := serve(t, ledgertest.Certifier, ledger)
	page, _ := s.get("/audit", http.StatusOK)
	require.NotContains(t, text(page), "Recalls")
	ledger.Find("VS-2026-013", "forged weighbridge tickets")
	page, _ = s.get("/audit", http.StatusOK)
	require.Contains(t, text(page), "Statement certifier/VS-2026-013: 1 lots and 0 claims that rest on it are not traced yet; 61\u202f739.625 kg are still to be frozen.")
	require.Contains(t, text(page), "forged weighbridge tickets")
	ledger.Must(ledgertest.Brand, massbalance.Command{ID: "TRACE", Body: massbalance.TraceRecall{
		Certifier: ledgertest.Certifier, Statement: "VS-2026-013", Lots: []massbalance.LotID{"growers/INT-3/1"}}})
	page, _ = s.get("/audit", http.StatusOK)
	require.NotContains(t, text(page), "not traced yet")
	require.Contains(t, text(page), "all of it")
}
