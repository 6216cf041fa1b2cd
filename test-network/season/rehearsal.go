package season

import (
	"fmt"
	"slices"

	"github.com/weighbridge/weighbridge/chaincode/massbalance"
	"github.com/weighbridge/weighbridge/chaincode/wire"
)

// rehearsal executes commands on a state held in memory while the plan is made.
type rehearsal struct {
	season  *Season
	state   massbalance.Memory
	entries []massbalance.Entry
	// lots holds the lots of each kind of credit in the order of their creation.
	lots map[credit][]massbalance.LotID
	// products are those with a stock account at a site, in order of creation.
	products map[massbalance.SiteID][]massbalance.ProductID
	// opened counts the periods that a site has opened so far.
	opened map[massbalance.SiteID]int
}

// credit says what lots are interchangeable when lots are chosen first in,
// first out.
type credit struct {
	site            massbalance.SiteID
	product         massbalance.ProductID
	characteristics massbalance.CharacteristicsID
}

func newRehearsal(s *Season) *rehearsal {
	return &rehearsal{
		season: s, state: massbalance.Memory{},
		lots: map[credit][]massbalance.LotID{}, products: map[massbalance.SiteID][]massbalance.ProductID{},
		opened: map[massbalance.SiteID]int{},
	}
}

// accept executes a command that must be accepted for the first time, and gives
// it back sealed.
func (r *rehearsal) accept(org massbalance.OrganisationID, c massbalance.Command) (massbalance.Command, error) {
	c, err := wire.NewCommand(c)
	if err != nil {
		return c, err
	}
	tx := massbalance.Tx{ID: fmt.Sprintf("rehearsal-%d", len(r.entries)+1), Organisation: org}
	batch, err := massbalance.ExecuteBatch(r.state, tx, []massbalance.Command{c})
	if err != nil {
		return c, fmt.Errorf("couldn't execute %s of %s: %w", c.ID, org, err)
	}
	if result := batch.Results[0]; result.Code != massbalance.Accepted || result.Repeated {
		return c, fmt.Errorf("couldn't get %s of %s accepted for the first time: %s %s", c.ID, org, result.Code, result.Message)
	}
	r.note(batch.Writes)
	r.state.Apply(batch.Writes)
	r.entries = append(r.entries, massbalance.Entry{Block: uint64(len(r.entries) + 1), Command: c, Record: batch.Records[0].Record})
	return c, nil
}

// note remembers new lots and stock accounts.
func (r *rehearsal) note(writes []massbalance.Write) {
	for _, w := range writes {
		if r.state[w.Key] != nil {
			continue
		}
		switch value := w.Value.(type) {
		case massbalance.Lot:
			kind := credit{value.Site, value.Product, value.Characteristics}
			r.lots[kind] = append(r.lots[kind], value.ID)
		case massbalance.Account:
			site := massbalance.SiteID(w.Key.A)
			r.products[site] = append(r.products[site], massbalance.ProductID(w.Key.B))
		}
	}
}

// try executes a command that must be refused; nothing of it is kept.
func (r *rehearsal) try(org massbalance.OrganisationID, c massbalance.Command) (massbalance.Command, massbalance.Result, error) {
	c, err := wire.NewCommand(c)
	if err != nil {
		return c, massbalance.Result{}, err
	}
	batch, err := massbalance.ExecuteBatch(r.state, massbalance.Tx{ID: "rehearsal-refusal", Organisation: org}, []massbalance.Command{c})
	if err != nil {
		return c, massbalance.Result{}, fmt.Errorf("couldn't execute %s of %s: %w", c.ID, org, err)
	}
	return c, batch.Results[0], nil
}

func (r *rehearsal) lot(id massbalance.LotID) massbalance.Lot {
	lot, _ := r.state[massbalance.LotKey(id)].(massbalance.Lot)
	return lot
}

func (r *rehearsal) account(site massbalance.SiteID, product massbalance.ProductID) massbalance.Account {
	account, _ := r.state[massbalance.AccountKey(site, product)].(massbalance.Account)
	return account
}

// pick names lots for shares, first in, first out.
func (r *rehearsal) pick(site massbalance.SiteID, product massbalance.ProductID, shares []Share) ([]massbalance.LotLine, error) {
	var lines []massbalance.LotLine
	for _, share := range shares {
		id, _ := r.season.set(share.Set)
		left := share.Quantity
		for _, lot := range r.lots[credit{site, product, id}] {
			taken := left.Min(r.lot(lot).Available())
			if taken.IsZero() {
				continue
			}
			lines = append(lines, massbalance.LotLine{Lot: lot, Quantity: taken})
			left, _ = left.Sub(taken)
		}
		if !left.IsZero() {
			return nil, fmt.Errorf("couldn't attribute %s kg of %s to %s at %s: %s kg are missing", share.Quantity, share.Set, product, site, left)
		}
	}
	return lines, nil
}

// trading lists the trading members in the order of the file.
func (r *rehearsal) trading() []massbalance.OrganisationID {
	return massbalance.Consortium{Members: r.season.Members}.Trading()
}

// roll closes and opens periods until the site stands in the one wanted.
func (r *rehearsal) roll(site massbalance.SiteID, wanted massbalance.PeriodID) ([]massbalance.Command, error) {
	var commands []massbalance.Command
	for {
		n := r.opened[site]
		if n > 0 && r.season.Periods[n-1].Period == wanted {
			return commands, nil
		}
		if n == len(r.season.Periods) {
			return nil, fmt.Errorf("couldn't go back to period %s at %s", wanted, site)
		}
		if n > 0 {
			commands = append(commands, r.closing(site, r.season.Periods[n-1]))
		}
		next := r.season.Periods[n]
		commands = append(commands, massbalance.Command{
			ID:   massbalance.CommandID("open-" + string(site) + "-" + string(next.Period)),
			Date: next.From, Body: massbalance.OpenPeriod{Site: site, Period: next.Period, From: next.From, To: next.To},
		})
		r.opened[site]++
	}
}

// closing states the physical balance of every account, as a stocktaking would.
func (r *rehearsal) closing(site massbalance.SiteID, p Period) massbalance.Command {
	body := massbalance.ClosePeriod{Site: site, Period: p.Period}
	products := slices.Sorted(slices.Values(r.products[site]))
	for _, product := range products {
		body.Balances = append(body.Balances, massbalance.AccountBalance{Product: product, Balance: r.account(site, product).Stock()})
	}
	return massbalance.Command{
		ID:   massbalance.CommandID("close-" + string(site) + "-" + string(p.Period)),
		Date: p.To, By: "stocktaking", Body: body,
	}
}
