package readmodel

import (
	"database/sql"
	"fmt"
	"slices"

	"github.com/weighbridge/weighbridge/chaincode/massbalance"
	"github.com/weighbridge/weighbridge/chaincode/wire"
)

// read fills a proposal from its row.
func (p *Proposal) read(name string, data, content []byte) error {
	key, err := wire.ParseKey(name)
	if err != nil {
		return err
	}
	p.What, p.Digest = key.A, key.B
	if p.Proposal, err = wire.Decode[massbalance.Proposal](data); err != nil || len(content) == 0 {
		return err
	}
	p.Command, err = wire.Decode[massbalance.Command](content)
	return err
}

// Missing lists the trading members that have not asked for it.
func (p Proposal) Missing(c massbalance.Consortium) (missing []massbalance.OrganisationID) {
	for _, org := range c.Trading() {
		if !slices.Contains(p.Approvals, org) {
			missing = append(missing, org)
		}
	}
	return missing
}

// Coverage is the certificates that name a site under a scheme.
type Coverage struct {
	Site   massbalance.SiteID
	Scheme massbalance.SchemeID
	massbalance.Coverage
}

// Coverages lists a site's coverage by scheme; site "" means all.
func (s *Snapshot) Coverages(site massbalance.SiteID, p Page) (Listing[Coverage], error) {
	return list(s, overState("coverage", condition{"t.site = ?", string(site)}), p, func(rows *sql.Rows) (uint64, Coverage, error) {
		key, position, c, err := stored[massbalance.Coverage](rows)
		return position, Coverage{massbalance.SiteID(key.A), massbalance.SchemeID(key.B), c}, err
	})
}

// Standings is all that was declared on a certificate; nothing for most.
func (s *Snapshot) Standings(certifier massbalance.OrganisationID, id massbalance.CertificateID) ([]massbalance.Standing, error) {
	v, err := s.Get(massbalance.StandingKey(certifier, id))
	if err != nil || v == nil {
		return nil, err
	}
	history, ok := v.(massbalance.StandingHistory)
	if !ok {
		return nil, fmt.Errorf("couldn't read the standing of %s: it holds a %T", id, v)
	}
	return history.Standings, nil
}

// PeriodBook is the book of one period: for each product what there was, came
// in, went out and is left.
type PeriodBook struct {
	Period
	Lines []PeriodLine
}

// PeriodLine is one product in a period. Opening + in − out = closing, for
// material and for credit; a closing of an open period is the balance now.
type PeriodLine struct {
	Product       massbalance.ProductID
	OpeningStock  massbalance.Quantity
	MaterialIn    massbalance.Quantity
	MaterialOut   massbalance.Quantity
	ClosingStock  massbalance.Quantity
	OpeningCredit massbalance.Quantity
	CreditIn      massbalance.Quantity
	CreditOut     massbalance.Quantity
	ClosingCredit massbalance.Quantity
}

// Book makes the book of a period from the cumulative figures at its end and at
// the end of the one before. The ledger keeps no figures of a period itself, so
// none can disagree with the accounts.
func (s *Snapshot) Book(site massbalance.SiteID, id massbalance.PeriodID) (PeriodBook, error) {
	period, err := Need[massbalance.Period](s, massbalance.PeriodKey(site, id))
	if err != nil {
		return PeriodBook{}, err
	}
	book := PeriodBook{Period: Period{site, id, period}}
	before := map[massbalance.ProductID]massbalance.Account{}
	if period.Previous != "" {
		previous, err := Need[massbalance.Period](s, massbalance.PeriodKey(site, period.Previous))
		if err != nil {
			return book, err
		}
		for _, c := range previous.Closings {
			before[c.Product] = c.Account
		}
	}
	after := period.Closings
	if !period.Closed {
		if after, err = s.closingsNow(site); err != nil {
			return book, err
		}
	}
	for _, c := range after {
		line, err := periodLine(c.Product, before[c.Product], c.Account)
		if err != nil {
			return book, fmt.Errorf("couldn't make the book of %s at %s: %w", id, site, err)
		}
		book.Lines = append(book.Lines, line)
	}
	return book, nil
}

// closingsNow are the accounts as they stand.
func (s *Snapshot) closingsNow(site massbalance.SiteID) ([]massbalance.Closing, error) {
	accounts, err := s.AllAccounts(site)
	closings := make([]massbalance.Closing, 0, len(accounts))
	for _, a := range accounts {
		closings = append(closings, massbalance.Closing{Product: a.Product, Account: a.Account})
	}
	return closings, err
}

func periodLine(product massbalance.ProductID, before, after massbalance.Account) (PeriodLine, error) {
	line := PeriodLine{
		Product: product, OpeningStock: before.Stock(), ClosingStock: after.Stock(),
		OpeningCredit: before.Credit(), ClosingCredit: after.Credit(),
	}
	for _, d := range []struct {
		into          *massbalance.Quantity
		before, after massbalance.Quantity
	}{
		{&line.MaterialIn, before.PhysicalIn, after.PhysicalIn}, {&line.MaterialOut, before.PhysicalOut, after.PhysicalOut},
		{&line.CreditIn, before.CreditIn, after.CreditIn}, {&line.CreditOut, before.CreditOut, after.CreditOut},
	} {
		var grown bool
		if *d.into, grown = d.after.Sub(d.before); !grown {
			return line, fmt.Errorf("a cumulative figure of %s shrank from %s kg to %s kg", product, d.before, d.after)
		}
	}
	return line, nil
}
