package console

import (
	"cmp"
	"net/http"
	"net/url"
	"slices"
	"strconv"

	"github.com/weighbridge/weighbridge/chaincode/massbalance"
	"github.com/weighbridge/weighbridge/gateway/readmodel"
	"github.com/weighbridge/weighbridge/gateway/trade"
)

// offersPage lists what is offered.
type offersPage struct {
	trading
	listing
	Rows []offerRow
	// Query is what the table was asked with, to ask for it as a file.
	Query string
	// Trades is set where the organisation is one that offers and buys.
	Trades bool
}

// offerRow is an offer as the organisation sees it.
type offerRow struct {
	massbalance.Offer
	SellerName, To string
	Mine, Mentions bool
	// Facts are the physical side: public, or, to whom it was offered, out of the terms.
	Facts   *massbalance.OfferFacts
	Product string
	Price   string
	// State and Class say where it stands; Todo what the organisation is to do about it.
	State, Class, Todo string
	Deeds              []deed
	negotiations       []massbalance.Negotiation
}

// offerFilters are the ways to narrow the list, by parameter.
var offerFilters = map[string]struct {
	label, all string
	choices    []choice
}{
	"whose": {"Offers", "All that we may see", []choice{{Value: "ours", Name: "Ours"}, {Value: "to-us", Name: "To us"}, {Value: "to-all", Name: "To all members"}}},
	"state": {"State", "All", []choice{{Value: "open", Name: "Open"}, {Value: "agreed", Name: "Agreed"}, {Value: "over", Name: "Over: expired, declined or withdrawn"}}},
}

func (l *lens) offersPage(r *http.Request) (any, error) {
	around, err := l.listing(r, "Offers", "", "product")
	page := offersPage{trading: trading{"/offers"}, listing: around, Trades: l.role() == massbalance.Trading}
	if err != nil {
		return page, err
	}
	page.narrow(offerFilters, "whose", "state")
	offers, err := readmodel.AllThings[massbalance.Offer](l.s, massbalance.KindOffer, readmodel.ThingFilter{})
	if err != nil {
		return page, err
	}
	slices.Reverse(offers) // the newest first
	for _, o := range offers {
		row, err := l.offerRow(o.Value)
		if err != nil {
			return page, err
		}
		if page.shows(row) {
			page.Rows = append(page.Rows, row)
		}
	}
	page.Rows, page.Query = paged(&page.listing, r.URL.Query(), page.Rows)
	return page, nil
}

// narrow adds filters whose choices are fixed.
func (p *listing) narrow(known map[string]struct {
	label, all string
	choices    []choice
}, names ...string) {
	for _, name := range names {
		f := known[name]
		p.Choosers = append(p.Choosers, choose(p.query, name, f.label, f.all, f.choices))
		p.Any = p.Any || p.query.Get(name) != ""
	}
}

// paged gives one page of rows that were all made, and the query with which all
// of them are given as a file. A file has all rows.
func paged[T any](p *listing, asked url.Values, rows []T) ([]T, string) {
	query := url.Values{}
	for name, values := range asked {
		if name != "after" && name != exportName {
			query[name] = values
		}
	}
	encoded := query.Encode()
	if encoded != "" {
		encoded += "&"
	}
	if asked.Has(exportName) {
		return rows, encoded
	}
	from := min(int(min(p.asked.After, uint64(len(rows)))), len(rows)) //nolint:gosec // bounded by the number of rows
	to := min(from+listRows, len(rows))
	next := 0
	if to < len(rows) {
		next = to
	}
	p.seen(uint64(next), "") //nolint:gosec // not negative
	return rows[from:to], encoded
}

// shows reports whether a row passes the filters.
func (p offersPage) shows(row offerRow) bool {
	if product := p.get("product"); product != "" && (row.Facts == nil || string(row.Facts.Product) != product) {
		return false
	}
	if state := p.get("state"); state != "" && state != map[string]string{"pending": "open", "in_transit": "open", "received": "agreed"}[row.Class] && (state != "over" || row.Class != "") {
		return false
	}
	switch p.get("whose") {
	case "ours":
		return row.Mine
	case "to-us":
		return row.Mentions
	case "to-all":
		return row.Offer.Facts != nil
	}
	return true
}

func (l *lens) offerRow(o massbalance.Offer) (offerRow, error) {
	row := offerRow{Offer: o, SellerName: l.memberName(o.Seller), Mine: o.Seller == l.organisation, Facts: o.Facts}
	var err error
	if row.negotiations, err = l.negotiations(o.ID); err != nil {
		return row, err
	}
	row.Mentions = slices.ContainsFunc(row.negotiations, func(n massbalance.Negotiation) bool { return n.Quote.Buyer == l.organisation })
	row.To = l.offeredTo(o)
	if err := l.offerFacts(&row); err != nil {
		return row, err
	}
	if row.Facts != nil {
		row.Product = l.productName(row.Facts.Product)
	}
	l.offerState(&row)
	return row, nil
}

// offeredTo names whom an offer was made to.
func (l *lens) offeredTo(o massbalance.Offer) string {
	if o.Facts != nil {
		return "all members"
	}
	names := ""
	for i, buyer := range o.Buyers {
		if i > 0 {
			names += ", "
		}
		names += l.memberName(buyer)
	}
	return names
}

// offerFacts finds what a private offer is of in the terms that came with it,
// where the organisation holds them, and what it asks.
func (l *lens) offerFacts(row *offerRow) error {
	for _, n := range row.negotiations {
		if !l.party(n) {
			continue
		}
		rounds, err := l.rounds(n)
		if err != nil {
			return err
		}
		for _, round := range rounds {
			if row.Facts == nil {
				row.Facts = round.facts
			}
			if round.Deal.Price != nil && len(row.negotiations) == 1 {
				row.Price = round.Deal.Price.PerTonne // of the latest round
			}
		}
		if row.Facts != nil {
			return nil
		}
	}
	return nil
}

// offerState says where an offer stands for the organisation.
func (l *lens) offerState(row *offerRow) {
	row.State, row.Class = "Open", "in_transit"
	if row.Withdrawn != "" {
		row.State, row.Class = "Withdrawn", ""
	} else if l.today > row.Expires {
		row.State, row.Class = "Expired", ""
	}
	if len(row.negotiations) == 1 || !row.Mine && row.Mentions {
		for _, n := range row.negotiations {
			if len(row.negotiations) == 1 || l.party(n) {
				row.State, row.Class = l.negotiationState(row.Offer, n)
			}
		}
	} else if agreed := accepted(row.negotiations); agreed > 0 {
		row.State, row.Class = strconv.Itoa(agreed)+" of "+strconv.Itoa(len(row.negotiations))+" agreed", "received"
	}
	for _, n := range row.negotiations {
		if deeds, todo := l.negotiationDeeds(row.Offer, n); todo != "" {
			row.Todo, row.Deeds = todo, deeds
		}
	}
}

func accepted(all []massbalance.Negotiation) (n int) {
	for _, one := range all {
		if one.Status == massbalance.NegotiationAccepted {
			n++
		}
	}
	return n
}

// negotiationState says where two parties stand. Class is "received" where they
// agreed, "pending" where this organisation has to answer, "in_transit" where the
// other one has, and "" where it is over.
func (l *lens) negotiationState(o massbalance.Offer, n massbalance.Negotiation) (state, class string) {
	switch {
	case n.Status == massbalance.NegotiationAccepted:
		return "Agreed", "received"
	case n.Status == massbalance.NegotiationDeclined:
		return "Declined", ""
	case o.Withdrawn != "":
		return "Withdrawn", ""
	case l.today > n.Expires || l.today > o.Expires:
		return "Expired", ""
	case otherThan(n, n.By) == l.organisation:
		return "Your turn", "pending"
	}
	return "With " + l.memberName(otherThan(n, n.By)), "in_transit"
}

// negotiationDeeds is what the organisation may do about a negotiation, and in a
// few words what it has to, or "".
func (l *lens) negotiationDeeds(o massbalance.Offer, n massbalance.Negotiation) (deeds []deed, todo string) {
	_, class := l.negotiationState(o, n)
	if class != "pending" || l.desk == nil {
		return nil, ""
	}
	for i, name := range []string{"accept-offer", "counter-offer", "decline-offer"} {
		deeds = append(deeds, deedOf(name, i == 0, "offer", string(o.ID), "buyer", string(n.Quote.Buyer)))
	}
	if !l.acts {
		deeds = nil
	}
	return deeds, "Answer it"
}

// offerPage is one offer with everything that was said about it.
type offerPage struct {
	trading
	offerRow
	SiteName     string
	Sets         []traits
	Negotiations []negotiationView
	// Held is set where the facts of an offer that stands were held against the
	// seller's books, and Findings are what differs.
	Held     bool
	Findings []trade.FactFinding
	// Bid is set on an offer to all on which this organisation has not answered.
	OfferDeeds []deed
	History    []entryRow
}

// Title is the page's name in the browser.
func (p offerPage) Title() string { return "Offer " + string(p.ID) }

// negotiationView is what was said between the seller and one buyer.
type negotiationView struct {
	massbalance.Negotiation
	BuyerName, ByName, State, Class string
	Ours                            bool
	Rounds                          []roundView
	Deeds                           []deed
}

// Latest is the round on the table.
func (n negotiationView) Latest() roundView { return n.Rounds[0] }

// roundView is one party's terms; the latest stands first.
type roundView struct {
	Number  int
	By      string
	On      massbalance.Date
	Expires massbalance.Date
	Terms   massbalance.Digest
	Record  string
	Deal    deal
	facts   *massbalance.OfferFacts
}

func (l *lens) offerPage(id massbalance.OfferID) (page offerPage, err error) {
	page.tab = "/offers"
	offer, err := readmodel.Need[massbalance.Offer](l.s, massbalance.OfferKey(id))
	if err != nil {
		return page, err
	}
	if page.offerRow, err = l.offerRow(offer); err != nil {
		return page, err
	}
	if f := page.Facts; f != nil {
		page.SiteName = l.siteName(f.Site)
		for _, set := range f.Characteristics {
			t, err := l.traits(set)
			if err != nil {
				return page, err
			}
			page.Sets = append(page.Sets, t)
		}
	}
	if err := page.hold(l); err != nil {
		return page, err
	}
	for _, n := range page.negotiations {
		view := negotiationView{Negotiation: n, BuyerName: l.memberName(n.Quote.Buyer), ByName: l.memberName(n.By), Ours: l.party(n)}
		view.State, view.Class = l.negotiationState(offer, n)
		view.Deeds, _ = l.negotiationDeeds(offer, n)
		if view.Rounds, err = l.rounds(n); err != nil {
			return page, err
		}
		page.Negotiations = append(page.Negotiations, view)
	}
	page.OfferDeeds = l.offerDeeds(page.offerRow)
	entries, err := l.s.Entries(readmodel.EntryFilter{Subject: string(id)}, readmodel.Page{Limit: readmodel.MaxLimit, Newest: true})
	page.History = l.entryRows(entries.Items)
	return page, err
}

// hold holds what the offer states, where this organisation can read it, against
// the seller's books at the page's height, as trade.Desk.Facts does. What is over
// is not held: its lots have gone where they were sold.
func (p *offerPage) hold(l *lens) (err error) {
	if p.Held = p.Facts != nil && (p.Class == "in_transit" || p.Class == "pending"); p.Held {
		p.Findings, err = trade.HoldFacts(l.s, p.Seller, *p.Facts)
	}
	return err
}

// offerDeeds is what may be done about an offer as a whole.
func (l *lens) offerDeeds(row offerRow) []deed {
	if !l.acts || l.desk == nil || row.Withdrawn != "" || l.today > row.Expires {
		return nil
	}
	switch {
	case row.Mine && accepted(row.negotiations) < max(1, len(row.negotiations)):
		return []deed{deedOf("withdraw-offer", false, "offer", string(row.ID))}
	case !row.Mine && row.Offer.Facts != nil && !row.Mentions:
		return []deed{deedOf("counter-offer", true, "offer", string(row.ID), "buyer", string(l.organisation))}
	}
	return nil
}

// rounds are what the two parties proposed to each other, read from their
// records; the latest first.
func (l *lens) rounds(n massbalance.Negotiation) ([]roundView, error) {
	entries, err := l.s.Entries(readmodel.EntryFilter{Subject: string(n.Offer)}, readmodel.Page{Limit: readmodel.MaxLimit})
	if err != nil {
		return nil, err
	}
	var all []roundView
	for _, e := range entries.Items {
		quote, expires, ok := proposed(e.Command.Body, n)
		if !ok {
			continue
		}
		round := roundView{
			Number: len(all) + 1, By: l.memberName(e.Record.Organisation), On: e.Record.Date, Expires: expires, Terms: quote.Terms,
			Record: string(e.Record.Organisation) + "/" + string(e.Record.Command),
			Deal:   l.deal([2]massbalance.OrganisationID{n.Seller, n.Quote.Buyer}, quote.Terms),
		}
		if l.party(n) && l.desk != nil {
			if terms, err := l.desk.Terms(l.ctx, quote.Terms); err == nil {
				round.facts = terms.Facts
			}
		}
		all = append(all, round)
	}
	slices.SortStableFunc(all, func(a, b roundView) int { return cmp.Compare(b.Number, a.Number) })
	return all, nil
}

// proposed finds in a command what it proposes between the two parties.
func proposed(body massbalance.Body, n massbalance.Negotiation) (massbalance.Quote, massbalance.Date, bool) {
	switch b := body.(type) {
	case massbalance.MakeOffer:
		for _, q := range b.Quotes {
			if q.Buyer == n.Quote.Buyer {
				return q, b.Expires, true
			}
		}
	case massbalance.CounterOffer:
		return b.Quote, b.Expires, b.Quote.Buyer == n.Quote.Buyer
	}
	return massbalance.Quote{}, "", false
}
