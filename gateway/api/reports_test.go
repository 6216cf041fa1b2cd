package api_test

import (
	"encoding/json"
	"net/http"
	"net/url"
	"testing"

	"github.com/shopspring/decimal"
	"github.com/stretchr/testify/require"

	"github.com/weighbridge/weighbridge/chaincode/massbalance"
	"github.com/weighbridge/weighbridge/chaincode/wire"
	"github.com/weighbridge/weighbridge/gateway/api"
	"github.com/weighbridge/weighbridge/gateway/readmodel/ledgertest"
	"github.com/weighbridge/weighbridge/gateway/scope3"
)

func decode[T any](t *testing.T, r reply) T {
	t.Helper()
	require.Equal(t, http.StatusOK, r.StatusCode, r.body)
	value, err := wire.Decode[T]([]byte(r.body))
	require.NoError(t, err)
	return value
}

// The statement of a claim keeps figures apart, and the year's is the sum of its claims'.
func TestScope3StatementsAddUp(t *testing.T) {
	g := serve(t)
	g.ledger.Must(ledgertest.Brand, ledgertest.Command("CLM-2", "2026-08-31", massbalance.ClaimCredits{
		Site: "brand-hub", Product: "wheat-flour", Lines: []massbalance.LotLine{{Lot: "brand/RCV-1/1", Quantity: ledgertest.Kg("1000")}},
		Beneficiary: "x", ReportingYear: 2026, Purpose: "y"}))
	first := decode[api.ClaimStatement](t, g.get("/api/v1/claims/brand/CLM-1/statement"))
	second := decode[api.ClaimStatement](t, g.get("/api/v1/claims/brand/CLM-2/statement"))
	// 12,000 kg of Lindenau and 8,000.777 kg of Seeberg, by the figures of their statements.
	require.Equal(t, "3824.159285", first.Total.Fossil.String())
	require.Equal(t, "-372", first.Total.Removals.String())
	require.Equal(t, "5664.228438", first.Total.Emissions.String(), "fossil and land management; removals are not netted")
	year := decode[api.YearStatement](t, g.get("/api/v1/scope3/brand/2026"))
	require.Equal(t, []massbalance.ClaimID{"brand/CLM-1", "brand/CLM-2"}, year.Claims)
	sum := func(of func(scope3.CarbonMass) massbalance.Emissions) string {
		a, err := decimal.NewFromString(of(first.Total).String())
		require.NoError(t, err)
		b, err := decimal.NewFromString(of(second.Total).String())
		require.NoError(t, err)
		return a.Add(b).String()
	}
	require.Len(t, year.Products, 1)
	require.Equal(t, sum(func(c scope3.CarbonMass) massbalance.Emissions { return c.Emissions }), year.Products[0].Carbon.Emissions.String())
	require.Equal(t, sum(func(c scope3.CarbonMass) massbalance.Emissions { return c.Removals }), year.Products[0].Carbon.Removals.String())
	require.Empty(t, decode[api.YearStatement](t, g.get("/api/v1/scope3/brand/2025")).Claims)
}

// A list that is read page by page while blocks come in gives everything once.
func TestPagesJoinUpWhileBlocksComeIn(t *testing.T) {
	g := serve(t)
	for _, query := range []string{"", "&sort=product", "&sort=quantity", "&sort=quantity&order=newest"} {
		var first struct{ Items []struct{ ID string } }
		require.NoError(t, json.Unmarshal([]byte(g.get("/api/v1/lots?limit=500"+query).body), &first))
		seen := map[string]bool{}
		for after, n := "", 0; ; n++ {
			var page struct {
				Items []struct{ ID string }
				Next  string
			}
			r := g.get("/api/v1/lots?limit=2" + query + "&after=" + url.QueryEscape(after))
			require.NoError(t, json.Unmarshal([]byte(r.body), &page), r.body)
			for _, item := range page.Items {
				require.False(t, seen[item.ID], item.ID)
				seen[item.ID] = true
			}
			g.post(takeIn("NEW"+query+string(rune('a'+n)), "1")) // moves nothing that is listed
			if after = page.Next; after == "" {
				break
			}
		}
		for _, item := range first.Items {
			require.True(t, seen[item.ID], "%s %s", query, item.ID)
		}
	}
}
