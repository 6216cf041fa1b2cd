package trade

import (
	"encoding/xml"
	"fmt"
	"strconv"

	"github.com/weighbridge/weighbridge/chaincode/massbalance"
)

// The documents below are those of UBL 2.1 (OASIS, ISO/IEC 19845), as far as a
// settlement fills them: an invoice where the buyer owes, a credit note where the
// seller does. They are in the order of the schema. Tax is not computed: what is
// due beside the premium is the parties' to add.
const (
	ublInvoice    = "urn:oasis:names:specification:ubl:schema:xsd:Invoice-2"
	ublCreditNote = "urn:oasis:names:specification:ubl:schema:xsd:CreditNote-2"
	ublAggregate  = "urn:oasis:names:specification:ubl:schema:xsd:CommonAggregateComponents-2"
	ublBasic      = "urn:oasis:names:specification:ubl:schema:xsd:CommonBasicComponents-2"
)

type ublDocument struct {
	XMLName   xml.Name
	Namespace string `xml:"xmlns,attr"`
	CAC       string `xml:"xmlns:cac,attr"`
	CBC       string `xml:"xmlns:cbc,attr"`
	Version   string `xml:"cbc:UBLVersionID"`
	ID        string `xml:"cbc:ID"`
	Issued    string `xml:"cbc:IssueDate"`
	// An invoice has its type, a credit note another element for it.
	InvoiceType    string        `xml:"cbc:InvoiceTypeCode,omitempty"`
	CreditNoteType string        `xml:"cbc:CreditNoteTypeCode,omitempty"`
	Note           string        `xml:"cbc:Note"`
	Currency       string        `xml:"cbc:DocumentCurrencyCode"`
	Period         ublPeriod     `xml:"cac:InvoicePeriod"`
	Contract       ublReference  `xml:"cac:ContractDocumentReference"`
	Supplier       ublParty      `xml:"cac:AccountingSupplierParty"`
	Customer       ublParty      `xml:"cac:AccountingCustomerParty"`
	Total          ublTotal      `xml:"cac:LegalMonetaryTotal"`
	Lines          []ublLine     `xml:"cac:InvoiceLine,omitempty"`
	CreditLines    []ublLineBack `xml:"cac:CreditNoteLine,omitempty"`
}

type ublPeriod struct {
	Start string `xml:"cbc:StartDate"`
	End   string `xml:"cbc:EndDate"`
}

type ublReference struct {
	ID string `xml:"cbc:ID"`
}

type ublParty struct {
	Name string `xml:"cac:Party>cac:PartyName>cbc:Name"`
}

type ublAmount struct {
	Currency string `xml:"currencyID,attr"`
	Value    string `xml:",chardata"`
}

type ublQuantity struct {
	Unit  string `xml:"unitCode,attr"`
	Value string `xml:",chardata"`
}

type ublTotal struct {
	Lines   ublAmount `xml:"cbc:LineExtensionAmount"`
	Without ublAmount `xml:"cbc:TaxExclusiveAmount"`
	With    ublAmount `xml:"cbc:TaxInclusiveAmount"`
	Payable ublAmount `xml:"cbc:PayableAmount"`
}

type ublLine struct {
	ID       string      `xml:"cbc:ID"`
	Quantity ublQuantity `xml:"cbc:InvoicedQuantity"`
	Amount   ublAmount   `xml:"cbc:LineExtensionAmount"`
	Item     ublItem     `xml:"cac:Item"`
	Price    ublPrice    `xml:"cac:Price"`
}

type ublLineBack struct {
	ID       string      `xml:"cbc:ID"`
	Quantity ublQuantity `xml:"cbc:CreditedQuantity"`
	Amount   ublAmount   `xml:"cbc:LineExtensionAmount"`
	Item     ublItem     `xml:"cac:Item"`
	Price    ublPrice    `xml:"cac:Price"`
}

type ublItem struct {
	Description string `xml:"cbc:Description"`
	Name        string `xml:"cbc:Name"`
}

type ublPrice struct {
	Amount ublAmount    `xml:"cbc:PriceAmount"`
	Base   *ublQuantity `xml:"cbc:BaseQuantity,omitempty"`
}

// The codes of UN/CEFACT: a commercial invoice and a credit note (1001), kilograms,
// tonnes and one piece (Recommendation 20).
const (
	codeInvoice    = "380"
	codeCreditNote = "381"
	unitKilogram   = "KGM"
	unitTonne      = "TNE"
	unitOne        = "C62"
)

// UBL writes a statement as an invoice of a day, or, where the seller owes, as a
// credit note. Name gives an organisation's name for people.
func (s Statement) UBL(issued massbalance.Date, name func(massbalance.OrganisationID) string) ([]byte, error) {
	back := s.Due.Negative()
	d := ublDocument{
		XMLName: xml.Name{Local: "Invoice"}, Namespace: ublInvoice, CAC: ublAggregate, CBC: ublBasic, Version: "2.1",
		ID: fmt.Sprintf("%s/%d", s.Agreement, s.Period), Issued: string(issued), InvoiceType: codeInvoice,
		Note: "Premium for sustainability characteristics, by weight received; without the price of the material and without tax.", Currency: s.Currency,
		Period: ublPeriod{string(s.From), string(s.To)}, Contract: ublReference{string(s.Agreement)},
		Supplier: ublParty{name(s.Seller)}, Customer: ublParty{name(s.Buyer)},
	}
	due := s.amount(s.Due, back)
	d.Total = ublTotal{due, due, due, due}
	lines := s.ublLines(back)
	if !back {
		d.Lines = lines
	} else {
		d.XMLName.Local, d.Namespace, d.InvoiceType, d.CreditNoteType = "CreditNote", ublCreditNote, "", codeCreditNote
		for _, l := range lines {
			d.CreditLines = append(d.CreditLines, ublLineBack(l))
		}
	}
	text, err := xml.MarshalIndent(d, "", "  ")
	if err != nil {
		return nil, fmt.Errorf("couldn't write a UBL document: %w", err)
	}
	return append([]byte(xml.Header), append(text, '\n')...), nil
}

// amount writes a sum; on a credit note all signs turn round.
func (s Statement) amount(m Money, back bool) ublAmount {
	if back {
		m = Money{m.d.Neg()}
	}
	return ublAmount{s.Currency, m.String()}
}

func (s Statement) ublLines(back bool) []ublLine {
	var lines []ublLine
	add := func(quantity, unit string, amount Money, name, description string, price Money, base string) {
		l := ublLine{
			ID: strconv.Itoa(len(lines) + 1), Quantity: ublQuantity{unit, quantity}, Amount: s.amount(amount, back),
			Item: ublItem{description, name}, Price: ublPrice{Amount: s.amount(price, back)},
		}
		if base != "" {
			l.Price.Base = &ublQuantity{base, "1"}
		}
		lines = append(lines, l)
	}
	for _, l := range s.Lines {
		name := fmt.Sprintf("%s, %s", s.Product, l.Model)
		add(l.Quantity.String(), unitKilogram, l.Volume, name, fmt.Sprintf("Transfer %s, received %s, characteristics %s", l.Transfer, l.Received, l.Characteristics), l.PerTonne, unitTonne)
		if !l.Savings.IsZero() {
			add("1", unitOne, l.Savings, name, fmt.Sprintf("%s kg CO2e below the baseline, transfer %s", l.Saving, l.Transfer), l.Savings, "")
		}
	}
	if !s.Shortfall.IsZero() {
		owed := Money{s.Shortfall.d.Neg()}
		add("1", unitOne, owed, "Shortfall", fmt.Sprintf("%s kg less than agreed", s.Charged), owed, "")
	}
	return lines
}
