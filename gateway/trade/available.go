package trade

import (
	"context"
	"errors"

	"github.com/shopspring/decimal"

	"github.com/weighbridge/weighbridge/chaincode/massbalance"
	"github.com/weighbridge/weighbridge/gateway/readmodel"
)

// Available is volume that the organisation could buy: of an offer that stands, or
// what may still be called off of an agreement.
type Available struct {
	// Name is the offer's or the agreement's ID.
	Name      string
	Agreement bool
	Seller    massbalance.OrganisationID
	Product   massbalance.ProductID
	Model     massbalance.CustodyModel
	Quantity  massbalance.Quantity
	Until     massbalance.Date
	// Intensity is the most that a kilogram of it emits, in kg CO2e.
	Intensity massbalance.Intensity
	// Price is that of the latest terms, nil where none was named.
	Price *Price
}

// Premium is what a quantity of it costs beside the price of the material, and
// the currency; false where no price was named.
func (a Available) Premium(q massbalance.Quantity) (Money, string, bool) {
	if a.Price == nil {
		return Money{}, "", false
	}
	premium := a.Price.premium(a.Model).perTonne(q)
	if s := a.Price.Saving; s != nil {
		carbon := massbalance.Carbon{Fossil: massbalance.CarbonFigure{Intensity: a.Intensity}}
		if saved := (massbalance.Baseline{Intensity: s.Intensity}).Difference(carbon, q); saved.IsPositive() {
			premium = premium.Add(s.PerKg.perKg(saved))
		}
	}
	return premium, a.Price.Currency, true
}

// Available lists what the organisation could buy on a day.
func (d *Desk) Available(ctx context.Context, today massbalance.Date) (all []Available, err error) {
	err = d.model.Read(ctx, func(s *readmodel.Snapshot) error {
		at := d.At(s)
		if all, err = at.offersAvailable(ctx, s, today); err != nil {
			return err
		}
		agreed, err := at.agreementsAvailable(ctx, s, today)
		all = append(all, agreed...)
		return err
	})
	return all, err
}

func (d *Desk) offersAvailable(ctx context.Context, s *readmodel.Snapshot, today massbalance.Date) (all []Available, err error) {
	offers, err := readmodel.AllThings[massbalance.Offer](s, massbalance.KindOffer, readmodel.ThingFilter{})
	if err != nil {
		return nil, err
	}
	for _, o := range offers {
		if offer := o.Value; offer.Withdrawn == "" && today <= offer.Expires && offer.Seller != d.organisation {
			a, ok, err := d.offerAvailable(ctx, s, offer)
			if err != nil {
				return nil, err
			}
			if ok {
				all = append(all, a)
			}
		}
	}
	return all, nil
}

// offerAvailable says what an offer is of; false where that is between others, or
// its negotiation is over.
func (d *Desk) offerAvailable(ctx context.Context, s *readmodel.Snapshot, offer massbalance.Offer) (a Available, ok bool, err error) {
	facts := offer.Facts
	value, err := s.Get(massbalance.NegotiationKey(offer.ID, d.organisation))
	if err != nil {
		return a, false, err
	}
	n, begun := value.(massbalance.Negotiation)
	if begun && n.Status != massbalance.NegotiationOpen || !begun && facts == nil {
		return a, false, nil
	}
	if begun {
		terms, err := d.Terms(ctx, n.Quote.Terms)
		if errors.Is(err, ErrNotKept) {
			return a, false, nil
		}
		if err != nil {
			return a, false, err
		}
		a.Price = &terms.Price
		if facts == nil {
			if facts, err = d.factsFor(ctx, s, offer, d.organisation); err != nil || facts == nil {
				return a, false, err
			}
		}
	}
	a.Name, a.Seller, a.Product, a.Model, a.Quantity, a.Until = string(offer.ID), offer.Seller, facts.Product, facts.Model, facts.Quantity, offer.Expires
	a.Intensity, err = most(s, facts.Characteristics)
	return a, true, err
}

// factsFor finds the facts of a private offer in the terms with which it was made to a buyer.
func (d *Desk) factsFor(ctx context.Context, s *readmodel.Snapshot, offer massbalance.Offer, buyer massbalance.OrganisationID) (*massbalance.OfferFacts, error) {
	entries, err := s.Entries(readmodel.EntryFilter{Subject: string(offer.ID), Type: massbalance.MakeOffer{}.Type()}, readmodel.Page{Limit: 1})
	if err != nil {
		return nil, err
	}
	for _, e := range entries.Items {
		body, _ := e.Command.Body.(massbalance.MakeOffer)
		for _, q := range body.Quotes {
			if q.Buyer == buyer {
				terms, err := d.Terms(ctx, q.Terms)
				return terms.Facts, err
			}
		}
	}
	return nil, nil
}

// most is the greatest intensity among sets of characteristics.
func most(s *readmodel.Snapshot, sets []massbalance.CharacteristicsID) (massbalance.Intensity, error) {
	greatest := decimal.Zero
	for i, id := range sets {
		set, err := readmodel.Need[massbalance.Characteristics](s, massbalance.CharacteristicsKey(id))
		if err != nil {
			return massbalance.Intensity{}, err
		}
		if emitted := set.Carbon.ExcludingUptake(); i == 0 || emitted.GreaterThan(greatest) {
			greatest = emitted
		}
	}
	return massbalance.ParseIntensity(greatest.String())
}

// agreementsAvailable is what agreements still let the organisation call off, as
// far as they say how much it may emit.
func (d *Desk) agreementsAvailable(ctx context.Context, s *readmodel.Snapshot, today massbalance.Date) (all []Available, err error) {
	agreements, err := readmodel.AllThings[massbalance.Agreement](s, massbalance.KindAgreement, readmodel.ThingFilter{})
	if err != nil {
		return nil, err
	}
	for _, filed := range agreements {
		a := filed.Value
		spec := a.Commitment.Specification
		if a.Buyer != d.organisation || spec.Intensity == nil {
			continue
		}
		one := Available{Name: string(a.ID), Agreement: true, Seller: a.Seller, Product: a.Commitment.Product, Model: spec.Model, Intensity: *spec.Intensity}
		for i, p := range a.Commitment.Periods {
			if today <= p.To {
				one.Quantity, one.Until = one.Quantity.Add(a.Called[i].Shortage(p.Maximum)), p.To
			}
		}
		if one.Quantity.IsZero() {
			continue
		}
		terms, err := d.Terms(ctx, a.Terms)
		if err == nil {
			one.Price = &terms.Price
		} else if !errors.Is(err, ErrNotKept) {
			return nil, err
		}
		all = append(all, one)
	}
	return all, nil
}
