package console

import (
	"cmp"
	"net/http"
	"slices"
	"strconv"

	"github.com/shopspring/decimal"

	"github.com/weighbridge/weighbridge/chaincode/massbalance"
	"github.com/weighbridge/weighbridge/gateway/readmodel"
	"github.com/weighbridge/weighbridge/gateway/trade"
)

// worthPage says what differentiated volume is worth: to this organisation by its
// own agreements, and to the consortium by the index.
type worthPage struct {
	trading
	filters
	Query  string
	Trades bool
	// Problem says why the organisation's own premiums cannot be shown.
	Problem string
	Sums    []premiumRow
	Rows    []premiumRow
	Periods []openPeriod
	Index   []indexRow
	Ready   []readyPeriod
}

// Title is the page's name in the browser.
func (worthPage) Title() string { return "What it is worth" }

// premiumRow is what was paid for volume of one kind.
type premiumRow struct {
	trade.Premium
	Name string
	// Bar is the premium per tonne in per cent of the greatest in its currency.
	Bar string
}

// Tonnes are what was avoided in tonnes of CO2e, with two decimals.
func (p premiumRow) Tonnes() string {
	d, err := decimal.NewFromString(p.Avoided)
	if err != nil {
		return ""
	}
	return minus(grouped2(d.Shift(-3)))
}

// grouped2 writes a number with two decimals and a space between thousands.
func grouped2(d decimal.Decimal) string {
	text := d.Abs().StringFixed(2)
	text = grouped(text[:len(text)-3]) + text[len(text)-3:]
	if d.Sign() < 0 {
		return "-" + text
	}
	return text
}

// openPeriod is a period of an own agreement that is not settled yet.
type openPeriod struct {
	periodRow
	Other string
	Sells bool
	Name  string
}

// indexRow is a figure of the index on its way, or published.
type indexRow struct {
	massbalance.PremiumRound
	Name, State, Class, Average string
	Deeds                       []deed
}

// readyPeriod is a settled period whose premium may be contributed.
type readyPeriod struct {
	Agreement massbalance.AgreementID
	Period    int
	From, To  massbalance.Date
	Name      string
	Buyer     string
	Deeds     []deed
}

var sideChoices = []choice{{Value: "sold", Name: "Sold"}, {Value: "bought", Name: "Bought"}}

func (l *lens) worthPage(r *http.Request) (any, error) {
	q := r.URL.Query()
	page := worthPage{trading: trading{"/worth"}, Trades: l.role() == massbalance.Trading && l.desk != nil}
	page.Action = r.URL.Path
	for _, name := range []string{"product", "model"} {
		c, err := l.chooser(q, name)
		if err != nil {
			return page, err
		}
		page.Choosers = append(page.Choosers, c)
	}
	page.Choosers = append(page.Choosers, choose(q, "side", "Side", "Sold and bought", sideChoices))
	page.Any = q.Get("product") != "" || q.Get("model") != "" || q.Get("side") != ""
	_, page.Query = paged(&listing{query: q}, q, []int{})
	keep := func(p trade.Premium) bool {
		return (q.Get("product") == "" || q.Get("product") == string(p.Product)) && (q.Get("model") == "" || q.Get("model") == string(p.Model)) &&
			(q.Get("side") == "" || p.Sold == (q.Get("side") == "sold"))
	}
	if page.Trades {
		premiums, err := l.desk.Premiums(l.ctx)
		if err != nil {
			page.Problem = unopened(err)
		}
		premiums = slices.DeleteFunc(premiums, func(p trade.Premium) bool { return !keep(p) })
		slices.Reverse(premiums) // the latest quarter first
		page.Rows = l.premiumRows(premiums)
		page.Sums = l.premiumRows(trade.Together(premiums, func(p *trade.Premium) { p.Region, p.Year, p.Quarter = "", 0, 0 }))
	}
	if err := l.forecast(&page); err != nil {
		return page, err
	}
	return page, l.index(&page)
}

func (l *lens) premiumRows(premiums []trade.Premium) []premiumRow {
	rows := make([]premiumRow, 0, len(premiums))
	greatest := map[string]decimal.Decimal{}
	for _, p := range premiums {
		if d, err := decimal.NewFromString(p.PerTonne); err == nil {
			greatest[p.Currency] = decimal.Max(greatest[p.Currency], d)
		}
		rows = append(rows, premiumRow{Premium: p, Name: l.productName(p.Product)})
	}
	for i := range rows {
		rows[i].Bar = "0"
		if d, err := decimal.NewFromString(rows[i].PerTonne); err == nil && d.IsPositive() {
			rows[i].Bar = d.Mul(decimal.NewFromInt(100)).DivRound(greatest[rows[i].Currency], 2).String()
		}
	}
	return rows
}

// forecast lists the periods of own agreements that are under way or not settled,
// and those that may be contributed to the index.
func (l *lens) forecast(page *worthPage) error {
	if !page.Trades {
		return nil
	}
	agreements, err := l.agreements(func(a massbalance.Agreement) bool { return a.Seller == l.organisation || a.Buyer == l.organisation })
	if err != nil {
		return err
	}
	contributed, err := l.contributed()
	if err != nil {
		return err
	}
	for _, a := range agreements {
		for _, p := range a.Periods {
			if p.Settlement.Agreed == "" {
				one := openPeriod{periodRow: p, Other: a.BuyerName, Sells: a.Seller == l.organisation, Name: a.Product}
				if !one.Sells {
					one.Other = a.SellerName
				}
				page.Periods = append(page.Periods, one)
			} else if a.Seller == l.organisation && !contributed[periodHref(a.ID, p.Period)] {
				page.Ready = append(page.Ready, readyPeriod{Agreement: a.ID, Period: p.Period, From: p.From, To: p.To, Name: a.Product, Buyer: a.BuyerName,
					Deeds: l.allowed(deedOf("contribute-premium", false, "agreement", string(a.ID), "period", strconv.Itoa(p.Period)))})
			}
		}
	}
	slices.SortStableFunc(page.Periods, func(a, b openPeriod) int { return cmp.Compare(a.To, b.To) })
	return nil
}

// contributed are the periods that the index has already, by their pages.
func (l *lens) contributed() (map[string]bool, error) {
	rounds, err := readmodel.AllThings[massbalance.PremiumRound](l.s, massbalance.KindPremium, readmodel.ThingFilter{})
	all := map[string]bool{}
	for _, r := range rounds {
		for _, c := range r.Value.Contributions {
			all[periodHref(c.Agreement, c.Period)] = true
		}
	}
	return all, err
}

// index lists the figures of the consortium's index, the latest quarter first.
func (l *lens) index(page *worthPage) error {
	rounds, err := readmodel.AllThings[massbalance.PremiumRound](l.s, massbalance.KindPremium, readmodel.ThingFilter{})
	for _, filed := range rounds {
		r := filed.Value
		row := indexRow{PremiumRound: r, Name: l.productName(r.Index.Product), Average: trade.Average(r)}
		missing := slices.Contains(r.Members, l.organisation) && !slices.ContainsFunc(r.Sums, func(s massbalance.PremiumSum) bool { return s.Member == l.organisation })
		switch {
		case r.Void:
			row.State, row.Class = "Void: a sum was not that of its shares", "rejected"
		case row.Average != "":
			row.State, row.Class = "Published", "received"
		case len(r.Contributions) < contributionsLeast:
			row.State, row.Class = strconv.Itoa(len(r.Contributions))+" of at least "+strconv.Itoa(contributionsLeast)+" contributions", "in_transit"
		default:
			row.State, row.Class = strconv.Itoa(len(r.Sums))+" of "+strconv.Itoa(len(r.Members))+" sums published", "pending"
			if missing && l.desk != nil {
				row.Deeds = l.allowed(deedOf("publish-sum", true, "index", indexName(r.Index)))
			}
		}
		page.Index = append(page.Index, row)
	}
	slices.SortStableFunc(page.Index, func(a, b indexRow) int {
		return cmp.Or(cmp.Compare(b.Index.Year, a.Index.Year), cmp.Compare(b.Index.Quarter, a.Index.Quarter), cmp.Compare(a.Name, b.Name))
	})
	return err
}
