package console

import (
	"context"
	"errors"

	"github.com/weighbridge/weighbridge/chaincode/massbalance"
	"github.com/weighbridge/weighbridge/gateway/readmodel"
	"github.com/weighbridge/weighbridge/gateway/trade"
)

// lens looks at one snapshot for one organisation; what it looked up by key it
// remembers.
type lens struct {
	s            *readmodel.Snapshot
	organisation massbalance.OrganisationID
	known        map[massbalance.Key]massbalance.Value
	// acts is set where whoever looks may book something for the organisation.
	acts bool
	// ctx is the request's, for what is asked of the peer; desk opens documents of
	// trade at the snapshot's height and sends none, nil where nothing is traded.
	ctx   context.Context
	desk  *trade.Desk
	today massbalance.Date
	// memo keeps what was worked out of the same block before, unless it is nil.
	memo *memo
}

// lens looks at a snapshot for this console's organisation.
func (c *Console) lens(ctx context.Context, s *readmodel.Snapshot) *lens {
	l := newLens(s, c.Organisation)
	l.ctx, l.today, l.memo = ctx, c.today(), &c.memo
	if c.Trade != nil {
		l.desk = c.Trade.At(s).Trial()
	}
	return l
}

func newLens(s *readmodel.Snapshot, org massbalance.OrganisationID) *lens {
	return &lens{s: s, organisation: org, known: map[massbalance.Key]massbalance.Value{}}
}

// find looks a value up; the zero value stands for none.
func find[T massbalance.Value](l *lens, key massbalance.Key) (T, error) {
	if v, ok := l.known[key].(T); ok {
		return v, nil
	}
	v, err := readmodel.Need[T](l.s, key)
	var missing *readmodel.NotFound
	if errors.As(err, &missing) {
		err = nil
	}
	if err == nil {
		l.known[key] = v
	}
	return v, err
}

// frame is what stands around every page.
type frame struct {
	Organisation massbalance.OrganisationID
	Name         string
	Role         massbalance.Role
	// Sites are the organisation's own; Path is the page's.
	Sites []massbalance.Site
	Path  string
	// Height is the block at which the page is true; there is none while Empty.
	Height   uint64
	Empty    bool
	Problem  string
	Findings int
	// Alarm says that organisations' logs contradict each other, or "".
	Alarm string
	// Imports is set where this organisation may import files.
	Imports bool
	// Acts is set where it may book something.
	Acts bool
	// Caller is who looks.
	Caller caller
	Page   any
}

// Title is the page's name in the browser.
func (f frame) Title() string {
	switch page := f.Page.(type) {
	case interface{ Title() string }:
		return page.Title()
	case sitePage:
		return page.Site.Name
	case claimPage:
		return "Claim " + string(page.Claim.ID)
	case importPage:
		return "Import"
	case failure:
		return page.Title
	}
	return "Weighbridge"
}

// navLimit bounds the sites in the navigation.
const navLimit = 12

func (l *lens) frame(path, problem string) (frame, error) {
	f := frame{Organisation: l.organisation, Name: string(l.organisation), Path: path, Problem: problem, Empty: l.s.Next == 0}
	if !f.Empty {
		f.Height = l.s.Next - 1
	}
	consortium, err := find[massbalance.Consortium](l, massbalance.ConsortiumKey())
	if err != nil {
		return f, err
	}
	for _, m := range consortium.Members {
		if m.Organisation == l.organisation {
			f.Name, f.Role = m.Name, m.Role
		}
	}
	sites, err := l.s.Sites(l.organisation, readmodel.Page{Limit: navLimit})
	if err != nil {
		return f, err
	}
	f.Sites = sites.Items
	f.Findings, err = l.s.CountFindings()
	return f, err
}

// memberName is what an organisation calls itself.
func (l *lens) memberName(org massbalance.OrganisationID) string {
	consortium, err := find[massbalance.Consortium](l, massbalance.ConsortiumKey())
	if err == nil {
		for _, m := range consortium.Members {
			if m.Organisation == org {
				return m.Name
			}
		}
	}
	return string(org)
}

// productName is what the register calls a product.
func (l *lens) productName(id massbalance.ProductID) string {
	if p, err := find[massbalance.Product](l, massbalance.ProductKey(id)); err == nil && p.Name != "" {
		return p.Name
	}
	return string(id)
}

// siteName is what a site's owner calls it.
func (l *lens) siteName(id massbalance.SiteID) string {
	if s, err := find[massbalance.Site](l, massbalance.SiteKey(id)); err == nil && s.Name != "" {
		return s.Name
	}
	return string(id)
}
