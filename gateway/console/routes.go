package console

import (
	"net/http"
	"net/url"
	"strconv"

	"github.com/weighbridge/weighbridge/chaincode/massbalance"
	"github.com/weighbridge/weighbridge/gateway/access"
	"github.com/weighbridge/weighbridge/gateway/readmodel"
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
	{access.Read, "/transfers", "transfers", (*lens).transfersPage},
	{access.Read, "/transfers/{organisation}/{command}", "transfer", func(l *lens, r *http.Request) (any, error) {
		return l.transferPage(massbalance.TransferID(derived(r)))
	}},
	{access.Read, "/periods", "periods", (*lens).periodsPage},
	{access.Read, "/sites/{site}/periods/{period}", "period", func(l *lens, r *http.Request) (any, error) {
		return l.periodPage(massbalance.SiteID(r.PathValue("site")), massbalance.PeriodID(r.PathValue("period")))
	}},
	{access.Read, "/sites/{site}/time", "overtime", func(l *lens, r *http.Request) (any, error) {
		return l.overTimePage(massbalance.SiteID(r.PathValue("site")))
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
	{"/", "Today"}, {"/do", "Book"}, {"/sites", "Sites"}, {"/lots", "Lots"}, {"/transfers", "Transfers"}, {"/periods", "Periods"},
	{"/claims", "Claims"}, {"/certificates", "Certificates"}, {"/flow", "Flow"}, {"/map", "Map"}, {"/audit", "Audit"},
}

// navLink is an entry of the navigation. Current is "page" on the page itself,
// "true" on a page below it, and "" elsewhere.
type navLink struct {
	Path, Name, Current string
	Waiting             int
}

// below says which entry of the navigation a page without one of its own belongs to.
var below = map[string]string{"statements": "/certificates", "register": "/audit", "records": "/audit", "blocks": "/audit"}

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
	for _, n := range []struct {
		Path, Name string
		shown      bool
	}{{"/approvals", "Approvals", f.Caller.Holds}, {"/administration", "Administration", f.Caller.Administers}, {"/activity", "Activity", f.Caller.Audits}} {
		if !n.shown {
			continue
		}
		link := navLink{Path: n.Path, Name: n.Name}
		if n.Path == section {
			link.Current = "page"
		}
		if n.Path == "/approvals" {
			link.Waiting = f.Caller.Waiting
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

// listRows is how many rows a page of a list shows.
const listRows = 50

// asked reads a list's parameters; the newest stand first.
func asked(r *http.Request) readmodel.Page {
	after, _ := strconv.ParseUint(r.URL.Query().Get("after"), 10, 63) // what is no position is the beginning
	return readmodel.Page{After: after, Limit: listRows, Newest: true}
}

// pager leads to the next page of a list, and back to its first.
type pager struct{ Next, First string }

func newPager(r *http.Request, next uint64) pager {
	var p pager
	query := r.URL.Query()
	if query.Has("after") {
		query.Del("after")
		p.First = r.URL.Path + "?" + query.Encode()
	}
	if next > 0 {
		query.Set("after", strconv.FormatUint(next, 10))
		p.Next = r.URL.Path + "?" + query.Encode()
	}
	return p
}

// choice is an entry of a list to choose from.
type choice struct {
	Value, Name string
	Chosen      bool
}

// chooser is a filter: a list to choose from, or a date.
type chooser struct {
	Name, Label string
	Choices     []choice
	// Value is set for a date.
	Value string
	Date  bool
}

// filters stand above a list.
type filters struct {
	Action   string
	Choosers []chooser
	Any      bool
}

func choose(query url.Values, name, label, all string, choices []choice) chooser {
	c := chooser{Name: name, Label: label, Choices: []choice{{Name: all}}}
	for _, one := range choices {
		one.Chosen = one.Value == query.Get(name)
		c.Choices = append(c.Choices, one)
	}
	return c
}

func newFilters(r *http.Request, choosers ...chooser) filters {
	f := filters{Action: r.URL.Path, Choosers: choosers}
	for _, c := range choosers {
		f.Any = f.Any || r.URL.Query().Get(c.Name) != ""
	}
	return f
}

func dates(query url.Values) []chooser {
	return []chooser{
		{Name: "from", Label: "From", Date: true, Value: query.Get("from")}, {Name: "to", Label: "To", Date: true, Value: query.Get("to")},
	}
}

func (l *lens) siteChoices() ([]choice, error) {
	sites, err := l.s.Sites("", readmodel.Page{Limit: readmodel.MaxLimit})
	var choices []choice
	for _, s := range sites.Items {
		choices = append(choices, choice{Value: string(s.ID), Name: s.Name})
	}
	return choices, err
}

func (l *lens) productChoices() ([]choice, error) {
	products, err := l.s.Products(readmodel.Page{Limit: readmodel.MaxLimit})
	var choices []choice
	for _, p := range products.Items {
		choices = append(choices, choice{Value: string(p.ID), Name: p.Name})
	}
	return choices, err
}

func (l *lens) memberChoices() ([]choice, error) {
	consortium, err := find[massbalance.Consortium](l, massbalance.ConsortiumKey())
	var choices []choice
	for _, m := range consortium.Members {
		choices = append(choices, choice{Value: string(m.Organisation), Name: m.Name})
	}
	return choices, err
}
