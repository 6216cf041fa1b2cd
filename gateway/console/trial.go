package console

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/weighbridge/weighbridge/chaincode/massbalance"
	"github.com/weighbridge/weighbridge/gateway/submit"
)

// trial is what the rules say to a command on this snapshot, and what it would do.
type trial struct {
	Result   massbalance.Result
	Accepted bool
	// Said is the refusal in words.
	Said string
	// Accounts are the stock accounts as they would stand, Lots the lots that
	// would come to be, Ends where credit would end.
	Accounts []accountEffect
	Lots     []lotEffect
	Ends     []endEffect
	Notes    []string
	Claim    *claimEffect
	// Closing is what a close would carry over, product by product.
	Closing []closingRow
	// Changes are what a proposal would change of the register.
	Changes []changeRow
}

type accountEffect struct {
	Site, Product                    string
	In, Out, CreditIn, CreditOut     massbalance.Quantity
	Stock, Credit, Before, CreditWas massbalance.Quantity
}

// Moved and CreditMoved report whether either side changes.
func (e accountEffect) Moved() bool { return !e.In.IsZero() || !e.Out.IsZero() }

// CreditMoved is the same of the credit.
func (e accountEffect) CreditMoved() bool { return !e.CreditIn.IsZero() || !e.CreditOut.IsZero() }

type lotEffect struct {
	ID       massbalance.LotID
	Product  string
	Quantity massbalance.Quantity
	Model    massbalance.CustodyModel
	Traits   traits
}

type endEffect struct {
	Name     string
	Quantity massbalance.Quantity
}

// trialTransaction is the transaction of a trial; it is in no block.
const trialTransaction = "trial"

// try lets the rules decide a command over the snapshot: nothing about it is
// worked out here. What they refuse is put to the field that it concerns.
func (p *actionPage) try(l *lens, command massbalance.Command) error {
	p.command = &command
	t, err := l.tried(command)
	if err != nil {
		return err
	}
	if p.Trial = t; t.Accepted || p.blame(t.Result) {
		return nil
	}
	p.Refusal, p.Figures = spokenRefusal(t.Result), t.Result.Figures
	return nil
}

// tried is what the rules make of a command on this snapshot.
func (l *lens) tried(command massbalance.Command) (*trial, error) {
	batch, err := massbalance.ExecuteBatch(l.s, massbalance.Tx{ID: trialTransaction, Organisation: l.organisation}, []massbalance.Command{command})
	if err != nil {
		return nil, fmt.Errorf("couldn't try the command: %w", err)
	}
	t := &trial{Result: batch.Results[0], Accepted: batch.Results[0].Code == massbalance.Accepted}
	switch {
	case !t.Accepted:
		t.Said = spokenRefusal(t.Result)
	case t.Result.Repeated:
		t.Notes = append(t.Notes, "This form was sent already, and was accepted. Sending it again changes nothing.")
	default:
		err = t.describe(l, command.Body, batch)
	}
	return t, err
}

// describe reads the effect from what would be written.
func (t *trial) describe(l *lens, body massbalance.Body, batch massbalance.BatchOutcome) error {
	record := batch.Records[0].Record
	for _, set := range record.Sets {
		l.known[massbalance.CharacteristicsKey(set.ID())] = set
	}
	for _, w := range batch.Writes {
		before, err := l.s.Get(w.Key)
		if err != nil {
			return err
		}
		switch after := w.Value.(type) {
		case massbalance.Account:
			was, _ := before.(massbalance.Account)
			t.Accounts = append(t.Accounts, l.accountEffect(w.Key, was, after))
		case massbalance.Lot:
			if before == nil {
				set, err := l.traits(after.Characteristics)
				if err != nil {
					return err
				}
				t.Lots = append(t.Lots, lotEffect{after.ID, l.productName(after.Product), after.Quantity, after.Model, set})
			}
		case massbalance.Claim:
			if t.Claim, err = l.claimEffect(after); err != nil {
				return err
			}
		case massbalance.Period:
			if after.Closed {
				t.Closing = l.closingRows(after)
			}
		case massbalance.Proposal:
			t.Notes = append(t.Notes, l.proposalNote(after))
			if t.Changes, err = l.changes(body); err != nil {
				return err
			}
			if len(t.Changes) == 1 && strings.HasSuffix(t.Changes[0].Field, "version") && t.Changes[0].Field != "version" {
				t.Notes = append(t.Notes, "It would change nothing yet but the version.")
			}
		default:
			if note := l.tradeNote(before, after); note != "" {
				t.Notes = append(t.Notes, note)
			}
		}
	}
	t.ends(record)
	return nil
}

func (l *lens) accountEffect(key massbalance.Key, was, after massbalance.Account) accountEffect {
	e := accountEffect{
		Site: l.siteName(massbalance.SiteID(key.A)), Product: l.productName(massbalance.ProductID(key.B)),
		Stock: after.Stock(), Credit: after.Credit(), Before: was.Stock(), CreditWas: was.Credit(),
	}
	e.In, _ = after.PhysicalIn.Sub(was.PhysicalIn)
	e.Out, _ = after.PhysicalOut.Sub(was.PhysicalOut)
	e.CreditIn, _ = after.CreditIn.Sub(was.CreditIn)
	e.CreditOut, _ = after.CreditOut.Sub(was.CreditOut)
	return e
}

var endNames = map[massbalance.HolderKind]string{
	massbalance.HolderTransfer: "goes with the shipment", massbalance.HolderClaim: "used up by the claim", massbalance.HolderCancelled: "given up for good",
	massbalance.HolderLoss: "lost: not passed on", massbalance.HolderExpired: "forfeited for good",
}

// ends adds up the credit that leaves the lots, by where it goes.
func (t *trial) ends(record massbalance.Record) {
	for _, p := range record.Credits {
		name, ok := endNames[p.To.Kind]
		if !ok {
			continue
		}
		at := slices.IndexFunc(t.Ends, func(e endEffect) bool { return e.Name == name })
		if at < 0 {
			t.Ends = append(t.Ends, endEffect{Name: name})
			at = len(t.Ends) - 1
		}
		t.Ends[at].Quantity = t.Ends[at].Quantity.Add(p.Quantity)
	}
}

// proposalNote says how far a proposal would be.
func (l *lens) proposalNote(p massbalance.Proposal) string {
	consortium, err := find[massbalance.Consortium](l, massbalance.ConsortiumKey())
	if err != nil || p.Adopted {
		return "With your vote it is adopted and takes effect."
	}
	needed := len(consortium.Trading())/2 + 1
	return fmt.Sprintf("Your vote would be number %d of %d that are needed.", len(p.Approvals), needed)
}

// blamed says which field of a form a refusal concerns, if the action says nothing else.
var blamed = map[massbalance.Code]string{
	massbalance.PeriodNotOpen: "date", massbalance.DateOutsidePeriod: "date", massbalance.DateBeforeDispatch: "date", massbalance.PeriodNotContiguous: "from",
	massbalance.PeriodLength: "to", massbalance.EvidenceUsed: "evidence", massbalance.WeightOutOfTolerance: "quantity", massbalance.ExceedsVerification: "quantity",
	massbalance.ExceedsYield: "quantity", massbalance.ExceedsQuota: "quantity", massbalance.InsufficientStock: "quantity", massbalance.QuantityTooLarge: "quantity",
	massbalance.AttributionExceeds: "lots", massbalance.InsufficientCredit: "lots", massbalance.AverageExceeded: "lots", massbalance.OriginMismatch: "lots",
	massbalance.SetsDiffer: "lots", massbalance.WrongModel: "lots", massbalance.Recalled: "lots", massbalance.FiguresExpired: "lots", massbalance.WrongScheme: "lots",
	massbalance.CustodyModelRaised: "model", massbalance.ModelNotAllowed: "model", massbalance.ConversionExceeds: "outputs", massbalance.ComponentExceeds: "outputs",
	massbalance.YieldTooLow: "outputs", massbalance.InputProportion: "with", massbalance.AttributionForbidden: "credits", massbalance.BalanceMismatch: "counts",
	massbalance.StockOutOfTolerance: "counts", massbalance.CarryOverExceeded: "lots", massbalance.SignatureInvalid: "document",
	massbalance.CertificateInvalid: "statement", massbalance.CertificateSuspended: "statement", massbalance.VersionNotNext: "content", massbalance.AlreadyExists: "site", massbalance.ExceedsClaim: "quantity", massbalance.ExceedsRecall: "lots", massbalance.NotInLineage: "way",
	massbalance.OffSpecification: "lots", massbalance.ExceedsAgreement: "lots", massbalance.AgreementExpired: "agreement", massbalance.NotParty: "agreement",
}

// blame puts a refusal with its figures to the field that it concerns. The rules
// begin what they say of a malformed command with the field's name.
func (p *actionPage) blame(r massbalance.Result) bool {
	name := p.Blames[r.Code]
	if name == "" {
		name = blamed[r.Code]
	}
	if before, _, ok := strings.Cut(r.Message, ":"); ok && r.Code == massbalance.InvalidCommand {
		name = strings.ToLower(before)
	}
	one := p.Form.field(name)
	if one == nil {
		return false
	}
	one.Fault, one.Figures = spokenRefusal(r), r.Figures
	for i := range one.Rows {
		if strings.Contains(r.Message, one.Rows[i].Label) {
			one.Rows[i].Fault = r.Message
		}
	}
	return true
}

// weights are the kilograms in what the rules say.
var weights = regexp.MustCompile(`\b\d+(\.\d+)? kg\b`)

// spokenRefusal is what the rules say for people: their figures stand beside it,
// and kilograms have spaces between thousands.
func spokenRefusal(r massbalance.Result) string {
	message := r.Message
	if r.Figures != nil {
		if _, why, ok := strings.Cut(message, " short: "); ok {
			message = why
		}
	}
	message = weights.ReplaceAllStringFunc(message, func(weight string) string {
		q, err := massbalance.ParseQuantity(strings.TrimSuffix(weight, " kg"))
		if err != nil {
			return weight
		}
		return worded(q)
	})
	return strings.ToUpper(message[:min(1, len(message))]) + message[min(1, len(message)):]
}

// stages say what it means that a command has no result of the rules.
var stages = map[submit.Stage]string{
	submit.NotEndorsed:  "Not enough members' peers signed it. Nothing has happened; try again in a moment.",
	submit.Mismatch:     "The members' peers gave different answers, usually because one of them lags behind. Nothing has happened; try again in a moment.",
	submit.NotSubmitted: "It did not reach the ledger. Nothing has happened; try again in a moment.",
	submit.Unknown:      "It was sent, and nobody can say yet whether it took effect. Send this form again: if it did, nothing happens a second time, and you see its record.",
	submit.Forbidden:    "You may not give this command, or a second person declined it. Nothing was sent.",
	submit.Invalid:      "It reached the ledger together with something that contradicts it, and took no effect. Send it again.",
}

// sent puts what became of a form onto its page.
func (p *actionPage) sent(s sending) {
	if s.outcome == nil {
		return
	}
	if s.outcome.Stage == submit.Held {
		p.Held = "The form is handed in. Your organisation lets commands of this kind be approved by another person; it is sent to the ledger then, exactly as it stands here. Sending it again changes nothing."
		p.StageDetail = s.outcome.Detail
		return
	}
	if meaning, ok := stages[s.outcome.Stage]; ok {
		p.Stage, p.StageDetail = meaning, s.outcome.Detail
		return
	}
	if s.outcome.Stage == submit.Refused {
		p.Reused = s.outcome.Result.Code == massbalance.CommandIDReused
		if p.Trial != nil && !p.Trial.Accepted {
			return // the same refusal stands there already
		}
		if p.Trial = nil; !p.blame(s.outcome.Result) {
			p.Refusal, p.Figures = spokenRefusal(s.outcome.Result), s.outcome.Result.Figures
		}
	}
}

// claimEffect is what a claim would say.
type claimEffect struct {
	massbalance.Claim
	Product string
	Carbon  []carbonLine
}

// carbonLine is one of a claim's carbon figures, in kilograms of CO2e.
type carbonLine struct{ Name, Total string }

func (l *lens) claimEffect(c massbalance.Claim) (*claimEffect, error) {
	lines, err := l.claimCarbon(c.Lines)
	return &claimEffect{Claim: c, Product: l.productName(c.Product), Carbon: lines}, err
}
