package massbalance

import (
	"fmt"
	"slices"
)

// Commitment is what of an agreement all may read, because the rules hold each
// call-off against it: what is bought, how much of it when, and the least that
// it must be. What is paid for it is not in it.
type Commitment struct {
	Product       ProductID
	Specification Specification
	// Periods follow one another; a spot sale has one.
	Periods []SupplyPeriod
	// CarryForward lets what a period fell short of its minimum be called off in
	// the next one, on top of its maximum.
	CarryForward bool
	// Salt keeps the content from being guessed before it is accepted.
	Salt Digest
}

// Specification is the least that volume must be. What is empty asks nothing.
type Specification struct {
	// Model is the loosest custody model that will do.
	Model CustodyModel
	// Intensity is the most that a kilogram may emit, all figures but biogenic
	// uptake, removals and leakage; nil asks nothing.
	Intensity *Intensity
	Schemes   []SchemeID
	Countries []string
	Regions   []string
	Vintages  []int
	// Projects are insetting projects, one of which the volume must come of.
	Projects []ProjectID
}

// SupplyPeriod is a span of days with the least and the most to be called off.
type SupplyPeriod struct {
	From    Date
	To      Date
	Minimum Quantity
	Maximum Quantity
}

// Agreement binds a seller and a buyer that both signed it.
type Agreement struct {
	ID         AgreementID
	Offer      OfferID
	Seller     OrganisationID
	Buyer      OrganisationID
	Commitment Commitment
	// Terms is the hash of the commercial terms, which only the parties hold.
	Terms  Digest
	Signed Date
	// Called is the attributed quantity dispatched so far, a figure a period, less
	// what came back. What counts for payment is what was received.
	Called []Quantity
}

func (Agreement) isValue() {}

// supplyPeriods is how many periods an agreement may have: 10 years of months.
const supplyPeriods = 120

func (c Commitment) check() string {
	switch {
	case !ValidName(string(c.Product)):
		return fmt.Sprintf("commitment: product %q is not a name", c.Product)
	case c.Salt.IsZero():
		return "commitment: needs a salt of 32 random bytes"
	case len(c.Periods) == 0 || len(c.Periods) > supplyPeriods:
		return fmt.Sprintf("commitment: needs 1 to %d periods", supplyPeriods)
	}
	for i, p := range c.Periods {
		switch {
		case !p.From.Valid() || !p.To.Valid() || p.To < p.From:
			return fmt.Sprintf("commitment: period %d, %q to %q, is not a span of days", i+1, p.From, p.To)
		case i > 0 && p.From <= c.Periods[i-1].To:
			return fmt.Sprintf("commitment: period %d begins on %s, before the one before it ends", i+1, p.From)
		case p.Maximum.IsZero() || !p.Maximum.Fits() || p.Maximum.Less(p.Minimum):
			return fmt.Sprintf("commitment: period %d asks for %s to %s kg", i+1, p.Minimum, p.Maximum)
		}
	}
	return c.Specification.check()
}

func (s Specification) check() string {
	if !s.Model.Valid() {
		return fmt.Sprintf("specification: model %q is not a custody model", s.Model)
	}
	for _, n := range []int{len(s.Schemes), len(s.Countries), len(s.Regions), len(s.Vintages), len(s.Projects)} {
		if n > listLimit {
			return fmt.Sprintf("specification: at most %d of a kind", listLimit)
		}
	}
	return ""
}

// period finds the period that a day lies in.
func (a Agreement) period(day Date) (int, bool) {
	for i, p := range a.Commitment.Periods {
		if p.From <= day && day <= p.To {
			return i, true
		}
	}
	return 0, false
}

// Most is what may be called off in a period in all: its maximum and, where
// shortfall is carried forward, what the one directly before it fell short of
// its minimum.
func (a Agreement) Most(period int) Quantity {
	p := a.Commitment.Periods[period]
	if !a.Commitment.CarryForward || period == 0 {
		return p.Maximum
	}
	return p.Maximum.Add(a.Called[period-1].Shortage(a.Commitment.Periods[period-1].Minimum))
}

// callOff counts what is sent against an agreement. It is the seller's to count:
// only its dispatches and what comes back to it write the agreement.
func (b *books) callOff(id AgreementID, receiver OrganisationID, product ProductID, lines []TransferLine) error {
	if id == "" {
		return nil
	}
	a, err := need[Agreement](b.e, AgreementKey(id))
	if err != nil {
		return err
	}
	if a.Seller != b.e.tx.Organisation || a.Buyer != receiver {
		return refuse(NotParty, "agreement %s is between %s and %s, not between %s and %s", id, a.Seller, a.Buyer, b.e.tx.Organisation, receiver)
	}
	if a.Commitment.Product != product {
		return refuse(ProductMismatch, "agreement %s is of %s, not of %s", id, a.Commitment.Product, product)
	}
	at, within := a.period(b.e.command.happened())
	if !within {
		return refuse(AgreementExpired, "agreement %s has no period that contains %s", id, b.e.command.happened())
	}
	if err := a.Commitment.Specification.admits(b.e, lines); err != nil {
		return err
	}
	before := a.Called[at]
	a = a.withCalled(at, before.Add(sumOf(lines)))
	for i := at; i < len(a.Called) && i <= at+1; i++ {
		// A late entry takes shortfall away that the next period may have used.
		if most := a.Most(i); most.Less(a.Called[i]) {
			return lacking(ExceedsAgreement, before.Shortage(most), sumOf(lines), "agreement %s has %s kg from %s to %s", id, most, a.Commitment.Periods[i].From, a.Commitment.Periods[i].To)
		}
	}
	b.e.put(AgreementKey(id), a)
	return nil
}

// uncall takes what came back to the seller unsold from what was called off.
func (e *execution) uncall(t Transfer) error {
	if t.Agreement == "" {
		return nil
	}
	a, err := need[Agreement](e, AgreementKey(t.Agreement))
	if err != nil {
		return err
	}
	at, within := a.period(t.Dispatched)
	if !within {
		return fmt.Errorf("%w: transfer %s of %s was called off outside of agreement %s", ErrCorruptState, t.ID, t.Dispatched, a.ID)
	}
	left, enough := a.Called[at].Sub(sumOf(t.Lines))
	if !enough {
		return fmt.Errorf("%w: more came back of agreement %s than was called off", ErrCorruptState, a.ID)
	}
	e.put(AgreementKey(a.ID), a.withCalled(at, left))
	return nil
}

func (a Agreement) withCalled(period int, called Quantity) Agreement {
	a.Called = slices.Clone(a.Called)
	a.Called[period] = called
	return a
}

func sumOf(lines []TransferLine) Quantity {
	var total Quantity
	for _, line := range lines {
		total = total.Add(line.Quantity)
	}
	return total
}

// admits holds each line of a shipment against the specification.
func (s Specification) admits(e *execution, lines []TransferLine) error {
	if len(lines) == 0 {
		return refuse(OffSpecification, "nothing is attributed to the shipment, and the agreement is for attributed volume")
	}
	for _, line := range lines {
		set, err := need[Characteristics](e, CharacteristicsKey(line.Characteristics))
		if err != nil {
			return err
		}
		if problem := s.problem(line, set); problem != "" {
			return refuse(OffSpecification, "lot %s %s", line.Lot, problem)
		}
	}
	return nil
}

// problem says in which way a line is not what was agreed, or "".
func (s Specification) problem(line TransferLine, set Characteristics) string {
	switch {
	case line.Model.Level() < s.Model.Level():
		return fmt.Sprintf("would go under %s, agreed is %s or better", line.Model, s.Model)
	case s.Intensity != nil && s.Intensity.perKg.LessThan(set.Carbon.ExcludingUptake()):
		return fmt.Sprintf("emits %s kg CO2e/kg, agreed are at most %s", set.Carbon.ExcludingUptake(), s.Intensity)
	case len(s.Schemes) > 0 && !s.schemed(line, set):
		return fmt.Sprintf("is of scheme %s, agreed are %v", orElse(string(line.Scheme), string(set.Scheme)), s.Schemes)
	case misses(s.Countries, set.Country):
		return fmt.Sprintf("is from %s, agreed are %v", set.Country, s.Countries)
	case misses(s.Regions, set.Region):
		return fmt.Sprintf("is from region %s, agreed are %v", set.Region, s.Regions)
	case misses(s.Vintages, set.Vintage):
		return fmt.Sprintf("is of vintage %d, agreed are %v", set.Vintage, s.Vintages)
	case misses(s.Projects, set.Project):
		return fmt.Sprintf("is of project %q, agreed are %v", set.Project, s.Projects)
	}
	return ""
}

// schemed reports whether a line may be used under one of the schemes.
func (s Specification) schemed(line TransferLine, set Characteristics) bool {
	if line.Scheme != "" {
		return slices.Contains(s.Schemes, line.Scheme)
	}
	return slices.ContainsFunc(s.Schemes, set.satisfies)
}

// misses reports whether a list asks for something else.
func misses[T comparable](asked []T, found T) bool {
	return len(asked) > 0 && !slices.Contains(asked, found)
}
