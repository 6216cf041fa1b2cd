package api_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/weighbridge/weighbridge/chaincode/massbalance"
	"github.com/weighbridge/weighbridge/chaincode/wire"
	"github.com/weighbridge/weighbridge/gateway/api"
	"github.com/weighbridge/weighbridge/gateway/readmodel/ledgertest"
	"github.com/weighbridge/weighbridge/gateway/store/storetest"
	"github.com/weighbridge/weighbridge/gateway/trade"
)

// offered serves the brand's gateway after the manufacturer offered it 10 t of
// flour at 30 EUR a tonne, with an average adopted to compare it with.
func offered(t *testing.T) gateway {
	var vault ledgertest.Vault
	var seller *trade.Desk
	g := serve(t, func(o *api.Options) {
		var err error
		seller, err = trade.NewDesk(t.Context(), ledgertest.Manufacturer, vault.Of(ledgertest.Manufacturer), o.Model, storetest.Own(t))
		require.NoError(t, err)
		o.Organisation = ledgertest.Brand
		o.Trade, err = trade.NewDesk(t.Context(), o.Organisation, vault.Of(o.Organisation), o.Model, storetest.Own(t))
		require.NoError(t, err)
	})
	half, err := massbalance.ParseIntensity("0.5")
	require.NoError(t, err)
	for _, org := range []massbalance.OrganisationID{ledgertest.Growers, ledgertest.Miller, ledgertest.Manufacturer} {
		g.ledger.Must(org, massbalance.Command{ID: "BASE-1", Body: massbalance.RegisterBaseline{Baseline: massbalance.Baseline{
			Product: "wheat-flour", Region: "DE-BB", Intensity: half, Source: "test", Version: 1}}})
	}
	body, err := seller.Offer(t.Context(), "O-1", g.draft())
	require.NoError(t, err)
	command := massbalance.Command{ID: "O-1", Date: "2026-08-26", Body: body}
	require.NoError(t, wire.Seal(&command))
	g.ledger.Must(ledgertest.Manufacturer, command)
	return g
}

func (g gateway) draft() trade.Draft {
	g.t.Helper()
	var lot struct{ Characteristics massbalance.CharacteristicsID }
	require.NoError(g.t, json.Unmarshal([]byte(g.get("/api/v1/lots/manufacturer/RCV-1/2").body), &lot))
	premium, err := trade.ParseMoney("30")
	require.NoError(g.t, err)
	quantity := ledgertest.Kg("10000")
	return trade.Draft{Expires: "2026-09-30", Facts: &massbalance.OfferFacts{
		Product: "wheat-flour", Model: massbalance.MassBalance, Characteristics: []massbalance.CharacteristicsID{lot.Characteristics}, Quantity: quantity,
		Lots: []massbalance.LotLine{{Lot: "manufacturer/RCV-1/2", Quantity: quantity}}, Site: "bakery", From: "2026-09-01", To: "2026-09-30",
	}, Proposals: []trade.Proposal{{Buyer: ledgertest.Brand, Price: trade.Price{Currency: "EUR", PerTonne: premium}, Commitment: massbalance.Commitment{
		Product: "wheat-flour", Specification: massbalance.Specification{Model: massbalance.MassBalance},
		Periods: []massbalance.SupplyPeriod{{From: "2026-09-01", To: "2026-09-30", Maximum: quantity}},
	}}}}
}

// Whether the figures of an offer are typed in or read from the ledger and the
// own documents, the year is the same.
func TestAYearIsPlannedFromOffers(t *testing.T) {
	g := offered(t)
	plan := func(body string) (p struct {
		Before, After, Avoided string
		Options                []struct{ Name, Used, Avoided, PerTonne, Currency string }
	}) {
		t.Helper()
		r := g.do(http.MethodPost, "/api/v1/scope3/brand/2026/plan", body, "Content-Type", "application/json")
		require.Equal(t, http.StatusOK, r.StatusCode, r.body)
		require.NoError(t, json.Unmarshal([]byte(r.body), &p))
		return p
	}
	known := plan(`{"offers":[{"id":"manufacturer/O-1"}],"asOf":"2026-08-27"}`)
	typed := plan(`{"options":[{"name":"manufacturer/O-1","product":"wheat-flour","quantity":"10000","intensity":"0.294","premium":30000,"currency":"EUR"}]}`)
	require.Equal(t, typed, known)
	require.Equal(t, "10000", known.Options[0].Used)
	require.NotEmpty(t, known.Options[0].PerTonne)
	part := plan(`{"offers":[{"id":"manufacturer/O-1","quantity":"4000"}],"asOf":"2026-08-27"}`)
	require.Equal(t, "4000", part.Options[0].Used)
	require.Equal(t, known.Options[0].PerTonne, part.Options[0].PerTonne, "the price of a tonne is the same")
	unpriced := plan(`{"options":[{"name":"a thought","product":"wheat-flour","quantity":"10000","intensity":"0.294"}]}`)
	require.Empty(t, unpriced.Options[0].PerTonne, "what has no price costs nobody knows what")

	for body, status := range map[string]int{
		`{"offers":[{"id":"manufacturer/O-2"}],"asOf":"2026-08-27"}`:                    http.StatusNotFound,
		`{"offers":[{"id":"manufacturer/O-1"}],"asOf":"2026-10-01"}`:                    http.StatusNotFound,
		`{"offers":[{"id":"manufacturer/O-1","quantity":"10001"}],"asOf":"2026-08-27"}`: http.StatusBadRequest,
	} {
		g.do(http.MethodPost, "/api/v1/scope3/brand/2026/plan", body, "Content-Type", "application/json").problem(t, status)
	}
	g.do(http.MethodPost, "/api/v1/scope3/miller/2026/plan", `{"offers":[{"id":"manufacturer/O-1"}]}`, "Content-Type", "application/json").problem(t, http.StatusForbidden)
}

func TestWhatStandsOnOfferAndWhatADayAsksFor(t *testing.T) {
	g := offered(t)
	require.Contains(t, g.get("/api/v1/trade/available?asOf=2026-08-27").body, `"name":"manufacturer/O-1"`)
	require.NotContains(t, g.get("/api/v1/trade/available?asOf=2026-10-01").body, "O-1")
	require.Contains(t, g.get("/api/v1/trade/reminders?asOf=2026-08-27").body, `"kind":"answer_due","subject":"manufacturer/O-1","with":"manufacturer","due":"2026-09-30","days":34`)
	require.NotContains(t, g.get("/api/v1/trade/reminders?asOf=2026-10-01").body, "O-1")
	require.Contains(t, g.get("/api/v1/trade/reminders?asOf=0001-01-01").body, "is no business date")

	facts := g.get("/api/v1/trade/offers/manufacturer/O-1/facts").body
	require.Contains(t, facts, `"quantity":"10000"`)
	require.NotContains(t, facts, "findings")
	g.ledger.Must(ledgertest.Manufacturer, ledgertest.Command("OUT-9", "2026-08-28", massbalance.Withdraw{
		Site: "bakery", Product: "wheat-flour", Quantity: ledgertest.Kg("30000"), Lines: []massbalance.LotLine{{Lot: "manufacturer/RCV-1/2", Quantity: ledgertest.Kg("30000")}}, Purpose: "sold"}))
	facts = g.get("/api/v1/trade/offers/manufacturer/O-1/facts").body
	require.Contains(t, facts, `"about":"manufacturer/RCV-1/2","problem":"has less left","have":"`)
	require.Contains(t, facts, `"need":"10000"`)
	require.Contains(t, g.get("/api/v1/trade/reminders?asOf=2026-08-29").body, "facts_differ")
	g.get("/api/v1/trade/offers/manufacturer/O-1/facts?buyer=miller").problem(t, http.StatusForbidden)
}

// A request of an offer whose lots do not bear it out is refused before anything
// is kept or sent, with the figures.
func TestAnOfferIsHeldAgainstTheLots(t *testing.T) {
	g := serve(t)
	text := `{"id":"O-9","date":"2026-08-26","offer":{"expires":"2026-09-30","facts":{"product":"wheat","model":"segregated","characteristics":["x"],"quantity":"900000",
		"lots":[{"lot":"growers/INT-2/1","quantity":"900000"}],"site":"elevator","from":"2026-09-01","to":"2026-09-30"},
		"proposals":[{"buyer":"miller","price":{"currency":"EUR","perTonne":"30","shortfall":"0"},"commitment":{"product":"wheat","specification":{"model":"segregated"},
		"periods":[{"from":"2026-09-01","to":"2026-09-30","minimum":"0","maximum":"900000"}]}}]}}`
	before := len(g.ledger.Blocks())
	p := g.do(http.MethodPost, "/api/v1/trade/offers", strings.Join(strings.Fields(text), " "), "Content-Type", "application/json").problem(t, http.StatusBadRequest)
	require.Contains(t, p["detail"], "growers/INT-2/1: has less left: have 12680.5 kg, need 900000 kg")
	require.Len(t, g.ledger.Blocks(), before)
}

// A project's report says what each organisation bought of the outcome, in
// whatever product, at what cost per tonne of CO2e, and what is unsold.
func TestAProjectsReport(t *testing.T) {
	g := serve(t, func(*api.Options) {})
	whole, err := massbalance.NewRatio(1, 1)
	require.NoError(t, err)
	saving, err := massbalance.ParseIntensity("0.1")
	require.NoError(t, err)
	g.ledger.Must(ledgertest.Growers, ledgertest.Command("P-1", "2026-09-01", massbalance.RegisterProject{Project: massbalance.Project{
		ID: "soil", Owner: ledgertest.Growers, Name: "Cover crops", Product: "wheat", Practice: "cover-crops", From: "2026-01-01", To: "2026-12-31",
		Funders: []massbalance.Funder{{Name: "Oderbruch Mills", Share: whole}}, Expected: ledgertest.Kg("400000"), Saving: saving, Method: "test", Spend: "5000", Currency: "EUR",
	}}))
	g.ledger.ProjectHarvest("soil", "VS-2026-099")
	g.ledger.Must(ledgertest.Growers, ledgertest.Command("P-2", "2026-09-01", massbalance.Introduce{
		Site: "elevator", Certifier: ledgertest.Certifier, Statement: "VS-2026-099", Quantity: ledgertest.Kg("100000"), Model: massbalance.MassBalance, Evidence: "P-2"}))
	g.ledger.Must(ledgertest.Growers, ledgertest.Command("P-3", "2026-09-02", massbalance.Dispatch{
		Site: "elevator", To: "mill", Product: "wheat", Quantity: ledgertest.Kg("25000"), Lines: []massbalance.LotLine{{Lot: "growers/P-2/1", Quantity: ledgertest.Kg("25000")}}}))
	g.ledger.Must(ledgertest.Miller, ledgertest.Command("P-4", "2026-09-03", massbalance.Receive{Site: "mill", Transfer: "growers/P-3", Quantity: ledgertest.Kg("25000"), Evidence: "P-4"}))
	g.ledger.Must(ledgertest.Miller, ledgertest.Command("P-5", "2026-09-04", massbalance.Convert{
		Site: "mill", Recipe: "milling", Quantity: ledgertest.Kg("25000"), Lines: []massbalance.LotLine{{Lot: "miller/P-4/1", Quantity: ledgertest.Kg("25000")}},
		Outputs: []massbalance.Output{{Product: "wheat-flour", Quantity: ledgertest.Kg("18000")}, {Product: "wheat-bran", Quantity: ledgertest.Kg("6000")}}}))
	var report struct {
		Introduced, Bought, Unsold, Lost string
		Parts                            []struct{ Organisation, Funder, Bought, Avoided, PerTonne string }
		Holders                          []struct{ Organisation, Product, Held, Avoided string }
	}
	require.NoError(t, json.Unmarshal([]byte(g.get("/api/v1/projects/soil/report").body), &report))
	require.Equal(t, []string{"100000", "24000", "75000", "1000"}, []string{report.Introduced, report.Bought, report.Unsold, report.Lost})
	require.Len(t, report.Parts, 2)
	require.Equal(t, []string{"Oderbruch Mills", "24000", "2400", "2083.33"}, []string{report.Parts[1].Funder, report.Parts[1].Bought, report.Parts[1].Avoided, report.Parts[1].PerTonne})
	require.Equal(t, "wheat-bran", report.Holders[1].Product)
}
