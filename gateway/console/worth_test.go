package console_test

import (
	"net/http"
	"regexp"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/weighbridge/weighbridge/chaincode/massbalance"
	"github.com/weighbridge/weighbridge/gateway/readmodel/ledgertest"
)

// baseline adopts an average for wheat of the region that the growers are in.
func (d *desks) baseline(t *testing.T) {
	t.Helper()
	intensity, err := massbalance.ParseIntensity("0.4")
	require.NoError(t, err)
	for _, org := range []massbalance.OrganisationID{"growers", "miller", "manufacturer"} {
		d.ledger.Must(org, ledgertest.Command("BASE-1", "2026-08-01", massbalance.RegisterBaseline{Baseline: massbalance.Baseline{
			Product: "wheat", Region: "DE-BB", Intensity: intensity, Source: "test", Version: 1}}))
	}
}

// settled brings 5 t from an offer to a settled period on one day after another.
func (d *desks) settled(growers, miller *served, ticket string) string {
	d.t.Helper()
	at := d.offered(growers, "lots:growers/INT-4/1", "5000", "least:2026-09-01", "5000", "most:2026-09-01", "5000", "supply-to", "2026-09-02", "until", "2026-09-02")
	_, values := miller.drawn("/do/accept-offer?" + query(at) + "&buyer=miller")
	miller.books("/do/accept-offer", values, "sure", "yes")
	page, _ := miller.get(at, http.StatusOK)
	agreement := regexp.MustCompile(`/agreements/(miller/[^"]+)`).FindStringSubmatch(page)[1]
	_, values = growers.drawn("/do/dispatch?site=elevator&product=wheat&agreement=" + agreement)
	record := growers.books("/do/dispatch", values, "to", "mill", "quantity", "5000", "lots:growers/INT-4/1", "5000", "document", "CMR-"+ticket)
	_, values = miller.drawn("/do/receive?transfer=" + regexp.MustCompile(`growers/dispatch-2026-09-01-\w+`).FindString(record))
	miller.books("/do/receive", values, "quantity", "5000", "evidence", "WB-"+ticket)
	for _, side := range []*served{growers, miller} {
		_, values = side.drawn("/do/confirm-settlement?agreement=" + agreement + "&period=1")
		side.books("/do/confirm-settlement", values, "date", "2026-09-03")
	}
	return agreement
}

// What was paid is worked out for each of the two sides alone; of the index all
// see that a figure is on its way, and its value when five stand behind it.
func TestWhatItIsWorth(t *testing.T) {
	d := newDesks(t)
	d.baseline(t)
	growers, _ := d.of("growers")
	miller, _ := d.of("miller")
	bakery, _ := d.of("manufacturer")
	brand, _ := d.of("brand")
	page, _ := growers.get("/worth", http.StatusOK)
	require.Contains(t, said(page), "Once volume is received under one of your agreements")
	require.Contains(t, said(page), "Nobody has contributed yet.")
	for i := range 5 {
		agreement := d.settled(growers, miller, string(rune('a'+i)))
		page, _ = growers.get("/worth", http.StatusOK)
		require.Contains(t, page, "/do/contribute-premium?agreement=")
		page, values := growers.drawn("/do/contribute-premium?agreement=" + agreement + "&period=1")
		require.Contains(t, said(page), "The rules accept this")
		growers.books("/do/contribute-premium", values)
		_, values = growers.drawn("/do/contribute-premium?agreement=" + agreement + "&period=1")
		page, _ = growers.fill("/do/contribute-premium", values, "do", "try")
		require.Contains(t, said(page), "was contributed before")
		if i == 0 {
			page, _ = bakery.get("/worth", http.StatusOK)
			require.Contains(t, said(page), "1 of at least 5 contributions")
			require.NotContains(t, page, "207.50")
		}
	}
	// Five times 5 t at 41.50; at 0.276 against 0.4 each tonne avoids 124 kg, so a tonne avoided costs 334.68.
	page, _ = growers.get("/worth", http.StatusOK)
	require.Contains(t, said(page), "2026 Q3 Winter wheat Segregated DE-BB Sold 25 000 1 037.50 EUR 41.50 3.10 334.68")
	page, _ = miller.get("/worth?side=sold", http.StatusOK)
	require.Contains(t, said(page), "Nothing was received under an agreement like that.")
	page, _ = bakery.get("/worth", http.StatusOK)
	for _, never := range []string{"41.50", "334.68"} {
		require.NotContains(t, page, never)
	}
	index := "index=wheat.segregated.EUR.2026.3"
	for _, member := range []*served{growers, miller, bakery, brand} {
		page, _ = member.get("/worth", http.StatusOK)
		require.Contains(t, page, "/do/publish-sum?"+index)
		_, values := member.drawn("/do/publish-sum?" + index)
		member.books("/do/publish-sum", values)
	}
	page, _ = brand.get("/worth", http.StatusOK)
	require.Contains(t, said(page), "2026 Q3 Winter wheat Segregated 41.50 EUR 25 000 5 Published")
	require.Contains(t, brand.fetch("/worth?export=index.csv", "text/csv"), "41.50")
}

// A project is registered with a form; its outcome is found with those who bought it.
func TestAnInsettingProject(t *testing.T) {
	d := newDesks(t)
	growers, _ := d.of("growers")
	brand, _ := d.of("brand")
	page, _ := growers.get("/projects", http.StatusOK)
	require.Contains(t, said(page), "No project is registered yet")
	d.project(growers)
	page, _ = brand.get("/projects", http.StatusOK)
	require.Contains(t, said(page), "Cover crops 2026-01-01 to 2026-12-31 Growers' Co-operative Winter wheat cover-crops Morgenbrot 60 %, Rail fund 40 % 5 000 EUR – 0.00 – –")
	d.ledger.ProjectHarvest("soil", "VS-2026-099")
	page, _ = brand.get("/projects/soil", http.StatusOK)
	require.Contains(t, said(page), "Nothing has come in yet.")
	_, values := growers.drawn("/do/intake?site=elevator&statement=certifier/VS-2026-099")
	record := growers.books("/do/intake", values, "evidence", "WB-700", "model", "mass_balance", "quantity", "100000")
	lot := regexp.MustCompile(`growers/intake-2026-09-01-\w+/1`).FindString(record)
	_, values = growers.drawn("/do/dispatch?site=elevator&product=wheat")
	record = growers.books("/do/dispatch", values, "to", "brand-hub", "quantity", "40000", "lots:"+lot, "40000", "document", "CMR-700")
	_, values = brand.drawn("/do/receive?transfer=" + regexp.MustCompile(`growers/dispatch-2026-09-01-\w+`).FindString(record))
	brand.books("/do/receive", values, "quantity", "40000", "evidence", "WB-701")
	page, _ = brand.get("/projects/soil", http.StatusOK)
	// 5,000.00 for 100 t at 0.1 are 500.00 a tonne; Morgenbrot's 60 % for its 40 t are 750.00.
	for _, want := range []string{"Per tonne CO₂e 500.00 EUR", "Still unsold 60.00 t", "Morgenbrot 60 % 40 000 4.00 750.00 EUR Rail fund 40 % no member", "Growers' Co-operative owner 100 000 – 40 000 – – 60 000 –", "Morgenbrot funder – 40 000 – – 40 000 – 4.00", "Of 100 000 kg that came in, 40 000 kg were bought and 60 000 kg are unsold. ", "Morgenbrot Winter wheat 40 000 – –", "River elevator"} {
		require.Contains(t, said(page), want)
	}
	brand.get("/projects/none", http.StatusNotFound)
	brand.fetch("/projects?export=projects.xlsx", "spreadsheetml")
}

func (d *desks) project(growers *served) {
	d.t.Helper()
	_, values := growers.drawn("/do/register-project")
	page, _ := growers.fill("/do/register-project", values, "project", "soil", "name", "Cover crops", "product", "wheat", "practices", "cover-crops", "expected", "400000", "saving", "0,1",
		"method", "Cool Farm Tool", "funders", "Morgenbrot, 60 %\r\nRail fund, 30 %", "spend", "5000", "do", "send")
	require.Contains(d.t, said(page), "shares add up to 9/10")
	require.Contains(d.t, growers.books("/do/register-project", values, "funders", "Morgenbrot, 60 %\r\nRail fund, 2/5"), "Project registered")
}
