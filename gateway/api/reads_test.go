package api_test

import (
	"encoding/json"
	"net/http"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/weighbridge/weighbridge/chaincode/massbalance"
	"github.com/weighbridge/weighbridge/chaincode/wire"
	"github.com/weighbridge/weighbridge/gateway/api"
)

func TestReadsAnswerWithTheirHeight(t *testing.T) {
	g := serve(t)
	for _, path := range []string{
		"/consortium", "/products", "/recipes?input=wheat", "/certificates?holder=growers", "/statements?site=elevator&product=wheat",
		"/sites", "/sites?owner=growers", "/sites/mill", "/sites/mill/accounts?limit=1",
		"/lots", "/lots?site=elevator&product=wheat&available=true", "/lots/growers/INT-1/1",
		"/transfers?site=mill&direction=in&status=received", "/transfers/growers/DSP-1",
		"/claims?organisation=brand", "/claims/brand/CLM-1", "/claims/brand/CLM-1/origins",
		"/lots/brand/RCV-1/1/origins", "/lots/growers/INT-1/1/descendants", "/lots/growers/INT-1/1/records?limit=1",
		"/periods?site=mill&open=true", "/sites/mill/periods/2026-Q3", "/conversions?site=mill&from=2026-08-17&to=2026-08-17", "/conversions/miller/CNV-1",
		"/certificates/certifier/CERT-2026-04", "/coverage?site=elevator", "/statements/certifier/VS-2026-011", "/proposals", "/proposals?pending=true",
		"/flow", "/flow?from=2026-08-10&to=2026-08-20",
		"/records?site=mill&organisation=miller&type=receive&limit=1&order=newest", "/records?from=2026-08-01&to=2026-08-31", "/commands/growers/INT-1", "/findings",
		"/rules", "/certifiers", "/certifiers/certifier", "/profiles", "/baselines?product=wheat", "/versions?what=product/wheat", "/products/wheat", "/recipes/milling",
		"/quotas?certifier=certifier", "/land-units", "/harvests?landUnit=x", "/region-uses", "/projects", "/recalls", "/taints", "/marks", "/reversals", "/credit-audits", "/tier-reports",
		"/stocks?owner=miller&sort=product", "/sites/mill/periods/2026-Q3/statement", "/claims/brand/CLM-1/statement", "/scope3/brand/2026",
		"/transfers/growers/DSP-1/records", "/claims/brand/CLM-1/records",
		"/lots?owner=growers&model=segregated&scheme=REGEN-PLUS&vintage=2026&sort=quantity&order=newest", "/transfers?organisation=miller&direction=out&sort=date",
		"/claims?year=2026&status=standing&sort=date", "/records?subject=brand/CLM-1&period=2026-Q3&sort=date", "/certificates?on=2026-08-01&scheme=REGEN-PLUS",
	} {
		r := g.get("/api/v1" + path)
		require.Equal(t, http.StatusOK, r.StatusCode, "%s: %s", path, r.body)
		require.Equal(t, strconv.FormatUint(g.model.Next()-1, 10), r.Header.Get("Weighbridge-Height"), path)
		require.Equal(t, "application/json", r.Header.Get("Content-Type"))
		require.True(t, json.Valid([]byte(r.body)))
	}
}

func TestReadsAnswerInTheLedgersForms(t *testing.T) {
	g := serve(t)
	require.JSONEq(t, `{"id":"growers/INT-4/1","site":"elevator","product":"wheat","model":"segregated","quantity":"141300","spent":"85000",
		"available":"56300","frozen":"0","usable":"56300","certifier":"certifier","statement":"VS-2026-011","characteristics":"`+lindenau(t, g)+`"}`,
		g.get("/api/v1/lots/growers/INT-4/1").body)
	require.JSONEq(t, `{"items":[]}`, g.get("/api/v1/findings").body, "a list is there even when empty")

	transfer, err := wire.Decode[massbalance.Transfer]([]byte(g.get("/api/v1/transfers/growers/DSP-3").body))
	require.NoError(t, err)
	require.Equal(t, massbalance.Rejected, transfer.Status)
	books, err := wire.Decode[api.SiteBooks]([]byte(g.get("/api/v1/sites/elevator").body))
	require.NoError(t, err)
	require.Equal(t, massbalance.PeriodID("2026-Q3"), books.Head.Period)
	require.Equal(t, massbalance.Date("2026-07-01"), books.Period.From)
	require.Equal(t, "320120.125", books.Accounts[0].Stock.String())
}

func lindenau(t *testing.T, g gateway) string {
	t.Helper()
	var page struct {
		Items []struct {
			Statement struct{ Characteristics json.RawMessage }
		}
	}
	require.NoError(t, json.Unmarshal([]byte(g.get("/api/v1/statements").body), &page))
	c, err := wire.Decode[massbalance.Characteristics](page.Items[0].Statement.Characteristics)
	require.NoError(t, err)
	require.Equal(t, http.StatusOK, g.get("/api/v1/characteristics/"+string(c.ID())).StatusCode)
	return string(c.ID())
}

func TestOriginsAddUpToTheClaim(t *testing.T) {
	g := serve(t)
	o, err := wire.Decode[api.ClaimOrigins]([]byte(g.get("/api/v1/claims/brand/CLM-1/origins").body))
	require.NoError(t, err)
	require.Len(t, o.Origins, 2)
	total := o.Rounding
	for _, origin := range o.Origins {
		total = total.Add(origin.Quantity)
		require.Equal(t, "DE-BB", origin.Characteristics.Region)
	}
	require.True(t, total.Equal(o.Quantity))
	require.Equal(t, "Hof Lindenau", o.Origins[0].Producer)
}

// An auditor who has nothing but this interface can recount the ledger.
func TestRecordsAreEnoughForARecount(t *testing.T) {
	g := serve(t)
	var entries []massbalance.Entry
	for path := "/api/v1/records?limit=10"; path != ""; {
		var page struct {
			Items []json.RawMessage
			Next  string
		}
		require.NoError(t, json.Unmarshal([]byte(g.get(path).body), &page))
		for _, item := range page.Items {
			r, err := wire.Parse[api.PlacedRecord](item)
			require.NoError(t, err, "the bytes are canonical")
			entries = append(entries, massbalance.Entry{Block: r.Block, Command: r.Command, Record: r.Record})
		}
		path = ""
		if page.Next != "" {
			path = "/api/v1/records?limit=10&after=" + page.Next
		}
	}
	var want int
	for _, b := range g.ledger.Blocks() {
		for _, tx := range b.Transactions {
			want += len(tx.Entries)
		}
	}
	require.Len(t, entries, want)
	require.Empty(t, massbalance.Recount(entries).Findings)
}

func TestWhatIsNotThere(t *testing.T) {
	g := serve(t)
	for _, path := range []string{"/sites/nowhere", "/sites/nowhere/accounts", "/lots/a/b/1", "/transfers/a/b", "/claims/a/b", "/claims/a/b/origins", "/commands/a/b", "/characteristics/a",
		"/sites/mill/periods/nothing", "/conversions/growers/INT-1", "/lots/a/b/1/origins", "/lots/a/b/1/descendants", "/certificates/a/b", "/statements/a/b",
		"/products/a", "/recipes/a", "/profiles/a", "/certifiers/a", "/projects/a", "/recalls/a/b", "/claims/a/b/statement", "/sites/mill/periods/nothing/statement"} {
		r := g.get("/api/v1" + path)
		p := r.problem(t, http.StatusNotFound)
		require.Contains(t, p["detail"], "there is no ")
		require.NotEmpty(t, r.Header.Get("Weighbridge-Height"))
	}
	for _, path := range []string{"/api/v1/nothing", "/api/v2/sites", "/favicon.ico", "/docs/x"} {
		require.Contains(t, g.get(path).problem(t, http.StatusNotFound)["detail"], path)
	}
	r := g.do(http.MethodDelete, "/api/v1/sites", "")
	r.problem(t, http.StatusMethodNotAllowed)
	require.Equal(t, http.MethodGet, r.Header.Get("Allow"))
	g.get("/api/v1/commands").problem(t, http.StatusMethodNotAllowed)
}

func TestRefusesParametersThatAreMistakes(t *testing.T) {
	g := serve(t)
	for _, query := range []string{"limit=0", "limit=501", "limit=x", "after=-1", "order=random", "avialable=true", "available=perhaps",
		"sort=size", "after=1.x", "after=99999999999999999999", "sort=product&after=1", "after=1.eA", "vintage=26", "model=best", "site=a%00b", "site=%ff"} {
		p := g.get("/api/v1/lots?"+query).problem(t, http.StatusUnprocessableEntity)
		require.NotEmpty(t, p["errors"], query)
	}
}
