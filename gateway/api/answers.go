package api

import (
	"github.com/weighbridge/weighbridge/chaincode/massbalance"
	"github.com/weighbridge/weighbridge/gateway/readmodel"
)

// StockAccount is a stock account with what follows from it.
type StockAccount struct {
	Site        massbalance.SiteID
	Product     massbalance.ProductID
	PhysicalIn  massbalance.Quantity
	PhysicalOut massbalance.Quantity
	CreditIn    massbalance.Quantity
	CreditOut   massbalance.Quantity
	// Stock is the material that is there; Credit is what may still be attributed.
	Stock  massbalance.Quantity
	Credit massbalance.Quantity
}

func stockAccount(a readmodel.Account) StockAccount {
	return StockAccount{
		a.Site, a.Product, a.PhysicalIn, a.PhysicalOut, a.CreditIn, a.CreditOut, a.Stock(), a.Credit(),
	}
}

// SiteBooks is a site with the state of its books.
type SiteBooks struct {
	ID      massbalance.SiteID
	Owner   massbalance.OrganisationID
	Name    string
	Country string
	Region  string
	// Head is where the journal stands; its period is the open one.
	Head massbalance.Head
	// Period is absent while none is open.
	Period   *massbalance.Period
	Accounts []StockAccount
}

// LotBalance is a lot with what may still be spent of it.
type LotBalance struct {
	ID              massbalance.LotID
	Site            massbalance.SiteID
	Product         massbalance.ProductID
	Characteristics massbalance.CharacteristicsID
	Model           massbalance.CustodyModel
	Quantity        massbalance.Quantity
	Spent           massbalance.Quantity
	Available       massbalance.Quantity
	// Frozen is what of that rests on a recalled statement and can never be spent; Usable is the rest.
	Frozen    massbalance.Quantity
	Usable    massbalance.Quantity
	Certifier massbalance.OrganisationID
	Statement massbalance.StatementID
	Share     massbalance.Ratio
	Scheme    massbalance.SchemeID
	Parents   []massbalance.LotLine
	// Cleared names the parents of which only what was not frozen was taken, Booked
	// the day on which the credit came to the site, where its profile counts age.
	Cleared []massbalance.Cleared
	Booked  massbalance.Date
}

func lotBalance(s *readmodel.Snapshot, l massbalance.Lot) (LotBalance, error) {
	value, err := s.Get(massbalance.TaintKey(l.ID))
	taint, _ := value.(massbalance.Taint)
	frozen := taint.Frozen.Min(l.Available())
	usable, _ := l.Available().Sub(frozen)
	return LotBalance{
		l.ID, l.Site, l.Product, l.Characteristics, l.Model, l.Quantity, l.Spent, l.Available(), frozen, usable, l.Certifier, l.Statement,
		l.Share, l.Scheme, l.Parents, l.Cleared, l.Booked,
	}, err
}

// PlacedRecord is an administrative record with its command and its place: all
// that an auditor needs to recount.
type PlacedRecord struct {
	Position    uint64
	Block       uint64
	Transaction string
	Command     massbalance.Command
	Record      massbalance.Record
}

func placedRecord(e readmodel.Entry) PlacedRecord {
	return PlacedRecord{e.Position, e.Block, e.Record.Transaction, e.Command, e.Record}
}

// ClaimOrigins says where the credit of a claim came from.
type ClaimOrigins struct {
	Claim    massbalance.ClaimID
	Product  massbalance.ProductID
	Quantity massbalance.Quantity
	Origins  []ClaimOrigin
	// Rounding is what rounding down to the gram left without an origin: the
	// origins' quantities and it add up to the claim's.
	Rounding massbalance.Quantity
	// Path holds the lots between, each before those it was made of.
	Path []PathLot
}

// ClaimOrigin is one verification statement behind a claim. Quantity is its
// share in kilograms of the claimed product.
type ClaimOrigin struct {
	Quantity        massbalance.Quantity
	Producer        string
	Certifier       massbalance.OrganisationID
	Statement       massbalance.StatementID
	Certificate     massbalance.CertificateID
	Holder          massbalance.OrganisationID
	Site            massbalance.SiteID
	Introduced      massbalance.ProductID
	Lots            []massbalance.LotID
	Characteristics massbalance.Characteristics
}

// PathLot is a lot behind a claim and how much of the claim rests on it.
type PathLot struct {
	Lot     massbalance.LotID
	Site    massbalance.SiteID
	Product massbalance.ProductID
	Model   massbalance.CustodyModel
	Share   massbalance.Quantity
}

func claimOrigins(t readmodel.Trace) ClaimOrigins {
	origins, path := origins(t.Sources)
	return ClaimOrigins{t.Claim.ID, t.Claim.Product, t.Claim.Quantity, origins, t.Rounding, path}
}

// LotOrigins says where the credit of a lot came from, as it was made.
type LotOrigins struct {
	Lot      massbalance.LotID
	Product  massbalance.ProductID
	Quantity massbalance.Quantity
	Origins  []ClaimOrigin
	Rounding massbalance.Quantity
	Path     []PathLot
}

func lotOrigins(t readmodel.LotTrace) LotOrigins {
	origins, path := origins(t.Sources)
	return LotOrigins{t.Lot.ID, t.Lot.Product, t.Lot.Quantity, origins, t.Rounding, path}
}

func origins(sources readmodel.Sources) (origins []ClaimOrigin, path []PathLot) {
	for _, o := range sources.Origins {
		s := o.Statement
		origins = append(origins, ClaimOrigin{
			o.Quantity, s.Producer, s.Certifier, s.ID, s.Certificate, s.Holder, s.Site, o.Introduced, o.Lots, s.Characteristics,
		})
	}
	for _, step := range sources.Path {
		path = append(path, PathLot{step.Lot.ID, step.Lot.Site, step.Lot.Product, step.Lot.Model, step.Share})
	}
	return origins, path
}
