package console

import (
	"fmt"
	"net/url"
	"slices"
	"strings"

	"github.com/weighbridge/weighbridge/chaincode/massbalance"
	"github.com/weighbridge/weighbridge/gateway/readmodel"
	"github.com/weighbridge/weighbridge/gateway/table"
)

// form is a form while it is declared and read in one go: each method adds a
// field and gives what stands in it. A form, its checks and its command are so
// one function, and a field that depends on another one is an if.
type form struct {
	*lens
	typed url.Values
	// strict makes what is missing a fault: somebody wants it sent, or tried.
	strict bool
	// spread names the field whose quantity goes to the oldest lots, or is "".
	spread string
	today  massbalance.Date
	// settled is set where a form that was filled in comes back, so that what was
	// taken out of it stays out.
	settled bool
	// command is the ID of the command that the form makes.
	command massbalance.CommandID
	// keep is what has to be done before the command is sent, nil for most.
	keep   keeping
	Fields []*field
	// Date, Period and Occurred are the command's.
	Date, Occurred massbalance.Date
	Period         massbalance.PeriodID
	// Deal is what lies on the table, where the form is about that.
	Deal *deal
	// Lead says what stands at the beginning, beside the action's own words.
	Lead []string
	// Carry are values of the form that nobody fills in.
	Carry []hidden
	// Stop says why there is nothing to be filled in, or "".
	Stop string
}

// field is one field of a form as the page shows it.
type field struct {
	Kind, Name, Label, Hint, Unit, Value string
	// Redraw is set where other fields depend on this one.
	Optional, Redraw, Wide bool
	// Focus is set for the first field that is at fault.
	Focus bool
	// More is set for what is seldom needed, and folded away under these words.
	More    string
	Choices []choice
	Rows    []amountRow
	Total   massbalance.Quantity
	// Columns and Grid are a field of several rows; Growing ones take more.
	Columns []column
	Grid    []*gridRow
	Growing bool
	// Note says what of the rows does not stand here.
	Note string
	// Verb says what is done with a quantity of the oldest lots.
	Verb string
	// Fault says what is wrong with it; Figures are those of a refusal.
	Fault   string
	Figures *massbalance.Figures
	missing bool
}

// amountRow is a quantity of one of several things, such as of a lot.
type amountRow struct {
	Name, Label, Detail, Value string
	// Bound says what Most is.
	Bound   string
	Traits  traits
	Model   massbalance.CustodyModel
	Most    massbalance.Quantity
	Limited bool
	Fault   string
}

func (f *form) add(kind, name, label, hint string) *field {
	one := &field{Kind: kind, Name: name, Label: label, Hint: hint, Value: strings.TrimSpace(f.typed.Get(name))}
	f.Fields = append(f.Fields, one)
	return one
}

func (one *field) fail(format string, args ...any) {
	if one.Fault == "" {
		one.Fault = fmt.Sprintf(format, args...)
	}
}

// need makes an empty field a fault of a form that is to be sent.
func (f *form) need(one *field, what string) bool {
	if one.Value != "" || one.Optional {
		return true
	}
	if one.missing = true; f.strict {
		one.fail("%s", what)
	}
	return false
}

// ready reports whether the form makes a command. A box that is to be ticked
// before it is sent may still be empty where it is only tried.
func (f *form) ready(sending bool) bool {
	return f.Stop == "" && !slices.ContainsFunc(f.Fields, func(one *field) bool {
		return (one.missing || one.Fault != "") && (sending || one.Kind != "check")
	})
}

// point puts the cursor into the first field that keeps a form from being sent.
func (f *form) point() {
	if !f.strict {
		return
	}
	for _, one := range f.Fields {
		if one.Fault != "" {
			one.Focus = true
			return
		}
	}
}

// fold is what is folded away under the same words.
type fold struct {
	Summary string
	Open    bool
	Fields  []*field
}

// Folds are the fields that are seldom needed, by the words that they stand under.
func (f *form) Folds() []*fold {
	var folds []*fold
	for _, one := range f.Fields {
		if one.More == "" {
			continue
		}
		at := slices.IndexFunc(folds, func(o *fold) bool { return o.Summary == one.More })
		if at < 0 {
			at, folds = len(folds), append(folds, &fold{Summary: one.More})
		}
		folds[at].Fields = append(folds[at].Fields, one)
		folds[at].Open = folds[at].Open || one.Value != "" || one.Fault != ""
	}
	return folds
}

// Spread is the value of the button that spreads the field's quantity over the
// oldest lots, Attribute the name of the input that it stands in.
func (one *field) Spread() string {
	if one.Name == lotField {
		return "spread"
	}
	return "spread:" + one.Name
}

// Attribute is the name of the input whose quantity is spread.
func (one *field) Attribute() string { return attributeName(one.Name) }

func (f *form) field(name string) *field {
	for _, one := range f.Fields {
		if one.Name == name {
			return one
		}
	}
	return nil
}

// kilograms reads a weight as people write it: 24820.5, 24 820.5 or 24820,5.
// What could be read in two ways is refused.
func readKilograms(text string) (massbalance.Quantity, error) {
	number, err := table.Reading{}.Number(table.Cell{Text: strings.ReplaceAll(text, narrow, " ")})
	if err != nil {
		return massbalance.Quantity{}, err
	}
	return massbalance.ParseQuantity(number)
}

func (one *field) kilograms() massbalance.Quantity {
	if one.Value == "" {
		return massbalance.Quantity{}
	}
	q, err := readKilograms(one.Value)
	if err != nil {
		one.fail("%s", err)
	}
	return q
}

// kg is a weight that must be given.
func (f *form) kg(name, label, hint string) massbalance.Quantity {
	one := f.add("kg", name, label, hint)
	one.Unit = "kg"
	f.need(one, "How many kilograms?")
	q := one.kilograms()
	if one.Value != "" && one.Fault == "" && q.IsZero() {
		one.fail("0 kg is no movement")
	}
	return q
}

// maybeKg is a weight that may be left out.
func (f *form) maybeKg(name, label, hint string) massbalance.Quantity {
	one := f.add("kg", name, label, hint)
	one.Unit, one.Optional = "kg", true
	return one.kilograms()
}

// percent is a part in per cent, such as moisture.
func (f *form) percent(name, label, hint string) massbalance.Ratio {
	one := f.add("kg", name, label, hint)
	one.Unit, one.Optional = "%", true
	if one.Value == "" {
		return massbalance.Ratio{}
	}
	ratio, err := readPart(one.Value)
	if err != nil {
		one.fail("%s", err)
	}
	return ratio
}

// text is a line of words that must be given.
func (f *form) text(name, label, hint string) string {
	one := f.add("text", name, label, hint)
	f.need(one, "Say it in a few words")
	return one.Value
}

func (f *form) maybeText(name, label, hint string) string {
	one := f.add("text", name, label, hint)
	one.Optional = true
	return one.Value
}

// name is an identifier on the ledger. A slash or a space becomes a hyphen,
// because documents are numbered so and the ledger's names have none.
func (f *form) name(name, label, hint string) string {
	one := f.add("text", name, label, hint)
	if !f.need(one, "It needs a number or a name") {
		return ""
	}
	return one.named()
}

func (f *form) maybeName(name, label, hint string) string {
	one := f.add("text", name, label, hint)
	if one.Optional = true; one.Value == "" {
		return ""
	}
	return one.named()
}

func (one *field) named() string {
	text := strings.NewReplacer("/", "-", " ", "-").Replace(one.Value)
	if !massbalance.ValidName(text) {
		one.fail("%q is not a name of 1 to 64 letters, digits, dots, underscores and hyphens", text)
	}
	return text
}

// choose is one of several. A single one is chosen already.
func (f *form) choose(name, label, hint string, choices []choice) string {
	one := f.add("choice", name, label, hint)
	if len(choices) == 1 && one.Value == "" {
		one.Value = choices[0].Value
	}
	known := slices.ContainsFunc(choices, func(c choice) bool { return c.Value == one.Value })
	if !known {
		one.Value = ""
	}
	if !known && !slices.ContainsFunc(choices, func(c choice) bool { return c.Value == "" }) {
		one.Choices = append(one.Choices, choice{Name: "Choose…"})
		f.need(one, "Choose one")
	}
	for _, c := range choices {
		c.Chosen = c.Value == one.Value
		one.Choices = append(one.Choices, c)
	}
	return one.Value
}

// decides is a choice on which other fields depend.
func (f *form) decides(name, label, hint string, choices []choice) string {
	value := f.choose(name, label, hint, choices)
	f.field(name).Redraw = true
	return value
}

// maybeChoose is a choice that may be left out, with what that means.
func (f *form) maybeChoose(name, label, hint, none string, choices []choice) string {
	return f.choose(name, label, hint, append([]choice{{Name: none}}, choices...))
}

// day is a date.
func (f *form) day(name, label, hint string, proposed massbalance.Date) massbalance.Date {
	one := f.add("date", name, label, hint)
	if !f.typed.Has(name) {
		one.Value = string(proposed)
	}
	f.need(one, "Which day?")
	if one.Value != "" && !massbalance.Date(one.Value).Valid() {
		one.fail("%q is not a day such as 2026-08-31", one.Value)
	}
	return massbalance.Date(one.Value)
}

// when is the business date of what moves at a site, in its open period. It
// stops the form where no period is open.
func (f *form) when(site massbalance.SiteID) error {
	head, err := find[massbalance.Head](f.lens, massbalance.HeadKey(site))
	if err != nil || site == "" {
		return err
	}
	if head.Period == "" {
		f.Stop = f.siteName(site) + " has no open period. Nothing can be booked before one is opened."
		return nil
	}
	period, err := find[massbalance.Period](f.lens, massbalance.PeriodKey(site, head.Period))
	if err != nil {
		return err
	}
	proposed := min(max(f.today, period.From), period.To)
	f.Period = head.Period
	f.Date = f.day("date", "Business date", "In the open period "+string(head.Period)+", "+string(period.From)+" to "+string(period.To), proposed)
	late := f.add("date", "occurred", "Late entry: it happened on", "Only for what belongs to a period that is closed. It is booked on the date above, and the record says both.")
	late.Optional, late.More = true, "It belongs to a period that is closed"
	if f.Occurred = massbalance.Date(late.Value); late.Value != "" && !f.Occurred.Valid() {
		late.fail("%q is not a day such as 2026-08-31", late.Value)
	}
	return nil
}

// ownSite is one of the organisation's own sites.
func (f *form) ownSite(label string) (massbalance.SiteID, error) {
	sites, err := f.s.Sites(f.organisation, readmodel.Page{Limit: readmodel.MaxLimit})
	var choices []choice
	for _, s := range sites.Items {
		choices = append(choices, choice{Value: string(s.ID), Name: s.Name})
	}
	if err == nil && len(choices) == 0 {
		f.Stop = "Your organisation has no site yet. Register one first."
	}
	return massbalance.SiteID(f.decides("site", label, "", choices)), err
}

// stocked is a product that the site has an account of.
func (f *form) stocked(site massbalance.SiteID, label string, credit bool) (massbalance.ProductID, readmodel.Account, error) {
	accounts, err := f.s.AllAccounts(site)
	if err != nil || site == "" {
		return "", readmodel.Account{}, err
	}
	var choices []choice
	for _, a := range accounts {
		if !credit || !a.Credit().IsZero() {
			choices = append(choices, choice{Value: string(a.Product), Name: f.productName(a.Product)})
		}
	}
	if len(choices) == 0 {
		f.Stop = f.siteName(site) + " has nothing that could be booked so: no stock of any product, or no credit."
		return "", readmodel.Account{}, nil
	}
	product := massbalance.ProductID(f.decides("product", label, "", choices))
	for _, a := range accounts {
		if a.Product == product {
			f.field("product").Hint = fmt.Sprintf("%s in stock, %s may be attributed", worded(a.Stock()), worded(a.Credit()))
			return product, a, nil
		}
	}
	return product, readmodel.Account{}, nil
}

// worded is a quantity in a sentence.
func worded(q massbalance.Quantity) string {
	f := kilograms(q)
	return f.Whole + f.Fraction + narrow + "kg"
}
