package scope3

import (
	"cmp"
	"math/big"
	"slices"
	"strconv"

	"github.com/weighbridge/weighbridge/chaincode/massbalance"
	"github.com/weighbridge/weighbridge/gateway/readmodel"
)

// Basis says which factor a line counts at.
type Basis string

// The bases, from the most specific to none.
const (
	// Claimed counts at the figures of the set that was claimed.
	Claimed Basis = "claimed"
	// Residual counts at what is left of the adopted average for what nobody claimed.
	Residual Basis = "residual"
	// Average counts at the adopted average.
	Average Basis = "average"
	// Unknown has no factor: none was adopted for the product and region.
	Unknown Basis = "unknown"
)

// Bases lists them.
var Bases = []Basis{Claimed, Residual, Average, Unknown}

// Line is a part of what was bought that counts in one way.
type Line struct {
	Product  massbalance.ProductID
	Supplier string
	// Quantity is in kilograms of the product as it was bought.
	Quantity massbalance.Quantity
	Basis    Basis
	Region   string
	// Claim, Model, Wording and Traceability are set where the line was claimed;
	// As is the product that it was claimed as, and ClaimedQuantity is in kilograms of it.
	Claim           massbalance.ClaimID
	As              massbalance.ProductID
	ClaimedQuantity massbalance.Quantity
	Model           massbalance.CustodyModel
	Wording         string
	Traceability    massbalance.TraceabilityLevel
	// Factor is kg CO2e per kg of Quantity as bought, nil where there is none or
	// the figures are those of a claim; Baseline is the version behind it.
	Factor   *massbalance.Intensity
	Baseline int
	Carbon   CarbonMass
}

// Report is what an organisation reports of the goods that it bought in a year.
type Report struct {
	Organisation massbalance.OrganisationID
	Year         int
	Lines        []Line
	// Bought is the volume in all, Claimed and Unknown the parts of it that count
	// at claimed figures and at none.
	Bought  massbalance.Quantity
	Claimed massbalance.Quantity
	Unknown massbalance.Quantity
	Total   CarbonMass
	// Overclaimed lists what was claimed for the year beyond what was bought in
	// it, because it came in earlier: such lines count in full.
	Overclaimed massbalance.Quantity
}

// Make computes the report of an organisation and year.
func Make(s *readmodel.Snapshot, org massbalance.OrganisationID, year int) (Report, error) {
	m := &maker{
		purchases: newPurchases(s, org, year), report: Report{Organisation: org, Year: year},
		used: map[good]*big.Rat{}, baselines: map[[2]string]*factor{},
	}
	if err := m.count(); err != nil {
		return m.report, err
	}
	if err := m.claims(); err != nil {
		return m.report, err
	}
	if err := m.rest(); err != nil {
		return m.report, err
	}
	slices.SortStableFunc(m.report.Lines, func(a, b Line) int {
		return cmp.Or(cmp.Compare(a.Product, b.Product), cmp.Compare(a.Supplier, b.Supplier),
			cmp.Compare(slices.Index(Bases, a.Basis), slices.Index(Bases, b.Basis)), cmp.Compare(a.Claim, b.Claim), cmp.Compare(a.Region, b.Region))
	})
	var err error
	m.report.Total, err = m.total.Mass()
	return m.report, err
}

// LatestYear is the last year that has something to report: the greatest year that
// the organisation claimed for or in which it received something of others. It is 0
// where there is none.
func LatestYear(s *readmodel.Snapshot, org massbalance.OrganisationID) (int, error) {
	var latest int
	claims, err := s.AllClaims(readmodel.ClaimFilter{Organisation: org, Standing: true})
	if err != nil {
		return 0, err
	}
	for _, claim := range claims {
		latest = max(latest, claim.ReportingYear)
	}
	transfers, err := deliveries(s, org)
	if err != nil {
		return 0, err
	}
	for _, t := range transfers {
		latest = max(latest, yearOf(t.Resolved))
	}
	last, err := s.Entries(readmodel.EntryFilter{Organisation: org, Type: massbalance.TakeIn{}.Type()}, readmodel.Page{Limit: 1, Newest: true, By: readmodel.ByDate})
	if err != nil {
		return 0, err
	}
	for _, e := range last.Items {
		latest = max(latest, yearOf(e.Command.Date))
	}
	return latest, nil
}

// maker is a report under way.
type maker struct {
	*purchases
	report Report
	total  CarbonSum
	// used is what of each good was claimed, in grams as bought.
	used      map[good]*big.Rat
	baselines map[[2]string]*factor
}

// claims counts what the organisation claimed for the year at its own figures.
func (m *maker) claims() error {
	claims, err := m.s.AllClaims(readmodel.ClaimFilter{Organisation: m.org, Year: strconv.Itoa(m.year), Standing: true})
	if err != nil {
		return err
	}
	for _, claim := range claims {
		if claim.Covers != "" {
			continue // it stands in for credit of a claim that is counted already
		}
		for _, line := range claim.Lines {
			if err := m.claimed(claim, line); err != nil {
				return err
			}
		}
	}
	return nil
}

// claimed divides a claim's line among the deliveries behind it.
func (m *maker) claimed(claim massbalance.Claim, line massbalance.TransferLine) error {
	set, err := readmodel.Need[massbalance.Characteristics](m.s, massbalance.CharacteristicsKey(line.Characteristics))
	if err != nil {
		return err
	}
	whole := new(big.Rat).SetInt(massbalance.GramsOf(line.Quantity))
	shares, err := m.behind(line.Lot, whole)
	if err != nil {
		return err
	}
	bought := new(big.Rat)
	for _, s := range shares {
		bought.Add(bought, s.grams)
		m.use(s.good, s.grams)
	}
	for _, s := range merged(shares) {
		// The claimed quantity divides as what was bought does.
		part := new(big.Rat).Mul(whole, new(big.Rat).Quo(s.grams, bought))
		l := Line{
			Product: s.product, Supplier: s.supplier, Quantity: floor(s.grams), Basis: Claimed, Region: set.Region, Claim: claim.ID,
			As: claim.Product, ClaimedQuantity: floor(part), Model: line.Model, Wording: line.Model.Wording(), Traceability: claim.Traceability,
		}
		var sum CarbonSum
		sum.Add(l.ClaimedQuantity, set.Carbon)
		if err := m.add(l, sum); err != nil {
			return err
		}
		m.report.Claimed = m.report.Claimed.Add(l.Quantity)
	}
	return nil
}

// merged adds shares of the same good up, in a fixed order.
func merged(shares []share) []share {
	slices.SortStableFunc(shares, func(a, b share) int { return a.compare(b.good) })
	var out []share
	for _, s := range shares {
		if n := len(out); n > 0 && out[n-1].good == s.good {
			out[n-1].grams = new(big.Rat).Add(out[n-1].grams, s.grams)
			continue
		}
		out = append(out, s)
	}
	return out
}

func (m *maker) use(g good, grams *big.Rat) {
	if m.used[g] == nil {
		m.used[g] = new(big.Rat)
	}
	m.used[g].Add(m.used[g], grams)
}

func (m *maker) add(l Line, sum CarbonSum) (err error) {
	if l.Carbon, err = sum.Mass(); err != nil {
		return err
	}
	m.report.Lines = append(m.report.Lines, l)
	m.total.Plus(sum)
	return nil
}

// rest counts what was bought and not claimed.
func (m *maker) rest() error {
	goods := make([]good, 0, len(m.bought))
	for g := range m.bought {
		goods = append(goods, g)
	}
	slices.SortFunc(goods, good.compare)
	for _, g := range goods {
		bought := m.bought[g]
		m.report.Bought = m.report.Bought.Add(massbalance.Grams(bought.Int64()))
		left := new(big.Rat).SetInt(bought)
		if used := m.used[g]; used != nil {
			left.Sub(left, used)
		}
		if left.Sign() <= 0 {
			m.report.Overclaimed = m.report.Overclaimed.Add(floor(left.Neg(left)))
			continue
		}
		if err := m.unclaimed(g, ceil(left)); err != nil {
			return err
		}
	}
	return m.earlier()
}

// earlier counts what was claimed of goods that did not come in this year at all.
func (m *maker) earlier() error {
	for g, used := range m.used {
		if m.bought[g] == nil {
			m.report.Overclaimed = m.report.Overclaimed.Add(floor(used))
		}
	}
	return nil
}

func (m *maker) unclaimed(g good, quantity massbalance.Quantity) error {
	l := Line{Product: g.product, Supplier: g.supplier, Quantity: quantity, Region: g.region, Basis: Unknown}
	f, err := m.factor(g.product, g.region)
	if err != nil {
		return err
	}
	var sum CarbonSum
	if f != nil {
		l.Basis, l.Factor, l.Baseline = f.basis, &f.intensity, f.version
		sum.AddAverage(quantity, f.intensity)
	} else {
		m.report.Unknown = m.report.Unknown.Add(quantity)
	}
	return m.add(l, sum)
}

// floor and ceil round to whole grams: what is claimed down, what is not up, so
// that nothing is left out.
func floor(grams *big.Rat) massbalance.Quantity {
	return massbalance.Grams(new(big.Int).Div(grams.Num(), grams.Denom()).Int64())
}

func ceil(grams *big.Rat) massbalance.Quantity {
	up := new(big.Int).Add(grams.Num(), grams.Denom())
	return massbalance.Grams(up.Sub(up, big.NewInt(1)).Div(up, grams.Denom()).Int64())
}
