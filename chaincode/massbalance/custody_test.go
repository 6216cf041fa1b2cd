package massbalance_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	. "github.com/weighbridge/weighbridge/chaincode/massbalance"
)

// as introduces a lot under a custody model.
func (l *ledger) as(model CustodyModel, statement StatementID, quantity, ticket string) LotID {
	l.t.Helper()
	return LotID(l.must("growers", with(introduce(quantity, ticket), func(b *Introduce) { b.Model, b.Statement = model, statement })).Subject)
}

// ships dispatches lots and returns the model of the transfer's lines.
func (l *ledger) ships(quantity string, model CustodyModel, lines ...LotLine) CustodyModel {
	l.t.Helper()
	result := l.must("growers", Dispatch{Site: "elevator", To: "mill", Product: "wheat", Quantity: kg(quantity), Lines: lines, Model: model})
	transfer := l.state[TransferKey(TransferID(result.Subject))].(Transfer)
	for _, line := range transfer.Lines {
		require.Equal(l.t, transfer.Lines[0].Model, line.Model, "a body of material has one model")
	}
	return transfer.Lines[0].Model
}

// Domain acceptance test AT-17 (Rainforest Alliance): the traceability level of
// a mix is the lowest in it, and there is no way up.
func TestTheLowestModelOfAMixWins(t *testing.T) {
	l := founded(t)
	l.must("growers", l.statement("s2", nil))
	ip1, ip2 := l.as(IdentityPreserved, "s1", "10000", "T1"), l.as(IdentityPreserved, "s2", "10000", "T2")
	sg, mb := l.as(Segregated, "s1", "10000", "T3"), l.as(MassBalance, "s1", "10000", "T4")
	t1 := func(id LotID) LotLine { return LotLine{id, kg("1000")} }
	require.Equal(t, IdentityPreserved, l.ships("1000", "", t1(ip1)))
	require.Equal(t, Segregated, l.ships("2000", "", t1(ip1), t1(ip2)), "equal characteristics of two farms are not one identity")
	require.Equal(t, Segregated, l.ships("2000", "", t1(ip1), t1(sg)))
	require.Equal(t, MassBalance, l.ships("2000", "", t1(sg), t1(mb)))
	require.Equal(t, MassBalance, l.ships("1001", "", t1(ip1)), "a kilogram of other material")
	require.Equal(t, MassBalance, l.ships("1000", MassBalance, t1(ip1)), "a step down by choice")
	l.refuses([]refusal{
		{"a step up", CustodyModelRaised, "growers", Dispatch{Site: "elevator", To: "mill", Product: "wheat", Quantity: kg("1000"), Lines: []LotLine{t1(mb)}, Model: Segregated}, ""},
	})
}

// The receiver's lots of preserved identity stay apart even where their
// characteristics are equal.
func TestPreservedIdentitiesDoNotMerge(t *testing.T) {
	l := founded(t)
	l.must("growers", l.statement("s2", nil))
	for i, statement := range []StatementID{"s1", "s2", "s1"} {
		lot := l.as(IdentityPreserved, statement, "1000", string(rune('A'+i)))
		transfer := TransferID(l.must("growers", Dispatch{Site: "elevator", To: "mill", Product: "wheat", Quantity: kg("1000"), Lines: []LotLine{{lot, kg("1000")}}}).Subject)
		l.must("miller", Receive{Site: "mill", Transfer: transfer, Quantity: kg("1000")})
	}
	lots := l.lots("mill", "wheat")
	require.Equal(t, StatementID("s2"), l.lot(lots[1]).Statement)
	both := Convert{Site: "mill", Recipe: "milling", Quantity: kg("2000"), Lines: []LotLine{{lots[0], kg("1000")}, {lots[2], kg("1000")}}, Outputs: []Output{{"flour", kg("1440")}}}
	l.must("miller", both)
	flour := l.lot(l.lots("mill", "flour")[0])
	require.Equal(t, IdentityPreserved, flour.Model, "one farm's grain is still one farm's flour")
	require.Equal(t, StatementID("s1"), flour.Statement)
	l.check()
}

func TestControlledBlendingCarriesItsShare(t *testing.T) {
	l := founded(t)
	sg := l.as(Segregated, "s1", "10000", "T1")
	l.must("growers", TakeIn{Site: "elevator", Product: "wheat", Quantity: kg("10000"), Evidence: "T2"})
	blend := LotID("growers/blend/1")
	result := l.send("growers", l.command("blend", Downgrade{Site: "elevator", Product: "wheat", Lines: []LotLine{{sg, kg("8000")}}, Model: ControlledBlending, Quantity: kg("20000")}))
	require.Equal(t, Accepted, result.Code, result.Message)
	require.Equal(t, "2/5", l.lot(blend).Share.String())
	require.Equal(t, ControlledBlending, l.ships("2500", "", LotLine{blend, kg("1000")}), "40 % is its share")
	require.Equal(t, ControlledBlending, l.ships("3000", "", LotLine{blend, kg("1000")}), "thinner is still known")
	require.Equal(t, MassBalance, l.ships("2499", "", LotLine{blend, kg("1000")}), "denser would be a claim on other material")
	l.refuses([]refusal{
		{"denser, asked for as blending", CustodyModelRaised, "growers", Dispatch{Site: "elevator", To: "mill", Product: "wheat", Quantity: kg("1000"), Lines: []LotLine{{blend, kg("1000")}}, Model: ControlledBlending}, ""},
		{"a blend of less than its lots", AttributionExceeds, "growers", Downgrade{Site: "elevator", Product: "wheat", Lines: []LotLine{{sg, kg("1000")}}, Model: ControlledBlending, Quantity: kg("999")}, "1"},
	})
}

func TestDowngrade(t *testing.T) {
	l := founded(t)
	ip := l.as(IdentityPreserved, "s1", "10000", "T1")
	down := Downgrade{Site: "elevator", Product: "wheat", Lines: []LotLine{{ip, kg("4000")}}, Model: Segregated}
	l.refuses([]refusal{
		{"to book and claim", InvalidCommand, "growers", with(down, func(b *Downgrade) { b.Model = BookAndClaim }), ""},
		{"blend of nothing", InvalidCommand, "growers", with(down, func(b *Downgrade) { b.Model = ControlledBlending }), ""},
		{"another's lot", NotOwner, "miller", with(down, func(b *Downgrade) { b.Site = "mill" }), ""},
		{"more than there is", InsufficientCredit, "growers", with(down, func(b *Downgrade) { b.Lines = []LotLine{{ip, kg("10001")}} }), "1"},
	})
	sg := LotID(l.must("growers", down).Subject + "/1")
	require.Equal(t, Segregated, l.lot(sg).Model)
	require.Equal(t, "10000", l.account("elevator", "wheat").Credit().String(), "no credit is lost")
	require.Equal(t, "10000", l.account("elevator", "wheat").Stock().String())
	l.refuses([]refusal{{"not stricter", CustodyModelRaised, "growers", with(down, func(b *Downgrade) { b.Lines = []LotLine{{sg, kg("1")}} }), ""}})
}

// Domain acceptance test AT-06 (UNTP's book and claim): a quota of 1,000 t, a
// harvest of 75 t, of which 10 t of credit go to a miller who mills conventional
// grain. Claiming the same 10 t again and booking beyond the quota are refused.
func TestBookAndClaim(t *testing.T) {
	l := founded(t)
	l.must("growers", l.statement("quota", func(s *Statement) { s.Quantity, s.Area = kg("1000000"), hectares("200") }))
	harvest := l.as(MassBalance, "quota", "75000", "T1")
	credits := LotID(l.must("growers", Decouple{"elevator", "wheat", []LotLine{{harvest, kg("75000")}}}).Subject + "/1")
	require.Equal(t, BookAndClaim, l.lot(credits).Model)
	require.Equal(t, "75000", l.account("elevator", "wheat").Stock().String(), "the material stays, undifferentiated")
	ten := []LotLine{{credits, kg("10000")}}
	l.refuses([]refusal{
		{"shipped", WrongModel, "growers", Dispatch{Site: "elevator", To: "mill", Product: "wheat", Quantity: kg("75000"), Lines: ten}, ""},
		{"decoupled twice", WrongModel, "growers", Decouple{"elevator", "wheat", ten}, ""},
		{"beyond the quota", ExceedsVerification, "growers", with(introduce("925000.001", "T2"), func(b *Introduce) { b.Statement = "quota" }), "0.001"},
	})
	transfer := TransferID(l.must("growers", TransferCredits{"elevator", "mill", "wheat", ten, ""}).Subject)
	require.Equal(t, "65000", l.lot(credits).Available().String(), "65 t are left with the producer")
	l.must("miller", TakeIn{Site: "mill", Product: "wheat", Quantity: kg("10000"), Evidence: "W1"})
	l.refuses([]refusal{
		{"received as a shipment", WrongModel, "miller", Receive{Site: "mill", Transfer: transfer, Quantity: kg("1")}, ""},
		{"accepted by another", NotOwner, "brand", AcceptCredits{"shop", transfer}, ""},
	})
	l.must("miller", AcceptCredits{"mill", transfer})
	mine := l.lots("mill", "wheat")[0]
	require.Equal(t, BookAndClaim, l.lot(mine).Model)
	l.refuses([]refusal{
		{"milled as if it were grain", WrongModel, "miller", Convert{Site: "mill", Recipe: "milling", Quantity: kg("10000"), Lines: []LotLine{{mine, kg("10000")}}, Outputs: []Output{{"flour", kg("7200")}}}, ""},
		{"stepped up", CustodyModelRaised, "miller", Downgrade{Site: "mill", Product: "wheat", Lines: []LotLine{{mine, kg("1")}}, Model: MassBalance}, ""},
		{"accepted twice", TransferResolved, "miller", AcceptCredits{"mill", transfer}, ""},
	})
	claim := ClaimCredits{Site: "mill", Product: "wheat", Lines: []LotLine{{mine, kg("10000")}}, Beneficiary: "Miller", ReportingYear: 2026, Purpose: "scope-3-category-1"}
	l.must("miller", claim)
	l.refuses([]refusal{
		{"claimed again", InsufficientCredit, "miller", claim, "10000"},
		{"transferred again", InsufficientCredit, "miller", TransferCredits{"mill", "shop", "wheat", []LotLine{{mine, kg("10000")}}, ""}, "10000"},
	})
	require.Contains(t, BookAndClaim.Wording(), "not linked")
	l.check()
}

func TestDeclinedCreditsComeBack(t *testing.T) {
	l, first, _ := stocked(t)
	l.refuses([]refusal{{"tied to material", WrongModel, "growers", TransferCredits{"elevator", "shop", "wheat", []LotLine{{first, kg("1")}}, ""}, ""}})
	credits := LotID(l.must("growers", Decouple{"elevator", "wheat", []LotLine{{first, kg("40000")}}}).Subject + "/1")
	transfer := TransferID(l.must("growers", TransferCredits{"elevator", "shop", "wheat", []LotLine{{credits, kg("40000")}}, ""}).Subject)
	l.refuses([]refusal{
		{"not offered", InvalidCommand, "growers", TransferCredits{"elevator", "elevator", "wheat", []LotLine{{credits, kg("1")}}, ""}, ""},
		{"returned before", TransferResolved, "growers", ReturnCredits{"elevator", transfer}, ""},
	})
	l.must("brand", Reject{"shop", transfer, "not what we buy"})
	l.refuses([]refusal{
		{"accepted after", TransferResolved, "brand", AcceptCredits{"shop", transfer}, ""},
		{"returned as goods", WrongModel, "growers", Return{Site: "elevator", Transfer: transfer, Quantity: kg("1")}, ""},
	})
	l.must("growers", ReturnCredits{"elevator", transfer})
	require.Equal(t, "60000", l.account("elevator", "wheat").Credit().String())
	require.Equal(t, "100000", l.account("elevator", "wheat").Stock().String(), "no material moved")
	l.check()
}

// A receiver gets a shipment at the highest model that it is certified for, and
// nothing at all if there is none.
func TestAutomaticDowngradeOnReceipt(t *testing.T) {
	l := founded(t)
	lot := l.as(IdentityPreserved, "s1", "10000", "T1")
	for _, test := range []struct {
		models   []CustodyModel
		expected CustodyModel
	}{
		{nil, IdentityPreserved},
		{[]CustodyModel{Segregated, MassBalance}, Segregated},
		{[]CustodyModel{ControlledBlending, MassBalance}, MassBalance},
	} {
		name := "mill-" + string(test.expected)
		if test.models != nil {
			l.must("miller", l.certificate(name, func(c *Certificate) {
				c.Holder, c.Sites, c.Models = "miller", []SiteID{"mill"}, test.models
			}))
		}
		transfer := TransferID(l.must("growers", Dispatch{Site: "elevator", To: "mill", Product: "wheat", Quantity: kg("1000"), Lines: []LotLine{{lot, kg("1000")}}}).Subject)
		l.must("miller", Receive{Site: "mill", Transfer: transfer, Quantity: kg("1000")})
		lots := l.lots("mill", "wheat")
		require.Equal(t, test.expected, l.lot(lots[len(lots)-1]).Model)
		if test.models != nil {
			l.must("miller", l.standing("wi", Withdrawn, "2026-08-01", func(s *Standing) { s.Certificate = CertificateID(name) }))
		}
	}
	l.must("miller", l.certificate("book-only", func(c *Certificate) {
		c.Holder, c.Sites, c.Models = "miller", []SiteID{"mill"}, []CustodyModel{BookAndClaim}
	}))
	transfer := TransferID(l.must("growers", Dispatch{Site: "elevator", To: "mill", Product: "wheat", Quantity: kg("1000"), Lines: []LotLine{{lot, kg("1000")}}}).Subject)
	l.refuses([]refusal{
		{"no level at which to receive", CertificateInvalid, "miller", Receive{Site: "mill", Transfer: transfer, Quantity: kg("1000")}, ""},
	})
	l.must("miller", Reject{"mill", transfer, "not certified"})
	l.must("growers", Return{Site: "elevator", Transfer: transfer, Quantity: kg("1000")})
	lots := l.lots("elevator", "wheat")
	require.Equal(t, IdentityPreserved, l.lot(lots[len(lots)-1]).Model, "what comes back is as it was")
}

func TestIntroduceOnlyUnderACertifiedModel(t *testing.T) {
	l := founded(t)
	l.must("growers", l.standing("wi", Withdrawn, "2026-08-04", nil))
	l.must("growers", l.certificate("mb", func(c *Certificate) { c.Models = []CustodyModel{MassBalance}; c.ValidFrom = "2026-08-05" }))
	l.must("growers", l.statement("s3", func(s *Statement) { s.Certificate = "mb" }))
	in := with(introduce("1", "T1"), func(b *Introduce) { b.Statement, b.Model = "s3", Segregated })
	require.Equal(t, CustodyModelRaised, l.on("2026-08-06", "growers", in).Code)
	in.Model = MassBalance
	require.Equal(t, Accepted, l.on("2026-08-07", "growers", in).Code)
}

func TestEveryModelHasItsOwnWords(t *testing.T) {
	seen := map[string]bool{"": true}
	for i, model := range CustodyModels {
		require.False(t, seen[model.Wording()])
		seen[model.Wording()] = true
		require.Equal(t, 5-i, model.Level())
	}
	require.False(t, CustodyModel("organic").Valid())
}

// Where credit is not shared out in proportion the share in a blend is not that
// of the output any more: it goes on under mass balance.
func TestFreeAttributionEndsControlledBlending(t *testing.T) {
	l := plant(t, Recipe{ID: "crack", Input: "wheat", Attribution: FreeAttribution, Outputs: []RecipeOutput{made("flour", "0.7", ""), made("bran", "0.3", "")}})
	sg := l.as(Segregated, "s1", "4000", "T1")
	l.buys("wheat", "16000")
	blend := LotID(l.must("growers", Downgrade{Site: "elevator", Product: "wheat", Lines: []LotLine{{sg, kg("4000")}}, Model: ControlledBlending, Quantity: kg("10000")}).Subject + "/1")
	crack := Convert{
		Site: "elevator", Recipe: "crack", Quantity: kg("5000"), Lines: []LotLine{{blend, kg("2000")}},
		Outputs: []Output{{"flour", kg("3500")}, {"bran", kg("1500")}}, Credits: []Output{{"bran", kg("1500")}, {"flour", kg("500")}},
	}
	l.refuses([]refusal{{"asked for as a blend", CustodyModelRaised, "growers", with(crack, func(b *Convert) { b.Model = ControlledBlending }), ""}})
	l.must("growers", crack)
	require.Equal(t, MassBalance, l.lot(l.lots("elevator", "bran")[0]).Model, "all of the bran is credited, two fifths of it is what was blended")
	l.must("growers", with(crack, func(b *Convert) {
		b.Recipe, b.Credits, b.Outputs = "milling", nil, []Output{{"flour", kg("3500")}, {"bran", kg("1400")}}
	}))
	require.Equal(t, "2/5", l.lot(l.lots("elevator", "bran")[1]).Share.String(), "in proportion the share stays true")
	l.check()
}
