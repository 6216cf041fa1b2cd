package massbalance_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	. "github.com/weighbridge/weighbridge/chaincode/massbalance"
)

func (l *ledger) role(org OrganisationID) Role {
	for _, m := range l.state[ConsortiumKey()].(Consortium).Members {
		if m.Organisation == org {
			return m.Role
		}
	}
	return ""
}

// A member that was removed by a majority submits nothing more; what it holds
// stays where it is, and it may come back.
func TestAMemberIsRemovedByAMajority(t *testing.T) {
	l, transfer := shipped(t)
	remove := RemoveOrganisation{"miller", 2}
	back := RegisterOrganisation{Member{Organisation: "miller", Name: "Miller", Role: Trading, Version: 3}}
	l.refuses([]refusal{
		{"no name", InvalidCommand, "growers", with(remove, func(b *RemoveOrganisation) { b.Organisation = "" }), ""},
		{"no version", InvalidCommand, "growers", with(remove, func(b *RemoveOrganisation) { b.Version = 1 }), ""},
		{"as a role", InvalidCommand, "growers", RegisterOrganisation{Member{Organisation: "miller", Name: "Miller", Role: Former, Version: 2}}, ""},
		{"by the certifier", NotMember, "certifier", remove, ""},
		{"unknown", NotFound, "growers", with(remove, func(b *RemoveOrganisation) { b.Organisation = "nobody" }), ""},
		{"a version left out", VersionNotNext, "growers", with(remove, func(b *RemoveOrganisation) { b.Version = 3 }), ""},
	})
	before := l.balances()
	require.True(t, l.must("growers", remove).Pending)
	require.True(t, l.must("miller", remove).Pending, "the member concerned may vote")
	require.Equal(t, Trading, l.role("miller"))
	require.False(t, l.must("brand", remove).Pending)
	require.Equal(t, Former, l.role("miller"))
	require.Equal(t, Trading, l.state[SupersededKey("organisation/miller", 1)].(Superseded).Member.Role)
	require.Equal(t, before, l.balances(), "its stock stays visible")
	l.refuses([]refusal{
		{"received after it left", NotMember, "miller", Receive{Site: "mill", Transfer: transfer, Quantity: kg("50000")}, ""},
		{"sent to it after it left", NotMember, "growers", Dispatch{Site: "elevator", To: "mill", Product: "wheat", Quantity: kg("1")}, ""},
		{"removed twice", NotFound, "growers", with(remove, func(b *RemoveOrganisation) { b.Version = 3 }), ""},
		{"came back as version 2", AlreadyExists, "growers", with(back, func(b *RegisterOrganisation) { b.Member.Version = 2 }), ""},
	})
	require.False(t, l.must("manufacturer", remove).Pending, "agreeing late is agreeing")
	l.must("growers", back)
	l.must("brand", back)
	require.Equal(t, Trading, l.role("miller"), "two of three are a majority")
	l.must("miller", Receive{Site: "mill", Transfer: transfer, Quantity: kg("50000")})
	l.check()
}

// Who left does not count among those who asked: what two of four asked for
// needs two of the three who are left, and one of them is gone.
func TestWhoLeftIsNotCounted(t *testing.T) {
	l := founded(t)
	oats := RegisterProduct{Product{ID: "oats", Name: "Oats"}}
	l.must("miller", oats)
	l.must("growers", oats)
	remove := RemoveOrganisation{"miller", 2}
	for _, org := range []OrganisationID{"growers", "brand", "manufacturer"} {
		l.must(org, remove)
	}
	require.True(t, l.must("growers", oats).Pending, "the growers alone are no majority of three")
	require.False(t, l.must("brand", oats).Pending)

	rye := RegisterProduct{Product{ID: "rye", Name: "Rye"}}
	l.must("brand", rye)
	remove.Organisation = "manufacturer"
	l.must("growers", remove)
	l.must("brand", remove)
	require.True(t, l.must("brand", rye).Pending, "both of two are needed")
	leave := RemoveOrganisation{"growers", 2}
	l.must("growers", leave)
	l.must("brand", leave)
	require.False(t, l.must("brand", rye).Pending, "who asked before is enough now")
	l.refuses([]refusal{
		{"the last one", MemberNeeded, "brand", RemoveOrganisation{"brand", 2}, ""},
		{"the last one's role", MemberNeeded, "brand", RegisterOrganisation{Member{Organisation: "brand", Name: "Brand", Role: Certification, Version: 2}}, ""},
	})
	l.check()
}

// A certification body that was removed signs nothing new; what it published
// stays, and the consortium can still recall it.
func TestARemovedCertifierSignsNothingNew(t *testing.T) {
	l, first, _ := stocked(t)
	claim := l.must("growers", ClaimCredits{Site: "elevator", Product: "wheat", Lines: []LotLine{{first, kg("1000")}}, Beneficiary: "B", ReportingYear: 2026, Purpose: "p"})
	keys := l.state[CertifierKey("certifier")].(Certifier)
	l.adopt(RemoveOrganisation{"certifier", 2})
	consent := l.consent("elevator", "growers", claim.Command, nil)
	keys.Version = 2
	l.refuses([]refusal{
		{"a certificate", SignatureInvalid, "growers", l.certificate("cert-2", nil), ""},
		{"a statement", SignatureInvalid, "growers", l.statement("s2", nil), ""},
		{"a standing", SignatureInvalid, "growers", l.standing("st-1", Suspended, day, nil), ""},
		{"a finding", SignatureInvalid, "growers", l.finding("f1", nil), ""},
		{"a consent", SignatureInvalid, "growers", consent, ""},
		{"new keys", NotOwner, "growers", RegisterCertifier{keys}, ""},
	})
	l.must("growers", introduce("1000", "T9"))
	l.adopt(AdoptFinding{FraudFinding{ID: "f2", Certifier: "certifier", Statement: "s1", Reason: "it was in it", Issued: day}})
	l.must("brand", traces("s1", first))
	l.adopt(RegisterOrganisation{Member{Organisation: "certifier", Name: "Certifier", Role: Certification, Version: 3}})
	l.must("growers", l.certificate("cert-2", nil))
	l.check()
}

// A member's role changes as its name does: by its next version.
func TestAMemberChangesItsRole(t *testing.T) {
	l := founded(t)
	l.adopt(RegisterOrganisation{Member{Organisation: "brand", Name: "Brand Audits", Role: Certification, Version: 2}})
	require.Equal(t, Certification, l.role("brand"))
	l.refuses([]refusal{{"as before", NotMember, "brand", introduce("1", "T1"), ""}})
	l.must("growers", RegisterCertifier{Certifier{ID: "brand", Keys: l.state[CertifierKey("certifier")].(Certifier).Keys}})
	l.check()
}

// The recount finds what somebody did who is no member, or no longer one.
func TestRecountFindsWhoIsNoMember(t *testing.T) {
	l := founded(t)
	l.must("growers", introduce("1000", "T1"))
	l.adopt(RemoveOrganisation{"miller", 2})
	l.check()
	for name, test := range map[string]struct {
		spoil func(*Entry)
		finds string
	}{
		"a former member": {func(e *Entry) { e.Record.Organisation = "miller" }, "submitted by miller"},
		"a certifier":     {func(e *Entry) { e.Record.Organisation = "certifier" }, "submitted by certifier"},
		"signed by a mill": {func(e *Entry) {
			document := l.statement("s9", nil)
			document.Document.Statement.Certifier = "miller"
			e.Command.Body, e.Record.Type = document, document.Type()
		}, "signed by miller"},
	} {
		entry := Entry{Block: 99, Command: l.command("spoilt", TakeIn{Site: "elevator", Product: "wheat", Quantity: kg("1")})}
		entry.Record = Record{Organisation: "growers", Command: "spoilt", Type: "take_in", Rules: 1}
		test.spoil(&entry)
		require.Contains(t, fmt.Sprint(Recount(append(append([]Entry{}, l.entries...), entry)).Findings), test.finds, name)
	}
	state := Memory{}
	for key, value := range l.state {
		state[key] = value
	}
	state[ConsortiumKey()] = Consortium{Members: members}
	require.Len(t, Recount(l.entries).CompareState(state), 1)
}

// Random votes on who is a member, against a naive count of who asked for what.
func TestRandomMemberships(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		l := empty(t)
		l.must("growers", FoundConsortium{Members: members})
		role, version := map[OrganisationID]Role{}, map[OrganisationID]int{}
		for _, m := range members {
			role[m.Organisation], version[m.Organisation] = m.Role, 1
		}
		all := []OrganisationID{"growers", "miller", "manufacturer", "brand", "certifier", "newcomer"}
		asked, adopted := map[Body]map[OrganisationID]bool{}, map[Body]bool{}
		count := func(of func(OrganisationID) bool) (n int) {
			for _, org := range all {
				if role[org] == Trading && of(org) {
					n++
				}
			}
			return n
		}
		for range rapid.IntRange(1, 60).Draw(r, "votes") {
			by, about := rapid.SampledFrom(all).Draw(r, "by"), rapid.SampledFrom(all).Draw(r, "about")
			to := rapid.SampledFrom([]Role{Trading, Certification, Former, Former}).Draw(r, "to")
			next := max(version[about]+rapid.SampledFrom([]int{1, 1, 1, 1, 0, 2}).Draw(r, "version"), 1)
			var body Body = RegisterOrganisation{Member{Organisation: about, Name: "M", Role: to, Version: next}}
			if to == Former {
				next = max(next, 2)
				body = RemoveOrganisation{about, next}
			}
			expected, carried := Accepted, false
			switch {
			case role[by] != Trading:
				expected = NotMember
			case to == Former && (role[about] == "" || role[about] == Former && next > version[about]):
				expected = NotFound
			case next > version[about]+1:
				expected = VersionNotNext
			case next <= version[about] && !adopted[body]:
				expected = AlreadyExists
			case !adopted[body]:
				if asked[body] == nil {
					asked[body] = map[OrganisationID]bool{}
				}
				asked[body][by] = true
				carried = 2*count(func(org OrganisationID) bool { return asked[body][org] }) > count(func(OrganisationID) bool { return true })
				if last := count(func(org OrganisationID) bool { return org != about }) == 0; carried && last && to != Trading {
					delete(asked[body], by)
					expected, carried = MemberNeeded, false
				}
			}
			result := l.do(by, body)
			require.Equal(r, expected, result.Code, "%s: %v: %s", by, body, result.Message)
			if carried {
				role[about], version[about], adopted[body] = to, next, true
			}
			if expected == Accepted {
				require.Equal(r, !adopted[body], result.Pending)
			}
			require.Equal(r, role[about], l.role(about))
		}
		l.check()
	})
}
