package trade

import (
	"cmp"
	"context"
	"math/big"
	"slices"
	"time"

	"github.com/shopspring/decimal"

	"github.com/weighbridge/weighbridge/chaincode/massbalance"
	"github.com/weighbridge/weighbridge/gateway/readmodel"
)

// days counts the days from one to another, both included.
func days(from, to massbalance.Date) int64 {
	a, _ := time.Parse(time.DateOnly, string(from))
	b, _ := time.Parse(time.DateOnly, string(to))
	return int64(b.Sub(a)/(24*time.Hour)) + 1
}

// ProjectReport connects what was paid for on farms with who has the volume that
// came of it.
type ProjectReport struct {
	Project massbalance.Project
	// Introduced is what came in with the project's characteristics so far, and
	// Expected what was to come for each vintage.
	Introduced massbalance.Quantity
	// Avoided is Introduced times the saving that was expected, in kilograms of
	// CO2e; PerTonne is the spend by tonne of it, with two decimals, rounded half
	// away from zero, "" where nothing came in or no spend was stated.
	Avoided  string
	PerTonne string
	Holders  []ProjectHolder
}

// ProjectHolder is what one organisation has of a project's outcome, by product.
type ProjectHolder struct {
	Organisation massbalance.OrganisationID
	Product      massbalance.ProductID
	// Funder is set where the organisation, by its ID or name, is one of those that paid.
	Funder bool
	// Held is in its lots, InTransit on the way to it, Claimed used up. What is
	// held by the project's owner is unsold.
	Held      massbalance.Quantity
	InTransit massbalance.Quantity
	Claimed   massbalance.Quantity
	Unsold    massbalance.Quantity
	// Avoided is the saving expected of all of it that the organisation has or
	// had, in kilograms of CO2e, where it is the project's own product; PerTonne is
	// a funder's share of the spend by tonne of it, with two decimals, rounded half
	// away from zero. Both are "" where nothing can be said.
	Avoided  string
	PerTonne string
}

// All is what the organisation has of the outcome, on the way and claimed included.
func (h ProjectHolder) All() massbalance.Quantity {
	return h.Held.Add(h.InTransit).Add(h.Claimed)
}

// cost sets what a project avoided for a holder, and what a tonne of it cost it.
func (h *ProjectHolder) cost(p massbalance.Project, share massbalance.Ratio) {
	if h.Product != p.Product {
		return // the saving was set for a kilogram of the project's own product
	}
	avoided := p.Saving.Emissions(h.All())
	h.Avoided = avoided.String()
	spend, ok := new(big.Rat).SetString(p.Spend)
	part, known := new(big.Rat).SetString(share.String())
	if ok && known && part.Sign() > 0 && avoided.IsPositive() {
		h.PerTonne = rounded(spend.Mul(spend, part).Quo(spend, avoided.Shift(-3).Rat()), 2)
	}
}

// Project reports of one project.
func Project(s *readmodel.Snapshot, id massbalance.ProjectID) (ProjectReport, error) {
	project, err := readmodel.Need[massbalance.Project](s, massbalance.ProjectKey(id))
	if err != nil {
		return ProjectReport{}, err
	}
	r := ProjectReport{Project: project}
	outcomes, err := readmodel.AllThings[massbalance.ProjectOutcome](s, massbalance.KindOutcome, readmodel.ThingFilter{A: string(id)})
	if err != nil {
		return r, err
	}
	for _, o := range outcomes {
		r.Introduced = r.Introduced.Add(o.Value.Introduced)
	}
	avoided := project.Saving.Emissions(r.Introduced)
	r.Avoided = avoided.String()
	if spend, err := decimal.NewFromString(project.Spend); err == nil && avoided.IsPositive() {
		r.PerTonne = perTonne(Money{spend}, avoided.Shift(-3))
	}
	h := &holders{s: s, id: id, at: map[holding]*ProjectHolder{}}
	if err := h.count(); err != nil {
		return r, err
	}
	r.Holders, err = h.list(project)
	return r, err
}

type holding struct {
	organisation massbalance.OrganisationID
	product      massbalance.ProductID
}

// holders finds a project's characteristics in lots, transfers and claims.
type holders struct {
	s  *readmodel.Snapshot
	id massbalance.ProjectID
	at map[holding]*ProjectHolder
}

func (h *holders) of(organisation massbalance.OrganisationID, product massbalance.ProductID) *ProjectHolder {
	key := holding{organisation, product}
	if h.at[key] == nil {
		h.at[key] = &ProjectHolder{Organisation: organisation, Product: product}
	}
	return h.at[key]
}

func (h *holders) count() error {
	for page := (readmodel.Page{Limit: readmodel.MaxLimit}); ; {
		lots, err := h.s.Lots(readmodel.LotFilter{Project: h.id, Available: true}, page)
		if err != nil {
			return err
		}
		for _, lot := range lots.Items {
			site, err := readmodel.Need[massbalance.Site](h.s, massbalance.SiteKey(lot.Site))
			if err != nil {
				return err
			}
			holder := h.of(site.Owner, lot.Product)
			holder.Held = holder.Held.Add(lot.Available())
		}
		if lots.Next == 0 {
			break
		}
		page.After = lots.Next
	}
	transfers, err := h.s.AllTransfers(readmodel.TransferFilter{Status: massbalance.InTransit})
	if err != nil {
		return err
	}
	for _, t := range transfers {
		on, err := h.ofProject(t.Lines)
		if err != nil {
			return err
		}
		if !on.IsZero() {
			holder := h.of(t.Receiver, t.Product)
			holder.InTransit = holder.InTransit.Add(on)
		}
	}
	return h.claims()
}

func (h *holders) claims() error {
	claims, err := h.s.AllClaims(readmodel.ClaimFilter{Standing: true})
	if err != nil {
		return err
	}
	for _, c := range claims {
		if !slices.Contains(c.Projects, h.id) {
			continue
		}
		on, err := h.ofProject(c.Lines)
		if err != nil {
			return err
		}
		holder := h.of(c.Organisation, c.Product)
		holder.Claimed = holder.Claimed.Add(on)
	}
	return nil
}

// ofProject adds up the lines that carry the project's name.
func (h *holders) ofProject(lines []massbalance.TransferLine) (on massbalance.Quantity, err error) {
	for _, line := range lines {
		set, err := readmodel.Need[massbalance.Characteristics](h.s, massbalance.CharacteristicsKey(line.Characteristics))
		if err != nil {
			return on, err
		}
		if set.Project == h.id {
			on = on.Add(line.Quantity)
		}
	}
	return on, nil
}

func (h *holders) list(project massbalance.Project) ([]ProjectHolder, error) {
	consortium, err := readmodel.Need[massbalance.Consortium](h.s, massbalance.ConsortiumKey())
	if err != nil {
		return nil, err
	}
	var all []ProjectHolder
	for _, holder := range h.at {
		share := funds(project, consortium, holder.Organisation)
		holder.Funder = !share.IsZero()
		holder.cost(project, share)
		if holder.Organisation == project.Owner {
			holder.Unsold = holder.Held
		}
		all = append(all, *holder)
	}
	slices.SortFunc(all, func(a, b ProjectHolder) int {
		return cmp.Or(cmp.Compare(a.Organisation, b.Organisation), cmp.Compare(a.Product, b.Product))
	})
	return all, nil
}

// funds is an organisation's share of a project, by its ID or its name; 0 if it
// is no funder.
func funds(project massbalance.Project, consortium massbalance.Consortium, id massbalance.OrganisationID) massbalance.Ratio {
	for _, f := range project.Funders {
		if f.Name == string(id) || slices.ContainsFunc(consortium.Members, func(m massbalance.Member) bool { return m.Organisation == id && m.Name == f.Name }) {
			return f.Share
		}
	}
	return massbalance.Ratio{}
}

// Projects reports of all projects, in the order in which they were registered.
func (d *Desk) Projects(ctx context.Context) (all []ProjectReport, err error) {
	err = d.model.Read(ctx, func(s *readmodel.Snapshot) error {
		projects, err := readmodel.AllThings[massbalance.Project](s, massbalance.KindProject, readmodel.ThingFilter{})
		if err != nil {
			return err
		}
		for _, p := range projects {
			report, err := Project(s, p.Value.ID)
			if err != nil {
				return err
			}
			all = append(all, report)
		}
		return nil
	})
	return all, err
}
