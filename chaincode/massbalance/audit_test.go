package massbalance_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	. "github.com/weighbridge/weighbridge/chaincode/massbalance"
	"github.com/weighbridge/weighbridge/chaincode/wire"
)

func (l *ledger) audit(id string, change func(*CreditAudit)) PublishCreditAudit {
	a := CreditAudit{ID: CreditAuditID(id), Certifier: "certifier", Organisation: "growers", Scheme: "low-carbon", Year: 2026, Quantity: kg("600000"), Issued: day}
	if change != nil {
		change(&a)
	}
	signed, err := wire.SignCreditAudit(a, "k1", l.key)
	require.NoError(l.t, err)
	return PublishCreditAudit{signed}
}

// A retailer that claims ever more credits (RSPO: above 500 credits a year an
// audit, and no trading until its date is confirmed). 500 t are claimed without
// an audit and not a gram more; the audit lets it go on, as far as it says.
func TestFraudCreditsBeyondTheAudit(t *testing.T) {
	l := depot(t, func(p *Profile) {
		p.Unit, p.AuditUnits = Unit{"t", kg("1000")}, 500
		p.Sources = append(p.Sources, ProfileSource{"auditUnits", "test", TrustPrimary})
	})
	lot := LotID(l.must("growers", deliver("700000", "T1")).Subject)
	physical := LotID(l.must("growers", deliver("900000", "T2")).Subject)
	free := LotID(l.must("growers", Decouple{"depot", "wheat", []LotLine{{lot, kg("700000")}}}).Subject + "/1")
	claim := func(lot LotID, quantity string, year int) ClaimCredits {
		return ClaimCredits{Site: "depot", Product: "wheat", Lines: []LotLine{{lot, kg(quantity)}}, Beneficiary: "Shop", ReportingYear: year, Purpose: "p"}
	}
	l.must("growers", claim(free, "400000", 2026))
	l.must("growers", claim(physical, "900000", 2026))
	l.refuses([]refusal{{"a gram beyond 500 credits", AuditNeeded, "growers", claim(free, "100000.001", 2026), "0.001"}})
	l.must("growers", claim(free, "100000", 2026))
	l.must("growers", claim(free, "1000", 2027))
	l.refuses([]refusal{
		{"an audit without a name", InvalidCommand, "brand", l.audit("a b", nil), ""},
		{"of no year", InvalidCommand, "brand", l.audit("a1", func(a *CreditAudit) { a.Year = 0 }), ""},
		{"up to nothing", InvalidCommand, "brand", l.audit("a1", func(a *CreditAudit) { a.Quantity = kg("0") }), ""},
		{"by an unknown certifier", NotFound, "brand", l.audit("a1", func(a *CreditAudit) { a.Certifier = "none" }), ""},
		{"forged", SignatureInvalid, "growers", empty(t).audit("a1", nil), ""},
	})
	l.must("brand", l.audit("a1", nil))
	l.refuses([]refusal{
		{"published", AlreadyExists, "brand", l.audit("a1", nil), ""},
		{"beyond the audit", AuditNeeded, "growers", claim(free, "100001", 2026), "1"},
	})
	l.must("brand", l.audit("a2", func(a *CreditAudit) { a.Quantity = kg("1000") }))
	l.must("growers", claim(free, "100000", 2026))
	l.check()
	spoilt := append([]Entry{}, l.entries...)
	for i := range spoilt {
		if b, ok := spoilt[i].Command.Body.(PublishCreditAudit); ok {
			b.Document.Audit.Year = 2025
			spoilt[i].Command.Body = b
		}
	}
	require.Contains(t, Recount(spoilt).Findings[0], "may be without an audit")
}

func TestAuditUnitsNeedASource(t *testing.T) {
	l := founded(t)
	set := func(units int) RegisterProfile {
		return RegisterProfile{profile(func(p *Profile) { p.AuditUnits = units })}
	}
	l.refuses([]refusal{
		{"without a source", InvalidCommand, "brand", set(500), ""},
		{"less than none", InvalidCommand, "brand", set(-1), ""},
	})
	shipped := profile(published("rspo"))
	require.Equal(t, 500, shipped.AuditUnits)
	l.must("brand", RegisterProfile{shipped})
}
