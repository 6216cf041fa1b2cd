package console

import (
	"cmp"
	"net/http"
	"strconv"
	"strings"

	"github.com/shopspring/decimal"

	"github.com/weighbridge/weighbridge/chaincode/massbalance"
	"github.com/weighbridge/weighbridge/gateway/scope3"
)

// scope3Page is what an organisation bought in a year and what that emitted.
type scope3Page struct {
	filters
	Query        string
	Organisation massbalance.OrganisationID
	Owner        string
	Year         int
	Ours         bool
	Report       scope3.Report
	Lines        []scope3Line
	Figures      []carbonFigure
	Parts        []basisPart
	Change       scope3.Change
	Before       int
	Steps        []changeStep
	Goods        []goodChange
	// Compared is set where something was bought in the year before.
	Compared bool
	Options  []planOption
	Plan     *planned
	Files    string
	// PlanProblem says why nothing can be planned here, or "".
	PlanProblem string
}

// Title is the page's name in the browser.
func (p scope3Page) Title() string { return "Scope 3, " + strconv.Itoa(p.Year) }

// Total is what all of it emitted, in tonnes with two decimals.
func (p scope3Page) Total() string { return tonnesOf(p.Report.Total.Emissions.String()) }

// scope3Line is a line of the report with names, and where it leads.
type scope3Line struct {
	scope3.Line
	ProductName, SupplierName, AsName, Traced, BasisName, BasisClass string
	// Deliveries are the page with what was received of it.
	Deliveries string
}

// carbonFigure is a figure of the whole year, gross.
type carbonFigure struct{ Name, Kg, Tonnes, Class string }

// basisPart is how much of the volume counts in one way.
type basisPart struct {
	Name, Class  string
	Quantity     massbalance.Quantity
	Start, Width string
	Percent      string
}

// changeStep is a step from one year's emissions to the next one's.
type changeStep struct {
	Name, Tonnes, Class string
	Start, Width        string
	Detail              string
}

type goodChange struct {
	scope3.GoodChange
	ProductName, SupplierName, Tonnes string
}

var basisNames = map[scope3.Basis][2]string{
	scope3.Claimed: {"Claimed: its own figures", "received"}, scope3.Residual: {"Residual of the average", ""}, scope3.Average: {"Adopted average", ""}, scope3.Unknown: {"No factor adopted", "pending"},
}

func (l *lens) scope3Page(r *http.Request) (any, error) {
	q := r.URL.Query()
	if r.Method == http.MethodPost {
		q = r.PostForm
	}
	page := scope3Page{Organisation: massbalance.OrganisationID(cmp.Or(q.Get("organisation"), string(l.organisation)))}
	var err error
	if page.Year, err = l.reportingYear(q.Get("year"), page.Organisation); err != nil {
		return page, err
	}
	page.Owner, page.Ours, page.Before = l.memberName(page.Organisation), page.Organisation == l.organisation, page.Year-1
	page.Files = "/api/v1/scope3/" + string(page.Organisation) + "/" + strconv.Itoa(page.Year)
	if err := l.scope3Filters(&page); err != nil {
		return page, err
	}
	if page.Report, err = scope3.Make(l.s, page.Organisation, page.Year); err != nil {
		return page, err
	}
	before, err := scope3.Make(l.s, page.Organisation, page.Before)
	if err != nil {
		return page, err
	}
	page.Compared, page.Change = len(before.Lines) > 0, scope3.Compare(before, page.Report)
	page.describe(l)
	return page, l.plan(&page, r)
}

// reportingYear is the year that was asked for. Where none was, it is the latest one
// that has something to report, so that the page is not empty over a ledger of
// last year; where there is none, either, it is this one.
func (l *lens) reportingYear(asked string, org massbalance.OrganisationID) (int, error) {
	if year, err := strconv.Atoi(asked); err == nil && year >= 1900 && year <= 9999 {
		return year, nil
	}
	latest, err := scope3.LatestYear(l.s, org)
	return cmp.Or(latest, yearIn(l.today)), err
}

func (l *lens) scope3Filters(page *scope3Page) error {
	members, err := l.memberChoices()
	if err != nil {
		return err
	}
	for i := range members {
		members[i].Chosen = members[i].Value == string(page.Organisation)
	}
	page.Action = "/scope3"
	page.Choosers = []chooser{{Name: "organisation", Label: "Organisation", Choices: members}, {Name: "year", Label: "Reporting year", Value: strconv.Itoa(page.Year)}}
	page.Query = "organisation=" + string(page.Organisation) + "&year=" + strconv.Itoa(page.Year) + "&"
	return nil
}

// describe puts the report into words and pictures.
func (p *scope3Page) describe(l *lens) {
	for _, line := range p.Report.Lines {
		one := scope3Line{Line: line, ProductName: l.productName(line.Product), SupplierName: l.memberName(massbalance.OrganisationID(line.Supplier)), Traced: strings.ReplaceAll(string(line.Traceability), "_", " ")}
		one.BasisName, one.BasisClass = basisNames[line.Basis][0], basisNames[line.Basis][1]
		if line.As != "" && line.As != line.Product {
			one.AsName = l.productName(line.As)
		}
		one.Deliveries = "/transfers?product=" + string(line.Product) + "&from=" + strconv.Itoa(p.Year) + "-01-01&to=" + strconv.Itoa(p.Year) + "-12-31"
		p.Lines = append(p.Lines, one)
	}
	t := p.Report.Total
	unclaimed := p.unclaimed()
	for _, f := range []struct {
		name  string
		kg    massbalance.Emissions
		class string
	}{
		{"Fossil", t.Fossil, ""}, {"Land management", t.LandManagement, ""}, {"Land management, fossil", t.LandManagementFossil, ""}, {"Land-use change", t.LandUseChange, ""},
		{"Biogenic non-CO₂", t.BiogenicNonCO2, ""}, {"Volume that is not claimed, at its factor", unclaimed, ""}, {"Emissions in all", t.Emissions, "strong"}, {"Removals", t.Removals, "apart"}, {"Biogenic uptake", t.BiogenicUptake, "apart"}, {"Land carbon leakage", t.LandCarbonLeakage, "apart"},
	} {
		p.Figures = append(p.Figures, carbonFigure{f.name, emitted(f.kg), tonnesOf(f.kg.String()), f.class})
	}
	p.parts()
	p.steps()
	for _, g := range p.Change.Goods {
		p.Goods = append(p.Goods, goodChange{g, l.productName(g.Product), l.memberName(massbalance.OrganisationID(g.Supplier)), signedTonnes(g.Change)})
	}
}

// unclaimed is what the volume emitted that is not claimed.
func (p scope3Page) unclaimed() massbalance.Emissions {
	sum := decimal.Zero
	for _, line := range p.Report.Lines {
		if kg, err := decimal.NewFromString(line.Carbon.Emissions.String()); err == nil && line.Claim == "" {
			sum = sum.Add(kg)
		}
	}
	out, _ := massbalance.ParseEmissions(sum.String()) // a part of a sum that was written
	return out
}

// emitted writes kilograms of CO2e, to the last digit.
func emitted(e massbalance.Emissions) string { return exactly(e.String()) }

// exactly writes a number with all its digits, a space between thousands and the
// proper minus sign.
func exactly(number string) string {
	digits, negative := strings.CutPrefix(number, "-")
	whole, fraction, _ := strings.Cut(digits, ".")
	text := grouped(whole)
	if fraction != "" {
		text += "." + fraction
	}
	if negative {
		return "−" + text
	}
	return text
}

// signedTonnes writes kilograms as tonnes with their sign.
func signedTonnes(kg string) string {
	text := tonnesOf(kg)
	if strings.HasPrefix(text, "−") || text == "0.00" {
		return text
	}
	return "+" + text
}

// parts divides the volume by the factor that it counts at.
func (p *scope3Page) parts() {
	var all, before massbalance.Quantity
	sums := map[scope3.Basis]massbalance.Quantity{}
	for _, line := range p.Report.Lines {
		sums[line.Basis] = sums[line.Basis].Add(line.Quantity)
		all = all.Add(line.Quantity)
	}
	for i, basis := range scope3.Bases {
		q := sums[basis]
		if q.IsZero() {
			continue
		}
		p.Parts = append(p.Parts, basisPart{basisNames[basis][0], "b" + strconv.Itoa(i), q, percent(before, all, 2), percent(q, all, 2), percent(q, all, 1)})
		before = before.Add(q)
	}
}

// steps draws the way from the year before to this one.
func (p *scope3Page) steps() {
	c := p.Change
	at := decimal.Zero
	type step struct {
		name, kg, detail string
		total            bool
	}
	all := []step{
		{strconv.Itoa(p.Before), c.Before, "What was bought in the year before", true}, {"Volume", c.Volume, "More or less bought, at the same mix and figures", false},
		{"Mix", c.Mix, "Other parts of products and suppliers in it", false}, {"Supply", c.Supply, "Better or worse figures of the same goods", false},
		{strconv.Itoa(p.Year), c.After, "What was bought in this year", true},
	}
	greatest, spans := decimal.Zero, make([][2]decimal.Decimal, len(all))
	for i, s := range all {
		by, err := decimal.NewFromString(s.kg)
		if err != nil {
			return
		}
		from := at
		if s.total {
			from, at = decimal.Zero, by
		} else {
			at = at.Add(by)
		}
		spans[i] = [2]decimal.Decimal{decimal.Max(decimal.Zero, decimal.Min(from, at)), decimal.Max(from, at)}
		greatest = decimal.Max(greatest, spans[i][1])
	}
	if !greatest.IsPositive() {
		return
	}
	share := func(d decimal.Decimal) string { return d.Mul(decimal.NewFromInt(100)).DivRound(greatest, 2).String() }
	for i, s := range all {
		one := changeStep{Name: s.name, Tonnes: tonnesOf(s.kg), Class: "total", Start: share(spans[i][0]), Width: share(spans[i][1].Sub(spans[i][0])), Detail: s.detail}
		if !s.total {
			one.Tonnes = signedTonnes(s.kg)
			if one.Class = "more"; strings.HasPrefix(s.kg, "-") {
				one.Class = "less"
			}
		}
		p.Steps = append(p.Steps, one)
	}
}
