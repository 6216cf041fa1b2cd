package console

import (
	"cmp"
	"fmt"
	"net/http"
	"slices"
	"time"

	"github.com/weighbridge/weighbridge/chaincode/massbalance"
	"github.com/weighbridge/weighbridge/gateway/readmodel"
)

const (
	// periodNotice is how many days before its end a period needs attention,
	// certificateNotice the same of a certificate.
	periodNotice      = 14
	certificateNotice = 60
	// usedUp is from how many per cent on a statement is nearly used up.
	usedUp = 90
	// todoRows bounds what is shown of what waits; todoTransfers of the shipments read.
	todoRows = 40
	// todayEntries is how much of the journal stands on the first page.
	todayEntries = 8
)

// todayPage is what an organisation opens in the morning: what needs it, what it
// has, what is on the way, and what is due. One without sites of its own, such as
// a certification body, sees the sites of all.
type todayPage struct {
	titled
	Today    massbalance.Date
	Own      bool
	Founded  bool
	Acts     bool
	Todo     []todo
	MoreTodo int
	Stocks   []stockRow
	Totals   []totalRow
	Periods  []deadline
	Entries  []entryRow
	Claims   []claimRow
	MoreSite bool
}

// todo is one thing that waits for the organisation.
type todo struct {
	Class, Do, What, Where, Href string
	Deeds                        []deed
	// Due orders what waits: the day on which it came or ends.
	Due massbalance.Date
}

// stockRow is one product at one site.
type stockRow struct {
	Site massbalance.Site
	balance
	// Arriving and Leaving are on the way, as dispatched.
	Arriving, Leaving massbalance.Quantity
}

// totalRow is one product over all sites.
type totalRow struct {
	Product                          string
	Stock, Credit, Arriving, Leaving massbalance.Quantity
	Bar, CreditBar                   string
}

// deadline is an open period with the days that are left of it.
type deadline struct {
	readmodel.Period
	SiteName, Class, Left string
	days                  int
}

func (c *Console) todayPage(l *lens, r *http.Request) (any, error) {
	page, err := l.todayPage(c.today())
	if err != nil {
		return page, err
	}
	who, err := c.caller(r.Context())
	if who.Waiting > 0 && who.Approves {
		what := fmt.Sprintf("%d commands wait for a second person", who.Waiting)
		if who.Waiting == 1 {
			what = "1 command waits for a second person"
		}
		page.Todo = append([]todo{{Class: "pending", Do: "Approve or decline", What: what, Href: "/approvals", Where: "approvals",
			Deeds: []deed{{Title: "Decide", Href: "/approvals", Main: true}}}}, page.Todo...)
	}
	return page, err
}

func (l *lens) todayPage(today massbalance.Date) (page todayPage, err error) {
	page.Name, page.Today, page.Acts = "Today", today, l.acts
	consortium, err := find[massbalance.Consortium](l, massbalance.ConsortiumKey())
	if page.Founded = len(consortium.Members) > 0; err != nil || !page.Founded {
		return page, err
	}
	sites, err := l.s.Sites(l.organisation, readmodel.Page{Limit: readmodel.MaxLimit})
	if page.Own = len(sites.Items) > 0; err == nil && !page.Own {
		sites, err = l.s.Sites("", readmodel.Page{Limit: navLimit})
		page.MoreSite = sites.Next != 0
	}
	if err != nil {
		return page, err
	}
	for _, step := range []func(*todayPage, []massbalance.Site) error{
		l.todayStocks, l.todayPeriods, l.todayTransfers, l.todayVotes, l.todayRecalls, l.todayCertificates, l.todayStatements, l.todayTrade, l.todayJournal,
	} {
		if err := step(&page, sites.Items); err != nil {
			return page, err
		}
	}
	page.total()
	slices.SortStableFunc(page.Todo, func(a, b todo) int { return cmp.Compare(a.Due, b.Due) })
	if page.MoreTodo = max(0, len(page.Todo)-todoRows); page.MoreTodo > 0 {
		page.Todo = page.Todo[:todoRows]
	}
	return page, nil
}

func (l *lens) todayStocks(page *todayPage, sites []massbalance.Site) error {
	for _, site := range sites {
		balances, err := l.balances(site.ID)
		if err != nil {
			return err
		}
		for _, b := range balances {
			page.Stocks = append(page.Stocks, stockRow{Site: site, balance: b})
		}
	}
	return nil
}

// todayTransfers adds up what is on the way, and lists what waits for somebody here.
func (l *lens) todayTransfers(page *todayPage, sites []massbalance.Site) error {
	own := map[massbalance.SiteID]massbalance.Site{}
	for _, s := range sites {
		own[s.ID] = s
	}
	for _, status := range []massbalance.TransferStatus{massbalance.InTransit, massbalance.Rejected, massbalance.Reversing, massbalance.Received} {
		err := l.eachTransfer(status, func(t massbalance.Transfer) {
			if status == massbalance.InTransit {
				page.onTheWay(l, own, t)
			}
			if status == massbalance.Received && t.Reversal == nil {
				return
			}
			if deeds, do := l.transferDeeds(t); do != "" {
				page.Todo = append(page.Todo, l.transferTodo(t, do, deeds))
			}
		})
		if err != nil {
			return err
		}
	}
	return nil
}

func (l *lens) eachTransfer(status massbalance.TransferStatus, visit func(massbalance.Transfer)) error {
	p := readmodel.Page{Limit: readmodel.MaxLimit}
	for {
		transfers, err := l.s.Transfers(readmodel.TransferFilter{Status: status}, p)
		if err != nil {
			return err
		}
		for _, t := range transfers.Items {
			visit(t)
		}
		if p.After = transfers.Next; p.After == 0 {
			return nil
		}
	}
}

// onTheWay books a shipment in transit to the stocks at both of its ends.
func (p *todayPage) onTheWay(l *lens, own map[massbalance.SiteID]massbalance.Site, t massbalance.Transfer) {
	at := func(site massbalance.SiteID) *stockRow {
		for i := range p.Stocks {
			if p.Stocks[i].Site.ID == site && p.Stocks[i].Account.Product == t.Product {
				return &p.Stocks[i]
			}
		}
		p.Stocks = append(p.Stocks, stockRow{Site: own[site], balance: newBalance(l.productName(t.Product), readmodel.Account{Site: site, Product: t.Product})})
		return &p.Stocks[len(p.Stocks)-1]
	}
	if _, ok := own[t.To]; ok {
		row := at(t.To)
		row.Arriving = row.Arriving.Add(t.Quantity)
	}
	if _, ok := own[t.From]; ok {
		row := at(t.From)
		row.Leaving = row.Leaving.Add(t.Quantity)
	}
}

func (l *lens) transferTodo(t massbalance.Transfer, do string, deeds []deed) todo {
	one := todo{Class: string(t.Status), Do: do, Href: "/transfers/" + string(t.ID), Where: string(t.ID), Deeds: deeds, Due: t.Dispatched}
	from, to := l.siteName(t.From), l.siteName(t.To)
	amount := t.Quantity
	if amount.IsZero() {
		for _, line := range t.Lines {
			amount = amount.Add(line.Quantity)
		}
	}
	one.What = fmt.Sprintf("%s %s from %s for %s", worded(amount), l.productName(t.Product), from, to)
	if t.Status == massbalance.Rejected {
		one.What = fmt.Sprintf("%s %s rejected by %s back to %s", worded(amount), l.productName(t.Product), to, from)
		one.Due = t.Resolved
	}
	return one
}

// todayPeriods lists when the books are to be closed, and which sites have none open.
func (l *lens) todayPeriods(page *todayPage, sites []massbalance.Site) error {
	for _, site := range sites {
		card, err := l.siteCard(site)
		if err != nil {
			return err
		}
		mine := site.Owner == l.organisation
		if card.Head.Period == "" {
			if mine {
				page.Todo = append(page.Todo, todo{Class: "pending", Do: "Open a period", What: site.Name + " has no open period, so nothing can be booked there",
					Href: "/sites/" + string(site.ID), Where: string(site.ID), Deeds: l.siteDeeds(card), Due: page.Today})
			}
			continue
		}
		d := newDeadline(readmodel.Period{Site: site.ID, ID: card.Head.Period, Period: card.Period}, site.Name, page.Today)
		page.Periods = append(page.Periods, d)
		if mine && d.days <= periodNotice {
			page.Todo = append(page.Todo, todo{Class: d.Class, Do: "Close the period", What: fmt.Sprintf("%s of %s %s", d.ID, site.Name, d.Left),
				Href: "/sites/" + string(site.ID) + "/periods/" + string(d.ID), Where: string(d.ID), Deeds: l.allowed(deedOf("close-period", true, "site", string(site.ID))), Due: d.To})
		}
	}
	return nil
}

func newDeadline(p readmodel.Period, site string, today massbalance.Date) deadline {
	d := deadline{Period: p, SiteName: site, days: dayCount(today, p.To)}
	switch {
	case d.days < 0:
		d.Class, d.Left = "rejected", "ended "+days(-d.days)+" ago"
	case d.days == 0:
		d.Class, d.Left = "rejected", "ends today"
	case d.days <= periodNotice:
		d.Class, d.Left = "pending", "ends in "+days(d.days)
	default:
		d.Class, d.Left = "", "ends in "+days(d.days)
	}
	return d
}

func days(n int) string {
	if n == 1 {
		return "1 day"
	}
	return fmt.Sprintf("%d days", n)
}

// dayCount counts the days from one day to another, which may lie before it.
func dayCount(from, to massbalance.Date) int {
	a, _ := time.Parse(time.DateOnly, string(from))
	b, _ := time.Parse(time.DateOnly, string(to))
	return int(b.Sub(a) / (24 * time.Hour))
}

// todayVotes lists what other members asked for and this one did not.
func (l *lens) todayVotes(page *todayPage, _ []massbalance.Site) error {
	if l.role() != massbalance.Trading {
		return nil
	}
	pending, err := l.s.Proposals(true, readmodel.Page{Limit: readmodel.MaxLimit})
	for _, p := range pending.Items {
		if p.Command.Body == nil || slices.Contains(p.Approvals, l.organisation) {
			continue
		}
		page.Todo = append(page.Todo, todo{Class: "pending", Do: "Vote", What: verb(p.Command.Body.Type()) + ": " + p.What, Href: "/register", Where: "register",
			Deeds: l.allowed(voteDeed(p)), Due: page.Today})
	}
	return err
}

func voteDeed(p readmodel.Proposal) deed {
	return deedOf("vote", true, "what", p.What, "digest", p.Digest)
}

// todayCertificates lists what will end soon, and what was suspended.
func (l *lens) todayCertificates(page *todayPage, _ []massbalance.Site) error {
	p := readmodel.Page{Limit: readmodel.MaxLimit}
	for {
		certificates, err := l.s.Certificates(l.organisation, p)
		if err != nil {
			return err
		}
		for _, c := range certificates.Items {
			if err := l.certificateTodo(page, c); err != nil {
				return err
			}
		}
		if p.After = certificates.Next; p.After == 0 {
			return nil
		}
	}
}

func (l *lens) certificateTodo(page *todayPage, c massbalance.Certificate) error {
	row, err := l.certificateRow(c)
	if err != nil {
		return err
	}
	one := todo{Href: "/certificates/" + string(c.Certifier) + "/" + string(c.ID), Where: string(c.ID), Due: c.ValidTo}
	left := dayCount(page.Today, c.ValidTo)
	switch {
	case row.Now.Kind == massbalance.Suspended:
		one.Class, one.Do, one.Due = "rejected", "Certificate suspended", row.Now.Effective
		one.What = fmt.Sprintf("%s has suspended %s since %s: %s", row.CertifierName, c.ID, row.Now.Effective, row.Now.Reason)
	case row.Now.Kind == massbalance.Withdrawn || left < -certificateNotice || left > certificateNotice:
		return nil
	case left < 0:
		one.Class, one.Do, one.What = "rejected", "Certificate ended", fmt.Sprintf("%s of %s ended %s ago", c.ID, row.CertifierName, days(-left))
	default:
		one.Class, one.Do, one.What = "pending", "Renew", fmt.Sprintf("%s of %s ends in %s", c.ID, row.CertifierName, days(left))
	}
	page.Todo = append(page.Todo, one)
	return nil
}

// todayStatements lists which verification statements are nearly used up, in one line.
func (l *lens) todayStatements(page *todayPage, _ []massbalance.Site) error {
	nearly, p := 0, readmodel.Page{Limit: readmodel.MaxLimit}
	for {
		statements, err := l.s.Statements(readmodel.StatementFilter{Holder: l.organisation}, p)
		if err != nil {
			return err
		}
		for _, v := range statements.Items {
			bound := v.Statement.Quantity.ScaleCeil(massbalance.Kilograms(usedUp), massbalance.Kilograms(100))
			if !v.Introduced.Less(bound) && v.Introduced.Less(v.Statement.Quantity) {
				nearly++
			}
		}
		if p.After = statements.Next; p.After == 0 {
			break
		}
	}
	if nearly > 0 {
		what := fmt.Sprintf("%d verification statements are more than %d %% used", nearly, usedUp)
		if nearly == 1 {
			what = fmt.Sprintf("1 verification statement is more than %d %% used", usedUp)
		}
		page.Todo = append(page.Todo, todo{Class: "returned", Do: "Nearly used up", What: what, Href: "/statements", Where: "statements", Due: page.Today})
	}
	return nil
}

func (l *lens) todayJournal(page *todayPage, _ []massbalance.Site) (err error) {
	journal, claims := readmodel.EntryFilter{Organisation: l.organisation}, readmodel.ClaimFilter{Organisation: l.organisation}
	if !page.Own {
		journal, claims = readmodel.EntryFilter{}, readmodel.ClaimFilter{}
	}
	if page.Claims, err = l.claims(claims); err != nil {
		return err
	}
	entries, err := l.s.Entries(journal, readmodel.Page{Limit: todayEntries, Newest: true})
	page.Entries = l.entryRows(entries.Items)
	return err
}

// total adds the stocks up by product, for an overview over several sites.
func (p *todayPage) total() {
	for _, s := range p.Stocks {
		at := slices.IndexFunc(p.Totals, func(t totalRow) bool { return t.Product == s.Name })
		if at < 0 {
			p.Totals = append(p.Totals, totalRow{Product: s.Name})
			at = len(p.Totals) - 1
		}
		t := &p.Totals[at]
		t.Stock, t.Credit = t.Stock.Add(s.Stock), t.Credit.Add(s.Credit)
		t.Arriving, t.Leaving = t.Arriving.Add(s.Arriving), t.Leaving.Add(s.Leaving)
	}
	var most massbalance.Quantity
	for _, t := range p.Totals {
		most = larger(most, larger(t.Stock, t.Credit))
	}
	for i := range p.Totals {
		t := &p.Totals[i]
		t.Bar, t.CreditBar = percent(t.Stock, most, 2), percent(t.Credit, most, 2)
	}
}
