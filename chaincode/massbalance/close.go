package massbalance

import (
	"crypto/sha256"
	"fmt"
	"slices"
	"strings"
)

// closeLimit bounds how many lots, and how many accounts, a close may name: more
// than a command otherwise, for the lists must be complete.
const closeLimit = 5000

func (b ClosePeriod) check() string { return b.checkWithin(closeLimit) }

// checkWithin bounds the accounts that are named. Up to version 2 of the rules
// the bound was ListLimit, and a site with more could not close any more.
func (b ClosePeriod) checkWithin(accounts int) string {
	if !ValidName(string(b.Site)) || !ValidName(string(b.Period)) {
		return fmt.Sprintf("site %q or period %q is not a name", b.Site, b.Period)
	}
	for _, balances := range [][]AccountBalance{b.Balances, b.Counts} {
		if len(balances) > accounts {
			return fmt.Sprintf("balances: at most %d", accounts)
		}
		seen := map[ProductID]bool{}
		for _, balance := range balances {
			if !ValidName(string(balance.Product)) || seen[balance.Product] {
				return fmt.Sprintf("balances: product %q is not a name, or named twice", balance.Product)
			}
			seen[balance.Product] = true
		}
	}
	if problem := checkLotLines(b.Lots, closeLimit); problem != "" {
		return problem
	}
	if problem := checkLotLines(b.Expired, closeLimit); problem != "" {
		return "expired " + problem
	}
	return ""
}

// closing is a period on its way to its close.
type closing struct {
	*books
	command ClosePeriod
	period  Period
	lots    map[LotID]Lot
	expired map[LotID]Quantity
	// frozen rests on recalled statements: it can neither be used nor forfeited.
	frozen map[LotID]Quantity
}

// ClosePeriod freezes the accounts as they stand. Naming as many accounts as
// the head counts, each existing, makes the list complete without reading one;
// naming lots whose credit adds up to the accounts' does so for the lots.
func (b ClosePeriod) execute(e *execution) error {
	site, err := e.ownSite(b.Site)
	if err != nil {
		return err
	}
	head, err := need[Head](e, HeadKey(site.ID))
	if err != nil {
		return err
	}
	if head.Period != b.Period {
		return refuse(PeriodNotOpen, "period %s of site %s is not open (open: %q)", b.Period, site.ID, head.Period)
	}
	period, err := need[Period](e, PeriodKey(site.ID, b.Period))
	if err != nil {
		return err
	}
	profile, err := e.profileAt(period.Scheme, period.Profile)
	if err != nil {
		return err
	}
	c := &closing{books: &books{e: e, site: site, head: head, profile: profile}, command: b, period: period}
	for _, step := range []func() error{c.checkBalances, c.count, c.findLots, c.checkAge, c.expire, c.checkCap, c.freeze} {
		if err := step(); err != nil {
			return err
		}
	}
	c.period.Closed = true
	e.put(PeriodKey(site.ID, b.Period), c.period)
	c.head.Period, c.head.Last = "", b.Period
	e.record.Subject, e.record.Period, e.record.Statement = string(b.Period), b.Period, c.period.Statement
	e.advance(site.ID, c.head)
	return nil
}

// checkBalances compares what is stated with the books, account by account.
func (c *closing) checkBalances() error {
	for _, stated := range c.command.Balances {
		account, err := need[Account](c.e, AccountKey(c.site.ID, stated.Product))
		if err != nil {
			return err
		}
		if book := account.Stock(); !book.Equal(stated.Balance) {
			return lacking(BalanceMismatch, stated.Balance, book, "the balance stated for %s at %s is not the book's", stated.Product, c.site.ID)
		}
	}
	if len(c.command.Balances) != c.head.Accounts {
		return refuse(BalanceMismatch, "site %s has %d stock accounts, the close names %d", c.site.ID, c.head.Accounts, len(c.command.Balances))
	}
	return nil
}

// count compares the stocks as counted with the books. What is missing is
// booked out, or it could still be attributed; what was found is booked in
// within the tolerance, and never gives credit. A difference beyond the
// tolerance is refused or flagged, as the profile says (ISCC: 0.5 %).
func (c *closing) count() error {
	for _, counted := range c.command.Counts {
		account, err := need[Account](c.e, AccountKey(c.site.ID, counted.Product))
		if err != nil {
			return err
		}
		book := account.Stock()
		missing, found := counted.Balance.Shortage(book), book.Shortage(counted.Balance)
		tolerance := c.profile.StockTolerance.FloorOf(book)
		beyond := tolerance.Less(missing.Add(found))
		if beyond && c.profile.BeyondTolerance == DeviationRefused {
			return lacking(StockOutOfTolerance, tolerance, missing.Add(found), "%s at %s: the book says %s kg, the count %s kg; the difference may be %s of the book", counted.Product, c.site.ID, book, counted.Balance, c.profile.StockTolerance)
		}
		if err := c.out(counted.Product, missing, nil, nil, Holder{}); err != nil {
			return err
		}
		if !beyond {
			if err := c.in(counted.Product, found, Quantity{}); err != nil {
				return err
			}
		}
		c.period.Counts = append(c.period.Counts, StockCount{Product: counted.Product, Book: book, Counted: counted.Balance, Flagged: beyond})
	}
	return nil
}

// findLots reads the lots named and checks that they are all there are: their
// credit adds up to that of the accounts. Where nothing limits what is carried
// over they need not be named.
func (c *closing) findLots() error {
	if len(c.command.Lots) == 0 && len(c.command.Expired) == 0 && !c.profile.CarryOver.limited() {
		return nil
	}
	c.lots, c.expired, c.frozen = map[LotID]Lot{}, map[LotID]Quantity{}, map[LotID]Quantity{}
	named := map[ProductID]Quantity{}
	for _, line := range c.command.Lots {
		lot, err := need[Lot](c.e, LotKey(line.Lot))
		if err != nil {
			return err
		}
		if lot.Site != c.site.ID {
			return refuse(WrongSite, "lot %s is at site %s, not at %s", lot.ID, lot.Site, c.site.ID)
		}
		if left := lot.Available(); !left.Equal(line.Quantity) {
			return lacking(BalanceMismatch, line.Quantity, left, "what is left of lot %s", lot.ID)
		}
		taint, _, err := find[Taint](c.e, TaintKey(lot.ID))
		if err != nil {
			return err
		}
		c.frozen[lot.ID] = taint.Frozen
		c.lots[lot.ID], named[lot.Product] = lot, named[lot.Product].Add(line.Quantity)
	}
	for _, line := range c.command.Expired {
		if _, ok := c.lots[line.Lot]; !ok {
			return refuse(BalanceMismatch, "lot %s is forfeited, but is not among the lots with credit left", line.Lot)
		}
		c.expired[line.Lot] = line.Quantity
	}
	for _, balance := range c.command.Balances {
		account, err := need[Account](c.e, AccountKey(c.site.ID, balance.Product))
		if err != nil {
			return err
		}
		if !named[balance.Product].Equal(account.Credit()) {
			return lacking(BalanceMismatch, named[balance.Product], account.Credit(), "the lots of %s that the close names are not all the credit at %s", balance.Product, c.site.ID)
		}
	}
	return nil
}

// checkAge refuses to carry credit further than the profile lets it: what is too
// old must be named as forfeited (MSPO: after four consecutive periods).
func (c *closing) checkAge() error {
	limit, err := c.oldest()
	if err != nil || limit == "" {
		return err
	}
	for _, line := range c.command.Lots {
		lot, booked := c.lots[line.Lot], c.lots[line.Lot].since(c.site)
		if booked >= limit {
			continue
		}
		if forfeited, need := c.expired[lot.ID], c.frozen[lot.ID].Shortage(line.Quantity); forfeited.Less(need) {
			return lacking(CarryOverExceeded, forfeited, need, "lot %s came to %s on %s; at the close of %s what came before %s is forfeited", lot.ID, c.site.ID, booked, c.command.Period, limit)
		}
	}
	return nil
}

// oldest is the first day whose credit may still be carried on, "" if there is
// no limit. Only periods under a profile count.
func (c *closing) oldest() (Date, error) {
	var limit Date
	rule := c.profile.CarryOver
	if rule.Months > 0 {
		limit = c.period.To.Next().AddMonths(-rule.Months)
	}
	period := c.period
	for n := 0; n < rule.Periods; n++ {
		if period.Previous == "" || period.Scheme == "" {
			return limit, nil
		}
		var err error
		if period, err = need[Period](c.e, PeriodKey(c.site.ID, period.Previous)); err != nil {
			return "", err
		}
	}
	if rule.Periods > 0 && period.Scheme != "" {
		limit = max(limit, period.To.Next())
	}
	return limit, nil
}

// expire takes forfeited credit off the books for good.
func (c *closing) expire() error {
	to := Holder{Kind: HolderExpired, ID: c.e.reference()}
	for _, balance := range c.command.Balances {
		var lots []Lot
		var lines []LotLine
		for _, line := range c.command.Expired {
			if lot := c.lots[line.Lot]; lot.Product == balance.Product {
				lots, lines = append(lots, lot), append(lines, line)
			}
		}
		if len(lots) == 0 {
			continue
		}
		if err := c.out(balance.Product, Quantity{}, lots, lines, to); err != nil {
			return err
		}
	}
	return nil
}

// checkCap refuses to carry more credit than there is material for it, where
// the profile says so (ISCC EU). Credit of book and claim is tied to none, and
// what is frozen is nobody's to carry.
func (c *closing) checkCap() error {
	if c.profile.CarryOver.Cap != CapPhysicalStock {
		return nil
	}
	for _, balance := range c.command.Balances {
		account, err := need[Account](c.e, AccountKey(c.site.ID, balance.Product))
		if err != nil {
			return err
		}
		var carried Quantity
		for _, line := range c.command.Lots {
			if lot := c.lots[line.Lot]; lot.Product == balance.Product && lot.Model.Physical() {
				carried = carried.Add(c.expired[lot.ID].Add(c.frozen[lot.ID]).Shortage(line.Quantity))
			}
		}
		if stock := account.Stock(); stock.Less(carried) {
			return lacking(CarryOverExceeded, stock, carried, "credit of %s at %s beyond the stock cannot be carried over: name what is forfeited", balance.Product, c.site.ID)
		}
	}
	return nil
}

// freeze keeps the accounts as they stand now, the figures of the period and
// their hash.
func (c *closing) freeze() error {
	for _, balance := range c.command.Balances {
		account, err := need[Account](c.e, AccountKey(c.site.ID, balance.Product))
		if err != nil {
			return err
		}
		c.period.Closings = append(c.period.Closings, Closing{balance.Product, account})
	}
	for _, line := range c.command.Lots {
		c.carry(c.lots[line.Lot], line.Quantity)
	}
	if err := c.reconcile(); err != nil {
		return err
	}
	c.period.Statement = sha256.Sum256([]byte(c.period.Text(c.site.ID, c.command.Period)))
	return nil
}

// carry adds a lot to what of its kind is carried over and what is forfeited.
func (c *closing) carry(lot Lot, left Quantity) {
	at := slices.IndexFunc(c.period.Credits, func(k CarriedCredit) bool {
		return k.Product == lot.Product && k.Characteristics == lot.Characteristics && k.Model == lot.Model
	})
	if at < 0 {
		at = len(c.period.Credits)
		c.period.Credits = append(c.period.Credits, CarriedCredit{Product: lot.Product, Characteristics: lot.Characteristics, Model: lot.Model})
	}
	of, forfeited := &c.period.Credits[at], c.expired[lot.ID]
	of.Carried, of.Expired = of.Carried.Add(forfeited.Shortage(left)), of.Expired.Add(forfeited)
}

// reconcile works out the figures of the period from its opening, which is the
// close of the one before, and its closing.
func (c *closing) reconcile() error {
	before := map[ProductID]Account{}
	if c.period.Previous != "" {
		previous, err := need[Period](c.e, PeriodKey(c.site.ID, c.period.Previous))
		if err != nil {
			return err
		}
		for _, closing := range previous.Closings {
			before[closing.Product] = closing.Account
		}
	}
	for _, closing := range c.period.Closings {
		c.period.Figures = append(c.period.Figures, c.figures(closing.Product, before[closing.Product], closing.Account))
	}
	return nil
}

func (c *closing) figures(product ProductID, opening, closing Account) Reconciliation {
	r := Reconciliation{
		Product:  product,
		Material: MaterialBalance{Opening: opening.Stock(), Closing: closing.Stock()},
		Credit:   CreditBalance{Opening: opening.Credit(), Closing: closing.Credit()},
	}
	for _, count := range c.period.Counts {
		if count.Product == product {
			r.Material.Loss = count.Counted.Shortage(count.Book)
			if !count.Flagged {
				r.Material.Found = count.Book.Shortage(count.Counted)
			}
		}
	}
	for _, credit := range c.period.Credits {
		if credit.Product == product {
			r.Credit.Expired = r.Credit.Expired.Add(credit.Expired)
		}
	}
	r.Material.In = opening.PhysicalIn.Add(r.Material.Found).Shortage(closing.PhysicalIn)
	r.Material.Out = opening.PhysicalOut.Add(r.Material.Loss).Shortage(closing.PhysicalOut)
	r.Credit.In = opening.CreditIn.Shortage(closing.CreditIn)
	r.Credit.Out = opening.CreditOut.Add(r.Credit.Expired).Shortage(closing.CreditOut)
	return r
}

// Text is the period's figures, every one by name: what the statement's hash is of.
func (p Period) Text(site SiteID, id PeriodID) string {
	var b strings.Builder
	fmt.Fprintf(&b, "weighbridge period statement v1\nsite %q\nperiod %q\nfrom %s\nto %s\nprevious %q\nprofile %q %d\n", site, id, p.From, p.To, p.Previous, p.Scheme, p.Profile)
	for _, f := range p.Figures {
		m, c := f.Material, f.Credit
		fmt.Fprintf(&b, "material %q opening %s in %s found %s out %s loss %s closing %s\n", f.Product, m.Opening, m.In, m.Found, m.Out, m.Loss, m.Closing)
		fmt.Fprintf(&b, "credit %q opening %s in %s out %s expired %s closing %s\n", f.Product, c.Opening, c.In, c.Out, c.Expired, c.Closing)
	}
	for _, c := range p.Counts {
		fmt.Fprintf(&b, "count %q book %s counted %s flagged %t\n", c.Product, c.Book, c.Counted, c.Flagged)
	}
	for _, c := range p.Credits {
		fmt.Fprintf(&b, "carried %q %s %s %s expired %s\n", c.Product, c.Characteristics, c.Model, c.Carried, c.Expired)
	}
	return b.String()
}
