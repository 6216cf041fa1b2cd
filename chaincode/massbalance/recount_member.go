package massbalance

import "fmt"

// membership follows who is a member with which role, and checks that every
// record is a trading member's and every document a certification body's.
func (t *Tally) membership(e Entry) {
	if body, ok := e.Command.Body.(FoundConsortium); ok {
		for _, m := range body.Members {
			t.member(m)
		}
	}
	if len(t.members) == 0 {
		return
	}
	if by := e.Record.Organisation; t.members[by] != Trading {
		t.find(e, "submitted by %s, which is no trading member", by)
	}
	if signer := signerOf(e.Command.Body); signer != "" && t.members[signer] != Certification {
		t.find(e, "signed by %s, which is no certification body of the consortium", signer)
	}
	switch body := e.Command.Body.(type) {
	case RegisterOrganisation:
		if t.adopted(e, "organisation/"+string(body.Member.Organisation), body.Member.Version) {
			t.member(body.Member)
		}
	case RemoveOrganisation:
		if t.adopted(e, "organisation/"+string(body.Organisation), body.Version) {
			t.members[body.Organisation] = Former
		}
	}
}

func (t *Tally) member(m Member) {
	t.members[m.Organisation] = m.Role
	t.versions["organisation/"+string(m.Organisation)] = max(m.Version, 1)
}

// signerOf is the certification body whose signed document a command relays.
func signerOf(body Body) OrganisationID {
	switch b := body.(type) {
	case PublishCertificate:
		return b.Document.Certificate.Certifier
	case PublishStanding:
		return b.Document.Standing.Certifier
	case PublishStatement:
		return b.Document.Statement.Certifier
	case PublishFinding:
		return b.Document.Finding.Certifier
	case PublishCreditAudit:
		return b.Document.Audit.Certifier
	case ChangeBalance:
		return b.Document.Consent.Certifier
	case Reverse:
		return b.Consent.Consent.Certifier
	}
	return ""
}

// compareMembers checks the members of a state against the recount.
func (t *Tally) compareMembers(state Memory) (differences []string) {
	consortium, _ := state[ConsortiumKey()].(Consortium)
	for _, m := range consortium.Members {
		if t.members[m.Organisation] != m.Role {
			differences = append(differences, fmt.Sprintf("member %s: stored as %s, recounted as %q", m.Organisation, m.Role, t.members[m.Organisation]))
		}
	}
	if len(consortium.Members) != len(t.members) {
		differences = append(differences, fmt.Sprintf("stored are %d members, recounted %d", len(consortium.Members), len(t.members)))
	}
	return differences
}
