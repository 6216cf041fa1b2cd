package massbalance_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	. "github.com/weighbridge/weighbridge/chaincode/massbalance"
	"github.com/weighbridge/weighbridge/chaincode/wire"
	"github.com/weighbridge/weighbridge/test-network/profiles"
)

// profile is the plain one as an adopted profile of the scheme of these tests.
func profile(change func(*Profile)) Profile {
	p := PlainProfile()
	p.Scheme, p.Name = "low-carbon", "Low carbon"
	for _, value := range ProfileValues {
		p.Sources = append(p.Sources, ProfileSource{value, "test", TrustDecision})
	}
	if change != nil {
		change(&p)
	}
	return p
}

// published is a profile as it is shipped, adopted for the scheme of these tests.
func published(scheme SchemeID) func(*Profile) {
	return func(p *Profile) {
		found, err := profiles.Of(scheme)
		if err != nil {
			panic(err)
		}
		found.Scheme = p.Scheme
		*p = found
	}
}

// depot is a ledger with a site that keeps its balance under a profile, in a
// first period of three months.
func depot(t testing.TB, change func(*Profile)) *ledger {
	l := founded(t)
	l.adopt(RegisterProfile{profile(change)})
	l.must("growers", RegisterSite{Site: "depot", Name: "Depot", Country: "FR", Region: "FRF2"})
	l.must("growers", l.certificate("dc", func(c *Certificate) { c.Sites, c.ValidTo = []SiteID{"depot"}, "2999-12-31" }))
	l.must("growers", l.statement("ds", func(s *Statement) {
		s.Certificate, s.Site, s.Quantity, s.Area = "dc", "depot", kg("100000000"), hectares("20000")
	}))
	l.must("growers", ChooseScheme{"depot", "low-carbon"})
	l.must("growers", OpenPeriod{"depot", period, "2026-07-01", "2026-09-30"})
	return l
}

func deliver(quantity, ticket string) Introduce {
	return with(introduce(quantity, ticket), func(b *Introduce) { b.Site, b.Statement = "depot", "ds" })
}

// then sends a body in another period, under an ID of its own.
func (l *ledger) then(in PeriodID, date Date, org OrganisationID, body Body) Result {
	l.t.Helper()
	c := l.command(fmt.Sprintf("t%d", l.next+1), body)
	c.Period, c.Date = in, date
	return l.sealed(org, c)
}

// sealed sends a command that was changed after it was made.
func (l *ledger) sealed(org OrganisationID, c Command) Result {
	l.t.Helper()
	require.NoError(l.t, wire.Seal(&c))
	return l.send(org, c)
}

func TestRegisterProfile(t *testing.T) {
	l := founded(t)
	bad := func(change func(*Profile)) RegisterProfile { return RegisterProfile{profile(change)} }
	l.refuses([]refusal{
		{"no scheme", InvalidCommand, "growers", bad(func(p *Profile) { p.Scheme = "" }), ""},
		{"no such method", InvalidCommand, "growers", bad(func(p *Profile) { p.Method = "magic" }), ""},
		{"unit of nothing", InvalidCommand, "growers", bad(func(p *Profile) { p.Unit.Kilograms = kg("0") }), ""},
		{"tolerance of more than all", InvalidCommand, "growers", bad(func(p *Profile) { p.StockTolerance = ratio("1.001") }), ""},
		{"periods of four months", InvalidCommand, "growers", bad(func(p *Profile) { p.PeriodMonths = []int{3, 4} }), ""},
		{"expiry after periods of any length", InvalidCommand, "growers", bad(func(p *Profile) { p.CarryOver.Periods = 4 }), ""},
		{"no model", InvalidCommand, "growers", bad(func(p *Profile) { p.Models = nil }), ""},
		{"no such model", InvalidCommand, "growers", bad(func(p *Profile) { p.Models = []CustodyModel{"organic"} }), ""},
		{"a product in two groups", InvalidCommand, "growers", bad(func(p *Profile) {
			p.ProductGroups = []ProductGroup{{"a", []ProductID{"wheat", "flour"}}, {"b", []ProductID{"wheat", "bran"}}}
		}), ""},
		{"a value without a source", InvalidCommand, "growers", bad(func(p *Profile) { p.Sources = p.Sources[1:] }), ""},
		{"a source of nothing", InvalidCommand, "growers", bad(func(p *Profile) { p.Sources[0].Value = "colour" }), ""},
		{"a source without trust", InvalidCommand, "growers", bad(func(p *Profile) { p.Sources[0].Trust = "" }), ""},
		{"by the certifier", NotMember, "certifier", bad(nil), ""},
		{"a version left out", VersionNotNext, "growers", bad(func(p *Profile) { p.Version = 2 }), ""},
	})
	l.adopt(bad(nil))
	l.adopt(bad(func(p *Profile) { p.Version, p.ReversalDays = 2, 365 }))
	require.Equal(t, 365, l.state[ProfileKey("low-carbon")].(Profile).ReversalDays)
	require.Equal(t, 0, l.state[SupersededKey("profile/low-carbon", 1)].(Superseded).Profile.ReversalDays)
	l.check()
	l.replays()
}

func TestChooseScheme(t *testing.T) {
	l := founded(t)
	l.must("growers", RegisterSite{Site: "depot", Name: "Depot", Country: "FR", Region: "FRF2"})
	choose := ChooseScheme{"depot", "low-carbon"}
	l.refuses([]refusal{
		{"no name", InvalidCommand, "growers", ChooseScheme{"depot", ""}, ""},
		{"nothing adopted", NotFound, "growers", choose, ""},
	})
	l.adopt(RegisterProfile{profile(nil)})
	undated := l.command("undated", choose)
	undated.Date = ""
	require.Equal(t, InvalidCommand, l.sealed("growers", undated).Code)
	l.refuses([]refusal{
		{"another's site", NotOwner, "miller", choose, ""},
		{"in the middle of a period", PeriodNotContiguous, "growers", ChooseScheme{"elevator", "low-carbon"}, ""},
	})
	l.must("growers", choose)
	l.refuses([]refusal{{"again", AlreadyExists, "growers", choose, ""}})
	require.Equal(t, day, l.state[SiteKey("depot")].(Site).Since)
	l.check()
}

// Domain acceptance test AT-17 (Rainforest Alliance): cocoa of Côte d'Ivoire and
// of Ghana cannot be put together under mass balance.
func TestOriginsAreMatched(t *testing.T) {
	l := depot(t, published("rainforest-alliance-cocoa"))
	from := func(country, region string) LotID {
		id := StatementID("of-" + region)
		l.must("growers", l.statement(string(id), func(s *Statement) {
			s.Certificate, s.Site = "dc", "depot"
			s.Characteristics.Country, s.Characteristics.LandUnit = country, region
		}))
		return LotID(l.must("growers", with(deliver("1000", "T-"+region), func(b *Introduce) { b.Statement = id })).Subject)
	}
	ivorian, other, ghanaian := from("CI", "Soubre"), from("CI", "Daloa"), from("GH", "Sefwi")
	l.must("growers", l.certificate("ec", func(c *Certificate) { c.Sites, c.ValidFrom = []SiteID{"elevator"}, "2026-01-02" }))
	ship := func(lots ...LotID) Dispatch {
		d := Dispatch{Site: "depot", To: "elevator", Product: "wheat", Quantity: kg("200")}
		for _, lot := range lots {
			d.Lines = append(d.Lines, LotLine{lot, kg("100")})
		}
		return d
	}
	l.refuses([]refusal{
		{"Côte d'Ivoire with Ghana", OriginMismatch, "growers", ship(ivorian, ghanaian), ""},
		{"milled together", OriginMismatch, "growers", Convert{Site: "depot", Recipe: "milling", Quantity: kg("200"), Lines: ship(other, ghanaian).Lines, Outputs: []Output{{"flour", kg("144")}}}, ""},
	})
	l.must("growers", ship(ivorian, other))
	l.must("growers", ship(ghanaian))
	l.check()

	region := depot(t, func(p *Profile) { p.Origin = OriginRegion })
	l = region
	l.adopt(RegisterProduct{Product{ID: "wheat", Name: "Wheat", Version: 2, YieldCaps: []YieldCap{
		{Region: "FRF2", PerHectare: kg("9000"), Source: "test"}, {Region: "FRF1", PerHectare: kg("9000"), Source: "test"},
	}}})
	here := LotID(l.must("growers", deliver("1000", "T1")).Subject)
	l.must("growers", l.statement("there", func(s *Statement) { s.Certificate, s.Site, s.Characteristics.Region = "dc", "depot", "FRF1" }))
	there := LotID(l.must("growers", with(deliver("1000", "T2"), func(b *Introduce) { b.Statement = "there" })).Subject)
	l.refuses([]refusal{{"two regions", OriginMismatch, "growers", ship(here, there), ""}})
}

// A scheme's lots move only under the custody models that it knows, and only at
// certified sites where it asks for that.
func TestModelsAndCertificatesOfAScheme(t *testing.T) {
	l := depot(t, published("iscc-eu"))
	lot := LotID(l.must("growers", deliver("10000", "T1")).Subject)
	all := []LotLine{{lot, kg("1000")}}
	ship := Dispatch{Site: "depot", To: "mill", Product: "wheat", Quantity: kg("1000"), Lines: all}
	l.refuses([]refusal{
		{"introduced under another model", ModelNotAllowed, "growers", with(deliver("1", "T2"), func(b *Introduce) { b.Model = ControlledBlending }), ""},
		{"decoupled to book and claim", ModelNotAllowed, "growers", Decouple{"depot", "wheat", all}, ""},
	})
	segregated := LotID(l.must("growers", with(deliver("1000", "T3"), func(b *Introduce) { b.Model = Segregated })).Subject)
	blend := Dispatch{Site: "depot", To: "mill", Product: "wheat", Quantity: kg("2000"), Lines: []LotLine{{segregated, kg("1000")}}, Model: ControlledBlending}
	l.refuses([]refusal{{"shipped as a blend", ModelNotAllowed, "growers", blend, ""}})
	transfer := TransferID(l.must("growers", ship).Subject)
	receive := Receive{Site: "mill", Transfer: transfer, Quantity: kg("1000")}
	l.refuses([]refusal{{"received without a certificate", CertificateInvalid, "miller", receive, ""}})
	l.must("miller", l.certificate("mc", func(c *Certificate) { c.Holder, c.Sites = "miller", []SiteID{"mill"} }))
	l.must("miller", receive)
	l.check()
}

// Credits and blends that were under way when their scheme gave a model up do
// not come in under it.
func TestAModelThatTheSchemeGaveUp(t *testing.T) {
	l := depot(t, nil)
	lot := LotID(l.must("growers", deliver("10000", "T1")).Subject)
	credits := LotID(l.must("growers", Decouple{"depot", "wheat", []LotLine{{lot, kg("2000")}}}).Subject + "/1")
	offer := TransferCredits{"depot", "mill", "wheat", []LotLine{{credits, kg("1000")}}, ""}
	transfer := TransferID(l.must("growers", offer).Subject)
	segregated := LotID(l.must("growers", with(deliver("1000", "T3"), func(b *Introduce) { b.Model = Segregated })).Subject)
	blend := TransferID(l.must("growers", Dispatch{Site: "depot", To: "mill", Product: "wheat", Quantity: kg("2000"), Lines: []LotLine{{segregated, kg("1000")}}, Model: ControlledBlending}).Subject)
	l.adopt(RegisterProfile{profile(func(p *Profile) { p.Version, p.Models = 2, []CustodyModel{Segregated, MassBalance} })})
	l.refuses([]refusal{
		{"credits accepted", ModelNotAllowed, "miller", AcceptCredits{"mill", transfer}, ""},
		{"credits offered", ModelNotAllowed, "growers", offer, ""},
	})
	l.must("miller", Receive{Site: "mill", Transfer: blend, Quantity: kg("2000")})
	require.Equal(t, MassBalance, l.lot(l.lots("mill", "wheat")[0]).Model, "the highest below it that the scheme knows")
	l.must("growers", ClaimCredits{Site: "depot", Product: "wheat", Lines: []LotLine{{credits, kg("1000")}}, Beneficiary: "B", ReportingYear: 2026, Purpose: "p"})
	l.check()
}

// Domain acceptance test AT-07 (PEFC): 80 kg controlled and 400 kg certified
// make 83.33 %, so 480 kg may be sold with a claim on 400 kg at most.
func TestRollingAveragePercentage(t *testing.T) {
	l := depot(t, func(p *Profile) {
		published("pefc-percentage")(p)
		p.Models = append(p.Models, Segregated)
	})
	l.must("growers", TakeIn{Site: "depot", Product: "wheat", Quantity: kg("80"), Evidence: "T1"})
	lot := LotID(l.must("growers", deliver("400", "T2")).Subject)
	ship := func(material, credit string) Dispatch {
		return Dispatch{Site: "depot", To: "mill", Product: "wheat", Quantity: kg(material), Lines: []LotLine{{lot, kg(credit)}}}
	}
	l.refuses([]refusal{
		{"all as certified", AverageExceeded, "growers", ship("400", "400"), "66.667"},
		{"a gram above 5/6", AverageExceeded, "growers", ship("100", "83.334"), "0.001"},
		{"milled with more", AverageExceeded, "growers", Convert{Site: "depot", Recipe: "milling", Quantity: kg("48"), Lines: []LotLine{{lot, kg("40.001")}}, Outputs: []Output{{"flour", kg("30")}}}, "0.001"},
		{"average before stock", AverageExceeded, "growers", ship("481", "400.834"), ""},
	})
	l.must("growers", ship("100", "83.333"))
	l.must("growers", Downgrade{Site: "depot", Product: "wheat", Model: MassBalance, Lines: []LotLine{
		{LotID(l.must("growers", with(deliver("60", "T3"), func(b *Introduce) { b.Model = Segregated })).Subject), kg("60")},
	}})
	require.Equal(t, "460", l.state[PoolKey("depot", "wheat")].(Pool).Credit.String(), "a downgrade adds nothing to the pool")
	l.must("growers", ship("360", "306.666"))
	l.must("growers", Dispatch{Site: "depot", To: "mill", Product: "wheat", Quantity: kg("80"), Lines: []LotLine{{l.lots("depot", "wheat")[1], kg("60")}}})
	require.True(t, l.account("depot", "wheat").Stock().IsZero())
	l.check()

	l.must("growers", ClosePeriod{Site: "depot", Period: period, Balances: []AccountBalance{{"wheat", kg("0")}}, Lots: []LotLine{{lot, kg("10.001")}}})
}

// What was in stock when a period began is part of its average.
func TestTheAverageBeginsWithTheOpeningStock(t *testing.T) {
	l := depot(t, func(p *Profile) { p.Method = RollingAverage })
	l.must("growers", TakeIn{Site: "depot", Product: "wheat", Quantity: kg("100"), Evidence: "T1"})
	lot := LotID(l.must("growers", deliver("100", "T2")).Subject)
	l.must("growers", ClosePeriod{Site: "depot", Period: period, Balances: []AccountBalance{{"wheat", kg("200")}}})
	l.must("growers", OpenPeriod{"depot", "2026-Q4", "2026-10-01", "2026-12-31"})
	ship := Dispatch{Site: "depot", To: "mill", Product: "wheat", Quantity: kg("100"), Lines: []LotLine{{lot, kg("50.001")}}}
	result := l.then("2026-Q4", "2026-10-02", "growers", ship)
	require.Equal(t, AverageExceeded, result.Code, result.Message)
	ship.Lines[0].Quantity = kg("50")
	require.Equal(t, Accepted, l.then("2026-Q4", "2026-10-02", "growers", ship).Code)
	l.check()
}

// Credit of book and claim belongs to no material, and so to no average: credits
// that were bought do not let a shipment be attributed more than came in with
// material. Up to version 2 of the rules they did, from the next period on.
func TestBookAndClaimIsNoPartOfTheAverage(t *testing.T) {
	for _, rules := range []int{2, 3} {
		l := depot(t, func(p *Profile) { p.Method = RollingAverage })
		for version := 2; version <= rules; version++ {
			l.adopt(AdoptRules{version})
		}
		l.must("growers", TakeIn{Site: "depot", Product: "wheat", Quantity: kg("90"), Evidence: "T1"})
		lot := LotID(l.must("growers", deliver("10", "T2")).Subject)
		far := LotID(l.must("growers", introduce("90", "T3")).Subject)
		l.must("growers", Decouple{"elevator", "wheat", []LotLine{{far, kg("90")}}})
		for _, quantity := range []string{"50", "40"} {
			offer := TransferCredits{Site: "elevator", To: "depot", Product: "wheat", Lines: []LotLine{{l.lots("elevator", "wheat")[0], kg(quantity)}}}
			l.must("growers", AcceptCredits{"depot", TransferID(l.must("growers", offer).Subject)})
		}
		credits := l.lots("depot", "wheat")[1:]
		require.Len(t, credits, 2)
		l.must("growers", l.closing("depot", period, nil))
		l.must("growers", OpenPeriod{"depot", "2026-Q4", "2026-10-01", "2026-12-31"})
		claim := ClaimCredits{Site: "depot", Product: "wheat", Lines: []LotLine{{credits[0], kg("50")}}, Beneficiary: "B", ReportingYear: 2026, Purpose: "p"}
		require.Equal(t, Accepted, l.then("2026-Q4", "2026-10-01", "growers", claim).Code)
		ship := Dispatch{Site: "depot", To: "mill", Product: "wheat", Quantity: kg("10"), Lines: []LotLine{{lot, kg("1.001")}}}
		result := l.then("2026-Q4", "2026-10-02", "growers", ship)
		if rules < 3 {
			require.Equal(t, Accepted, result.Code)
			l.replays()
			continue
		}
		require.Equal(t, AverageExceeded, result.Code)
		require.Equal(t, "1", result.Figures.Have.String(), "10 of 100 came in with material")
		require.Equal(t, "40", l.account("depot", "wheat").Decoupled.String())
		ship.Lines[0].Quantity = kg("1")
		require.Equal(t, Accepted, l.then("2026-Q4", "2026-10-02", "growers", ship).Code)
		l.check()
		l.replays()
	}
}

// A receipt that is reversed is no input any more: the average falls back.
func TestAReversedReceiptLeavesTheAverage(t *testing.T) {
	l := depot(t, func(p *Profile) { p.Method = RollingAverage })
	l.must("growers", TakeIn{Site: "depot", Product: "wheat", Quantity: kg("1000"), Evidence: "T1"})
	lot := LotID(l.must("growers", deliver("1000", "T2")).Subject)
	l.must("miller", TakeIn{Site: "mill", Product: "wheat", Quantity: kg("1"), Evidence: "M1"})
	l.must("growers", introduce("2000", "T3"))
	shipment := TransferID(l.must("growers", Dispatch{Site: "elevator", To: "mill", Product: "wheat", Quantity: kg("2000"), Lines: []LotLine{{l.lots("elevator", "wheat")[0], kg("2000")}}}).Subject)
	l.must("miller", Receive{Site: "mill", Transfer: shipment, Quantity: kg("2000")})
	onward := TransferID(l.must("miller", Dispatch{Site: "mill", To: "depot", Product: "wheat", Quantity: kg("2000"), Lines: []LotLine{{l.lots("mill", "wheat")[0], kg("2000")}}}).Subject)
	l.must("growers", Receive{Site: "depot", Transfer: onward, Quantity: kg("2000")})
	require.Equal(t, "3000", l.state[PoolKey("depot", "wheat")].(Pool).Credit.String())
	l.must("miller", ProposeReversal{Site: "mill", Transfer: onward, Reason: "wrong site"})
	l.must("growers", ConfirmReversal{Site: "depot", Transfer: onward})
	l.must("miller", CompleteReversal{Site: "mill", Transfer: onward})
	pool := l.state[PoolKey("depot", "wheat")].(Pool)
	require.Equal(t, []string{"1000", "2000"}, []string{pool.Credit.String(), pool.Material.String()})
	ship := Dispatch{Site: "depot", To: "mill", Product: "wheat", Quantity: kg("100"), Lines: []LotLine{{lot, kg("50.001")}}}
	l.refuses([]refusal{{"above the average without it", AverageExceeded, "growers", ship, "0.001"}})
	ship.Lines[0].Quantity = kg("50")
	l.must("growers", ship)
	l.check()
}

// What left and came back in one period is one input, not two.
func TestAReturnIsNoNewInput(t *testing.T) {
	l := depot(t, func(p *Profile) { p.Method = RollingAverage })
	lot := LotID(l.must("growers", deliver("1000", "T1")).Subject)
	ship := Dispatch{Site: "depot", To: "mill", Product: "wheat", Quantity: kg("1000"), Lines: []LotLine{{lot, kg("1000")}}}
	transfer := TransferID(l.must("growers", ship).Subject)
	l.must("growers", TakeIn{Site: "depot", Product: "wheat", Quantity: kg("1000"), Evidence: "T2"})
	l.must("miller", Reject{"mill", transfer, "wet"})
	l.must("growers", Return{Site: "depot", Transfer: transfer, Quantity: kg("1000")})
	back := l.lots("depot", "wheat")[0]
	half := func(quantity string) Dispatch {
		return with(ship, func(b *Dispatch) { b.Lines = []LotLine{{back, kg(quantity)}} })
	}
	l.refuses([]refusal{{"two thirds instead of a half", AverageExceeded, "growers", half("666.666"), "166.666"}})
	transfer = TransferID(l.must("growers", half("500")).Subject)
	l.must("growers", l.closing("depot", period, nil))
	l.must("growers", OpenPeriod{"depot", "2026-Q4", "2026-10-01", "2026-12-31"})
	require.Equal(t, Accepted, l.then("2026-Q4", "2026-10-02", "growers", TakeIn{Site: "depot", Product: "wheat", Quantity: kg("1000"), Evidence: "T3"}).Code)
	l.must("miller", Reject{"mill", transfer, "wet"})
	require.Equal(t, Accepted, l.then("2026-Q4", "2026-10-03", "growers", Return{Site: "depot", Transfer: transfer, Quantity: kg("1000")}).Code)
	require.Equal(t, "1000", l.state[PoolKey("depot", "wheat")].(Pool).Credit.String(), "what left before the period is an input of it")
	l.check()
}

// A transaction is reversed for as many days as the scheme's profile says.
func TestTheReversalWindowOfAScheme(t *testing.T) {
	l, transfer := arrived(t, profile(func(p *Profile) { p.ReversalDays = 10 }))
	propose := ProposeReversal{Site: "mill", Transfer: transfer, Reason: "wrong lot"}
	require.Equal(t, ReversalOutOfTime, l.dated("2026-08-14", "miller", propose).Code)
	require.Equal(t, Accepted, l.dated("2026-08-13", "miller", propose).Code)
	l, transfer = arrived(t, profile(func(p *Profile) { p.ReversalDays = 0 }))
	propose.Transfer = transfer
	require.Equal(t, Accepted, l.dated("2026-09-30", "miller", propose).Code)
	l.check()
}

// arrived has a shipment at the mill under a profile.
func arrived(t *testing.T, p Profile) (*ledger, TransferID) {
	l, transfer := shipped(t)
	l.adopt(RegisterProfile{p})
	l.must("miller", Receive{Site: "mill", Transfer: transfer, Quantity: kg("50000")})
	return l, transfer
}

// A recipe shares credit out only in a way that the scheme allows.
func TestTheAttributionOfAScheme(t *testing.T) {
	l := depot(t, func(p *Profile) { p.Attribution = AttributionProportional })
	lot := LotID(l.must("growers", deliver("1000", "T1")).Subject)
	recipe := l.state[RecipeKey("milling")].(Recipe)
	recipe.ID, recipe.Attribution = "free-milling", FreeAttribution
	l.adopt(RegisterRecipe{recipe})
	mill := Convert{
		Site: "depot", Recipe: "free-milling", Quantity: kg("100"), Lines: []LotLine{{lot, kg("50")}},
		Outputs: []Output{{"flour", kg("72")}, {"bran", kg("28")}}, Credits: []Output{{"flour", kg("50")}},
	}
	l.refuses([]refusal{{"all into the flour", AttributionForbidden, "growers", mill, ""}})
	l.adopt(RegisterProfile{profile(func(p *Profile) { p.Version, p.Attribution = 2, AttributionFree })})
	l.must("growers", mill)
	l.check()
}

// Credit that a recall froze is nobody's to forfeit, and no close waits for it.
func TestFrozenCreditIsNotCarried(t *testing.T) {
	l := depot(t, published("iscc-eu"))
	l.must("growers", l.statement("good", func(s *Statement) { s.Certificate, s.Site = "dc", "depot" }))
	bad := LotID(l.must("growers", deliver("1000", "T1")).Subject)
	l.must("growers", with(deliver("500", "T2"), func(b *Introduce) { b.Statement = "good" }))
	l.must("growers", Withdraw{Site: "depot", Product: "wheat", Quantity: kg("1000"), Purpose: "destroyed"})
	signed, err := wire.SignFinding(FraudFinding{ID: "f-1", Certifier: "certifier", Statement: "ds", Reason: "no such field", Issued: day}, "k1", l.key)
	require.NoError(t, err)
	l.must("brand", PublishFinding{signed})
	close := l.closing("depot", period, nil)
	forfeit := with(close, func(b *ClosePeriod) { b.Expired = []LotLine{{bad, kg("1000")}} })
	l.refuses([]refusal{
		{"frozen credit forfeited", Recalled, "growers", forfeit, ""},
		{"not traced yet", CarryOverExceeded, "growers", close, "1000"},
	})
	l.must("brand", TraceRecall{Certifier: "certifier", Statement: "ds", Lots: []LotID{bad}})
	l.must("growers", close)
	l.check()
}
