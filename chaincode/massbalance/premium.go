package massbalance

import (
	"fmt"
	"math/big"
	"slices"
	"strconv"
)

// This file holds the consortium's premium index: what was paid on average for a
// product under a custody model, without anybody learning what one agreement
// paid. A contributor splits its two figures, the premium in hundredths of the
// currency and the mass in grams, into one share per trading member, at random
// but for their sums modulo 2^256. Each member gets its share alone and publishes
// the sum of the shares that it got, once there are at least five contributions.
// The sums of the members' sums are the totals; any smaller part of them is noise.

// leastContributions is how many agreements' periods must stand behind a figure.
const leastContributions = 5

// PremiumIndex names a figure of the index: the average premium of a product
// under a custody model in a quarter.
type PremiumIndex struct {
	Product  ProductID
	Model    CustodyModel
	Currency string // ISO 4217
	Year     int
	Quarter  int
}

// name writes the index in a key.
func (i PremiumIndex) name() string {
	return string(i.Model) + "/" + i.Currency + "/" + strconv.Itoa(i.Year) + "/" + strconv.Itoa(i.Quarter)
}

func (i PremiumIndex) check() string {
	switch {
	case !ValidName(string(i.Product)) || !i.Model.Valid():
		return fmt.Sprintf("index: product %q must be a name and %q a custody model", i.Product, i.Model)
	case !currencyForm.MatchString(i.Currency):
		return fmt.Sprintf("index: %q is not a currency such as EUR", i.Currency)
	case i.Year < 2000 || i.Year > 9999 || i.Quarter < 1 || i.Quarter > 4:
		return fmt.Sprintf("index: there is no quarter %d of %d", i.Quarter, i.Year)
	}
	return ""
}

// PremiumRound is one figure of the index on its way.
type PremiumRound struct {
	Index PremiumIndex
	// Members are those that get shares: the trading members of the day on which
	// the first contribution came.
	Members       []OrganisationID
	Contributions []PremiumContribution
	Sums          []PremiumSum
	// Premium, in hundredths of the currency, and Mass are the totals, set with
	// the last sum. Void is set where they are no figures: then somebody
	// published a sum that is not that of its shares.
	Premium string
	Mass    Quantity
	Void    bool
}

// PremiumContribution is one settled period of one agreement.
type PremiumContribution struct {
	By        OrganisationID
	Agreement AgreementID
	Period    int
	// Shares are the hashes of the documents with the members' shares, in the
	// order of the round's members.
	Shares []Digest
}

// PremiumSum is what one member's shares add up to, modulo 2^256.
type PremiumSum struct {
	Member  OrganisationID
	Premium Digest
	Mass    Digest
}

func (PremiumRound) isValue() {}

func (b ContributePremium) check() string {
	if len(b.Shares) == 0 || len(b.Shares) > listLimit {
		return fmt.Sprintf("shares: 1 to %d, one for each trading member", listLimit)
	}
	for _, share := range b.Shares {
		if share.IsZero() {
			return "shares: each must be given"
		}
	}
	if problem := checkAgreementPeriod(b.Agreement, b.Period); problem != "" {
		return problem
	}
	return b.Index.check()
}

// ContributePremium adds a settled period to a figure. The seller does so, once;
// that nobody else counts the same premium needs no more.
func (b ContributePremium) execute(e *execution) error {
	a, s, err := e.settlement(b.Agreement, b.Period)
	if err != nil {
		return err
	}
	if a.Seller != e.tx.Organisation {
		return refuse(NotParty, "%s sells under agreement %s and contributes its premium, not %s", a.Seller, a.ID, e.tx.Organisation)
	}
	if a.Commitment.Product != b.Index.Product {
		return refuse(ProductMismatch, "agreement %s is of %s, not of %s", a.ID, a.Commitment.Product, b.Index.Product)
	}
	if s.Agreed == "" {
		return refuse(NotSettled, "period %d of agreement %s is not settled", b.Period, a.ID)
	}
	round, begun, err := find[PremiumRound](e, PremiumKey(b.Index))
	if err != nil {
		return err
	}
	if !begun {
		round = PremiumRound{Index: b.Index, Members: e.consortium.Trading()}
	}
	if err := round.takes(b); err != nil {
		return err
	}
	round.Contributions = append(slices.Clone(round.Contributions), PremiumContribution{e.tx.Organisation, b.Agreement, b.Period, b.Shares})
	e.put(PremiumKey(b.Index), round)
	e.record.Subject = string(b.Agreement)
	return nil
}

// takes checks that a contribution may still come, and once.
func (r PremiumRound) takes(b ContributePremium) error {
	for _, c := range r.Contributions {
		if c.Agreement == b.Agreement && c.Period == b.Period {
			return refuse(AlreadyExists, "period %d of agreement %s was contributed before", b.Period, b.Agreement)
		}
	}
	switch {
	case len(r.Sums) > 0:
		return refuse(IndexClosed, "the index of %s %s was closed with %d contributions", r.Index.Product, r.Index.name(), len(r.Contributions))
	case len(b.Shares) != len(r.Members):
		return refuse(InvalidCommand, "shares: %d are given for %d members", len(b.Shares), len(r.Members))
	case len(r.Contributions) >= listLimit:
		return refuse(InvalidCommand, "the index of %s %s has %d contributions, the most there may be", r.Index.Product, r.Index.name(), listLimit)
	}
	return nil
}

func (b PublishPremiumSum) check() string { return b.Index.check() }

// PublishPremiumSum says what the submitter's shares add up to. The first sum
// closes the round: from then on nothing is contributed to it.
func (b PublishPremiumSum) execute(e *execution) error {
	round, err := need[PremiumRound](e, PremiumKey(b.Index))
	if err != nil {
		return err
	}
	if !slices.Contains(round.Members, e.tx.Organisation) {
		return refuse(NotParty, "%s has no shares of the index of %s %s", e.tx.Organisation, b.Index.Product, b.Index.name())
	}
	if slices.ContainsFunc(round.Sums, func(s PremiumSum) bool { return s.Member == e.tx.Organisation }) {
		return refuse(AlreadyExists, "%s has published its sum for %s %s", e.tx.Organisation, b.Index.Product, b.Index.name())
	}
	if n := len(round.Contributions); n < leastContributions || n != b.Contributions {
		return refuse(TooFewContributions, "the sum is of %d contributions; there are %d, and at least %d must stand behind a figure", b.Contributions, n, leastContributions)
	}
	round.Sums = append(slices.Clone(round.Sums), PremiumSum{e.tx.Organisation, b.Premium, b.Mass})
	if len(round.Sums) == len(round.Members) {
		round = round.total()
	}
	e.put(PremiumKey(b.Index), round)
	e.record.Subject = string(b.Index.Product)
	return nil
}

// modulus is that of the shares.
var modulus = new(big.Int).Lsh(big.NewInt(1), 256)

// total adds the members' sums up. Totals that no quarter of a trade could have
// are noise: a sum among them was wrong.
func (r PremiumRound) total() PremiumRound {
	premium, mass := new(big.Int), new(big.Int)
	for _, s := range r.Sums {
		premium.Add(premium, new(big.Int).SetBytes(s.Premium[:]))
		mass.Add(mass, new(big.Int).SetBytes(s.Mass[:]))
	}
	premium.Mod(premium, modulus)
	mass.Mod(mass, modulus)
	if r.Void = !premium.IsInt64() || !mass.IsInt64() || !Grams(mass.Int64()).Fits(); r.Void {
		return r
	}
	r.Premium, r.Mass = premium.String(), Grams(mass.Int64())
	return r
}
