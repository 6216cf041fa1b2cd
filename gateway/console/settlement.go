package console

import (
	"errors"
	"slices"
	"strconv"

	"github.com/weighbridge/weighbridge/chaincode/massbalance"
	"github.com/weighbridge/weighbridge/gateway/readmodel"
	"github.com/weighbridge/weighbridge/gateway/trade"
)

// settlementPage is a period of an agreement: what it comes to, for its parties,
// and what both said of it, for all.
type settlementPage struct {
	trading
	agreementRow
	Period periodRow
	// Statement is what this gateway computes, nil where it may not or cannot.
	Statement *trade.Statement
	Digest    massbalance.Digest
	Closed    string
	Lines     []settledLine
	// Payer and Payee are who owes what is due.
	Payer, Payee string
	Due          trade.Money
	Sides        []statementSide
	Verdict      string
	VerdictClass string
	Disputes     []disputeRow
	Files        string
}

// Title is the page's name in the browser.
func (p settlementPage) Title() string {
	return "Period " + strconv.Itoa(p.Period.Period) + " of agreement " + string(p.ID)
}

// Saves reports whether a premium is agreed for emissions saved.
func (p settlementPage) Saves() bool {
	return slices.ContainsFunc(p.Lines, func(l settledLine) bool { return !l.Savings.IsZero() || l.Saving.String() != "0" })
}

// settledLine is a part of a receipt with where it stands on the ledger.
type settledLine struct {
	trade.Line
	Traits  traits
	Receipt string
}

// statementSide is what one party said.
type statementSide struct {
	Role, Name string
	Digest     massbalance.Digest
	Ours       bool
	// Same is set where it is what this gateway computes now.
	Same bool
}

// disputeRow is a dispute with what may be done about it.
type disputeRow struct {
	massbalance.Dispute
	ByName string
	Deeds  []deed
}

func (l *lens) settlementPage(id massbalance.AgreementID, number string) (page settlementPage, err error) {
	page.tab = "/agreements"
	a, err := readmodel.Need[massbalance.Agreement](l.s, massbalance.AgreementKey(id))
	if err != nil {
		return page, err
	}
	period, err := strconv.Atoi(number)
	if err != nil || period < 1 || period > len(a.Commitment.Periods) {
		return page, &readmodel.NotFound{Kind: "period of agreement " + string(id), Name: number}
	}
	if page.agreementRow, err = l.agreementRow(a); err != nil {
		return page, err
	}
	page.Period = page.Periods[period-1]
	page.Files = "/api/v1/trade/agreements/" + string(id) + "/periods/" + number + "/statement"
	if err := l.settle(&page); err != nil {
		return page, err
	}
	page.compare(l)
	for _, d := range page.Period.Settlement.Disputes {
		row := disputeRow{Dispute: d, ByName: l.memberName(d.By)}
		if d.Resolution == "" && d.By == l.organisation {
			row.Deeds = l.allowed(deedOf("resolve-dispute", true, "agreement", string(id), "period", number))
		}
		page.Disputes = append(page.Disputes, row)
	}
	return page, nil
}

// settle computes the statement where the organisation may know it.
func (l *lens) settle(page *settlementPage) error {
	switch {
	case !page.Ours:
		page.Closed = "What the period comes to, only the two parties can compute. That they computed it, and whether they computed the same, stands here for all."
		return nil
	case l.desk == nil:
		page.Closed = closedNoDesk
		return nil
	}
	statement, err := l.desk.Statement(l.ctx, page.ID, page.Period.Period)
	var missing *readmodel.NotFound
	if errors.As(err, &missing) {
		return err
	}
	if err != nil {
		page.Closed = unopened(err)
		return nil //nolint:nilerr // it is said on the page
	}
	if _, page.Digest, err = statement.Document(); err != nil {
		return err
	}
	page.Statement, page.Due = &statement, statement.Due
	page.Payer, page.Payee = page.BuyerName, page.SellerName
	if statement.Due.Negative() {
		page.Payer, page.Payee, page.Due = page.SellerName, page.BuyerName, trade.Money{}.Sub(statement.Due)
	}
	for _, line := range statement.Lines {
		one, err := l.settledLine(line)
		if err != nil {
			return err
		}
		page.Lines = append(page.Lines, one)
	}
	return nil
}

func (l *lens) settledLine(line trade.Line) (settledLine, error) {
	one := settledLine{Line: line}
	t, err := find[massbalance.Transfer](l, massbalance.TransferKey(line.Transfer))
	if err != nil {
		return one, err
	}
	one.Receipt = string(t.Receiver) + "/" + string(t.Receipt)
	one.Traits, err = l.traits(line.Characteristics)
	return one, err
}

// compare puts both sides beside each other.
func (p *settlementPage) compare(l *lens) {
	s := p.Period.Settlement
	for _, side := range []statementSide{{Role: "Seller", Name: p.SellerName, Digest: s.Seller, Ours: p.Seller == l.organisation}, {Role: "Buyer", Name: p.BuyerName, Digest: s.Buyer, Ours: p.Buyer == l.organisation}} {
		side.Same = p.Statement != nil && side.Digest == p.Digest
		p.Sides = append(p.Sides, side)
	}
	own, other := p.Sides[0], p.Sides[1]
	if own.Digest, other.Digest = s.Seller, s.Buyer; p.Buyer == l.organisation {
		own, other = p.Sides[1], p.Sides[0]
	}
	p.Verdict, p.VerdictClass = verdict(s, p.Period, own, other, p.Statement != nil)
}

// verdict says in a sentence how far both sides agree.
func verdict(s massbalance.Settlement, period periodRow, own, other statementSide, computed bool) (said, class string) {
	switch {
	case s.Agreed != "" && computed && !own.Same:
		return "Settled on " + string(s.Agreed) + ", as another statement than this: what was received has changed since. What was settled stands; a dispute says what is to be done about it.", "bad"
	case s.Agreed != "":
		return "Settled on " + string(s.Agreed) + ": both sides computed the same statement, byte for byte.", "good"
	case s.Differs() && computed && own.Same:
		return "The statements differ. Yours is what this gateway computes now; the other side confirmed something else, and has to look again, or its ledger was behind.", "bad"
	case s.Differs() && computed && other.Same:
		return "The statements differ. What you confirmed is no longer what this gateway computes: what was received has changed since. The other side has the same as it does now; confirm again.", "bad"
	case s.Differs():
		return "The statements of the two sides differ. Nothing is settled before they are the same.", "bad"
	case !period.Over && !computed:
		return "The period lasts until " + string(period.To) + ", and can be confirmed after that day.", ""
	case !period.Over:
		return "The period lasts until " + string(period.To) + ". What stands here is what it comes to so far; it can be confirmed after that day.", ""
	case own.Ours && !own.Digest.IsZero() && computed && !own.Same:
		return "What you confirmed is no longer what this gateway computes: what was received has changed since. Confirm it again.", "wait"
	case s.Seller.IsZero() && s.Buyer.IsZero():
		return "Neither side has confirmed the period yet.", "wait"
	}
	return "One side has confirmed the period. It is settled once the other one computes the same.", "wait"
}
