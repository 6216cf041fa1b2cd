package console

import (
	"strconv"
	"strings"

	"github.com/weighbridge/weighbridge/chaincode/massbalance"
)

// profileValueNames are what a profile's values are called in the form.
var profileValueNames = map[string]string{
	"unit": "Unit", "method": "Method", "periodMonths": "Length of periods", "carryOver": "Carry-over", "carbon": "Carbon figures", "origin": "Origin",
	"productGroups": "Product groups", "stockTolerance": "Stock tolerance", "beyondTolerance": "Beyond the tolerance", "models": "Custody models",
	"reversalDays": "Reversals", "attribution": "Attribution", "certificateRequired": "Certificate", "auditUnits": "Audit of credits",
}

// profileForm asks for what a scheme asks of a mass balance, each value with its
// source. A new one begins with the plain profile.
func profileForm(f *form, entry string) (massbalance.Body, error) {
	before, err := find[massbalance.Profile](f.lens, massbalance.ProfileKey(massbalance.SchemeID(entry)))
	if err != nil {
		return nil, err
	}
	if entry == "" {
		before = massbalance.PlainProfile()
		before.Name = ""
	}
	f.presetProfile(before)
	p := massbalance.Profile{Scheme: massbalance.SchemeID(f.id(entry, "scheme", "As it stands in the characteristics of lots")), Version: next(entry != "", before.Version)}
	p.Name = f.text("name", "Name", "")
	p.Unit.Name = f.name("unit", "Unit", "What the scheme counts in, such as t")
	p.Unit.Kilograms = f.kg("unit-kg", "One unit is", "The ledger keeps kilograms")
	p.Method = massbalance.BalanceMethod(f.choose("method", "Method", "Of ISO 22095-2", []choice{
		{Value: string(massbalance.CreditMethod), Name: "Credit: up to the credit held"}, {Value: string(massbalance.RollingAverage), Name: "Rolling average: no output more than the average"}}))
	f.head("periods", "Periods", "")
	for _, months := range f.ticks("months", "Length of periods", "None ticked means any length.", true, monthRows()) {
		n, _ := strconv.Atoi(months)
		p.PeriodMonths = append(p.PeriodMonths, n)
	}
	p.CarryOver.Cap = massbalance.CarryCap(f.choose("cap", "Credit left at a close is carried over", "", []choice{
		{Value: string(massbalance.CapUnlimited), Name: "without limit"}, {Value: string(massbalance.CapPhysicalStock), Name: "up to the physical stock"}}))
	p.CarryOver.Periods = f.whole("carry-periods", "Into how many further periods", "Nothing is no limit", "periods")
	p.CarryOver.Months = f.whole("carry-months", "Up to which age", "Nothing is no limit", "months")
	p.StockTolerance = f.percent("tolerance", "Stock tolerance", "By how much a count may differ from the book")
	p.BeyondTolerance = massbalance.Deviation(f.choose("beyond", "A count beyond it", "", []choice{
		{Value: string(massbalance.DeviationFlagged), Name: "stays on record"}, {Value: string(massbalance.DeviationRefused), Name: "keeps the period open"}}))
	f.profileCredit(&p)
	return massbalance.RegisterProfile{Profile: p}, nil
}

// profileCredit asks for what concerns credit, and for the sources of all.
func (f *form) profileCredit(p *massbalance.Profile) {
	f.head("credit", "Credit", "")
	for _, model := range f.ticks("models", "Custody models", "", false, modelRows()) {
		p.Models = append(p.Models, massbalance.CustodyModel(model))
	}
	p.Carbon = massbalance.CarbonMerge(f.choose("carbon", "Lots of different carbon figures", "", []choice{
		{Value: string(massbalance.CarbonKeepSeparate), Name: "are kept apart"}, {Value: string(massbalance.CarbonHighest), Name: "merge at the highest figures"}, {Value: string(massbalance.CarbonWeightedMean), Name: "merge at their mean by weight"}}))
	p.Origin = massbalance.OriginMatch(f.choose("origin", "Lots put together under mass balance", "", []choice{
		{Value: string(massbalance.OriginAny), Name: "may be of any origin"}, {Value: string(massbalance.OriginCountry), Name: "are of one country"}, {Value: string(massbalance.OriginRegion), Name: "are of one region"}}))
	p.Attribution = massbalance.Attribution(f.choose("attribution", "Outputs of a conversion share the credit", "", []choice{
		{Value: string(massbalance.AttributionProportional), Name: "in proportion to their mass"}, {Value: string(massbalance.AttributionFree), Name: "freely within their caps"}, {Value: string(massbalance.AttributionFixed), Name: "by the recipe's shares"}}))
	p.ReversalDays = f.whole("reversal", "A transaction may be reversed for", "Nothing is no limit", "days")
	p.AuditUnits = f.whole("audit", "Book and claim needs an audit from", "Claimed for a year; nothing is no limit", "units")
	p.CertificateRequired = f.maybe("certificate", "Only certified sites hold credit of the scheme")
	f.groups(p)
	f.sources(p)
}

func (f *form) groups(p *massbalance.Profile) {
	for _, row := range f.rows("groups", "Product groups", "Products among which credit may be attributed, by their short names with spaces between.",
		column{Name: "name", Label: "Group"}, column{Name: "products", Label: "Products"}) {
		g := massbalance.ProductGroup{Name: row.name("name")}
		for _, product := range strings.Fields(strings.ReplaceAll(row.text("products", "Which products?"), ",", " ")) {
			g.Products = append(g.Products, massbalance.ProductID(product))
		}
		p.ProductGroups = append(p.ProductGroups, g)
	}
}

var trustChoices = []choice{
	{Name: "–"}, {Value: string(massbalance.TrustPrimary), Name: "the scheme's own text"}, {Value: string(massbalance.TrustSecondary), Name: "a secondary source"},
	{Value: string(massbalance.TrustMemory), Name: "memory, not verified"}, {Value: string(massbalance.TrustDecision), Name: "our decision"},
}

// sources asks where each value comes from; the one that may be missing is last.
func (f *form) sources(p *massbalance.Profile) {
	values := append(append([]string{}, massbalance.ProfileValues...), "auditUnits")
	labels := make([]string, 0, len(values))
	for _, value := range values {
		labels = append(labels, profileValueNames[value])
	}
	for i, row := range f.given("sources", "Sources", "Where each value comes from, and how far that is to be trusted: a value from memory is never taken for the scheme's own text.", labels,
		column{Name: "source", Label: "Source"}, column{Name: "trust", Label: "Trust", Choices: trustChoices}) {
		if values[i] == "auditUnits" && p.AuditUnits == 0 && row.cell("source").Value == "" {
			continue
		}
		p.Sources = append(p.Sources, massbalance.ProfileSource{Value: values[i], Source: row.text("source", "Say where it comes from"), Trust: massbalance.Trust(row.text("trust", "Say how far it is to be trusted"))})
	}
}

func monthRows() (rows []amountRow) {
	for _, months := range massbalance.PeriodLengths {
		label := strconv.Itoa(months) + " months"
		if months == 1 {
			label = "1 month"
		}
		rows = append(rows, amountRow{Name: strconv.Itoa(months), Label: label})
	}
	return rows
}

func modelRows() (rows []amountRow) {
	for _, model := range massbalance.CustodyModels {
		rows = append(rows, amountRow{Name: string(model), Label: modelName(model)})
	}
	return rows
}

// presetProfile fills in what is in force.
func (f *form) presetProfile(p massbalance.Profile) {
	for name, value := range map[string]string{
		"name": p.Name, "unit": p.Unit.Name, "unit-kg": p.Unit.Kilograms.String(), "method": string(p.Method), "cap": string(p.CarryOver.Cap), "tolerance": shownPart(p.StockTolerance),
		"beyond": string(p.BeyondTolerance), "carbon": string(p.Carbon), "origin": string(p.Origin), "attribution": string(p.Attribution),
		"carry-periods": shownCount(p.CarryOver.Periods), "carry-months": shownCount(p.CarryOver.Months), "reversal": shownCount(p.ReversalDays), "audit": shownCount(p.AuditUnits),
	} {
		f.preset(name, value)
	}
	if p.CertificateRequired {
		f.preset("certificate", "yes")
	}
	for _, months := range p.PeriodMonths {
		f.preset("months:"+strconv.Itoa(months), "yes")
	}
	for _, model := range p.Models {
		f.preset("models:"+string(model), "yes")
	}
	for i, g := range p.ProductGroups {
		var products []string
		for _, product := range g.Products {
			products = append(products, string(product))
		}
		f.presetRow("groups", i, map[string]string{"name": g.Name, "products": strings.Join(products, " ")})
	}
	values := append(append([]string{}, massbalance.ProfileValues...), "auditUnits")
	for i, value := range values {
		for _, s := range p.Sources {
			if s.Value == value {
				f.presetRow("sources", i, map[string]string{"source": s.Source, "trust": string(s.Trust)})
			}
		}
	}
}

// shownCount is a number for a field in which nothing is 0.
func shownCount(n int) string {
	if n == 0 {
		return ""
	}
	return strconv.Itoa(n)
}

// maybe is a box that may be ticked.
func (f *form) maybe(name, label string) bool {
	one := f.add("check", name, label, "")
	one.Optional = true
	return one.Value != ""
}
