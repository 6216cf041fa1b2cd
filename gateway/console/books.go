package console

import (
	"cmp"
	"slices"
	"time"

	"github.com/weighbridge/weighbridge/chaincode/massbalance"
	"github.com/weighbridge/weighbridge/gateway/console/picture"
	"github.com/weighbridge/weighbridge/gateway/readmodel"
)

// periodPage is the book of one period of a site.
type periodPage struct {
	titled
	Book     readmodel.PeriodBook
	Site     massbalance.Site
	Owner    string
	Products []productBook
	Periods  []readmodel.Period
}

// productBook is one product's line of the book with its balance over time.
type productBook struct {
	readmodel.PeriodLine
	Name  string
	Days  []dayRow
	Chart picture.Chart
	// From and To are the ends of the chart.
	From, To massbalance.Date
}

// dayRow is what a day brought, and the balance after it.
type dayRow struct {
	Date                          massbalance.Date
	In, Out, Stock                massbalance.Quantity
	CreditIn, CreditOut, Credit   massbalance.Quantity
	totalIn, totalOut             massbalance.Quantity
	totalCreditIn, totalCreditOut massbalance.Quantity
}

func (l *lens) periodPage(site massbalance.SiteID, id massbalance.PeriodID) (any, error) {
	book, err := l.s.Book(site, id)
	if err != nil {
		return nil, err
	}
	page := periodPage{Book: book}
	if page.Site, err = find[massbalance.Site](l, massbalance.SiteKey(site)); err != nil {
		return page, err
	}
	page.Name, page.Owner = page.Site.Name+" "+string(id), l.memberName(page.Site.Owner)
	if page.Periods, err = l.s.AllPeriods(readmodel.PeriodFilter{Site: site}); err != nil {
		return page, err
	}
	days, err := l.days(site, book)
	for _, line := range book.Lines {
		p := productBook{PeriodLine: line, Name: l.productName(line.Product), Days: days[line.Product], From: book.From, To: book.To}
		p.Chart = balanceChart(book.Period, p.Days)
		page.Products = append(page.Products, p)
	}
	return page, err
}

// days follows each product's balance through a period, from its opening.
func (l *lens) days(site massbalance.SiteID, book readmodel.PeriodBook) (map[massbalance.ProductID][]dayRow, error) {
	days := map[massbalance.ProductID][]dayRow{}
	for _, line := range book.Lines {
		days[line.Product] = []dayRow{{Date: book.From, totalIn: line.OpeningStock, totalCreditIn: line.OpeningCredit}}
	}
	page := readmodel.Page{Limit: readmodel.MaxLimit}
	for {
		entries, err := l.s.Entries(readmodel.EntryFilter{Site: site, Period: book.ID}, page)
		if err != nil {
			return nil, err
		}
		for _, e := range entries.Items {
			e.Record.Date = cmp.Or(e.Record.Date, book.To) // a close is dated by its period
			bookDay(days, site, e.Record)
		}
		if page.After = entries.Next; page.After == 0 {
			break
		}
	}
	for _, rows := range days {
		settle(rows)
	}
	return days, nil
}

// bookDay adds a record to the days of the products that it moved. Days stand in
// order; what is booked for an earlier day is put where it belongs.
func bookDay(days map[massbalance.ProductID][]dayRow, site massbalance.SiteID, r massbalance.Record) {
	at := func(product massbalance.ProductID) *dayRow {
		rows := days[product]
		i := len(rows)
		for i > 0 && rows[i-1].Date > r.Date {
			i--
		}
		if i == 0 || rows[i-1].Date != r.Date {
			rows = append(rows, dayRow{})
			copy(rows[i+1:], rows[i:])
			rows[i] = dayRow{Date: r.Date}
			i++
		}
		days[product] = rows
		return &rows[i-1]
	}
	for _, m := range r.Materials {
		if m.Site == site {
			d := at(m.Product)
			d.In, d.Out = d.In.Add(m.In), d.Out.Add(m.Out)
		}
	}
	for _, p := range r.Credits {
		if p.From.Kind == massbalance.HolderLot && p.From.Site == site {
			d := at(p.From.Product)
			d.CreditOut = d.CreditOut.Add(p.Quantity)
		}
		if p.To.Kind == massbalance.HolderLot && p.To.Site == site {
			d := at(p.To.Product)
			d.CreditIn = d.CreditIn.Add(p.Quantity)
		}
	}
}

// settle runs the totals through the days and takes the balances from them.
func settle(rows []dayRow) {
	var in, out, creditIn, creditOut massbalance.Quantity
	for i := range rows {
		d := &rows[i]
		in, out = in.Add(d.totalIn).Add(d.In), out.Add(d.Out)
		creditIn, creditOut = creditIn.Add(d.totalCreditIn).Add(d.CreditIn), creditOut.Add(d.CreditOut)
		d.Stock, _ = in.Sub(out)
		d.Credit, _ = creditIn.Sub(creditOut)
		d.totalIn, d.totalOut, d.totalCreditIn, d.totalCreditOut = in, out, creditIn, creditOut
	}
}

// balanceChart draws in, out, stock and credit over the days of the period; of
// a closed one to its end.
func balanceChart(period readmodel.Period, days []dayRow) picture.Chart {
	if period.Closed && len(days) > 0 {
		last := days[len(days)-1]
		last.Date = period.To
		days = append(slices.Clone(days), last)
	}
	curves, at := make([][]massbalance.Quantity, 4), make([]int, 0, len(days))
	for _, d := range days {
		at = append(at, daysBetween(period.From, d.Date))
		for i, q := range []massbalance.Quantity{d.totalIn, d.totalOut, d.Stock, d.Credit} {
			curves[i] = append(curves[i], q)
		}
	}
	return picture.Curves(daysBetween(period.From, period.To)+1, at, curves...)
}

// daysBetween counts days; business dates have been checked by the rules.
func daysBetween(from, to massbalance.Date) int {
	start, _ := time.Parse(time.DateOnly, string(from))
	end, _ := time.Parse(time.DateOnly, string(to))
	return max(0, int(end.Sub(start)/(24*time.Hour)))
}
