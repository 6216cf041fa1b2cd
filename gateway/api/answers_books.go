package api

import (
	"github.com/weighbridge/weighbridge/chaincode/massbalance"
	"github.com/weighbridge/weighbridge/gateway/readmodel"
)

// PeriodOverview is a mass balance period of a site.
type PeriodOverview struct {
	Site     massbalance.SiteID
	ID       massbalance.PeriodID
	From     massbalance.Date
	To       massbalance.Date
	Previous massbalance.PeriodID
	Closed   bool
}

func periodOverview(p readmodel.Period) PeriodOverview {
	return PeriodOverview{p.Site, p.ID, p.From, p.To, p.Previous, p.Closed}
}

// PeriodBook is a period with its book: for each product, opening + in − out =
// closing, of material and of credit. The closing of an open period is the
// balance now.
type PeriodBook struct {
	Site     massbalance.SiteID
	ID       massbalance.PeriodID
	From     massbalance.Date
	To       massbalance.Date
	Previous massbalance.PeriodID
	Closed   bool
	Lines    []readmodel.PeriodLine
}

func periodBook(b readmodel.PeriodBook) PeriodBook {
	return PeriodBook{b.Site, b.ID, b.From, b.To, b.Previous, b.Closed, b.Lines}
}

// Conversion is material that was processed by a recipe.
type Conversion struct {
	ID           string
	Organisation massbalance.OrganisationID
	Site         massbalance.SiteID
	Date         massbalance.Date
	Period       massbalance.PeriodID
	Recipe       massbalance.RecipeID
	// Quantity is the recipe's first input with its Lines, With are the further
	// ones. Attributed is how much of all inputs had credit.
	Quantity   massbalance.Quantity
	Attributed massbalance.Quantity
	Lines      []massbalance.LotLine
	With       []massbalance.Input
	Outputs    []ConversionOutput
	// Process is what the processor itself emitted, where that was stated.
	Process *massbalance.Process
	// CreditLoss is the attributed input that no output carries on.
	CreditLoss massbalance.Quantity
	Block      uint64
}

// ConversionOutput is one product that came out, with the credit it carries and
// the lots that hold it.
type ConversionOutput struct {
	Product  massbalance.ProductID
	Quantity massbalance.Quantity
	Credit   massbalance.Quantity
	Lots     []massbalance.LotID
}

func conversion(e readmodel.Entry) Conversion {
	r := e.Record
	c := Conversion{ID: r.Subject, Organisation: r.Organisation, Site: r.Site, Date: r.Date, Period: r.Period, Block: e.Block}
	body, ok := e.Command.Body.(massbalance.Convert)
	if !ok {
		return c
	}
	c.Recipe, c.Quantity, c.Lines, c.With, c.Process = body.Recipe, body.Quantity, body.Lines, body.With, body.Process
	for _, p := range r.Credits {
		if p.To.Kind == massbalance.HolderConversion {
			c.Attributed = c.Attributed.Add(p.Quantity)
		}
	}
	for _, o := range body.Outputs {
		out := ConversionOutput{Product: o.Product, Quantity: o.Quantity}
		for _, p := range r.Credits {
			if p.To.Kind == massbalance.HolderLot && p.To.Product == o.Product {
				out.Credit, out.Lots = out.Credit.Add(p.Quantity), append(out.Lots, massbalance.LotID(p.To.ID))
			}
		}
		c.Outputs = append(c.Outputs, out)
	}
	for _, p := range r.Credits {
		if p.To.Kind == massbalance.HolderLoss {
			c.CreditLoss = c.CreditLoss.Add(p.Quantity)
		}
	}
	return c
}

// CertificateStanding is a certificate with all that was declared on it. A
// suspension stays here after it was lifted.
type CertificateStanding struct {
	Certificate massbalance.Certificate
	Standings   []massbalance.Standing
}

// SiteCoverage lists the certificates that name a site under a scheme.
type SiteCoverage struct {
	Site         massbalance.SiteID
	Scheme       massbalance.SchemeID
	Certificates []massbalance.CertificateReference
}

func siteCoverage(c readmodel.Coverage) SiteCoverage {
	return SiteCoverage{c.Site, c.Scheme, c.Certificates}
}

// RegisterProposal is a change of the common register with who asked for it.
type RegisterProposal struct {
	// What names the thing, such as product/wheat; Digest is the SHA-256 of what is asked for.
	What      string
	Digest    string
	Adopted   bool
	Approvals []massbalance.OrganisationID
	// Missing are the trading members that have not asked for it, Needed how many must.
	Missing []massbalance.OrganisationID
	Needed  int
	Command *massbalance.Command
}

func registerProposal(c massbalance.Consortium) func(readmodel.Proposal) RegisterProposal {
	return func(p readmodel.Proposal) RegisterProposal {
		trading := c.Trading()
		out := RegisterProposal{What: p.What, Digest: p.Digest, Adopted: p.Adopted, Approvals: p.Approvals, Needed: len(trading)/2 + 1}
		if p.Command.Body != nil {
			out.Command = &p.Command
		}
		out.Missing = p.Missing(c)
		return out
	}
}

// LotDescendants says what became of a lot. Rests is how much of a quantity
// rests on it, in kilograms of the quantity's own product, rounded down to the
// gram at each lot and at each parent's gift.
type LotDescendants struct {
	Lot      massbalance.LotID
	Product  massbalance.ProductID
	Quantity massbalance.Quantity
	Lots     []DescendantLot
}

// DescendantLot is a lot that was made of the lot, directly or not; the first is the lot itself.
type DescendantLot struct {
	Lot       massbalance.LotID
	Site      massbalance.SiteID
	Product   massbalance.ProductID
	Model     massbalance.CustodyModel
	Quantity  massbalance.Quantity
	Available massbalance.Quantity
	Rests     massbalance.Quantity
	Leaves    []readmodel.Leave
}

func lotDescendants(d readmodel.Descendants) LotDescendants {
	out := LotDescendants{Lot: d.Lot.ID, Product: d.Lot.Product, Quantity: d.Lot.Quantity}
	for _, l := range d.Lots {
		out.Lots = append(out.Lots, DescendantLot{
			l.Lot.ID, l.Lot.Site, l.Lot.Product, l.Lot.Model, l.Lot.Quantity, l.Lot.Available(), l.Rests, l.Leaves,
		})
	}
	return out
}
