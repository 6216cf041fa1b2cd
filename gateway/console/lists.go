package console

import (
	"net/http"

	"github.com/weighbridge/weighbridge/chaincode/massbalance"
	"github.com/weighbridge/weighbridge/gateway/readmodel"
)

// titled is a page that names itself.
type titled struct{ Name string }

// Title is the page's name in the browser.
func (t titled) Title() string { return t.Name }

// siteLine is a site in the list of all.
type siteLine struct {
	massbalance.Site
	OwnerName string
	Head      massbalance.Head
	Own       bool
}

type sitesPage struct {
	titled
	pager
	Rows []siteLine
}

func (l *lens) sitesPage(r *http.Request) (any, error) {
	p := asked(r)
	p.Newest = false
	sites, err := l.s.Sites("", p)
	page := sitesPage{titled: titled{"Sites"}, pager: newPager(r, sites.Next)}
	for _, s := range sites.Items {
		head, err := find[massbalance.Head](l, massbalance.HeadKey(s.ID))
		if err != nil {
			return page, err
		}
		page.Rows = append(page.Rows, siteLine{s, l.memberName(s.Owner), head, s.Owner == l.organisation})
	}
	return page, err
}

type lotsPage struct {
	titled
	pager
	filters
	Rows []lotLine
}

// lotLine is a lot with the name of its site.
type lotLine struct {
	lotRow
	SiteName string
}

func (l *lens) lotsPage(r *http.Request) (any, error) {
	q := r.URL.Query()
	page := lotsPage{titled: titled{"Lots"}}
	sites, err := l.siteChoices()
	if err != nil {
		return page, err
	}
	products, err := l.productChoices()
	if err != nil {
		return page, err
	}
	page.filters = newFilters(r, choose(q, "site", "Site", "All sites", sites), choose(q, "product", "Product", "All products", products),
		choose(q, "available", "Left", "Spent or not", []choice{{Value: "true", Name: "Something left"}}))
	lots, err := l.s.Lots(readmodel.LotFilter{Site: massbalance.SiteID(q.Get("site")), Product: massbalance.ProductID(q.Get("product")), Available: q.Get("available") != ""}, asked(r))
	if err != nil {
		return page, err
	}
	page.pager = newPager(r, lots.Next)
	rows, err := l.lotRows(lots.Items)
	for _, row := range rows {
		page.Rows = append(page.Rows, lotLine{row, l.siteName(row.Site)})
	}
	return page, err
}

type transfersPage struct {
	titled
	pager
	filters
	Rows []transferLine
}

// transferLine is a transfer between two named sites.
type transferLine struct {
	massbalance.Transfer
	FromName, ToName, ProductName string
	Attributed                    massbalance.Quantity
}

func (l *lens) transferLine(t massbalance.Transfer) transferLine {
	line := transferLine{Transfer: t, FromName: l.siteName(t.From), ToName: l.siteName(t.To), ProductName: l.productName(t.Product)}
	for _, part := range t.Lines {
		line.Attributed = line.Attributed.Add(part.Quantity)
	}
	return line
}

func (l *lens) transfersPage(r *http.Request) (any, error) {
	q := r.URL.Query()
	page := transfersPage{titled: titled{"Transfers"}}
	sites, err := l.siteChoices()
	if err != nil {
		return page, err
	}
	var states []choice
	for _, s := range []massbalance.TransferStatus{massbalance.InTransit, massbalance.Received, massbalance.Rejected, massbalance.Returned, massbalance.Reversing, massbalance.Reversed} {
		states = append(states, choice{Value: string(s), Name: statusName(s)})
	}
	page.filters = newFilters(r, choose(q, "site", "Site", "All sites", sites),
		choose(q, "direction", "Direction", "In and out", []choice{{Value: "in", Name: "To the site"}, {Value: "out", Name: "From the site"}}),
		choose(q, "status", "Status", "All", states))
	transfers, err := l.s.Transfers(readmodel.TransferFilter{
		Site: massbalance.SiteID(q.Get("site")), Direction: readmodel.Direction(q.Get("direction")), Status: massbalance.TransferStatus(q.Get("status"))}, asked(r))
	page.pager = newPager(r, transfers.Next)
	for _, t := range transfers.Items {
		page.Rows = append(page.Rows, l.transferLine(t))
	}
	return page, err
}

type claimsPage struct {
	titled
	pager
	filters
	Rows []claimRow
}

func (l *lens) claimsPage(r *http.Request) (any, error) {
	q := r.URL.Query()
	page := claimsPage{titled: titled{"Claims"}}
	members, err := l.memberChoices()
	if err != nil {
		return page, err
	}
	products, err := l.productChoices()
	if err != nil {
		return page, err
	}
	page.filters = newFilters(r, choose(q, "organisation", "Organisation", "All", members), choose(q, "product", "Product", "All products", products))
	claims, err := l.s.Claims(readmodel.ClaimFilter{Organisation: massbalance.OrganisationID(q.Get("organisation")), Product: massbalance.ProductID(q.Get("product"))}, asked(r))
	page.pager = newPager(r, claims.Next)
	for _, c := range claims.Items {
		page.Rows = append(page.Rows, l.claimRow(c))
	}
	return page, err
}

type periodsPage struct {
	titled
	pager
	filters
	Rows []periodLine
}

// periodLine is a period with the name of its site.
type periodLine struct {
	readmodel.Period
	SiteName string
}

func (l *lens) periodsPage(r *http.Request) (any, error) {
	q := r.URL.Query()
	page := periodsPage{titled: titled{"Periods"}}
	sites, err := l.siteChoices()
	if err != nil {
		return page, err
	}
	page.filters = newFilters(r, choose(q, "site", "Site", "All sites", sites),
		choose(q, "open", "Books", "Open and closed", []choice{{Value: "true", Name: "Open"}}))
	periods, err := l.s.Periods(readmodel.PeriodFilter{Site: massbalance.SiteID(q.Get("site")), Open: q.Get("open") != ""}, asked(r))
	page.pager = newPager(r, periods.Next)
	for _, p := range periods.Items {
		page.Rows = append(page.Rows, periodLine{p, l.siteName(p.Site)})
	}
	return page, err
}
