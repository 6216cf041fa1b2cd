package console

import (
	"net/http"
	"slices"
	"strconv"

	"github.com/weighbridge/weighbridge/chaincode/massbalance"
	"github.com/weighbridge/weighbridge/gateway/readmodel"
	"github.com/weighbridge/weighbridge/gateway/trade"
)

// agreementsPage lists what was agreed.
type agreementsPage struct {
	trading
	listing
	Rows   []agreementRow
	Query  string
	Trades bool
}

// agreementRow is an agreement with how far it is fulfilled.
type agreementRow struct {
	massbalance.Agreement
	SellerName, BuyerName, Product string
	From, To                       massbalance.Date
	Least, Most, Called, Received  massbalance.Quantity
	Ours                           bool
	// State and Class say where it stands; Short is what will be missing of the
	// current period, or is of those that are over and not settled.
	State, Class string
	Short        massbalance.Quantity
	Settled      int
	Periods      []periodRow
	deliveries   []massbalance.Transfer
}

// periodRow is a period of an agreement with what was said of it.
type periodRow struct {
	trade.Fulfilment
	Maximum    massbalance.Quantity
	Settlement massbalance.Settlement
	// State and Class say how far it is settled; Todo what this organisation is to do.
	State, Class, Todo string
	Deeds              []deed
	Now, Over          bool
	// CalledBar, ReceivedBar and DueBar are in per cent of the most.
	CalledBar, ReceivedBar, DueBar string
}

// Disputed reports whether a dispute is open.
func (p periodRow) Disputed() bool {
	return slices.ContainsFunc(p.Settlement.Disputes, func(d massbalance.Dispute) bool { return d.Resolution == "" })
}

// agreementFilters narrow the list, by parameter.
var agreementFilters = map[string]struct {
	label, all string
	choices    []choice
}{
	"whose": {"Agreements", "Of all members", []choice{{Value: "ours", Name: "Ours"}, {Value: "sold", Name: "We sell"}, {Value: "bought", Name: "We buy"}}},
	"state": {"State", "All", []choice{{Value: "running", Name: "Running"}, {Value: "ahead", Name: "Not begun"}, {Value: "over", Name: "Over"}, {Value: "short", Name: "Falls short"}, {Value: "unsettled", Name: "With periods to be settled"}}},
}

func (l *lens) agreementsPage(r *http.Request) (any, error) {
	around, err := l.listing(r, "Agreements", "", "product")
	page := agreementsPage{trading: trading{"/agreements"}, listing: around, Trades: l.role() == massbalance.Trading}
	if err != nil {
		return page, err
	}
	page.narrow(agreementFilters, "whose", "state")
	all, err := l.agreements(page.asksFor(l.organisation))
	for _, a := range all {
		if page.inState(a) {
			page.Rows = append(page.Rows, a)
		}
	}
	page.Rows, page.Query = paged(&page.listing, r.URL.Query(), page.Rows)
	return page, err
}

// agreements are those that are asked for, the newest first.
func (l *lens) agreements(asked func(massbalance.Agreement) bool) (all []agreementRow, err error) {
	filed, err := readmodel.AllThings[massbalance.Agreement](l.s, massbalance.KindAgreement, readmodel.ThingFilter{})
	if err != nil {
		return nil, err
	}
	slices.Reverse(filed)
	for _, f := range filed {
		if !asked(f.Value) {
			continue
		}
		row, err := l.agreementRow(f.Value)
		if err != nil {
			return nil, err
		}
		all = append(all, row)
	}
	return all, nil
}

// asksFor is what of the filters an agreement alone can tell.
func (p agreementsPage) asksFor(us massbalance.OrganisationID) func(massbalance.Agreement) bool {
	return func(a massbalance.Agreement) bool {
		if product := p.get("product"); product != "" && string(a.Commitment.Product) != product {
			return false
		}
		sold, bought := a.Seller == us, a.Buyer == us
		return map[string]bool{"": true, "ours": sold || bought, "sold": sold, "bought": bought}[p.get("whose")]
	}
}

func (p agreementsPage) inState(a agreementRow) bool {
	return map[string]bool{
		"": true, "running": a.Class == "in_transit", "ahead": a.Class == "pending", "over": a.Class == "", "short": !a.Short.IsZero(),
		"unsettled": slices.ContainsFunc(a.Periods, func(p periodRow) bool { return p.Over && p.Settlement.Agreed == "" }),
	}[p.get("state")]
}

func (l *lens) agreementRow(a massbalance.Agreement) (row agreementRow, err error) {
	first, last := a.Commitment.Periods[0], a.Commitment.Periods[len(a.Commitment.Periods)-1]
	row = agreementRow{
		Agreement: a, SellerName: l.memberName(a.Seller), BuyerName: l.memberName(a.Buyer), Product: l.productName(a.Commitment.Product),
		From: first.From, To: last.To, Ours: a.Seller == l.organisation || a.Buyer == l.organisation,
	}
	if row.deliveries, err = l.s.AllTransfers(readmodel.TransferFilter{Agreement: a.ID}); err != nil {
		return row, err
	}
	receipts, err := trade.Receipts(l.s, a.ID)
	if err != nil {
		return row, err
	}
	periods, err := trade.Fulfil(a, receipts, l.today)
	if err != nil {
		return row, err
	}
	for _, f := range periods {
		p, err := l.periodRow(a, f)
		if err != nil {
			return row, err
		}
		row.count(p)
	}
	switch {
	case l.today < row.From:
		row.State, row.Class = "Not begun", "pending"
	case l.today > row.To:
		row.State, row.Class = "Over", ""
	default:
		row.State, row.Class = "Running", "in_transit"
	}
	return row, nil
}

// count adds a period to its agreement.
func (r *agreementRow) count(p periodRow) {
	r.Periods = append(r.Periods, p)
	r.Least, r.Most = r.Least.Add(p.Minimum), r.Most.Add(p.Maximum)
	r.Called, r.Received = r.Called.Add(p.Called), r.Received.Add(p.Received)
	if p.Settlement.Agreed != "" {
		r.Settled++
	} else if p.Now || p.Over {
		r.Short = r.Short.Add(p.Shortfall)
	}
}

func (l *lens) periodRow(a massbalance.Agreement, f trade.Fulfilment) (periodRow, error) {
	p := periodRow{Fulfilment: f, Maximum: a.Commitment.Periods[f.Period-1].Maximum, Now: f.From <= l.today && l.today <= f.To, Over: l.today > f.To}
	most := larger(f.Most, f.Due)
	p.CalledBar, p.ReceivedBar, p.DueBar = percent(f.Called.Min(most), most, 2), percent(f.Received.Min(most), most, 2), percent(f.Due, most, 2)
	var err error
	p.Settlement, err = find[massbalance.Settlement](l, massbalance.SettlementKey(a.ID, f.Period))
	l.settlementState(a, &p)
	return p, err
}

// settlementState says how far a period is settled, and what is to be done about it here.
func (l *lens) settlementState(a massbalance.Agreement, p *periodRow) {
	s := p.Settlement
	own, other := s.Seller, s.Buyer
	if a.Buyer == l.organisation {
		own, other = s.Buyer, s.Seller
	}
	party := a.Seller == l.organisation || a.Buyer == l.organisation
	switch {
	case s.Agreed != "":
		p.State, p.Class = "Settled", "received"
	case s.Differs():
		p.State, p.Class = "Statements differ", "rejected"
	case !p.Over && p.Now:
		p.State, p.Class = "Under way", "in_transit"
	case !p.Over:
		p.State = "To come"
	case party && own.IsZero():
		p.State, p.Class, p.Todo = "To be confirmed", "pending", "Confirm the statement"
	case !s.Seller.IsZero() || !s.Buyer.IsZero():
		p.State, p.Class = "Half confirmed", "pending"
	default:
		p.State, p.Class = "Not confirmed", "pending"
	}
	if party && s.Differs() && !other.IsZero() {
		p.Todo = "Find out why the statements differ"
	}
	if !l.acts || l.desk == nil || !party {
		return
	}
	about := []string{"agreement", string(a.ID), "period", strconv.Itoa(p.Period)}
	if p.Over && s.Agreed == "" {
		p.Deeds = append(p.Deeds, deedOf("confirm-settlement", own.IsZero(), about...))
	}
	if openDispute(s, l.organisation) {
		p.Deeds = append(p.Deeds, deedOf("resolve-dispute", false, about...))
	} else if p.Over || p.Now {
		p.Deeds = append(p.Deeds, deedOf("raise-dispute", false, about...))
	}
}

func openDispute(s massbalance.Settlement, by massbalance.OrganisationID) bool {
	return slices.ContainsFunc(s.Disputes, func(d massbalance.Dispute) bool { return d.By == by && d.Resolution == "" })
}

// agreementPage is one agreement with its periods and call-offs.
type agreementPage struct {
	trading
	agreementRow
	Deal     deal
	CallOffs []callOff
	Actions  []deed
	History  []entryRow
}

// Title is the page's name in the browser.
func (p agreementPage) Title() string { return "Agreement " + string(p.ID) }

// callOff is a delivery under an agreement.
type callOff struct {
	transferLine
	Period int
}

func (l *lens) agreementPage(id massbalance.AgreementID) (page agreementPage, err error) {
	page.tab = "/agreements"
	a, err := readmodel.Need[massbalance.Agreement](l.s, massbalance.AgreementKey(id))
	if err != nil {
		return page, err
	}
	if page.agreementRow, err = l.agreementRow(a); err != nil {
		return page, err
	}
	page.Deal = l.agreed(a)
	for _, t := range page.deliveries {
		page.CallOffs = append(page.CallOffs, callOff{l.transferLine(t), periodOf(a, t.Dispatched)})
	}
	slices.Reverse(page.CallOffs)
	if l.acts && a.Seller == l.organisation && l.today <= page.To {
		page.Actions = append(page.Actions, deedOf("dispatch", true, "agreement", string(id), "product", string(a.Commitment.Product)))
	}
	entries, err := l.s.Entries(readmodel.EntryFilter{Subject: string(id)}, readmodel.Page{Limit: readmodel.MaxLimit, Newest: true})
	page.History = l.entryRows(entries.Items)
	return page, err
}

// agreed is what was agreed: the commitment for all, the price for its parties.
func (l *lens) agreed(a massbalance.Agreement) deal {
	d := l.deal([2]massbalance.OrganisationID{a.Seller, a.Buyer}, a.Terms)
	closed := d.Closed
	if d.Commitment == nil {
		d = l.committed(a.Commitment)
	}
	d.Closed = closed
	return d
}

// periodOf is the number of the period that a day lies in, 0 for none.
func periodOf(a massbalance.Agreement, day massbalance.Date) int {
	for i, p := range a.Commitment.Periods {
		if p.From <= day && day <= p.To {
			return i + 1
		}
	}
	return 0
}
