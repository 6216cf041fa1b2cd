package exports

import (
	"cmp"
	"fmt"
	"math/big"
	"slices"
	"strconv"
	"strings"

	"github.com/shopspring/decimal"

	"github.com/weighbridge/weighbridge/chaincode/massbalance"
	"github.com/weighbridge/weighbridge/gateway/readmodel"
	"github.com/weighbridge/weighbridge/gateway/table"
)

// The types of records that each sheet shows. What is in none of them is among
// the corrections, so that nothing is left out.
var (
	inputTypes      = []string{"introduce", "take_in", "receive", "return", "accept_credits", "return_credits"}
	outputTypes     = []string{"dispatch", "transfer_credits", "withdraw"}
	conversionTypes = []string{"convert"}
	claimTypes      = []string{"claim", "cancel", "cover_recall"}
)

// of lists the movements of some types.
func (w *workbook) of(types []string) []movement {
	var out []movement
	for _, m := range w.count.movements {
		if slices.Contains(types, m.entry.Record.Type) {
			out = append(out, m)
		}
	}
	return out
}

// counterpart is the other end of a movement, as far as the ledger knows it.
type counterpart struct {
	// name and site are whom it came from or went to.
	name, site string
	// certificate is under which it was certified there, declaration the number
	// of the document that says so.
	certificate, declaration string
	documents                string
}

func join[T ~string](ids []T) string {
	words := make([]string, len(ids))
	for i, id := range ids {
		words[i] = string(id)
	}
	return strings.Join(words, ", ")
}

// counterpart reads the other end from the command and the transfer.
func (w *workbook) counterpart(e readmodel.Entry) (counterpart, error) {
	switch b := e.Command.Body.(type) {
	case massbalance.Introduce:
		return w.producer(b)
	case massbalance.TakeIn:
		return counterpart{name: b.Supplier, certificate: "none: undifferentiated", documents: string(b.Evidence)}, nil
	case massbalance.Receive:
		return w.end(b.Transfer, b.Evidence, false)
	case massbalance.Return:
		return w.end(b.Transfer, b.Evidence, true)
	case massbalance.AcceptCredits:
		return w.end(b.Transfer, "", false)
	case massbalance.ReturnCredits:
		return w.end(b.Transfer, "", true)
	case massbalance.Dispatch, massbalance.TransferCredits:
		return w.end(massbalance.TransferID(string(e.Record.Organisation)+"/"+string(e.Record.Command)), "", true)
	case massbalance.Withdraw:
		return counterpart{name: b.Purpose, certificate: "none: out of the consortium's sight"}, nil
	}
	return counterpart{}, nil
}

func (w *workbook) producer(b massbalance.Introduce) (counterpart, error) {
	v, err := readmodel.Need[massbalance.Verified](w.s, massbalance.StatementKey(b.Certifier, b.Statement))
	return counterpart{
		name: v.Statement.Producer, site: v.Statement.Characteristics.Region, documents: string(b.Evidence),
		certificate: string(v.Statement.Certificate) + " of " + w.member(b.Certifier), declaration: "statement " + string(b.Statement),
	}, err
}

// end is the other party of a transfer: the receiver, where this site is the
// sender, and else the sender.
func (w *workbook) end(id massbalance.TransferID, evidence massbalance.EvidenceID, receiver bool) (counterpart, error) {
	t, err := readmodel.Need[massbalance.Transfer](w.s, massbalance.TransferKey(id))
	if err != nil {
		return counterpart{}, err
	}
	organisation, site := t.Sender, t.From
	if receiver {
		organisation, site = t.Receiver, t.To
	}
	documents := t.Documents
	if evidence != "" {
		documents = append([]massbalance.EvidenceID{evidence}, documents...)
	}
	certificates, err := w.certificatesOn(site, t.Product, t.Dispatched)
	return counterpart{
		name: w.member(organisation), site: w.siteName(site), documents: join(documents), declaration: string(id),
		certificate: orWords(certificates, "none on the ledger"),
	}, err
}

// validOn lists a site's certificates that are valid on a day and name the
// product, whatever was declared on them.
func (n names) validOn(site massbalance.SiteID, product massbalance.ProductID, on massbalance.Date) ([]massbalance.Certificate, error) {
	certificates, err := n.siteCertificates(site)
	return slices.DeleteFunc(certificates, func(c massbalance.Certificate) bool {
		return on < c.ValidFrom || on > c.ValidTo || len(c.Products) > 0 && !slices.Contains(c.Products, product)
	}), err
}

// certificatesOn names them.
func (n names) certificatesOn(site massbalance.SiteID, product massbalance.ProductID, on massbalance.Date) (string, error) {
	certificates, err := n.validOn(site, product, on)
	words := make([]string, len(certificates))
	for i, c := range certificates {
		words[i] = string(c.ID) + " of " + n.member(c.Certifier)
	}
	return strings.Join(words, ", "), err
}

var moveWidths = []int{7, 13, 13, 18, 22, 16, 24, 18, 14, 15, 15, 19, 13, 14, 14, 7, 14, 9, 10, 9}

// inputs lists what came in: a line for each part of it that has the same
// characteristics and custody model.
func (w *workbook) inputs() error {
	w.head("Inputs", "Inputs", "What came in, with the document behind it. A delivery has a line for each part with characteristics of its own, and one for the part without; its material stands on the first.",
		moveWidths, "No.", "Date", "What", "Ticket or document", "Supplier", "Supplier's site", "Supplier's certificate", "Declaration", "Product",
		"Material, kg", "Attributed, kg", "Undifferentiated, kg", "Lost on arrival, kg", "Weighed less than sent, kg", "Custody model", "Set", "Scheme", "Country", "Region", "Vintage")
	return w.moves(inputTypes, func(m movement) (*big.Int, func(*part) *big.Int) { return m.in, func(p *part) *big.Int { return p.in } })
}

// outputs lists what went out, in the same way.
func (w *workbook) outputs() error {
	w.head("Outputs", "Outputs", "What went out, with the number under which the customer finds its sustainability declaration. The declaration of a transfer is the document of the same number.",
		moveWidths, "No.", "Date", "What", "Documents", "Customer", "Customer's site", "Customer's certificate", "Declaration", "Product",
		"Material, kg", "Attributed, kg", "Undifferentiated, kg", "Lost, kg", "Weighed less on arrival, kg", "Custody model", "Set", "Scheme", "Country", "Region", "Vintage")
	return w.moves(outputTypes, func(m movement) (*big.Int, func(*part) *big.Int) {
		return m.out, func(p *part) *big.Int { return p.out }
	})
}

// moves writes the lines of inputs or outputs. What a transfer weighed
// differently at its ends stands beside it.
func (w *workbook) moves(types []string, side func(movement) (material *big.Int, credit func(*part) *big.Int)) error {
	first := w.sheet.Line() + 1
	sums := map[int]*big.Int{10: new(big.Int), 11: new(big.Int), 12: new(big.Int), 13: new(big.Int)}
	all := w.of(types)
	for _, m := range all {
		end, err := w.counterpart(m.entry)
		if err != nil {
			return err
		}
		shorter, err := w.shorter(m.entry)
		if err != nil {
			return err
		}
		material, credit := side(m)
		rest := new(big.Int).Set(material)
		var parts []*part
		for _, p := range m.parts {
			if credit(p).Sign() != 0 {
				parts = append(parts, p)
				rest.Sub(rest, credit(p))
			}
		}
		sums[10].Add(sums[10], material)
		sums[13].Add(sums[13], m.loss)
		if rest.Sign() > 0 && material.Sign() > 0 || len(parts) == 0 {
			parts = append(parts, nil)
		}
		for i, p := range parts {
			amounts := texts("", "", "", "", "")
			if i == 0 {
				amounts[0], amounts[3], amounts[4] = moved(material), moved(m.loss), shorter
			}
			if p == nil {
				amounts[2] = moved(rest)
				sums[12].Add(sums[12], rest)
				p = &part{}
			} else {
				amounts[1] = moved(credit(p))
				sums[11].Add(sums[11], credit(p))
			}
			w.plain(slices.Concat(w.what(m.entry), texts(end.documents, end.name, end.site, end.certificate, end.declaration, w.product(m.product)),
				amounts, texts(spoken(string(p.model))), w.spatial(p.set))...)
		}
	}
	if len(all) == 0 {
		w.nothing()
		return nil
	}
	w.total("Total", first, sums)
	return nil
}

// what are the columns that every movement begins with. A late entry shows when
// it happened, too.
func (w *workbook) what(e readmodel.Entry) []table.Cell {
	said := spoken(e.Record.Type)
	if e.Record.Occurred != "" {
		said += ", late: of " + string(e.Record.Occurred)
	}
	return []table.Cell{number(e.Record.Sequence), day(e.Record.Date), word(said)}
}

// shorter is by how much less a transfer weighed on arrival; more is negative.
func (w *workbook) shorter(e readmodel.Entry) (table.Cell, error) {
	var id massbalance.TransferID
	switch b := e.Command.Body.(type) {
	case massbalance.Receive:
		id = b.Transfer
	case massbalance.Dispatch:
		id = massbalance.TransferID(string(e.Record.Organisation) + "/" + string(e.Record.Command))
	default:
		return table.Cell{}, nil
	}
	t, err := readmodel.Need[massbalance.Transfer](w.s, massbalance.TransferKey(id))
	if err != nil || t.Arrived.IsZero() {
		return table.Cell{}, err
	}
	return kg(new(big.Int).Sub(massbalance.GramsOf(t.Quantity), massbalance.GramsOf(t.Arrived))).Cell, nil
}

// conversions shows each output beside the factor that bounds it.
func (w *workbook) conversions() error {
	w.head("Conversions", "Conversions", "Each output beside its conversion factor: no output may be more than input × factor. Allowed, yield and the check are formulas.",
		[]int{7, 13, 13, 14, 9, 22, 16, 15, 16, 15, 11, 15, 11, 9, 15, 15, 15, 18},
		"No.", "Date", "What", "Recipe", "Version", "Source of the factors", "Input", "Input, kg", "Output", "Output, kg", "Factor", "Allowed, kg", "Yield", "Within",
		"Credit in, kg", "Credit out, kg", "Credit lost, kg", "Custody models of the output")
	done := 0
	for _, sequence := range sequences(w.of(conversionTypes)) {
		if err := w.conversion(sequence); err != nil {
			return err
		}
		done++
	}
	if done == 0 {
		w.nothing()
	}
	return nil
}

// sequences puts the movements of one record together.
func sequences(moves []movement) (out [][]movement) {
	for i, m := range moves {
		if i > 0 && moves[i-1].entry.Record.Sequence == m.entry.Record.Sequence {
			out[len(out)-1] = append(out[len(out)-1], m)
		} else {
			out = append(out, []movement{m})
		}
	}
	return out
}

func (w *workbook) conversion(moves []movement) error {
	e := moves[0].entry
	body, ok := e.Command.Body.(massbalance.Convert)
	if !ok {
		return fmt.Errorf("record %d is no conversion", e.Record.Sequence)
	}
	recipe, err := w.recipe(body.Recipe, e.Position)
	if err != nil {
		return err
	}
	by := map[massbalance.ProductID]movement{}
	lost := new(big.Int)
	for _, m := range moves {
		by[m.product] = m
		lost.Add(lost, m.loss)
	}
	input, inputs := body.Quantity, []string{w.product(recipe.Input)}
	credit := new(big.Int)
	if m, ok := by[recipe.Input]; ok {
		credit.Add(credit, m.creditOut)
	}
	for _, with := range body.With {
		input = input.Add(with.Quantity)
		inputs = append(inputs, w.product(with.Product))
		if m, ok := by[with.Product]; ok {
			credit.Add(credit, m.creditOut)
		}
	}
	for i, output := range body.Outputs {
		first := texts(strings.Join(inputs, " + "), "")
		first[1] = kgOf(input)
		credits := []table.Cell{{}, {}, {}}
		if i == 0 {
			credits[0], credits[2] = kg(credit).Cell, kg(lost).Cell
		}
		m := by[output.Product]
		if m.figures != nil {
			credits[1] = kg(m.creditIn).Cell
		}
		line := w.sheet.Line() + 1
		w.plain(slices.Concat(w.what(e), texts(string(body.Recipe), strconv.Itoa(max(recipe.Version, 1)), orWords(recipe.Source, notRecorded)), first,
			[]table.Cell{word(w.product(output.Product)), kgOf(output.Quantity)}, bound(recipe, input, output, line), credits, texts(modelsOf(m)))...)
	}
	return nil
}

// bound are the factor, what it allows, the yield and whether it holds.
func bound(recipe massbalance.Recipe, input massbalance.Quantity, output massbalance.Output, line int) []table.Cell {
	const inputColumn, outputColumn, allowedColumn = 8, 10, 12
	at := slices.IndexFunc(recipe.Outputs, func(o massbalance.RecipeOutput) bool { return o.Product == output.Product })
	if at < 0 {
		return texts("", "", "", "")
	}
	factor := recipe.Outputs[at].Factor
	allowed := factor.FloorOf(input)
	within := "yes"
	if _, ok := allowed.Sub(output.Quantity); !ok {
		within = "NO"
	}
	return []table.Cell{
		{Text: decimalOfRatio(factor), Kind: table.Number, Formula: factor.String()},
		// Whole grams times the fraction: 250000 × 0.72 is less than 180000 to a spreadsheet.
		kg(massbalance.GramsOf(allowed)).by(fmt.Sprintf("INT(ROUND(%s*1000,0)*%s)/1000", table.At(inputColumn, line), factor)).Cell,
		{Text: ratioOf(output.Quantity, input), Kind: table.Number, Formula: table.At(outputColumn, line) + "/" + table.At(inputColumn, line)},
		{Text: within, Formula: fmt.Sprintf(`IF(%s<=%s,"yes","NO")`, table.At(outputColumn, line), table.At(allowedColumn, line))},
	}
}

// ratioDigits is to how many decimals a ratio is stored beside its formula.
const ratioDigits = 12

func decimalOfRatio(r massbalance.Ratio) string {
	numerator, denominator, found := strings.Cut(r.String(), "/")
	n, err := decimal.NewFromString(numerator)
	if err != nil || !found {
		return r.String()
	}
	d, err := decimal.NewFromString(denominator)
	if err != nil || d.IsZero() {
		return r.String()
	}
	return n.DivRound(d, ratioDigits).String()
}

func ratioOf(part, whole massbalance.Quantity) string {
	if whole.IsZero() {
		return "0"
	}
	return decimalOf(part).DivRound(decimalOf(whole), ratioDigits).String()
}

func modelsOf(m movement) string {
	var words []string
	for _, p := range m.parts {
		if word := spoken(string(p.model)); !slices.Contains(words, word) {
			words = append(words, word)
		}
	}
	return strings.Join(words, ", ")
}

// movements shows each product's records in the order of the journal, with the
// balance after each of them.
func (w *workbook) movements() error {
	w.head("Movements", "Movements", "Each product by itself, in the order of the journal, with the balance after every record. Balances are formulas: the one above, plus in, less out.",
		[]int{7, 13, 18, 20, 26, 15, 15, 16, 15, 15, 16, 16, 10, 26, 8, 16},
		"No.", "Date", "What", "Documents", "With", "Material in", "Material out", "Material balance", "Credit in", "Credit out", "Credit balance", "Custody models", "Sets", "Lots", "Block", "Command")
	for _, l := range w.lines {
		w.row(table.Section, texts(w.product(l.product))...)
		stock, credit := l.opening.stock(), l.opening.credit()
		opening := texts("", "", "Opening balance", "", "", "", "", "", "", "", "")
		opening[1], opening[7], opening[10] = day(w.book.From), kg(stock).Cell, kg(credit).Cell
		w.plain(opening...)
		for _, m := range w.count.movements {
			if m.product != l.product {
				continue
			}
			stock.Add(stock, m.stock())
			credit.Add(credit, m.credit())
			if err := w.movement(m, stock, credit); err != nil {
				return err
			}
		}
		w.ends[l.product] = w.sheet.Line()
	}
	if len(w.lines) == 0 {
		w.nothing()
	}
	return nil
}

func (w *workbook) movement(m movement, stock, credit *big.Int) error {
	const in, out, balance = 6, 7, 8
	end, err := w.counterpart(m.entry)
	if err != nil {
		return err
	}
	with := strings.Trim(end.name+", "+end.site, ", ")
	if with == "" {
		with = w.about(m.entry)
	}
	at := w.sheet.Line() + 1
	running := func(column int) string {
		return table.At(column, at-1) + "+" + table.At(column-2, at) + "-" + table.At(column-1, at)
	}
	var sets []string
	for _, p := range m.parts {
		if set := w.set(p.set); !slices.Contains(sets, set) {
			sets = append(sets, set)
		}
	}
	r := m.entry.Record
	w.plain(slices.Concat(w.what(m.entry), texts(end.documents, with), []table.Cell{
		moved(m.materialIn()), moved(m.materialOut()), kg(stock).by(running(balance)).Cell,
		moved(m.creditIn), moved(m.creditGone()), kg(credit).by(running(balance + 3)).Cell,
	}, texts(modelsOf(m), strings.Join(sets, ", "), join(m.lots)), []table.Cell{number(m.entry.Block), word(string(r.Command))})...)
	return nil
}

// about says in words what a record within the site was for.
func (w *workbook) about(e readmodel.Entry) string {
	switch b := e.Command.Body.(type) {
	case massbalance.Convert:
		return "recipe " + string(b.Recipe)
	case massbalance.ClaimCredits:
		return fmt.Sprintf("%s, %d: %s", b.Beneficiary, b.ReportingYear, b.Purpose)
	case massbalance.Cancel:
		return b.Reason
	case massbalance.CoverRecall:
		return "covers claim " + string(b.Claim)
	case massbalance.Downgrade:
		return "to " + spoken(string(b.Model))
	case massbalance.Reassign:
		return "to " + w.product(b.To)
	case massbalance.ClosePeriod:
		return "stock count and forfeits of period " + string(b.Period)
	}
	return cmp.Or(string(e.Record.Reverses), e.Record.Subject)
}
