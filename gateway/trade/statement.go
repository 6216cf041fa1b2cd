package trade

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/shopspring/decimal"

	"github.com/weighbridge/weighbridge/chaincode/massbalance"
	"github.com/weighbridge/weighbridge/chaincode/wire"
)

// Receipt is one delivery under an agreement as it was received.
type Receipt struct {
	Transfer   massbalance.TransferID
	Dispatched massbalance.Date
	Received   massbalance.Date
	// Model is the one under which it was sent: what a receiver is not certified
	// for was delivered all the same.
	Model massbalance.CustodyModel
	Parts []Part
}

// Part is what of a receipt has one set of characteristics: the attributed
// quantity that arrived, and what a kilogram of it emits.
type Part struct {
	Characteristics massbalance.CharacteristicsID
	Quantity        massbalance.Quantity
	Carbon          massbalance.Carbon
}

// Statement is what a period of an agreement comes to. Both parties compute it.
type Statement struct {
	Agreement massbalance.AgreementID
	Terms     massbalance.Digest
	Period    int // counts from 1
	From      massbalance.Date
	To        massbalance.Date
	Seller    massbalance.OrganisationID
	Buyer     massbalance.OrganisationID
	Product   massbalance.ProductID
	Currency  string
	Lines     []Line
	// Received is the attributed quantity that arrived in the period's deliveries.
	Received massbalance.Quantity
	// Carried is what the period before it fell short and handed on.
	Carried massbalance.Quantity
	Minimum massbalance.Quantity
	Maximum massbalance.Quantity
	// Short is what is missing of minimum and carried; Forward is handed on to the
	// next period, Charged is owed for.
	Short     massbalance.Quantity
	Forward   massbalance.Quantity
	Charged   massbalance.Quantity
	Shortfall Money
	// Premium is the sum of the lines; Due is premium less shortfall, what the
	// buyer pays the seller, or where it is negative the seller the buyer.
	Premium Money
	Due     Money
}

// Line is one part of one receipt.
type Line struct {
	Transfer        massbalance.TransferID
	Received        massbalance.Date
	Characteristics massbalance.CharacteristicsID
	Model           massbalance.CustodyModel
	Quantity        massbalance.Quantity
	PerTonne        Money
	Volume          Money // quantity × per tonne
	// Saving is what the quantity emits less than the baseline, in kg CO2e, and
	// Savings what is paid for it; nothing is where it emits more.
	Saving  massbalance.Emissions
	Savings Money
}

// ErrNoPeriod means that an agreement has no such period.
var ErrNoPeriod = errors.New("there is no such period")

// Settle computes the statements of all periods up to one, because shortfall is
// handed on, and gives the last. Receipts may come in any order; those of later
// periods are passed over.
func Settle(agreement massbalance.Agreement, terms Terms, receipts []Receipt, period int) (Statement, error) {
	if err := belongs(agreement, terms); err != nil {
		return Statement{}, err
	}
	if period < 1 || period > len(agreement.Commitment.Periods) {
		return Statement{}, fmt.Errorf("%w: agreement %s has %d, asked for is period %d", ErrNoPeriod, agreement.ID, len(agreement.Commitment.Periods), period)
	}
	var carried massbalance.Quantity
	for n := 1; ; n++ {
		s, err := settlePeriod(agreement, terms, receipts, n, carried)
		if err != nil || n == period {
			return s, err
		}
		carried = s.Forward
	}
}

// belongs checks that terms are those of the agreement.
func belongs(agreement massbalance.Agreement, terms Terms) error {
	if err := terms.Check(); err != nil {
		return err
	}
	_, digest, err := terms.Document()
	if err != nil {
		return err
	}
	if digest != agreement.Terms {
		return fmt.Errorf("the terms at hand have the hash %s, agreement %s has %s", digest, agreement.ID, agreement.Terms)
	}
	return nil
}

func settlePeriod(a massbalance.Agreement, terms Terms, receipts []Receipt, n int, carried massbalance.Quantity) (Statement, error) {
	p := a.Commitment.Periods[n-1]
	s := Statement{
		Agreement: a.ID, Terms: a.Terms, Period: n, From: p.From, To: p.To, Seller: a.Seller, Buyer: a.Buyer,
		Product: a.Commitment.Product, Currency: terms.Price.Currency, Carried: carried, Minimum: p.Minimum, Maximum: p.Maximum,
	}
	for _, r := range receipts {
		if r.Dispatched < p.From || r.Dispatched > p.To {
			continue
		}
		for _, part := range r.Parts {
			line, err := price(terms.Price, r, part)
			if err != nil {
				return s, err
			}
			s.Lines = append(s.Lines, line)
		}
	}
	slices.SortFunc(s.Lines, func(a, b Line) int {
		if c := strings.Compare(string(a.Transfer), string(b.Transfer)); c != 0 {
			return c
		}
		return strings.Compare(string(a.Characteristics), string(b.Characteristics))
	})
	for _, line := range s.Lines {
		s.Received = s.Received.Add(line.Quantity)
		s.Premium = s.Premium.Add(line.Volume).Add(line.Savings)
	}
	s.missing(a.Commitment.CarryForward && n < len(a.Commitment.Periods), terms.Price.Shortfall)
	return s, nil
}

// missing counts what was not delivered of minimum and carried. Deliveries count
// against what was carried first. Where shortfall is carried forward, what is
// missing of the period's own minimum goes on to the next one, and what is missing
// of what was carried already is owed for; in the last period all of it is.
func (s *Statement) missing(forward bool, perTonne Money) {
	s.Short = s.Received.Shortage(s.Minimum.Add(s.Carried))
	s.Charged = s.Short
	if forward {
		s.Forward = s.Short.Min(s.Minimum)
		s.Charged = s.Forward.Shortage(s.Short)
	}
	s.Shortfall = perTonne.perTonne(s.Charged)
	s.Due = s.Premium.Sub(s.Shortfall)
}

// price gives a line with what is paid for it.
func price(p Price, r Receipt, part Part) (Line, error) {
	line := Line{
		Transfer: r.Transfer, Received: r.Received, Characteristics: part.Characteristics, Model: r.Model,
		Quantity: part.Quantity, PerTonne: p.premium(r.Model),
	}
	line.Volume = line.PerTonne.perTonne(part.Quantity)
	if p.Saving == nil {
		return line, nil
	}
	baseline := massbalance.Baseline{Intensity: p.Saving.Intensity}
	saved := baseline.Difference(part.Carbon, part.Quantity)
	if !saved.IsPositive() {
		saved = decimal.Zero
	}
	var err error
	if line.Saving, err = massbalance.ParseEmissions(saved.String()); err != nil {
		return line, fmt.Errorf("couldn't count what receipt %s saves: %w", r.Transfer, err)
	}
	line.Savings = p.Saving.PerKg.perKg(saved)
	return line, nil
}

// Document gives the canonical bytes of a statement and the hash that the
// parties confirm.
func (s Statement) Document() ([]byte, massbalance.Digest, error) {
	document, err := wire.Format(s)
	if err != nil {
		return nil, massbalance.Digest{}, fmt.Errorf("couldn't write a settlement statement: %w", err)
	}
	return document, sha256.Sum256(document), nil
}
