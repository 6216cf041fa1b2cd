package exports

import (
	"fmt"
	"strings"

	"github.com/weighbridge/weighbridge/chaincode/massbalance"
	"github.com/weighbridge/weighbridge/gateway/pdf"
	"github.com/weighbridge/weighbridge/gateway/readmodel"
	"github.com/weighbridge/weighbridge/gateway/trade"
)

// Settlement sets the statement of a period of an agreement as PDF: what is due,
// the receipts that it follows from, and what both parties said of it on the
// ledger. It has a price in it, so it is for the two parties. The address is where
// its page is, and its code is on the paper.
func Settlement(s *readmodel.Snapshot, statement trade.Statement, at Address) ([]byte, error) {
	_, digest, err := statement.Document()
	if err != nil {
		return nil, err
	}
	said, err := said(s, statement)
	if err != nil {
		return nil, err
	}
	n := names{s: s}
	p := newPaper(head{fmt.Sprintf("Settlement %s, period %d", statement.Agreement, statement.Period), "Settlement statement", s.Next - 1, at, ""})
	p.due(statement, n)
	p.standing(said, digest)
	p.facts([][2]string{
		{"Seller", n.member(statement.Seller)}, {"Buyer", n.member(statement.Buyer)},
		{"Product", n.product(statement.Product)}, {"Period", fmt.Sprintf("%d: %s to %s", statement.Period, statement.From, statement.To)},
		{"Received", weight(statement.Received)}, {"Least and most agreed", weight(statement.Minimum) + " to " + weight(statement.Maximum)},
		{"Carried in from the period before", weight(statement.Carried)}, {"Missing of what was due", weight(statement.Short)},
		{"Carried on to the next period", weight(statement.Forward)}, {"Owed for", weight(statement.Charged)},
	})
	p.settled(statement)
	p.ledger([][2]string{
		{"Agreement", string(statement.Agreement)}, {"Terms, SHA-256", statement.Terms.String()},
		{"Confirmed by the seller as", orNone(shown(said.Seller))}, {"Confirmed by the buyer as", orNone(shown(said.Buyer))},
		{"This statement, SHA-256", digest.String()}, {"Settled on", orNone(string(said.Agreed))},
	}, "The code leads to %s, where the two parties read the statement from a gateway.")
	return p.bytes()
}

// said is what stands on the ledger about the period; nothing may.
func said(s *readmodel.Snapshot, statement trade.Statement) (massbalance.Settlement, error) {
	value, err := s.Get(massbalance.SettlementKey(statement.Agreement, statement.Period))
	settlement, _ := value.(massbalance.Settlement)
	return settlement, err
}

func shown(d massbalance.Digest) string {
	if d.IsZero() {
		return ""
	}
	return d.String()
}

// due is what the statement comes to, to be read from afar.
func (p *paper) due(s trade.Statement, n names) {
	const side = 86.0
	p.code(right-side+8, p.y-24, side)
	p.d.Text(left, p.y, label, "Agreement "+string(s.Agreement))
	p.y += 32
	p.d.Text(left, p.y, pdf.Font{Size: 27, Bold: true, Colour: ink}, sum(s.Due)+" "+s.Currency)
	p.y += 18
	who := n.member(s.Buyer) + " pays " + n.member(s.Seller)
	if s.Due.Negative() {
		who = n.member(s.Seller) + " owes " + n.member(s.Buyer) + " for what it did not deliver"
	}
	for _, text := range p.d.Wrap(body, wide-side-12, who+". Premium beside the price of the material, without tax; payment itself is outside of the ledger.") {
		p.d.Text(left, p.y, pdf.Font{Size: 9.5, Colour: muted}, text)
		p.y += 13
	}
	p.y += 16
}

// sum puts a space between thousands.
func sum(m trade.Money) string {
	digits, negative := strings.CutPrefix(m.String(), "-")
	whole, fraction, _ := strings.Cut(digits, ".")
	if q, err := massbalance.ParseQuantity(whole); err == nil {
		whole = figure(q)
	}
	if negative {
		whole = "−" + whole
	}
	return whole + "." + fraction
}

// standing says how far the two sides agree, where it is not all in order.
func (p *paper) standing(s massbalance.Settlement, own massbalance.Digest) {
	switch {
	case s.Differs():
		p.warning("The two parties computed different statements. Nothing is settled before they are the same.")
	case s.Agreed != "" && s.Seller != own:
		p.warning("The period was settled on " + string(s.Agreed) + " as another statement: what was received has changed since.")
	case s.Agreed == "":
		p.warning("Not settled: it is not confirmed by both parties yet.")
	}
	for _, d := range s.Disputes {
		if d.Resolution == "" {
			p.warning(fmt.Sprintf("In dispute since %s, raised by %s: %s", d.Raised, d.By, d.Reason))
		}
	}
}

// Where the columns of the receipts end; those of text begin.
const (
	modelAt    = left + 176
	quantityAt = left + 322
	perTonneAt = left + 386
)

func (p *paper) settled(s trade.Statement) {
	p.title("What was received", 70)
	p.settledHead(s.Currency)
	if len(s.Lines) == 0 {
		p.d.Text(left, p.y, body, "Nothing was received in this period.")
		p.y += 18
	}
	for _, l := range s.Lines {
		p.roomFor(26, func() { p.settledHead(s.Currency) })
		p.d.Text(left, p.y, body, p.cut(body, 168, string(l.Transfer)))
		p.d.Text(left, p.y+10, small, "received "+string(l.Received))
		p.d.Text(modelAt, p.y, body, capital(spoken(string(l.Model))))
		p.d.Right(quantityAt, p.y, body, figure(l.Quantity))
		p.d.Right(perTonneAt, p.y, body, sum(l.PerTonne))
		p.d.Right(right, p.y, body, sum(l.Volume))
		p.y += 24
		if !l.Savings.IsZero() {
			p.roomFor(18, func() { p.settledHead(s.Currency) })
			p.d.Text(left+14, p.y-4, small, l.Saving.String()+" kg CO2e below the baseline")
			p.d.Right(right, p.y-4, body, sum(l.Savings))
			p.y += 16
		}
	}
	p.roomFor(70, func() {})
	p.d.Line(left, p.y-9, right, p.y-9, 1, ink)
	for _, total := range []struct {
		name string
		sum  trade.Money
		font pdf.Font
	}{{"Premium", s.Premium, body}, {"Less owed for shortfall", s.Shortfall, body}, {"Due", s.Due, strong}} {
		p.d.Text(left, p.y+4, total.font, total.name)
		p.d.Right(right, p.y+4, total.font, sum(total.sum)+" "+s.Currency)
		p.y += 16
	}
	p.y += 8
}

func (p *paper) settledHead(currency string) {
	p.d.Text(left, p.y, label, "Delivery")
	p.d.Text(modelAt, p.y, label, "Custody model as sent")
	p.d.Right(quantityAt, p.y, label, "Received, kg")
	p.d.Right(perTonneAt, p.y, label, currency+"/t")
	p.d.Right(right, p.y, label, currency)
	p.d.Line(left, p.y+5, right, p.y+5, 0.7, rule)
	p.y += 18
}

// roomFor begins a new page, with the head of a table, where so much does not fit.
func (p *paper) roomFor(height float64, head func()) {
	if p.y+height > bottom {
		p.page()
		head()
	}
}
