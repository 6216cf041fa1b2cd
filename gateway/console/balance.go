package console

import (
	"github.com/weighbridge/weighbridge/chaincode/massbalance"
	"github.com/weighbridge/weighbridge/gateway/readmodel"
)

// balance is one product's stock beside the credit that may still be attributed.
type balance struct {
	Name    string
	Account readmodel.Account
	Stock   massbalance.Quantity
	Credit  massbalance.Quantity
	// StockBar and CreditBar are widths in per cent of the longer of both.
	StockBar, CreditBar string
	// Covered is how much of the stock has credit, in per cent.
	Covered string
	// Undifferentiated is stock without credit; Ahead is credit without stock.
	Undifferentiated, Ahead massbalance.Quantity
}

func (l *lens) balances(site massbalance.SiteID) ([]balance, error) {
	accounts, err := l.s.AllAccounts(site)
	if err != nil {
		return nil, err
	}
	out := make([]balance, 0, len(accounts))
	for _, a := range accounts {
		out = append(out, newBalance(l.productName(a.Product), a))
	}
	return out, nil
}

func newBalance(name string, a readmodel.Account) balance {
	b := balance{Name: name, Account: a, Stock: a.Stock(), Credit: a.Credit()}
	longest := b.Stock
	if longest.Less(b.Credit) {
		longest = b.Credit
	}
	b.StockBar, b.CreditBar = percent(b.Stock, longest, 2), percent(b.Credit, longest, 2)
	b.Covered = percent(b.Credit.Min(b.Stock), b.Stock, 1)
	b.Undifferentiated, _ = b.Stock.Sub(b.Credit)
	b.Ahead, _ = b.Credit.Sub(b.Stock)
	return b
}

// siteCard is a site with its books in short.
type siteCard struct {
	Site     massbalance.Site
	Owner    string
	Head     massbalance.Head
	Period   massbalance.Period
	Balances []balance
}

func (l *lens) siteCard(site massbalance.Site) (siteCard, error) {
	card := siteCard{Site: site, Owner: l.memberName(site.Owner)}
	var err error
	if card.Head, err = find[massbalance.Head](l, massbalance.HeadKey(site.ID)); err != nil {
		return card, err
	}
	if open := card.Head.Period; open != "" {
		if card.Period, err = find[massbalance.Period](l, massbalance.PeriodKey(site.ID, open)); err != nil {
			return card, err
		}
	}
	card.Balances, err = l.balances(site.ID)
	return card, err
}
