package trade

import (
	"cmp"
	"context"
	"fmt"
	"math/big"
	"slices"
	"strconv"

	"github.com/shopspring/decimal"

	"github.com/weighbridge/weighbridge/chaincode/massbalance"
	"github.com/weighbridge/weighbridge/gateway/readmodel"
)

// Premium is what an organisation paid or was paid on average for volume of one
// kind in a quarter, over its own agreements.
type Premium struct {
	Product  massbalance.ProductID
	Model    massbalance.CustodyModel
	Region   string
	Year     int
	Quarter  int
	Currency string
	// Sold says on which side the organisation was.
	Sold     bool
	Quantity massbalance.Quantity
	Paid     Money
	// PerTonne is Paid by tonne, and PerTonneCO2e by tonne of CO2e that the volume
	// emits less than the adopted average, Avoided in kilograms; both have two
	// decimals, rounded half away from zero, and are "" where there is nothing to
	// divide by.
	PerTonne     string
	Avoided      string
	PerTonneCO2e string
}

// kind is what premiums are grouped by.
type kind struct {
	product  massbalance.ProductID
	model    massbalance.CustodyModel
	region   string
	year     int
	quarter  int
	currency string
	sold     bool
}

func (k kind) compare(o kind) int {
	return cmp.Or(cmp.Compare(k.year, o.year), cmp.Compare(k.quarter, o.quarter), cmp.Compare(k.product, o.product),
		cmp.Compare(k.model, o.model), cmp.Compare(k.region, o.region), cmp.Compare(k.currency, o.currency))
}

type paid struct {
	quantity massbalance.Quantity
	money    Money
	avoided  decimal.Decimal
	known    bool // whether there is an average to compare with
}

// Premiums adds up the lines of statements by product, custody model, region and
// quarter of receipt.
func (d *Desk) Premiums(ctx context.Context) ([]Premium, error) {
	books, err := d.books(ctx)
	if err != nil {
		return nil, err
	}
	sums := map[kind]*paid{}
	err = d.model.Read(ctx, func(s *readmodel.Snapshot) error {
		for _, book := range books {
			for period := range book.agreement.Commitment.Periods {
				statement, err := Settle(book.agreement, book.terms, book.receipts, period+1)
				if err != nil {
					return err
				}
				if err := d.count(s, sums, statement); err != nil {
					return err
				}
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return premiums(sums), nil
}

// count adds a statement's lines to the sums.
func (d *Desk) count(s *readmodel.Snapshot, sums map[kind]*paid, statement Statement) error {
	for _, line := range statement.Lines {
		set, err := readmodel.Need[massbalance.Characteristics](s, massbalance.CharacteristicsKey(line.Characteristics))
		if err != nil {
			return err
		}
		year, quarter, err := quarterOf(line.Received)
		if err != nil {
			return err
		}
		k := kind{statement.Product, line.Model, set.Region, year, quarter, statement.Currency, statement.Seller == d.organisation}
		if sums[k] == nil {
			sums[k] = &paid{}
		}
		sum := sums[k]
		sum.quantity, sum.money = sum.quantity.Add(line.Quantity), sum.money.Add(line.Volume).Add(line.Savings)
		value, err := s.Get(massbalance.BaselineKey(statement.Product, set.Region))
		if err != nil {
			return err
		}
		if baseline, adopted := value.(massbalance.Baseline); adopted {
			sum.avoided, sum.known = sum.avoided.Add(baseline.Difference(set.Carbon, line.Quantity)), true
		}
	}
	return nil
}

func premiums(sums map[kind]*paid) []Premium {
	all := make([]Premium, 0, len(sums))
	kinds := make([]kind, 0, len(sums))
	for k := range sums {
		kinds = append(kinds, k)
	}
	slices.SortFunc(kinds, kind.compare)
	for _, k := range kinds {
		sum := sums[k]
		p := Premium{
			Product: k.product, Model: k.model, Region: k.region, Year: k.year, Quarter: k.quarter, Currency: k.currency, Sold: k.sold,
			Quantity: sum.quantity, Paid: sum.money, PerTonne: perTonne(sum.money, tonnes(sum.quantity)),
		}
		if sum.known {
			p.Avoided = sum.avoided.String()
			if sum.avoided.IsPositive() {
				p.PerTonneCO2e = perTonne(sum.money, sum.avoided.Shift(-3))
			}
		}
		all = append(all, p)
	}
	return all
}

func tonnes(q massbalance.Quantity) decimal.Decimal {
	return decimal.NewFromBigInt(massbalance.GramsOf(q), -6)
}

// perTonne divides, "" by nothing.
func perTonne(m Money, tonnes decimal.Decimal) string {
	ratio, ok := m.Ratio(tonnes)
	if !ok {
		return ""
	}
	return rounded(ratio, 2)
}

func quarterOf(day massbalance.Date) (year, quarter int, err error) {
	if !day.Valid() {
		return 0, 0, fmt.Errorf("%q is no day", day)
	}
	year, _ = strconv.Atoi(string(day[:4]))
	month, _ := strconv.Atoi(string(day[5:7]))
	return year, (month + 2) / 3, nil
}

// book is an agreement of the organisation with its terms and receipts.
type book struct {
	agreement massbalance.Agreement
	terms     Terms
	receipts  []Receipt
}

// books opens all agreements of which the organisation is a party.
func (d *Desk) books(ctx context.Context) (all []book, err error) {
	if all, err = d.closedBooks(ctx); err != nil {
		return nil, err
	}
	for i := range all {
		if all[i].terms, err = d.Terms(ctx, all[i].agreement.Terms); err != nil {
			return nil, err
		}
	}
	return all, nil
}

// closedBooks are the books without their terms: what all can read.
func (d *Desk) closedBooks(ctx context.Context) (all []book, err error) {
	err = d.model.Read(ctx, func(s *readmodel.Snapshot) error {
		agreements, err := readmodel.AllThings[massbalance.Agreement](s, massbalance.KindAgreement, readmodel.ThingFilter{})
		if err != nil {
			return err
		}
		for _, a := range agreements {
			if a.Value.Seller != d.organisation && a.Value.Buyer != d.organisation {
				continue
			}
			receipts, err := Receipts(s, a.Value.ID)
			if err != nil {
				return err
			}
			all = append(all, book{agreement: a.Value, receipts: receipts})
		}
		return nil
	})
	return all, err
}

// Fulfilment is how far a period of an agreement is fulfilled, and how far it
// will be.
type Fulfilment struct {
	Agreement massbalance.AgreementID
	Seller    massbalance.OrganisationID
	Buyer     massbalance.OrganisationID
	Product   massbalance.ProductID
	Period    int
	From      massbalance.Date
	To        massbalance.Date
	Minimum   massbalance.Quantity
	// Due is the minimum and what was carried into the period.
	Due massbalance.Quantity
	// Most is what may be called off in all.
	Most     massbalance.Quantity
	Called   massbalance.Quantity
	Received massbalance.Quantity
	// Forecast is what will have been called off at the end if it goes on as it
	// has, rounded down, and Shortfall what will then be missing of Due. For a
	// period that has not begun it is nothing, for one that is over what was
	// received.
	Forecast  massbalance.Quantity
	Shortfall massbalance.Quantity
}

// Fulfilments forecasts every period of the organisation's agreements as of a day.
func (d *Desk) Fulfilments(ctx context.Context, today massbalance.Date) ([]Fulfilment, error) {
	books, err := d.closedBooks(ctx)
	if err != nil {
		return nil, err
	}
	var all []Fulfilment
	for _, book := range books {
		periods, err := Fulfil(book.agreement, book.receipts, today)
		if err != nil {
			return nil, err
		}
		all = append(all, periods...)
	}
	return all, nil
}

// Fulfil forecasts every period of an agreement as of a day. It needs no terms:
// how much came and was to come is for all to read, and no price is in it.
func Fulfil(a massbalance.Agreement, receipts []Receipt, today massbalance.Date) ([]Fulfilment, error) {
	var all []Fulfilment
	var carried massbalance.Quantity
	for period := range a.Commitment.Periods {
		s, err := settlePeriod(a, Terms{}, receipts, period+1, carried)
		if err != nil {
			return nil, err
		}
		carried = s.Forward
		f := Fulfilment{
			Agreement: s.Agreement, Seller: s.Seller, Buyer: s.Buyer, Product: s.Product, Period: s.Period, From: s.From, To: s.To,
			Minimum: s.Minimum, Due: s.Minimum.Add(s.Carried), Most: a.Most(period), Called: a.Called[period], Received: s.Received,
		}
		f.forecast(today)
		all = append(all, f)
	}
	return all, nil
}

func (f *Fulfilment) forecast(today massbalance.Date) {
	switch {
	case today > f.To:
		f.Forecast = f.Received
	case today >= f.From:
		passed, whole := days(f.From, today), days(f.From, f.To)
		grams := new(big.Int).Mul(massbalance.GramsOf(f.Called), big.NewInt(whole))
		f.Forecast = massbalance.Grams(grams.Div(grams, big.NewInt(passed)).Int64()).Min(f.Most)
	}
	f.Shortfall = f.Forecast.Shortage(f.Due)
}
