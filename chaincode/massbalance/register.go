package massbalance

import "fmt"

// This file holds the common register: what belongs to no single member. A
// change of it takes effect when a majority of the trading members asked for
// the same content, each by a command of its own (adopt.go).

func (b FoundConsortium) check() string {
	if b.Rules < 0 {
		return fmt.Sprintf("rules: version %d is not a number from 1", b.Rules)
	}
	trading := 0
	seen := map[OrganisationID]bool{}
	for _, m := range b.Members {
		if problem := m.check(); problem != "" {
			return problem
		}
		if seen[m.Organisation] {
			return fmt.Sprintf("members: %s is named twice", m.Organisation)
		}
		seen[m.Organisation] = true
		if m.Role == Trading {
			trading++
		}
	}
	if trading == 0 {
		return "members: a consortium needs at least one trading member"
	}
	return ""
}

func (m Member) check() string {
	switch {
	case !ValidName(string(m.Organisation)):
		return fmt.Sprintf("member: organisation %q is not a name", m.Organisation)
	case m.Name == "" || !validText(m.Name):
		return fmt.Sprintf("member %s: name must be 1 to %d bytes without control characters", m.Organisation, textLimit)
	case m.Role != Trading && m.Role != Certification:
		return fmt.Sprintf("member %s: role %q is neither trading nor certification", m.Organisation, m.Role)
	}
	return ""
}

// FoundConsortium is accepted once, from a founding trading member.
func (b FoundConsortium) execute(e *execution) error {
	if err := e.absent(ConsortiumKey()); err != nil {
		return err
	}
	if b.Rules > RulesVersion {
		return refuse(NotFound, "there is no version %d of the rules here; the latest is %d", b.Rules, RulesVersion)
	}
	founded := Consortium{Members: b.Members, Paged: b.Rules >= 5}
	if m, ok := founded.member(e.tx.Organisation); !ok || m.Role != Trading {
		return refuse(NotMember, "%s founds a consortium of which it is not a trading member", e.tx.Organisation)
	}
	e.put(ConsortiumKey(), founded)
	if b.Rules > 1 {
		e.put(RulesKey(), Rules{b.Rules})
	}
	e.record.Subject = "consortium"
	return nil
}

func (b RegisterProduct) check() string {
	p := b.Product
	if !ValidName(string(p.ID)) {
		return fmt.Sprintf("product: id %q is not a name", p.ID)
	}
	if p.Name == "" || !validText(p.Name) {
		return fmt.Sprintf("product %s: name must be 1 to %d bytes without control characters", p.ID, textLimit)
	}
	if !one.Exceeds(p.ReferenceMoisture) {
		return fmt.Sprintf("product %s: reference moisture %s must be less than 1", p.ID, p.ReferenceMoisture)
	}
	seen := map[string]bool{}
	for _, c := range p.YieldCaps {
		switch {
		case !ValidName(c.Region) || seen[c.Region]:
			return fmt.Sprintf("product %s: yield cap region %q is not a name, or named twice", p.ID, c.Region)
		case c.PerHectare.IsZero():
			return fmt.Sprintf("product %s: yield cap of %s must be more than 0 kg/ha", p.ID, c.Region)
		case c.Source == "" || !validText(c.Source):
			return fmt.Sprintf("product %s: yield cap of %s needs a source of at most %d bytes", p.ID, c.Region, textLimit)
		}
		seen[c.Region] = true
	}
	return p.checkRegionLimits()
}

func (b RegisterProduct) execute(e *execution) error {
	key := ProductKey(b.Product.ID)
	before, exists, err := find[Product](e, key)
	if err != nil {
		return err
	}
	old := Superseded{Product: &before}
	return e.renew("product", string(b.Product.ID), edition{b.Product.Version, before.Version, exists, old}, func() { e.put(key, b.Product) })
}

func (b RegisterCertifier) check() string {
	c := b.Certifier
	if !ValidName(string(c.ID)) {
		return fmt.Sprintf("certifier: id %q is not a name", c.ID)
	}
	if len(c.Keys) == 0 || len(c.Keys) > listLimit {
		return fmt.Sprintf("certifier %s: needs 1 to %d keys", c.ID, listLimit)
	}
	seen := map[KeyID]bool{}
	for _, k := range c.Keys {
		if !ValidName(string(k.ID)) || seen[k.ID] {
			return fmt.Sprintf("certifier %s: key %q is not a name, or named twice", c.ID, k.ID)
		}
		if _, err := k.Point.ecdsa(); err != nil {
			return fmt.Sprintf("certifier %s: key %s: %v", c.ID, k.ID, err)
		}
		seen[k.ID] = true
	}
	return ""
}

func (b RegisterCertifier) execute(e *execution) error {
	member, known := e.consortium.member(b.Certifier.ID)
	if !known {
		return refuse(NotFound, "there is no organisation %s", b.Certifier.ID)
	}
	if member.Role != Certification {
		return refuse(NotOwner, "%s is a %s member; only a certification body can be a certifier", b.Certifier.ID, member.Role)
	}
	key := CertifierKey(b.Certifier.ID)
	before, exists, err := find[Certifier](e, key)
	if err != nil {
		return err
	}
	old := Superseded{Certifier: &before}
	return e.renew("certifier", string(b.Certifier.ID), edition{b.Certifier.Version, before.Version, exists, old}, func() { e.put(key, b.Certifier) })
}

func (b RegisterSite) check() string {
	switch {
	case !ValidName(string(b.Site)):
		return fmt.Sprintf("site: %q is not a name", b.Site)
	case b.Name == "" || !validText(b.Name):
		return fmt.Sprintf("site %s: name must be 1 to %d bytes without control characters", b.Site, textLimit)
	case !validCountry(b.Country):
		return fmt.Sprintf("site %s: country %q is not an ISO 3166 two-letter code", b.Site, b.Country)
	case !ValidName(b.Region):
		return fmt.Sprintf("site %s: region %q is not a name", b.Site, b.Region)
	}
	return ""
}

// RegisterSite makes the submitting organisation the owner of a new site, and
// guards the site's head: from now on nothing moves there without the owner's peer.
func (b RegisterSite) execute(e *execution) error {
	if err := e.absent(SiteKey(b.Site)); err != nil {
		return err
	}
	e.put(SiteKey(b.Site), Site{ID: b.Site, Owner: e.tx.Organisation, Name: b.Name, Country: b.Country, Region: b.Region})
	e.guarded(HeadKey(b.Site), Head{}, e.tx.Organisation)
	e.record.Subject = string(b.Site)
	e.advance(b.Site, Head{})
	return nil
}
