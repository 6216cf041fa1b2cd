package massbalance

import (
	"cmp"
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
	certifier, err := e.certifier(s.Certifier)
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
// command's date (I11). A site that was never certified under the scheme is
// held up where the scheme's profile asks for a certificate.
func (b *books) checkSchemes(lots []Lot) error {
	type scope struct {
		scheme  SchemeID
		product ProductID
	}
	seen := map[scope]bool{}
	for _, lot := range lots {
		set, err := need[Characteristics](b.e, CharacteristicsKey(lot.Characteristics))
		if err != nil {
			return err
		}
		if seen[scope{set.Scheme, lot.Product}] {
			continue
		}
		seen[scope{set.Scheme, lot.Product}] = true
		if err := b.checkScheme(set.Scheme, lot.Product); err != nil {
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

func (b *books) checkScheme(scheme SchemeID, product ProductID) error {
	_, _, err := b.modelsUnder(scheme, product)
	return err
}

// modelsUnder lists the custody models for which the site is certified under a
// scheme on the command's date; covered is false where it never was. It refuses
// where it was, and no certificate is good on that day, or none of those that are
// names the product. Up to version 2 of the rules a certificate's products bounded
// statements only.
func (b *books) modelsUnder(scheme SchemeID, product ProductID) (models []CustodyModel, covered bool, err error) {
	coverage, covered, err := find[Coverage](b.e, CoverageKey(b.site.ID, scheme))
	if err != nil {
		return nil, covered, err
	}
	if !covered {
		return nil, false, b.uncertified(scheme)
	}
	var first, outside error
	for _, reference := range coverage.Certificates {
		c, refusal, err := b.e.standing(reference)
		switch {
		case err != nil:
			return nil, true, err
		case b.e.rules >= 3 && !slices.Contains(c.Products, product):
			outside = refuse(CertificateInvalid, "certificate %s of %s covers %v at site %s, not %s", c.ID, c.Certifier, c.Products, b.site.ID, product)
		case refusal != nil && first == nil:
			first = refusal
		case refusal == nil && len(c.Models) == 0:
			models = append(models, CustodyModels...)
		case refusal == nil:
			models = append(models, c.Models...)
		}
	}
	if len(models) == 0 && first == nil {
		first = outside
	}
	if len(models) == 0 {
		return nil, true, first
	}
	return models, true, nil
}

// uncertified refuses credit at a site that was never certified under its
// scheme, where the scheme's profile asks for a certificate.
func (b *books) uncertified(scheme SchemeID) error {
	profile, err := b.e.profileOf(scheme)
	if err != nil {
		return err
	}
	if profile.CertificateRequired {
		return refuse(CertificateInvalid, "site %s has no certificate under %s, and only certified sites hold its credit", b.site.ID, scheme)
	}
	return nil
}

// certified gives arriving blends at the highest custody model that the site is
// certified for and that is no higher than their own: a receiver without a
// licence for a level gets the shipment at the level below (Rainforest Alliance
// does so automatically).
func (b *books) certified(product ProductID, groups []blend) ([]blend, error) {
	out := make([]blend, 0, len(groups))
	for _, g := range groups {
		set, err := need[Characteristics](b.e, CharacteristicsKey(g.Characteristics))
		if err != nil {
			return nil, err
		}
		scheme := cmp.Or(g.Scheme, set.Scheme)
		models, covered, err := b.modelsUnder(scheme, product)
		if err != nil {
			return nil, err
		}
		profile, err := b.e.profileOf(scheme)
		if err != nil {
			return nil, err
		}
		if models = profile.narrow(models, covered); len(models) == 0 || !g.Model.Physical() && !profile.allows(g.Model) {
			return nil, refuse(ModelNotAllowed, "scheme %s knows %v, not %s", scheme, profile.Models, g.Model)
		}
		if g.Model.Physical() {
			model := highest(models, g)
			if model == "" {
				return nil, refuse(CertificateInvalid, "site %s is certified under %s for %v, which is no level at which a %s shipment can be received", b.site.ID, scheme, models, g.Model)
			}
			g = g.as(model)
		}
		out = append(out, g)
	}
	return out, nil
}

// highest is the strictest of the models that is no stricter than the blend's;
// controlled blending only if the blend has a share.
func highest(models []CustodyModel, g blend) (best CustodyModel) {
	for _, m := range models {
		if m.Physical() && m.Level() <= g.Model.Level() && m.Level() > best.Level() && (m != ControlledBlending || g.Model == m) {
			best = m
		}
	}
	return best
}

// as restates the blend under a looser model.
func (g blend) as(model CustodyModel) blend {
	if model != g.Model {
		g.Model, g.Certifier, g.Statement, g.Share = model, "", "", Ratio{}
	}
	return g
}

// standing looks a certificate up and checks it on the command's date: refusal
// is nil if it is good.
func (e *execution) standing(reference CertificateReference) (c Certificate, refusal, err error) {
	c, err = need[Certificate](e, CertificateKey(reference.Certifier, reference.Certificate))
	if err != nil {
		return c, nil, err
	}
	history, _, err := find[StandingHistory](e, StandingKey(reference.Certifier, reference.Certificate))
	if err != nil {
		return c, nil, err
	}
	// A late entry must have been good when it happened, and when it is booked.
	for _, day := range []Date{e.command.happened(), e.command.Date} {
		if s := history.on(day); s.Kind != Reinstated {
			return c, refuse(CertificateSuspended, "certificate %s of %s is %s since %s (%s), so nothing moves under it on %s", c.ID, c.Certifier, s.Kind, s.Effective, s.Reason, day), nil
		}
		if day < c.ValidFrom || day > c.ValidTo {
			return c, refuse(CertificateInvalid, "certificate %s of %s is valid from %s to %s, not on %s", c.ID, c.Certifier, c.ValidFrom, c.ValidTo, day), nil
		}
	}
	return c, nil, nil
}

// checkOrigin refuses material that comes in on a day on which the certificate
// behind its statement was not good, or no certificate of the site was.
func (b *books) checkOrigin(s Statement, model CustodyModel) error {
	_, refusal, err := b.e.standing(CertificateReference{s.Certifier, s.Certificate})
	if err != nil {
		return err
	}
	if refusal != nil {
		return refusal
	}
	models, covered, err := b.modelsUnder(s.Characteristics.Scheme, s.Product)
	if err != nil {
		return err
	}
	if covered && !slices.Contains(models, model) {
		return refuse(CustodyModelRaised, "site %s is certified under %s for %v, not for %s", b.site.ID, s.Characteristics.Scheme, models, model)
	}
	profile, err := b.e.profileOf(s.Characteristics.Scheme)
	if err != nil {
		return err
	}
	return profile.checkModel(model)
}
