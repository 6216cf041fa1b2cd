package trade

import (
	"math/big"
	"slices"

	"github.com/shopspring/decimal"

	"github.com/weighbridge/weighbridge/chaincode/massbalance"
)

// Together adds premiums up that are alike once blank has taken away what is not
// to be told apart, such as region and quarter. What a tonne avoided cost is of
// the volume alone for which an average was adopted.
func Together(all []Premium, blank func(*Premium)) []Premium {
	var out []Premium
	var sums []*together
	for _, p := range all {
		q := Premium{Product: p.Product, Model: p.Model, Region: p.Region, Year: p.Year, Quarter: p.Quarter, Currency: p.Currency, Sold: p.Sold}
		blank(&q)
		at := slices.IndexFunc(out, func(o Premium) bool { return o.of() == q.of() })
		if at < 0 {
			out, sums = append(out, q), append(sums, &together{})
			at = len(out) - 1
		}
		out[at].Quantity, out[at].Paid = out[at].Quantity.Add(p.Quantity), out[at].Paid.Add(p.Paid)
		sums[at].add(p)
	}
	for i := range out {
		sums[i].write(&out[i])
	}
	return out
}

func (p Premium) of() kind {
	return kind{p.Product, p.Model, p.Region, p.Year, p.Quarter, p.Currency, p.Sold}
}

// together is what was paid for volume with a known average, and what that avoided.
type together struct {
	paid    Money
	avoided decimal.Decimal
	known   bool
}

func (t *together) add(p Premium) {
	avoided, err := decimal.NewFromString(p.Avoided)
	if err != nil {
		return // no average was adopted
	}
	t.paid, t.avoided, t.known = t.paid.Add(p.Paid), t.avoided.Add(avoided), true
}

func (t *together) write(p *Premium) {
	p.PerTonne = perTonne(p.Paid, tonnes(p.Quantity))
	if !t.known {
		return
	}
	p.Avoided = t.avoided.String()
	if t.avoided.IsPositive() {
		p.PerTonneCO2e = perTonne(t.paid, t.avoided.Shift(-3))
	}
}

// Average is the figure of the index that was published: what was paid by tonne on
// average, with two decimals, half away from zero; "" where there is none.
func Average(r massbalance.PremiumRound) string {
	cents, ok := new(big.Int).SetString(r.Premium, 10)
	if !ok || r.Void || r.Mass.IsZero() {
		return ""
	}
	// Hundredths by gram are, times 10,000, sums by tonne.
	return rounded(new(big.Rat).SetFrac(cents.Mul(cents, big.NewInt(10_000)), massbalance.GramsOf(r.Mass)), 2)
}
