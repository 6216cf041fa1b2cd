package console

import (
	"cmp"
	"slices"
	"strconv"
	"strings"

	"github.com/weighbridge/weighbridge/chaincode/massbalance"
)

// claimForm uses credit up for a beneficiary and a reporting year.
func claimForm(f *form) (massbalance.Body, error) {
	site, product, err := f.stock("Site", true)
	if err != nil || product == "" {
		return nil, err
	}
	body := massbalance.ClaimCredits{Site: site, Product: product}
	body.Beneficiary = f.text("beneficiary", "Beneficiary", "The product or customer that the claim is for")
	body.ReportingYear = f.year("year", "Reporting year")
	body.Purpose = f.text("purpose", "Purpose", "Such as: Scope 3 category 1, FLAG inventory")
	body.Lines, err = f.lots("Lots to be claimed", "A claim is final: what is claimed can never be sold, claimed or given back.", lotFilter{Site: site, Product: product, Verb: "Claim"})
	return body, err
}

// year is a calendar year; that of the business date is proposed.
func (f *form) year(name, label string) int {
	one := f.add("text", name, label, "")
	if day := cmp.Or(f.Date, f.today); !f.typed.Has(name) && day.Valid() {
		one.Value = strconv.Itoa(yearIn(day))
	}
	f.need(one, "Which year?")
	year, err := strconv.Atoi(one.Value)
	if one.Value != "" && err != nil {
		one.fail("%q is not a year such as 2026", one.Value)
	}
	return year
}

func downgradeForm(f *form) (massbalance.Body, error) {
	site, product, err := f.stock("Site", true)
	if err != nil || product == "" {
		return nil, err
	}
	body := massbalance.Downgrade{Site: site, Product: product}
	body.Model = massbalance.CustodyModel(f.decides("model", "Step down to", "There is no way back up", modelChoices("")))
	if body.Model == massbalance.ControlledBlending {
		body.Quantity = f.kg("quantity", "Weight of the blend", "The share of credit in it is kept from then on")
	}
	body.Lines, err = f.lots("Lots", "", lotFilter{Site: site, Product: product, Moves: true, Verb: "Step down"})
	return body, err
}

func decoupleForm(f *form) (massbalance.Body, error) {
	site, product, err := f.stock("Site", true)
	if err != nil || product == "" {
		return nil, err
	}
	lines, err := f.lots("Lots", "Their material stays as undifferentiated stock.", lotFilter{Site: site, Product: product, Moves: true, Verb: "Decouple"})
	return massbalance.Decouple{Site: site, Product: product, Lines: lines}, err
}

func transferCreditsForm(f *form) (massbalance.Body, error) {
	site, product, err := f.stock("From", true)
	if err != nil || product == "" {
		return nil, err
	}
	sites, err := f.otherSites(site)
	if err != nil {
		return nil, err
	}
	to := massbalance.SiteID(f.choose("to", "To", "", sites))
	agreement, err := f.calledOff(product)
	if err != nil {
		return nil, err
	}
	lines, err := f.lots("Credits", "Lots of book and claim only: decouple others first.", lotFilter{Site: site, Product: product, Alone: true, Verb: "Offer"})
	return massbalance.TransferCredits{Site: site, To: to, Product: product, Lines: lines, Agreement: agreement}, err
}

func acceptCreditsForm(f *form) (massbalance.Body, error) {
	t, err := f.transfer()
	if err == nil {
		err = f.when(t.To)
	}
	return massbalance.AcceptCredits{Site: t.To, Transfer: t.ID}, err
}

func returnCreditsForm(f *form) (massbalance.Body, error) {
	t, err := f.transfer()
	if err == nil {
		err = f.when(t.From)
	}
	return massbalance.ReturnCredits{Site: t.From, Transfer: t.ID}, err
}

func cancelForm(f *form) (massbalance.Body, error) {
	site, product, err := f.stock("Site", true)
	if err != nil || product == "" {
		return nil, err
	}
	reason := f.text("reason", "Reason", "")
	lines, err := f.lots("Lots to be given up", "They can never be claimed. The material stays.", lotFilter{Site: site, Product: product, Verb: "Give up"})
	return massbalance.Cancel{Site: site, Product: product, Lines: lines, Reason: reason}, err
}

// reassignForm gives credit to another product of the product group.
func reassignForm(f *form) (massbalance.Body, error) {
	site, product, err := f.stock("Site", true)
	if err != nil || product == "" {
		return nil, err
	}
	products, err := f.productChoices()
	if err != nil {
		return nil, err
	}
	products = slices.DeleteFunc(products, func(c choice) bool { return c.Value == string(product) })
	to := massbalance.ProductID(f.choose("to", "To", "A product of the same product group, as far as it is in stock", products))
	lines, err := f.lots("Lots", "", lotFilter{Site: site, Product: product, Moves: true})
	return massbalance.Reassign{Site: site, Product: product, To: to, Lines: lines}, err
}

func mergeForm(f *form) (massbalance.Body, error) {
	site, product, err := f.stock("Site", true)
	if err != nil || product == "" {
		return nil, err
	}
	carbon := massbalance.CarbonMerge(f.choose("carbon", "Carbon figures become", "Neither way lowers a figure that is reported", []choice{
		{Value: string(massbalance.CarbonHighest), Name: "the highest of them"}, {Value: string(massbalance.CarbonWeightedMean), Name: "their mean by weight, rounded up"}}))
	lines, err := f.lots("Lots", "They may differ in their carbon figures and in nothing else.", lotFilter{Site: site, Product: product})
	return massbalance.MergeLots{Site: site, Product: product, Lines: lines, Carbon: carbon}, err
}

// end is the site at which the organisation has a transfer.
func (f *form) end(t massbalance.Transfer) massbalance.SiteID {
	if t.Sender == f.organisation {
		return t.From
	}
	return t.To
}

func proposeReversalForm(f *form) (massbalance.Body, error) {
	t, err := f.transfer()
	if err == nil {
		err = f.when(f.end(t))
	}
	if err != nil || f.Stop != "" {
		return nil, err
	}
	return massbalance.ProposeReversal{Site: f.end(t), Transfer: t.ID, Reason: f.text("reason", "Reason", "The other party reads it")}, nil
}

// reversing begins a form about a reversal that was proposed.
func (f *form) reversing() (massbalance.Transfer, error) {
	t, err := f.transfer()
	if r := t.Reversal; err == nil && r != nil {
		f.Lead = append(f.Lead, f.memberName(r.Proposer)+" asked on "+string(r.Proposed)+" to reverse it: "+strings.TrimRight(r.Reason, ".")+".")
	}
	if err == nil {
		err = f.when(f.end(t))
	}
	return t, err
}

func confirmReversalForm(f *form) (massbalance.Body, error) {
	t, err := f.reversing()
	return massbalance.ConfirmReversal{Site: f.end(t), Transfer: t.ID}, err
}

func completeReversalForm(f *form) (massbalance.Body, error) {
	t, err := f.reversing()
	return massbalance.CompleteReversal{Site: f.end(t), Transfer: t.ID}, err
}
