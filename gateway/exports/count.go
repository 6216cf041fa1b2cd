package exports

import (
	"cmp"
	"maps"
	"math/big"
	"slices"

	"github.com/weighbridge/weighbridge/chaincode/massbalance"
	"github.com/weighbridge/weighbridge/gateway/readmodel"
)

// figures are what a product's account got and gave, in grams.
type figures struct{ in, out, creditIn, creditOut, loss *big.Int }

func newFigures() *figures {
	return &figures{new(big.Int), new(big.Int), new(big.Int), new(big.Int), new(big.Int)}
}

func (f *figures) add(other *figures) {
	for _, pair := range [][2]*big.Int{{f.in, other.in}, {f.out, other.out}, {f.creditIn, other.creditIn}, {f.creditOut, other.creditOut}, {f.loss, other.loss}} {
		pair[0].Add(pair[0], pair[1])
	}
}

func (f *figures) stock() *big.Int  { return new(big.Int).Sub(f.in, f.out) }
func (f *figures) credit() *big.Int { return new(big.Int).Sub(f.creditIn, f.creditOut) }

// movement is one record's effect on one product at the site.
type movement struct {
	entry   readmodel.Entry
	product massbalance.ProductID
	*figures
	// lots are those that gave or got credit.
	lots   []massbalance.LotID
	models []massbalance.CustodyModel
}

// count is a site's records added up: before the period, and in it.
type count struct {
	site      massbalance.SiteID
	opening   map[massbalance.ProductID]*figures
	within    map[massbalance.ProductID]*figures
	movements []movement
	// lots holds what is left of each lot at the end of the period.
	lots  map[massbalance.LotID]*big.Int
	order []massbalance.LotID
}

// newCount adds up a site's records to the end of a period.
func newCount(s *readmodel.Snapshot, site massbalance.SiteID, period massbalance.PeriodID) (*count, error) {
	c := &count{
		site: site, opening: map[massbalance.ProductID]*figures{}, within: map[massbalance.ProductID]*figures{},
		lots: map[massbalance.LotID]*big.Int{},
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
				begun = opens.Period == period
			}
			c.entry(e, begun)
		}
		if page.After = listing.Next; page.After == 0 {
			return c, nil
		}
	}
}

func (c *count) entry(e readmodel.Entry, within bool) {
	into := c.opening
	if within {
		into = c.within
	}
	moves := c.moves(e)
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

// moves reads a record's postings, by product.
func (c *count) moves(e readmodel.Entry) map[massbalance.ProductID]*movement {
	moves := map[massbalance.ProductID]*movement{}
	of := func(product massbalance.ProductID) *movement {
		if moves[product] == nil {
			moves[product] = &movement{entry: e, product: product, figures: newFigures()}
		}
		return moves[product]
	}
	var from massbalance.ProductID
	for _, m := range e.Record.Materials {
		if m.Site == c.site {
			of(m.Product).in.Add(of(m.Product).in, massbalance.GramsOf(m.In))
			of(m.Product).out.Add(of(m.Product).out, massbalance.GramsOf(m.Out))
		}
	}
	for _, p := range e.Record.Credits {
		grams := massbalance.GramsOf(p.Quantity)
		if h := p.From; h.Kind == massbalance.HolderLot && h.Site == c.site {
			from = h.Product
			m := of(from)
			m.creditOut.Add(m.creditOut, grams)
			c.lot(m, massbalance.LotID(h.ID), p.Model, new(big.Int).Neg(grams))
		}
		switch h := p.To; {
		case h.Kind == massbalance.HolderLot && h.Site == c.site:
			m := of(h.Product)
			m.creditIn.Add(m.creditIn, grams)
			c.lot(m, massbalance.LotID(h.ID), p.Model, grams)
		case h.Kind == massbalance.HolderLoss:
			m := of(c.losing(e, from))
			m.loss.Add(m.loss, grams)
		}
	}
	return moves
}

// losing is the product whose credit a record lost: what it came from, or, of a
// shipment that arrived short, what came in.
func (c *count) losing(e readmodel.Entry, from massbalance.ProductID) massbalance.ProductID {
	if from == "" && len(e.Record.Materials) > 0 {
		return e.Record.Materials[0].Product
	}
	return from
}

func (c *count) lot(m *movement, id massbalance.LotID, model massbalance.CustodyModel, change *big.Int) {
	if c.lots[id] == nil {
		c.lots[id] = new(big.Int)
		c.order = append(c.order, id)
	}
	c.lots[id].Add(c.lots[id], change)
	if !slices.Contains(m.lots, id) {
		m.lots = append(m.lots, id)
	}
	if !slices.Contains(m.models, model) {
		m.models = append(m.models, model)
	}
}

// line is one row of the summary: a product's material or its credit.
type line struct {
	product                                           massbalance.ProductID
	what                                              string
	opening, in, out, loss, closing, account, differs *big.Int
}

// summary holds the count against the accounts' own book of the period.
func (c *count) summary(book readmodel.PeriodBook) []line {
	accounts := map[massbalance.ProductID]readmodel.PeriodLine{}
	for _, l := range book.Lines {
		accounts[l.Product] = l
	}
	products := map[massbalance.ProductID]bool{}
	for _, of := range []map[massbalance.ProductID]*figures{c.opening, c.within} {
		for product := range of {
			products[product] = true
		}
	}
	for product := range accounts {
		products[product] = true
	}
	var lines []line
	for _, product := range slices.Sorted(maps.Keys(products)) {
		before, within := cmp.Or(c.opening[product], newFigures()), cmp.Or(c.within[product], newFigures())
		lines = append(lines,
			newLine(product, "Material", before.stock(), within.in, within.out, new(big.Int), accounts[product].ClosingStock),
			newLine(product, "Credit", before.credit(), within.creditIn, within.creditOut, within.loss, accounts[product].ClosingCredit))
	}
	return lines
}

func newLine(product massbalance.ProductID, what string, opening, in, out, loss *big.Int, account massbalance.Quantity) line {
	l := line{product: product, what: what, opening: opening, in: in, out: out, loss: loss, account: massbalance.GramsOf(account)}
	l.closing = new(big.Int).Sub(new(big.Int).Add(opening, in), out)
	l.differs = new(big.Int).Sub(l.closing, l.account)
	return l
}
