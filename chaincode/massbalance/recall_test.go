package massbalance_test

import (
	"fmt"
	"math/big"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	. "github.com/weighbridge/weighbridge/chaincode/massbalance"
	"github.com/weighbridge/weighbridge/chaincode/wire"
)

func (l *ledger) finding(id string, change func(*FraudFinding)) PublishFinding {
	f := FraudFinding{ID: FindingID(id), Certifier: "certifier", Statement: "s1", Reason: "forged transaction certificates", Issued: day}
	if change != nil {
		change(&f)
	}
	signed, err := wire.SignFinding(f, "k1", l.key)
	require.NoError(l.t, err)
	return PublishFinding{signed}
}

func against(statement StatementID) func(*FraudFinding) {
	return func(f *FraudFinding) { f.Statement = statement }
}

func traces(statement StatementID, lots ...LotID) TraceRecall {
	return TraceRecall{Certifier: "certifier", Statement: statement, Lots: lots}
}

func (l *ledger) recall(statement StatementID) Recall {
	return l.state[RecallKey("certifier", statement)].(Recall)
}

func (l *ledger) frozen(lot LotID) string {
	taint, _ := l.state[TaintKey(lot)].(Taint)
	return taint.Frozen.String()
}

// pooled is a chain in which 30 t on statement s1 and 10 t on s2, of the same
// characteristics, went to the mill in one shipment and became one lot there; 20 t
// of it were milled, 5 t of flour went to the bakery, and 2 t of it were claimed.
type pooled struct {
	*ledger
	farm, wheat, flour, bran, bakery LotID
	claim                            ClaimID
}

func pool(t testing.TB) *pooled {
	l := founded(t)
	l.must("growers", l.statement("s2", nil))
	p := &pooled{ledger: l}
	p.farm = LotID(l.must("growers", introduce("30000", "T1")).Subject)
	good := LotID(l.must("growers", with(introduce("10000", "T2"), func(b *Introduce) { b.Statement = "s2" })).Subject)
	id := l.must("growers", Dispatch{Site: "elevator", To: "mill", Product: "wheat", Quantity: kg("40000"), Lines: []LotLine{{p.farm, kg("30000")}, {good, kg("10000")}}}).Subject
	l.must("miller", Receive{Site: "mill", Transfer: TransferID(id), Quantity: kg("40000")})
	p.wheat = l.lots("mill", "wheat")[0]
	l.must("miller", Convert{Site: "mill", Recipe: "milling", Quantity: kg("20000"), Lines: []LotLine{{p.wheat, kg("20000")}}, Outputs: []Output{{"flour", kg("14400")}, {"bran", kg("5600")}}})
	p.flour, p.bran = l.lots("mill", "flour")[0], l.lots("mill", "bran")[0]
	id = l.must("miller", Dispatch{Site: "mill", To: "bakery", Product: "flour", Quantity: kg("5000"), Lines: []LotLine{{p.flour, kg("5000")}}}).Subject
	l.must("manufacturer", Receive{Site: "bakery", Transfer: TransferID(id), Quantity: kg("5000")})
	p.bakery = l.lots("bakery", "flour")[0]
	p.claim = ClaimID(l.must("manufacturer", ClaimCredits{Site: "bakery", Product: "flour", Lines: []LotLine{{p.bakery, kg("2000")}}, Beneficiary: "B", ReportingYear: 2026, Purpose: "p"}).Subject)
	return p
}

// Forged upstream certificates again (organic cotton, India 2020: everything
// issued on the basis of the wrong certificates was cancelled at every later
// stage, and stock in hand could not be sold with a claim), now that a certifier
// had signed in good faith. Of the pool's 40 t three quarters rest on the recalled
// statement, and so of everything that came of it: 28.5 t are frozen where they
// are, 1.5 t of the claim are to be covered, together the 30 t that came in.
func TestFraudRecallReachesEveryLaterStage(t *testing.T) {
	l := pool(t)
	l.must("brand", l.finding("f1", nil))
	require.Equal(t, "30000", l.recall("s1").Introduced.String())
	l.refuses([]refusal{{"more of it comes in", Recalled, "growers", introduce("1", "T9"), ""}})

	// The brand needs nobody's consent: no head, account or lot of a site changes.
	trace := traces("s1", l.farm, l.wheat, l.flour, l.bran, l.bakery)
	trace.Claims = []ClaimID{l.claim}
	batch, err := ExecuteBatch(l.state, Tx{ID: "tx", Organisation: "brand"}, []Command{l.command("trace", trace)})
	require.NoError(t, err)
	for _, w := range batch.Writes {
		require.Contains(t, []Kind{KindRecall, KindTaint, KindMark, KindRecord}, w.Key.Kind)
		require.Nil(t, w.Guard)
	}
	l.must("brand", trace)
	for lot, quantity := range map[LotID]string{l.farm: "0", l.wheat: "15000", l.flour: "7050", l.bran: "4200", l.bakery: "2250"} {
		require.Equal(t, quantity, l.frozen(lot), lot)
	}
	recall := l.recall("s1")
	require.Equal(t, "28500", recall.Frozen.String())
	require.Equal(t, "1500", recall.Claimed.String())

	claim := ClaimCredits{Site: "bakery", Product: "flour", Lines: []LotLine{{l.bakery, kg("750.001")}}, Beneficiary: "B", ReportingYear: 2026, Purpose: "p"}
	ship := Dispatch{Site: "mill", To: "bakery", Product: "wheat", Quantity: kg("5001"), Lines: []LotLine{{l.wheat, kg("5001")}}}
	l.refuses([]refusal{
		{"a gram of the frozen", Recalled, "manufacturer", claim, "0.001"},
		{"shipped on", Recalled, "miller", ship, "1"},
		{"parted from its material", Recalled, "miller", Decouple{"mill", "bran", []LotLine{{l.bran, kg("1401")}}}, "1"},
		{"cancelled", Recalled, "miller", Withdraw{Site: "mill", Product: "wheat", Quantity: kg("5001"), Lines: ship.Lines, Purpose: "p"}, "1"},
	})
	l.must("manufacturer", with(claim, func(b *ClaimCredits) { b.Lines[0].Quantity = kg("750") }))
	require.Equal(t, "2000", l.state[ClaimKey(l.claim)].(Claim).Quantity.String(), "history stays as it was")
	of := l.check().Characteristics[characteristics().ID()]
	require.Equal(t, "28500.000", FormatGrams(of.Frozen))
	require.Equal(t, of.Introduced, of.Total())
}

// A lot that knows its statement is refused at once, before anybody traced it.
func TestRecallStopsKnownOriginsAtOnce(t *testing.T) {
	l := founded(t)
	kept := with(introduce("10000", "T1"), func(b *Introduce) { b.Model = IdentityPreserved })
	lot := LotID(l.must("growers", kept).Subject)
	ship := Dispatch{Site: "elevator", To: "mill", Product: "wheat", Quantity: kg("4000"), Lines: []LotLine{{lot, kg("4000")}}}
	first, second := TransferID(l.must("growers", ship).Subject), TransferID(l.must("growers", ship).Subject)
	l.must("miller", Receive{Site: "mill", Transfer: first, Quantity: kg("4000")})
	l.must("miller", l.finding("f1", nil))
	l.must("miller", Receive{Site: "mill", Transfer: second, Quantity: kg("4000")})
	lots := l.lots("mill", "wheat")
	ship.Quantity, ship.Lines = kg("2000"), []LotLine{{lot, kg("2000")}}
	rows := []refusal{{"at its origin", Recalled, "growers", ship, ""}}
	for _, at := range lots {
		rows = append(rows, refusal{"at the mill", Recalled, "miller", Withdraw{Site: "mill", Product: "wheat", Quantity: kg("1"), Lines: []LotLine{{at, kg("1")}}, Purpose: "p"}, ""})
	}
	l.refuses(rows)
	l.must("miller", traces("s1", lot, lots[0], lots[1]))
	require.Equal(t, "10000", l.recall("s1").Frozen.String())
	l.check()
}

func TestFindings(t *testing.T) {
	l := pool(t)
	adopted := AdoptFinding{FraudFinding{ID: "f2", Certifier: "certifier", Statement: "s2", Reason: "the certifier is in it", Issued: day}}
	l.refuses([]refusal{
		{"no reason", InvalidCommand, "brand", l.finding("f1", func(f *FraudFinding) { f.Reason = "" }), ""},
		{"no such day", InvalidCommand, "brand", l.finding("f1", func(f *FraudFinding) { f.Issued = "2026-02-30" }), ""},
		{"adopted without a name", InvalidCommand, "brand", with(adopted, func(b *AdoptFinding) { b.Finding.ID = "" }), ""},
		{"by the certifier itself", NotMember, "certifier", l.finding("f1", nil), ""},
		{"statement unknown", NotFound, "brand", l.finding("f1", against("none")), ""},
		{"certifier unknown", NotFound, "brand", l.finding("f1", func(f *FraudFinding) { f.Certifier = "none" }), ""},
		{"forged by a competitor", SignatureInvalid, "brand", empty(t).finding("f1", nil), ""},
	})
	l.must("brand", l.finding("f1", nil))
	l.refuses([]refusal{{"found before", AlreadyExists, "miller", l.finding("f3", nil), ""}})
	require.True(t, l.must("brand", adopted).Pending)
	l.refuses([]refusal{{"not yet adopted", NotFound, "brand", traces("s2", l.wheat), ""}})
	l.must("miller", adopted)
	require.False(t, l.must("manufacturer", adopted).Pending)
	require.Equal(t, "10000", l.recall("s2").Introduced.String())
	l.refuses([]refusal{{"with other content", AlreadyExists, "brand", with(adopted, func(b *AdoptFinding) { b.Finding.ID = "f4" }), ""}})
	l.check()
}

func TestTraceRecall(t *testing.T) {
	l := pool(t)
	l.must("brand", l.finding("f1", nil))
	good := LotID("growers/" + l.entries[len(l.entries)-1].Record.Command)
	for _, e := range l.entries {
		if b, ok := e.Command.Body.(Introduce); ok && b.Statement == "s2" {
			good = LotID(e.Record.Subject)
		}
	}
	l.refuses([]refusal{
		{"nothing", InvalidCommand, "brand", traces("s1"), ""},
		{"no statement", InvalidCommand, "brand", traces("", l.farm), ""},
		{"a lot twice", InvalidCommand, "brand", traces("s1", l.farm, l.farm), ""},
		{"a claim twice", InvalidCommand, "brand", TraceRecall{Certifier: "certifier", Statement: "s1", Claims: []ClaimID{l.claim, l.claim}}, ""},
		{"no finding", NotFound, "brand", traces("s2", l.farm), ""},
		{"no such lot", NotFound, "brand", traces("s1", "growers/none/1"), ""},
		{"no such claim", NotFound, "brand", TraceRecall{Certifier: "certifier", Statement: "s1", Claims: []ClaimID{"none"}}, ""},
		{"a lot of another statement", NotDescended, "brand", traces("s1", good), ""},
		{"below what was not traced yet", NotDescended, "brand", traces("s1", l.flour), ""},
		{"a claim below it", NotDescended, "brand", TraceRecall{Certifier: "certifier", Statement: "s1", Claims: []ClaimID{l.claim}}, ""},
	})
	l.must("brand", traces("s1", l.wheat, l.flour))
	require.Equal(t, "7050", l.frozen(l.flour), "three quarters of the 9.4 t left of it")
	before := l.recall("s1")
	l.must("miller", traces("s1", l.wheat, l.flour))
	require.Equal(t, before, l.recall("s1"), "what is frozen is frozen once")
}

// What is left of a pool after one recall rests on the other statements alone,
// and is all taken by a recall of these; what left before carried its share of both.
func TestTwoRecallsOfOnePool(t *testing.T) {
	l := pool(t)
	l.must("brand", l.finding("f1", nil))
	l.must("brand", traces("s1", l.wheat, l.flour, l.bran, l.bakery))
	id := l.must("miller", Dispatch{Site: "mill", To: "bakery", Product: "wheat", Quantity: kg("1000"), Lines: []LotLine{{l.wheat, kg("1000")}}}).Subject
	l.must("manufacturer", Receive{Site: "bakery", Transfer: TransferID(id), Quantity: kg("1000")})
	clean := l.lots("bakery", "wheat")[0]
	require.Equal(t, []Cleared{{l.wheat, 1}}, l.lot(clean).Cleared)
	l.refuses([]refusal{{"what is clean of it", NotDescended, "brand", traces("s1", clean), ""}})

	l.must("brand", l.finding("f2", against("s2")))
	trace := traces("s2", l.wheat, l.flour, l.bran, l.bakery, clean)
	trace.Lots = append([]LotID{}, trace.Lots...)
	trace.Claims = []ClaimID{l.claim}
	l.must("brand", trace)
	for lot, quantity := range map[LotID]string{l.wheat: "19000", l.flour: "9400", l.bran: "5600", l.bakery: "3000", clean: "1000"} {
		require.Equal(t, quantity, l.frozen(lot), lot)
	}
	recall := l.recall("s2")
	require.Equal(t, "10000", recall.Frozen.Add(recall.Claimed).String())
	l.check()
}

// What is claimed of a pool after its share was frozen is never marked, and neither
// is what is made and claimed of it further on; the pool gives not a gram more.
func TestClaimsOnTheCleanRemainder(t *testing.T) {
	l := pool(t)
	l.must("brand", l.finding("f1", nil))
	l.must("brand", traces("s1", l.wheat, l.flour, l.bakery))
	claim := ClaimCredits{Site: "bakery", Product: "flour", Lines: []LotLine{{l.bakery, kg("750")}}, Beneficiary: "B", ReportingYear: 2026, Purpose: "p"}
	clean := ClaimID(l.must("manufacturer", claim).Subject)
	require.Equal(t, 1, l.state[ClaimKey(clean)].(Claim).Lines[0].Cleared)
	l.refuses([]refusal{{"more than the remainder", Recalled, "manufacturer", with(claim, func(b *ClaimCredits) { b.Lines = []LotLine{{l.bakery, kg("0.001")}} }), "0.001"}})

	l.must("miller", Convert{Site: "mill", Recipe: "milling", Quantity: kg("5000"), Lines: []LotLine{{l.wheat, kg("5000")}}, Outputs: []Output{{"flour", kg("3600")}}})
	lots := l.lots("mill", "flour")
	made := lots[len(lots)-1]
	further := ClaimID(l.must("miller", ClaimCredits{Site: "mill", Product: "flour", Lines: []LotLine{{made, kg("3600")}}, Beneficiary: "B", ReportingYear: 2026, Purpose: "p"}).Subject)
	l.refuses([]refusal{
		{"the claim", NotDescended, "brand", TraceRecall{Certifier: "certifier", Statement: "s1", Claims: []ClaimID{clean}}, ""},
		{"what was made of it", NotDescended, "brand", traces("s1", made), ""},
		{"claimed further on", NotDescended, "brand", TraceRecall{Certifier: "certifier", Statement: "s1", Claims: []ClaimID{further}}, ""},
	})
	require.Nil(t, l.state[MarkKey(clean)])
	l.check()
}

func TestCoverRecall(t *testing.T) {
	l := pool(t)
	l.must("growers", l.statement("s3", nil))
	fresh := LotID(l.must("growers", with(introduce("20000", "T3"), func(b *Introduce) { b.Statement = "s3" })).Subject)
	id := l.must("growers", Dispatch{Site: "elevator", To: "mill", Product: "wheat", Quantity: kg("20000"), Lines: []LotLine{{fresh, kg("20000")}}}).Subject
	l.must("miller", Receive{Site: "mill", Transfer: TransferID(id), Quantity: kg("20000")})
	wheat := l.lots("mill", "wheat")[1]
	l.must("miller", Convert{Site: "mill", Recipe: "milling", Quantity: kg("10000"), Lines: []LotLine{{wheat, kg("10000")}}, Outputs: []Output{{"flour", kg("7200")}}})
	flour := l.lots("mill", "flour")[1]
	l.must("miller", Decouple{"mill", "flour", []LotLine{{flour, kg("100")}}})
	free := l.lots("mill", "flour")[2]
	cover := CoverRecall{Site: "mill", Claim: l.claim, Certifier: "certifier", Statement: "s1", Lines: []LotLine{{flour, kg("1500")}}}
	l.must("brand", l.finding("f1", nil))
	l.refuses([]refusal{{"not marked yet", NotFound, "miller", cover, ""}})
	trace := traces("s1", l.wheat, l.flour, l.bakery)
	trace.Claims = []ClaimID{l.claim}
	l.must("brand", trace)
	l.refuses([]refusal{
		{"no lots", InvalidCommand, "miller", with(cover, func(b *CoverRecall) { b.Lines = nil }), ""},
		{"a lot twice", InvalidCommand, "miller", with(cover, func(b *CoverRecall) { b.Lines = []LotLine{{flour, kg("1")}, {flour, kg("1")}} }), ""},
		{"no such claim", NotFound, "miller", with(cover, func(b *CoverRecall) { b.Claim = "none" }), ""},
		{"another's site", NotOwner, "growers", cover, ""},
		{"other product", ProductMismatch, "miller", with(cover, func(b *CoverRecall) { b.Lines = []LotLine{{wheat, kg("1500")}} }), ""},
		{"a looser model", WrongModel, "miller", with(cover, func(b *CoverRecall) { b.Lines = []LotLine{{free, kg("100")}} }), ""},
		{"more than there is", InsufficientCredit, "miller", with(cover, func(b *CoverRecall) { b.Lines = []LotLine{{flour, kg("7101")}} }), "1"},
		{"with frozen credit", Recalled, "miller", with(cover, func(b *CoverRecall) { b.Lines = []LotLine{{l.flour, kg("9000")}} }), "6650"},
		{"more than it lacks", ExceedsRecall, "miller", with(cover, func(b *CoverRecall) { b.Lines = []LotLine{{flour, kg("1500.001")}} }), "0.001"},
	})
	l.must("miller", with(cover, func(b *CoverRecall) { b.Lines = []LotLine{{flour, kg("1000")}} }))
	put := ClaimID(l.must("miller", with(cover, func(b *CoverRecall) { b.Lines = []LotLine{{flour, kg("500")}} })).Subject)
	l.refuses([]refusal{{"covered", ExceedsRecall, "miller", with(cover, func(b *CoverRecall) { b.Lines = []LotLine{{flour, kg("0.001")}} }), "0.001"}})
	recall := l.recall("s1")
	require.Equal(t, "1500", recall.Covered.String())
	require.Equal(t, recall.Claimed.String(), recall.Covered.String())
	require.Equal(t, l.claim, l.state[ClaimKey(put)].(Claim).Covers)

	// A replacement that is recalled in turn is marked like any claim.
	l.must("brand", l.finding("f3", against("s3")))
	again := traces("s3", wheat, flour)
	again.Claims = []ClaimID{put}
	l.must("brand", again)
	require.Equal(t, "500", l.state[MarkKey(put)].(Mark).Shares[0].Quantity.String())
	l.check()
}

// Random chains: what is traced is never less than the exact share, worked out
// over fractions, more by grams at most, and all of what came in is found again.
func TestRandomRecalls(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		l := founded(t)
		for i := range 3 {
			l.must("growers", l.statement(fmt.Sprintf("r%d", i), nil))
		}
		lots := []LotID{}
		for i := range rapid.IntRange(3, 6).Draw(r, "introductions") {
			body := with(introduce(Grams(rapid.Int64Range(1, 9999).Draw(r, "grams")).String(), fmt.Sprintf("T%d", i)), func(b *Introduce) {
				b.Statement = StatementID(fmt.Sprintf("r%d", i%3))
			})
			lots = append(lots, LotID(l.must("growers", body).Subject))
		}
		sites := []SiteID{"elevator", "silo"}
		for range rapid.IntRange(1, 8).Draw(r, "shipments") {
			lots = l.shipSome(r, lots, sites)
			sites[0], sites[1] = sites[1], sites[0]
		}
		claims := l.claimSome(r, lots)
		l.must("brand", l.finding("f", against("r0")))
		for _, id := range lots {
			exact := l.share(id, "r0")
			if exact.Sign() == 0 {
				require.Equal(r, NotDescended, l.do("brand", traces("r0", id)).Code)
				continue
			}
			l.must("brand", traces("r0", id))
			got := new(big.Rat).SetInt(GramsOf(l.state[TaintKey(id)].(Taint).Shares[0].Quantity))
			over := new(big.Rat).Sub(got, exact)
			require.True(r, over.Sign() >= 0, "lot %s: %s g traced, %s g tainted", id, got, exact)
			require.True(r, over.Cmp(big.NewRat(int64(len(lots)), 1)) <= 0, "lot %s: %s g too many", id, over)
		}
		for _, id := range claims {
			l.do("brand", TraceRecall{Certifier: "certifier", Statement: "r0", Claims: []ClaimID{id}})
		}
		l.foundAgain(r, "r0")

		// What was not frozen goes on, and then the second statement is recalled.
		for range rapid.IntRange(0, 4).Draw(r, "more shipments") {
			lots = l.shipSome(r, lots, sites)
			sites[0], sites[1] = sites[1], sites[0]
		}
		claims = append(claims, l.claimSome(r, lots)...)
		l.must("brand", l.finding("g", against("r1")))
		for _, id := range lots {
			l.do("brand", traces("r1", id))
		}
		for _, id := range claims {
			l.do("brand", TraceRecall{Certifier: "certifier", Statement: "r1", Claims: []ClaimID{id}})
		}
		l.foundAgain(r, "r0", "r1")
		l.ancestriesAgree(r, claims, len(lots))
	})
}

// foundAgain checks that all that came in on recalled statements was found. The
// grams by which one recall is rounded up may be those of the next.
func (l *ledger) foundAgain(r *rapid.T, statements ...StatementID) {
	l.check()
	var found, introduced Quantity
	for _, id := range statements {
		recall := l.recall(id)
		found, introduced = Sum(found, recall.Frozen, recall.Claimed), introduced.Add(recall.Introduced)
	}
	require.False(r, found.Less(introduced), "%s kg found of %s kg", found, introduced)
}

// free is what may be spent of a lot.
func (l *ledger) free(id LotID) int64 {
	lot := l.lot(id)
	if l.state[RecallKey(lot.Certifier, lot.Statement)] != nil {
		return 0
	}
	taint, _ := l.state[TaintKey(id)].(Taint)
	return GramsOf(lot.Available()).Int64() - GramsOf(taint.Frozen).Int64()
}

// shipSome ships parts of some lots from the first site to the second in one go.
func (l *ledger) shipSome(r *rapid.T, lots []LotID, sites []SiteID) []LotID {
	var lines []LotLine
	var total Quantity
	for _, id := range lots {
		left := l.free(id)
		if l.lot(id).Site == sites[0] && left > 0 && rapid.Bool().Draw(r, "ship") {
			line := LotLine{id, Grams(rapid.Int64Range(1, left).Draw(r, "of it"))}
			lines, total = append(lines, line), total.Add(line.Quantity)
		}
	}
	if len(lines) == 0 {
		return lots
	}
	transfer := l.must("growers", Dispatch{Site: sites[0], To: sites[1], Product: "wheat", Quantity: total, Lines: lines}).Subject
	result := l.must("growers", Receive{Site: sites[1], Transfer: TransferID(transfer), Quantity: total})
	return append(lots, LotID(fmt.Sprintf("growers/%s/1", result.Command)))
}

func (l *ledger) claimSome(r *rapid.T, lots []LotID) (claims []ClaimID) {
	for _, id := range lots {
		lot := l.lot(id)
		if left := l.free(id); left > 0 && rapid.Bool().Draw(r, "claim") {
			body := ClaimCredits{Site: lot.Site, Product: "wheat", Lines: []LotLine{{id, Grams(rapid.Int64Range(1, left).Draw(r, "of it"))}}, Beneficiary: "B", ReportingYear: 2026, Purpose: "p"}
			claims = append(claims, ClaimID(l.must("growers", body).Subject))
		}
	}
	return claims
}

// share is the exact tainted part of what a lot began with, in grams.
func (l *ledger) share(id LotID, statement StatementID) *big.Rat {
	lot := l.lot(id)
	grams := new(big.Rat).SetInt(GramsOf(lot.Quantity))
	if len(lot.Parents) == 0 {
		if lot.Statement != statement {
			return new(big.Rat)
		}
		return grams
	}
	tainted, all := new(big.Rat), new(big.Rat)
	for _, p := range lot.Parents {
		part := new(big.Rat).SetInt(GramsOf(p.Quantity))
		all.Add(all, part)
		of := l.share(p.Lot, statement)
		tainted.Add(tainted, part.Mul(part, of.Quo(of, new(big.Rat).SetInt(GramsOf(l.lot(p.Lot).Quantity)))))
	}
	return grams.Mul(grams, tainted.Quo(tainted, all))
}

// The recount of recalls finds what is wrong: each row spoils one entry.
func TestRecountFindsWhatMovesAfterARecall(t *testing.T) {
	l := pool(t)
	l.must("brand", l.finding("f1", nil))
	trace := traces("s1", l.farm, l.wheat, l.flour, l.bakery)
	trace.Claims = []ClaimID{l.claim}
	l.must("brand", trace)
	l.must("growers", l.statement("s3", nil))
	l.must("growers", with(introduce("1", "T5"), func(b *Introduce) { b.Statement = "s3" }))
	l.must("miller", CoverRecall{Site: "mill", Claim: l.claim, Certifier: "certifier", Statement: "s1", Lines: []LotLine{{l.flour, kg("1500")}}})
	l.check()
	traced := func(at int, change func(*Trace)) func(*Entry) {
		return func(e *Entry) {
			e.Record.Traces = append([]Trace{}, e.Record.Traces...)
			change(&e.Record.Traces[at])
		}
	}
	for _, test := range []struct {
		name, entry string
		spoil       func(*Entry)
		finds       string
	}{
		{"introduced after", "introduce", func(e *Entry) {
			e.Record.Credits = append([]Posting{}, e.Record.Credits...)
			e.Record.Credits[0].From.ID = "certifier/s1"
		}, "which is recalled"},
		{"spent what is frozen", "cover_recall", func(e *Entry) {
			e.Record.Credits = append([]Posting{}, e.Record.Credits...)
			e.Record.Credits[0].Quantity = kg("2350.001")
		}, "are frozen"},
		{"covered more than is lacking", "cover_recall", func(e *Entry) {
			e.Record.Credits = append([]Posting{}, e.Record.Credits...)
			e.Record.Credits[0].Quantity = kg("1500.001")
		}, "which lacks 1500.000 kg"},
		{"frozen more than there is", "trace_recall", traced(0, func(t *Trace) { t.Quantity = kg("20000.001") }), "frozen in lot"},
		{"marked more than was claimed", "trace_recall", traced(3, func(t *Trace) { t.Quantity = kg("2000.001") }), "marked on claim"},
		{"found more than came in", "trace_recall", traced(0, func(t *Trace) { t.Quantity = kg("20000") }), "30000.000 kg came in"},
		{"traced without a finding", "trace_recall", func(e *Entry) { e.Command.Body = traces("s2", l.wheat) }, "is not recalled"},
		{"traces of another command", "introduce", func(e *Entry) { e.Record.Traces = []Trace{{Lot: l.wheat, Quantity: kg("1")}} }, "without a recall"},
	} {
		entries := append([]Entry{}, l.entries...)
		for i := len(entries) - 1; i >= 0; i-- {
			if entries[i].Record.Type == test.entry {
				test.spoil(&entries[i])
				break
			}
		}
		require.Contains(t, fmt.Sprint(Recount(entries).Findings), test.finds, test.name)
	}
	recall := l.recall("s1")
	recall.Frozen = kg("1")
	l.state[RecallKey("certifier", "s1")] = recall
	require.Len(t, Recount(l.entries).CompareState(l.state), 1)
}

// A reversal would carry frozen credit back into a lot where it was not frozen,
// so what touched such a lot is not reversed; what was reversed before is found
// in its lot again, and no longer in the claim.
func TestReversalsAndRecalls(t *testing.T) {
	l := pool(t)
	claim := ClaimCredits{Site: "bakery", Product: "flour", Lines: []LotLine{{l.bakery, kg("1000")}}, Beneficiary: "B", ReportingYear: 2026, Purpose: "p"}
	wrong := l.must("manufacturer", claim)
	l.must("manufacturer", l.consent("bakery", "manufacturer", wrong.Command, nil))
	l.must("brand", l.finding("f1", nil))
	l.must("brand", traces("s1", l.wheat, l.flour, l.bakery))
	require.Equal(t, "2250", l.frozen(l.bakery), "3 t are left: the reversed claim's too")
	first, _, _ := strings.Cut(strings.TrimPrefix(string(l.claim), "manufacturer/"), "/")
	l.refuses([]refusal{
		{"traced into a reversed claim", ClaimReversed, "brand", TraceRecall{Certifier: "certifier", Statement: "s1", Claims: []ClaimID{ClaimID(wrong.Subject)}}, ""},
		{"a claim on a frozen lot reversed", Recalled, "manufacturer", l.consent("bakery", "manufacturer", CommandID(first), func(c *ReversalConsent) { c.ID = "rc-2" }), ""},
		{"a delivery of it", StockMovedOn, "miller", l.consent("mill", "miller", l.last(Convert{}), func(c *ReversalConsent) { c.ID = "rc-3" }), ""},
	})
	l.check()
}

// Frozen credit is nobody's to carry or to forfeit, so a site with nothing else
// can still close its period once it was traced, which the site may do itself.
func TestFrozenCreditAtTheClose(t *testing.T) {
	l := depot(t, published("iscc-eu"))
	lot := LotID(l.must("growers", deliver("1000", "T1")).Subject)
	l.must("growers", Withdraw{Site: "depot", Product: "wheat", Quantity: kg("400"), Purpose: "feed"})
	l.must("brand", l.finding("f1", against("ds")))
	close := l.closing("depot", period, nil)
	l.refuses([]refusal{
		{"carried beyond the stock", CarryOverExceeded, "growers", close, "400"},
		{"forfeited", Recalled, "growers", with(close, func(b *ClosePeriod) { b.Expired = []LotLine{{lot, kg("400")}} }), ""},
	})
	l.must("growers", traces("ds", lot))
	l.must("growers", close)
	require.Equal(t, "1000.000", FormatGrams(l.check().Characteristics[characteristics().ID()].Frozen))
}
