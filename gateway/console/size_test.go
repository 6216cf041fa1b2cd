package console_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/weighbridge/weighbridge/chaincode/massbalance"
	"github.com/weighbridge/weighbridge/chaincode/wire"
	"github.com/weighbridge/weighbridge/gateway/readmodel/ledgertest"
)

// With ten thousand lots, and as many records, every page is as long as with a
// hundred, and answers soon.
func TestPagesOfTenThousandLots(t *testing.T) {
	if testing.Short() {
		t.Skip("ten thousand lots take their time")
	}
	d := newDesks(t)
	const lots, batch = 10_000, 500
	for i := 0; i < lots; i += batch {
		var commands []massbalance.Command
		for j := i; j < i+batch; j++ {
			c := ledgertest.Command(massbalance.CommandID(fmt.Sprintf("LOAD-%05d", j)), "2026-08-20", massbalance.Introduce{
				Site: "elevator", Certifier: ledgertest.Certifier, Statement: "VS-2026-012", Quantity: ledgertest.Kg("20"), Model: massbalance.Segregated, Evidence: massbalance.EvidenceID(fmt.Sprintf("WB-%05d", j))})
			require.NoError(t, wire.Seal(&c))
			commands = append(commands, c)
		}
		d.ledger.Must(ledgertest.Growers, commands...)
	}
	growers, _ := d.of("growers")
	for _, path := range []string{"/", "/lots", "/lots?by=quantity", "/lots?site=elevator&available=true", "/audit", "/audit?recount=now", "/audit?recount=now", "/flow", "/flow", "/map", "/map",
		"/sites/elevator", "/sites/elevator/time", "/sites/elevator/time", "/sites/elevator/periods/2026-Q3", "/do/dispatch?site=elevator&product=wheat", "/do/close-period?site=elevator"} {
		began := time.Now()
		page, _ := growers.get(path, http.StatusOK)
		took := time.Since(began)
		t.Logf("%-45s %6d ms %7d bytes", path, took.Milliseconds(), len(page))
		require.Less(t, len(page), 400_000, path)
		require.Less(t, strings.Count(page, "<tr"), 220, path)
		require.Less(t, took, 20*time.Second, path)
	}
	page, values := growers.drawn("/do/dispatch?site=elevator&product=wheat&lots:growers/LOAD-09000/1=5")
	require.Contains(t, page, "growers/LOAD-09000/1", "a younger lot that was named stands there, too")
	page, _ = growers.fill("/do/dispatch", values, "to", "mill", "quantity", "50000", "attribute", "20000", "do", "spread")
	require.Contains(t, said(page), "of credit goes with the shipment")
}
