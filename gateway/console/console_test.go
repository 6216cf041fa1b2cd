package console_test

import (
	"fmt"
	"html"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/weighbridge/weighbridge/chaincode/massbalance"
	"github.com/weighbridge/weighbridge/gateway/access"
	"github.com/weighbridge/weighbridge/gateway/console"
	"github.com/weighbridge/weighbridge/gateway/readmodel"
	"github.com/weighbridge/weighbridge/gateway/readmodel/ledgertest"
	"github.com/weighbridge/weighbridge/gateway/replay"
)

// served is a console over a real ledger in memory.
type served struct {
	t       *testing.T
	ledger  *ledgertest.Ledger
	url     string
	problem string
	routes  *access.Mux
}

func serve(t *testing.T, org massbalance.OrganisationID, ledger *ledgertest.Ledger, change ...func(*console.Options)) *served {
	t.Helper()
	model, err := readmodel.Open(t.TempDir())
	require.NoError(t, err)
	t.Cleanup(func() { _ = model.Close() })
	if ledger != nil {
		ledger.Follow(func(b replay.Block) { require.NoError(t, model.Apply(t.Context(), b)) })
	}
	s := &served{t: t, ledger: ledger}
	mux := access.NewMux()
	o := console.Options{
		Organisation: org, Model: model, Problem: func() string { return s.problem }, Log: slog.New(slog.NewTextHandler(io.Discard, nil)),
	}
	for _, c := range change {
		c(&o)
	}
	console.New(o).Register(mux)
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	s.url = server.URL
	return s
}

func season(t *testing.T) *ledgertest.Ledger {
	t.Helper()
	ledger := ledgertest.New(t)
	ledger.Season()
	return ledger
}

// get returns a page; status 0 means 200.
func (s *served) get(path string, status int) (string, http.Header) {
	s.t.Helper()
	response, err := http.Get(s.url + path)
	require.NoError(s.t, err)
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	require.NoError(s.t, err)
	require.Equal(s.t, status, response.StatusCode, "%s", body)
	return string(body), response.Header
}

// text is what of a page can be read, with the padding of figures left out.
func text(page string) string {
	page = regexp.MustCompile(`<span class="pad"[^>]*>[^<]*</span>`).ReplaceAllString(page, "")
	page = regexp.MustCompile(`</?(span|b|small)[^>]*>`).ReplaceAllString(page, "")
	page = regexp.MustCompile(`<[^>]+>`).ReplaceAllString(page, " ")
	page = html.UnescapeString(page)
	return strings.Join(strings.FieldsFunc(page, func(r rune) bool { return r == ' ' || r == '\n' || r == '\t' }), " ")
}

func TestTheSitePageShowsStockLotsAndTransfers(t *testing.T) {
	s := serve(t, "growers", season(t))
	page, _ := s.get("/sites/elevator", http.StatusOK)
	shown := text(page)
	for _, want := range []string{
		"River elevator", "Period 2026-Q3 open", "Winter wheat",
		"Stock now 320.12 t 320\u202f120.125 kg", "Credit left to attribute 130.72 t 130\u202f720.125 kg",
		"Credit covers 40.8 % of the stock; 189\u202f400 kg are undifferentiated.",
		"growers/INT-4/1", "56\u202f300", "141\u202f300", "Segregated", "REGEN-PLUSDE-BB20260.276 kg CO₂e/kg−0.031 removed",
		"growers/DSP-3", "24\u202f500.5", "Rejected", "Return to stock", "In transit", "Oderbruch mill",
		"Taken in",
	} {
		require.Contains(t, shown, want)
	}
	require.NotContains(t, shown, "growers/INT-1/1statement", "it is spent, and so no open lot")
}

func TestTheOverviewSaysWhatWaits(t *testing.T) {
	ledger := season(t)
	d := &desks{t: t, ledger: ledger, today: time.Date(2026, 9, 1, 8, 0, 0, 0, time.UTC)}
	miller, _ := d.of("miller")
	page, _ := miller.get("/", http.StatusOK)
	require.Contains(t, text(page), "Receive or reject 25\u202f000\u202fkg Winter wheat from River elevator for Oderbruch mill")
	growers, _ := d.of("growers")
	page, _ = growers.get("/", http.StatusOK)
	require.Contains(t, text(page), "Return to stock 24\u202f500.5\u202fkg Winter wheat rejected by Oderbruch mill back to River elevator")
	page, _ = serve(t, "certifier", ledger).get("/", http.StatusOK)
	for _, site := range []string{"River elevator", "Oderbruch mill", "Havel bakery", "Berlin distribution hub"} {
		require.Contains(t, page, site, "a certification body sees all")
	}
}

func TestTheClaimPageReachesTheFarms(t *testing.T) {
	page, _ := serve(t, "brand", season(t)).get("/claims/brand/CLM-1", http.StatusOK)
	shown := text(page)
	for _, want := range []string{
		"20.00 t of Wheat flour", "20\u202f000.777 kg, claimed by Morgenbrot", "Morgenbrot rolls, 500 g", "it need not physically contain it",
		"Hof Lindenau", "11\u202f999.999", "60", "Gut Seeberg", "8\u202f000.777", "Rounding each share is rounded down to the gram 0.001",
	} {
		require.Contains(t, shown, want)
	}
	require.Regexp(t, `(?s)The way it took.*River elevator.*Oderbruch mill.*Havel bakery.*Berlin distribution hub`, shown)
}

func TestEveryPageSaysHowFarToTrustIt(t *testing.T) {
	ledger := season(t)
	s := serve(t, "growers", ledger)
	last := ledger.Blocks()[len(ledger.Blocks())-1].Number
	page, _ := s.get("/", http.StatusOK)
	require.Regexp(t, `True at block \d+`, text(page))
	require.NotContains(t, page, `role="alert"`)
	s.problem = "The organisation's peer does not answer."
	ledger.Add(replay.Transaction{ID: "odd", Code: "VALID", Finding: &replay.Finding{Block: 1, Problem: replay.ExtraKey}})
	for _, path := range []string{"/", "/sites/elevator", "/claims/brand/CLM-1"} {
		page, _ = s.get(path, http.StatusOK)
		shown := text(page)
		require.Contains(t, shown, "Not up to date. The organisation's peer does not answer.")
		require.Contains(t, shown, "1 finding.")
		require.Contains(t, shown, fmt.Sprint("True at block ", last+1))
	}
}

func TestEmptyStatesTeach(t *testing.T) {
	page, _ := serve(t, "growers", nil).get("/", http.StatusOK)
	require.Contains(t, text(page), "No block read yet")
	require.Contains(t, text(page), "The consortium is not founded yet")
	founded := ledgertest.New(t)
	founded.Found()
	s := serve(t, "growers", founded)
	page, _ = s.get("/sites/silo-north", http.StatusOK)
	for _, want := range []string{"No stock account yet.", "No credit is available here.", "Nothing was dispatched to this site.", "No claim was made here."} {
		require.Contains(t, text(page), want)
	}
	page, _ = s.get("/sites/nowhere", http.StatusNotFound)
	require.Contains(t, text(page), "there is no site nowhere")
	s.get("/claims/a/b", http.StatusNotFound)
}

// The pages work without anything from elsewhere, and no script stands in them.
func TestPagesKeepToThemselves(t *testing.T) {
	s := serve(t, "growers", season(t))
	for _, path := range []string{"/", "/sites/elevator", "/claims/brand/CLM-1", "/sites/nowhere"} {
		status := http.StatusOK
		if path == "/sites/nowhere" {
			status = http.StatusNotFound
		}
		page, header := s.get(path, status)
		require.Contains(t, header.Get("Content-Security-Policy"), "frame-ancestors 'none'")
		require.NotContains(t, header.Get("Content-Security-Policy"), "unsafe")
		require.Equal(t, "nosniff", header.Get("X-Content-Type-Options"))
		page = regexp.MustCompile(`<script src="/assets/[a-z.]+" defer></script>`).ReplaceAllString(page, "")
		for _, never := range []string{"<script", "style=", "http://", "https://", "onclick", "ZgotmplZ", "%!"} {
			require.NotContains(t, page, never, path)
		}
		for _, link := range regexp.MustCompile(`(?:href|src)="([^"#]+)"`).FindAllStringSubmatch(page, -1) {
			require.True(t, strings.HasPrefix(link[1], "/") || strings.HasPrefix(link[1], "?export="), link[1])
		}
		require.Equal(t, 1, strings.Count(page, "<h1"), path)
		require.Contains(t, page, `<html lang="en">`)
	}
	style, header := s.get("/assets/console.css", http.StatusOK)
	require.Contains(t, header.Get("Content-Type"), "text/css")
	require.NotContains(t, style, "url(")
	require.NotContains(t, style, "@import")
	icon, _ := s.get("/assets/mark.svg", http.StatusOK)
	require.Contains(t, icon, "<svg")
}

// What people wrote into the ledger is text, never markup.
func TestNamesAreEscaped(t *testing.T) {
	ledger := ledgertest.New(t)
	ledger.Found()
	ledger.Must("growers", massbalance.Command{ID: "X", By: `<b>"clerk"</b>`, Body: massbalance.RegisterSite{
		Site: "x", Name: `<script>alert(1)</script>`, Country: "DE", Region: "DE-BB"}})
	page, _ := serve(t, "growers", ledger).get("/sites/x", http.StatusOK)
	require.NotContains(t, page, "<script>")
	require.NotContains(t, page, `<b>"clerk"`)
}

// pages are all there are, with what each must show.
var pages = []struct {
	path, heading string
	shown         []string
}{
	{"/sites", "Sites", []string{"River elevator", "Growers' Co-operative yours", "Havel bakery"}},
	{"/lots", "Lots", []string{"brand/RCV-1/1", "Berlin distribution hub"}},
	{"/lots?site=mill&product=wheat-flour&available=true", "Lots", []string{"miller/CNV-1/1"}},
	{"/lots/miller/CNV-1/1", "Wheat flour", []string{"Land-use change", "Soil sampling", "miller/RCV-1/1", "manufacturer/RCV-1/1", "Claim brand/CLM-1", "Hof Lindenau",
		"The product was attributed this quantity"}},
	{"/lots/growers/INT-1/1", "Winter wheat", []string{"Of no other lot", "growers/DSP-1", "statement"}},
	{"/transfers", "Transfers", []string{"growers/DSP-3", "Rejected", "Attributed, kg"}},
	{"/transfers?site=mill&direction=out", "Transfers", []string{"miller/DSP-1"}},
	{"/transfers/growers/DSP-1", "Winter wheat", []string{"CMR-DSP-1", "−360 kg", "0.2 % of what left", "growers/INT-2/1", "Received"}},
	{"/transfers/growers/DSP-4", "Winter wheat", []string{"not weighed", "not yet", "In transit"}},
	{"/periods", "Periods", []string{"2026-Q3 of River elevator", "Open"}},
	{"/sites/mill/periods/2026-Q3", "Period book 2026-Q3", []string{"Wheat bran", "549\u202f680", "+ In, kg", "so its closing is the balance now"}},
	{"/claims?organisation=brand", "Claims", []string{"brand/CLM-1", "Morgenbrot rolls"}},
	{"/certificates", "Certificates", []string{"CERT-2026-04", "In good standing"}},
	{"/certificates/certifier/CERT-2026-04", "Certificate CERT-2026-04", []string{"Nothing was ever declared", "VS-2026-011", "170\u202f700"}},
	{"/statements?site=elevator", "Verification statements", []string{"Gut Seeberg", "Left, kg"}},
	{"/flow", "Flow", []string{"Verified harvest", "Spot market", "Claims", "Stock at the end", "Weight differences", "239\u202f640"}},
	{"/flow?from=2026-07-01&to=2026-09-30", "Flow", []string{"2026-Q3"}},
	{"/flow?from=2020-01-01&to=2020-02-01", "Flow", []string{"Nothing moved"}},
	{"/flow?site=bakery", "Flow", []string{"Havel bakery", "Oderbruch mill", "Berlin distribution hub"}},
	{"/flow?product=wheat-bran&from=2026-07-01&to=2026-09-30", "Flow", []string{"Wheat bran", "Winter wheat"}},
	{"/map?site=bakery", "Map", []string{"Havel bakery", "Berlin distribution hub"}},
	{"/map?product=wheat-flour", "Map", []string{"Oderbruch mill", "Havel bakery"}},
	{"/conversions", "Conversions", []string{"miller/CNV-1", "milling", "162\u202f733.333 of it attributed", "Wheat bran"}},
	{"/conversions?site=bakery", "Conversions", []string{"No conversion is like that."}},
	{"/map", "Map", []string{"Brandenburg", "369.62 t of 3 farms", "River elevator Oderbruch mill 4 289\u202f500.5"}},
	{"/map?from=2020-01-01&to=2020-02-01", "Map", []string{"The first verified load"}},
	{"/sites/elevator/time", "Over time", []string{"River elevator", "Carbon intensity of the credit in stock", "2026-08-03", "304.195"}},
	{"/sites/silo-north/time", "Over time", []string{"The site has no stock account yet."}},
	{"/audit", "Audit", []string{"0 findings", "Recount now", "Claimed", "CLM-1"}},
	{"/audit?recount=now", "Audit", []string{"records added up again", "0 findings; 0 differences in 6 stock accounts"}},
	{"/audit?site=mill&type=receive&from=2026-08-11&to=2026-08-11", "Audit", []string{"RCV-2"}},
	{"/register", "Common register", []string{"product/wheat", "Adopted", "Growers' Co-operative, Oderbruch Mills, Havel Bakeries"}},
	{"/records/miller/CNV-1", "Converted", []string{"SHA-256", `"recipe": "milling"`, "conversion", "version 1"}},
	{"/blocks/1", "Block 1", []string{"Consortium founded"}},
	{"/blocks/0", "Block 0", []string{"no record"}},
	{"/claims/brand/CLM-1", "Wheat flour", []string{"Back to the farms", "Hof Lindenau"}},
}

func TestEveryPage(t *testing.T) {
	s := serve(t, "growers", season(t))
	for _, p := range pages {
		page, _ := s.get(p.path, http.StatusOK)
		require.Regexp(t, `(?s)<h1>.*`+regexp.QuoteMeta(p.heading), page, p.path)
		for _, want := range p.shown {
			require.Contains(t, text(page), want, p.path)
		}
		require.NotContains(t, page, "<no value>", p.path)
		require.NotContains(t, page, "ZgotmplZ", p.path)
		require.NotContains(t, page, " style=", "the pages' own policy forbids it")
	}
	for _, path := range []string{"/lots/a/b/1", "/transfers/a/b", "/sites/mill/periods/none", "/sites/none/periods/2026-Q3", "/certificates/a/b", "/records/a/b", "/blocks/99999", "/blocks/x"} {
		page, _ := s.get(path, http.StatusNotFound)
		require.Contains(t, page, "Not on the ledger", path)
	}
}

// Each link of a page of this console leads to a page of it.
func TestNoLinkIsDead(t *testing.T) {
	s := serve(t, "growers", season(t))
	link := regexp.MustCompile(`href="(/[^"]*)"`)
	seen := map[string]bool{"/": true}
	for queue := []string{"/"}; len(queue) > 0; queue = queue[1:] {
		page, _ := s.get(queue[0], http.StatusOK)
		for _, m := range link.FindAllStringSubmatch(page, -1) {
			path := strings.ReplaceAll(m[1], "&amp;", "&")
			if seen[path] || strings.HasPrefix(path, "/api/") || path == "/verifier" || path == "/readyz" || path == "/openapi.json" || strings.HasPrefix(path, "/assets/") {
				continue
			}
			seen[path] = true
			queue = append(queue, path)
		}
	}
	require.Greater(t, len(seen), 100)
}

// A suspension stays visible after it was lifted.
func TestSuspensionsAreShownForEver(t *testing.T) {
	ledger := season(t)
	ledger.Declare("SUS-1", massbalance.Suspended, "2026-09-01", "Missing land records")
	s := serve(t, "growers", ledger)
	page, _ := s.get("/certificates/certifier/CERT-2026-04", http.StatusOK)
	require.Contains(t, text(page), "Suspended from 2026-09-01 and still: Missing land records")
	ledger.Declare("REI-1", massbalance.Reinstated, "2026-09-15", "Records found")
	page, _ = s.get("/certificates/certifier/CERT-2026-04", http.StatusOK)
	require.Contains(t, text(page), "Reinstated on 2026-09-15")
	require.Contains(t, text(page), "Suspended from 2026-09-01 until 2026-09-15 : Missing land records")
	require.Contains(t, text(page), "lifted by REI-1")
	ledger.Declare("WTH-1", massbalance.Withdrawn, "2026-09-20", "Fraud")
	page, _ = s.get("/certificates/certifier/CERT-2026-04", http.StatusOK)
	require.Contains(t, text(page), "Suspended from 2026-09-01 until 2026-09-15")
	require.Contains(t, text(page), "Withdrawn from 2026-09-20 for ever: Fraud")
}
