package massbalance

// The commands of trade; see the chapter of that name.
type (
	// MakeOffer puts volume up for sale: to all with Facts, or to those with a quote.
	MakeOffer struct {
		Facts   *OfferFacts
		Quotes  []Quote
		Expires Date
	}

	// WithdrawOffer ends an offer that nobody accepted yet.
	WithdrawOffer struct{ Offer OfferID }

	// CounterOffer answers a round with other terms. Quote.Buyer names the buyer
	// of the negotiation, whoever of the two sends the command; Round is the one
	// that is answered, 0 for an offer to all without a quote.
	CounterOffer struct {
		Offer   OfferID
		Round   int
		Quote   Quote
		Expires Date
	}

	// DeclineOffer ends a negotiation.
	DeclineOffer struct {
		Offer OfferID
		Buyer OrganisationID
		Round int
	}

	// AcceptOffer makes an agreement of the terms of a round.
	AcceptOffer struct {
		Offer      OfferID
		Buyer      OrganisationID
		Round      int
		Terms      Digest
		Commitment Commitment
	}

	// ConfirmSettlement says what the submitter computed for a period of an
	// agreement, counted from 1.
	ConfirmSettlement struct {
		Agreement AgreementID
		Period    int
		Statement Digest
	}

	// RaiseDispute puts a disagreement about a period on record.
	RaiseDispute struct {
		Agreement AgreementID
		Period    int
		Reason    string
	}

	// ResolveDispute ends the submitter's own dispute.
	ResolveDispute struct {
		Agreement  AgreementID
		Period     int
		Resolution string
	}

	// ContributePremium adds a settled period to the premium index, as hashes of
	// one share for each trading member.
	ContributePremium struct {
		Index     PremiumIndex
		Agreement AgreementID
		Period    int
		Shares    []Digest
	}

	// PublishPremiumSum publishes what the submitter's shares of so many
	// contributions add up to.
	PublishPremiumSum struct {
		Index         PremiumIndex
		Contributions int
		Premium       Digest
		Mass          Digest
	}
)

func (MakeOffer) Type() string         { return "make_offer" }
func (WithdrawOffer) Type() string     { return "withdraw_offer" }
func (CounterOffer) Type() string      { return "counter_offer" }
func (DeclineOffer) Type() string      { return "decline_offer" }
func (AcceptOffer) Type() string       { return "accept_offer" }
func (ConfirmSettlement) Type() string { return "confirm_settlement" }
func (RaiseDispute) Type() string      { return "raise_dispute" }
func (ResolveDispute) Type() string    { return "resolve_dispute" }
func (ContributePremium) Type() string { return "contribute_premium" }
func (PublishPremiumSum) Type() string { return "publish_premium_sum" }
