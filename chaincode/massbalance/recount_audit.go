package massbalance

import (
	"cmp"
	"fmt"
	"math/big"
)

// auditTally recounts who claimed how many credits of book and claim for which
// year, against what profiles let be claimed without an audit.
type auditTally struct {
	schemes map[CharacteristicsID]SchemeID
	years   map[ClaimID]int
	claimed map[string]*big.Int
	audited map[string]*big.Int
}

func newAuditTally() *auditTally {
	return &auditTally{
		schemes: map[CharacteristicsID]SchemeID{}, years: map[ClaimID]int{},
		claimed: map[string]*big.Int{}, audited: map[string]*big.Int{},
	}
}

func (a *auditTally) entry(t *Tally, e Entry) {
	id := ClaimID(string(e.Record.Organisation) + "/" + string(e.Record.Command))
	switch body := e.Command.Body.(type) {
	case PublishStatement:
		set := body.Document.Statement.Characteristics
		if len(set.AlsoSchemes) == 0 {
			a.schemes[set.ID()] = set.Scheme
		}
	case PublishCreditAudit:
		audit := body.Document.Audit
		key := fmt.Sprintf("%s/%s/%d", audit.Organisation, audit.Scheme, audit.Year)
		if grams := GramsOf(audit.Quantity); grams.Cmp(at(a.audited, key)) > 0 {
			a.audited[key] = grams
		}
	case ClaimCredits:
		a.years[id] = body.ReportingYear
		a.claim(t, e, body.ReportingYear, body.Scheme)
	case CoverRecall:
		a.years[id] = a.years[body.Claim]
		a.claim(t, e, a.years[id], "")
	}
}

// claim counts the credits that went into a claim, under the scheme that the
// command names or else their own. Credits of several schemes are recounted only
// where one is named: the records do not say under which they were used before.
func (a *auditTally) claim(t *Tally, e Entry, year int, asked SchemeID) {
	for _, p := range e.Record.Credits {
		scheme := cmp.Or(asked, a.schemes[p.Characteristics])
		profile := t.rules.profiles[scheme]
		if p.Model != BookAndClaim || profile.AuditUnits == 0 {
			continue
		}
		key := fmt.Sprintf("%s/%s/%d", e.Record.Organisation, scheme, year)
		most := new(big.Int).Mul(big.NewInt(int64(profile.AuditUnits)), GramsOf(profile.Unit.Kilograms))
		if audited := at(a.audited, key); audited.Cmp(most) > 0 {
			most = audited
		}
		if so := add(a.claimed, key, GramsOf(p.Quantity)); so.Cmp(most) > 0 {
			t.find(e, "%s kg of credits claimed by %s, %s kg may be without an audit", FormatGrams(so), key, FormatGrams(most))
		}
	}
}
