package season

import (
	"crypto/sha256"
	"fmt"
	"math/big"

	"github.com/weighbridge/weighbridge/chaincode/massbalance"
	"github.com/weighbridge/weighbridge/chaincode/wire"
)

// Request is a step that a gateway makes a command of, because only it and the
// other party's may know all of what is said. The rehearsed command has the same
// ID and stands in for it; what it hides behind hashes differs.
type Request struct {
	// Path is below /api/v1/trade/; Body is what is sent there.
	Path string
	Body any
	// Received is what must have arrived under the agreement's period before it
	// can be confirmed.
	Received massbalance.Quantity
}

// The bodies of requests, as the gateways' API reads them.
type (
	offerRequest struct {
		ID    massbalance.CommandID
		Date  massbalance.Date
		Offer draft
	}
	draft struct {
		Facts     *massbalance.OfferFacts
		Public    bool
		Proposals []proposal
		Expires   massbalance.Date
	}
	proposal struct {
		Buyer      massbalance.OrganisationID
		Commitment Commitment
		Price      Price
		Note       string
	}
	counterRequest struct {
		ID       massbalance.CommandID
		Date     massbalance.Date
		Offer    massbalance.OfferID
		Round    int
		Proposal proposal
		Expires  massbalance.Date
	}
	acceptanceRequest struct {
		ID    massbalance.CommandID
		Date  massbalance.Date
		Offer massbalance.OfferID
		Buyer massbalance.OrganisationID
	}
	settlementRequest struct {
		ID        massbalance.CommandID
		Date      massbalance.Date
		Agreement massbalance.AgreementID
		Period    int
	}
)

// deals are the offers, counter-offers and acceptances, each entered by its
// party after what it answers.
func (r *rehearsal) deals() []event {
	var events []event
	for _, d := range r.season.Deals {
		site := func(org massbalance.OrganisationID) massbalance.SiteID {
			if org == d.Seller {
				return d.Offered.Site
			}
			return r.season.home(org)
		}
		var before Ref
		for n, round := range d.Rounds {
			e := event{date: round.Date, rank: trading, site: site(d.by(n)), after: before, make: func() (massbalance.Command, error) { return r.counter(d, n) }}
			e.ask = func(c massbalance.Command) *Request { return d.counterRequest(c, n) }
			if n == 0 {
				// What is offered is chosen once, for the ledger and for the buyer.
				var facts massbalance.OfferFacts
				e.make = func() (c massbalance.Command, err error) {
					c, facts, err = r.offer(d)
					return c, err
				}
				e.ask = func(c massbalance.Command) *Request { return d.offerRequest(c, facts) }
			}
			events = append(events, e)
			before = Ref{d.by(n), d.round(n)}
		}
		if d.Accepted != "" {
			events = append(events, event{date: d.Accepted, rank: trading, site: site(d.acceptor()), after: before, make: func() (massbalance.Command, error) {
				body, _, err := d.rehearsedAcceptance(len(d.Rounds) - 1)
				return massbalance.Command{ID: d.acceptance().Command, Body: body}, err
			}, ask: func(c massbalance.Command) *Request {
				return &Request{Path: "acceptances", Body: acceptanceRequest{c.ID, c.Date, d.Offer(), d.Buyer}}
			}})
		}
	}
	return events
}

// offer makes the command of a deal's offer and chooses its lots.
func (r *rehearsal) offer(d Deal) (massbalance.Command, massbalance.OfferFacts, error) {
	id, _ := r.season.set(d.Offered.Set)
	facts := massbalance.OfferFacts{
		Product: d.Offered.Product, Model: d.Offered.Model, Characteristics: []massbalance.CharacteristicsID{id}, Quantity: d.Offered.Quantity,
		Site: d.Offered.Site, From: d.Offered.From, To: d.Offered.To,
	}
	var err error
	if facts.Lots, err = r.pick(d.Offered.Site, d.Offered.Product, []Share{{d.Offered.Set, d.Offered.Quantity}}); err != nil {
		return massbalance.Command{}, facts, err
	}
	quote, err := d.rehearsedQuote(0)
	body := massbalance.MakeOffer{Quotes: []massbalance.Quote{quote}, Expires: d.Rounds[0].Expires}
	if d.Public {
		body.Facts = &facts
	}
	return massbalance.Command{ID: d.ID, Body: body}, facts, err
}

func (d Deal) offerRequest(c massbalance.Command, facts massbalance.OfferFacts) *Request {
	return &Request{Path: "offers", Body: offerRequest{c.ID, c.Date, draft{&facts, d.Public, []proposal{d.proposal(0)}, d.Rounds[0].Expires}}}
}

func (r *rehearsal) counter(d Deal, n int) (massbalance.Command, error) {
	quote, err := d.rehearsedQuote(n)
	return massbalance.Command{ID: d.round(n), Body: massbalance.CounterOffer{Offer: d.Offer(), Round: n, Quote: quote, Expires: d.Rounds[n].Expires}}, err
}

func (d Deal) counterRequest(c massbalance.Command, n int) *Request {
	return &Request{Path: "counters", Body: counterRequest{c.ID, c.Date, d.Offer(), n, d.proposal(n), d.Rounds[n].Expires}}
}

func (d Deal) proposal(n int) proposal {
	return proposal{d.Buyer, d.Commitment, d.Rounds[n].Price, d.Rounds[n].Note}
}

// rehearsedQuote stands in for what the gateways make of terms.
func (d Deal) rehearsedQuote(n int) (massbalance.Quote, error) {
	body, digest, err := d.rehearsedAcceptance(n)
	return massbalance.Quote{Buyer: d.Buyer, Terms: body.Terms, Acceptance: digest}, err
}

func (d Deal) rehearsedAcceptance(n int) (massbalance.AcceptOffer, massbalance.Digest, error) {
	body := massbalance.AcceptOffer{
		Offer: d.Offer(), Buyer: d.Buyer, Round: n + 1, Terms: sha256.Sum256(fmt.Appendf(nil, "rehearsed terms %d of %s", n+1, d.ID)),
		Commitment: d.Commitment.salted(sha256.Sum256(fmt.Appendf(nil, "rehearsed salt %d of %s", n+1, d.ID))),
	}
	written, err := wire.Format(body)
	return body, sha256.Sum256(written), err
}

// settling lets both parties confirm every period of what they agreed, side by side.
func (r *rehearsal) settling() ([]Phase, error) {
	phase := Phase{Name: "settlements"}
	for _, d := range r.season.Deals {
		if d.Settled == "" {
			continue
		}
		for period := range d.Commitment.Periods {
			for _, org := range []massbalance.OrganisationID{d.Seller, d.Buyer} {
				lane, err := r.settle(d, period+1, org)
				if err != nil {
					return nil, err
				}
				phase.Lanes = append(phase.Lanes, lane)
			}
		}
	}
	return []Phase{phase}, nil
}

func (r *rehearsal) settle(d Deal, period int, org massbalance.OrganisationID) (Lane, error) {
	lane, err := r.lane(org, "", massbalance.Command{
		ID: massbalance.CommandID(fmt.Sprintf("%s-settled-%d", d.ID, period)), Date: d.Settled,
		Body: massbalance.ConfirmSettlement{Agreement: d.Agreement(), Period: period, Statement: sha256.Sum256([]byte("rehearsed statement"))},
	})
	if err != nil {
		return lane, err
	}
	c := lane.Steps[0].Command
	lane.Steps[0].Request = &Request{
		Path: "settlements", Body: settlementRequest{c.ID, c.Date, d.Agreement(), period}, Received: r.received(d, d.Commitment.Periods[period-1]),
	}
	return lane, nil
}

// received adds up what arrived attributed of a deal's shipments in a period,
// from the rehearsed receipts.
func (r *rehearsal) received(d Deal, p massbalance.SupplyPeriod) massbalance.Quantity {
	grams := new(big.Int)
	for _, s := range r.season.Shipments {
		if s.Deal != string(d.ID) || s.Dispatched < p.From || s.Dispatched > p.To {
			continue
		}
		for _, e := range r.entries {
			if e.Record.Organisation != r.season.owner(s.To) || e.Record.Command != receiptID(s) {
				continue
			}
			for _, c := range e.Record.Credits {
				if c.To.Kind == massbalance.HolderLot {
					grams.Add(grams, massbalance.GramsOf(c.Quantity))
				}
			}
		}
	}
	return massbalance.Grams(grams.Int64())
}
