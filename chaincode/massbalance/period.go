package massbalance

import "fmt"

func (b OpenPeriod) check() string {
	switch {
	case !ValidName(string(b.Site)):
		return fmt.Sprintf("site: %q is not a name", b.Site)
	case !ValidName(string(b.Period)):
		return fmt.Sprintf("period: %q is not a name", b.Period)
	case !b.From.Valid() || !b.To.Valid() || b.To < b.From:
		return fmt.Sprintf("period %s: %q to %q is not a span of days", b.Period, b.From, b.To)
	}
	return ""
}

func (b OpenPeriod) execute(e *execution) error {
	site, err := e.ownSite(b.Site)
	if err != nil {
		return err
	}
	if err := e.absent(PeriodKey(site.ID, b.Period)); err != nil {
		return err
	}
	head, err := need[Head](e, HeadKey(site.ID))
	if err != nil {
		return err
	}
	if head.Period != "" {
		return refuse(PeriodNotContiguous, "period %s of site %s is still open", head.Period, site.ID)
	}
	if head.Last != "" {
		last, err := need[Period](e, PeriodKey(site.ID, head.Last))
		if err != nil {
			return err
		}
		if b.From != last.To.Next() {
			return refuse(PeriodNotContiguous, "period %s begins on %s, but %s ended on %s: the next must begin on %s", b.Period, b.From, head.Last, last.To, last.To.Next())
		}
	}
	e.put(PeriodKey(site.ID, b.Period), Period{From: b.From, To: b.To, Previous: head.Last})
	head.Period = b.Period
	e.record.Subject, e.record.Period = string(b.Period), b.Period
	e.advance(site.ID, head)
	return nil
}

func (b ClosePeriod) check() string {
	if !ValidName(string(b.Site)) || !ValidName(string(b.Period)) {
		return fmt.Sprintf("site %q or period %q is not a name", b.Site, b.Period)
	}
	if len(b.Balances) > listLimit {
		return fmt.Sprintf("balances: at most %d", listLimit)
	}
	seen := map[ProductID]bool{}
	for _, balance := range b.Balances {
		if !ValidName(string(balance.Product)) || seen[balance.Product] {
			return fmt.Sprintf("balances: product %q is not a name, or named twice", balance.Product)
		}
		seen[balance.Product] = true
	}
	return ""
}

// ClosePeriod freezes the accounts as they stand. Naming as many accounts as
// the head counts, each existing, makes the list complete without reading one.
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
	for _, stated := range b.Balances {
		account, err := need[Account](e, AccountKey(site.ID, stated.Product))
		if err != nil {
			return err
		}
		if book := account.Stock(); !book.Equal(stated.Balance) {
			return lacking(BalanceMismatch, stated.Balance, book, "the balance stated for %s at %s is not the book's", stated.Product, site.ID)
		}
		period.Closings = append(period.Closings, Closing{stated.Product, account})
	}
	if len(b.Balances) != head.Accounts {
		return refuse(BalanceMismatch, "site %s has %d stock accounts, the close names %d", site.ID, head.Accounts, len(b.Balances))
	}
	period.Closed = true
	e.put(PeriodKey(site.ID, b.Period), period)
	head.Period, head.Last = "", b.Period
	e.record.Subject, e.record.Period = string(b.Period), b.Period
	e.advance(site.ID, head)
	return nil
}
