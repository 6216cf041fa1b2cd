package console

import (
	"context"
	"fmt"
	"strconv"

	"github.com/weighbridge/weighbridge/chaincode/massbalance"
	"github.com/weighbridge/weighbridge/gateway/readmodel"
	"github.com/weighbridge/weighbridge/gateway/trade"
)

// settlements are what is done about the periods of agreements.
func settlements() []action {
	return []action{
		{Name: "confirm-settlement", Title: "Confirm the statement", Send: "Confirm it", Back: "/agreements", Hidden: true, form: confirmForm,
			Gives:  []massbalance.Body{massbalance.ConfirmSettlement{}},
			Lead:   "You say what your gateway computed for a period, by its hash. The period is settled once the other side says the same.",
			Blames: map[massbalance.Code]string{massbalance.DateOutsidePeriod: "date"}},
		{Name: "raise-dispute", Title: "Raise a dispute", Send: "Put it on record", Back: "/agreements", Hidden: true, form: disputeForm,
			Gives: []massbalance.Body{massbalance.RaiseDispute{}},
			Lead:  "A disagreement about a period stands on the ledger, for all members to read, until you resolve it."},
		{Name: "resolve-dispute", Title: "Resolve the dispute", Send: "Resolve it", Back: "/agreements", Hidden: true, form: resolveForm,
			Gives: []massbalance.Body{massbalance.ResolveDispute{}},
			Lead:  "Your dispute ends, and the ledger says how."},
		{Name: "contribute-premium", Title: "Contribute to the premium index", Send: "Contribute it", Back: "/worth", Hidden: true, form: contributeForm,
			Gives: []massbalance.Body{massbalance.ContributePremium{}},
			Lead:  "What a settled period paid is split into random shares, one for each trading member. Nobody learns the figure of one agreement: only the sum of at least five is ever published."},
		{Name: "publish-sum", Title: "Publish your sum of the index", Send: "Publish it", Back: "/worth", Hidden: true, form: sumForm,
			Gives: []massbalance.Body{massbalance.PublishPremiumSum{}},
			Lead:  "You publish what the shares that you got add up to. With the last member's sum the figure appears. From the first sum on nothing more is contributed."},
	}
}

// period is the period of an agreement that a form is about.
func (f *form) period() (massbalance.Agreement, int, error) {
	a, err := readmodel.Need[massbalance.Agreement](f.s, massbalance.AgreementKey(massbalance.AgreementID(f.typed.Get("agreement"))))
	if err != nil {
		return a, 0, err
	}
	period, err := strconv.Atoi(f.typed.Get("period"))
	if err != nil || period < 1 || period > len(a.Commitment.Periods) {
		return a, 0, &readmodel.NotFound{Kind: "period of agreement " + string(a.ID), Name: f.typed.Get("period")}
	}
	p := a.Commitment.Periods[period-1]
	f.Lead = append(f.Lead, fmt.Sprintf("Period %d of agreement %s, %s to %s: %s sells %s to %s.",
		period, a.ID, p.From, p.To, f.memberName(a.Seller), f.productName(a.Commitment.Product), f.memberName(a.Buyer)))
	f.Date = f.day("date", "Business date", "", f.today)
	return a, period, nil
}

func confirmForm(f *form) (massbalance.Body, error) {
	if !f.trades() {
		return nil, nil
	}
	a, period, err := f.period()
	if err != nil {
		return nil, err
	}
	statement, err := f.desk.Statement(f.ctx, a.ID, period)
	if err != nil {
		f.Stop = unopened(err)
		return nil, nil //nolint:nilerr // it is said on the form
	}
	f.Lead = append(f.Lead, fmt.Sprintf("%s were received; the premium is %s, less %s for shortfall. Due: %s.",
		worded(statement.Received), sum(statement.Premium, statement.Currency), sum(statement.Shortfall, statement.Currency), sum(statement.Due, statement.Currency)))
	_, digest, err := statement.Document()
	return massbalance.ConfirmSettlement{Agreement: a.ID, Period: period, Statement: digest}, err
}

func disputeForm(f *form) (massbalance.Body, error) {
	a, period, err := f.period()
	if err != nil || !f.trades() {
		return nil, err
	}
	return massbalance.RaiseDispute{Agreement: a.ID, Period: period, Reason: f.text("reason", "Reason", "All members read it: name receipts and quantities, no price")}, nil
}

func resolveForm(f *form) (massbalance.Body, error) {
	a, period, err := f.period()
	if err != nil || !f.trades() {
		return nil, err
	}
	return massbalance.ResolveDispute{Agreement: a.ID, Period: period, Resolution: f.text("resolution", "Resolution", "All members read it: no price")}, nil
}

func contributeForm(f *form) (massbalance.Body, error) {
	if !f.trades() {
		return nil, nil
	}
	a, period, err := f.period()
	if err != nil {
		return nil, err
	}
	return f.sends(func(ctx context.Context, desk *trade.Desk) (massbalance.Body, error) {
		return desk.Contribute(ctx, a.ID, period)
	})
}

func sumForm(f *form) (massbalance.Body, error) {
	if !f.trades() {
		return nil, nil
	}
	rounds, err := readmodel.AllThings[massbalance.PremiumRound](f.s, massbalance.KindPremium, readmodel.ThingFilter{})
	if err != nil {
		return nil, err
	}
	for _, r := range rounds {
		index := r.Value.Index
		if indexName(index) != f.typed.Get("index") {
			continue
		}
		f.Lead = append(f.Lead, fmt.Sprintf("The premium of %s under %s in quarter %d of %d, in %s: %d contributions.",
			f.productName(index.Product), modelName(index.Model), index.Quarter, index.Year, index.Currency, len(r.Value.Contributions)))
		f.Date = f.day("date", "Business date", "", f.today)
		return f.sends(func(ctx context.Context, desk *trade.Desk) (massbalance.Body, error) { return desk.Sum(ctx, index) })
	}
	return nil, &readmodel.NotFound{Kind: "figure of the index", Name: f.typed.Get("index")}
}

// indexName names a figure of the index in an address.
func indexName(i massbalance.PremiumIndex) string {
	return fmt.Sprintf("%s.%s.%s.%d.%d", i.Product, i.Model, i.Currency, i.Year, i.Quarter)
}

// calledOff is the agreement that a shipment of a product calls off: one in which
// the organisation sells it, and which is not over. There is no such field where
// there is none.
func (f *form) calledOff(product massbalance.ProductID) (massbalance.AgreementID, error) {
	filed, err := readmodel.AllThings[massbalance.Agreement](f.s, massbalance.KindAgreement, readmodel.ThingFilter{})
	if err != nil {
		return "", err
	}
	var choices []choice
	hint := "The rules then hold each lot against its specification, and the quantity against what is left of the period"
	for _, one := range filed {
		a := one.Value
		period := periodOf(a, f.happens())
		if a.Seller != f.organisation || a.Commitment.Product != product || period == 0 {
			continue
		}
		left := a.Called[period-1].Shortage(a.Most(period - 1))
		choices = append(choices, choice{Value: string(a.ID), Name: fmt.Sprintf("%s, %s: %s left until %s", a.ID, f.memberName(a.Buyer), worded(left), a.Commitment.Periods[period-1].To)})
	}
	if len(choices) == 0 && f.typed.Get("agreement") == "" {
		return "", nil
	}
	id := massbalance.AgreementID(f.maybeChoose("agreement", "Calls off an agreement", hint, "None", choices))
	f.field("agreement").Wide = true
	return id, nil
}

// happens is the day on which what is booked happened.
func (f *form) happens() massbalance.Date {
	if f.Occurred != "" {
		return f.Occurred
	}
	return f.Date
}
