package console

import (
	"slices"

	"github.com/weighbridge/weighbridge/chaincode/massbalance"
)

// The headings under which actions stand.
const (
	groupMoves    = "Every day"
	groupPeriods  = "Periods and sites"
	groupCredits  = "Credit"
	groupPapers   = "Certificates and corrections"
	groupRegister = "Common register"
)

// actions are all that the console does, in the order in which it offers them.
func actions() []action { return slices.Concat(bookings(), trades(), settlements()) }

// bookings are what is booked at sites and in the register.
func bookings() []action {
	return []action{
		{Name: "intake", Title: "Take in a load", Send: "Book it in", Group: groupMoves, Back: "/do", form: intakeForm,
			Lead:   "A load over the weighbridge: under a verification statement it becomes a lot with its characteristics; without one it is undifferentiated stock.",
			Blames: map[massbalance.Code]string{massbalance.ModelNotAllowed: "model", massbalance.NotFound: "product"}},
		{Name: "dispatch", Title: "Dispatch a shipment", Send: "Dispatch it", Group: groupMoves, Back: "/transfers", form: dispatchForm,
			Lead:   "Material leaves for another site, with the lots that you attribute to it. It is in transit until the receiver accepts or rejects it.",
			Blames: map[massbalance.Code]string{massbalance.NotMember: "to", massbalance.EvidenceUsed: "document"}},
		{Name: "receive", Title: "Receive a shipment", Send: "Receive it", Group: groupMoves, Back: "/transfers", Hidden: true, form: receiveForm,
			Lead: "The weight that your scale finds is what enters your books. Credit is never more than that weight."},
		{Name: "reject", Title: "Reject a shipment", Send: "Reject it", Group: groupMoves, Back: "/transfers", Hidden: true, form: rejectForm,
			Lead: "All of it goes back to the sender, who books it in again."},
		{Name: "return", Title: "Book in a returned shipment", Send: "Book it in", Group: groupMoves, Back: "/transfers", Hidden: true, form: returnForm,
			Lead: "What the receiver rejected is yours again, with its lots."},
		{Name: "convert", Title: "Convert material", Send: "Book the conversion", Group: groupMoves, Back: "/do", form: convertForm,
			Lead: "Material and lots become products by an adopted recipe. As you type, the rules say what they make of it."},
		{Name: "withdraw", Title: "Withdraw material", Send: "Book it out", Group: groupMoves, Back: "/do", form: withdrawForm,
			Lead: "Material leaves the sight of the consortium. Lots named with it can never be claimed."},
		{Name: "claim", Title: "Claim", Send: "Claim for good", Group: groupCredits, Back: "/claims", form: claimForm,
			Lead: "Credit is used up, once, for a beneficiary and a reporting year. Before you send it, you see what the claim will say."},
		{Name: "downgrade", Title: "Step lots down", Send: "Step them down", Group: groupCredits, Back: "/lots", form: downgradeForm,
			Lead: "From here on the lots are kept under a looser custody model."},
		{Name: "merge", Title: "Merge lots", Send: "Merge them", Group: groupCredits, Back: "/lots", form: mergeForm,
			Lead: "Lots that differ only in their carbon figures become one, if their scheme allows it."},
		{Name: "reassign", Title: "Reassign credit", Send: "Reassign it", Group: groupCredits, Back: "/lots", form: reassignForm,
			Lead: "Credit of mass balance goes to another product of the product group that the scheme lists."},
		{Name: "decouple", Title: "Decouple credits", Send: "Decouple them for good", Group: groupCredits, Back: "/lots", form: decoupleForm,
			Lead: "Credit parts from its material and becomes book and claim. There is no way back."},
		{Name: "transfer-credits", Title: "Offer credits", Send: "Offer them", Group: groupCredits, Back: "/transfers", form: transferCreditsForm,
			Lead: "Credits of book and claim go to another site without material, once it accepts them."},
		{Name: "accept-credits", Title: "Accept credits", Send: "Accept them", Group: groupCredits, Back: "/transfers", Hidden: true, form: acceptCreditsForm,
			Lead: "They enter your books as book and claim."},
		{Name: "return-credits", Title: "Take declined credits back", Send: "Take them back", Group: groupCredits, Back: "/transfers", Hidden: true, form: returnCreditsForm,
			Lead: "What was declined is yours again."},
		{Name: "cancel", Title: "Give credit up", Send: "Give it up for good", Group: groupCredits, Back: "/lots", form: cancelForm,
			Lead: "Credit that nobody will ever claim. The material stays in stock."},
		{Name: "open-period", Title: "Open a period", Send: "Open it", Group: groupPeriods, Back: "/periods", form: openPeriodForm,
			Lead:   "A site's books are kept in periods without gaps. Nothing moves while none is open.",
			Blames: map[massbalance.Code]string{massbalance.AlreadyExists: "period", massbalance.InvalidCommand: "period"}},
		{Name: "close-period", Title: "Close a period", Send: "Close it for ever", Group: groupPeriods, Back: "/periods", form: closePeriodForm,
			Lead: "The books are compared with what was counted and frozen. Everything left is carried over, except what the scheme forfeits."},
		{Name: "register-site", Title: "Register a site", Send: "Register it", Group: groupPeriods, Back: "/sites", form: registerSiteForm,
			Lead: "A site is the boundary within which a mass balance is kept."},
		{Name: "choose-scheme", Title: "Choose a site's scheme", Send: "Choose it", Group: groupPeriods, Back: "/sites", form: chooseSchemeForm,
			Lead: "From its next period on the site keeps its balance as this scheme's profile says."},
		{Name: "document", Title: "Relay a signed document", Send: "Publish it", Group: groupPapers, Back: "/certificates", form: documentForm,
			Lead: "Certification bodies sign off the ledger; any trading member publishes what they signed."},
		{Name: "propose-reversal", Title: "Ask to reverse a transfer", Send: "Ask the other party", Group: groupPapers, Back: "/transfers", Hidden: true, form: proposeReversalForm,
			Lead: "What was booked wrongly is undone by a new record, never deleted. The other party has to confirm."},
		{Name: "confirm-reversal", Title: "Confirm a reversal", Send: "Confirm it", Group: groupPapers, Back: "/transfers", Hidden: true, form: confirmReversalForm,
			Lead: "Both parties then book their halves: first the receiver, then the sender."},
		{Name: "complete-reversal", Title: "Complete a reversal", Send: "Book our half", Group: groupPapers, Back: "/transfers", Hidden: true, form: completeReversalForm,
			Lead: "Your half of the reversal that both parties agreed on."},
		{Name: "reverse", Title: "Reverse a command", Send: "Reverse it", Group: groupPapers, Back: "/audit", form: reverseForm,
			Lead: "A conversion, a step down, a claim or a cancellation is undone with a certifier's signed consent."},
		{Name: "propose", Title: "Propose a change", Send: "Ask for it", Group: groupRegister, Back: "/register", form: proposeForm,
			Lead: "Products, recipes, members, certifiers, scheme profiles and the rules are common to all."},
		{Name: "vote", Title: "Vote for a proposal", Send: "Ask for it too", Group: groupRegister, Back: "/register", Hidden: true, form: voteForm,
			Lead: "A majority of the trading members decides."},
	}
}

func actionNamed(name string) (action, bool) {
	for _, a := range actions() {
		if a.Name == name {
			return a, true
		}
	}
	return action{}, false
}
