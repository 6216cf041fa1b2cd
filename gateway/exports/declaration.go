package exports

import (
	"fmt"
	"slices"
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
	// Acquired is the day on which the customer took the material in, absent
	// before that.
	Acquired massbalance.Date
	// Merge is how the supplier's balance treats carbon figures where lots become one.
	Merge massbalance.CarbonMerge
	// Conversions lie between the origins and this transfer, the latest first.
	Conversions []DeclarationConversion
	// PrecedingDocuments are the transfers by which the attributed credit came to
	// the supplier and to those before it, the latest first.
	PrecedingDocuments []massbalance.TransferID
	// Reversed is the day on which the transfer was undone, absent if it stands.
	Reversed massbalance.Date
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
	// Certificates are those of the site that were valid on the day of shipment
	// and name the product, each with its certification body.
	Certificates []DeclarationCertificate
}

// DeclarationCertificate is a certificate that a party held.
type DeclarationCertificate struct {
	Certificate   massbalance.CertificateID
	Scheme        massbalance.SchemeID
	Certifier     massbalance.OrganisationID
	CertifierName string
	ValidTo       massbalance.Date
	// Standing is what it was worth on the day of shipment.
	Standing string
}

// DeclarationConversion is a conversion that the credit went through.
type DeclarationConversion struct {
	Site    massbalance.SiteID
	Date    massbalance.Date
	Recipe  massbalance.RecipeID
	Version int
	Input   massbalance.ProductID
	Output  massbalance.ProductID
	// Factor is the greatest mass of the output per mass of input.
	Factor massbalance.Ratio
	Source string
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
	t, n := trace.Transfer, names{s: s}
	d := Declaration{
		Document: id, Status: t.Status, Height: s.Next - 1, Product: t.Product, ProductDescription: n.product(t.Product), Unit: "kg",
		Quantity: t.Quantity, Arrived: t.Arrived, Attributed: trace.Quantity, Shipped: t.Dispatched, Resolved: t.Resolved,
		Supplier: n.party(t.Sender, t.From), Customer: n.party(t.Receiver, t.To), DeliveryNotes: t.Documents, Rounding: trace.Rounding,
	}
	d.Undifferentiated, _ = t.Quantity.Sub(trace.Quantity)
	switch t.Status {
	case massbalance.Received, massbalance.Reversing:
		d.Acquired = t.Resolved
	case massbalance.Reversed:
		d.Reversed = t.Resolved
		if t.Reversal != nil {
			d.Reversed = t.Reversal.Agreed
		}
	}
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
	for _, step := range []func() error{
		func() error { return d.history(n, trace.Path) },
		func() error { return d.certified(n, t) },
		func() error { return d.recorded(s) },
	} {
		if err := step(); err != nil {
			return d, err
		}
	}
	return d, nil
}

// recorded says where the dispatch stands on the ledger, and in which period.
func (d *Declaration) recorded(s *readmodel.Snapshot) error {
	organisation, command, _ := strings.Cut(string(d.Document), "/")
	entry, err := s.Command(massbalance.OrganisationID(organisation), massbalance.CommandID(command))
	if err != nil {
		return err
	}
	d.Period, d.Transaction, d.Block, d.Sequence = entry.Record.Period, entry.Record.Transaction, entry.Block, entry.Record.Sequence
	period, err := readmodel.Need[massbalance.Period](s, massbalance.PeriodKey(d.Supplier.Site, d.Period))
	if err != nil {
		return err
	}
	profile, err := profileOf(s, readmodel.Period{Site: d.Supplier.Site, ID: d.Period, Period: period})
	d.Merge = profile.Carbon
	return err
}

// certified names the certificates of both ends on the day of shipment.
func (d *Declaration) certified(n names, t massbalance.Transfer) (err error) {
	if d.Supplier.Certificates, err = n.certificatesOf(t.From, t); err == nil {
		d.Customer.Certificates, err = n.certificatesOf(t.To, t)
	}
	return err
}

func (n names) certificatesOf(site massbalance.SiteID, t massbalance.Transfer) ([]DeclarationCertificate, error) {
	certificates, err := n.validOn(site, t.Product, t.Dispatched)
	if err != nil {
		return nil, err
	}
	var out []DeclarationCertificate
	for _, c := range certificates {
		standing, err := n.standingOn(c, t.Dispatched)
		if err != nil {
			return nil, err
		}
		out = append(out, DeclarationCertificate{c.ID, c.Scheme, c.Certifier, n.member(c.Certifier), c.ValidTo, standing})
	}
	return out, nil
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

// history finds the conversions that the credit went through, and the transfers
// that it came by. The path has each lot before those it was made of.
func (d *Declaration) history(n names, path []readmodel.Step) error {
	for _, step := range path {
		organisation, rest, _ := strings.Cut(string(step.Lot.ID), "/")
		command, _, _ := strings.Cut(rest, "/")
		entry, err := n.s.Command(massbalance.OrganisationID(organisation), massbalance.CommandID(command))
		if err != nil {
			return err
		}
		switch body := entry.Command.Body.(type) {
		case massbalance.Receive:
			d.preceded(body.Transfer)
		case massbalance.AcceptCredits:
			d.preceded(body.Transfer)
		case massbalance.Convert:
			if err := d.converted(n, entry, body, step.Lot.Product); err != nil {
				return err
			}
		}
	}
	if len(d.Conversions) > 0 {
		d.LastProcessingSite = d.Conversions[0].Site
	}
	return nil
}

func (d *Declaration) preceded(id massbalance.TransferID) {
	if !slices.Contains(d.PrecedingDocuments, id) {
		d.PrecedingDocuments = append(d.PrecedingDocuments, id)
	}
}

// converted notes a conversion once for each product that came of it.
func (d *Declaration) converted(n names, e readmodel.Entry, body massbalance.Convert, output massbalance.ProductID) error {
	recipe, err := n.recipe(body.Recipe, e.Position)
	if err != nil {
		return err
	}
	c := DeclarationConversion{
		Site: body.Site, Date: e.Record.Date, Recipe: body.Recipe, Version: max(recipe.Version, 1), Input: recipe.Input, Output: output, Source: recipe.Source,
	}
	for _, o := range recipe.Outputs {
		if o.Product == output {
			c.Factor = o.Factor
		}
	}
	if !slices.Contains(d.Conversions, c) {
		d.Conversions = append(d.Conversions, c)
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
