package console

import (
	"net/http"
	"strings"

	"github.com/shopspring/decimal"

	"github.com/weighbridge/weighbridge/chaincode/massbalance"
	"github.com/weighbridge/weighbridge/gateway/readmodel"
	"github.com/weighbridge/weighbridge/gateway/table"
	"github.com/weighbridge/weighbridge/gateway/trade"
)

// projectsPage lists the insetting projects.
type projectsPage struct {
	trading
	listing
	Rows   []projectRow
	Query  string
	Trades bool
}

// projectRow is a project with what came of it.
type projectRow struct {
	trade.ProjectReport
	OwnerName, Product string
	Funders            []funderRow
	Ours               bool
}

// funderRow is who pays, with what it bought of the outcome where it is a member.
type funderRow struct {
	Name, Share string
	Part        *partRow
}

// Spend is what the project costs in all, for people.
func (p projectRow) Spend() string {
	whole, fraction, ok := strings.Cut(p.Project.Spend, ".")
	if ok {
		return grouped(whole) + "." + fraction
	}
	return grouped(whole)
}

// AvoidedTonnes are in tonnes of CO2e with two decimals.
func (p projectRow) AvoidedTonnes() string { return tonnesOf(p.Avoided) }

// tonnesOf writes kilograms as tonnes with two decimals.
func tonnesOf(kg string) string {
	d, err := decimal.NewFromString(kg)
	if err != nil {
		return ""
	}
	return minus(grouped2(d.Shift(-3)))
}

func (l *lens) projectsPage(r *http.Request) (any, error) {
	around, err := l.listing(r, "Insetting projects", "", "product", "owner")
	page := projectsPage{trading: trading{"/projects"}, listing: around, Trades: l.role() == massbalance.Trading}
	if err != nil {
		return page, err
	}
	projects, err := readmodel.AllThings[massbalance.Project](l.s, massbalance.KindProject, readmodel.ThingFilter{})
	if err != nil {
		return page, err
	}
	for _, p := range projects {
		if product, owner := page.get("product"), page.get("owner"); product != "" && string(p.Value.Product) != product || owner != "" && string(p.Value.Owner) != owner {
			continue
		}
		row, err := l.projectRow(p.Value.ID)
		if err != nil {
			return page, err
		}
		page.Rows = append(page.Rows, row)
	}
	page.Rows, page.Query = paged(&page.listing, r.URL.Query(), page.Rows)
	return page, nil
}

func (l *lens) projectRow(id massbalance.ProjectID) (row projectRow, err error) {
	if row.ProjectReport, err = trade.Project(l.s, id); err != nil {
		return row, err
	}
	p := row.Project
	row.OwnerName, row.Product, row.Ours = l.memberName(p.Owner), l.productName(p.Product), p.Owner == l.organisation
	for _, f := range p.Funders {
		funder := funderRow{Name: f.Name, Share: perCent(f.Share)}
		for _, part := range row.Parts {
			if part.Funder == f.Name {
				funder.Part = &partRow{ProjectPart: part}
			}
		}
		row.Funders = append(row.Funders, funder)
	}
	return row, nil
}

// projectPage is one project: what was paid, what came of it, and who has it.
type projectPage struct {
	trading
	projectRow
	Parts    []partRow
	Holders  []holderRow
	Lots     []lotLine
	More     bool
	Vintages int
	// Expected is of all vintages, Reached what came in of it, in per cent.
	Expected massbalance.Quantity
	Reached  string
}

// Title is the page's name in the browser.
func (p projectPage) Title() string { return p.Project.Name }

// partRow is what one organisation bought, has unsold or lost of the outcome.
type partRow struct {
	trade.ProjectPart
	Name  string
	Owner bool
}

// Tonnes are what is avoided in what it bought, in tonnes of CO2e; "" where that is nothing.
func (p partRow) Tonnes() string {
	if p.Bought.IsZero() {
		return ""
	}
	return tonnesOf(p.Avoided)
}

// Gone is what was lost, forfeited or given up in its hands.
func (p partRow) Gone() massbalance.Quantity {
	return massbalance.Sum(p.Lost, p.Forfeited, p.Withdrawn)
}

// holderRow is what one organisation has of the outcome in one product.
type holderRow struct {
	trade.ProjectHolder
	Name, ProductName string
	// Index, Start and Width draw it among the others.
	Index        int
	Start, Width string
}

// Tonnes are what is avoided in tonnes of CO2e.
func (h holderRow) Tonnes() string { return tonnesOf(h.Avoided) }

func (l *lens) projectPage(id massbalance.ProjectID) (page projectPage, err error) {
	page.tab = "/projects"
	if page.projectRow, err = l.projectRow(id); err != nil {
		return page, err
	}
	p := page.Project
	page.Vintages = yearIn(p.To) - yearIn(p.From) + 1
	for range page.Vintages {
		page.Expected = page.Expected.Add(p.Expected)
	}
	page.Reached = percent(page.Introduced.Min(page.Expected), page.Expected, 1)
	page.hold(l)
	lots, err := l.s.Lots(readmodel.LotFilter{Project: id, Available: true}, readmodel.Page{Limit: lotRows})
	if err != nil {
		return page, err
	}
	page.More = lots.Next != 0
	rows, err := l.lotRows(lots.Items)
	for _, row := range rows {
		page.Lots = append(page.Lots, lotLine{row, l.siteName(row.Site)})
	}
	return page, err
}

func yearIn(d massbalance.Date) (year int) {
	for _, digit := range d[:min(4, len(d))] {
		year = 10*year + int(digit-'0')
	}
	return year
}

// hold lists who bought how much and in which products it is, with their parts of
// all that there is.
func (p *projectPage) hold(l *lens) {
	for _, part := range p.ProjectReport.Parts {
		p.Parts = append(p.Parts, partRow{ProjectPart: part, Name: l.memberName(part.Organisation), Owner: part.Organisation == p.Project.Owner})
	}
	var all, before massbalance.Quantity
	for _, h := range p.ProjectReport.Holders {
		all = all.Add(h.All())
	}
	for _, h := range p.ProjectReport.Holders {
		p.Holders = append(p.Holders, holderRow{
			ProjectHolder: h, Name: l.memberName(h.Organisation), ProductName: l.productName(h.Product), Index: len(p.Holders) % 6,
			Start: percent(before, all, 2), Width: percent(h.All(), all, 2),
		})
		before = before.Add(h.All())
	}
}

// projectActions are what is done about insetting projects.
func projectActions() []action {
	return []action{{Name: "register-project", Title: "Register an insetting project", Send: "Register it", Back: "/projects", form: registerProjectForm,
		Gives:  []massbalance.Body{massbalance.RegisterProject{}},
		Lead:   "What is paid for on a farm within the chain, so that its outcome is found again in the volumes that are bought. Certifiers name the project in their statements.",
		Blames: map[massbalance.Code]string{massbalance.AlreadyExists: "project"}}}
}

// registerProjectForm adds an insetting project of the organisation.
func registerProjectForm(f *form) (massbalance.Body, error) {
	if !f.trades() {
		return nil, nil
	}
	f.head("practice", "What is done", "")
	p := massbalance.Project{ID: massbalance.ProjectID(f.name("project", "Short name", "It stands in statements and never changes, such as cover-crops-26")), Owner: f.organisation}
	p.Name = f.text("name", "Name", "")
	products, err := f.productChoices()
	if err != nil {
		return nil, err
	}
	p.Product = massbalance.ProductID(f.choose("product", "Product", "What the land bears", products))
	p.Practice = f.name("practices", "Practice", "As certifiers name it in their statements, such as cover-crops")
	p.From = f.day("from", "From", "", massbalance.Date(f.today[:4]+"-01-01"))
	p.To = f.day("to", "To", "", massbalance.Date(f.today[:4]+"-12-31"))
	f.head("outcome", "What it sets out to reach", "It bounds nothing: what came of it stands in verification statements.")
	p.Expected = f.kg("expected", "Volume of a harvest", "Of each year of the project")
	saving := f.add("sum", "saving", "Saving", "Per kilogram of the product, less than without the project")
	saving.Unit = "kg CO₂e"
	if f.need(saving, "How much less is emitted?") && saving.Value != "" {
		if p.Saving, err = massbalance.ParseIntensity(strings.ReplaceAll(saving.Value, ",", ".")); err != nil {
			saving.fail("%q is not a figure such as 0.12", saving.Value)
		}
	}
	p.Method = f.text("method", "Method", "How the saving was worked out")
	f.head("money", "Who pays", "Funders share the cost, not the credit: what a funder may claim is what it buys.")
	p.Funders = f.funders()
	p.Spend, p.Currency = f.spend()
	f.Date = f.day("date", "Business date", "", f.today)
	return massbalance.RegisterProject{Project: p}, nil
}

// funders are one a line.
func (f *form) funders() (funders []massbalance.Funder) {
	one := f.add("words", "funders", "Funders", "One a line: the name, a comma, and its share, such as: Morgenbrot, 60 %. A member is found by its name.")
	one.Wide = true
	f.need(one, "Who pays for it?")
	for _, line := range strings.Split(one.Value, "\n") {
		if line = strings.TrimSpace(line); line == "" {
			continue
		}
		at := strings.LastIndex(line, ",")
		if at < 0 {
			one.fail("%q has no comma between name and share", line)
			continue
		}
		share, err := readShare(strings.TrimSpace(line[at+1:]))
		if err != nil {
			one.fail("%q is not a share such as 60 %% or 3/5", strings.TrimSpace(line[at+1:]))
		}
		funders = append(funders, massbalance.Funder{Name: strings.TrimSpace(line[:at]), Share: share})
	}
	return funders
}

// readShare reads a part of the whole, in per cent or as a fraction.
func readShare(text string) (massbalance.Ratio, error) {
	percentage, isPercent := strings.CutSuffix(text, "%")
	if !isPercent {
		return massbalance.ParseRatio(text)
	}
	number, err := decimal.NewFromString(strings.TrimSpace(percentage))
	if err != nil {
		return massbalance.Ratio{}, err
	}
	return massbalance.ParseRatio(number.Shift(-2).String())
}

// spend is what the project costs in all, if that is said.
func (f *form) spend() (spend, currency string) {
	money := f.add("kg", "spend", "Spend in all", "All members see it; leave it empty if it is not to be told")
	money.Optional = true
	of := f.propose(f.add("text", "currency", "Currency", "Three letters of ISO 4217"), "EUR")
	of.Optional = true
	if money.Value == "" {
		return "", ""
	}
	number, err := table.Reading{}.Number(table.Cell{Text: money.Value})
	if err != nil {
		money.fail("%s", err)
	}
	return number, strings.ToUpper(of.Value)
}
