package console

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/weighbridge/weighbridge/chaincode/massbalance"
	"github.com/weighbridge/weighbridge/gateway/readmodel"
	"github.com/weighbridge/weighbridge/gateway/trade"
)

// trades are what an organisation does with others about volume and its price.
func trades() []action {
	return []action{
		{Name: "offer", Title: "Make an offer", Send: "Make the offer", Back: "/offers", form: offerForm,
			Gives:  []massbalance.Body{massbalance.MakeOffer{}},
			Lead:   "Volume with its characteristics goes up for sale: to all members, or to some. The price reaches those alone to whom you name it.",
			Blames: map[massbalance.Code]string{massbalance.InsufficientCredit: lotField, massbalance.OfferClosed: "expires", massbalance.NotMember: "to", massbalance.NotOwner: "site"}},
		{Name: "counter-offer", Title: "Propose other terms", Send: "Propose them", Back: "/offers", Hidden: true, form: counterForm,
			Gives:  []massbalance.Body{massbalance.CounterOffer{}},
			Lead:   "Your terms take the place of those on the table, and it is the other party's turn.",
			Blames: map[massbalance.Code]string{massbalance.OfferClosed: "expires"}},
		{Name: "accept-offer", Title: "Accept the terms", Send: "Accept: it binds both", Back: "/offers", Hidden: true, form: acceptOfferForm,
			Gives: []massbalance.Body{massbalance.AcceptOffer{}},
			Lead:  "The other party signed for exactly these terms. Your acceptance makes an agreement of them."},
		{Name: "decline-offer", Title: "Decline", Send: "Decline for good", Back: "/offers", Hidden: true, form: declineOfferForm,
			Gives: []massbalance.Body{massbalance.DeclineOffer{}},
			Lead:  "The negotiation ends without an agreement."},
		{Name: "withdraw-offer", Title: "Withdraw the offer", Send: "Withdraw it", Back: "/offers", Hidden: true, form: withdrawOfferForm,
			Gives: []massbalance.Body{massbalance.WithdrawOffer{}},
			Lead:  "Nobody can accept it any more. What was agreed already stands."},
	}
}

// trades reports whether something can be traded here; if not, the form stops.
func (f *form) trades() bool {
	if f.desk == nil || f.role() != massbalance.Trading {
		f.Stop = "Only a trading member offers and buys, through a gateway of its own."
	}
	return f.Stop == ""
}

// head begins a part of a long form.
func (f *form) head(name, label, hint string) { f.add("head", name, label, hint) }

// propose puts a value where nobody typed one yet.
func (f *form) propose(one *field, value string) *field {
	if !f.typed.Has(one.Name) {
		one.Value = value
	}
	return one
}

// sends makes the body of a command of trade: as it would be, without a document
// going anywhere. Sending the form keeps the document first.
func (f *form) sends(keep keeping) (massbalance.Body, error) {
	if !f.ready(false) {
		return nil, nil
	}
	f.keep = keep
	body, err := keep(f.ctx, f.desk)
	switch one := f.field("currency"); {
	case err == nil:
		return body, nil
	case errors.Is(err, trade.ErrFacts) && f.volume() != nil:
		f.volume().fail("%s", err) // it is what is offered, not what it costs
	case errors.Is(err, trade.ErrUnusable) && one != nil:
		one.fail("%s", err)
	default:
		f.Stop = "It cannot be made now: " + err.Error() + "." // which never says what is in a document
	}
	return nil, nil
}

// volume is the field that says what is offered: the lots, or how much of a forecast.
func (f *form) volume() *field { return cmp.Or(f.field(lotField), f.field("quantity")) }

// offerForm puts volume up for sale.
func offerForm(f *form) (massbalance.Body, error) {
	if !f.trades() {
		return nil, nil
	}
	facts, err := f.offered()
	if err != nil || f.Stop != "" {
		return nil, err
	}
	f.head("whom", "To whom", "Facts offered to all stand on the ledger for every member. A price never does: it is kept by your peer and the buyer's.")
	public := f.decides("public", "Who learns of it", "", []choice{{Value: "some", Name: "Only whom I name: facts and price go to them alone"}, {Value: "all", Name: "All members see the facts; the price goes to whom I name"}})
	f.field("public").Wide = true
	buyers, err := f.buyers(public == "all")
	if err != nil {
		return nil, err
	}
	if f.Date = f.day("date", "Business date", "", f.today); public == "" {
		return nil, nil
	}
	draft := trade.Draft{Facts: facts, Public: public == "all"}
	draft.Expires = f.day("expires", "Stands until", "Whoever accepts does so by then", massbalance.Date(f.dayAfter(14)))
	if facts == nil || facts.Quantity.IsZero() {
		return nil, nil
	}
	if len(buyers) > 0 {
		proposal, err := f.terms(proposalOf(f.lens, *facts))
		if err != nil {
			return nil, err
		}
		for _, buyer := range buyers {
			proposal.Buyer = buyer
			draft.Proposals = append(draft.Proposals, proposal)
		}
	}
	return f.sends(func(ctx context.Context, desk *trade.Desk) (massbalance.Body, error) {
		return desk.Offer(ctx, f.command, draft)
	})
}

// offered asks what is put up: lots that are held, or a forecast within a statement.
func (f *form) offered() (*massbalance.OfferFacts, error) {
	f.head("what", "What is offered", "")
	site, err := f.ownSite("Place of delivery")
	if err != nil || site == "" {
		return nil, err
	}
	facts := &massbalance.OfferFacts{Site: site}
	source := f.decides("source", "The volume is", "Nothing is reserved by an offer", []choice{{Value: "lots", Name: "held in lots"}, {Value: "forecast", Name: "a forecast within a verification statement"}})
	switch source {
	case "lots":
		err = f.offeredLots(facts)
	case "forecast":
		err = f.offeredForecast(facts)
	}
	if err != nil || f.Stop != "" || facts.Product == "" {
		return nil, err
	}
	if f.typed.Get("model") == "" && facts.Model != "" {
		f.typed.Set("model", string(facts.Model))
	}
	facts.Model = massbalance.CustodyModel(f.choose("model", "Custody model", "Under which it will be delivered, at least", modelChoices(massbalance.MassBalance)))
	facts.From = f.day("from", "Delivery from", "", f.today)
	facts.To = f.day("until", "Delivery until", "", massbalance.Date(f.dayAfter(60)))
	if one := f.field("until"); facts.To < facts.From {
		one.fail("It is before the first day of delivery")
	}
	return facts, nil
}

func (f *form) offeredLots(facts *massbalance.OfferFacts) error {
	product, _, err := f.stocked(facts.Site, "Product", true)
	if err != nil || product == "" {
		return err
	}
	facts.Product = product
	if facts.Lots, err = f.lots("Lots", "What of each is offered.", lotFilter{Site: facts.Site, Product: product, Verb: "Offer"}); err != nil {
		return err
	}
	for _, line := range facts.Lots {
		lot, err := find[massbalance.Lot](f.lens, massbalance.LotKey(line.Lot))
		if err != nil {
			return err
		}
		facts.Quantity = facts.Quantity.Add(line.Quantity)
		if facts.Model == "" || lot.Model.Level() < facts.Model.Level() {
			facts.Model = lot.Model // proposed; a looser one may be chosen
		}
		facts.Characteristics = withSet(facts.Characteristics, lot.Characteristics)
	}
	return nil
}

func withSet(sets []massbalance.CharacteristicsID, set massbalance.CharacteristicsID) []massbalance.CharacteristicsID {
	for _, one := range sets {
		if one == set {
			return sets
		}
	}
	return append(sets, set)
}

func (f *form) offeredForecast(facts *massbalance.OfferFacts) error {
	all, err := f.statements(facts.Site)
	if err != nil {
		return err
	}
	if len(all) == 0 {
		f.Stop = "No verification statement for " + f.siteName(facts.Site) + " has volume left to be brought in."
		return nil
	}
	var choices []choice
	for _, v := range all {
		left, _ := v.Statement.Quantity.Sub(v.Introduced)
		choices = append(choices, choice{Value: string(v.Statement.Certifier) + "/" + string(v.Statement.ID),
			Name: fmt.Sprintf("%s, %s, %s: %s left", v.Statement.ID, v.Statement.Producer, f.productName(v.Statement.Product), worded(left))})
	}
	chosen := f.decides("statement", "Verification statement", "", choices)
	for _, v := range all {
		if chosen == string(v.Statement.Certifier)+"/"+string(v.Statement.ID) {
			facts.Product, facts.Certifier, facts.Statement = v.Statement.Product, v.Statement.Certifier, v.Statement.ID
			facts.Characteristics = []massbalance.CharacteristicsID{v.Statement.Characteristics.ID()}
			facts.Quantity = f.kg("quantity", "Volume", "No more than the statement leaves to be brought in")
		}
	}
	return nil
}

// buyers are the members that get a price.
func (f *form) buyers(optional bool) ([]massbalance.OrganisationID, error) {
	consortium, err := find[massbalance.Consortium](f.lens, massbalance.ConsortiumKey())
	var rows []amountRow
	for _, m := range consortium.Members {
		if m.Role == massbalance.Trading && m.Organisation != f.organisation {
			rows = append(rows, amountRow{Name: string(m.Organisation), Label: m.Name})
		}
	}
	hint := "Each gets terms of its own, and cannot read another's"
	if optional {
		hint = "May be left empty: whoever is interested then proposes a price"
	}
	var buyers []massbalance.OrganisationID
	for _, ticked := range f.ticks("to", "Who is named a price", hint, optional, rows) {
		buyers = append(buyers, massbalance.OrganisationID(ticked))
	}
	return buyers, err
}

// ticks are boxes of which some are ticked. Other fields may depend on them.
func (f *form) ticks(name, label, hint string, optional bool, rows []amountRow) (ticked []string) {
	one := f.add("ticks", name, label, hint)
	one.Wide, one.Optional, one.Redraw = true, optional, true
	for _, row := range rows {
		value := row.Name
		row.Name = name + ":" + value
		if row.Value = f.typed.Get(row.Name); row.Value != "" {
			ticked = append(ticked, value)
		}
		one.Rows = append(one.Rows, row)
	}
	if one.Value = strings.Join(ticked, " "); len(ticked) == 0 {
		f.need(one, "Tick at least one")
	}
	return ticked
}

// table is the negotiation that a form is about, with its offer.
func (f *form) table() (offer massbalance.Offer, n massbalance.Negotiation, err error) {
	id, buyer := massbalance.OfferID(f.typed.Get("offer")), massbalance.OrganisationID(f.typed.Get("buyer"))
	if offer, err = readmodel.Need[massbalance.Offer](f.s, massbalance.OfferKey(id)); err != nil {
		return offer, n, err
	}
	if n, err = find[massbalance.Negotiation](f.lens, massbalance.NegotiationKey(id, buyer)); err != nil {
		return offer, n, err
	}
	if n.Offer == "" { // an offer to all that nobody of this organisation answered yet
		n = massbalance.Negotiation{Offer: id, Seller: offer.Seller, By: offer.Seller, Quote: massbalance.Quote{Buyer: buyer}, Expires: offer.Expires, Status: massbalance.NegotiationOpen}
	}
	f.Lead = append(f.Lead, fmt.Sprintf("Offer %s of %s, between %s and %s.", id, f.memberName(offer.Seller), f.memberName(offer.Seller), f.memberName(n.Quote.Buyer)))
	if n.Round > 0 {
		f.Lead = append(f.Lead, fmt.Sprintf("Round %d, proposed by %s, stands until %s.", n.Round, f.memberName(n.By), n.Expires))
		d := f.deal([2]massbalance.OrganisationID{n.Seller, n.Quote.Buyer}, n.Quote.Terms)
		f.Deal = &d
	}
	f.Date = f.today
	return offer, n, nil
}

// counterForm answers a round, or an offer to all, with other terms.
func counterForm(f *form) (massbalance.Body, error) {
	if !f.trades() {
		return nil, nil
	}
	offer, n, err := f.table()
	if err != nil {
		return nil, err
	}
	before := trade.Proposal{}
	if n.Round > 0 {
		terms, err := f.desk.Terms(f.ctx, n.Quote.Terms)
		if err != nil {
			f.Stop = unopened(err)
			return nil, nil //nolint:nilerr // it is said on the form
		}
		before = trade.Proposal{Commitment: terms.Commitment, Price: terms.Price, Note: terms.Note}
	} else if offer.Facts != nil {
		before = proposalOf(f.lens, *offer.Facts)
	}
	f.Date = f.day("date", "Business date", "", f.today)
	expires := f.day("expires", "Stands until", "", min(offer.Expires, massbalance.Date(f.dayAfter(14))))
	proposal, err := f.terms(before)
	if err != nil {
		return nil, err
	}
	proposal.Buyer = n.Quote.Buyer
	return f.sends(func(ctx context.Context, desk *trade.Desk) (massbalance.Body, error) {
		return desk.Counter(ctx, f.command, offer.ID, n.Round, proposal, expires)
	})
}

func acceptOfferForm(f *form) (massbalance.Body, error) {
	if !f.trades() {
		return nil, nil
	}
	offer, n, err := f.table()
	if err != nil {
		return nil, err
	}
	f.Date = f.day("date", "Business date", "", f.today)
	f.sure("sure", "I accept these terms for "+f.memberName(f.organisation))
	body, err := f.desk.Accept(f.ctx, offer.ID, n.Quote.Buyer)
	if err != nil {
		f.Stop = "These terms cannot be accepted: " + err.Error() + "."
		return nil, nil //nolint:nilerr // it is said on the form
	}
	return body, nil
}

func declineOfferForm(f *form) (massbalance.Body, error) {
	offer, n, err := f.table()
	if err != nil || !f.trades() {
		return nil, err
	}
	f.Date = f.day("date", "Business date", "", f.today)
	return massbalance.DeclineOffer{Offer: offer.ID, Buyer: n.Quote.Buyer, Round: n.Round}, nil
}

func withdrawOfferForm(f *form) (massbalance.Body, error) {
	offer, err := readmodel.Need[massbalance.Offer](f.s, massbalance.OfferKey(massbalance.OfferID(f.typed.Get("offer"))))
	if err != nil || !f.trades() {
		return nil, err
	}
	f.Lead = append(f.Lead, fmt.Sprintf("Offer %s to %s, which stands until %s.", offer.ID, f.offeredTo(offer), offer.Expires))
	f.Date = f.day("date", "Business date", "", f.today)
	return massbalance.WithdrawOffer{Offer: offer.ID}, nil
}
