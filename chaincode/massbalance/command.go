package massbalance

// Command is one instruction to the ledger. Its ID makes it idempotent: sent
// again with the same content it gives the first result, with other content it
// is refused (I8).
type Command struct {
	ID CommandID
	// Date is the business date of what happened; Period is the mass balance
	// period it belongs to. Both are needed by commands that move stock.
	Date   Date
	Period PeriodID
	// Occurred is the day on which it really happened, where that day lies in a
	// period that is closed: a late entry, booked in the open period.
	Occurred Date
	// By says who in the organisation gave the command; the ledger keeps it
	// and gives it no meaning.
	By   string
	Body Body

	// Content is the SHA-256 of the command's canonical bytes and BodyContent
	// that of its body's. The codec sets them; they are not on the wire.
	Content     Digest
	BodyContent Digest
}

// Body is what a command asks for: one type per command.
type Body interface {
	// Type is the command's name on the wire.
	Type() string
	// check says what is wrong with the body's form, or "".
	check() string
	execute(*execution) error
}

// LotLine names a quantity of one lot.
type LotLine struct {
	Lot      LotID
	Quantity Quantity
}

// Output is a quantity of one product that came out of a conversion.
type Output struct {
	Product  ProductID
	Quantity Quantity
}

// Input is a further input of a conversion: its mass and the lots attributed to it.
type Input struct {
	Product  ProductID
	Quantity Quantity
	Lines    []LotLine
}

// AccountBalance is the physical balance of one product.
type AccountBalance struct {
	Product ProductID
	Balance Quantity
}

type (
	// FoundConsortium sets the founding members; it is the ledger's first command.
	FoundConsortium struct {
		Members []Member
		// Rules is the version of the rules with which the ledger begins; 0 stands for 1.
		Rules int
	}

	// RegisterOrganisation adds a member or its next version, once a majority of
	// the trading members asked for it.
	RegisterOrganisation struct{ Member Member }

	// RemoveOrganisation makes a member a former one from its next version on,
	// once a majority of the trading members asked for it.
	RemoveOrganisation struct {
		Organisation OrganisationID
		Version      int
	}

	// AdoptRules puts the next version of the rules in force, once a majority
	// of the trading members asked for it.
	AdoptRules struct{ Version int }

	// RegisterProduct adds a product or its next version, once a majority asked for it.
	RegisterProduct struct{ Product Product }

	// RegisterRecipe adds a conversion recipe or its next version, once a majority asked for it.
	RegisterRecipe struct{ Recipe Recipe }

	// RegisterBaseline adds the average emissions of a product of a region, or
	// the next version, once a majority asked for it.
	RegisterBaseline struct{ Baseline Baseline }

	// RegisterCertifier recognises a certification body's keys, or the next
	// version of them, once a majority asked for it.
	RegisterCertifier struct{ Certifier Certifier }

	// RegisterCosigner adopts an organisation's key of the transparency log, or the
	// next version of it, once a majority asked for it.
	RegisterCosigner struct{ Cosigner Cosigner }

	// RegisterProfile adds a scheme's profile or its next version, once a
	// majority asked for it.
	RegisterProfile struct{ Profile Profile }

	// RegisterSite adds a site of the submitting organisation.
	RegisterSite struct {
		Site    SiteID
		Name    string
		Country string
		Region  string
	}

	// ChooseScheme names the scheme under whose profile a site keeps its mass
	// balance from its next period on.
	ChooseScheme struct {
		Site   SiteID
		Scheme SchemeID
	}

	// ChangeBalance changes that scheme, or the length of the site's periods, by
	// its certifier's signed consent.
	ChangeBalance struct{ Document SignedBalanceConsent }

	// RegisterProject registers an insetting project of the submitting organisation.
	RegisterProject struct{ Project Project }

	// OpenPeriod begins a site's next mass balance period. It follows the
	// previous one without a gap.
	OpenPeriod struct {
		Site   SiteID
		Period PeriodID
		From   Date
		To     Date
	}

	// ClosePeriod ends the open period for ever. It names the physical balance
	// of each of the site's stock accounts, which must be the book's.
	ClosePeriod struct {
		Site     SiteID
		Period   PeriodID
		Balances []AccountBalance
		// Counts are the stocks as counted.
		Counts []AccountBalance
		// Lots are all lots with credit left, each with all that is left of it;
		// needed where the profile limits what is carried over.
		Lots []LotLine
		// Expired is what of these lots is forfeited.
		Expired []LotLine
	}

	// PublishCertificate relays a certifier's signed certificate.
	PublishCertificate struct{ Document SignedCertificate }

	// PublishStanding relays a certifier's signed suspension, reinstatement or
	// withdrawal of a certificate.
	PublishStanding struct{ Document SignedStanding }

	// PublishStatement relays a certifier's signed verification statement.
	PublishStatement struct{ Document SignedStatement }

	// PublishFinding relays a certifier's signed finding that one of its
	// verification statements rests on fraud.
	PublishFinding struct{ Document SignedFinding }

	// AdoptFinding recalls a statement once a majority of the trading members
	// asked for it.
	AdoptFinding struct{ Finding FraudFinding }

	// TraceRecall freezes in lots, and marks on claims, what descends from a
	// recalled statement. Lots stand after those they were made of.
	TraceRecall struct {
		Certifier OrganisationID
		Statement StatementID
		Lots      []LotID
		Claims    []ClaimID
	}

	// CoverRecall puts credit up for what a marked claim lacks.
	CoverRecall struct {
		Site      SiteID
		Claim     ClaimID
		Certifier OrganisationID
		Statement StatementID
		Lines     []LotLine
	}

	// PublishCreditAudit relays a certifier's signed audit of a claimant's credits.
	PublishCreditAudit struct{ Document SignedCreditAudit }

	// Introduce takes in material with the characteristics of a verification
	// statement and creates a lot of it.
	Introduce struct {
		Site      SiteID
		Certifier OrganisationID
		Statement StatementID
		Quantity  Quantity
		Model     CustodyModel
		Evidence  EvidenceID
		// Moisture is that of the material as weighed; see Product.ReferenceMoisture.
		Moisture Ratio
	}

	// TakeIn takes in undifferentiated material: physical stock without credit.
	TakeIn struct {
		Site     SiteID
		Product  ProductID
		Quantity Quantity
		Supplier string
		Evidence EvidenceID
		// Moisture is that of the material as weighed; see Product.ReferenceMoisture.
		Moisture Ratio
	}

	// Dispatch ships material to another site and attributes lots to it.
	Dispatch struct {
		Site     SiteID
		To       SiteID
		Product  ProductID
		Quantity Quantity
		Lines    []LotLine
		// Model, if given, steps the shipment down to a looser custody model.
		Model     CustodyModel
		Documents []EvidenceID
		// Scheme, if given, uses the lots under this scheme, one of several
		// that they satisfy; for the others they are gone.
		Scheme SchemeID
		// Agreement, if given, is what the lots are called off under.
		Agreement AgreementID
	}

	// Receive accepts a shipment with the weight found on arrival.
	Receive struct {
		Site     SiteID
		Transfer TransferID
		Quantity Quantity
		Evidence EvidenceID
	}

	// Reject refuses a shipment; it goes back to the sender.
	Reject struct {
		Site     SiteID
		Transfer TransferID
		Reason   string
	}

	// Return books a rejected shipment in again at the site it came from.
	Return struct {
		Site     SiteID
		Transfer TransferID
		Quantity Quantity
		Evidence EvidenceID
	}

	// Downgrade steps lots down to a looser custody model that still moves with
	// material. Quantity is that of the blend, under controlled blending only.
	Downgrade struct {
		Site     SiteID
		Product  ProductID
		Lines    []LotLine
		Model    CustodyModel
		Quantity Quantity
	}

	// Decouple parts credit from its material: the material stays as
	// undifferentiated stock, the credit becomes book and claim for good.
	Decouple struct {
		Site    SiteID
		Product ProductID
		Lines   []LotLine
	}

	// Reassign gives credit of mass balance to another product of the product
	// group that its scheme's profile lists.
	Reassign struct {
		Site    SiteID
		Product ProductID
		To      ProductID
		Lines   []LotLine
	}

	// TransferCredits offers credits of book and claim to another site.
	TransferCredits struct {
		Site    SiteID
		To      SiteID
		Product ProductID
		Lines   []LotLine
		// Agreement, if given, is what the credits are called off under.
		Agreement AgreementID
	}

	// AcceptCredits takes offered credits in; Reject declines them.
	AcceptCredits struct {
		Site     SiteID
		Transfer TransferID
	}

	// ReturnCredits books declined credits in again at the site they came from.
	ReturnCredits struct {
		Site     SiteID
		Transfer TransferID
	}

	// Convert processes material by a recipe into one or more outputs.
	Convert struct {
		Site   SiteID
		Recipe RecipeID
		// Quantity is the physical input; Lines attribute lots to it.
		Quantity Quantity
		Lines    []LotLine
		Outputs  []Output
		// Model, if given, steps the outputs down to a looser custody model.
		Model CustodyModel
		// With are the recipe's further inputs.
		With []Input
		// Credits are the credits of the outputs, where the recipe lets the
		// command say them.
		Credits []Output
		// Process, if given, is what the processor itself emitted in this run.
		Process *Process
	}

	// MergeLots makes one lot of lots that differ in nothing but their carbon
	// figures, as far as the profile of their scheme lets it.
	MergeLots struct {
		Site    SiteID
		Product ProductID
		Lines   []LotLine
		// Carbon is how the figures become one.
		Carbon CarbonMerge
	}

	// Withdraw books material out without a receiver: used up, sold outside
	// the consortium, lost. Lots named are cancelled.
	Withdraw struct {
		Site     SiteID
		Product  ProductID
		Quantity Quantity
		Lines    []LotLine
		Purpose  string
	}

	// Cancel uses credit up without a claim: given up, of whatever model, and
	// never to be claimed. The material it was attributed to stays.
	Cancel struct {
		Site    SiteID
		Product ProductID
		Lines   []LotLine
		Reason  string
	}

	// ClaimCredits declares the characteristics of lots for a beneficiary and a
	// reporting year. The credits are used up.
	ClaimCredits struct {
		Site          SiteID
		Product       ProductID
		Lines         []LotLine
		Beneficiary   string
		ReportingYear int
		Purpose       string
		// Scheme, if given, is the one under which lots of several schemes are claimed.
		Scheme SchemeID
	}

	// ReportTier reports, for a tier before the claimant, a quantity that it
	// handed on. Path leads from a lot of the claim over parents back to the
	// lot that the submitter handed on; Quantity is in the mass of the claim.
	ReportTier struct {
		Site          SiteID
		Claim         ClaimID
		Path          []LotID
		Quantity      Quantity
		ReportingYear int
		Purpose       string
	}

	// ProposeReversal asks the other party of a received transfer to reverse it.
	ProposeReversal struct {
		Site     SiteID
		Transfer TransferID
		Reason   string
	}

	// ConfirmReversal agrees to what the other party proposed.
	ConfirmReversal struct {
		Site     SiteID
		Transfer TransferID
	}

	// CompleteReversal books the submitter's half of an agreed reversal.
	CompleteReversal struct {
		Site     SiteID
		Transfer TransferID
	}

	// Reverse undoes a conversion, a downgrade, a claim or a cancellation, with a
	// certifier's signed consent.
	Reverse struct {
		Site    SiteID
		Consent SignedReversalConsent
	}
)

func (FoundConsortium) Type() string      { return "found_consortium" }
func (RegisterOrganisation) Type() string { return "register_organisation" }
func (RemoveOrganisation) Type() string   { return "remove_organisation" }
func (AdoptRules) Type() string           { return "adopt_rules" }
func (RegisterProduct) Type() string      { return "register_product" }
func (RegisterRecipe) Type() string       { return "register_recipe" }
func (RegisterBaseline) Type() string     { return "register_baseline" }
func (RegisterCertifier) Type() string    { return "register_certifier" }
func (RegisterCosigner) Type() string     { return "register_cosigner" }
func (RegisterProfile) Type() string      { return "register_profile" }
func (RegisterSite) Type() string         { return "register_site" }
func (ChooseScheme) Type() string         { return "choose_scheme" }
func (ChangeBalance) Type() string        { return "change_balance" }
func (RegisterProject) Type() string      { return "register_project" }
func (OpenPeriod) Type() string           { return "open_period" }
func (ClosePeriod) Type() string          { return "close_period" }
func (PublishCertificate) Type() string   { return "publish_certificate" }
func (PublishStanding) Type() string      { return "publish_standing" }
func (PublishStatement) Type() string     { return "publish_statement" }
func (PublishCreditAudit) Type() string   { return "publish_credit_audit" }
func (PublishFinding) Type() string       { return "publish_finding" }
func (AdoptFinding) Type() string         { return "adopt_finding" }
func (TraceRecall) Type() string          { return "trace_recall" }
func (CoverRecall) Type() string          { return "cover_recall" }
func (Introduce) Type() string            { return "introduce" }
func (TakeIn) Type() string               { return "take_in" }
func (Dispatch) Type() string             { return "dispatch" }
func (Receive) Type() string              { return "receive" }
func (Reject) Type() string               { return "reject" }
func (Return) Type() string               { return "return" }
func (Downgrade) Type() string            { return "downgrade" }
func (Decouple) Type() string             { return "decouple" }
func (Reassign) Type() string             { return "reassign" }
func (TransferCredits) Type() string      { return "transfer_credits" }
func (AcceptCredits) Type() string        { return "accept_credits" }
func (ReturnCredits) Type() string        { return "return_credits" }
func (Convert) Type() string              { return "convert" }
func (MergeLots) Type() string            { return "merge" }
func (Withdraw) Type() string             { return "withdraw" }
func (Cancel) Type() string               { return "cancel" }
func (ClaimCredits) Type() string         { return "claim" }
func (ReportTier) Type() string           { return "report_tier" }
func (ProposeReversal) Type() string      { return "propose_reversal" }
func (ConfirmReversal) Type() string      { return "confirm_reversal" }
func (CompleteReversal) Type() string     { return "complete_reversal" }
func (Reverse) Type() string              { return "reverse" }

// Bodies holds an empty body of every command, in the order of the book's chapters.
var Bodies = []Body{
	FoundConsortium{}, RegisterOrganisation{}, RemoveOrganisation{}, AdoptRules{}, RegisterProduct{}, RegisterRecipe{}, RegisterBaseline{}, RegisterCertifier{}, RegisterCosigner{},
	RegisterProfile{}, RegisterSite{}, RegisterProject{}, ChooseScheme{}, ChangeBalance{}, OpenPeriod{}, ClosePeriod{}, PublishCertificate{}, PublishStanding{}, PublishStatement{},
	Introduce{}, TakeIn{}, Dispatch{}, Receive{}, Reject{}, Return{}, Convert{}, MergeLots{},
	PublishFinding{}, AdoptFinding{}, TraceRecall{}, CoverRecall{}, PublishCreditAudit{},
	Downgrade{}, Decouple{}, Reassign{}, TransferCredits{}, AcceptCredits{}, ReturnCredits{}, Withdraw{}, ClaimCredits{},
	Cancel{}, ReportTier{}, ProposeReversal{}, ConfirmReversal{}, CompleteReversal{}, Reverse{},
	MakeOffer{}, WithdrawOffer{}, CounterOffer{}, DeclineOffer{}, AcceptOffer{},
	ConfirmSettlement{}, RaiseDispute{}, ResolveDispute{}, ContributePremium{}, PublishPremiumSum{},
}
