package console

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/weighbridge/weighbridge/chaincode/massbalance"
	"github.com/weighbridge/weighbridge/gateway/readmodel"
	"github.com/weighbridge/weighbridge/gateway/table"
	"github.com/weighbridge/weighbridge/gateway/trade"
)

// The terms of an offer as a form: what all may read once they are agreed, and
// the price, which only the two parties ever can.

// proposalOf is what facts suggest: all of the volume, as it is.
func proposalOf(l *lens, facts massbalance.OfferFacts) trade.Proposal {
	c := massbalance.Commitment{Product: facts.Product, Specification: massbalance.Specification{Model: facts.Model}}
	c.Periods = []massbalance.SupplyPeriod{{From: facts.From, To: facts.To, Minimum: facts.Quantity, Maximum: facts.Quantity}}
	spec := &c.Specification
	for _, id := range facts.Characteristics {
		t, err := l.traits(id)
		if err != nil {
			continue // an offer of a set that is not known yet suggests nothing of it
		}
		most, err := massbalance.ParseIntensity(t.Emissions)
		if err == nil && (spec.Intensity == nil || intensityLess(*spec.Intensity, most)) {
			spec.Intensity = &most
		}
		spec.Schemes = with(spec.Schemes, t.Scheme)
		spec.Countries, spec.Regions = with(spec.Countries, t.Country), with(spec.Regions, t.Region)
		spec.Vintages = with(spec.Vintages, t.Vintage)
		if t.Project != "" {
			spec.Projects = with(spec.Projects, t.Project)
		}
	}
	return trade.Proposal{Commitment: c, Price: trade.Price{Currency: "EUR"}}
}

func intensityLess(a, b massbalance.Intensity) bool {
	kg := massbalance.Kilograms(1)
	return a.Emissions(kg).LessThan(b.Emissions(kg))
}

func with[T comparable](list []T, one T) []T {
	if slices.Contains(list, one) {
		return list
	}
	return append(list, one)
}

// terms asks for terms, beginning with others.
func (f *form) terms(before trade.Proposal) (trade.Proposal, error) {
	p := trade.Proposal{}
	var err error
	if p.Commitment, err = f.commitment(before.Commitment); err != nil {
		return p, err
	}
	if p.Price, err = f.price(before.Price, p.Commitment.Product); err != nil {
		return p, err
	}
	note := f.propose(f.add("words", "note", "Whatever else you say to each other", "Only the two of you read it"), before.Note)
	note.Optional, note.Wide = true, true
	if p.Note = note.Value; len(p.Note) > 2000 {
		note.fail("It has %d bytes, at most 2 000", len(p.Note))
	}
	return p, nil
}

// commitment asks for what stands on the ledger once it is agreed.
func (f *form) commitment(before massbalance.Commitment) (massbalance.Commitment, error) {
	f.head("volumes", "What is agreed", "Once accepted, volumes and specification stand on the ledger, and each call-off is held against them. A price is not among them.")
	c := massbalance.Commitment{Product: before.Product}
	if c.Product == "" {
		product, err := f.anyProduct()
		if err != nil || product.ID == "" {
			return c, err
		}
		c.Product = product.ID
	}
	c.Periods = f.periods(before)
	if len(c.Periods) > 1 {
		carry := f.add("check", "carry", "What a period falls short of its minimum may be called off in the next one, on top of its maximum", "")
		if carry.Optional = true; !f.typed.Has("carry-asked") && before.CarryForward {
			carry.Value = "yes" // a box that is not ticked is not sent, so that it was asked is
		}
		f.Carry = append(f.Carry, hidden{"carry-asked", "yes"})
		c.CarryForward = carry.Value != ""
	}
	f.head("spec", "Specification", "The least that each lot must be. The rules refuse any other. What is left empty asks nothing.")
	c.Specification = f.specification(before.Specification)
	return c, nil
}

// splits are the ways to divide the time of an agreement.
var splits = []choice{{Value: "one", Name: "One delivery: a spot sale"}, {Value: "months", Name: "By calendar month"}, {Value: "quarters", Name: "By calendar quarter"}}

// periods asks how the time is divided, and what each part is for.
func (f *form) periods(before massbalance.Commitment) []massbalance.SupplyPeriod {
	choices := splits
	if len(before.Periods) > 1 {
		choices = append([]choice{{Value: "same", Name: fmt.Sprintf("The %d periods on the table", len(before.Periods))}}, splits...)
	}
	if len(before.Periods) == 0 {
		before.Periods = []massbalance.SupplyPeriod{{From: f.today, To: massbalance.Date(f.dayAfter(60))}}
	}
	split := f.propose(f.add("choice", "split", "Deliveries", ""), choices[0].Value)
	split.Redraw = true
	for _, c := range choices {
		c.Chosen = c.Value == split.Value
		split.Choices = append(split.Choices, c)
	}
	first, last := before.Periods[0], before.Periods[len(before.Periods)-1]
	periods := before.Periods
	if split.Value != "same" {
		from := f.day("supply-from", "First day", "", first.From)
		to := f.day("supply-to", "Last day", "", last.To)
		var problem string
		if periods, problem = divided(split.Value, from, to); problem != "" {
			f.field("supply-to").fail("%s", problem)
		}
		if len(periods) == 1 {
			periods[0].Minimum, periods[0].Maximum = first.Minimum, first.Maximum
		}
	}
	periods = slices.Clone(periods)
	f.perPeriod("least", "Least to be called off", "What is not reached is shortfall", periods, func(p *massbalance.SupplyPeriod) *massbalance.Quantity { return &p.Minimum }, true)
	f.perPeriod("most", "Most that may be called off", "The rules refuse more", periods, func(p *massbalance.SupplyPeriod) *massbalance.Quantity { return &p.Maximum }, false)
	return periods
}

// periodsMost is how many periods an agreement may have.
const periodsMost = 120

// divided divides a span of days.
func divided(how string, from, to massbalance.Date) (periods []massbalance.SupplyPeriod, problem string) {
	if !from.Valid() || !to.Valid() || to < from {
		return nil, "The last day is not before the first one"
	}
	if how == "one" || how == "" {
		return []massbalance.SupplyPeriod{{From: from, To: to}}, ""
	}
	months := map[string]int{"months": 1, "quarters": 3}[how]
	for begin := from; begin <= to; {
		next := monthAfter(begin, months)
		periods = append(periods, massbalance.SupplyPeriod{From: begin, To: min(dayBefore(next), to)})
		if begin = next; len(periods) > periodsMost {
			return nil, fmt.Sprintf("These are more than %d periods", periodsMost)
		}
	}
	return periods, ""
}

// monthAfter is the first day after the calendar month, or quarter, of a day.
func monthAfter(d massbalance.Date, months int) massbalance.Date {
	day, err := time.Parse(time.DateOnly, string(d))
	if err != nil {
		return ""
	}
	month := (int(day.Month())-1)/months*months + 1 + months
	return massbalance.Date(time.Date(day.Year(), time.Month(month), 1, 0, 0, 0, 0, time.UTC).Format(time.DateOnly))
}

// perPeriod is a quantity for each period.
func (f *form) perPeriod(name, label, hint string, periods []massbalance.SupplyPeriod, of func(*massbalance.SupplyPeriod) *massbalance.Quantity, optional bool) {
	one := f.add("amounts", name, label, hint)
	one.Wide, one.Optional = true, optional
	for i := range periods {
		p := &periods[i]
		row := amountRow{Name: name + ":" + string(p.From), Label: string(p.From) + " to " + string(p.To)}
		before := *of(p)
		if f.typed.Has(row.Name) {
			row.Value = strings.TrimSpace(f.typed.Get(row.Name))
		} else if !before.IsZero() {
			row.Value = before.String()
		}
		if row.Value != before.String() { // what was proposed can be read in one way
			*of(p) = row.quantity(one)
		}
		if p.Maximum.Less(p.Minimum) && !optional && row.Value != "" {
			one.fail("From %s to %s it is less than the least, %s", p.From, p.To, worded(p.Minimum))
		}
		if row.Value == "" && !optional {
			if one.missing = true; f.strict {
				one.fail("How many kilograms from %s to %s?", p.From, p.To)
			}
		}
		one.Total = one.Total.Add(*of(p))
		one.Rows = append(one.Rows, row)
	}
}

// specification asks what volume must be at least.
func (f *form) specification(before massbalance.Specification) massbalance.Specification {
	var s massbalance.Specification
	if f.typed.Get("loosest") == "" {
		f.typed.Set("loosest", string(before.Model))
	}
	s.Model = massbalance.CustodyModel(f.choose("loosest", "Loosest custody model", "", modelChoices("")))
	intensity := ""
	if before.Intensity != nil {
		intensity = before.Intensity.String()
	}
	one := f.propose(f.add("sum", "intensity", "Most that it may emit", "Per kilogram, without biogenic uptake and removals"), intensity)
	if one.Optional, one.Unit = true, "kg CO₂e"; one.Value != "" {
		if read, err := massbalance.ParseIntensity(strings.ReplaceAll(one.Value, ",", ".")); err == nil {
			s.Intensity = &read
		} else {
			one.fail("%q is not a figure such as 0.276", one.Value)
		}
	}
	for _, scheme := range f.words("schemes", "Schemes", texts(before.Schemes)) {
		s.Schemes = append(s.Schemes, massbalance.SchemeID(scheme))
	}
	s.Countries = f.words("countries", "Countries", before.Countries)
	s.Regions = f.words("regions", "Regions", before.Regions)
	vintages := make([]string, 0, len(before.Vintages))
	for _, v := range before.Vintages {
		vintages = append(vintages, strconv.Itoa(v))
	}
	for _, text := range f.words("vintages", "Harvest years", vintages) {
		year, err := strconv.Atoi(text)
		if err != nil {
			f.field("vintages").fail("%q is not a year such as 2026", text)
		}
		s.Vintages = append(s.Vintages, year)
	}
	for _, project := range f.words("projects", "Insetting projects", texts(before.Projects)) {
		s.Projects = append(s.Projects, massbalance.ProjectID(project))
	}
	return s
}

// words are several words in one line, with commas between them.
func (f *form) words(name, label string, proposed []string) (words []string) {
	one := f.propose(f.add("text", name, label, "Any of them; commas between several"), strings.Join(proposed, ", "))
	one.Optional = true
	for _, word := range strings.Split(one.Value, ",") {
		if word = strings.TrimSpace(word); word != "" {
			words = append(words, word)
		}
	}
	return words
}

var currencyForm = regexp.MustCompile(`^[A-Z]{3}$`)

// price asks for what only the two parties know.
func (f *form) price(before trade.Price, product massbalance.ProductID) (trade.Price, error) {
	f.head("price", "Price", "Only you and the buyer ever read it. The ledger keeps a salted hash, from which nothing can be guessed.")
	var p trade.Price
	currency := f.propose(f.add("text", "currency", "Currency", "Three letters of ISO 4217"), before.Currency)
	p.Currency = strings.ToUpper(currency.Value)
	if f.need(currency, "Which currency?"); currency.Value != "" && !currencyForm.MatchString(p.Currency) {
		currency.fail("%q is not a currency such as EUR", currency.Value)
	}
	p.PerTonne = f.sum("premium", "Premium", p.Currency+"/t", "Per tonne received, beside the price of the material", before.PerTonne, false)
	p.Shortfall = f.sum("shortfall", "Owed for shortfall", p.Currency+"/t", "Per tonne of a minimum that the seller does not deliver", before.Shortfall, true)
	if p.Shortfall.Negative() {
		f.field("shortfall").fail("What is owed for shortfall is not negative")
	}
	f.modelPremiums(&p, before)
	return p, f.saving(&p, before.Saving, product)
}

// modelPremiums asks for premiums of other custody models, where they differ.
func (f *form) modelPremiums(p *trade.Price, before trade.Price) {
	if !f.typed.Has("by-model") && len(before.Models) > 0 {
		f.typed.Set("by-model", "yes")
	}
	if f.decides("by-model", "By custody model", "", []choice{{Name: "The same under every model"}, {Value: "yes", Name: "Others under some models"}}) == "" {
		return
	}
	for _, m := range massbalance.CustodyModels {
		known := trade.Money{}
		for _, b := range before.Models {
			if b.Model == m {
				known = b.PerTonne
			}
		}
		name := "premium-" + modelShort(m)
		premium := f.sum(name, "Premium under "+strings.ToLower(modelName(m)), p.Currency+"/t", "Empty: the premium above", known, true)
		if f.field(name).Value != "" {
			p.Models = append(p.Models, trade.ModelPremium{Model: m, PerTonne: premium})
		}
	}
}

// saving asks for a premium for what is emitted less than an adopted average.
func (f *form) saving(p *trade.Price, before *trade.SavingPremium, product massbalance.ProductID) error {
	baselines, err := readmodel.AllThings[massbalance.Baseline](f.s, massbalance.KindBaseline, readmodel.ThingFilter{A: string(product)})
	if err != nil || len(baselines) == 0 {
		return err
	}
	if !f.typed.Has("saving") && before != nil {
		f.typed.Set("saving", before.Region)
	}
	choices := []choice{{Name: "Nothing beside the premium"}}
	for _, b := range baselines {
		choices = append(choices, choice{Value: b.Value.Region, Name: fmt.Sprintf("Below the average of %s, %s kg CO₂e per kg", b.Value.Region, b.Value.Intensity)})
	}
	region := f.decides("saving", "For emissions saved", "Against an average that the members adopted", choices)
	for _, b := range baselines {
		if region == "" || b.Value.Region != region {
			continue
		}
		known := trade.Money{}
		if before != nil {
			known = before.PerKg
		}
		perKg := f.sum("per-kg", "Premium for a kilogram saved", p.Currency+"/kg", "Per kilogram of CO₂e below it; nothing is owed where more is emitted", known, false)
		p.Saving = &trade.SavingPremium{PerKg: perKg, Region: region, Version: max(b.Value.Version, 1), Intensity: b.Value.Intensity}
	}
	return nil
}

// sum is an amount of money.
func (f *form) sum(name, label, unit, hint string, before trade.Money, optional bool) trade.Money {
	one := f.add("sum", name, label, hint)
	if one.Optional, one.Unit = optional, unit; !before.IsZero() {
		f.propose(one, before.String())
	}
	if !f.need(one, "How much?") || one.Value == "" {
		return trade.Money{}
	}
	if one.Value == before.String() {
		return before // what was proposed can be read in one way
	}
	digits, negative := strings.CutPrefix(strings.NewReplacer(narrow, " ", "−", "-").Replace(one.Value), "-")
	number, err := table.Reading{}.Number(table.Cell{Text: digits})
	if err != nil {
		one.fail("%s", err)
		return trade.Money{}
	}
	if negative {
		number = "-" + number
	}
	m, err := trade.ParseMoney(number)
	if err != nil {
		one.fail("%s", err)
	}
	return m
}

// dayAfter is a day so many days from today.
func (f *form) dayAfter(days int) string {
	day, err := time.Parse(time.DateOnly, string(f.today))
	if err != nil {
		return ""
	}
	return day.AddDate(0, 0, days).Format(time.DateOnly)
}
