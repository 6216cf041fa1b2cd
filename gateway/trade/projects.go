package trade

import (
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
//
// The outcome is counted in kilograms of credit, as the ledger moves it: what a
// kilogram of the project's own product brought in stays a kilogram through
// shipments and conversions, is shared among co-products as their credit is, and
// what the ledger books as lost, its rounding down to the gram included, is named
// as lost. So Bought, Unsold, Used, Lost, Forfeited and Withdrawn add up to
// Introduced, to the gram.
type ProjectReport struct {
	Project massbalance.Project
	// Introduced is what came in with the project's characteristics so far, and
	// Expected what was to come for each vintage.
	Introduced massbalance.Quantity
	// Bought is what organisations have that did not bring it in, claimed included;
	// Unsold and Used are what those have and claimed that did.
	Bought massbalance.Quantity
	Unsold massbalance.Quantity
	Used   massbalance.Quantity
	// Lost went in shipments and conversions, Forfeited expired at the close of a
	// period, Withdrawn was given up without a claim.
	Lost      massbalance.Quantity
	Forfeited massbalance.Quantity
	Withdrawn massbalance.Quantity
	// Avoided is Introduced times the saving that was expected, in kilograms of
	// CO2e; PerTonne is the spend by tonne of it, with two decimals, rounded half
	// away from zero, "" where nothing came in or no spend was stated.
	Avoided  string
	PerTonne string
	// Parts say who bought how much, all funders among the members included.
	Parts   []ProjectPart
	Holders []ProjectHolder
}

// ProjectPart is one organisation's part of a project's outcome, whatever product
// it is in by now, in kilograms of the project's own product.
type ProjectPart struct {
	Organisation massbalance.OrganisationID
	// Funder is the name under which the organisation is one of those that paid, by
	// its ID or its own, and Share what it paid of the spend; "" and 0 if it is none.
	Funder string
	Share  massbalance.Ratio
	// Introduced is what it brought in, Received what came from other organisations
	// and PassedOn what it dispatched to others and did not get back.
	Introduced massbalance.Quantity
	Received   massbalance.Quantity
	PassedOn   massbalance.Quantity
	// Bought is what it has, on the way to it and claimed, beyond what it brought
	// in; of what it has, its own counts first. Unsold is what it has of its own,
	// Used what it claimed of its own.
	Bought massbalance.Quantity
	Unsold massbalance.Quantity
	Used   massbalance.Quantity
	// Lost, Forfeited and Withdrawn went in its hands.
	Lost      massbalance.Quantity
	Forfeited massbalance.Quantity
	Withdrawn massbalance.Quantity
	// Avoided is the saving expected of what it bought, in kilograms of CO2e;
	// PerTonne is a funder's share of the spend by tonne of it, with two decimals,
	// rounded half away from zero, "" where nothing can be said.
	Avoided  string
	PerTonne string
}

// ProjectHolder is what one organisation has of a project's outcome in one product.
type ProjectHolder struct {
	Organisation massbalance.OrganisationID
	Product      massbalance.ProductID
	// Held is in its lots, InTransit on the way to it or back to it, Claimed used up.
	Held      massbalance.Quantity
	InTransit massbalance.Quantity
	Claimed   massbalance.Quantity
	// Avoided is the saving expected of all of it, in kilograms of CO2e.
	Avoided string
}

// All is what the organisation has of the outcome, on the way and claimed included.
func (h ProjectHolder) All() massbalance.Quantity {
	return h.Held.Add(h.InTransit).Add(h.Claimed)
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
	consortium, err := readmodel.Need[massbalance.Consortium](s, massbalance.ConsortiumKey())
	if err != nil {
		return r, err
	}
	followed, err := follow(s, id)
	if err != nil {
		return r, err
	}
	r.Holders = followed.holders(project)
	for _, organisation := range followed.organisations(project, consortium) {
		r.add(followed.part(organisation, r.Holders), consortium)
	}
	return r, nil
}

// add adds an organisation's part, with what it says of the organisation as a funder.
func (r *ProjectReport) add(p ProjectPart, consortium massbalance.Consortium) {
	if f, paid := funds(r.Project, consortium, p.Organisation); paid {
		p.Funder, p.Share = f.Name, f.Share
	}
	avoided := r.Project.Saving.Emissions(p.Bought)
	p.Avoided = avoided.String()
	spend, ok := new(big.Rat).SetString(r.Project.Spend)
	share, known := new(big.Rat).SetString(p.Share.String())
	if ok && known && share.Sign() > 0 && avoided.IsPositive() {
		p.PerTonne = rounded(spend.Mul(spend, share).Quo(spend, avoided.Shift(-3).Rat()), 2)
	}
	r.Bought, r.Unsold, r.Used = r.Bought.Add(p.Bought), r.Unsold.Add(p.Unsold), r.Used.Add(p.Used)
	r.Lost, r.Forfeited, r.Withdrawn = r.Lost.Add(p.Lost), r.Forfeited.Add(p.Forfeited), r.Withdrawn.Add(p.Withdrawn)
	r.Parts = append(r.Parts, p)
}

// funds finds an organisation among a project's funders, by its ID or its name.
func funds(project massbalance.Project, consortium massbalance.Consortium, id massbalance.OrganisationID) (massbalance.Funder, bool) {
	for _, f := range project.Funders {
		if f.Name == string(id) || slices.ContainsFunc(consortium.Members, func(m massbalance.Member) bool { return m.Organisation == id && m.Name == f.Name }) {
			return f, true
		}
	}
	return massbalance.Funder{}, false
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
