package season

import (
	"errors"
	"fmt"

	"github.com/weighbridge/weighbridge/chaincode/massbalance"
)

// beyond is by how much the attempts exceed what is allowed, where they exceed
// a bound at all.
var beyond = massbalance.Kilograms(5000)

var errNoCase = errors.New("the season has nothing to try this on")

// attempt is a command that must be refused with the code.
type attempt struct {
	title   string
	code    massbalance.Code
	org     massbalance.OrganisationID
	gateway bool
	make    func() (massbalance.Command, error)
}

// refusals rehearses what must fail, on the state in which the season ended.
func (r *rehearsal) refusals() ([]Refusal, error) {
	var all []Refusal
	for _, a := range r.attempts() {
		c, err := a.make()
		if err != nil {
			return nil, fmt.Errorf("couldn't %s: %w", a.title, err)
		}
		if c.Date == "" {
			last := r.season.Periods[len(r.season.Periods)-1]
			c.Date, c.Period = last.To, last.Period
		}
		c, result, err := r.try(a.org, c)
		if err != nil {
			return nil, err
		}
		if result.Code != a.code {
			return nil, fmt.Errorf("couldn't get refused to %s: expected %s, the rules say %s %s", a.title, a.code, result.Code, result.Message)
		}
		all = append(all, Refusal{a.title, a.org, c, result, a.gateway})
	}
	return all, nil
}

func (r *rehearsal) attempts() []attempt {
	grower, buyer := r.season.Farms, r.season.Claims
	if len(grower) == 0 || len(buyer) == 0 || len(r.season.Shipments) == 0 || len(r.season.Conversions) == 0 || len(r.season.Tickets) == 0 {
		return nil
	}
	shipment, conversion := r.season.Shipments[0], r.season.Conversions[0]
	sender, receiver := r.season.owner(shipment.From), r.season.owner(shipment.To)
	converter, claimant := r.season.owner(conversion.Site), r.season.owner(r.season.Claims[0].Site)
	first := r.season.Tickets[0]
	return []attempt{
		{"introduce beyond the verification", massbalance.ExceedsVerification, sender, false, r.beyondVerification},
		{"introduce beyond area × yield", massbalance.ExceedsYield, sender, false, r.beyondYield},
		{"dispatch more than held", massbalance.InsufficientStock, sender, false, r.moreThanHeld},
		{"attribute more than shipped", massbalance.AttributionExceeds, sender, false, r.moreThanShipped},
		{"receive twice", massbalance.TransferResolved, receiver, false, r.receivedTwice},
		{"convert beyond the factor", massbalance.ConversionExceeds, converter, false, r.beyondFactor},
		{"claim twice", massbalance.InsufficientCredit, claimant, false, r.claimedTwice},
		{"claim another's lot", massbalance.NotOwner, claimant, false, r.anothersLot},
		{"submit as the certifier", massbalance.NotMember, r.season.Certifier.ID, true, r.asCertifier},
		{"use a command's ID for something else", massbalance.CommandIDReused, r.season.owner(first.Site), false, r.otherContent},
	}
}

// room is what a farm's statement still allows: by the certifier's figure, and
// by its area times the yield cap.
func (r *rehearsal) room(f Farm) (verified, yield massbalance.Quantity) {
	v, _ := r.state[massbalance.StatementKey(r.season.Certifier.ID, f.Statement)].(massbalance.Verified)
	product, _ := r.state[massbalance.ProductKey(v.Statement.Product)].(massbalance.Product)
	verified = v.Introduced.Shortage(v.Statement.Quantity)
	for _, c := range product.YieldCaps {
		if c.Region == v.Statement.Characteristics.Region {
			yield = v.Introduced.Shortage(v.Statement.Area.FloorYield(c.PerHectare))
		}
	}
	return verified, yield
}

func (r *rehearsal) introduction(f Farm, id massbalance.CommandID, quantity massbalance.Quantity) massbalance.Command {
	return massbalance.Command{ID: id, Body: massbalance.Introduce{
		Site: f.Elevator, Certifier: r.season.Certifier.ID, Statement: f.Statement, Quantity: quantity,
		Model: massbalance.MassBalance, Evidence: massbalance.EvidenceID(id),
	}}
}

func (r *rehearsal) beyondVerification() (massbalance.Command, error) {
	for _, f := range r.season.Farms {
		if verified, yield := r.room(f); !verified.IsZero() && verified.Less(yield) {
			return r.introduction(f, "refused-verification", verified.Add(beyond)), nil
		}
	}
	return massbalance.Command{}, errNoCase
}

func (r *rehearsal) beyondYield() (massbalance.Command, error) {
	for _, f := range r.season.Farms {
		if verified, yield := r.room(f); yield.Less(verified) {
			return r.introduction(f, "refused-yield", yield.Add(beyond)), nil
		}
	}
	return massbalance.Command{}, errNoCase
}

func (r *rehearsal) moreThanHeld() (massbalance.Command, error) {
	s := r.season.Shipments[0]
	return massbalance.Command{ID: "refused-stock", Body: massbalance.Dispatch{
		Site: s.From, To: s.To, Product: s.Product, Quantity: r.account(s.From, s.Product).Stock().Add(beyond),
	}}, nil
}

func (r *rehearsal) moreThanShipped() (massbalance.Command, error) {
	s := r.season.Shipments[0]
	for _, set := range r.season.Sets {
		lines, err := r.pick(s.From, s.Product, []Share{{set.Name, beyond}})
		if err != nil {
			continue
		}
		half := massbalance.Kilograms(2500)
		return massbalance.Command{ID: "refused-attribution", Body: massbalance.Dispatch{
			Site: s.From, To: s.To, Product: s.Product, Quantity: half, Lines: lines,
		}}, nil
	}
	return massbalance.Command{}, errNoCase
}

func (r *rehearsal) receivedTwice() (massbalance.Command, error) {
	s := r.season.Shipments[0]
	return massbalance.Command{ID: "refused-receipt", Body: massbalance.Receive{
		Site: s.To, Transfer: transferID(r.season.owner(s.From), s), Quantity: s.Arrived, Evidence: "refused-receipt",
	}}, nil
}

func (r *rehearsal) beyondFactor() (massbalance.Command, error) {
	c := r.season.Conversions[0]
	recipe, _ := r.season.recipe(c.Recipe)
	input := massbalance.Kilograms(100000)
	most := recipe.Outputs[0].Factor.FloorOf(input)
	return massbalance.Command{ID: "refused-conversion", Body: massbalance.Convert{
		Site: c.Site, Recipe: c.Recipe, Quantity: input,
		Outputs: []massbalance.Output{{Product: recipe.Outputs[0].Product, Quantity: most.Add(beyond)}},
	}}, nil
}

// claimedTwice names the lots of the first claim again.
func (r *rehearsal) claimedTwice() (massbalance.Command, error) {
	c := r.season.Claims[0]
	id := massbalance.ClaimID(string(r.season.owner(c.Site)) + "/" + c.ID)
	before, _ := r.state[massbalance.ClaimKey(id)].(massbalance.Claim)
	body := massbalance.ClaimCredits{Site: c.Site, Product: c.Product, Beneficiary: c.Beneficiary, ReportingYear: c.ReportingYear, Purpose: c.Purpose}
	for _, line := range before.Lines {
		body.Lines = append(body.Lines, massbalance.LotLine{Lot: line.Lot, Quantity: line.Quantity})
	}
	return massbalance.Command{ID: "refused-claim", Body: body}, nil
}

func (r *rehearsal) anothersLot() (massbalance.Command, error) {
	c := r.season.Claims[0]
	owner := r.season.owner(c.Site)
	for _, site := range r.season.Sites {
		for _, set := range r.season.Sets {
			lines, err := r.pick(site.Site, c.Product, []Share{{set.Name, massbalance.Kilograms(1000)}})
			if err == nil && site.Owner != owner {
				return massbalance.Command{ID: "refused-ownership", Body: massbalance.ClaimCredits{
					Site: c.Site, Product: c.Product, Lines: lines, Beneficiary: c.Beneficiary, ReportingYear: c.ReportingYear, Purpose: c.Purpose,
				}}, nil
			}
		}
	}
	return massbalance.Command{}, errNoCase
}

func (r *rehearsal) asCertifier() (massbalance.Command, error) {
	f := r.season.Farms[0]
	return r.introduction(f, "refused-certifier", beyond), nil
}

// otherContent is the first ticket again, a tonne heavier.
func (r *rehearsal) otherContent() (massbalance.Command, error) {
	t := r.season.Tickets[0]
	period, _ := r.season.period(t.Date)
	return massbalance.Command{
		ID: massbalance.CommandID(t.Number), Date: t.Date, Period: period.Period, By: "weighbridge",
		Body: massbalance.TakeIn{Site: t.Site, Product: t.Product, Quantity: t.Net.Add(massbalance.Kilograms(1000)), Supplier: t.Supplier, Evidence: t.Number},
	}, nil
}
