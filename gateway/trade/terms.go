package trade

import (
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"fmt"
	"regexp"
	"slices"

	"github.com/weighbridge/weighbridge/chaincode/massbalance"
	"github.com/weighbridge/weighbridge/chaincode/wire"
)

// Terms are what one party proposes to another. Accepting them means the command
// that Acceptance gives, and no other.
type Terms struct {
	// Salt keeps the content from being found by guessing.
	Salt   massbalance.Digest
	Seller massbalance.OrganisationID
	Buyer  massbalance.OrganisationID
	// Commitment is the part that all may read once it is agreed.
	Commitment massbalance.Commitment
	// Facts are the physical side of an offer that is not made to all.
	Facts *massbalance.OfferFacts
	Price Price
	// Note is what else was said.
	Note string
}

// Price is what is paid for the attribute, beside the price of the material.
type Price struct {
	Currency string // ISO 4217
	// PerTonne is the premium per tonne received. Models names others for
	// custody models for which it is different.
	PerTonne Money
	Models   []ModelPremium
	// Saving, if given, adds a premium per kilogram of CO2e below the baseline.
	Saving *SavingPremium
	// Shortfall is what the seller owes per tonne of a period's minimum that it
	// did not deliver.
	Shortfall Money
}

// ModelPremium is the premium per tonne under one custody model.
type ModelPremium struct {
	Model    massbalance.CustodyModel
	PerTonne Money
}

// SavingPremium pays for what a kilogram emits less than the adopted average.
type SavingPremium struct {
	PerKg Money
	// Region and Version name the baseline, Intensity is what it says.
	Region    string
	Version   int
	Intensity massbalance.Intensity
}

var (
	currencyForm = regexp.MustCompile(`^[A-Z]{3}$`)
	errNegative  = errors.New("a price for shortfall is not negative")
)

// noteLimit bounds the free text of terms.
const noteLimit = 2000

// Check says what is wrong with terms, without repeating a price.
func (t Terms) Check() error {
	switch {
	case t.Salt.IsZero():
		return errors.New("terms need a salt")
	case !massbalance.ValidName(string(t.Seller)) || !massbalance.ValidName(string(t.Buyer)) || t.Seller == t.Buyer:
		return errors.New("terms are between two organisations")
	case !currencyForm.MatchString(t.Price.Currency):
		return errors.New("the currency is three capital letters, such as EUR")
	case t.Price.Shortfall.Negative():
		return errNegative
	case len(t.Note) > noteLimit:
		return fmt.Errorf("the note has %d bytes, at most %d", len(t.Note), noteLimit)
	}
	var seen []massbalance.CustodyModel
	for _, m := range t.Price.Models {
		if !m.Model.Valid() || slices.Contains(seen, m.Model) {
			return fmt.Errorf("premiums: %q is no custody model, or named twice", m.Model)
		}
		seen = append(seen, m.Model)
	}
	return nil
}

// NewSalt draws 32 random bytes.
func NewSalt() (salt massbalance.Digest) {
	_, _ = rand.Read(salt[:]) // never fails (crypto/rand)
	return salt
}

// Document gives the canonical bytes of terms and their hash.
func (t Terms) Document() ([]byte, massbalance.Digest, error) {
	document, err := wire.Format(t)
	if err != nil {
		return nil, massbalance.Digest{}, fmt.Errorf("couldn't write terms: %w", err)
	}
	return document, sha256.Sum256(document), nil
}

// ReadTerms reads what Document wrote and checks it. Its errors do not repeat
// what is in the document.
func ReadTerms(document []byte) (Terms, error) {
	terms, err := wire.Parse[Terms](document)
	if err != nil {
		return Terms{}, errors.New("couldn't read terms: they are not in canonical form")
	}
	return terms, terms.Check()
}

// Acceptance is the command that accepts terms in a round of an offer, and the
// hash that their proposer signs.
func (t Terms) Acceptance(offer massbalance.OfferID, round int) (massbalance.AcceptOffer, massbalance.Digest, error) {
	_, digest, err := t.Document()
	if err != nil {
		return massbalance.AcceptOffer{}, digest, err
	}
	body := massbalance.AcceptOffer{Offer: offer, Buyer: t.Buyer, Round: round, Terms: digest, Commitment: t.Commitment}
	written, err := wire.Format(body)
	if err != nil {
		return body, digest, fmt.Errorf("couldn't write an acceptance: %w", err)
	}
	return body, sha256.Sum256(written), nil
}

// premium is the price per tonne under a model.
func (p Price) premium(model massbalance.CustodyModel) Money {
	for _, m := range p.Models {
		if m.Model == model {
			return m.PerTonne
		}
	}
	return p.PerTonne
}
