package massbalance

import (
	"fmt"
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
	left     map[TransferID]PeriodID // the period of the dispatch
	closings map[closedPeriod]map[ProductID]*AccountTally
}

type closedPeriod struct {
	site   SiteID
	period PeriodID
}

type poolTally struct {
	period           PeriodID
	material, credit *big.Int
}

func newRulesTally() rulesTally {
	return rulesTally{
		profiles: map[SchemeID]Profile{}, schemes: map[SiteID]SchemeID{}, governs: map[SiteID]Profile{},
		ended: map[SiteID]Date{}, free: map[AccountID]*big.Int{}, tied: map[LotID]AccountID{}, pools: map[AccountID]poolTally{}, left: map[TransferID]PeriodID{}, closings: map[closedPeriod]map[ProductID]*AccountTally{},
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
	case Dispatch:
		t.rules.left[TransferID(e.Record.Subject)] = e.Record.Period
	case RegisterProfile:
		if t.adopted(e, "profile/"+string(body.Profile.Scheme), body.Profile.Version) {
			t.rules.profiles[body.Profile.Scheme] = body.Profile
		}
	case ChooseScheme:
		t.rules.schemes[body.Site] = body.Scheme
	case ChangeBalance:
		t.rules.schemes[body.Document.Consent.Site] = body.Document.Consent.Scheme
	case Reassign:
		if to := t.account(body.Site, body.To); to.Credit().Cmp(to.Stock()) > 0 {
			t.find(e, "%s kg of credit of %s, %s kg are in stock", FormatGrams(to.Credit()), body.To, FormatGrams(to.Stock()))
		}
	case ClosePeriod:
		t.freeze(body)
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

// freeze remembers the accounts as they stand at a close.
func (t *Tally) freeze(body ClosePeriod) {
	frozen := map[ProductID]*AccountTally{}
	for id, a := range t.Accounts {
		if id.Site == body.Site {
			frozen[id.Product] = &AccountTally{new(big.Int).Set(a.In), new(big.Int).Set(a.Out), new(big.Int).Set(a.CreditIn), new(big.Int).Set(a.CreditOut)}
		}
	}
	t.rules.closings[closedPeriod{body.Site, body.Period}] = frozen
}

// comparePeriod checks a closed period against the accounts as they stood then:
// nothing was changed since (I5), and its figures add up.
func (t *Tally) comparePeriod(id closedPeriod, period Period) (differences []string) {
	differ := func(what string, counted *big.Int, stored ...Quantity) {
		sum := new(big.Int)
		for _, q := range stored {
			sum.Add(sum, GramsOf(q))
		}
		if sum.Cmp(counted) != 0 {
			differences = append(differences, fmt.Sprintf("I5: %s of period %s of %s: stored %s kg, recounted %s kg", what, id.period, id.site, FormatGrams(sum), FormatGrams(counted)))
		}
	}
	closing := t.rules.closings[id]
	if period.Closed != (closing != nil) || len(period.Closings) != len(closing) || len(period.Figures) != len(closing) {
		return []string{fmt.Sprintf("I5: period %s of %s: stored with %d accounts, closed: %t; recounted %d", id.period, id.site, len(period.Closings), period.Closed, len(closing))}
	}
	for _, c := range period.Closings {
		if a := closing[c.Product]; a != nil {
			differ("material in of "+string(c.Product), a.In, c.Account.PhysicalIn)
			differ("material out of "+string(c.Product), a.Out, c.Account.PhysicalOut)
			differ("credit in of "+string(c.Product), a.CreditIn, c.Account.CreditIn)
			differ("credit out of "+string(c.Product), a.CreditOut, c.Account.CreditOut)
		}
	}
	opening := t.rules.closings[closedPeriod{id.site, period.Previous}]
	for _, f := range period.Figures {
		before, after := opening[f.Product], closing[f.Product]
		if before == nil {
			before = &AccountTally{new(big.Int), new(big.Int), new(big.Int), new(big.Int)}
		}
		if after == nil {
			after = before
		}
		since := func(a, b *big.Int) *big.Int { return new(big.Int).Sub(b, a) }
		differ("opening material of "+string(f.Product), before.Stock(), f.Material.Opening)
		differ("material in and found of "+string(f.Product), since(before.In, after.In), f.Material.In, f.Material.Found)
		differ("material out and loss of "+string(f.Product), since(before.Out, after.Out), f.Material.Out, f.Material.Loss)
		differ("closing material of "+string(f.Product), after.Stock(), f.Material.Closing)
		differ("opening credit of "+string(f.Product), before.Credit(), f.Credit.Opening)
		differ("credit in of "+string(f.Product), since(before.CreditIn, after.CreditIn), f.Credit.In)
		differ("credit out and expired of "+string(f.Product), since(before.CreditOut, after.CreditOut), f.Credit.Out, f.Credit.Expired)
		differ("closing credit of "+string(f.Product), after.Credit(), f.Credit.Closing)
	}
	return differences
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

// returned reports whether an entry books in again what left in the same period
// and is in the pool still.
func (t *Tally) returned(e Entry) bool {
	body, ok := e.Command.Body.(Return)
	return ok && t.rules.left[body.Transfer] == e.Record.Period
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
	if m.In.Sign() > 0 && !t.returned(e) {
		pool.material.Add(pool.material, m.In)
		pool.credit.Add(pool.credit, m.CreditIn)
	}
	t.rules.pools[id] = pool
}
