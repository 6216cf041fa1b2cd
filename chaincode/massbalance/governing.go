package massbalance

import (
	"cmp"
	"fmt"
	"slices"
)

// This file holds what a scheme's profile does to a site and to its lots: the
// site keeps its mass balance as the profile of the scheme that it chose says,
// and every lot moves as the profile of its own scheme says.

// BalanceConsent is a certifier's signed agreement that a site it certifies keeps its
// balance under another scheme, or in periods of another length, from its next
// period on (EU Union Database: once set, only the certification body may
// change a period's length).
type BalanceConsent struct {
	ID        BalanceConsentID
	Certifier OrganisationID
	Site      SiteID
	Scheme    SchemeID
	// Months is the length of the site's periods; 0 leaves it open again, to be
	// set by the next period.
	Months int
	Issued Date
}

func (b ChooseScheme) check() string {
	if !ValidName(string(b.Site)) || !ValidName(string(b.Scheme)) {
		return fmt.Sprintf("site %q and scheme %q must be names", b.Site, b.Scheme)
	}
	return ""
}

// ChooseScheme is the owner's to give once, between two periods; any change
// after it needs the certifier's consent, or a site could leave a rule behind
// whenever it binds.
func (b ChooseScheme) execute(e *execution) error {
	site, head, err := e.between(b.Site, b.Scheme)
	if err != nil {
		return err
	}
	if site.Scheme != "" {
		return refuse(AlreadyExists, "site %s keeps its balance under %s since %s; a change needs its certifier's consent", site.ID, site.Scheme, site.Since)
	}
	if e.command.Date == "" {
		return refuse(InvalidCommand, "date: needed, for credit that is held already is counted from that day")
	}
	site.Scheme, site.Since = b.Scheme, e.command.Date
	e.put(SiteKey(site.ID), site)
	e.record.Subject = string(b.Scheme)
	e.advance(site.ID, head)
	return nil
}

// between looks a site up that has no open period, to come under a profile.
func (e *execution) between(id SiteID, scheme SchemeID) (site Site, head Head, err error) {
	if site, err = e.ownSite(id); err != nil {
		return site, head, err
	}
	if _, err = need[Profile](e, ProfileKey(scheme)); err != nil {
		return site, head, err
	}
	if head, err = need[Head](e, HeadKey(id)); err != nil {
		return site, head, err
	}
	if head.Period != "" {
		return site, head, refuse(PeriodNotContiguous, "period %s of site %s is still open; its rules hold to its end", head.Period, id)
	}
	return site, head, nil
}

func (b ChangeBalance) check() string {
	c := b.Document.Consent
	switch {
	case !ValidName(string(c.ID)) || !ValidName(string(c.Certifier)) || !ValidName(string(c.Site)) || !ValidName(string(c.Scheme)):
		return fmt.Sprintf("consent %q: id, certifier, site and scheme must be names", c.ID)
	case c.Months != 0 && !slices.Contains(PeriodLengths, c.Months):
		return fmt.Sprintf("consent %s: periods of %d months; they may be of %v", c.ID, c.Months, PeriodLengths)
	case !c.Issued.Valid():
		return fmt.Sprintf("consent %s: issued %q is not a date", c.ID, c.Issued)
	}
	return ""
}

// ChangeBalance takes effect once for each consent, between two periods.
func (b ChangeBalance) execute(e *execution) error {
	c := b.Document.Consent
	site, head, err := e.between(c.Site, c.Scheme)
	if err != nil {
		return err
	}
	certifier, err := e.certifier(c.Certifier)
	if err != nil {
		return err
	}
	if !b.Document.Envelope.verify(certifier) {
		return refuse(SignatureInvalid, "consent %s is not signed with key %q of %s", c.ID, b.Document.Envelope.Key, c.Certifier)
	}
	if err := e.certifies(c.Certifier, site); err != nil {
		return err
	}
	books := &books{e: e, site: Site{Owner: c.Certifier}}
	if err := books.use(EvidenceID(c.ID)); err != nil {
		return err
	}
	profile, err := e.profileOf(c.Scheme)
	if err != nil {
		return err
	}
	if c.Months != 0 && len(profile.PeriodMonths) > 0 && !slices.Contains(profile.PeriodMonths, c.Months) {
		return refuse(PeriodLength, "%s has periods of %v months, not of %d", c.Scheme, profile.PeriodMonths, c.Months)
	}
	site.Scheme, head.Months = c.Scheme, c.Months
	e.put(SiteKey(site.ID), site)
	e.record.Subject = string(c.ID)
	e.advance(site.ID, head)
	return nil
}

// certifies checks that a certifier certified the site under the scheme that it
// keeps its balance under.
func (e *execution) certifies(certifier OrganisationID, site Site) error {
	coverage, _, err := find[Coverage](e, CoverageKey(site.ID, site.Scheme))
	if err != nil {
		return err
	}
	if !slices.ContainsFunc(coverage.Certificates, func(c CertificateReference) bool { return c.Certifier == certifier }) {
		return refuse(CertificateInvalid, "%s never certified site %s under %q, under which it keeps its balance", certifier, site.ID, site.Scheme)
	}
	return nil
}

// leaves describes lots as they leave in one body of material (see leaving),
// used under a scheme if one is named, and checks it against the profiles.
func (b *books) leaves(lots []Lot, lines []LotLine, physical Quantity, asked CustodyModel, scheme SchemeID) ([]TransferLine, error) {
	out, err := leaving(lots, lines, physical, asked)
	if err != nil {
		return nil, err
	}
	out = under(out, scheme)
	if err := b.checkModels(out); err != nil {
		return nil, err
	}
	return out, b.checkOrigins(out)
}

// governed is a set of credit with the profile of the scheme that it moves
// under: the one it is used under, or else its own.
type governed struct {
	TransferLine
	set     Characteristics
	profile Profile
}

// govern looks up what governs lines of credit, once for each kind.
func (e *execution) govern(lines []TransferLine) ([]governed, error) {
	var out []governed
	for _, line := range distinct(lines) {
		set, err := need[Characteristics](e, CharacteristicsKey(line.Characteristics))
		if err != nil {
			return nil, err
		}
		line.Scheme = cmp.Or(line.Scheme, set.Scheme)
		profile, err := e.profileOf(line.Scheme)
		if err != nil {
			return nil, err
		}
		out = append(out, governed{line, set, profile})
	}
	return out, nil
}

// checkModels refuses to move credit under a custody model that its scheme does
// not know.
func (b *books) checkModels(lines []TransferLine) error {
	all, err := b.e.govern(lines)
	if err != nil {
		return err
	}
	for _, g := range all {
		if err := g.profile.checkModel(g.Model); err != nil {
			return err
		}
	}
	return nil
}

func (p Profile) checkModel(model CustodyModel) error {
	if !p.allows(model) {
		return refuse(ModelNotAllowed, "scheme %s knows %v, not %s", p.Scheme, p.Models, model)
	}
	return nil
}

// checkAttribution refuses a recipe that shares credit out in a way that the
// scheme of the credit does not allow.
func (b *books) checkAttribution(lines []TransferLine, recipe Recipe) error {
	all, err := b.e.govern(lines)
	if err != nil {
		return err
	}
	for _, g := range all {
		if !g.profile.Attribution.permits(recipe.Attribution) {
			return refuse(AttributionForbidden, "scheme %s allows attribution %s, recipe %s shares credit out by %q", g.profile.Scheme, g.profile.Attribution, recipe.ID, recipe.Attribution)
		}
	}
	return nil
}

// checkOrigins refuses to put lots of several origins together under mass
// balance where their scheme keeps origins apart (Rainforest Alliance: cocoa of
// Côte d'Ivoire is not mixed with cocoa of Ghana).
func (b *books) checkOrigins(lines []TransferLine) error {
	all, err := b.e.govern(lines)
	if err != nil {
		return err
	}
	first := map[SchemeID]Characteristics{}
	for _, g := range all {
		if g.Model != MassBalance {
			continue
		}
		other, seen := first[g.Scheme]
		if !seen {
			first[g.Scheme], other = g.set, g.set
		}
		match := g.profile.Origin
		if match != OriginAny && g.set.Country != other.Country || match == OriginRegion && g.set.Region != other.Region {
			return refuse(OriginMismatch, "scheme %s matches by %s: %s %s and %s %s cannot be put together", g.Scheme, match, other.Country, other.Region, g.set.Country, g.set.Region)
		}
	}
	return nil
}

// distinct keeps one line of each set of characteristics, scheme and model.
func distinct(lines []TransferLine) []TransferLine {
	var out []TransferLine
	for _, line := range lines {
		if !slices.ContainsFunc(out, func(o TransferLine) bool {
			return o.Characteristics == line.Characteristics && o.Scheme == line.Scheme && o.Model == line.Model
		}) {
			out = append(out, line)
		}
	}
	return out
}

// narrow leaves of the models that a site is certified for those that the
// scheme knows; a site that never was certified counts as certified for all.
func (p Profile) narrow(models []CustodyModel, covered bool) (narrowed []CustodyModel) {
	if !covered {
		models = CustodyModels
	}
	for _, m := range models {
		if p.allows(m) {
			narrowed = append(narrowed, m)
		}
	}
	return narrowed
}
