package massbalance

import (
	"fmt"
	"regexp"
	"slices"
)

// This file holds insetting projects: what was paid for on a farm within the
// chain, so that its outcome can be found again in the volumes that are bought.

// Project is an insetting project as its owner registered it. It never changes;
// what is agreed anew is a project of its own.
type Project struct {
	ID    ProjectID
	Owner OrganisationID
	Name  string
	// Product is what the project's land bears, Practice what is done there.
	Product  ProductID
	Practice string
	// Funders share the cost, not the credit: what a funder may claim is what it
	// bought.
	Funders []Funder
	From    Date
	To      Date
	// Expected is the volume per vintage, and Saving the kilograms of CO2
	// equivalent less per kilogram, that the project sets out to reach. Neither
	// bounds anything: what came of it stands in the statements.
	Expected Quantity
	Saving   Intensity
	Method   string
	// Spend, if given, is what the project costs in all, a decimal of Currency
	// (ISO 4217). The rules compute nothing from it.
	Spend    string
	Currency string
}

// Funder bears a share of a project. It need not be a member.
type Funder struct {
	Name  string
	Share Ratio
}

// ProjectOutcome is how much of a project's product came in at a site so far, to the
// verified characteristics that name the project.
type ProjectOutcome struct{ Introduced Quantity }

func (Project) isValue()        {}
func (ProjectOutcome) isValue() {}

func (b RegisterProject) check() string {
	p := b.Project
	switch {
	case !ValidName(string(p.ID)) || !ValidName(string(p.Owner)) || !ValidName(string(p.Product)) || !ValidName(p.Practice):
		return fmt.Sprintf("project %q: id, owner, product and practice must be names", p.ID)
	case p.Name == "" || !validText(p.Name):
		return fmt.Sprintf("project %s: name must be 1 to %d bytes without control characters", p.ID, textLimit)
	case !p.From.Valid() || !p.To.Valid() || p.To < p.From:
		return fmt.Sprintf("project %s: %q to %q is not a span of days", p.ID, p.From, p.To)
	case p.Expected.IsZero() || !p.Expected.Fits():
		return fmt.Sprintf("project %s: expects %s kg, which is no volume", p.ID, p.Expected)
	case p.Saving.Sign() < 0 || p.Method == "" || !validText(p.Method):
		return fmt.Sprintf("project %s: a saving of %s kg CO2e/kg needs a method of 1 to %d bytes, and is not negative", p.ID, p.Saving, textLimit)
	case (p.Spend != "" || p.Currency != "") && !(spendForm.MatchString(p.Spend) && currencyForm.MatchString(p.Currency)):
		return fmt.Sprintf("project %s: a spend of %q %q is no sum of a currency such as 120000.50 EUR", p.ID, p.Spend, p.Currency)
	}
	return p.checkFunders()
}

var (
	spendForm    = regexp.MustCompile(`^(0|[1-9][0-9]{0,11})(\.[0-9]{1,2})?$`)
	currencyForm = regexp.MustCompile(`^[A-Z]{3}$`)
)

func (p Project) checkFunders() string {
	if len(p.Funders) == 0 || len(p.Funders) > listLimit {
		return fmt.Sprintf("project %s: needs 1 to %d funders", p.ID, listLimit)
	}
	var total Ratio
	seen := map[string]bool{}
	for _, f := range p.Funders {
		if f.Name == "" || !validText(f.Name) || seen[f.Name] || f.Share.IsZero() {
			return fmt.Sprintf("project %s: funder %q must be named once, with a share of more than 0", p.ID, f.Name)
		}
		seen[f.Name] = true
		var err error
		if total, err = total.Plus(f.Share); err != nil {
			return fmt.Sprintf("project %s: %v", p.ID, err)
		}
	}
	if total != one {
		return fmt.Sprintf("project %s: the funders' shares add up to %s, not to 1", p.ID, total)
	}
	return ""
}

// RegisterProject makes the submitting organisation the owner of a project.
func (b RegisterProject) execute(e *execution) error {
	p := b.Project
	if _, err := need[Product](e, ProductKey(p.Product)); err != nil {
		return err
	}
	if p.Owner != e.tx.Organisation {
		return refuse(NotOwner, "project %s would be %s's, not %s's", p.ID, p.Owner, e.tx.Organisation)
	}
	if err := e.absent(ProjectKey(p.ID)); err != nil {
		return err
	}
	e.put(ProjectKey(p.ID), p)
	e.record.Subject = string(p.ID)
	return nil
}

// checkProject compares a statement with the project that its characteristics
// name: the product, the practice, and a vintage within the project's time.
func (e *execution) checkProject(s Statement) error {
	set := s.Characteristics
	if set.Project == "" {
		return nil
	}
	p, err := need[Project](e, ProjectKey(set.Project))
	if err != nil {
		return err
	}
	if p.Product != s.Product || !slices.Contains(set.Practices, p.Practice) || set.Vintage < p.From.year() || set.Vintage > p.To.year() {
		return refuse(ProjectMismatch, "project %s is for %s by %s from %s to %s, not for %s of %d by %v", p.ID, p.Product, p.Practice, p.From, p.To, s.Product, set.Vintage, set.Practices)
	}
	return nil
}

// project counts an introduction to the project that its statement names.
func (b *books) project(s Statement, quantity Quantity) error {
	id := s.Characteristics.Project
	if id == "" {
		return nil
	}
	key := OutcomeKey(id, b.site.ID)
	outcome, _, err := find[ProjectOutcome](b.e, key)
	if err != nil {
		return err
	}
	outcome.Introduced = outcome.Introduced.Add(quantity)
	if !outcome.Introduced.Fits() {
		return refuse(QuantityTooLarge, "project %s at %s would have more than can be counted", id, b.site.ID)
	}
	b.e.put(key, outcome)
	return nil
}

// projectsOf lists the projects that lines come of, sorted.
func (e *execution) projectsOf(lines []TransferLine) ([]ProjectID, error) {
	var projects []ProjectID
	for _, line := range lines {
		set, err := need[Characteristics](e, CharacteristicsKey(line.Characteristics))
		if err != nil {
			return nil, err
		}
		if set.Project != "" {
			projects = append(projects, set.Project)
		}
	}
	slices.Sort(projects)
	return slices.Compact(projects), nil
}
