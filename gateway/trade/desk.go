package trade

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"errors"
	"fmt"

	"github.com/weighbridge/weighbridge/chaincode/massbalance"
	"github.com/weighbridge/weighbridge/gateway/readmodel"
	"github.com/weighbridge/weighbridge/gateway/store"
)

// Keeper keeps documents in the private data of two organisations; a client of
// package submit is one.
type Keeper interface {
	// Keep is idempotent: a document is kept under its own hash.
	Keep(ctx context.Context, document []byte, with massbalance.OrganisationID) (massbalance.Digest, error)
	// Kept reads what the own organisation keeps; false where it keeps none of this hash.
	Kept(ctx context.Context, digest massbalance.Digest) ([]byte, bool, error)
}

// Reader reads the ledger; the read model is one.
type Reader interface {
	Read(ctx context.Context, look func(*readmodel.Snapshot) error) error
}

// Desk does one organisation's trade: it keeps documents with the other party
// and makes the bodies of the commands that refer to them. Sending these is the
// caller's, who knows who asks and whether somebody must approve.
type Desk struct {
	organisation massbalance.OrganisationID
	keeper       Keeper
	model        Reader
	secret       []byte
	opened       *opened
}

// ErrNotKept means that the organisation does not hold the terms asked for: it
// is no party, or its peer has not received them yet.
var ErrNotKept = errors.New("this organisation keeps no such document")

// ErrUnusable means that what was proposed cannot be.
var ErrUnusable = errors.New("the proposal cannot be used")

// ErrNotParty means that something is between others.
var ErrNotParty = errors.New("this organisation is no party of it")

// ErrUnanswered means that the terms on the table are the organisation's own:
// what the other party answers has not come yet.
var ErrUnanswered = errors.New("the terms on the table are this organisation's own and are not answered yet")

const desksTable = `CREATE TABLE desk (one BIGINT NOT NULL PRIMARY KEY, secret BLOB NOT NULL)`

// NewDesk opens the desk of an organisation. Its secret is drawn once and kept in
// the store: salts are derived from it, so that a command sent again has the
// content that it had.
func NewDesk(ctx context.Context, organisation massbalance.OrganisationID, keeper Keeper, model Reader, own *store.Store) (*Desk, error) {
	if err := own.Migrate(ctx, "trade", desksTable); err != nil {
		return nil, err
	}
	drawn := NewSalt()
	if _, err := own.Exec(ctx, `INSERT INTO desk (one, secret) VALUES (1, ?) ON CONFLICT (one) DO NOTHING`, drawn[:]); err != nil {
		return nil, fmt.Errorf("couldn't keep the desk's secret: %w", err)
	}
	d := &Desk{organisation: organisation, keeper: keeper, model: model, opened: &opened{}}
	if err := own.QueryRow(ctx, `SELECT secret FROM desk WHERE one = 1`).Scan(&d.secret); err != nil {
		return nil, fmt.Errorf("couldn't read the desk's secret: %w", err)
	}
	return d, nil
}

// salt is the same for the same command, counterparty and purpose, and unknown
// to everybody else.
func (d *Desk) salt(command massbalance.CommandID, with massbalance.OrganisationID, purpose string) massbalance.Digest {
	mac := hmac.New(sha256.New, d.secret)
	fmt.Fprintf(mac, "%q %q %q", command, with, purpose)
	return massbalance.Digest(mac.Sum(nil))
}

// Proposal is what one party is asked to agree to.
type Proposal struct {
	Buyer      massbalance.OrganisationID
	Commitment massbalance.Commitment // its salt is set by the desk
	Price      Price
	Note       string
}

// Draft is an offer before it is made. Facts of an offer to all are public; of
// one to some they go into the document that each of these gets.
type Draft struct {
	Facts     *massbalance.OfferFacts
	Public    bool
	Proposals []Proposal
	Expires   massbalance.Date
}

// Offer keeps the terms with each buyer and gives the body of the command of
// this ID that makes the offer. Facts that do not hold are ErrFacts, with figures.
func (d *Desk) Offer(ctx context.Context, command massbalance.CommandID, draft Draft) (massbalance.MakeOffer, error) {
	body := massbalance.MakeOffer{Expires: draft.Expires}
	if err := d.checkFacts(ctx, command, draft); err != nil {
		return body, err
	}
	if draft.Public {
		body.Facts = draft.Facts
	}
	offer := massbalance.OfferID(string(d.organisation) + "/" + string(command))
	for _, p := range draft.Proposals {
		terms := d.terms(command, d.organisation, p.Buyer, p)
		if !draft.Public {
			terms.Facts = draft.Facts
		}
		quote, err := d.quote(ctx, terms, offer, 1)
		if err != nil {
			return body, err
		}
		body.Quotes = append(body.Quotes, quote)
	}
	return body, nil
}

// Counter keeps other terms with the other party of a negotiation and gives the
// body that proposes them in answer to a round.
func (d *Desk) Counter(ctx context.Context, command massbalance.CommandID, offer massbalance.OfferID, round int, p Proposal, expires massbalance.Date) (massbalance.CounterOffer, error) {
	seller, err := d.sellerOf(ctx, offer)
	if err != nil {
		return massbalance.CounterOffer{}, err
	}
	if d.organisation != seller && d.organisation != p.Buyer {
		return massbalance.CounterOffer{}, ErrNotParty
	}
	quote, err := d.quote(ctx, d.terms(command, seller, p.Buyer, p), offer, round+1)
	return massbalance.CounterOffer{Offer: offer, Round: round, Quote: quote, Expires: expires}, err
}

func (d *Desk) sellerOf(ctx context.Context, id massbalance.OfferID) (seller massbalance.OrganisationID, err error) {
	err = d.model.Read(ctx, func(s *readmodel.Snapshot) error {
		offer, err := readmodel.Need[massbalance.Offer](s, massbalance.OfferKey(id))
		seller = offer.Seller
		return err
	})
	return seller, err
}

func (d *Desk) terms(command massbalance.CommandID, seller, buyer massbalance.OrganisationID, p Proposal) Terms {
	other := buyer
	if d.organisation == buyer {
		other = seller
	}
	p.Commitment.Salt = d.salt(command, other, "commitment")
	return Terms{Salt: d.salt(command, other, "terms"), Seller: seller, Buyer: buyer, Commitment: p.Commitment, Price: p.Price, Note: p.Note}
}

// quote keeps terms with the other party and signs for their acceptance.
func (d *Desk) quote(ctx context.Context, terms Terms, offer massbalance.OfferID, round int) (massbalance.Quote, error) {
	if err := terms.Check(); err != nil {
		return massbalance.Quote{}, fmt.Errorf("%w: %w", ErrUnusable, err)
	}
	document, digest, err := terms.Document()
	if err != nil {
		return massbalance.Quote{}, err
	}
	_, acceptance, err := terms.Acceptance(offer, round)
	if err != nil {
		return massbalance.Quote{}, err
	}
	other := terms.Buyer
	if d.organisation == terms.Buyer {
		other = terms.Seller
	}
	if _, err := d.keeper.Keep(ctx, document, other); err != nil {
		return massbalance.Quote{}, err
	}
	return massbalance.Quote{Buyer: terms.Buyer, Terms: digest, Acceptance: acceptance}, nil
}

// Terms opens terms that the organisation keeps.
func (d *Desk) Terms(ctx context.Context, digest massbalance.Digest) (Terms, error) {
	if terms, known := d.opened.get(digest); known {
		return terms, nil
	}
	document, kept, err := d.keeper.Kept(ctx, digest)
	if err != nil {
		return Terms{}, err
	}
	if !kept {
		return Terms{}, fmt.Errorf("couldn't open terms %s: %w", digest, ErrNotKept)
	}
	terms, err := ReadTerms(document)
	if err == nil {
		d.opened.put(digest, terms)
	}
	return terms, err
}

// Accept gives the body that accepts what lies on the table. That the terms are
// what the ledger says, between these parties, is checked.
func (d *Desk) Accept(ctx context.Context, offer massbalance.OfferID, buyer massbalance.OrganisationID) (massbalance.AcceptOffer, error) {
	n, err := d.negotiation(ctx, offer, buyer)
	if err != nil {
		return massbalance.AcceptOffer{}, err
	}
	if n.By == d.organisation {
		return massbalance.AcceptOffer{}, fmt.Errorf("round %d of offer %s: %w", n.Round, offer, ErrUnanswered)
	}
	terms, err := d.Terms(ctx, n.Quote.Terms)
	if err != nil {
		return massbalance.AcceptOffer{}, err
	}
	if terms.Seller != n.Seller || terms.Buyer != n.Quote.Buyer {
		return massbalance.AcceptOffer{}, fmt.Errorf("the terms on the table are between %s and %s, the negotiation is between %s and %s", terms.Seller, terms.Buyer, n.Seller, n.Quote.Buyer)
	}
	body, acceptance, err := terms.Acceptance(offer, n.Round)
	if err == nil && acceptance != n.Quote.Acceptance {
		err = fmt.Errorf("%s signed for another acceptance than that of its terms; nothing can be accepted", n.By)
	}
	return body, err
}

func (d *Desk) negotiation(ctx context.Context, offer massbalance.OfferID, buyer massbalance.OrganisationID) (n massbalance.Negotiation, err error) {
	err = d.model.Read(ctx, func(s *readmodel.Snapshot) (err error) {
		n, err = readmodel.Need[massbalance.Negotiation](s, massbalance.NegotiationKey(offer, buyer))
		return err
	})
	return n, err
}

// agreement reads an agreement that the organisation is a party of.
func (d *Desk) agreement(s *readmodel.Snapshot, id massbalance.AgreementID) (massbalance.Agreement, error) {
	a, err := readmodel.Need[massbalance.Agreement](s, massbalance.AgreementKey(id))
	if err == nil && d.organisation != a.Seller && d.organisation != a.Buyer {
		err = fmt.Errorf("couldn't open agreement %s: %w", id, ErrNotParty)
	}
	return a, err
}

// Statement computes what a period of an agreement comes to, at the read model's
// height.
func (d *Desk) Statement(ctx context.Context, id massbalance.AgreementID, period int) (Statement, error) {
	var a massbalance.Agreement
	var receipts []Receipt
	err := d.model.Read(ctx, func(s *readmodel.Snapshot) (err error) {
		if a, err = d.agreement(s, id); err == nil {
			receipts, err = Receipts(s, id)
		}
		return err
	})
	if err != nil {
		return Statement{}, err
	}
	terms, err := d.Terms(ctx, a.Terms)
	if err != nil {
		return Statement{}, err
	}
	return Settle(a, terms, receipts, period)
}

// Confirm gives the body that confirms the statement of a period as it is now.
func (d *Desk) Confirm(ctx context.Context, id massbalance.AgreementID, period int) (massbalance.ConfirmSettlement, error) {
	statement, err := d.Statement(ctx, id, period)
	if err != nil {
		return massbalance.ConfirmSettlement{}, err
	}
	_, digest, err := statement.Document()
	return massbalance.ConfirmSettlement{Agreement: id, Period: period, Statement: digest}, err
}
