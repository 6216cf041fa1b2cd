package console

import (
	"net/http"

	"github.com/weighbridge/weighbridge/chaincode/massbalance"
	"github.com/weighbridge/weighbridge/gateway/access"
)

// route is a page at a path.
type route struct {
	who            access.Permission
	path, template string
	look           func(*lens, *http.Request) (any, error)
}

// routes are the pages beside the overview, a site and a claim.
var routes = []route{
	{access.Read, "/sites", "sites", (*lens).sitesPage},
	{access.Read, "/lots", "lots", (*lens).lotsPage},
	{access.Read, "/lots/{organisation}/{command}/{number}", "lot", func(l *lens, r *http.Request) (any, error) {
		return l.lotPage(massbalance.LotID(derived(r) + "/" + r.PathValue("number")))
	}},
	{access.Read, "/conversions", "conversions", (*lens).conversionsPage},
	{access.Read, "/transfers", "transfers", (*lens).transfersPage},
	{access.Read, "/transfers/{organisation}/{command}", "transfer", func(l *lens, r *http.Request) (any, error) {
		return l.transferPage(massbalance.TransferID(derived(r)))
	}},
	{access.Read, "/periods", "periods", (*lens).periodsPage},
	{access.Read, "/sites/{site}/periods/{period}", "period", func(l *lens, r *http.Request) (any, error) {
		return remembered(l, r.URL.Path, func() (any, error) {
			return l.periodPage(massbalance.SiteID(r.PathValue("site")), massbalance.PeriodID(r.PathValue("period")))
		})
	}},
	{access.Read, "/sites/{site}/time", "overtime", func(l *lens, r *http.Request) (any, error) {
		return remembered(l, r.URL.Path, func() (any, error) { return l.overTimePage(massbalance.SiteID(r.PathValue("site"))) })
	}},
	{access.Read, "/claims", "claims", (*lens).claimsPage},
	{access.Read, "/certificates", "certificates", (*lens).certificatesPage},
	{access.Read, "/certificates/{certifier}/{certificate}", "certificate", func(l *lens, r *http.Request) (any, error) {
		return l.certificatePage(massbalance.OrganisationID(r.PathValue("certifier")), massbalance.CertificateID(r.PathValue("certificate")))
	}},
	{access.Read, "/statements", "statements", (*lens).statementsPage},
	{access.Read, "/flow", "flow", (*lens).flowPage},
	{access.Read, "/audit", "audit", (*lens).auditPage},
	{access.Read, "/register", "register", (*lens).registerPage},
	{access.Read, "/records/{organisation}/{command}", "record", func(l *lens, r *http.Request) (any, error) {
		return l.recordPage(massbalance.OrganisationID(r.PathValue("organisation")), massbalance.CommandID(r.PathValue("command")), r.URL.Query().Get("done"))
	}},
	{access.Read, "/blocks/{number}", "block", func(l *lens, r *http.Request) (any, error) { return l.blockPage(r.PathValue("number")) }},
}

func derived(r *http.Request) string {
	return r.PathValue("organisation") + "/" + r.PathValue("command")
}

// navigation is the way through the console.
var navigation = []struct{ Path, Name string }{
	{"/", "Today"}, {"/do", "Book"}, {"/sites", "Sites"}, {"/lots", "Lots"}, {"/transfers", "Transfers"}, {"/periods", "Periods"}, {"/offers", "Trade"},
	{"/claims", "Claims"}, {"/scope3", "Scope 3"}, {"/certificates", "Certificates"}, {"/flow", "Flow"}, {"/map", "Map"}, {"/audit", "Audit"},
}

// navLink is an entry of the navigation. Current is "page" on the page itself,
// "true" on a page below it, and "" elsewhere.
type navLink struct {
	Path, Name, Current string
	Waiting             int
}

// below says which entry of the navigation a page without one of its own belongs to.
var below = map[string]string{"statements": "/certificates", "conversions": "/lots", "register": "/audit", "alarms": "/audit", "records": "/audit", "blocks": "/audit", "agreements": "/offers", "worth": "/offers", "projects": "/offers"}

// Nav is the navigation as seen from the page.
func (f frame) Nav() []navLink {
	first, _, deeper := cutPath(f.Path)
	section := "/" + first
	if to, ok := below[first]; ok {
		section, deeper = to, true
	}
	links := make([]navLink, 0, len(navigation))
	for _, n := range navigation {
		if n.Path == "/do" && !f.Acts {
			continue
		}
		link := navLink{Path: n.Path, Name: n.Name}
		if n.Path == section {
			link.Current = "page"
			if deeper {
				link.Current = "true"
			}
		}
		links = append(links, link)
	}
	if f.Caller.Holds {
		link := navLink{Path: "/approvals", Name: "Approvals", Waiting: f.Caller.Waiting}
		if section == link.Path {
			link.Current = "page"
		}
		links = append(links, link)
	}
	return links
}

func cutPath(path string) (first, rest string, deeper bool) {
	for i := 1; i < len(path); i++ {
		if path[i] == '/' {
			return path[1:i], path[i+1:], true
		}
	}
	return path[min(1, len(path)):], "", false
}
