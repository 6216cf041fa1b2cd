package season

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"net/url"
	"slices"
	"time"

	"github.com/weighbridge/weighbridge/chaincode/massbalance"
	"github.com/weighbridge/weighbridge/chaincode/wire"
)

// Account is a stock account as the gateway's API gives it.
type Account struct {
	Site        massbalance.SiteID
	Product     massbalance.ProductID
	PhysicalIn  massbalance.Quantity
	PhysicalOut massbalance.Quantity
	CreditIn    massbalance.Quantity
	CreditOut   massbalance.Quantity
}

func (a Account) account() massbalance.Account {
	return massbalance.Account{PhysicalIn: a.PhysicalIn, PhysicalOut: a.PhysicalOut, CreditIn: a.CreditIn, CreditOut: a.CreditOut}
}

// ClaimOrigins is a claim with the statements that stand behind it.
type ClaimOrigins struct {
	Claim   massbalance.Claim
	Origins []Origin
	// Rounding is what rounding down left without an origin.
	Rounding massbalance.Quantity
}

// Origin is one verification statement's share of a claim, in kilograms of the
// product claimed.
type Origin struct {
	Quantity  massbalance.Quantity
	Producer  string
	Statement massbalance.StatementID
}

// line is one entry of the list of records.
type line struct {
	Block   uint64
	Command json.RawMessage
	Record  json.RawMessage
}

// entry reads the ledger's own bytes back with the ledger's own codec.
func (l line) entry() (massbalance.Entry, error) {
	command, err := wire.Decode[massbalance.Command](l.Command)
	if err != nil {
		return massbalance.Entry{}, err
	}
	record, err := wire.Decode[massbalance.Record](l.Record)
	if err != nil {
		return massbalance.Entry{}, err
	}
	return massbalance.Entry{Block: l.Block, Command: command, Record: record}, nil
}

// read takes everything from the certifier's gateway, which moves nothing and
// sees all: accounts, claims and their origins as its API tells them, and every
// record, from which the recount is made without believing any of the former.
func (p *Plan) read(ctx context.Context, d *driver, report *Report) error {
	g := d.gateways[p.Season.Certifier.ID]
	entries, err := p.records(ctx, g, d.options.Patience)
	if err != nil {
		return err
	}
	report.Records, report.Recount = len(entries), massbalance.Recount(entries)
	sites, err := list[struct{ ID massbalance.SiteID }](ctx, g, "/api/v1/sites")
	if err != nil {
		return err
	}
	for _, site := range sites {
		accounts, err := list[Account](ctx, g, "/api/v1/sites/"+url.PathEscape(string(site.ID))+"/accounts")
		if err != nil {
			return err
		}
		for _, account := range accounts {
			account.Site = site.ID
			report.Accounts = append(report.Accounts, account)
		}
	}
	p.sort(report.Accounts)
	claims, err := list[massbalance.Claim](ctx, g, "/api/v1/claims")
	if err != nil {
		return err
	}
	for _, claim := range claims {
		var trace struct {
			Origins  []Origin
			Rounding massbalance.Quantity
		}
		// A claim's ID is organisation/command, which is its path as well.
		if err := g.get(ctx, "/api/v1/claims/"+string(claim.ID)+"/origins", &trace); err != nil {
			return err
		}
		report.Claims = append(report.Claims, ClaimOrigins{claim, trace.Origins, trace.Rounding})
	}
	report.Differences = append(report.Differences, report.compare()...)
	return nil
}

// sort puts accounts in the order in which material passes the sites; those
// that the season does not know come first.
func (p *Plan) sort(accounts []Account) {
	place := func(site massbalance.SiteID) int {
		return slices.IndexFunc(p.Season.Sites, func(s Site) bool { return s.Site == site })
	}
	slices.SortStableFunc(accounts, func(a, b Account) int { return cmp.Compare(place(a.Site), place(b.Site)) })
}

// records reads the list of records until it holds every command of the plan:
// the certifier's gateway may be a block behind those that submitted.
func (p *Plan) records(ctx context.Context, g gateway, patience time.Duration) ([]massbalance.Entry, error) {
	deadline := time.Now().Add(patience)
	for {
		lines, err := list[line](ctx, g, "/api/v1/records")
		if err != nil {
			return nil, err
		}
		missing := p.refs()
		entries := make([]massbalance.Entry, 0, len(lines))
		for _, l := range lines {
			e, err := l.entry()
			if err != nil {
				return nil, fmt.Errorf("couldn't read a record of block %d: %w", l.Block, err)
			}
			delete(missing, Ref{e.Record.Organisation, e.Record.Command})
			entries = append(entries, e)
		}
		if len(missing) == 0 {
			return entries, nil
		}
		if time.Now().After(deadline) {
			return nil, fmt.Errorf("couldn't find %d of the accepted commands among the %d records of %s", len(missing), len(lines), g.organisation)
		}
		if err := pause(ctx, firstPause); err != nil {
			return nil, err
		}
	}
}

// refs names every command of the plan.
func (p *Plan) refs() map[Ref]bool {
	refs := map[Ref]bool{}
	for _, phase := range p.Phases {
		for _, lane := range phase.Lanes {
			for _, step := range lane.Steps {
				refs[Ref{lane.Organisation, step.Command.ID}] = true
			}
		}
	}
	return refs
}

// compare holds what the API told against the recount, to the gram.
func (r *Report) compare() []string {
	var differences []string
	for _, a := range r.Accounts {
		counted := r.Recount.Accounts[massbalance.AccountID{Site: a.Site, Product: a.Product}]
		if counted == nil {
			differences = append(differences, fmt.Sprintf("the records know no account of %s at %s", a.Product, a.Site))
			continue
		}
		if massbalance.GramsOf(a.PhysicalIn).Cmp(counted.In) != 0 || massbalance.GramsOf(a.PhysicalOut).Cmp(counted.Out) != 0 ||
			massbalance.GramsOf(a.CreditIn).Cmp(counted.CreditIn) != 0 || massbalance.GramsOf(a.CreditOut).Cmp(counted.CreditOut) != 0 {
			differences = append(differences, fmt.Sprintf("%s at %s: the account is not what the records add up to", a.Product, a.Site))
		}
	}
	if len(r.Accounts) != len(r.Recount.Accounts) {
		differences = append(differences, fmt.Sprintf("%d accounts are listed, the records have %d", len(r.Accounts), len(r.Recount.Accounts)))
	}
	for _, c := range r.Claims {
		sum := c.Rounding
		for _, origin := range c.Origins {
			sum = sum.Add(origin.Quantity)
		}
		if !sum.Equal(c.Claim.Quantity) {
			differences = append(differences, fmt.Sprintf("claim %s is of %s kg, its origins of %s kg", c.Claim.ID, c.Claim.Quantity, sum))
		}
	}
	return differences
}
