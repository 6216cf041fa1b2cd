package season

import (
	"fmt"
	"slices"

	"github.com/weighbridge/weighbridge/chaincode/massbalance"
)

// Deal is an offer of one member to another and what became of it. Prices are
// known to the two of them only, so the rehearsal, like the ledger, does without.
type Deal struct {
	ID     massbalance.CommandID
	Seller massbalance.OrganisationID
	Buyer  massbalance.OrganisationID
	// Public is set where the physical facts are offered to all.
	Public  bool
	Offered Offered
	// Commitment is what all may read once it is agreed; the parties' gateways
	// give it a salt.
	Commitment Commitment
	// Rounds are the terms in turn, the seller's first.
	Rounds []Round
	// Accepted is the day on which the last terms were accepted, Settled that on
	// which both confirmed every period; "" where it has not come to that.
	Accepted massbalance.Date
	Settled  massbalance.Date
}

// Offered is the physical side of an offer; its lots are chosen when it is made.
type Offered struct {
	Site     massbalance.SiteID
	Product  massbalance.ProductID
	Model    massbalance.CustodyModel
	Set      string
	Quantity massbalance.Quantity
	From     massbalance.Date
	To       massbalance.Date
}

// Commitment is that of an agreement, without its salt.
type Commitment struct {
	Product       massbalance.ProductID
	Specification massbalance.Specification
	Periods       []massbalance.SupplyPeriod
	CarryForward  bool
}

// Round is one party's terms, which stand until a day.
type Round struct {
	Date    massbalance.Date
	Expires massbalance.Date
	Price   Price
	Note    string
}

// Price is what the two parties' gateways are told in clear and nobody else is:
// decimals of a currency.
type Price struct {
	Currency string
	PerTonne string
	// Models are premiums per tonne under custody models for which they differ.
	Models []ModelPremium
	// Saving is a premium per kilogram of CO2e below a baseline.
	Saving    *SavingPremium
	Shortfall string
}

// ModelPremium is the premium per tonne under one custody model.
type ModelPremium struct {
	Model    massbalance.CustodyModel
	PerTonne string
}

// SavingPremium names the baseline and what it says.
type SavingPremium struct {
	PerKg     string
	Region    string
	Version   int
	Intensity massbalance.Intensity
}

// by is the party whose turn a round was.
func (d Deal) by(round int) massbalance.OrganisationID {
	if round%2 == 0 {
		return d.Seller
	}
	return d.Buyer
}

// other is the party that one is not.
func (d Deal) other(party massbalance.OrganisationID) massbalance.OrganisationID {
	if party == d.Seller {
		return d.Buyer
	}
	return d.Seller
}

// acceptor is the party that the last terms were proposed to.
func (d Deal) acceptor() massbalance.OrganisationID { return d.other(d.by(len(d.Rounds) - 1)) }

func (d Deal) round(n int) massbalance.CommandID {
	if n == 0 {
		return d.ID
	}
	return massbalance.CommandID(fmt.Sprintf("%s-%d", d.ID, n+1))
}

func (d Deal) acceptance() Ref { return Ref{d.acceptor(), d.ID + "-accepted"} }

// Offer is the ID under which the ledger knows the offer.
func (d Deal) Offer() massbalance.OfferID {
	return massbalance.OfferID(string(d.Seller) + "/" + string(d.ID))
}

// Agreement is the ID under which the ledger knows what came of it.
func (d Deal) Agreement() massbalance.AgreementID {
	ref := d.acceptance()
	return massbalance.AgreementID(string(ref.Organisation) + "/" + string(ref.Command))
}

func (c Commitment) salted(salt massbalance.Digest) massbalance.Commitment {
	return massbalance.Commitment{Product: c.Product, Specification: c.Specification, Periods: c.Periods, CarryForward: c.CarryForward, Salt: salt}
}

// deal finds a deal by its name; "" is none.
func (s *Season) deal(id string) (Deal, bool) {
	at := slices.IndexFunc(s.Deals, func(d Deal) bool { return string(d.ID) == id })
	if at < 0 {
		return Deal{}, false
	}
	return s.Deals[at], true
}

// checkDeals checks that deals and the shipments under them know each other.
func (s *Season) checkDeals() error {
	seen := map[string]bool{}
	for _, d := range s.Deals {
		if err := unique(seen, string(d.ID)); err != nil {
			return fmt.Errorf("couldn't read deals.json: %w", err)
		}
		if _, known := s.set(d.Offered.Set); !known || s.owner(d.Offered.Site) != d.Seller || len(d.Rounds) == 0 {
			return fmt.Errorf("couldn't read deals.json: %s needs terms, a set of characteristics and a site of %s", d.ID, d.Seller)
		}
	}
	for _, sh := range s.Shipments {
		if _, known := s.deal(sh.Deal); sh.Deal != "" && !known {
			return fmt.Errorf("couldn't read shipments.csv: shipment %s is of deal %s, which is not there", sh.ID, sh.Deal)
		}
	}
	return nil
}

// home is the first of an organisation's sites, where what it says is entered.
func (s *Season) home(org massbalance.OrganisationID) massbalance.SiteID {
	for _, site := range s.Sites {
		if site.Owner == org {
			return site.Site
		}
	}
	return ""
}
