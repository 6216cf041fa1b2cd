package console

import (
	"fmt"
	"time"

	"github.com/weighbridge/weighbridge/chaincode/massbalance"
	"github.com/weighbridge/weighbridge/gateway/readmodel"
)

// openPeriodForm begins a site's next period. It proposes what follows on the last one.
func openPeriodForm(f *form) (massbalance.Body, error) {
	site, err := f.ownSite("Site")
	if err != nil || site == "" {
		return nil, err
	}
	head, err := find[massbalance.Head](f.lens, massbalance.HeadKey(site))
	if err != nil {
		return nil, err
	}
	if head.Period != "" {
		f.Stop = f.siteName(site) + " has the open period " + string(head.Period) + ". Close it first: periods follow one another."
		return nil, nil
	}
	last, err := find[massbalance.Period](f.lens, massbalance.PeriodKey(site, head.Last))
	if err != nil {
		return nil, err
	}
	from, to := nextPeriod(last, f.today)
	hint := "Periods follow one another without a gap"
	if last.To != "" {
		hint = fmt.Sprintf("%s ended on %s, so the next begins on %s", head.Last, last.To, from)
	}
	body := massbalance.OpenPeriod{Site: site, From: f.day("from", "First day", hint, from), To: f.day("to", "Last day", "A scheme may allow certain lengths only", to)}
	if !f.typed.Has("period") {
		f.typed.Set("period", periodName(from, to))
	}
	body.Period = massbalance.PeriodID(f.name("period", "Name", "Such as 2026-Q4"))
	return body, nil
}

// nextPeriod proposes as many months as the last period had, or this quarter.
func nextPeriod(last massbalance.Period, today massbalance.Date) (from, to massbalance.Date) {
	if last.To == "" {
		quarter := (month(today) - 1) / 3
		from = massbalance.Date(fmt.Sprintf("%s-%02d-01", today[:4], quarter*3+1))
		return from, dayBefore(from.AddMonths(3))
	}
	from = last.To.Next()
	for months := 1; months <= 24; months++ {
		if last.From.AddMonths(months) == from {
			return from, dayBefore(from.AddMonths(months))
		}
	}
	return from, ""
}

func month(d massbalance.Date) int { return int(d[5]-'0')*10 + int(d[6]-'0') }

// periodName is the quarter's where it is one.
func periodName(from, to massbalance.Date) string {
	if len(from) < 10 {
		return ""
	}
	if from[8:] == "01" && month(from)%3 == 1 && dayBefore(from.AddMonths(3)) == to {
		return fmt.Sprintf("%s-Q%d", from[:4], (month(from)+2)/3)
	}
	return string(from[:7])
}

// closeLots is how many lots a close may name.
const closeLots = 5000

// closePeriodForm ends the open period for ever: with every account's book
// balance, the stocks as counted, and what of the credit is forfeited.
func closePeriodForm(f *form) (massbalance.Body, error) {
	site, err := f.ownSite("Site")
	if err != nil || site == "" {
		return nil, err
	}
	head, err := find[massbalance.Head](f.lens, massbalance.HeadKey(site))
	if err != nil {
		return nil, err
	}
	if head.Period == "" {
		f.Stop = f.siteName(site) + " has no open period."
		return nil, nil
	}
	period, err := find[massbalance.Period](f.lens, massbalance.PeriodKey(site, head.Period))
	if err != nil {
		return nil, err
	}
	f.Lead = append(f.Lead, fmt.Sprintf("%s of %s, %s to %s.", head.Period, f.siteName(site), period.From, period.To))
	body := massbalance.ClosePeriod{Site: site, Period: head.Period}
	if err := f.closeBalances(&body); err != nil {
		return nil, err
	}
	body.Expired, err = f.lots("Forfeited credit", "Only what the site's scheme does not let you carry over. If it asks for some, the rules say here how much.", lotFilter{Site: site, Optional: true, Any: true, Verb: "Forfeit"})
	if err != nil {
		return nil, err
	}
	lots, more, err := f.openLots(lotFilter{Site: site}, closeLots)
	if more {
		lots = nil // it names them only where the scheme asks for it, and then the rules say so
	}
	for _, lot := range lots {
		body.Lots = append(body.Lots, massbalance.LotLine{Lot: lot.ID, Quantity: lot.Available()})
	}
	f.sure("sure", "I understand that a closed period never changes again")
	return body, err
}

// closeBalances names every stock account, and asks what was counted.
func (f *form) closeBalances(body *massbalance.ClosePeriod) error {
	accounts, err := f.s.AllAccounts(body.Site)
	if err != nil {
		return err
	}
	var rows []amountRow
	for _, a := range accounts {
		body.Balances = append(body.Balances, massbalance.AccountBalance{Product: a.Product, Balance: a.Stock()})
		rows = append(rows, amountRow{Name: string(a.Product), Label: f.productName(a.Product), Bound: "the book says", Most: a.Stock(), Limited: true})
	}
	counts := f.amounts("counts", "Stock as counted", "Leave a product empty that was not counted. What is missing is booked out, what was found is booked in within the scheme's tolerance, and never gives credit.", rows, true)
	for _, c := range counts {
		body.Counts = append(body.Counts, massbalance.AccountBalance{Product: c.Product, Balance: c.Quantity})
	}
	return nil
}

// sure is a box to be ticked before what cannot be undone.
func (f *form) sure(name, label string) {
	one := f.add("check", name, label, "")
	f.need(one, "Tick it to go on")
}

// registerSiteForm adds a site.
func registerSiteForm(f *form) (massbalance.Body, error) {
	return massbalance.RegisterSite{
		Site: massbalance.SiteID(f.name("site", "Short name", "It stands in every record and never changes, such as mill-newark")),
		Name: f.text("name", "Name", ""), Country: f.text("country", "Country", "Two letters, such as GB"), Region: f.text("region", "Region", "As certifiers name it, such as UKF1 or DE-BB"),
	}, nil
}

// chooseSchemeForm says under whose profile a site keeps its balance.
func chooseSchemeForm(f *form) (massbalance.Body, error) {
	site, err := f.ownSite("Site")
	if err != nil || site == "" {
		return nil, err
	}
	f.Date = f.day("date", "From", "What is held already counts from that day", f.today)
	return massbalance.ChooseScheme{Site: site, Scheme: massbalance.SchemeID(f.name("scheme", "Scheme", "One whose profile the members adopted"))}, nil
}

// ownPeriods are the open periods of the organisation's sites.
func (l *lens) ownPeriods() ([]readmodel.Period, error) {
	periods, err := l.s.AllPeriods(readmodel.PeriodFilter{Open: true})
	var own []readmodel.Period
	for _, p := range periods {
		site, err := find[massbalance.Site](l, massbalance.SiteKey(p.Site))
		if err != nil {
			return nil, err
		}
		if site.Owner == l.organisation {
			own = append(own, p)
		}
	}
	return own, err
}

// dayBefore is the day before; business dates have been checked.
func dayBefore(d massbalance.Date) massbalance.Date {
	day, err := time.Parse(time.DateOnly, string(d))
	if err != nil {
		return ""
	}
	return massbalance.Date(day.AddDate(0, 0, -1).Format(time.DateOnly))
}

// closingRow is what of one product a close carries over into the next period,
// and what it forfeits for good.
type closingRow struct {
	Product                string
	Stock, Credit, Expired massbalance.Quantity
}

func (l *lens) closingRows(p massbalance.Period) []closingRow {
	rows := make([]closingRow, 0, len(p.Figures))
	for _, f := range p.Figures {
		rows = append(rows, closingRow{l.productName(f.Product), f.Material.Closing, f.Credit.Closing, f.Credit.Expired})
	}
	return rows
}
