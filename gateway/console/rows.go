package console

import (
	"strings"

	"github.com/weighbridge/weighbridge/chaincode/massbalance"
	"github.com/weighbridge/weighbridge/gateway/readmodel"
)

// traits are a set of specified characteristics in a line.
type traits struct {
	ID massbalance.CharacteristicsID
	massbalance.Characteristics
	// Emissions is the sum of what is emitted, in kg CO2e per kg. Removals and
	// uptake stand apart: they are never netted.
	Emissions, Removals, Uptake string
}

func (l *lens) traits(id massbalance.CharacteristicsID) (traits, error) {
	c, err := find[massbalance.Characteristics](l, massbalance.CharacteristicsKey(id))
	return newTraits(id, c), err
}

func newTraits(id massbalance.CharacteristicsID, c massbalance.Characteristics) traits {
	t := traits{ID: id, Characteristics: c, Emissions: c.Carbon.ExcludingUptake().String()}
	if c.Carbon.Removals.Intensity.Sign() != 0 {
		t.Removals = minus(c.Carbon.Removals.Intensity.String())
	}
	if c.Carbon.BiogenicUptake.Intensity.Sign() != 0 {
		t.Uptake = minus(c.Carbon.BiogenicUptake.Intensity.String())
	}
	return t
}

// minus writes a proper minus sign.
func minus(number string) string { return strings.Replace(number, "-", "−", 1) }

// lotRow is a lot in a table.
type lotRow struct {
	massbalance.Lot
	Product string
	Traits  traits
	// Left is what is available in per cent of the lot.
	Left string
}

func (l *lens) lotRows(lots []massbalance.Lot) ([]lotRow, error) {
	rows := make([]lotRow, 0, len(lots))
	for _, lot := range lots {
		t, err := l.traits(lot.Characteristics)
		if err != nil {
			return nil, err
		}
		rows = append(rows, lotRow{lot, l.productName(lot.Product), t, percent(lot.Available(), lot.Quantity, 2)})
	}
	return rows, nil
}

// transferRow is a transfer seen from a site, or from an organisation.
type transferRow struct {
	massbalance.Transfer
	Product    string
	Attributed massbalance.Quantity
	// Other is the site at the other end, Own the one at this end.
	Other, Own massbalance.Site
	OtherOwner string
	// Todo says what this organisation has to do about it, or "".
	Todo string
}

func (l *lens) transferRows(transfers []massbalance.Transfer, in bool) ([]transferRow, error) {
	rows := make([]transferRow, 0, len(transfers))
	for _, t := range transfers {
		row := transferRow{Transfer: t, Product: l.productName(t.Product)}
		for _, line := range t.Lines {
			row.Attributed = row.Attributed.Add(line.Quantity)
		}
		other, own := t.To, t.From
		if in {
			other, own = own, other
		}
		var err error
		if row.Other, err = find[massbalance.Site](l, massbalance.SiteKey(other)); err != nil {
			return nil, err
		}
		if row.Own, err = find[massbalance.Site](l, massbalance.SiteKey(own)); err != nil {
			return nil, err
		}
		row.OtherOwner = l.memberName(row.Other.Owner)
		_, row.Todo = l.transferDeeds(t)
		rows = append(rows, row)
	}
	return rows, nil
}

// transferTable is a table of transfers; End says which end the other site is.
type transferTable struct {
	End  string
	Rows []transferRow
}

// entryRow is an entry of the journal in words.
type entryRow struct {
	readmodel.Entry
	Verb  string
	Site  string
	Moves []move
	// Href is the page of the record's subject, "" if it has none.
	Href string
}

// move is material going in or out.
type move struct {
	Sign, Class, Product string
	Quantity             massbalance.Quantity
}

// verbs say what a command did; records are facts of the past.
var verbs = map[string]string{
	"found_consortium": "Consortium founded", "register_organisation": "Organisation registered", "remove_organisation": "Organisation removed", "register_product": "Product registered",
	"register_recipe": "Recipe registered", "register_baseline": "Average adopted", "register_profile": "Scheme profile adopted", "register_cosigner": "Cosigning key registered", "register_certifier": "Certifier recognised", "register_site": "Site registered",
	"open_period": "Period opened", "close_period": "Period closed", "publish_certificate": "Certificate published",
	"publish_statement": "Statement published", "publish_credit_audit": "Audit of credit published", "choose_scheme": "Scheme chosen", "change_balance": "Way of balancing changed", "introduce": "Introduced", "take_in": "Taken in", "dispatch": "Dispatched",
	"receive": "Received", "reject": "Rejected", "return": "Returned", "convert": "Converted", "withdraw": "Withdrawn", "claim": "Claimed",
	"adopt_rules": "Rules adopted", "publish_standing": "Standing published", "publish_finding": "Finding published", "adopt_finding": "Finding adopted",
	"trace_recall": "Recall traced", "cover_recall": "Recall covered", "downgrade": "Stepped down", "merge": "Lots merged", "reassign": "Credit reassigned", "decouple": "Decoupled",
	"transfer_credits": "Credits offered", "accept_credits": "Credits accepted", "return_credits": "Credits returned", "cancel": "Cancelled",
	"report_tier": "Reported for a tier", "propose_reversal": "Reversal proposed", "confirm_reversal": "Reversal agreed",
	"complete_reversal": "Reversal completed", "reverse": "Reversed",
	"make_offer": "Offered", "counter_offer": "Other terms proposed", "accept_offer": "Terms accepted", "decline_offer": "Declined", "withdraw_offer": "Offer withdrawn",
	"confirm_settlement": "Settlement confirmed", "raise_dispute": "Dispute raised", "resolve_dispute": "Dispute resolved",
	"contribute_premium": "Contributed to the index", "publish_premium_sum": "Sum for the index published", "register_project": "Project registered",
}

// verb says what a command did; one that is not known here says it itself.
func verb(kind string) string {
	if known := verbs[kind]; known != "" {
		return known
	}
	words := strings.ReplaceAll(kind, "_", " ")
	return strings.ToUpper(words[:min(1, len(words))]) + words[min(1, len(words)):]
}

// subjectHref is the page of what a record is about.
func subjectHref(e readmodel.Entry) string {
	subject := e.Record.Subject
	switch e.Command.Body.(type) {
	case massbalance.ClaimCredits:
		return "/claims/" + subject
	case massbalance.Introduce:
		return "/lots/" + subject
	case massbalance.Dispatch, massbalance.Receive, massbalance.Reject, massbalance.Return, massbalance.TransferCredits,
		massbalance.AcceptCredits, massbalance.ReturnCredits, massbalance.ProposeReversal, massbalance.ConfirmReversal, massbalance.CompleteReversal:
		return "/transfers/" + subject
	case massbalance.OpenPeriod, massbalance.ClosePeriod:
		return "/sites/" + string(e.Record.Site) + "/periods/" + subject
	}
	return tradeHref(e)
}

func (l *lens) entryRows(entries []readmodel.Entry) []entryRow {
	rows := make([]entryRow, 0, len(entries))
	for _, e := range entries {
		row := entryRow{Entry: e, Verb: verb(e.Record.Type), Href: subjectHref(e)}
		if e.Record.Site != "" {
			row.Site = l.siteName(e.Record.Site)
		}
		for _, m := range e.Record.Materials {
			if !m.In.IsZero() {
				row.Moves = append(row.Moves, move{"+", "in", l.productName(m.Product), m.In})
			}
			if !m.Out.IsZero() {
				row.Moves = append(row.Moves, move{"−", "out", l.productName(m.Product), m.Out})
			}
		}
		if claim, ok := e.Command.Body.(massbalance.ClaimCredits); ok {
			row.Moves = append(row.Moves, claimed(l.productName(claim.Product), claim.Lines))
		}
		rows = append(rows, row)
	}
	return rows
}

// claimed shows what a claim took, which is credit and no material.
func claimed(product string, lines []massbalance.LotLine) move {
	m := move{"−", "credit", product + " credit", massbalance.Quantity{}}
	for _, line := range lines {
		m.Quantity = m.Quantity.Add(line.Quantity)
	}
	return m
}

// claimRow is a claim in a table.
type claimRow struct {
	massbalance.Claim
	Product string
	Site    string
	Model   massbalance.CustodyModel
}

func (l *lens) claimRow(c massbalance.Claim) claimRow {
	return claimRow{c, l.productName(c.Product), l.siteName(c.Site), loosest(c.Lines)}
}

// loosest is the model that a whole claim may name: its weakest part's.
func loosest(lines []massbalance.TransferLine) massbalance.CustodyModel {
	var model massbalance.CustodyModel
	for i, line := range lines {
		if i == 0 || line.Model.Level() < model.Level() {
			model = line.Model
		}
	}
	return model
}
