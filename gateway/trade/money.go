package trade

import (
	"fmt"
	"math/big"
	"regexp"

	"github.com/shopspring/decimal"

	"github.com/weighbridge/weighbridge/chaincode/massbalance"
)

// Money is an exact sum in the currency that stands beside it: up to 12 digits
// and 6 decimals as a price, 2 decimals as an amount. It may be negative: a
// premium below the ordinary price, or a credit note.
type Money struct{ d decimal.Decimal }

var moneyForm = regexp.MustCompile(`^-?(0|[1-9][0-9]{0,11})(\.[0-9]{1,6})?$`)

// ParseMoney reads a price such as 41.5.
func ParseMoney(text string) (Money, error) {
	if !moneyForm.MatchString(text) {
		return Money{}, fmt.Errorf("%q is not a sum such as 41.50, with at most 12 digits and 6 decimals", text)
	}
	d, err := decimal.NewFromString(text)
	if err != nil {
		return Money{}, fmt.Errorf("%q is not a sum: %w", text, err)
	}
	return Money{d}, nil
}

// Cents makes a sum of hundredths.
func Cents(n int64) Money { return Money{decimal.New(n, -2)} }

// Cents gives the hundredths of an amount; more decimals are rounded half to even.
func (m Money) Cents() int64 { return m.d.RoundBank(2).Shift(2).IntPart() }

// String gives at least two decimals.
func (m Money) String() string {
	if -m.d.Exponent() > 2 && !m.d.Equal(m.d.Truncate(2)) {
		return m.d.String()
	}
	return m.d.StringFixed(2)
}

// MarshalText gives the canonical form.
func (m Money) MarshalText() ([]byte, error) { return []byte(m.String()), nil }

// UnmarshalText reads a sum as people write it, such as 0 or 41.5; that a
// document is in canonical form is checked by package wire.
func (m *Money) UnmarshalText(text []byte) (err error) {
	*m, err = ParseMoney(string(text))
	return err
}

// Add adds.
func (m Money) Add(other Money) Money { return Money{m.d.Add(other.d)} }

// Sub subtracts.
func (m Money) Sub(other Money) Money { return Money{m.d.Sub(other.d)} }

// IsZero reports whether nothing is paid.
func (m Money) IsZero() bool { return m.d.IsZero() }

// Negative reports whether it is the other way round.
func (m Money) Negative() bool { return m.d.IsNegative() }

// perTonne is a price per tonne times a quantity, rounded half to even.
func (m Money) perTonne(q massbalance.Quantity) Money {
	grams := decimal.NewFromBigInt(massbalance.GramsOf(q), -6) // in tonnes
	return Money{m.d.Mul(grams).RoundBank(2)}
}

// perKg is a price per kilogram of CO2e times emissions, rounded half to even.
func (m Money) perKg(kg decimal.Decimal) Money { return Money{m.d.Mul(kg).RoundBank(2)} }

// Ratio divides exactly; false where there is nothing to divide by.
func (m Money) Ratio(by decimal.Decimal) (*big.Rat, bool) {
	if by.IsZero() {
		return nil, false
	}
	return new(big.Rat).Quo(m.d.Rat(), by.Rat()), true
}

// rounded writes a fraction with so many decimals, half away from zero, for
// people to read; nothing is computed from it.
func rounded(r *big.Rat, decimals int) string { return r.FloatString(decimals) }
