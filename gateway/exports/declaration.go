package exports

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/weighbridge/weighbridge/chaincode/massbalance"
	"github.com/weighbridge/weighbridge/gateway/readmodel"
)

// Declaration is the sustainability declaration of a transfer: what a buyer
// needs to book and to pass on. The ledger's transfer is the document, so its
// number is unique.
type Declaration struct {
	Document massbalance.TransferID
	Status   massbalance.TransferStatus
	// Height is the block at which it is true.
	Height             uint64
	Product            massbalance.ProductID
	ProductDescription string
	Quantity           massbalance.Quantity
	// Arrived is the weight that the receiver found.
	Arrived massbalance.Quantity
	Unit    string
	// Attributed of the quantity has the characteristics below, Undifferentiated has none.
	Attributed       massbalance.Quantity
	Undifferentiated massbalance.Quantity
	Shipped          massbalance.Date
	Resolved         massbalance.Date
	Period           massbalance.PeriodID
	Supplier         Party
	Customer         Party
	DeliveryNotes    []massbalance.EvidenceID
	// LastProcessingSite is where the material was converted last, absent if it never was.
	LastProcessingSite massbalance.SiteID
	Lines              []DeclarationLine
	Origins            []DeclarationOrigin
	// Rounding is what rounding to the gram left without an origin.
	Rounding    massbalance.Quantity
	Transaction string
	Block       uint64
	Sequence    uint64
}

// Party is one end of a transfer.
type Party struct {
	Organisation massbalance.OrganisationID
	Name         string
	Site         massbalance.SiteID
	SiteName     string
	Region       string
	Country      string
}

// DeclarationLine is a part of the quantity with one set of characteristics.
type DeclarationLine struct {
	Quantity massbalance.Quantity
	Model    massbalance.CustodyModel
	// Wording is what may be said of the product under the model.
	Wording         string
	Scheme          massbalance.SchemeID
	Characteristics massbalance.Characteristics
	// PrecedingDocument is the lot at the sender's that the part came from.
	PrecedingDocument massbalance.LotID
}

// DeclarationOrigin is one verification statement behind the attributed quantity.
type DeclarationOrigin struct {
	Quantity    massbalance.Quantity
	Producer    string
	RawMaterial string
	Country     string
	Region      string
	Vintage     int
	Scheme      massbalance.SchemeID
	Certifier   massbalance.OrganisationID
	// CertifierName is what the certification body calls itself.
	CertifierName string
	Certificate   massbalance.CertificateID
	Statement     massbalance.StatementID
	// Recalled says by which finding the statement was recalled, absent if it stands.
	Recalled string
}

// NewDeclaration makes the declaration of a transfer.
func NewDeclaration(s *readmodel.Snapshot, id massbalance.TransferID) (Declaration, error) {
	trace, err := s.TraceTransfer(id)
	if err != nil {
		return Declaration{}, err
	}
	t, n := trace.Transfer, names{s}
	d := Declaration{
		Document: id, Status: t.Status, Height: s.Next - 1, Product: t.Product, ProductDescription: n.product(t.Product), Unit: "kg",
		Quantity: t.Quantity, Arrived: t.Arrived, Attributed: trace.Quantity, Shipped: t.Dispatched, Resolved: t.Resolved,
		Supplier: n.party(t.Sender, t.From), Customer: n.party(t.Receiver, t.To), DeliveryNotes: t.Documents, Rounding: trace.Rounding,
	}
	d.Undifferentiated, _ = t.Quantity.Sub(trace.Quantity)
	for _, line := range t.Lines {
		c, err := readmodel.Need[massbalance.Characteristics](s, massbalance.CharacteristicsKey(line.Characteristics))
		if err != nil {
			return d, err
		}
		scheme := line.Scheme
		if scheme == "" {
			scheme = c.Scheme
		}
		d.Lines = append(d.Lines, DeclarationLine{line.Quantity, line.Model, line.Model.Wording(), scheme, c, line.Lot})
	}
	if d.Origins, err = n.origins(trace.Origins); err != nil {
		return d, err
	}
	if err := d.processed(s, trace.Path); err != nil {
		return d, err
	}
	organisation, command, _ := strings.Cut(string(id), "/")
	entry, err := s.Command(massbalance.OrganisationID(organisation), massbalance.CommandID(command))
	d.Period, d.Transaction, d.Block, d.Sequence = entry.Record.Period, entry.Record.Transaction, entry.Block, entry.Record.Sequence
	return d, err
}

func (n names) origins(from []readmodel.Origin) ([]DeclarationOrigin, error) {
	out := make([]DeclarationOrigin, 0, len(from))
	for _, o := range from {
		c := o.Statement.Characteristics
		recalled, err := n.recalled(o.Statement)
		if err != nil {
			return nil, err
		}
		out = append(out, DeclarationOrigin{
			o.Quantity, o.Statement.Producer, n.product(o.Introduced), c.Country, c.Region, c.Vintage, c.Scheme,
			o.Statement.Certifier, n.member(o.Statement.Certifier), o.Statement.Certificate, o.Statement.ID, recalled,
		})
	}
	return out, nil
}

// recalled says by which finding a statement was recalled, or "".
func (n names) recalled(s massbalance.Statement) (string, error) {
	v, err := n.s.Get(massbalance.RecallKey(s.Certifier, s.ID))
	if recall, ok := v.(massbalance.Recall); ok && err == nil {
		return fmt.Sprintf("finding %s: %s", recall.Finding.ID, recall.Finding.Reason), nil
	}
	return "", err
}

// processed finds the last conversion: the path has each lot before those it
// was made of.
func (d *Declaration) processed(s *readmodel.Snapshot, path []readmodel.Step) error {
	for _, step := range path {
		for _, parent := range step.Parents {
			lot, err := readmodel.Need[massbalance.Lot](s, massbalance.LotKey(parent.Lot))
			if err != nil {
				return err
			}
			if lot.Product != step.Lot.Product {
				d.LastProcessingSite = step.Lot.Site
				return nil
			}
		}
	}
	return nil
}

func (n names) party(org massbalance.OrganisationID, id massbalance.SiteID) Party {
	p := Party{Organisation: org, Name: n.member(org), Site: id, SiteName: n.siteName(id)}
	if site, err := readmodel.Need[massbalance.Site](n.s, massbalance.SiteKey(id)); err == nil {
		p.Region, p.Country = site.Region, site.Country
	}
	return p
}

// PDF sets the declaration for people.
func (d Declaration) PDF(address string) ([]byte, error) {
	p := newPaper("Sustainability declaration "+string(d.Document), "Sustainability declaration", d.Height, address)
	p.headline(d.Quantity, d.ProductDescription, "Document "+string(d.Document))
	p.recalls(d.Origins)
	p.facts([][2]string{
		{"Supplier", d.Supplier.Name}, {"Customer", d.Customer.Name},
		{"From", d.Supplier.SiteName + ", " + d.Supplier.Region}, {"To", d.Customer.SiteName + ", " + d.Customer.Region},
		{"Shipped", string(d.Shipped)}, {"Status", strings.TrimSpace(spoken(string(d.Status)) + " " + string(d.Resolved))},
		{"Weight found on arrival", weight(d.Arrived)}, {"Delivery notes", joined(d.DeliveryNotes)},
		{"With characteristics", weight(d.Attributed)}, {"Undifferentiated", weight(d.Undifferentiated)},
		{"Mass balance period", string(d.Period)}, {"Last processing site", orNone(string(d.LastProcessingSite))},
	})
	var sets []share
	for _, l := range d.Lines {
		sets = append(sets, share{l.Quantity, l.Model, l.Scheme, l.Characteristics})
	}
	p.characteristics(sets)
	p.origins(d.Origins, d.Attributed, d.Rounding)
	p.ledger([][2]string{
		{"Journal", string(d.Supplier.Site) + ", no. " + strconv.FormatUint(d.Sequence, 10)}, {"Block", strconv.FormatUint(d.Block, 10)}, {"Transaction", d.Transaction},
	})
	return p.bytes()
}

func orNone(text string) string {
	if text == "" {
		return "–"
	}
	return text
}

func joined(documents []massbalance.EvidenceID) string {
	all := make([]string, len(documents))
	for i, d := range documents {
		all[i] = string(d)
	}
	return orNone(strings.Join(all, ", "))
}
