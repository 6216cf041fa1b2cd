package exports

import (
	"errors"
	"fmt"
	"maps"
	"math/big"
	"slices"
	"strconv"

	"github.com/weighbridge/weighbridge/chaincode/massbalance"
	"github.com/weighbridge/weighbridge/gateway/readmodel"
	"github.com/weighbridge/weighbridge/gateway/table"
)

var lotColumns = []string{"Lot", "Product", "Left, kg", "Custody model", "Set", "Scheme", "Country", "Region", "Vintage", "Certifier", "Statement", "Booked"}

var lotWidths = []int{28, 18, 17, 18, 7, 14, 9, 10, 9, 20, 18, 17}

// opening is what was carried into the period: per product, then lot by lot.
func (w *workbook) opening() error {
	w.head("Opening balance", "Opening balance", "What was there when the period began, first per product, then the credit lot by lot. Each lot keeps its own characteristics.",
		lotWidths, "Product", "", "Material, kg", "", "", "", "", "", "", "", "", "Credit, kg")
	first := w.sheet.Line() + 1
	material, credit := new(big.Int), new(big.Int)
	for _, l := range w.lines {
		stock, held := l.opening.stock(), l.opening.credit()
		material.Add(material, stock)
		credit.Add(credit, held)
		cells := texts(w.product(l.product), "", "", "", "", "", "", "", "", "", "", "")
		cells[2], cells[11] = kg(stock).Cell, kg(held).Cell
		w.plain(cells...)
	}
	if len(w.lines) == 0 {
		w.nothing()
		return nil
	}
	w.total("Total of the site", first, map[int]*big.Int{3: material, 12: credit})
	return w.lots("Lots carried in", w.count.before)
}

// lots lists lots with what is left of each.
func (w *workbook) lots(title string, left map[massbalance.LotID]*big.Int) error {
	w.row(table.Section, texts(title)...)
	w.heading(lotColumns...)
	first, total := w.sheet.Line()+1, new(big.Int)
	for _, id := range w.count.order {
		grams := left[id]
		if grams == nil || grams.Sign() == 0 {
			continue
		}
		total.Add(total, grams)
		lot, err := readmodel.Need[massbalance.Lot](w.s, massbalance.LotKey(id))
		if err != nil {
			return err
		}
		statement := orWords("", "of several: see its origins")
		if lot.Statement != "" {
			statement = string(lot.Statement)
		}
		w.plain(slices.Concat([]table.Cell{word(string(id)), word(w.product(lot.Product)), kg(grams).Cell, word(spoken(string(lot.Model)))},
			w.spatial(lot.Characteristics), []table.Cell{word(w.member(lot.Certifier)), word(statement), day(lot.Booked)})...)
	}
	if total.Sign() == 0 {
		w.plain(texts("none")...)
		return nil
	}
	w.total("Total", first, map[int]*big.Int{3: total})
	return nil
}

// lossesAndExpiry lists credit and material that is gone without having gone to anybody.
func (w *workbook) lossesAndExpiry() error {
	w.head("Losses and expiry", "Losses and expired credit", "Credit that no later product carries: lost in conversions and on short arrivals, or forfeited at the close; and material that a stock count found missing or too much.",
		[]int{7, 13, 14, 28, 18, 16, 16, 16, 16, 7, 14, 9, 10, 9}, "No.", "Date", "What", "Cause", "Product", "Credit lost, kg", "Credit expired, kg",
		"Material missing, kg", "Material found, kg", "Set", "Scheme", "Country", "Region", "Vintage")
	first := w.sheet.Line() + 1
	sums := map[int]*big.Int{6: new(big.Int), 7: new(big.Int), 8: new(big.Int), 9: new(big.Int)}
	for _, l := range w.count.losses {
		amounts, column := texts("", "", "", ""), 6
		if l.expired {
			column = 7
		}
		amounts[column-6] = kg(l.grams).Cell
		sums[column].Add(sums[column], l.grams)
		w.plain(slices.Concat(w.what(l.entry), texts(cause(l), w.product(l.product)), amounts, w.spatial(l.set))...)
	}
	for _, m := range w.count.movements {
		if m.found.Sign() == 0 && m.missing.Sign() == 0 {
			continue
		}
		sums[8].Add(sums[8], m.missing)
		sums[9].Add(sums[9], m.found)
		w.plain(slices.Concat(w.what(m.entry), texts("stock count", w.product(m.product), "", ""), []table.Cell{moved(m.missing), moved(m.found)})...)
	}
	if w.sheet.Line() < first {
		w.nothing()
		return nil
	}
	w.total("Total", first, sums)
	return nil
}

func cause(l lossOf) string {
	switch {
	case l.expired:
		return "forfeited at the close"
	case l.grams.Sign() < 0:
		return "came back by a reversal"
	case l.entry.Record.Type == "convert":
		return "not passed on by the conversion"
	case l.entry.Record.Type == "receive", l.entry.Record.Type == "return":
		return "arrived short"
	}
	return spoken(l.entry.Record.Type)
}

// closing is what is carried over.
func (w *workbook) closing() error {
	note := "What is left at the end of the period, or now where it is open. A closed period's carry-over was frozen by its close."
	w.head("Closing balance", "Closing balance and carry-over", note, lotWidths, "Product", "", "Credit carried, kg", "Custody model", "Set", "Scheme", "Country", "Region", "Vintage", "", "", "Forfeited, kg")
	first := w.sheet.Line() + 1
	carried, expired := new(big.Int), new(big.Int)
	for _, c := range w.book.Credits {
		kept, gone := massbalance.GramsOf(c.Carried), massbalance.GramsOf(c.Expired)
		carried.Add(carried, kept)
		expired.Add(expired, gone)
		w.plain(slices.Concat([]table.Cell{word(w.product(c.Product)), {}, kg(kept).Cell, word(spoken(string(c.Model)))}, w.spatial(c.Characteristics), []table.Cell{{}, {}, kg(gone).Cell})...)
	}
	if len(w.book.Credits) == 0 {
		said := "nothing was named at the close: all that is left is carried"
		if !w.book.Closed {
			said = "the period is open: nothing is carried over yet"
		}
		w.plain(texts(said)...)
	} else {
		w.total("Total", first, map[int]*big.Int{3: carried, 12: expired})
	}
	return w.lots("Lots with credit left", w.count.lots)
}

// reconciliation holds the count of the records against the accounts, and the
// book against the stock that was counted.
func (w *workbook) reconciliation() error {
	w.head("Reconciliation", "Reconciliation", "Opening + in + found − out − missing = closing for the material, opening + in − out − expired = closing for the credit: both counted from the records and held against the stock accounts that the rules keep.",
		[]int{18, 10, 16, 16, 13, 16, 14, 16, 17, 14, 17, 36}, "Product", "", "Opening", "In", "Found", "Out", "Missing or expired", "Closing", "Account on the ledger", "Difference", "By the sheet of movements", "Explanation")
	for _, l := range w.lines {
		w.balance(l, "Material", 8, []*big.Int{l.opening.stock(), l.within.in, l.within.found, l.within.out, l.within.missing, l.closingStock(), massbalance.GramsOf(l.account.ClosingStock), l.stockDiffers()})
		w.balance(l, "Credit", 11, []*big.Int{l.opening.credit(), l.within.creditIn, new(big.Int), l.within.creditOut, l.within.expired, l.closingCredit(), massbalance.GramsOf(l.account.ClosingCredit), l.creditDiffers()})
	}
	if len(w.lines) == 0 {
		w.nothing()
	}
	w.physical()
	return w.covered()
}

// balance is one row of the reconciliation, whose figures follow the columns.
func (w *workbook) balance(l line, what string, end int, f []*big.Int) {
	at := w.sheet.Line() + 1
	closing := fmt.Sprintf("%s+%s+%s-%s-%s", table.At(3, at), table.At(4, at), table.At(5, at), table.At(6, at), table.At(7, at))
	style, explanation := table.Plain, "agrees"
	if f[7].Sign() != 0 {
		style, explanation = table.Warning, "the records add up to another figure than the account: find the cause before relying on either"
	}
	w.row(style, word(w.product(l.product)), word(what), kg(f[0]).Cell, kg(f[1]).Cell, kg(f[2]).Cell, kg(f[3]).Cell, kg(f[4]).Cell,
		kg(f[5]).by(closing).Cell, kg(f[6]).Cell, kg(f[7]).by(table.At(8, at)+"-"+table.At(9, at)).Cell,
		kg(f[5]).by("Movements!"+table.At(end, w.ends[l.product])).Cell, word(explanation))
}

// physical is the line of the stock as it was counted.
func (w *workbook) physical() {
	w.row(table.Section, texts("Physical stock")...)
	w.heading("Product", "", "Book before the count", "Counted", "", "", "", "Difference", "Tolerance", "Within", "", "Explanation")
	for _, c := range w.book.Counts {
		at := w.sheet.Line() + 1
		difference := new(big.Int).Sub(massbalance.GramsOf(c.Counted), massbalance.GramsOf(c.Book))
		within, style := "yes", table.Plain
		if c.Flagged {
			within, style = "NO", table.Warning
		}
		w.row(style, word(w.product(c.Product)), word("Material"), kgOf(c.Book), kgOf(c.Counted), table.Cell{}, table.Cell{}, table.Cell{},
			kg(difference).by(table.At(4, at)+"-"+table.At(3, at)).Cell, kgOf(w.profile.StockTolerance.FloorOf(c.Book)), word(within), table.Cell{}, word(explained(difference, c.Flagged)))
	}
	if len(w.book.Counts) == 0 {
		w.plain(texts(notRecorded, "", w.countVerdict())...)
	}
}

func explained(difference *big.Int, flagged bool) string {
	said := "none: the book and the count agree"
	switch difference.Sign() {
	case 1:
		said = "found at the count and booked in as material, without credit"
	case -1:
		said = "missing at the count and booked out as loss"
	}
	if flagged {
		said += "; beyond the tolerance: the cause is " + notRecorded
	}
	return said
}

// covered compares the credit that is tied to material with the material that is there.
func (w *workbook) covered() error {
	w.row(table.Section, texts("Credit and the material behind it")...)
	w.heading("Product", "", "Closing stock", "Closing credit", "Of it book and claim", "", "", "Credit beyond material", "", "", "", "Explanation")
	apart := map[massbalance.ProductID]*big.Int{}
	for _, id := range w.count.order {
		lot, err := readmodel.Need[massbalance.Lot](w.s, massbalance.LotKey(id))
		if err != nil {
			return err
		}
		if apart[lot.Product] == nil {
			apart[lot.Product] = new(big.Int)
		}
		if lot.Model == massbalance.BookAndClaim {
			apart[lot.Product].Add(apart[lot.Product], w.count.lots[id])
		}
	}
	for _, l := range w.lines {
		decoupled := apart[l.product]
		if decoupled == nil {
			decoupled = new(big.Int)
		}
		at := w.sheet.Line() + 1
		stock, credit := l.closingStock(), l.closingCredit()
		beyond := new(big.Int).Sub(new(big.Int).Sub(credit, decoupled), stock)
		said := "none"
		if beyond.Sign() <= 0 {
			beyond = new(big.Int)
		} else {
			said = "material left without its credit, which the profile carries over: " + carried(w.profile.CarryOver)
		}
		w.plain(word(w.product(l.product)), table.Cell{}, kg(stock).Cell, kg(credit).Cell, kg(decoupled).Cell, table.Cell{}, table.Cell{},
			kg(beyond).by(fmt.Sprintf("MAX(0,%s-%s-%s)", table.At(4, at), table.At(5, at), table.At(3, at))).Cell, table.Cell{}, table.Cell{}, table.Cell{}, word(said))
	}
	return nil
}

// claims lists what was claimed or given up, and what of that no longer stands.
func (w *workbook) claims() error {
	w.head("Claims", "Claims, cancellations and recalls", "Credit that was used up for good. A claim that was reversed stays listed; one that rests on a recalled statement names what is to be covered.",
		[]int{7, 13, 13, 20, 16, 16, 22, 10, 26, 16, 13, 15, 15, 22}, "No.", "Date", "What", "Claim", "Product", "Credit, kg", "Beneficiary", "Year", "Purpose", "Custody models", "Reversed on", "Recalled, kg", "Covered, kg", "Recalled statements")
	first, total := w.sheet.Line()+1, new(big.Int)
	for _, m := range w.of(claimTypes) {
		total.Add(total, m.creditOut)
		if err := w.claim(m); err != nil {
			return err
		}
	}
	if w.sheet.Line() < first {
		w.nothing()
	} else {
		w.total("Total", first, map[int]*big.Int{6: total})
	}
	return w.recalls()
}

func (w *workbook) claim(m movement) error {
	r := m.entry.Record
	cells := slices.Concat(w.what(m.entry), texts("", w.product(m.product)), []table.Cell{kg(m.creditOut).Cell}, texts("", "", w.about(m.entry), modelsOf(m)))
	id := massbalance.ClaimID(string(r.Organisation) + "/" + string(r.Command))
	v, err := w.s.Get(massbalance.ClaimKey(id))
	claim, ok := v.(massbalance.Claim)
	if err != nil || !ok {
		w.plain(cells...)
		return err
	}
	cells[3], cells[6], cells[7], cells[8] = word(string(id)), word(claim.Beneficiary), number(uint64(max(claim.ReportingYear, 0))), word(claim.Purpose)
	style := table.Plain
	reversed := table.Cell{}
	if claim.Reversed != "" {
		style, reversed = table.Warning, day(claim.Reversed)
	}
	recalled, covered, statements, err := w.marked(id)
	if err != nil {
		return err
	}
	marks := []table.Cell{{}, {}, {}}
	if len(statements) > 0 {
		style, marks = table.Warning, []table.Cell{kg(recalled).Cell, kg(covered).Cell, word(join(statements))}
	}
	w.row(style, append(append(cells, reversed), marks...)...)
	return nil
}

// marked is what of a claim rests on recalled statements, and what of that is covered.
func (n names) marked(id massbalance.ClaimID) (recalled, covered *big.Int, statements []massbalance.StatementID, err error) {
	recalled, covered = new(big.Int), new(big.Int)
	v, err := n.s.Get(massbalance.MarkKey(id))
	mark, ok := v.(massbalance.Mark)
	if err != nil || !ok {
		return recalled, covered, nil, err
	}
	for _, share := range mark.Shares {
		recalled.Add(recalled, massbalance.GramsOf(share.Quantity))
		covered.Add(covered, massbalance.GramsOf(share.Covered))
		statements = append(statements, share.Statement)
	}
	return recalled, covered, statements, nil
}

// recalls lists the findings that reach lots of this site.
func (w *workbook) recalls() error {
	w.row(table.Section, texts("Recalled statements that reach this site")...)
	w.heading("", "Issued", "Finding", "Statement", "Certification body", "Frozen here, kg", "Lots here", "", "Reason")
	recalls, err := w.s.AllRecalls()
	if err != nil {
		return err
	}
	listed := false
	for _, recall := range recalls {
		f := recall.Finding
		frozen, lots, err := w.frozen(f)
		if err != nil {
			return err
		}
		if len(lots) == 0 {
			continue
		}
		listed = true
		w.row(table.Warning, table.Cell{}, day(f.Issued), word(string(f.ID)), word(string(f.Statement)), word(w.member(f.Certifier)), kg(frozen).Cell, word(join(lots)), table.Cell{}, word(f.Reason))
	}
	if !listed {
		w.plain(texts("", "none")...)
	}
	return nil
}

// frozen is what a finding froze in lots of this site.
func (w *workbook) frozen(f massbalance.FraudFinding) (*big.Int, []massbalance.LotID, error) {
	frozen := new(big.Int)
	reach, err := w.s.Reach(f.Certifier, f.Statement)
	if err != nil {
		return nil, nil, err
	}
	var here []massbalance.LotID
	for _, id := range reach.Lots {
		if w.count.lots[id] == nil {
			continue
		}
		here = append(here, id)
		v, err := w.s.Get(massbalance.TaintKey(id))
		if err != nil {
			return nil, nil, err
		}
		taint, _ := v.(massbalance.Taint)
		for _, share := range taint.Shares {
			if share.Certifier == f.Certifier && share.Statement == f.Statement {
				frozen.Add(frozen, massbalance.GramsOf(share.Frozen))
			}
		}
	}
	return frozen, here, nil
}

// corrections lists reversals and what moved within the site, so that every
// record of the period stands on a sheet.
func (w *workbook) corrections() error {
	w.head("Corrections", "Reversals and movements within the site", "Reversals undo a record by its exact inverse; nothing is deleted. Below them stand mergers, downgrades, reassignments, decouplings and the close.",
		[]int{7, 13, 18, 34, 18, 16, 16, 16, 16, 16, 16, 18}, "No.", "Date", "What", "About", "Product", "Reverses", "Material in, kg", "Material out, kg", "Credit in, kg", "Credit out, kg", "Credit lost, kg", "Command")
	shown := slices.Concat(inputTypes, outputTypes, conversionTypes, claimTypes)
	listed := false
	for _, m := range w.count.movements {
		r := m.entry.Record
		if slices.Contains(shown, r.Type) {
			continue
		}
		listed = true
		w.plain(slices.Concat(w.what(m.entry), texts(w.about(m.entry), w.product(m.product), string(r.Reverses)), []table.Cell{
			moved(m.materialIn()), moved(m.materialOut()), moved(m.creditIn), moved(m.creditGone()), moved(m.loss), word(string(r.Command))})...)
	}
	if !listed {
		w.nothing()
	}
	return nil
}

// characteristics spells out every set that a sheet named by its number. The
// carbon figures stand side by side, never netted.
func (w *workbook) characteristics() error {
	widths := []int{7, 14, 9, 10, 13, 9, 18, 9, 13, 10, 11, 12, 9, 10, 10, 28, 11, 12, 10, 36}
	w.head("Characteristics", "Sets of specified characteristics", "Every set that the sheets before name by its number. Carbon figures are kilograms of CO2 equivalent per kilogram, each by itself; methods follow in the same order.",
		widths, "Set", "Scheme", "Country", "Region", "Land unit", "Vintage", "Practices", "Fossil", "Land management", "Of it fossil", "Land-use change", "Biogenic non-CO2", "Uptake", "Removals", "Leakage", "Methods", "Primary data", "Valid to", "Project", "Identifier")
	for i, id := range w.sets {
		c, err := readmodel.Need[massbalance.Characteristics](w.s, massbalance.CharacteristicsKey(id))
		if err != nil {
			return err
		}
		cells := append(texts("C"+strconv.Itoa(i+1), string(c.Scheme), c.Country, c.Region, orWords(c.LandUnit, notRecorded)), number(uint64(max(c.Vintage, 0))), word(each(c.Practices, "none")))
		methods := map[string]bool{}
		for _, f := range figuresOf(c.Carbon) {
			cells = append(cells, intensity(f))
			if f != nil && f.Method != "" {
				methods[f.Method] = true
			}
		}
		cells = append(cells, texts(each(slices.Sorted(maps.Keys(methods)), notRecorded))...)
		primary := word(notRecorded)
		if !c.Carbon.PrimaryData.IsZero() {
			primary = word(c.Carbon.PrimaryData.String())
		}
		valid := day(c.Carbon.ValidTo)
		if c.Carbon.ValidTo == "" {
			valid = word(notRecorded)
		}
		w.plain(append(cells, primary, valid, word(orWords(string(c.Project), "none")), word(string(id)))...)
	}
	if len(w.sets) == 0 {
		w.nothing()
	}
	return errors.Join(w.err)
}

// figuresOf are the figures in the order of the sheet's columns; nil is not recorded.
func figuresOf(c massbalance.Carbon) []*massbalance.CarbonFigure {
	return []*massbalance.CarbonFigure{&c.Fossil, &c.LandManagement, c.LandManagementFossil, &c.LandUseChange, &c.BiogenicNonCO2, &c.BiogenicUptake, &c.Removals, c.LandCarbonLeakage}
}

func intensity(f *massbalance.CarbonFigure) table.Cell {
	if f == nil {
		return word(notRecorded)
	}
	return table.Cell{Text: f.Intensity.String(), Kind: table.Number}
}
