package massbalance

import (
	"fmt"
	"slices"
)

// StandingKind is what a certifier declares about a certificate.
type StandingKind string

// A suspended certificate may be reinstated; a withdrawn one never is.
const (
	Suspended  StandingKind = "suspended"
	Reinstated StandingKind = "reinstated"
	Withdrawn  StandingKind = "withdrawn"
)

// Standing is a certifier's signed declaration on one of its certificates.
type Standing struct {
	ID          StandingID
	Certifier   OrganisationID
	Certificate CertificateID
	Kind        StandingKind
	// Effective is the first day on which it holds.
	Effective Date
	Reason    string
	Issued    Date
}

// StandingHistory is all that was declared on a certificate. Nothing is ever
// taken out of it: that a certificate was suspended stays visible after it was
// reinstated (ISCC, update of 22 December 2021).
type StandingHistory struct{ Standings []Standing }

// on is the standing on a day: the declaration in force, or one of kind
// Reinstated where there is none. Declarations are in order of effect.
func (h StandingHistory) on(day Date) Standing {
	current := Standing{Kind: Reinstated}
	for _, s := range h.Standings {
		if s.Effective <= day {
			current = s
		}
	}
	return current
}

// last is the latest declaration, with false where there is none.
func (h StandingHistory) last() (Standing, bool) {
	if len(h.Standings) == 0 {
		return Standing{Kind: Reinstated}, false
	}
	return h.Standings[len(h.Standings)-1], true
}

func (b PublishStanding) check() string {
	s := b.Document.Standing
	switch {
	case !ValidName(string(s.ID)) || !ValidName(string(s.Certifier)) || !ValidName(string(s.Certificate)):
		return fmt.Sprintf("standing %q: id, certifier and certificate must be names", s.ID)
	case s.Kind != Suspended && s.Kind != Reinstated && s.Kind != Withdrawn:
		return fmt.Sprintf("standing %s: kind %q is neither suspended, reinstated nor withdrawn", s.ID, s.Kind)
	case !s.Effective.Valid() || !s.Issued.Valid():
		return fmt.Sprintf("standing %s: effective %q or issued %q is not a date", s.ID, s.Effective, s.Issued)
	case s.Reason == "" || !validText(s.Reason):
		return fmt.Sprintf("standing %s: reason must be 1 to %d bytes without control characters", s.ID, textLimit)
	}
	return ""
}

// PublishStanding may be relayed by any trading member, so a holder cannot keep
// its own suspension off the ledger. Declarations on one certificate follow one
// another in time; what was moved before a declaration reached the ledger stays
// moved, and stays visible with its dates.
func (b PublishStanding) execute(e *execution) error {
	s := b.Document.Standing
	certifier, err := need[Certifier](e, CertifierKey(s.Certifier))
	if err != nil {
		return err
	}
	if _, err := need[Certificate](e, CertificateKey(s.Certifier, s.Certificate)); err != nil {
		return err
	}
	key := StandingKey(s.Certifier, s.Certificate)
	history, _, err := find[StandingHistory](e, key)
	if err != nil {
		return err
	}
	for _, earlier := range history.Standings {
		if earlier.ID == s.ID {
			return refuse(AlreadyExists, "standing %s of %s exists already", s.ID, s.Certifier)
		}
	}
	if !b.Document.Envelope.verify(certifier) {
		return refuse(SignatureInvalid, "standing %s is not signed with key %q of %s", s.ID, b.Document.Envelope.Key, s.Certifier)
	}
	if err := history.follows(s); err != nil {
		return err
	}
	history.Standings = append(append([]Standing{}, history.Standings...), s)
	e.put(key, history)
	e.record.Subject = string(s.ID)
	return nil
}

// follows checks that a declaration may come after those before it.
func (h StandingHistory) follows(s Standing) error {
	last, any := h.last()
	switch {
	case len(h.Standings) >= listLimit:
		return refuse(InvalidCommand, "certificate %s has %d standings, the most there may be", s.Certificate, listLimit)
	case last.Kind == Withdrawn:
		return refuse(CertificateInvalid, "certificate %s was withdrawn on %s and stays so", s.Certificate, last.Effective)
	case any && s.Effective <= last.Effective:
		return refuse(CertificateInvalid, "certificate %s is %s since %s; what follows must take effect later, not on %s", s.Certificate, last.Kind, last.Effective, s.Effective)
	case s.Kind == last.Kind:
		return refuse(CertificateInvalid, "certificate %s is %s already", s.Certificate, s.Kind)
	}
	return nil
}

// Coverage lists the certificates that name a site under a scheme, in the order
// of their publication.
type Coverage struct{ Certificates []CertificateReference }

// CertificateReference names a certificate.
type CertificateReference struct {
	Certifier   OrganisationID
	Certificate CertificateID
}

// cover notes that a certificate covers its sites.
func (e *execution) cover(c Certificate) error {
	for _, site := range c.Sites {
		key := CoverageKey(site, c.Scheme)
		coverage, _, err := find[Coverage](e, key)
		if err != nil {
			return err
		}
		if len(coverage.Certificates) >= listLimit {
			return refuse(InvalidCommand, "site %s has %d certificates under %s, the most there may be", site, listLimit, c.Scheme)
		}
		references := append([]CertificateReference{}, coverage.Certificates...)
		e.put(key, Coverage{append(references, CertificateReference{c.Certifier, c.ID})})
	}
	return nil
}

// checkSchemes refuses to move credit at a site whose certificates under the
// credit's scheme are all suspended, withdrawn or out of their time on the
// command's date (I11). A site that was never certified under the scheme is not
// held up here: whether it must be is for the scheme's profile to say.
func (b *books) checkSchemes(ids []CharacteristicsID) error {
	seen := map[SchemeID]bool{}
	for _, id := range ids {
		set, err := need[Characteristics](b.e, CharacteristicsKey(id))
		if err != nil {
			return err
		}
		if seen[set.Scheme] {
			continue
		}
		seen[set.Scheme] = true
		if err := b.checkScheme(set.Scheme); err != nil {
			return err
		}
	}
	return nil
}

// characteristicsOf lists the sets of lots, each once.
func characteristicsOf(lots []Lot) []CharacteristicsID {
	var ids []CharacteristicsID
	for _, lot := range lots {
		if !slices.Contains(ids, lot.Characteristics) {
			ids = append(ids, lot.Characteristics)
		}
	}
	return ids
}

func (b *books) checkScheme(scheme SchemeID) error {
	coverage, covered, err := find[Coverage](b.e, CoverageKey(b.site.ID, scheme))
	if err != nil || !covered {
		return err
	}
	var refusal error
	for _, reference := range coverage.Certificates {
		if refusal, err = b.e.standing(reference); err != nil {
			return err
		}
		if refusal == nil {
			return nil
		}
	}
	return refusal
}

// standing checks one certificate on the command's date: nil if it is good, a
// refusal if it is not.
func (e *execution) standing(reference CertificateReference) (refusal, err error) {
	c, err := need[Certificate](e, CertificateKey(reference.Certifier, reference.Certificate))
	if err != nil {
		return nil, err
	}
	history, _, err := find[StandingHistory](e, StandingKey(reference.Certifier, reference.Certificate))
	if err != nil {
		return nil, err
	}
	day := e.command.Date
	if s := history.on(day); s.Kind != Reinstated {
		return refuse(CertificateSuspended, "certificate %s of %s is %s since %s (%s), so nothing moves under it on %s", c.ID, c.Certifier, s.Kind, s.Effective, s.Reason, day), nil
	}
	if day < c.ValidFrom || day > c.ValidTo {
		return refuse(CertificateInvalid, "certificate %s of %s is valid from %s to %s, not on %s", c.ID, c.Certifier, c.ValidFrom, c.ValidTo, day), nil
	}
	return nil, nil
}

// checkOrigin refuses material that comes in on a day on which the certificate
// behind its statement was not good, or no certificate of the site was.
func (b *books) checkOrigin(s Statement) error {
	refusal, err := b.e.standing(CertificateReference{s.Certifier, s.Certificate})
	if err != nil {
		return err
	}
	if refusal != nil {
		return refusal
	}
	return b.checkScheme(s.Characteristics.Scheme)
}
