package massbalance

import (
	"fmt"
	"slices"
)

// This file holds who is a member. Like all of the common register a member has
// versions: the next one may give it another name or role, or remove it, and
// one that was removed comes back by the version after that.

func (b RegisterOrganisation) check() string { return b.Member.check() }

// RegisterOrganisation adds a member or gives it another name or role.
func (b RegisterOrganisation) execute(e *execution) error { return e.renewMember(b.Member) }

func (b RemoveOrganisation) check() string {
	if !ValidName(string(b.Organisation)) || b.Version < 2 {
		return fmt.Sprintf("organisation %q must be a name, and version %d that of the member with which it ends, from 2", b.Organisation, b.Version)
	}
	return ""
}

// RemoveOrganisation makes a member a former one. The member concerned may ask
// for it too, and counts as long as it is one.
func (b RemoveOrganisation) execute(e *execution) error {
	member, known := e.consortium.member(b.Organisation)
	if !known || member.Role == Former && b.Version > member.Version {
		return refuse(NotFound, "there is no member %s", b.Organisation)
	}
	member.Role, member.Version = Former, b.Version
	return e.renewMember(member)
}

// renewMember puts the next version of a member in force.
func (e *execution) renewMember(m Member) error {
	before, known := e.consortium.member(m.Organisation)
	after := Consortium{Members: append([]Member{}, e.consortium.Members...), Paged: e.consortium.Paged}
	if at := slices.Index(after.Members, before); known {
		after.Members[at] = m
	} else {
		after.Members = append(after.Members, m)
	}
	needed := false
	version := edition{m.Version, before.Version, known, Superseded{Member: &before}}
	err := e.renew("organisation", string(m.Organisation), version, func() {
		needed = len(after.Trading()) == 0
		e.put(ConsortiumKey(), after)
	})
	if err == nil && needed {
		return refuse(MemberNeeded, "%s is the last trading member, and a consortium needs one", m.Organisation)
	}
	return err
}

// destination looks the site up to which something is sent. Its owner must be
// able to take it in: a former member could neither receive nor reject it.
func (e *execution) destination(id SiteID) (Site, error) {
	site, err := need[Site](e, SiteKey(id))
	if err != nil {
		return site, err
	}
	if owner, _ := e.consortium.member(site.Owner); owner.Role != Trading {
		return site, refuse(NotMember, "site %s is of %s, which is no trading member any more", id, site.Owner)
	}
	return site, nil
}

// certifier looks a certification body up to check what it signed. One that is
// no member any more has no keys for anything new.
func (e *execution) certifier(id OrganisationID) (Certifier, error) {
	certifier, err := need[Certifier](e, CertifierKey(id))
	if member, _ := e.consortium.member(id); member.Role != Certification {
		certifier.Keys = nil
	}
	return certifier, err
}
