package scope3

import (
	"cmp"
	"fmt"
	"math/big"
	"slices"
	"strings"

	"github.com/weighbridge/weighbridge/chaincode/massbalance"
	"github.com/weighbridge/weighbridge/gateway/readmodel"
)

// good is what was bought of one product from one supplier, and where that is.
type good struct {
	product  massbalance.ProductID
	supplier string
	// region is that of the site that it came from, "" where no site is known.
	region string
}

func (g good) compare(other good) int {
	return cmp.Or(cmp.Compare(g.product, other.product), cmp.Compare(g.supplier, other.supplier), cmp.Compare(g.region, other.region))
}

// purchases counts what an organisation bought in a year, in grams.
type purchases struct {
	s      *readmodel.Snapshot
	org    massbalance.OrganisationID
	year   int
	bought map[good]*big.Int
	sites  map[massbalance.SiteID]massbalance.Site
}

func newPurchases(s *readmodel.Snapshot, org massbalance.OrganisationID, year int) *purchases {
	return &purchases{s: s, org: org, year: year, bought: map[good]*big.Int{}, sites: map[massbalance.SiteID]massbalance.Site{}}
}

func (p *purchases) add(g good, grams *big.Int) {
	if p.bought[g] == nil {
		p.bought[g] = new(big.Int)
	}
	p.bought[g].Add(p.bought[g], grams)
}

// count reads deliveries of others that were received in the year, and what was
// taken in from suppliers outside of the consortium.
func (p *purchases) count() error {
	transfers, err := deliveries(p.s, p.org)
	if err != nil {
		return err
	}
	for _, t := range transfers {
		if yearOf(t.Resolved) != p.year {
			continue
		}
		g, err := p.from(t)
		if err != nil {
			return err
		}
		p.add(g, massbalance.GramsOf(t.Arrived))
	}
	return p.takenIn()
}

// deliveries are what an organisation received of others, in any year.
func deliveries(s *readmodel.Snapshot, org massbalance.OrganisationID) ([]massbalance.Transfer, error) {
	received, err := s.AllTransfers(readmodel.TransferFilter{Organisation: org, Direction: readmodel.In, Status: massbalance.Received})
	return slices.DeleteFunc(received, func(t massbalance.Transfer) bool { return t.Sender == org || t.Arrived.IsZero() }), err
}

// from says what a transfer brought, and whence.
func (p *purchases) from(t massbalance.Transfer) (good, error) {
	site, known := p.sites[t.From]
	if !known {
		var err error
		if site, err = readmodel.Need[massbalance.Site](p.s, massbalance.SiteKey(t.From)); err != nil {
			return good{}, err
		}
		p.sites[t.From] = site
	}
	return good{t.Product, string(t.Sender), site.Region}, nil
}

func (p *purchases) takenIn() error {
	filter := readmodel.EntryFilter{
		Organisation: p.org, Type: massbalance.TakeIn{}.Type(),
		From: massbalance.Date(fmt.Sprintf("%04d-01-01", p.year)), To: massbalance.Date(fmt.Sprintf("%04d-12-31", p.year)),
	}
	for page := (readmodel.Page{Limit: readmodel.MaxLimit}); ; {
		entries, err := p.s.Entries(filter, page)
		if err != nil {
			return err
		}
		for _, e := range entries.Items {
			for _, m := range e.Record.Materials {
				body, ok := e.Command.Body.(massbalance.TakeIn)
				if ok {
					p.add(good{product: m.Product, supplier: body.Supplier}, massbalance.GramsOf(m.In))
				}
			}
		}
		if entries.Next == 0 {
			return nil
		}
		page.After = entries.Next
	}
}

func yearOf(d massbalance.Date) int {
	var year int
	if _, err := fmt.Sscanf(string(d), "%4d-", &year); err != nil {
		return 0
	}
	return year
}

// share is a part of what was bought, in grams of the product that was bought.
type share struct {
	good
	grams *big.Rat
}

// behind follows a quantity of a lot back, through the organisation's own
// conversions and mergers, to the deliveries that brought it.
func (p *purchases) behind(id massbalance.LotID, grams *big.Rat) ([]share, error) {
	lot, err := readmodel.Need[massbalance.Lot](p.s, massbalance.LotKey(id))
	if err != nil {
		return nil, err
	}
	transfer, err := p.broughtBy(lot)
	if err != nil {
		return nil, err
	}
	if transfer != nil {
		g, err := p.from(*transfer)
		return []share{{g, grams}}, err
	}
	if len(lot.Parents) == 0 {
		return []share{{good{product: lot.Product, supplier: string(p.org)}, grams}}, nil // its own harvest
	}
	part := new(big.Rat).Quo(grams, new(big.Rat).SetInt(massbalance.GramsOf(lot.Quantity)))
	var all []share
	for _, parent := range lot.Parents {
		given := new(big.Rat).Mul(part, new(big.Rat).SetInt(massbalance.GramsOf(parent.Quantity)))
		shares, err := p.behind(parent.Lot, given)
		if err != nil {
			return nil, err
		}
		all = append(all, shares...)
	}
	return all, nil
}

// broughtBy finds the transfer from somebody else with which a lot came, nil if
// it came in another way.
func (p *purchases) broughtBy(lot massbalance.Lot) (*massbalance.Transfer, error) {
	// A lot's ID is organisation/command/n, and no name has a slash.
	name := strings.Split(string(lot.ID), "/")
	if len(name) != 3 {
		return nil, fmt.Errorf("lot %q has no ID of the ledger", lot.ID)
	}
	entry, err := p.s.Command(massbalance.OrganisationID(name[0]), massbalance.CommandID(name[1]))
	if err != nil {
		return nil, err
	}
	at := slices.IndexFunc(entry.Record.Credits, func(c massbalance.Posting) bool {
		return c.To.Kind == massbalance.HolderLot && c.To.ID == string(lot.ID) && c.From.Kind == massbalance.HolderTransfer
	})
	if at < 0 {
		return nil, nil
	}
	t, err := readmodel.Need[massbalance.Transfer](p.s, massbalance.TransferKey(massbalance.TransferID(entry.Record.Credits[at].From.ID)))
	if err != nil || t.Sender == p.org {
		return nil, err // between its own sites: followed on
	}
	return &t, nil
}
