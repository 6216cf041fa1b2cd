package massbalance

import (
	"fmt"
	"slices"
)

// This file holds how a seller and a buyer come to terms. The ledger keeps who
// asked whom and what both signed for; the price it never sees. Commercial terms
// are a document that exactly the two parties hold, and stand here as the
// SHA-256 of its bytes, which begin with a salt. Whoever proposes also signs, in
// advance, the very body of the command by which the other may accept
// (Quote.Acceptance), so an acceptance is signed by both and in every field.

// OfferFacts are the physical side of an offer to all members. An offer to some
// has them in the document that each of these gets.
type OfferFacts struct {
	Product ProductID
	Model   CustodyModel
	// Characteristics are the sets that the volume has.
	Characteristics []CharacteristicsID
	Quantity        Quantity
	// Lots are held already; Certifier and Statement name what a forecast lies
	// within. Nothing is reserved by either.
	Lots      []LotLine
	Certifier OrganisationID
	Statement StatementID
	// Site is the place of delivery, From and To its window.
	Site SiteID
	From Date
	To   Date
}

// Quote is what one member is asked for.
type Quote struct {
	Buyer OrganisationID
	// Terms is the hash of the commercial terms.
	Terms Digest
	// Acceptance is the hash of the canonical body of the AcceptOffer by which
	// these terms are accepted.
	Acceptance Digest
}

// Offer is what a seller has put up.
type Offer struct {
	ID     OfferID
	Seller OrganisationID
	// Facts are set on an offer to all.
	Facts *OfferFacts
	// Buyers are the members that got terms of their own.
	Buyers    []OrganisationID
	Expires   Date
	Withdrawn Date
}

// NegotiationStatus is where two parties stand with an offer.
type NegotiationStatus string

// A negotiation is open until one of its parties accepts or declines.
const (
	NegotiationOpen     NegotiationStatus = "open"
	NegotiationAccepted NegotiationStatus = "accepted"
	NegotiationDeclined NegotiationStatus = "declined"
)

// Negotiation is what lies on the table between the seller of an offer and one
// buyer: the latest terms, and by whom.
type Negotiation struct {
	Offer  OfferID
	Seller OrganisationID
	Quote  Quote
	// Round counts the terms from 1; By proposed the latest.
	Round   int
	By      OrganisationID
	Expires Date
	Status  NegotiationStatus
	// Answered is the day on which it was accepted or declined.
	Answered  Date
	Agreement AgreementID
}

func (Offer) isValue()       {}
func (Negotiation) isValue() {}

func (b MakeOffer) check() string {
	if !b.Expires.Valid() {
		return fmt.Sprintf("expires: %q is not a date", b.Expires)
	}
	if b.Facts == nil && len(b.Quotes) == 0 || len(b.Quotes) > listLimit {
		return fmt.Sprintf("quotes: an offer without public facts is made to 1 to %d members", listLimit)
	}
	seen := map[OrganisationID]bool{}
	for _, q := range b.Quotes {
		if problem := q.check(); problem != "" || seen[q.Buyer] {
			return fmt.Sprintf("quotes: of %q: %s", q.Buyer, orElse(problem, "named twice"))
		}
		seen[q.Buyer] = true
	}
	return b.Facts.check()
}

func (q Quote) check() string {
	switch {
	case !ValidName(string(q.Buyer)):
		return "buyer is not a name"
	case q.Terms.IsZero() || q.Acceptance.IsZero():
		return "terms and acceptance must be given"
	}
	return ""
}

func orElse(text, other string) string {
	if text != "" {
		return text
	}
	return other
}

func (f *OfferFacts) check() string {
	switch {
	case f == nil:
		return ""
	case !ValidName(string(f.Product)) || !ValidName(string(f.Site)):
		return "facts: product and site must be names"
	case !f.Model.Valid():
		return fmt.Sprintf("facts: model %q is not a custody model", f.Model)
	case f.Quantity.IsZero() || !f.Quantity.Fits():
		return "facts: quantity must be more than 0 kg"
	case !f.From.Valid() || !f.To.Valid() || f.To < f.From:
		return fmt.Sprintf("facts: %q to %q is not a span of days", f.From, f.To)
	case len(f.Characteristics) == 0 || len(f.Characteristics) > listLimit:
		return fmt.Sprintf("facts: needs 1 to %d sets of characteristics", listLimit)
	case (len(f.Lots) == 0) == (f.Statement == ""):
		return "facts: the volume is either in lots held or a forecast within a statement"
	}
	return checkLines(f.Lots)
}

// MakeOffer puts volume up for sale, to all members or to those with a quote.
func (b MakeOffer) execute(e *execution) error {
	for _, q := range b.Quotes {
		if err := e.counterparty(q.Buyer); err != nil {
			return err
		}
	}
	if b.Expires < e.command.Date || e.command.Date == "" {
		return refuse(OfferClosed, "an offer of %q that expires on %s is over already", e.command.Date, b.Expires)
	}
	if err := b.Facts.hold(e); err != nil {
		return err
	}
	offer := Offer{ID: OfferID(e.reference()), Seller: e.tx.Organisation, Facts: b.Facts, Expires: b.Expires}
	for _, q := range b.Quotes {
		offer.Buyers = append(offer.Buyers, q.Buyer)
		e.put(NegotiationKey(offer.ID, q.Buyer), Negotiation{
			Offer: offer.ID, Seller: offer.Seller, Quote: q, Round: 1, By: offer.Seller, Expires: b.Expires, Status: NegotiationOpen,
		})
	}
	e.put(OfferKey(offer.ID), offer)
	e.record.Subject = string(offer.ID)
	return nil
}

// counterparty checks that a member can be traded with.
func (e *execution) counterparty(id OrganisationID) error {
	if member, _ := e.consortium.member(id); member.Role != Trading {
		return refuse(NotMember, "%s is no trading member of the consortium", id)
	}
	if id == e.tx.Organisation {
		return refuse(NotParty, "%s cannot trade with itself", id)
	}
	return nil
}

// hold checks that what is offered in public exists: the sets, and the lots or
// the statement with as much left.
func (f *OfferFacts) hold(e *execution) error {
	if f == nil {
		return nil
	}
	if _, err := need[Product](e, ProductKey(f.Product)); err != nil {
		return err
	}
	if _, err := e.ownSite(f.Site); err != nil {
		return err
	}
	for _, id := range f.Characteristics {
		if _, err := need[Characteristics](e, CharacteristicsKey(id)); err != nil {
			return err
		}
	}
	if f.Statement != "" {
		return f.forecast(e)
	}
	for _, line := range f.Lots {
		lot, err := need[Lot](e, LotKey(line.Lot))
		if err != nil {
			return err
		}
		if _, err := e.ownSite(lot.Site); err != nil {
			return err
		}
		if lot.Product != f.Product || !slices.Contains(f.Characteristics, lot.Characteristics) {
			return refuse(ProductMismatch, "lot %s is %s of set %s, which the offer does not name", lot.ID, lot.Product, lot.Characteristics)
		}
		if f.Model.Level() > lot.Model.Level() {
			return refuse(CustodyModelRaised, "lot %s is %s and cannot be offered as %s", lot.ID, lot.Model, f.Model)
		}
		if lot.Available().Less(line.Quantity) {
			return lacking(InsufficientCredit, lot.Available(), line.Quantity, "lot %s", lot.ID)
		}
	}
	if held := sumLines(f.Lots); held.Less(f.Quantity) {
		return lacking(InsufficientCredit, held, f.Quantity, "the lots named are less than what is offered")
	}
	return nil
}

// forecast checks that what is yet to be introduced lies within a statement.
func (f *OfferFacts) forecast(e *execution) error {
	verified, err := need[Verified](e, StatementKey(f.Certifier, f.Statement))
	if err != nil {
		return err
	}
	s := verified.Statement
	if s.Holder != e.tx.Organisation {
		return refuse(NotOwner, "statement %s is for %s, not for %s", s.ID, s.Holder, e.tx.Organisation)
	}
	if s.Product != f.Product || !slices.Contains(f.Characteristics, s.Characteristics.ID()) {
		return refuse(ProductMismatch, "statement %s is of %s of set %s, which the offer does not name", s.ID, s.Product, s.Characteristics.ID())
	}
	if left := verified.Introduced.Shortage(s.Quantity); left.Less(f.Quantity) {
		return lacking(ExceedsVerification, left, f.Quantity, "statement %s has no more to be introduced", s.ID)
	}
	return nil
}

func (b WithdrawOffer) check() string {
	if b.Offer == "" {
		return "offer: must be named"
	}
	return ""
}

// WithdrawOffer ends an offer and every negotiation of it that is still open.
func (b WithdrawOffer) execute(e *execution) error {
	offer, err := need[Offer](e, OfferKey(b.Offer))
	if err != nil {
		return err
	}
	if offer.Seller != e.tx.Organisation {
		return refuse(NotOwner, "offer %s is %s's, not %s's", offer.ID, offer.Seller, e.tx.Organisation)
	}
	if err := offer.open(e); err != nil {
		return err
	}
	offer.Withdrawn = e.command.Date
	e.put(OfferKey(offer.ID), offer)
	e.record.Subject = string(offer.ID)
	return nil
}

// open checks that an offer may still be answered on the command's date.
func (o Offer) open(e *execution) error {
	switch {
	case o.Withdrawn != "":
		return refuse(OfferClosed, "offer %s was withdrawn on %s", o.ID, o.Withdrawn)
	case e.command.Date == "" || e.command.Date > o.Expires:
		return refuse(OfferClosed, "offer %s expires on %s, the command is of %q", o.ID, o.Expires, e.command.Date)
	}
	return nil
}

// table looks up what lies between the submitter and the other party: whose turn
// it is and which round is to be answered is checked.
func (e *execution) table(id OfferID, buyer OrganisationID, round int) (Offer, Negotiation, error) {
	offer, err := need[Offer](e, OfferKey(id))
	if err != nil {
		return offer, Negotiation{}, err
	}
	n, begun, err := find[Negotiation](e, NegotiationKey(id, buyer))
	if err != nil {
		return offer, n, err
	}
	if !begun && offer.Facts != nil {
		n = Negotiation{Offer: id, Seller: offer.Seller, Quote: Quote{Buyer: buyer}, By: offer.Seller, Expires: offer.Expires, Status: NegotiationOpen}
	}
	if us := e.tx.Organisation; us != buyer && us != offer.Seller || n.Offer == "" {
		return offer, n, refuse(NotParty, "offer %s is between %s and those it was made to; %s negotiates nothing of it for %s", id, offer.Seller, us, buyer)
	}
	if err := e.counterparty(n.other(e.tx.Organisation)); err != nil {
		return offer, n, err
	}
	if err := offer.open(e); err != nil {
		return offer, n, err
	}
	if n.Status != NegotiationOpen || e.command.Date > n.Expires {
		return offer, n, refuse(OfferClosed, "what %s proposed to %s is %s since %q and stood until %s", n.By, n.other(n.By), n.Status, n.Answered, n.Expires)
	}
	if n.Round != round || n.By == e.tx.Organisation {
		return offer, n, refuse(RoundNotNext, "round %d, proposed by %s, is to be answered by %s; not round %d by %s", n.Round, n.By, n.other(n.By), round, e.tx.Organisation)
	}
	return offer, n, nil
}

// other is the party that one is not.
func (n Negotiation) other(party OrganisationID) OrganisationID {
	if party == n.Seller {
		return n.Quote.Buyer
	}
	return n.Seller
}

func (b CounterOffer) check() string {
	switch {
	case b.Offer == "" || b.Round < 0:
		return "offer: must be named, with the round that is answered"
	case !b.Expires.Valid():
		return fmt.Sprintf("expires: %q is not a date", b.Expires)
	}
	return b.Quote.check()
}

// CounterOffer answers the latest terms, or an offer to all, with other terms.
func (b CounterOffer) execute(e *execution) error {
	_, n, err := e.table(b.Offer, b.Quote.Buyer, b.Round)
	if err != nil {
		return err
	}
	n.Quote, n.Round, n.By, n.Expires = b.Quote, n.Round+1, e.tx.Organisation, b.Expires
	if n.Expires < e.command.Date {
		return refuse(OfferClosed, "terms of %s that stand until %s are over already", e.command.Date, n.Expires)
	}
	e.put(NegotiationKey(b.Offer, b.Quote.Buyer), n)
	e.record.Subject = string(b.Offer)
	return nil
}

func (b DeclineOffer) check() string {
	if b.Offer == "" || !ValidName(string(b.Buyer)) || b.Round < 1 {
		return "offer, buyer and the round that is declined must be named"
	}
	return ""
}

// DeclineOffer ends a negotiation without an agreement.
func (b DeclineOffer) execute(e *execution) error {
	_, n, err := e.table(b.Offer, b.Buyer, b.Round)
	if err != nil {
		return err
	}
	n.Status, n.Answered = NegotiationDeclined, e.command.Date
	e.put(NegotiationKey(b.Offer, b.Buyer), n)
	e.record.Subject = string(b.Offer)
	return nil
}

func (b AcceptOffer) check() string {
	switch {
	case b.Offer == "" || !ValidName(string(b.Buyer)) || b.Round < 1:
		return "offer, buyer and the round that is accepted must be named"
	case b.Terms.IsZero():
		return "terms: must be given"
	}
	return b.Commitment.check()
}

// AcceptOffer makes an agreement of the latest terms. The other party signed for
// this very body when it proposed them; what differs is refused.
func (b AcceptOffer) execute(e *execution) error {
	offer, n, err := e.table(b.Offer, b.Buyer, b.Round)
	if err != nil {
		return err
	}
	if _, err := need[Product](e, ProductKey(b.Commitment.Product)); err != nil {
		return err
	}
	if b.Terms != n.Quote.Terms || e.command.BodyContent != n.Quote.Acceptance {
		return refuse(TermsDiffer, "%s proposed terms %s, to be accepted as %s; %s accepts terms %s as %s", n.By, n.Quote.Terms, n.Quote.Acceptance, e.tx.Organisation, b.Terms, e.command.BodyContent)
	}
	agreement := Agreement{
		ID: AgreementID(e.reference()), Offer: b.Offer, Seller: offer.Seller, Buyer: b.Buyer, Terms: b.Terms,
		Signed: e.command.Date, Commitment: b.Commitment, Called: make([]Quantity, len(b.Commitment.Periods)),
	}
	n.Status, n.Answered, n.Agreement = NegotiationAccepted, e.command.Date, agreement.ID
	e.put(NegotiationKey(b.Offer, b.Buyer), n)
	e.put(AgreementKey(agreement.ID), agreement)
	e.record.Subject = string(agreement.ID)
	return nil
}
