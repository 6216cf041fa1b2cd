package console_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/weighbridge/weighbridge/gateway/access"
)

// visit is a page to look at.
type visit struct {
	name, path string
	served     *served
}

// at is a page to look at, at the gateway of a name.
type at struct{ name, gateway, path string }

// looked are the pages that are looked at, each in light, in dark and on a phone.
// "staff" is the miller's gateway with the accounts of its people.
var looked = []at{
	{"today", "growers", "/"}, {"today-miller", "miller", "/"}, {"today-certifier", "certifier", "/"}, {"today-lagging", "lagging", "/"}, {"empty", "empty", "/"},
	{"site", "growers", "/sites/elevator"}, {"site-mill", "miller", "/sites/mill"}, {"site-empty", "growers", "/sites/silo-north"}, {"sites", "growers", "/sites"},
	{"lot", "miller", "/lots/miller/CNV-1/1"}, {"lots", "miller", "/lots"}, {"conversions", "miller", "/conversions"}, {"conversions-none", "growers", "/conversions?site=bakery"},
	{"transfer", "growers", "/transfers/growers/DSP-1"}, {"transfer-waiting", "miller", "/transfers/growers/DSP-4"}, {"transfers", "growers", "/transfers"},
	{"period", "miller", "/sites/mill/periods/2026-Q3"}, {"periods", "growers", "/periods"},
	{"claim", "brand", "/claims/brand/CLM-1"}, {"claim-others", "miller", "/claims/brand/CLM-1"}, {"claims", "brand", "/claims"},
	{"certificates", "growers", "/certificates"}, {"certificate", "growers", "/certificates/certifier/CERT-2026-04"}, {"statements", "growers", "/statements"},
	{"flow", "growers", "/flow"}, {"flow-filtered", "growers", "/flow?site=mill&from=2026-07-01&to=2026-09-30"}, {"map", "growers", "/map"},
	{"time", "growers", "/sites/elevator/time"}, {"time-empty", "growers", "/sites/silo-north/time"},
	{"alarms", "split", "/alarms"}, {"alarms-none", "certifier", "/alarms"}, {"audit", "certifier", "/audit?recount=now"}, {"register", "certifier", "/register"},
	{"record", "certifier", "/records/miller/CNV-1"}, {"record-done", "miller", "/records/miller/CNV-1?done=convert"}, {"block", "certifier", "/blocks/1"}, {"missing", "growers", "/sites/nowhere"},
	{"docs", "growers", "/docs"},
}

// forms are the forms that are looked at, as they stand when some of them is filled in.
var forms = []at{
	{"book", "growers", "/do"}, {"book-certifier", "certifier", "/do"}, {"do-intake", "growers", "/do/intake?site=elevator"},
	{"do-intake-statement", "growers", "/do/intake?site=elevator&statement=certifier/VS-2026-011&quantity=300000&evidence=WB-1&model=segregated"},
	{"do-dispatch", "miller", "/do/dispatch?site=mill&product=wheat-flour&to=bakery&quantity=20000&lots:miller/CNV-1/1=5000"},
	{"do-receive", "miller", "/do/receive?transfer=growers/DSP-4&quantity=24950&evidence=WB-7"}, {"do-reject", "miller", "/do/reject?transfer=growers/DSP-4"},
	{"do-return", "growers", "/do/return?transfer=growers/DSP-3"},
	{"do-convert", "miller", "/do/convert?site=mill&recipe=milling&quantity=100000&outputs:wheat-flour=71900&outputs:wheat-bran=27500&lots:miller/RCV-2/1=20000"},
	{"do-convert-refused", "miller", "/do/convert?site=mill&recipe=milling&quantity=100000&outputs:wheat-flour=72000.001"},
	{"do-convert-mixed", "miller", "/do/convert?site=mill&recipe=mixing&quantity=60000&with:wheat-bran=20000&outputs:feed=80000"},
	{"do-claim", "brand", "/do/claim?site=brand-hub&product=wheat-flour&beneficiary=Rolls&purpose=Scope+3&lots:brand/RCV-1/2=1000"},
	{"do-open-period", "miller", "/do/open-period?site=mill"}, {"do-close-period", "miller", "/do/close-period?site=mill&counts:wheat=299000&sure=yes"},
	{"do-withdraw", "miller", "/do/withdraw?site=mill&product=wheat-bran"}, {"do-downgrade", "growers", "/do/downgrade?site=elevator&product=wheat"},
	{"do-decouple", "growers", "/do/decouple?site=elevator&product=wheat"}, {"do-document", "growers", "/do/document?kind=statement"},
	{"do-report-tier", "miller", "/do/report-tier?claim=brand/CLM-1&way=brand/RCV-1/1+manufacturer/RCV-1/1+miller/CNV-1/1"}, {"do-cover-recall", "brand", "/do/cover-recall"},
	{"do-propose", "growers", "/do/propose"}, {"do-propose-product", "growers", "/do/propose?type=register_product&entry=wheat"},
	{"do-propose-recipe", "growers", "/do/propose?type=register_recipe&entry=milling"}, {"do-propose-profile", "growers", "/do/propose?type=register_profile&entry=%2B"},
	{"do-propose-certifier", "growers", "/do/propose?type=register_certifier&entry=certifier"}, {"do-register-site", "growers", "/do/register-site"},
	{"do-propose-reversal", "growers", "/do/propose-reversal?transfer=growers/DSP-1"}, {"do-none", "growers", "/do/dance"},
}

// signedIn are the pages of people, which they see once they signed in.
var signedIn = []at{
	{"account", "staff", "/account"}, {"administration", "staff", "/administration"}, {"activity", "staff", "/activity"}, {"approvals", "staff", "/approvals"},
	{"today-staff", "staff", "/"}, {"sign-in", "staff", "/sign-in"},
}

// elsewhere are the pages that another test looks at, and what is no page.
var elsewhere = map[string]string{
	"GET /offers": "TestPagesOfTradeInABrowser", "GET /offers/{organisation}/{command}": "TestPagesOfTradeInABrowser",
	"GET /agreements": "TestPagesOfTradeInABrowser", "GET /agreements/{organisation}/{command}": "TestPagesOfTradeInABrowser",
	"GET /agreements/{organisation}/{command}/periods/{period}": "TestPagesOfTradeInABrowser",
	"GET /worth": "TestPagesOfWorthInABrowser", "GET /projects": "TestPagesOfWorthInABrowser", "GET /projects/{project}": "TestPagesOfWorthInABrowser",
	"GET /scope3": "TestPagesOfScope3InABrowser",
	"GET /import": "TestTheImportPagesInABrowser", "GET /import/{job}": "TestTheImportPagesInABrowser",
	"GET " + access.LinkPath: "signs in and leads on", "GET " + access.ProviderPath + "{provider}": "leads to the provider", "GET " + access.ProviderPath + "{provider}/back": "leads on",
	"GET /assets/": "no page", "GET /docs.css": "no page", "GET /healthz": "no page", "GET /readyz": "no page", "GET /metrics": "no page",
}

// No page is forgotten: each that a gateway serves is looked at somewhere.
func TestEveryPageIsLookedAt(t *testing.T) {
	staff, _ := newDesks(t).staffed()
	seen := map[string]bool{}
	for _, list := range [][]at{looked, forms, signedIn} {
		for _, page := range list {
			path, _, _ := strings.Cut(page.path, "?")
			pattern, _, _ := staff.routes.Match(httptest.NewRequest(http.MethodGet, path, nil))
			seen[pattern] = true
		}
	}
	for _, pattern := range staff.routes.Patterns() {
		path, get := strings.CutPrefix(pattern, "GET ")
		if !get || strings.HasPrefix(path, "/api/") || strings.HasPrefix(path, "/openapi") || strings.HasPrefix(path, "/.well-known") {
			continue
		}
		where, other := elsewhere[pattern]
		require.NotEqual(t, other, seen[pattern], "%s is looked at nowhere, or twice (%s)", pattern, where)
	}
	for pattern := range elsewhere {
		require.Contains(t, staff.routes.Patterns(), pattern, "there is no such page any more")
	}
}

// Pages render in a real browser in both colour schemes and on a phone: nothing
// is blocked by their own security policy, nothing is fetched from elsewhere and
// nothing is wider than the screen. With SCREENSHOTS set to a directory, the
// pictures are kept there.
func TestPagesInABrowser(t *testing.T) {
	ctx := browser(t)
	gateways := gateways(t)
	for _, page := range append(append([]at{}, looked...), forms...) {
		t.Run(page.name, func(t *testing.T) {
			t.Parallel()
			tab := newTab(t, ctx, gateways[page.gateway].url)
			tab.open(page.path)
			tab.lookAt(page.name)
		})
	}
}

// gateways are those of the members, one that lags behind and one of a ledger
// that is empty.
func gateways(t *testing.T) map[string]*served {
	t.Helper()
	d := newDesks(t)
	mixing(t, d)
	all := map[string]*served{"lagging": serve(t, "miller", season(t)), "empty": serve(t, "growers", nil), "split": split(t)}
	all["lagging"].problem = "This gateway is still reading the chain: 35 of 60 blocks."
	for _, org := range []string{"growers", "miller", "manufacturer", "brand", "certifier"} {
		all[org], _ = d.of(organisation(org))
	}
	return all
}
