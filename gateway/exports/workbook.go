package exports

import (
	"errors"
	"fmt"
	"io"
	"math/big"
	"slices"
	"strconv"
	"strings"

	"github.com/shopspring/decimal"

	"github.com/weighbridge/weighbridge/chaincode/massbalance"
	"github.com/weighbridge/weighbridge/gateway/readmodel"
	"github.com/weighbridge/weighbridge/gateway/table"
)

// notRecorded stands where an auditor looks for something that the ledger does
// not know.
const notRecorded = "not recorded"

// workbook is a mass balance workbook on its way.
type workbook struct {
	names
	site    massbalance.Site
	period  massbalance.PeriodID
	book    readmodel.PeriodBook
	profile massbalance.Profile
	count   *count
	lines   []line
	out     *table.Book
	// sheet is the one being written.
	sheet *table.Sheet
	// sets numbers the sets of characteristics in the order in which they are named.
	sets []massbalance.CharacteristicsID
	// ends are the lines of the sheet of movements where each product's balance ends.
	ends map[massbalance.ProductID]int
	err  error
}

// Workbook writes the mass balance workbook of a site and period.
func Workbook(s *readmodel.Snapshot, site massbalance.SiteID, period massbalance.PeriodID, out io.Writer) error {
	w, err := newWorkbook(s, site, period)
	if err != nil {
		return err
	}
	w.out = table.NewBook(out, fmt.Sprintf("Mass balance of %s, %s", w.site.Name, period))
	for _, write := range []func() error{
		w.cover, w.certificates, w.opening, w.inputs, w.conversions, w.outputs, w.movements, w.lossesAndExpiry,
		w.closing, w.reconciliation, w.claims, w.corrections, w.characteristics, w.signatures,
	} {
		if err := errors.Join(write(), w.err); err != nil {
			return errors.Join(fmt.Errorf("couldn't write the workbook of %s in %s: %w", site, period, err), w.out.Abandon())
		}
	}
	return w.out.Close()
}

func newWorkbook(s *readmodel.Snapshot, site massbalance.SiteID, period massbalance.PeriodID) (*workbook, error) {
	w := &workbook{names: names{s: s, certificates: map[massbalance.SiteID][]massbalance.Certificate{}}, period: period, ends: map[massbalance.ProductID]int{}}
	var err error
	if w.site, err = readmodel.Need[massbalance.Site](s, massbalance.SiteKey(site)); err != nil {
		return nil, err
	}
	if w.book, err = s.Book(site, period); err != nil {
		return nil, err
	}
	if w.profile, err = profileOf(s, w.book.Period); err != nil {
		return nil, err
	}
	if w.count, err = newCount(s, site, period); err != nil {
		return nil, fmt.Errorf("couldn't count the records of %s: %w", site, err)
	}
	w.lines = w.count.lines(w.book)
	return w, nil
}

// profileOf is the version of the scheme's profile that governs a period.
func profileOf(s *readmodel.Snapshot, p readmodel.Period) (massbalance.Profile, error) {
	if p.Scheme == "" {
		return massbalance.PlainProfile(), nil
	}
	profile, err := readmodel.Need[massbalance.Profile](s, massbalance.ProfileKey(p.Scheme))
	if err != nil || max(profile.Version, 1) == max(p.Profile, 1) {
		return profile, err
	}
	old, err := readmodel.Need[massbalance.Superseded](s, massbalance.SupersededKey("profile/"+string(p.Scheme), p.Profile))
	if err == nil && old.Profile != nil {
		profile = *old.Profile
	}
	return profile, err
}

// begin begins a sheet; after an error, here as below, nothing more is written
// and Workbook gives the first one.
func (w *workbook) begin(name string, layout table.Layout) {
	if w.err == nil {
		w.sheet, w.err = w.out.Sheet(name, layout)
	}
}

func (w *workbook) row(style table.Style, cells ...table.Cell) {
	if w.err == nil {
		w.err = w.sheet.WriteAs(style, cells...)
	}
}

func (w *workbook) plain(cells ...table.Cell) { w.row(table.Plain, cells...) }

func (w *workbook) heading(columns ...string) { w.row(table.Heading, texts(columns...)...) }

// head begins a sheet with its title, a sentence that says what it is, and the
// names of its columns, all of which stay in view.
func (w *workbook) head(name, title, note string, widths []int, columns ...string) {
	w.begin(name, table.Layout{Widths: widths, Frozen: 3})
	w.row(table.Title, texts(title+": "+w.site.Name+", "+string(w.period))...)
	w.row(table.Note, texts(note)...)
	w.heading(columns...)
}

// nothing says that a sheet is empty on purpose.
func (w *workbook) nothing() { w.plain(texts("", "Nothing in this period.")...) }

// total writes sums of columns from a line to the one before, each as a formula
// beside its value; other columns are left empty.
func (w *workbook) total(label string, from int, sums map[int]*big.Int) {
	last := 0
	for column := range sums {
		last = max(last, column)
	}
	cells := make([]table.Cell, last)
	cells[0].Text = label
	for column, grams := range sums {
		cells[column-1] = kg(grams).by("SUM(" + table.At(column, from) + ":" + table.At(column, w.sheet.Line()) + ")").Cell
	}
	w.row(table.Total, cells...)
}

// figure is a cell that can get a formula.
type figureCell struct{ table.Cell }

func (f figureCell) by(formula string) figureCell {
	f.Formula = formula
	return f
}

func texts(values ...string) []table.Cell {
	cells := make([]table.Cell, len(values))
	for i, v := range values {
		cells[i] = table.Cell{Text: v}
	}
	return cells
}

func word(value string) table.Cell { return table.Cell{Text: value} }

// kg is a numeric cell, to the gram.
func kg(grams *big.Int) figureCell {
	return figureCell{table.Cell{Text: decimal.NewFromBigInt(grams, -3).StringFixed(3), Kind: table.Number}}
}

func kgOf(q massbalance.Quantity) table.Cell { return kg(massbalance.GramsOf(q)).Cell }

// moved leaves the cell empty where nothing moved.
func moved(grams *big.Int) table.Cell {
	if grams.Sign() == 0 {
		return table.Cell{}
	}
	return kg(grams).Cell
}

func number(n uint64) table.Cell {
	return table.Cell{Text: strconv.FormatUint(n, 10), Kind: table.Number}
}

func day(date massbalance.Date) table.Cell {
	return table.Cell{Text: string(date), Kind: table.Date}
}

// spoken turns a name on the wire into words.
func spoken(name string) string { return strings.ReplaceAll(name, "_", " ") }

// set gives the short name of a set of characteristics in this workbook.
func (w *workbook) set(id massbalance.CharacteristicsID) string {
	if id == "" {
		return ""
	}
	at := slices.Index(w.sets, id)
	if at < 0 {
		w.sets = append(w.sets, id)
		at = len(w.sets) - 1
	}
	return "C" + strconv.Itoa(at+1)
}

// spatial are the columns that tell most of a set at once: number, scheme,
// country, region and vintage.
func (w *workbook) spatial(id massbalance.CharacteristicsID) []table.Cell {
	if id == "" {
		return texts("", "", "", "", "")
	}
	c, err := readmodel.Need[massbalance.Characteristics](w.s, massbalance.CharacteristicsKey(id))
	if err != nil {
		w.err = errors.Join(w.err, err)
	}
	return append(texts(w.set(id), string(c.Scheme), c.Country, c.Region), number(uint64(max(c.Vintage, 0))))
}

// last is the last day that the workbook speaks of.
func (w *workbook) last() massbalance.Date { return w.book.To }
