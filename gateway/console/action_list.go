package console

import (
	"slices"
	"strings"

	"github.com/weighbridge/weighbridge/chaincode/massbalance"
)

// book is all that the console does, under the headings and in the order in
// which it offers it.
func book() []actionGroup {
	return []actionGroup{
		{"Every day", movingActions()},
		{"Credit", creditActions()},
		{"Trade", slices.Concat(trades(), settlements(), projectActions())},
		{"Periods and sites", periodActions()},
		{"Certificates and corrections", paperActions()},
		{"Common register", registerActions()},
	}
}

func actionNamed(name string) (action, bool) {
	for _, g := range book() {
		for _, a := range g.Actions {
			if a.Name == name {
				return a, true
			}
		}
	}
	return action{}, false
}

// commandName says what a command does, as its form does where it gives no other.
func commandName(kind string) string {
	for _, g := range book() {
		for _, a := range g.Actions {
			if len(a.Gives) == 1 && a.Gives[0].Type() == kind {
				return a.Title
			}
		}
	}
	words := strings.ReplaceAll(kind, "_", " ")
	return strings.ToUpper(words[:min(1, len(words))]) + words[min(1, len(words)):]
}

// formless are the commands for which the console has no form, with the reason.
var formless = map[string]string{
	"found_consortium": "it is the ledger's first command, before which there is nobody to be asked; the network's operator gives it",
	"trace_recall":     "every trading member's gateway gives it by itself, with what it followed over all lots and claims",
}

func movingActions() []action {
	return []action{
		{Name: "intake", Title: "Take in a load", Send: "Book it in", Back: "/do", form: intakeForm,
			Gives:  []massbalance.Body{massbalance.Introduce{}, massbalance.TakeIn{}},
			Lead:   "A load over the weighbridge: under a verification statement it becomes a lot with its characteristics; without one it is undifferentiated stock.",
			Blames: map[massbalance.Code]string{massbalance.ModelNotAllowed: "model", massbalance.NotFound: "product"}},
		{Name: "dispatch", Title: "Dispatch a shipment", Send: "Dispatch it", Back: "/transfers", form: dispatchForm,
			Gives:  []massbalance.Body{massbalance.Dispatch{}},
			Lead:   "Material leaves for another site, with the lots that you attribute to it. It is in transit until the receiver accepts or rejects it.",
			Blames: map[massbalance.Code]string{massbalance.NotMember: "to", massbalance.EvidenceUsed: "document"}},
		{Name: "receive", Title: "Receive a shipment", Send: "Receive it", Back: "/transfers", Hidden: true, form: receiveForm,
			Gives: []massbalance.Body{massbalance.Receive{}},
			Lead:  "The weight that your scale finds is what enters your books. Credit is never more than that weight."},
		{Name: "reject", Title: "Reject a shipment", Send: "Reject it", Back: "/transfers", Hidden: true, form: rejectForm,
			Gives: []massbalance.Body{massbalance.Reject{}},
			Lead:  "All of it goes back to the sender, who books it in again."},
		{Name: "return", Title: "Book in a returned shipment", Send: "Book it in", Back: "/transfers", Hidden: true, form: returnForm,
			Gives: []massbalance.Body{massbalance.Return{}},
			Lead:  "What the receiver rejected is yours again, with its lots."},
		{Name: "convert", Title: "Convert material", Send: "Book the conversion", Back: "/do", form: convertForm,
			Gives: []massbalance.Body{massbalance.Convert{}},
			Lead:  "Material and lots become products by an adopted recipe. As you type, the rules say what they make of it."},
		{Name: "withdraw", Title: "Withdraw material", Send: "Book it out", Back: "/do", form: withdrawForm,
			Gives: []massbalance.Body{massbalance.Withdraw{}},
			Lead:  "Material leaves the sight of the consortium. Lots named with it can never be claimed."},
	}
}

func creditActions() []action {
	return []action{
		{Name: "claim", Title: "Claim", Send: "Claim for good", Back: "/claims", form: claimForm,
			Gives: []massbalance.Body{massbalance.ClaimCredits{}},
			Lead:  "Credit is used up, once, for a beneficiary and a reporting year. Before you send it, you see what the claim will say."},
		{Name: "downgrade", Title: "Step lots down", Send: "Step them down", Back: "/lots", form: downgradeForm,
			Gives: []massbalance.Body{massbalance.Downgrade{}},
			Lead:  "From here on the lots are kept under a looser custody model."},
		{Name: "merge", Title: "Merge lots", Send: "Merge them", Back: "/lots", form: mergeForm,
			Gives: []massbalance.Body{massbalance.MergeLots{}},
			Lead:  "Lots that differ only in their carbon figures become one, if their scheme allows it."},
		{Name: "reassign", Title: "Reassign credit", Send: "Reassign it", Back: "/lots", form: reassignForm,
			Gives: []massbalance.Body{massbalance.Reassign{}},
			Lead:  "Credit of mass balance goes to another product of the product group that the scheme lists."},
		{Name: "decouple", Title: "Decouple credits", Send: "Decouple them for good", Back: "/lots", form: decoupleForm,
			Gives: []massbalance.Body{massbalance.Decouple{}},
			Lead:  "Credit parts from its material and becomes book and claim. There is no way back."},
		{Name: "transfer-credits", Title: "Offer credits", Send: "Offer them", Back: "/transfers", form: transferCreditsForm,
			Gives: []massbalance.Body{massbalance.TransferCredits{}},
			Lead:  "Credits of book and claim go to another site without material, once it accepts them."},
		{Name: "accept-credits", Title: "Accept credits", Send: "Accept them", Back: "/transfers", Hidden: true, form: acceptCreditsForm,
			Gives: []massbalance.Body{massbalance.AcceptCredits{}},
			Lead:  "They enter your books as book and claim."},
		{Name: "return-credits", Title: "Take declined credits back", Send: "Take them back", Back: "/transfers", Hidden: true, form: returnCreditsForm,
			Gives: []massbalance.Body{massbalance.ReturnCredits{}},
			Lead:  "What was declined is yours again."},
		{Name: "report-tier", Title: "Report for our tier", Send: "Report it", Back: "/claims", form: reportTierForm,
			Gives: []massbalance.Body{massbalance.ReportTier{}},
			Lead:  "What you handed on and another member claimed may be reported for your own tier too, once, and never more than came over your lots. It moves nothing."},
		{Name: "cover-recall", Title: "Cover a recalled claim", Send: "Put it up for good", Back: "/claims", form: coverRecallForm,
			Gives: []massbalance.Body{massbalance.CoverRecall{}},
			Lead:  "A claim that rests on a recalled statement lacks something. Other credit of the same product and scheme is put up for it, and used up."},
		{Name: "cancel", Title: "Give credit up", Send: "Give it up for good", Back: "/lots", form: cancelForm,
			Gives: []massbalance.Body{massbalance.Cancel{}},
			Lead:  "Credit that nobody will ever claim. The material stays in stock."},
	}
}

func periodActions() []action {
	return []action{
		{Name: "open-period", Title: "Open a period", Send: "Open it", Back: "/periods", form: openPeriodForm,
			Gives:  []massbalance.Body{massbalance.OpenPeriod{}},
			Lead:   "A site's books are kept in periods without gaps. Nothing moves while none is open.",
			Blames: map[massbalance.Code]string{massbalance.AlreadyExists: "period", massbalance.InvalidCommand: "period"}},
		{Name: "close-period", Title: "Close a period", Send: "Close it for ever", Back: "/periods", form: closePeriodForm,
			Gives: []massbalance.Body{massbalance.ClosePeriod{}},
			Lead:  "The books are compared with what was counted and frozen. Everything left is carried over, except what the scheme forfeits."},
		{Name: "register-site", Title: "Register a site", Send: "Register it", Back: "/sites", form: registerSiteForm,
			Gives: []massbalance.Body{massbalance.RegisterSite{}},
			Lead:  "A site is the boundary within which a mass balance is kept."},
		{Name: "choose-scheme", Title: "Choose a site's scheme", Send: "Choose it", Back: "/sites", form: chooseSchemeForm,
			Gives: []massbalance.Body{massbalance.ChooseScheme{}},
			Lead:  "From its next period on the site keeps its balance as this scheme's profile says."},
	}
}

func paperActions() []action {
	return []action{
		{Name: "document", Title: "Relay a signed document", Send: "Publish it", Back: "/certificates", form: documentForm,
			Gives: []massbalance.Body{massbalance.PublishStatement{}, massbalance.PublishCertificate{}, massbalance.PublishStanding{}, massbalance.PublishFinding{}, massbalance.PublishCreditAudit{}, massbalance.ChangeBalance{}},
			Lead:  "Certification bodies sign off the ledger; any trading member publishes what they signed."},
		{Name: "propose-reversal", Title: "Ask to reverse a transfer", Send: "Ask the other party", Back: "/transfers", Hidden: true, form: proposeReversalForm,
			Gives: []massbalance.Body{massbalance.ProposeReversal{}},
			Lead:  "What was booked wrongly is undone by a new record, never deleted. The other party has to confirm."},
		{Name: "confirm-reversal", Title: "Confirm a reversal", Send: "Confirm it", Back: "/transfers", Hidden: true, form: confirmReversalForm,
			Gives: []massbalance.Body{massbalance.ConfirmReversal{}},
			Lead:  "Both parties then book their halves: first the receiver, then the sender."},
		{Name: "complete-reversal", Title: "Complete a reversal", Send: "Book our half", Back: "/transfers", Hidden: true, form: completeReversalForm,
			Gives: []massbalance.Body{massbalance.CompleteReversal{}},
			Lead:  "Your half of the reversal that both parties agreed on."},
		{Name: "reverse", Title: "Reverse a command", Send: "Reverse it", Back: "/audit", form: reverseForm,
			Gives: []massbalance.Body{massbalance.Reverse{}},
			Lead:  "A conversion, a step down, a claim or a cancellation is undone with a certifier's signed consent."},
	}
}

func registerActions() []action {
	return []action{
		{Name: "propose", Title: "Propose a change", Send: "Ask for it", Back: "/register", form: proposeForm,
			Gives: proposable(),
			Lead:  "Products, recipes, members, certifiers, scheme profiles and the rules are common to all."},
		{Name: "vote", Title: "Vote for a proposal", Send: "Ask for it too", Back: "/register", Hidden: true, form: voteForm,
			Gives: proposable(),
			Lead:  "A majority of the trading members decides."},
	}
}
