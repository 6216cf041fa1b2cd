package massbalance

import "fmt"

// Code is the result of a command. The list is closed; where a command breaks
// several rules, the code that stands earlier in Codes is given.
type Code string

// The result codes in their order of precedence.
const (
	Accepted             Code = "accepted"
	InvalidCommand       Code = "invalid_command"         // a field is missing or malformed
	CommandIDReused      Code = "command_id_reused"       // I8: same ID, other content
	NotMember            Code = "not_member"              // the submitter, or a receiver, is no trading member
	NotFound             Code = "not_found"               // a named thing does not exist
	NotOwner             Code = "not_owner"               // the site or lot is another organisation's
	AlreadyExists        Code = "already_exists"          // an identifier is taken
	VersionNotNext       Code = "version_not_next"        // a version follows the one in force
	MemberNeeded         Code = "member_needed"           // a consortium keeps at least one trading member
	PeriodNotOpen        Code = "period_not_open"         // I5
	DateOutsidePeriod    Code = "date_outside_period"     // I5
	PeriodNotContiguous  Code = "period_not_contiguous"   // gaps and overlaps are refused
	PeriodLength         Code = "period_length"           // not a length that the profile, or the site, has
	SignatureInvalid     Code = "signature_invalid"       // not signed by the certifier named
	CertificateSuspended Code = "certificate_suspended"   // I11: suspended or withdrawn on the day
	CertificateInvalid   Code = "certificate_invalid"     // not valid on the day, or out of scope
	ProjectMismatch      Code = "project_mismatch"        // the statement is not of what the project does
	ExceedsRegion        Code = "exceeds_region"          // a region verified beyond what it can bear
	ExceedsLand          Code = "exceeds_land"            // a land unit verified beyond its size
	EvidenceUsed         Code = "evidence_used"           // I6: a document counts once
	TransferResolved     Code = "transfer_resolved"       // I4
	NotReversible        Code = "not_reversible"          // what was done cannot be reversed in this way
	ReversalNotAgreed    Code = "reversal_not_agreed"     // the other party has not done its part
	ReversalOutOfTime    Code = "reversal_out_of_time"    // too old to be reversed, or not done yet
	ClaimReversed        Code = "claim_reversed"          // nothing rests on a claim that was reversed
	ProductMismatch      Code = "product_mismatch"        // the lot, recipe or account is of another product
	ConversionBackwards  Code = "conversion_backwards"    // a recipe would lead back to what its input is made of
	WrongSite            Code = "wrong_site"              // the lot or transfer belongs to another site
	DateBeforeDispatch   Code = "date_before_dispatch"    // nothing arrives before it left
	WrongScheme          Code = "wrong_scheme"            // not verified, or used already, under another scheme
	WrongModel           Code = "wrong_model"             // the custody model does not allow this
	CustodyModelRaised   Code = "custody_model_raised"    // I9
	ModelNotAllowed      Code = "model_not_allowed"       // the scheme does not know the custody model
	OriginMismatch       Code = "origin_mismatch"         // the scheme does not mix these origins
	SetsDiffer           Code = "characteristics_differ"  // lots that are not alike cannot become one
	CarbonMergeForbidden Code = "carbon_merge_forbidden"  // the scheme does not merge carbon figures so
	FiguresExpired       Code = "figures_expired"         // carbon figures past their validity
	AttributionForbidden Code = "attribution_forbidden"   // the recipe, or the scheme, shares the credit out in another way
	InputProportion      Code = "input_proportion"        // an input's part of the whole is outside the recipe's
	NotInLineage         Code = "not_in_lineage"          // credit did not come over the lots named
	WeightOutOfTolerance Code = "weight_out_of_tolerance" // more arrived than left
	ExceedsVerification  Code = "exceeds_verification"    // beyond the verified quantity
	ExceedsYield         Code = "exceeds_yield"           // beyond area × yield cap
	ExceedsQuota         Code = "exceeds_quota"           // beyond the certificate's quota
	AttributionExceeds   Code = "attribution_exceeds"     // I3
	NotParty             Code = "not_party"               // of an offer, an agreement or a figure of the index
	OfferClosed          Code = "offer_closed"            // expired, withdrawn, or answered
	RoundNotNext         Code = "round_not_next"          // other terms lie on the table, or it is the other's turn
	TermsDiffer          Code = "terms_differ"            // not what the other party signed for
	AgreementExpired     Code = "agreement_expired"       // no period of the agreement contains the day
	OffSpecification     Code = "off_specification"       // the lot is not what was agreed
	ExceedsAgreement     Code = "exceeds_agreement"       // beyond the agreement's volume
	SettlementAgreed     Code = "settlement_agreed"       // both parties have settled the period
	NotSettled           Code = "not_settled"             // they have not
	IndexClosed          Code = "index_closed"            // a sum was published already
	TooFewContributions  Code = "too_few_contributions"   // a figure would tell too much
	ConversionExceeds    Code = "conversion_exceeds"      // I7
	ComponentExceeds     Code = "component_exceeds"       // I7: more fat, solids … in the outputs than in the inputs
	YieldTooLow          Code = "yield_too_low"           // less came out than the recipe's least yield
	ExceedsClaim         Code = "exceeds_claim"           // beyond the part of the claim that came this way
	StockMovedOn         Code = "stock_moved_on"          // what is to be reversed was used since
	AverageExceeded      Code = "average_exceeded"        // beyond the period's rolling average percentage
	InsufficientStock    Code = "insufficient_stock"      // less material on site than needed
	InsufficientCredit   Code = "insufficient_credit"     // I1, I2: less of the lot left than needed
	Recalled             Code = "recalled"                // what is named rests on a recalled statement
	NotDescended         Code = "not_descended"           // nothing in it comes from the recalled statement
	ExceedsRecall        Code = "exceeds_recall"          // more put up than is to be covered
	AuditNeeded          Code = "audit_needed"            // more credits than may be claimed without an audit
	QuantityTooLarge     Code = "quantity_too_large"      // a sum that could not be kept
	BalanceMismatch      Code = "balance_mismatch"        // a stated balance is not the book's
	StockOutOfTolerance  Code = "stock_out_of_tolerance"  // the count differs too much from the book
	CarryOverExceeded    Code = "carry_over_exceeded"     // more credit than may be carried into the next period
)

// Codes lists all codes in their order of precedence.
var Codes = []Code{
	Accepted, InvalidCommand, CommandIDReused, NotMember, NotFound, NotOwner, AlreadyExists, VersionNotNext, MemberNeeded,
	PeriodNotOpen, DateOutsidePeriod, PeriodNotContiguous, PeriodLength, SignatureInvalid, CertificateSuspended,
	CertificateInvalid, ProjectMismatch, ExceedsRegion, ExceedsLand, EvidenceUsed, TransferResolved, NotReversible, ReversalNotAgreed,
	ReversalOutOfTime, ClaimReversed, ProductMismatch, ConversionBackwards, WrongSite, DateBeforeDispatch, WrongScheme,
	WrongModel, CustodyModelRaised, ModelNotAllowed, OriginMismatch, SetsDiffer,
	CarbonMergeForbidden, FiguresExpired, AttributionForbidden, InputProportion,
	NotInLineage, WeightOutOfTolerance, ExceedsVerification, ExceedsYield, ExceedsQuota, AttributionExceeds,
	NotParty, OfferClosed, RoundNotNext, TermsDiffer, AgreementExpired, OffSpecification, ExceedsAgreement,
	SettlementAgreed, NotSettled, IndexClosed, TooFewContributions,
	ConversionExceeds, ComponentExceeds, YieldTooLow, ExceedsClaim, StockMovedOn, AverageExceeded, InsufficientStock,
	InsufficientCredit, Recalled, NotDescended, ExceedsRecall, AuditNeeded, QuantityTooLarge, BalanceMismatch, StockOutOfTolerance,
	CarryOverExceeded,
}

// Figures are the numbers that a refusal rests on, in kilograms.
type Figures struct {
	Have  Quantity
	Need  Quantity
	Short Quantity // Need − Have
}

// Refusal is why a command was refused. A refused command changes nothing and
// leaves its ID free. Any other error from Execute is internal: the state could
// not be read or contradicts itself.
type Refusal struct {
	Code    Code
	Message string
	Figures *Figures
}

// Error gives the code and the message.
func (r *Refusal) Error() string { return string(r.Code) + ": " + r.Message }

func refuse(code Code, format string, args ...any) *Refusal {
	return &Refusal{Code: code, Message: fmt.Sprintf(format, args...)}
}

// lacking refuses for want of a quantity of something. Figures that could not
// be read again stand in the message only.
func lacking(code Code, have, need Quantity, format string, args ...any) *Refusal {
	short := have.Shortage(need)
	if !have.Fits() || !need.Fits() {
		return refuse(code, "have %s kg, need %s kg: %s", have, need, fmt.Sprintf(format, args...))
	}
	return &Refusal{
		Code:    code,
		Message: fmt.Sprintf("have %s kg, need %s kg, %s kg short: %s", have, need, short, fmt.Sprintf(format, args...)),
		Figures: &Figures{Have: have, Need: need, Short: short},
	}
}
