package massbalance_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	. "github.com/weighbridge/weighbridge/chaincode/massbalance"
	"github.com/weighbridge/weighbridge/chaincode/wire"
)

func (l *ledger) standing(id string, kind StandingKind, effective Date, change func(*Standing)) PublishStanding {
	s := Standing{
		ID: StandingID(id), Certifier: "certifier", Certificate: "cert", Kind: kind, Effective: effective,
		Reason: "major non-conformity", Issued: day,
	}
	if change != nil {
		change(&s)
	}
	signed, err := wire.SignStanding(s, "k1", l.key)
	require.NoError(l.t, err)
	return PublishStanding{signed}
}

// on sends a body on another day of the same period.
func (l *ledger) on(date Date, org OrganisationID, body Body) Result {
	c, err := wire.NewCommand(Command{ID: CommandID("on-" + string(date) + "-" + body.Type()), Date: date, Period: period, Body: body})
	require.NoError(l.t, err)
	return l.send(org, c)
}

// Domain acceptance test AT-22: what is sold inside the suspended window is
// refused, what is sold after it is accepted, and the window stays visible.
func TestNothingMovesInsideASuspendedWindow(t *testing.T) {
	l, first, _ := stocked(t)
	l.must("miller", l.standing("su-1", Suspended, "2026-08-10", nil))
	l.must("growers", l.standing("re-1", Reinstated, "2026-08-20", nil))
	dispatch := Dispatch{Site: "elevator", To: "mill", Product: "wheat", Quantity: kg("1000"), Lines: []LotLine{{first, kg("1000")}}}

	require.Equal(t, Accepted, l.on("2026-08-09", "growers", dispatch).Code)
	for _, date := range []Date{"2026-08-10", "2026-08-19"} {
		for _, body := range []Body{dispatch, introduce("1", "T9"), ClaimCredits{Site: "elevator", Product: "wheat", Lines: []LotLine{{first, kg("1")}}, Beneficiary: "B", ReportingYear: 2026, Purpose: "p"}} {
			result := l.on(date, "growers", body)
			require.Equal(t, CertificateSuspended, result.Code, "%s on %s: %s", body.Type(), date, result.Message)
			require.Contains(t, result.Message, "suspended since 2026-08-10")
		}
	}
	produced[CertificateSuspended] = true
	without := dispatch
	without.Lines = nil
	require.Equal(t, Accepted, l.on("2026-08-12", "growers", without).Code, "undifferentiated material is nobody's certificate")
	require.Equal(t, Accepted, l.on("2026-08-20", "growers", dispatch).Code)
	history := l.state[StandingKey("certifier", "cert")].(StandingHistory)
	require.Len(t, history.Standings, 2)
	l.check()
}

func TestStandings(t *testing.T) {
	l := founded(t)
	l.must("growers", l.standing("su-1", Suspended, "2026-08-10", nil))
	l.refuses([]refusal{
		{"no such kind", InvalidCommand, "growers", l.standing("x", "paused", "2026-08-11", nil), ""},
		{"no reason", InvalidCommand, "growers", l.standing("x", Reinstated, "2026-08-11", func(s *Standing) { s.Reason = "" }), ""},
		{"no such day", InvalidCommand, "growers", l.standing("x", Reinstated, "2026-02-30", nil), ""},
		{"certificate unknown", NotFound, "growers", l.standing("x", Reinstated, "2026-08-11", func(s *Standing) { s.Certificate = "none" }), ""},
		{"declared before", AlreadyExists, "growers", l.standing("su-1", Reinstated, "2026-08-11", nil), ""},
		{"forged", SignatureInvalid, "growers", empty(t).standing("x", Reinstated, "2026-08-11", nil), ""},
		{"suspended already", CertificateInvalid, "growers", l.standing("x", Suspended, "2026-08-11", nil), ""},
		{"before the suspension", CertificateInvalid, "growers", l.standing("x", Reinstated, "2026-08-10", nil), ""},
	})
	l.must("brand", l.standing("wi-1", Withdrawn, "2026-08-15", nil))
	l.refuses([]refusal{{"withdrawn for good", CertificateInvalid, "growers", l.standing("x", Reinstated, "2026-09-01", nil), ""}})
	require.Equal(t, CertificateSuspended, l.on("2026-09-01", "growers", introduce("1", "T1")).Code)
}

// A processor's own certificate holds up what it does with credit, unless it
// has another that is good; one that was never certified is not held up.
func TestAProcessorsCertificate(t *testing.T) {
	l, transfer := shipped(t)
	mills := func(id string) PublishCertificate {
		return l.certificate(id, func(c *Certificate) { c.Holder, c.Sites, c.ValidFrom = "miller", []SiteID{"mill"}, "2026-08-01" })
	}
	l.must("miller", mills("mill-1"))
	l.must("miller", l.standing("su-1", Suspended, "2026-08-02", func(s *Standing) { s.Certificate = "mill-1" }))
	receive := Receive{Site: "mill", Transfer: transfer, Quantity: kg("50000")}
	l.refuses([]refusal{{"receiver suspended", CertificateSuspended, "miller", receive, ""}})
	l.must("miller", mills("mill-2"))
	l.must("miller", receive)
	wheat := l.lots("mill", "wheat")[0]
	l.must("miller", l.standing("su-2", Suspended, "2026-08-02", func(s *Standing) { s.Certificate = "mill-2" }))
	convert := Convert{Site: "mill", Recipe: "milling", Quantity: kg("1000"), Lines: []LotLine{{wheat, kg("1000")}}, Outputs: []Output{{"flour", kg("720")}}}
	l.refuses([]refusal{{"processor suspended", CertificateSuspended, "miller", convert, ""}})
	convert.Lines = nil
	l.must("miller", convert)
	l.must("miller", Withdraw{Site: "mill", Product: "wheat", Quantity: kg("1000"), Lines: []LotLine{{wheat, kg("1000")}}, Purpose: "cancelled"})
	l.check()
}
