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

// A claim on what was left of a mixture after a recall names the farms whose wheat
// it really is; one that was made before keeps them all, as its bundle does.
func TestAClaimPageNamesTheFarmsOfTheCleanRemainder(t *testing.T) {
	ledger := season(t)
	ledger.Must(ledgertest.Growers, ledger.Statement("VS-A", "Hof Anger", "0.3"), ledger.Statement("VS-B", "Hof Birken", "0.3"))
	lines := []massbalance.LotLine{{Lot: "growers/I-A/1", Quantity: ledgertest.Kg("3000")}, {Lot: "growers/I-B/1", Quantity: ledgertest.Kg("1000")}}
	for i, of := range []string{"A", "B"} {
		ledger.Must(ledgertest.Growers, ledgertest.Command(massbalance.CommandID("I-"+of), "2026-08-03", massbalance.Introduce{
			Site: "elevator", Certifier: ledgertest.Certifier, Statement: massbalance.StatementID("VS-" + of), Quantity: lines[i].Quantity,
			Model: massbalance.Segregated, Evidence: massbalance.EvidenceID("WB-" + of)}))
	}
	ledger.Must(ledgertest.Growers, ledgertest.Command("MIX", "2026-08-05", massbalance.Dispatch{Site: "elevator", To: "mill", Product: "wheat", Quantity: ledgertest.Kg("4000"), Lines: lines}))
	ledger.Must(ledgertest.Miller, ledgertest.Command("MIX", "2026-08-06", massbalance.Receive{Site: "mill", Transfer: "growers/MIX", Quantity: ledgertest.Kg("4000")}))
	claim := func(id massbalance.CommandID, kg string) {
		ledger.Must(ledgertest.Miller, ledgertest.Command(id, "2026-09-02", massbalance.ClaimCredits{Site: "mill", Product: "wheat",
			Lines: []massbalance.LotLine{{Lot: "miller/MIX/1", Quantity: ledgertest.Kg(kg)}}, Beneficiary: "Malt", ReportingYear: 2026, Purpose: "P"}))
	}
	claim("BEFORE", "400")
	ledger.Find("VS-A", "nothing was sown")
	ledger.Must(ledgertest.Brand, massbalance.Command{ID: "TRACE", Body: massbalance.TraceRecall{Certifier: ledgertest.Certifier, Statement: "VS-A",
		Lots: []massbalance.LotID{"growers/I-A/1", "miller/MIX/1"}, Claims: []massbalance.ClaimID{"miller/BEFORE"}}})
	claim("AFTER", "800")

	s := serve(t, ledgertest.Certifier, ledger)
	page, _ := s.get("/claims/miller/AFTER", http.StatusOK)
	require.Contains(t, text(page), "Hof Birken")
	require.Contains(t, text(page), "Winter wheatat River elevator 800 100 All of it 800 100")
	require.NotContains(t, page, "Hof Anger")
	require.NotContains(t, page, "VS-A")
	page, _ = s.get("/claims/miller/BEFORE", http.StatusOK)
	require.Contains(t, text(page), "Hof Birken")
	require.Contains(t, text(page), "Hof Anger")
	require.Contains(t, text(page), "300 kg of it rest on statement certifier/VS-A, which is recalled")
}
