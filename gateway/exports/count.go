package exports

import (
	"cmp"
	"maps"
	"math/big"
	"slices"

	"github.com/weighbridge/weighbridge/chaincode/massbalance"
	"github.com/weighbridge/weighbridge/gateway/readmodel"
)

// figures are what a product's account got and gave, in grams. Found and missing
// are what a stock count corrected, expired what was forfeited at a close; what
// was lost is part of the credit out, or never came in.
type figures struct{ in, found, out, missing, creditIn, creditOut, expired, loss *big.Int }

func newFigures() *figures {
	zero := func() *big.Int { return new(big.Int) }
	return &figures{zero(), zero(), zero(), zero(), zero(), zero(), zero(), zero()}
}

func (f *figures) all() []*big.Int {
	return []*big.Int{f.in, f.found, f.out, f.missing, f.creditIn, f.creditOut, f.expired, f.loss}
}

func (f *figures) add(other *figures) {
	for i, figure := range f.all() {
		figure.Add(figure, other.all()[i])
	}
}

func (f *figures) materialIn() *big.Int  { return new(big.Int).Add(f.in, f.found) }
func (f *figures) materialOut() *big.Int { return new(big.Int).Add(f.out, f.missing) }
func (f *figures) creditGone() *big.Int  { return new(big.Int).Add(f.creditOut, f.expired) }
func (f *figures) stock() *big.Int       { return new(big.Int).Sub(f.materialIn(), f.materialOut()) }
func (f *figures) credit() *big.Int      { return new(big.Int).Sub(f.creditIn, f.creditGone()) }

// movement is one record's effect on one product at the site.
type movement struct {
	entry   readmodel.Entry
	product massbalance.ProductID
	*figures
	// lots are those that gave or got credit.
	lots  []massbalance.LotID
	parts []*part
}

// part is the credit of a movement with one set of characteristics and one model.
type part struct {
	set     massbalance.CharacteristicsID
	model   massbalance.CustodyModel
	in, out *big.Int
}

func (m *movement) part(set massbalance.CharacteristicsID, model massbalance.CustodyModel) *part {
	for _, p := range m.parts {
		if p.set == set && p.model == model {
			return p
		}
	}
	m.parts = append(m.parts, &part{set, model, new(big.Int), new(big.Int)})
	return m.parts[len(m.parts)-1]
}

// lossOf is credit that a record lost or forfeited, or, where it is negative, that
// came back with a reversal.
type lossOf struct {
	entry   readmodel.Entry
	product massbalance.ProductID
	set     massbalance.CharacteristicsID
	grams   *big.Int
	expired bool
}

// count is a site's records added up: before the period, and in it.
type count struct {
	site      massbalance.SiteID
	opening   map[massbalance.ProductID]*figures
	within    map[massbalance.ProductID]*figures
	movements []movement
	losses    []lossOf
	// before holds what was left of each lot at the beginning of the period, lots
	// what is left at its end.
	before, lots map[massbalance.LotID]*big.Int
	order        []massbalance.LotID
	closed       *readmodel.Entry
}

// newCount adds up a site's records to the end of a period.
func newCount(s *readmodel.Snapshot, site massbalance.SiteID, period massbalance.PeriodID) (*count, error) {
	c := &count{
		site: site, opening: map[massbalance.ProductID]*figures{}, within: map[massbalance.ProductID]*figures{},
		before: map[massbalance.LotID]*big.Int{}, lots: map[massbalance.LotID]*big.Int{},
	}
	begun := false
	page := readmodel.Page{Limit: readmodel.MaxLimit}
	for {
		listing, err := s.Entries(readmodel.EntryFilter{Site: site}, page)
		if err != nil {
			return nil, err
		}
		for _, e := range listing.Items {
			if opens, ok := e.Command.Body.(massbalance.OpenPeriod); ok {
				if begun {
					return c, nil // what follows is another period's
				}
				if begun = opens.Period == period; begun {
					c.opens()
				}
			}
			c.entry(e, begun)
		}
		if page.After = listing.Next; page.After == 0 {
			return c, nil
		}
	}
}

// opens notes what is left of each lot where the period begins.
func (c *count) opens() {
	for id, left := range c.lots {
		c.before[id] = new(big.Int).Set(left)
	}
}

func (c *count) entry(e readmodel.Entry, within bool) {
	into := c.opening
	if within {
		into = c.within
		if e.Record.Type == closing {
			c.closed = &e
		}
	}
	moves := c.moves(e, within)
	for _, product := range slices.Sorted(maps.Keys(moves)) {
		m := moves[product]
		if into[product] == nil {
			into[product] = newFigures()
		}
		into[product].add(m.figures)
		if within {
			c.movements = append(c.movements, *m)
		}
	}
}

// closing is the type of the record that closes a period.
const closing = "close_period"

// mover reads one record's postings, by product.
type mover struct {
	c      *count
	e      readmodel.Entry
	within bool
	moves  map[massbalance.ProductID]*movement
	from   massbalance.ProductID
}

func (c *count) moves(e readmodel.Entry, within bool) map[massbalance.ProductID]*movement {
	m := &mover{c: c, e: e, within: within, moves: map[massbalance.ProductID]*movement{}}
	for _, material := range e.Record.Materials {
		if material.Site == c.site {
			m.material(material)
		}
	}
	for _, p := range e.Record.Credits {
		m.posting(p)
	}
	return m.moves
}

func (m *mover) of(product massbalance.ProductID) *movement {
	if m.moves[product] == nil {
		m.moves[product] = &movement{entry: m.e, product: product, figures: newFigures()}
	}
	return m.moves[product]
}

// material books what a close corrected apart from what moved.
func (m *mover) material(material massbalance.Material) {
	to := m.of(material.Product)
	in, out := to.in, to.out
	if m.e.Record.Type == closing {
		in, out = to.found, to.missing
	}
	in.Add(in, massbalance.GramsOf(material.In))
	out.Add(out, massbalance.GramsOf(material.Out))
}

func (m *mover) posting(p massbalance.Posting) {
	grams := massbalance.GramsOf(p.Quantity)
	if h := p.From; h.Kind == massbalance.HolderLot && h.Site == m.c.site {
		m.from = h.Product
		from := m.of(h.Product)
		gone := from.creditOut
		if p.To.Kind == massbalance.HolderExpired {
			gone = from.expired
		}
		gone.Add(gone, grams)
		part := from.part(p.Characteristics, p.Model)
		part.out.Add(part.out, grams)
		m.c.lot(from, massbalance.LotID(h.ID), new(big.Int).Neg(grams))
	}
	if h := p.To; h.Kind == massbalance.HolderLot && h.Site == m.c.site {
		to := m.of(h.Product)
		to.creditIn.Add(to.creditIn, grams)
		part := to.part(cmp.Or(p.Restated, p.Characteristics), p.Model)
		part.in.Add(part.in, grams)
		m.c.lot(to, massbalance.LotID(h.ID), grams)
		if p.From.Kind == massbalance.HolderLoss {
			m.lose(h.Product, p, new(big.Int).Neg(grams))
		}
		return
	}
	if p.To.Kind == massbalance.HolderLoss || p.To.Kind == massbalance.HolderExpired {
		m.lose(m.losing(), p, grams)
	}
}

// lose notes a loss, or a forfeit.
func (m *mover) lose(product massbalance.ProductID, p massbalance.Posting, grams *big.Int) {
	expired := p.To.Kind == massbalance.HolderExpired
	if of := m.of(product); !expired {
		of.loss.Add(of.loss, grams)
	}
	if m.within {
		m.c.losses = append(m.c.losses, lossOf{m.e, product, p.Characteristics, grams, expired})
	}
}

// losing is the product whose credit a record lost: what it came from, or, of a
// shipment that arrived short, what came in.
func (m *mover) losing() massbalance.ProductID {
	if m.from == "" && len(m.e.Record.Materials) > 0 {
		return m.e.Record.Materials[0].Product
	}
	return m.from
}

func (c *count) lot(m *movement, id massbalance.LotID, change *big.Int) {
	if c.lots[id] == nil {
		c.lots[id] = new(big.Int)
		c.order = append(c.order, id)
	}
	c.lots[id].Add(c.lots[id], change)
	if !slices.Contains(m.lots, id) {
		m.lots = append(m.lots, id)
	}
}

// products lists all that moved, or that the ledger has an account of.
func (c *count) products(book readmodel.PeriodBook) []massbalance.ProductID {
	products := map[massbalance.ProductID]bool{}
	for _, of := range []map[massbalance.ProductID]*figures{c.opening, c.within} {
		for product := range of {
			products[product] = true
		}
	}
	for _, l := range book.Lines {
		products[l.Product] = true
	}
	return slices.Sorted(maps.Keys(products))
}

// line is one product's book: what it began with, what came in and went out, and
// what the account on the ledger says.
type line struct {
	product         massbalance.ProductID
	opening, within *figures
	account         readmodel.PeriodLine
}

func (l line) closingStock() *big.Int { return new(big.Int).Add(l.opening.stock(), l.within.stock()) }
func (l line) closingCredit() *big.Int {
	return new(big.Int).Add(l.opening.credit(), l.within.credit())
}

// stockDiffers and creditDiffers are by how much the count is above the account.
func (l line) stockDiffers() *big.Int {
	return new(big.Int).Sub(l.closingStock(), massbalance.GramsOf(l.account.ClosingStock))
}

func (l line) creditDiffers() *big.Int {
	return new(big.Int).Sub(l.closingCredit(), massbalance.GramsOf(l.account.ClosingCredit))
}

func (l line) differs() bool { return l.stockDiffers().Sign() != 0 || l.creditDiffers().Sign() != 0 }

// lines hold the count against the accounts' own book of the period.
func (c *count) lines(book readmodel.PeriodBook) []line {
	accounts := map[massbalance.ProductID]readmodel.PeriodLine{}
	for _, l := range book.Lines {
		accounts[l.Product] = l
	}
	var lines []line
	for _, product := range c.products(book) {
		lines = append(lines, line{product, cmp.Or(c.opening[product], newFigures()), cmp.Or(c.within[product], newFigures()), accounts[product]})
	}
	return lines
}
