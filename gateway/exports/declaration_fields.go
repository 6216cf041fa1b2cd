package exports

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"github.com/weighbridge/weighbridge/chaincode/massbalance"
	"github.com/weighbridge/weighbridge/gateway/table"
)

// DeclarationField is one thing that a sustainability declaration is asked for,
// as data standards of the field list it: the product information of RSB's
// PRO-20-001, Annex I, as BOOST gives it, with what UNTP and PACT add.
type DeclarationField struct {
	Name string
	// Value is what the ledger knows, "not recorded" where that is nothing.
	Value string
	// From says where it comes from.
	From string
}

// Fields lists every field that a declaration is asked for, in a fixed order.
func (d Declaration) Fields() []DeclarationField {
	dispatch := "the dispatch on the ledger"
	lots, register := "the lots attributed to the transfer", "the consortium's register"
	fields := []DeclarationField{
		{"Document number", string(d.Document), dispatch + "; unique, as it is the sender and its command"},
		{"Status", strings.TrimSpace(spoken(string(d.Status)) + " " + string(d.Resolved)), "the transfer on the ledger, as of this block"},
		{"Batches", d.each(func(l DeclarationLine) string { return string(l.PrecedingDocument) }), lots},
		{"Product", d.ProductDescription, register},
		{"Raw material", d.fromOrigins(func(o DeclarationOrigin) string { return o.RawMaterial }), "the statements of the certification bodies behind the lots"},
		{"Specification of the raw material", "", "the ledger keeps no grades or analyses"},
		{"Country of origin", d.each(func(l DeclarationLine) string { return l.Characteristics.Country }), lots},
		{"Region of origin", d.each(func(l DeclarationLine) string { return l.Characteristics.Region }), lots},
		{"Land unit", d.each(func(l DeclarationLine) string { return l.Characteristics.LandUnit }), lots + "; where it was verified"},
		{"Quantity", d.Quantity.String() + " " + d.Unit, dispatch + ", weighed by the supplier"},
		{"Quantity with characteristics", d.Attributed.String() + " " + d.Unit, lots},
		{"Date of shipment", string(d.Shipped), dispatch},
		{"Date of acquisition", string(d.Acquired), "the receipt on the ledger, once there is one"},
		{"Supplier", d.Supplier.called(), register}, {"Supplier's postal address", "", "the ledger keeps none"},
		{"Customer", d.Customer.called(), register}, {"Customer's postal address", "", "the ledger keeps none"},
		{"Last processing site", string(d.LastProcessingSite), "the last conversion behind the lots; none where it was never converted"},
		{"Scheme", d.each(func(l DeclarationLine) string { return string(l.Scheme) }), lots},
		{"Sustainability claim", d.each(func(l DeclarationLine) string { return l.Wording }), "the rules: what the custody model lets say"},
		{"Practices", d.each(func(l DeclarationLine) string { return strings.Join(l.Characteristics.Practices, ", ") }), lots},
		{"Supplier's certificate", d.Supplier.certificates(func(c DeclarationCertificate) string { return string(c.Certificate) + ", " + c.Standing }), "certificates of the site of shipment, on that day"},
		{"Supplier's certification body", d.Supplier.certificates(func(c DeclarationCertificate) string { return c.CertifierName }), "as before"},
		{"Producers' certificates", d.fromOrigins(func(o DeclarationOrigin) string { return string(o.Certificate) + " of " + o.CertifierName }), "the statements behind the lots"},
		{"Custody model used by the supplier", d.each(func(l DeclarationLine) string { return spoken(string(l.Model)) }), dispatch},
		{"Greenhouse gas intensity", d.each(carbonWords), lots + "; kg CO2e per kg, each figure by itself"},
		{"Greenhouse gas method", d.each(methodWords), lots},
		{"Figures on merging", spoken(string(d.Merge)), "the profile of the supplier's balance"},
		{"Delivery notes", strings.Trim(joined(d.DeliveryNotes), "–"), dispatch},
		{"Invoice", "", "prices and invoices are between the parties, not on the ledger"},
		{"Mass balance period", string(d.Period), dispatch},
		{"Conversion factors", d.factors(), "the recipes in force when it was converted"},
		{"Preceding documents", join(d.PrecedingDocuments), "the transfers that the lots came by"},
	}
	for i := range fields {
		fields[i].Value = cmp.Or(fields[i].Value, notRecorded)
	}
	return fields
}

// each gives what all lines say of something, once each.
func (d Declaration) each(say func(DeclarationLine) string) string { return distinct(d.Lines, say) }

func (d Declaration) fromOrigins(say func(DeclarationOrigin) string) string {
	return distinct(d.Origins, say)
}

func (p Party) certificates(say func(DeclarationCertificate) string) string {
	return distinct(p.Certificates, say)
}

func distinct[T any](items []T, say func(T) string) string {
	var words []string
	for _, item := range items {
		if word := say(item); word != "" && !slices.Contains(words, word) {
			words = append(words, word)
		}
	}
	return strings.Join(words, "; ")
}

func (p Party) called() string {
	return fmt.Sprintf("%s (%s), %s (%s), %s, %s", p.Name, p.Organisation, p.SiteName, p.Site, p.Region, p.Country)
}

func carbonWords(l DeclarationLine) string {
	var words []string
	for i, name := range carbonNames {
		if f := figuresOf(l.Characteristics.Carbon)[i]; f != nil {
			words = append(words, name+" "+f.Intensity.String())
		}
	}
	return strings.Join(words, ", ")
}

func methodWords(l DeclarationLine) string {
	return distinct(figuresOf(l.Characteristics.Carbon), func(f *massbalance.CarbonFigure) string {
		if f == nil {
			return ""
		}
		return f.Method
	})
}

// carbonNames are in the order of figuresOf.
var carbonNames = []string{"fossil", "land management", "fossil of land management", "land-use change", "biogenic non-CO2", "uptake", "removals", "land carbon leakage"}

func (d Declaration) factors() string {
	return distinct(d.Conversions, func(c DeclarationConversion) string {
		return fmt.Sprintf("%s version %d: %s to %s at most %s (%s)", c.Recipe, c.Version, c.Input, c.Output, c.Factor, orWords(c.Source, "source "+notRecorded))
	})
}

// CSV writes the fields, one a line.
func (d Declaration) CSV(out io.Writer) error {
	w := table.NewCSV(out)
	err := w.Write(texts("field", "value", "where it comes from")...)
	for _, f := range d.Fields() {
		if err == nil {
			err = w.Write(texts(f.Name, f.Value, f.From)...)
		}
	}
	if err == nil {
		err = w.Write(texts("Block", strconv.FormatUint(d.Height, 10), "the height at which this is true")...)
	}
	if err != nil {
		return fmt.Errorf("couldn't write the declaration %s: %w", d.Document, err)
	}
	return w.Close()
}

// PDF sets the declaration for people.
func (d Declaration) PDF(at Address) ([]byte, error) {
	p := newPaper(head{"Sustainability declaration " + string(d.Document), "Sustainability declaration", d.Height, at, d.void()})
	p.headline(d.Quantity, d.ProductDescription, "Document "+string(d.Document))
	if p.void != "" {
		p.warning(d.voidWords())
	}
	p.recalls(d.Origins)
	p.facts([][2]string{
		{"Supplier", d.Supplier.Name}, {"Customer", d.Customer.Name},
		{"From", d.Supplier.SiteName + ", " + d.Supplier.Region}, {"To", d.Customer.SiteName + ", " + d.Customer.Region},
		{"Shipped", string(d.Shipped)}, {"Status", strings.TrimSpace(spoken(string(d.Status)) + " " + string(d.Resolved))},
		{"Weight found on arrival", weight(d.Arrived)}, {"Delivery notes", joined(d.DeliveryNotes)},
		{"With characteristics", weight(d.Attributed)}, {"Undifferentiated", weight(d.Undifferentiated)},
	})
	var sets []share
	for _, l := range d.Lines {
		sets = append(sets, share{l.Quantity, l.Model, l.Scheme, l.Characteristics})
	}
	p.characteristics(sets)
	p.origins(d.Origins, d.Attributed, d.Rounding)
	p.fields(d.Fields())
	p.ledger([][2]string{
		{"Journal", string(d.Supplier.Site) + ", no. " + strconv.FormatUint(d.Sequence, 10)}, {"Block", strconv.FormatUint(d.Block, 10)}, {"Transaction", d.Transaction},
	}, "The code leads to %s, where the declaration is read from a gateway.")
	return p.bytes()
}

// void says in a word why the declaration declares nothing, "" where it stands.
func (d Declaration) void() string {
	switch d.Status {
	case massbalance.Rejected, massbalance.Returned, massbalance.Reversed:
		return strings.ToUpper(string(d.Status))
	}
	if slices.ContainsFunc(d.Origins, func(o DeclarationOrigin) bool { return o.Recalled != "" }) {
		return "RESTS ON RECALLED STATEMENTS"
	}
	return ""
}

func (d Declaration) voidWords() string {
	if d.Status == massbalance.Received || d.Status == massbalance.InTransit || d.Status == massbalance.Reversing {
		return "Not all of this quantity can be relied on: what it rests on was recalled, as below."
	}
	return "This transfer was " + string(d.Status) + " on " + string(cmp.Or(d.Reversed, d.Resolved)) + ". The declaration must not be used."
}

// fields sets a declaration field by field, with where each comes from.
func (p *paper) fields(fields []DeclarationField) {
	const nameWide, valueWide = 130.0, 220.0
	fromAt := left + nameWide + valueWide
	p.page()
	p.title("Field by field", 60)
	for _, f := range fields {
		face := body
		if f.Value == notRecorded {
			face = label
		}
		value, from := p.d.Wrap(face, valueWide-12, f.Value), p.d.Wrap(small, right-fromAt, f.From)
		height := max(11*float64(len(value)), 9*float64(len(from))) + 6
		p.room(height)
		p.d.Text(left, p.y, label, f.Name)
		for i, text := range value {
			p.d.Text(left+nameWide, p.y+11*float64(i), face, text)
		}
		for i, text := range from {
			p.d.Text(fromAt, p.y+9*float64(i), small, text)
		}
		p.d.Line(left, p.y+height-11, right, p.y+height-11, 0.4, rule)
		p.y += height
	}
	p.y += 6
}
