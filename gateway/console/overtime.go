package console

import (
	"cmp"
	"slices"

	"github.com/shopspring/decimal"

	"github.com/weighbridge/weighbridge/chaincode/massbalance"
	"github.com/weighbridge/weighbridge/gateway/console/picture"
	"github.com/weighbridge/weighbridge/gateway/readmodel"
)

// overTimePage is a site's balances and carbon figures over all of its periods.
type overTimePage struct {
	titled
	Site     massbalance.Site
	Owner    string
	Products []productTime
}

// productTime is one product over the time.
type productTime struct {
	Product  massbalance.ProductID
	Name     string
	From, To massbalance.Date
	Days     []dayRow
	Chart    picture.Chart
	// Ends are where periods end, Counts where the stock was counted.
	Ends   []mark
	Counts []mark
	// Carbon is the mean of the credit in stock after each day on which it moved.
	Carbon      []carbonDay
	CarbonChart picture.Chart
}

// mark is a place on a chart.
type mark struct {
	X, Y     int
	Name     string
	Date     massbalance.Date
	Book     massbalance.Quantity
	Quantity massbalance.Quantity
	Flagged  bool
}

// carbonDay is the weighted mean of the credit in stock, in grams of CO2e per
// kilogram: emissions and removals side by side, never netted.
type carbonDay struct {
	Date                massbalance.Date
	Credit              massbalance.Quantity
	Emissions, Removals massbalance.Quantity
}

func (l *lens) overTimePage(id massbalance.SiteID) (any, error) {
	site, err := readmodel.Need[massbalance.Site](l.s, massbalance.SiteKey(id))
	if err != nil {
		return nil, err
	}
	page := overTimePage{titled: titled{site.Name + " over time"}, Site: site, Owner: l.memberName(site.Owner)}
	periods, err := l.s.AllPeriods(readmodel.PeriodFilter{Site: id})
	if err != nil || len(periods) == 0 {
		return page, err
	}
	accounts, err := l.s.AllAccounts(id)
	if err != nil {
		return page, err
	}
	from, to := periods[0].From, periods[len(periods)-1].To
	days, carbon := map[massbalance.ProductID][]dayRow{}, newCarbonBook(l, id)
	for _, a := range accounts {
		days[a.Product] = []dayRow{{Date: from}}
	}
	err = l.each(readmodel.EntryFilter{Site: id}, func(e readmodel.Entry) error {
		e.Record.Date = cmp.Or(e.Record.Date, closedOn(periods, e.Record.Period), from)
		bookDay(days, id, e.Record)
		return carbon.book(e.Record)
	})
	if err != nil {
		return page, err
	}
	for _, a := range accounts {
		p := productTime{Product: a.Product, Name: l.productName(a.Product), From: from, To: to, Days: days[a.Product]}
		settle(p.Days)
		whole := readmodel.Period{Period: massbalance.Period{From: from, To: to}}
		p.Chart = balanceChart(whole, p.Days)
		p.marks(periods)
		p.Carbon = carbon.days[a.Product]
		p.CarbonChart = carbonChart(from, to, p.Carbon)
		page.Products = append(page.Products, p)
	}
	return page, nil
}

// closedOn dates what has no date of its own, such as a close, by its period.
func closedOn(periods []readmodel.Period, id massbalance.PeriodID) massbalance.Date {
	for _, p := range periods {
		if p.ID == id {
			return p.To
		}
	}
	return ""
}

// marks are the ends of periods and the counts of the stock.
func (p *productTime) marks(periods []readmodel.Period) {
	span := daysBetween(p.From, p.To) + 1
	for _, period := range periods {
		end := p.Chart.Day(daysBetween(p.From, period.To)+1, span)
		p.Ends = append(p.Ends, mark{X: end, Name: string(period.ID), Date: period.To})
		for _, count := range period.Counts {
			if count.Product == p.Product {
				p.Counts = append(p.Counts, mark{X: end, Y: p.Chart.Level(count.Counted), Name: string(period.ID), Date: period.To, Book: count.Book, Quantity: count.Counted, Flagged: count.Flagged})
			}
		}
	}
}

// carbonBook keeps, per product, how much credit of which set is in stock.
type carbonBook struct {
	l    *lens
	site massbalance.SiteID
	held map[massbalance.ProductID]map[massbalance.CharacteristicsID]decimal.Decimal
	days map[massbalance.ProductID][]carbonDay
}

func newCarbonBook(l *lens, site massbalance.SiteID) *carbonBook {
	return &carbonBook{l: l, site: site, held: map[massbalance.ProductID]map[massbalance.CharacteristicsID]decimal.Decimal{}, days: map[massbalance.ProductID][]carbonDay{}}
}

// book follows a record's postings into the site's lots and out of them.
func (b *carbonBook) book(r massbalance.Record) error {
	var moved []massbalance.ProductID
	at := func(h massbalance.Holder, set massbalance.CharacteristicsID, q decimal.Decimal) {
		if h.Kind != massbalance.HolderLot || h.Site != b.site {
			return
		}
		if b.held[h.Product] == nil {
			b.held[h.Product] = map[massbalance.CharacteristicsID]decimal.Decimal{}
		}
		b.held[h.Product][set] = b.held[h.Product][set].Add(q)
		if !slices.Contains(moved, h.Product) {
			moved = append(moved, h.Product)
		}
	}
	for _, p := range r.Credits {
		at(p.From, p.Characteristics, decimalOf(p.Quantity).Neg())
		at(p.To, cmp.Or(p.Restated, p.Characteristics), decimalOf(p.Quantity))
	}
	for _, product := range moved {
		day, err := b.mean(product, r.Date)
		if err != nil {
			return err
		}
		days := b.days[product]
		if n := len(days); n > 0 && days[n-1].Date >= day.Date {
			day.Date = days[n-1].Date
			days[n-1] = day
			continue
		}
		b.days[product] = append(days, day)
	}
	return nil
}

const gramsPerKilogram = 1000

// mean weighs the figures of what is held by its kilograms.
func (b *carbonBook) mean(product massbalance.ProductID, date massbalance.Date) (carbonDay, error) {
	var mass, emissions, removals decimal.Decimal
	for id, held := range b.held[product] {
		set, err := find[massbalance.Characteristics](b.l, massbalance.CharacteristicsKey(id))
		if err != nil {
			return carbonDay{}, err
		}
		mass = mass.Add(held)
		emissions = emissions.Add(set.Carbon.ExcludingUptake().Mul(held))
		removals = removals.Add(set.Carbon.Removals.Intensity.Emissions(massbalance.Kilograms(1)).Mul(held))
	}
	day := carbonDay{Date: date, Credit: quantityOf(mass)}
	if mass.Sign() > 0 {
		thousand := decimal.NewFromInt(gramsPerKilogram)
		day.Emissions, day.Removals = quantityOf(emissions.Mul(thousand).DivRound(mass, 3)), quantityOf(removals.Neg().Mul(thousand).DivRound(mass, 3))
	}
	return day, nil
}

// quantityOf is a number with up to three places as a quantity; 0 for one below it.
func quantityOf(d decimal.Decimal) massbalance.Quantity {
	q, err := massbalance.ParseQuantity(d.String())
	if err != nil {
		return massbalance.Quantity{}
	}
	return q
}

func carbonChart(from, to massbalance.Date, days []carbonDay) picture.Chart {
	curves, at := make([][]massbalance.Quantity, 2), make([]int, 0, len(days))
	for _, d := range days {
		at = append(at, daysBetween(from, d.Date))
		curves[0], curves[1] = append(curves[0], d.Emissions), append(curves[1], d.Removals)
	}
	return picture.Curves(daysBetween(from, to)+1, at, curves...)
}
