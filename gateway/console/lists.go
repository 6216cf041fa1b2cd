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
	listing
	Rows []siteLine
}

func (l *lens) sitesPage(r *http.Request) (any, error) {
	around, err := l.listing(r, "Sites", "/api/v1/sites", "owner")
	page := sitesPage{listing: around}
	if err != nil {
		return page, err
	}
	page.asked.Newest = false
	sites, err := l.s.Sites(massbalance.OrganisationID(page.get("owner")), page.asked)
	page.seen(sites.Next, sites.NextValue)
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
	listing
	Rows []lotLine
}

// lotLine is a lot with the name of its site.
type lotLine struct {
	lotRow
	SiteName string
}

func (l *lens) lotsPage(r *http.Request) (any, error) {
	around, err := l.listing(r, "Lots", "/api/v1/lots", "site", "product", "model", "available", "lots-by")
	page := lotsPage{listing: around}
	if err != nil {
		return page, err
	}
	lots, err := l.s.Lots(readmodel.LotFilter{Site: massbalance.SiteID(page.get("site")), Product: massbalance.ProductID(page.get("product")),
		Model: massbalance.CustodyModel(page.get("model")), Available: page.get("available") != ""}, page.asked)
	if err != nil {
		return page, err
	}
	page.seen(lots.Next, lots.NextValue)
	rows, err := l.lotRows(lots.Items)
	for _, row := range rows {
		page.Rows = append(page.Rows, lotLine{row, l.siteName(row.Site)})
	}
	return page, err
}

type transfersPage struct {
	listing
	Rows []transferLine
}

// transferLine is a transfer between two named sites.
type transferLine struct {
	massbalance.Transfer
	FromName, ToName, ProductName string
	Attributed                    massbalance.Quantity
	Deeds                         []deed
}

func (l *lens) transferLine(t massbalance.Transfer) transferLine {
	line := transferLine{Transfer: t, FromName: l.siteName(t.From), ToName: l.siteName(t.To), ProductName: l.productName(t.Product)}
	for _, part := range t.Lines {
		line.Attributed = line.Attributed.Add(part.Quantity)
	}
	return line
}

func (l *lens) transfersPage(r *http.Request) (any, error) {
	around, err := l.listing(r, "Transfers", "/api/v1/transfers", "site", "direction", "status", "product", "from", "to", "moves-by")
	page := transfersPage{listing: around}
	if err != nil {
		return page, err
	}
	transfers, err := l.s.Transfers(readmodel.TransferFilter{
		Site: massbalance.SiteID(page.get("site")), Direction: readmodel.Direction(page.get("direction")), Status: massbalance.TransferStatus(page.get("status")),
		Product: massbalance.ProductID(page.get("product")), From: massbalance.Date(page.get("from")), To: massbalance.Date(page.get("to"))}, page.asked)
	page.seen(transfers.Next, transfers.NextValue)
	for _, t := range transfers.Items {
		line := l.transferLine(t)
		if deeds, todo := l.transferDeeds(t); todo != "" {
			line.Deeds = deeds
		}
		page.Rows = append(page.Rows, line)
	}
	return page, err
}

type claimsPage struct {
	listing
	Rows []claimRow
}

func (l *lens) claimsPage(r *http.Request) (any, error) {
	around, err := l.listing(r, "Claims", "/api/v1/claims", "organisation", "product", "model", "year", "from", "to", "moves-by")
	page := claimsPage{listing: around}
	if err != nil {
		return page, err
	}
	claims, err := l.s.Claims(readmodel.ClaimFilter{
		Organisation: massbalance.OrganisationID(page.get("organisation")), Product: massbalance.ProductID(page.get("product")),
		Model: massbalance.CustodyModel(page.get("model")), Year: page.get("year"), From: massbalance.Date(page.get("from")), To: massbalance.Date(page.get("to"))}, page.asked)
	page.seen(claims.Next, claims.NextValue)
	for _, c := range claims.Items {
		page.Rows = append(page.Rows, l.claimRow(c))
	}
	return page, err
}

type periodsPage struct {
	listing
	Rows []periodLine
}

// periodLine is a period with the name of its site and what may be done about it.
type periodLine struct {
	readmodel.Period
	SiteName string
	Deeds    []deed
}

func (l *lens) periodsPage(r *http.Request) (any, error) {
	around, err := l.listing(r, "Periods", "/api/v1/periods", "site", "open", "dates-by")
	page := periodsPage{listing: around}
	if err != nil {
		return page, err
	}
	periods, err := l.s.Periods(readmodel.PeriodFilter{Site: massbalance.SiteID(page.get("site")), Open: page.get("open") != ""}, page.asked)
	page.seen(periods.Next, periods.NextValue)
	for _, p := range periods.Items {
		line := periodLine{Period: p, SiteName: l.siteName(p.Site)}
		if site, err := find[massbalance.Site](l, massbalance.SiteKey(p.Site)); err == nil && !p.Closed && site.Owner == l.organisation {
			line.Deeds = l.allowed(deedOf("close-period", false, "site", string(p.Site)))
		}
		page.Rows = append(page.Rows, line)
	}
	return page, err
}
