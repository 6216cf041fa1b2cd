package massbalance

import (
	"math/big"
	"time"
)

// rulesTally is what the recount knows of profiles and of the periods that they
// govern.
type rulesTally struct {
	profiles map[SchemeID]Profile
	schemes  map[SiteID]SchemeID
	governs  map[SiteID]Profile // the open period's
	ended    map[SiteID]Date    // the last day of the period closed last
	free     map[AccountID]*big.Int
	tied     map[LotID]AccountID // lots that are tied to material
	pools    map[AccountID]poolTally
}

type poolTally struct {
	period           PeriodID
	material, credit *big.Int
}

func newRulesTally() rulesTally {
	return rulesTally{
		profiles: map[SchemeID]Profile{}, schemes: map[SiteID]SchemeID{}, governs: map[SiteID]Profile{},
		ended: map[SiteID]Date{}, free: map[AccountID]*big.Int{}, tied: map[LotID]AccountID{}, pools: map[AccountID]poolTally{},
	}
}

// opened checks that a period begins on the day after the one before it (I5) and
// notes the profile that governs it.
func (t *Tally) opened(e Entry, body OpenPeriod) {
	if end := t.rules.ended[body.Site]; end != "" {
		last, _ := time.Parse(time.DateOnly, string(end))
		first, _ := time.Parse(time.DateOnly, string(body.From))
		if first.Sub(last) != 24*time.Hour {
			t.find(e, "I5: period %s begins on %s, the one before ended on %s", body.Period, body.From, end)
		}
	}
	t.rules.governs[body.Site] = t.rules.profiles[t.rules.schemes[body.Site]]
}

// free is a site's credit of book and claim, which is tied to no material, and
// what of its other credit is frozen.
func (t *Tally) free(id AccountID) *big.Int {
	if t.rules.free[id] == nil {
		t.rules.free[id] = new(big.Int)
	}
	return t.rules.free[id]
}

// carryOver notes what profiles say, and checks at a close that no more credit
// is carried over than there is material for it, where the profile says so.
func (t *Tally) carryOver(e Entry) {
	for _, p := range e.Record.Credits {
		if p.Model != BookAndClaim {
			if p.To.Kind == HolderLot {
				t.rules.tied[LotID(p.To.ID)] = AccountID{p.To.Site, p.To.Product}
			}
			continue
		}
		if p.From.Kind == HolderLot {
			free := t.free(AccountID{p.From.Site, p.From.Product})
			free.Sub(free, GramsOf(p.Quantity))
		}
		if p.To.Kind == HolderLot {
			free := t.free(AccountID{p.To.Site, p.To.Product})
			free.Add(free, GramsOf(p.Quantity))
		}
	}
	for _, trace := range e.Record.Traces {
		if id, ok := t.rules.tied[trace.Lot]; ok {
			free := t.free(id)
			free.Add(free, GramsOf(trace.Quantity))
		}
	}
	switch body := e.Command.Body.(type) {
	case RegisterProfile:
		if t.adopted(e, "profile/"+string(body.Profile.Scheme), body.Profile.Version) {
			t.rules.profiles[body.Profile.Scheme] = body.Profile
		}
	case ChooseScheme:
		t.rules.schemes[body.Site] = body.Scheme
	case ChangeBalance:
		t.rules.schemes[body.Document.Consent.Site] = body.Document.Consent.Scheme
	case ClosePeriod:
		if t.rules.governs[body.Site].CarryOver.Cap != CapPhysicalStock {
			return
		}
		for id, account := range t.Accounts {
			tied := new(big.Int).Sub(account.Credit(), t.free(id))
			if id.Site == body.Site && tied.Cmp(account.Stock()) > 0 {
				t.find(e, "%s kg of credit of %s are carried over, %s kg are in stock", FormatGrams(tied), id.Product, FormatGrams(account.Stock()))
			}
		}
	}
}

// averages checks the rolling average percentage method: no material leaves with
// a greater share of credit than came in over the period, what was there at its
// beginning included.
func (t *Tally) averages(e Entry) {
	site := e.Record.Site
	if t.rules.governs[site].Method != RollingAverage || t.periods[site].name == "" {
		return
	}
	moved := map[ProductID]AccountTally{}
	of := func(product ProductID) AccountTally {
		if moved[product].In == nil {
			moved[product] = AccountTally{new(big.Int), new(big.Int), new(big.Int), new(big.Int)}
		}
		return moved[product]
	}
	for _, m := range e.Record.Materials {
		of(m.Product).In.Add(of(m.Product).In, GramsOf(m.In))
		of(m.Product).Out.Add(of(m.Product).Out, GramsOf(m.Out))
	}
	for _, p := range e.Record.Credits {
		if p.From.Kind == HolderLot {
			of(p.From.Product).CreditOut.Add(of(p.From.Product).CreditOut, GramsOf(p.Quantity))
		}
		if p.To.Kind == HolderLot {
			of(p.To.Product).CreditIn.Add(of(p.To.Product).CreditIn, GramsOf(p.Quantity))
		}
	}
	for product, m := range moved {
		if e.Record.Reverses != "" {
			t.unaverage(e, AccountID{site, product}, m)
			continue
		}
		t.average(e, AccountID{site, product}, m)
	}
}

// unaverage takes what a reversal undoes out of the average, or brings it back
// where it had left in an earlier period.
func (t *Tally) unaverage(e Entry, id AccountID, m AccountTally) {
	pool := t.pooled(id)
	if m.Out.Sign() > 0 {
		pool.material.Sub(pool.material, m.Out)
		pool.credit.Sub(pool.credit, m.CreditOut)
	}
	original := t.reversed.done[string(e.Record.Organisation)+"/"+string(e.Record.Reverses)].Record
	if m.In.Sign() > 0 && original.Period != pool.period {
		pool.material.Add(pool.material, m.In)
		pool.credit.Add(pool.credit, m.CreditIn)
	}
	if pool.credit.Sign() < 0 {
		pool.credit.SetInt64(0)
	}
	t.rules.pools[id] = pool
}

// pooled is the average of a product in the open period: at its beginning, what
// is there.
func (t *Tally) pooled(id AccountID) poolTally {
	pool := t.rules.pools[id]
	if name := t.periods[id.Site].name; pool.period != name {
		stock, credit := t.account(id.Site, id.Product).Stock(), t.account(id.Site, id.Product).Credit()
		if credit.Cmp(stock) > 0 {
			credit = stock
		}
		pool = poolTally{name, new(big.Int).Set(stock), new(big.Int).Set(credit)}
	}
	return pool
}

func (t *Tally) average(e Entry, id AccountID, m AccountTally) {
	pool := t.pooled(id)
	// Credit out ÷ material out ≤ credit in ÷ material in, without a division.
	if m.Out.Sign() > 0 && new(big.Int).Mul(m.CreditOut, pool.material).Cmp(new(big.Int).Mul(m.Out, pool.credit)) > 0 {
		t.find(e, "%s kg leave with %s kg of %s, of which %s kg in %s kg are attributed on average", FormatGrams(m.CreditOut), FormatGrams(m.Out), id.Product, FormatGrams(pool.credit), FormatGrams(pool.material))
	}
	if m.In.Sign() > 0 {
		pool.material.Add(pool.material, m.In)
		pool.credit.Add(pool.credit, m.CreditIn)
	}
	t.rules.pools[id] = pool
}
