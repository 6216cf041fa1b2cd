package console

import (
	"cmp"
	"maps"
	"slices"
	"strings"

	"github.com/weighbridge/weighbridge/chaincode/massbalance"
	"github.com/weighbridge/weighbridge/gateway/readmodel"
)

// How many rows a page shows of each; the interface for programs gives the rest.
const (
	lotRows      = 50
	transferRows = 15
	entryRows    = 15
	claimRows    = 10
)

// sitePage is everything about one site.
type sitePage struct {
	siteCard
	Own      bool
	Lots     []lotRow
	MoreLots bool
	In, Out  []transferRow
	Entries  []entryRow
	Claims   []claimRow
	Deeds    []deed
}

func (l *lens) sitePage(id massbalance.SiteID) (page sitePage, err error) {
	site, err := readmodel.Need[massbalance.Site](l.s, massbalance.SiteKey(id))
	if err != nil {
		return page, err
	}
	page.Own = site.Owner == l.organisation
	if page.siteCard, err = l.siteCard(site); err != nil {
		return page, err
	}
	page.Deeds = l.siteDeeds(page.siteCard)
	lots, err := l.s.Lots(readmodel.LotFilter{Site: id, Available: true}, readmodel.Page{Limit: lotRows})
	if err != nil {
		return page, err
	}
	page.MoreLots = lots.Next != 0
	if page.Lots, err = l.lotRows(lots.Items); err != nil {
		return page, err
	}
	if page.In, err = l.transfers(id, readmodel.In); err != nil {
		return page, err
	}
	if page.Out, err = l.transfers(id, readmodel.Out); err != nil {
		return page, err
	}
	if page.Claims, err = l.claims(readmodel.ClaimFilter{Site: id}); err != nil {
		return page, err
	}
	entries, err := l.s.Entries(readmodel.EntryFilter{Site: id}, readmodel.Page{Limit: entryRows, Newest: true})
	page.Entries = l.entryRows(entries.Items)
	return page, err
}

func (l *lens) transfers(site massbalance.SiteID, direction readmodel.Direction) ([]transferRow, error) {
	transfers, err := l.s.Transfers(readmodel.TransferFilter{Site: site, Direction: direction}, readmodel.Page{Limit: transferRows, Newest: true})
	if err != nil {
		return nil, err
	}
	return l.transferRows(transfers.Items, direction == readmodel.In)
}

func (l *lens) claims(f readmodel.ClaimFilter) ([]claimRow, error) {
	claims, err := l.s.Claims(f, readmodel.Page{Limit: claimRows, Newest: true})
	if err != nil {
		return nil, err
	}
	rows := make([]claimRow, 0, len(claims.Items))
	for _, c := range claims.Items {
		rows = append(rows, l.claimRow(c))
	}
	return rows, nil
}

// claimPage is one claim with where it comes from.
type claimPage struct {
	claimRow
	Owner    string
	Origins  []originRow
	Rounding massbalance.Quantity
	Stations []*station
	Entry    readmodel.Entry
	// Table and Picture are the origins as a table and as a drawing.
	Table   originTable
	Picture *sankeyPicture
	// Carbon is the claim's Scope 3 statement, Lacks what a recall took from it.
	Carbon []carbonLine
	Lacks  []lack
	Deeds  []deed
	// Publishable is set where who looks may publish the claim's proof.
	Publishable bool
}

// originRow is one farm's part of a claim.
type originRow struct {
	readmodel.Origin
	Traits   traits
	Site     string
	Material string
	// Share and Start are in per cent of the claim; Start is where its bar begins.
	Share, Start, Width string
	Index               int
}

// station is a site on the way from the farms to the claim.
type station struct {
	Site     massbalance.Site
	Owner    string
	Products []string
	Lots     int
	away     int // lots between the site and the claim
}

func (l *lens) claimPage(id massbalance.ClaimID) (page claimPage, err error) {
	trace, err := l.s.Trace(id)
	if err != nil {
		return page, err
	}
	c := trace.Claim
	page.claimRow, page.Owner, page.Rounding = l.claimRow(c), l.memberName(c.Organisation), trace.Rounding
	page.Table = l.originTable(trace.Sources, page.Product)
	page.Origins, page.Publishable = page.Table.Rows, l.acts && c.Organisation == l.organisation
	if page.Picture, err = l.sourcesPicture(trace.Sources, readmodel.FlowEnd{}, "The claim"); err != nil {
		return page, err
	}
	if err := l.claimStanding(&page); err != nil {
		return page, err
	}
	if page.Stations, err = l.stations(trace.Path); err != nil {
		return page, err
	}
	_, command, _ := strings.Cut(string(c.ID), "/")
	page.Entry, err = l.s.Command(c.Organisation, massbalance.CommandID(command))
	return page, err
}

// claimStanding says what the claim reports, what it lacks since a recall, and
// what may be done about it here.
func (l *lens) claimStanding(page *claimPage) (err error) {
	c := page.Claim
	if page.Carbon, err = l.claimCarbon(c.Lines); err != nil {
		return err
	}
	if page.Lacks, err = l.lacks(func(one massbalance.Claim) bool { return one.ID == c.ID }); err != nil || !l.acts {
		return err
	}
	for _, one := range page.Lacks {
		page.Deeds = append(page.Deeds, deedOf("cover-recall", true, "lack", one.Key()))
	}
	if c.Organisation == l.organisation || c.Reversed != "" {
		return nil
	}
	ways, err := l.tierWays(c)
	if len(ways) > 0 {
		page.Deeds = append(page.Deeds, deedOf("report-tier", false, "claim", string(c.ID)))
	}
	return err
}

// stations lists the sites on the way, the farms' first: by the longest way from
// a site to the claim.
func (l *lens) stations(path []readmodel.Step) ([]*station, error) {
	away := map[massbalance.LotID]int{}
	at := map[massbalance.SiteID]*station{}
	for _, step := range path { // each lot before those it was made of
		lot := step.Lot
		for _, parent := range lot.Parents {
			away[parent.Lot] = max(away[parent.Lot], away[lot.ID]+1)
		}
		s, seen := at[lot.Site]
		if !seen {
			site, err := find[massbalance.Site](l, massbalance.SiteKey(lot.Site))
			if err != nil {
				return nil, err
			}
			s = &station{Site: site, Owner: l.memberName(site.Owner)}
			at[lot.Site] = s
		}
		s.Lots++
		s.away = max(s.away, away[lot.ID])
		if name := l.productName(lot.Product); !slices.Contains(s.Products, name) {
			s.Products = append([]string{name}, s.Products...)
		}
	}
	return slices.SortedFunc(maps.Values(at), func(a, b *station) int {
		return cmp.Or(cmp.Compare(b.away, a.away), cmp.Compare(a.Site.ID, b.Site.ID))
	}), nil
}
