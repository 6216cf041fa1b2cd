package massbalance_test

import (
	"fmt"
	"math/big"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	. "github.com/weighbridge/weighbridge/chaincode/massbalance"
)

// farmsOf adds up what rests on each statement.
func farmsOf(t *testing.T, l *ledger, lines ...TransferLine) map[StatementID]string {
	path, err := Ancestry(l.state, lines)
	require.NoError(t, err)
	sums := map[StatementID]Quantity{}
	for _, a := range path {
		require.False(t, a.Share.IsZero(), a.Lot.ID)
		if len(a.Lot.Parents) == 0 {
			sums[a.Lot.Statement] = sums[a.Lot.Statement].Add(a.Share)
		}
	}
	out := map[StatementID]string{}
	for statement, sum := range sums {
		out[statement] = sum.String()
	}
	return out
}

func (l *ledger) linesOf(id ClaimID) []TransferLine { return l.state[ClaimKey(id)].(Claim).Lines }

// What is taken of a mixture after a recalled share was frozen there rests on the
// rest of it alone, also after it was milled and shipped on; what left before
// carries its share, and until somebody traces the recall all do.
func TestAncestryKnowsWhatWasFrozen(t *testing.T) {
	l := pool(t)
	claim := ClaimCredits{Site: "bakery", Product: "flour", Lines: []LotLine{{l.bakery, kg("750")}}, Beneficiary: "B", ReportingYear: 2026, Purpose: "p"}
	mixture := map[StatementID]string{"s1": "1500", "s2": "500"}
	require.Equal(t, mixture, farmsOf(t, l.ledger, l.linesOf(l.claim)...))
	l.must("brand", l.finding("f1", nil))
	require.Equal(t, mixture, farmsOf(t, l.ledger, l.linesOf(l.claim)...))

	trace := traces("s1", l.farm, l.wheat, l.flour, l.bran, l.bakery)
	trace.Claims = []ClaimID{l.claim}
	l.must("brand", trace)
	after := ClaimID(l.must("manufacturer", claim).Subject)
	require.Equal(t, mixture, farmsOf(t, l.ledger, l.linesOf(l.claim)...))
	require.Equal(t, map[StatementID]string{"s2": "750"}, farmsOf(t, l.ledger, l.linesOf(after)...))
	require.Equal(t, map[StatementID]string{"s1": "30000", "s2": "10000"}, farmsOf(t, l.ledger, TransferLine{Lot: l.wheat, Quantity: kg("40000")}))

	l.must("miller", Convert{Site: "mill", Recipe: "milling", Quantity: kg("1000"), Lines: []LotLine{{l.wheat, kg("1000")}}, Outputs: []Output{{"flour", kg("720")}, {"bran", kg("280")}}})
	fresh := l.lots("mill", "flour")[1]
	id := l.must("miller", Dispatch{Site: "mill", To: "bakery", Product: "flour", Quantity: kg("1120"), Lines: []LotLine{{fresh, kg("720")}, {l.flour, kg("400")}}}).Subject
	require.Equal(t, map[StatementID]string{"s2": "1120"}, farmsOf(t, l.ledger, l.state[TransferKey(TransferID(id))].(Transfer).Lines...))
	l.must("manufacturer", Receive{Site: "bakery", Transfer: TransferID(id), Quantity: kg("1120")})
	lots := l.lots("bakery", "flour")
	require.Equal(t, map[StatementID]string{"s2": "1120"}, farmsOf(t, l.ledger, TransferLine{Lot: lots[len(lots)-1], Quantity: kg("1120")}))
	l.check()
}

// Traced again, a lot holds two shares of one statement; what was taken between
// them is free of the first alone.
func TestAncestryBetweenTwoTraces(t *testing.T) {
	l := founded(t)
	l.must("growers", l.statement("s2", nil))
	var farm [3]LotID
	for i, statement := range []StatementID{"s1", "s1", "s2"} {
		farm[i] = LotID(l.must("growers", with(introduce("10000", fmt.Sprintf("T%d", i)), func(b *Introduce) { b.Statement = statement })).Subject)
	}
	ship := func(lines ...LotLine) LotID {
		var sum Quantity
		for _, line := range lines {
			sum = sum.Add(line.Quantity)
		}
		id := TransferID(l.must("growers", Dispatch{Site: "elevator", To: "mill", Product: "wheat", Quantity: sum, Lines: lines}).Subject)
		l.must("miller", Receive{Site: "mill", Transfer: id, Quantity: sum})
		lots := l.lots("mill", "wheat")
		return lots[len(lots)-1]
	}
	wheat := ship(LotLine{farm[0], kg("10000")}, LotLine{farm[1], kg("10000")}, LotLine{farm[2], kg("10000")})
	l.must("miller", l.finding("f1", nil))
	l.must("miller", traces("s1", farm[0], farm[1], wheat))
	require.Equal(t, map[StatementID]string{"s1": "20000", "s2": "10000"}, farmsOf(t, l, TransferLine{Lot: wheat, Quantity: kg("30000")}))
	require.Equal(t, map[StatementID]string{"s2": "900"}, farmsOf(t, l, TransferLine{Lot: wheat, Quantity: kg("900"), Cleared: 1}))

	taint := l.state[TaintKey(wheat)].(Taint)
	half := taint.Shares[0]
	half.Quantity, half.Frozen = kg("10000"), kg("10000")
	l.state[TaintKey(wheat)] = Taint{Frozen: taint.Frozen, Shares: []TaintShare{half, half}}
	require.Equal(t, map[StatementID]string{"s1": "450", "s2": "450"}, farmsOf(t, l, TransferLine{Lot: wheat, Quantity: kg("900"), Cleared: 1}))

	_, err := Ancestry(l.state, []TransferLine{{Lot: "none", Quantity: kg("1")}})
	require.Error(t, err)
}

// ancestriesAgree compares what claims are found to come from with what recalls
// marked on them: the same but for grams lost at each of the lots between.
func (l *ledger) ancestriesAgree(r *rapid.T, claims []ClaimID, lots int) {
	for _, id := range claims {
		l.ancestryAgrees(r, id, lots)
	}
}

func (l *ledger) ancestryAgrees(r *rapid.T, id ClaimID, lots int) {
	claim := l.state[ClaimKey(id)].(Claim)
	path, err := Ancestry(l.state, claim.Lines)
	require.NoError(r, err)
	var placed Quantity
	found, marked := map[StatementID]Quantity{}, map[StatementID]Quantity{}
	for _, a := range path {
		if len(a.Lot.Parents) == 0 {
			found[a.Lot.Statement], placed = found[a.Lot.Statement].Add(a.Share), placed.Add(a.Share)
		}
	}
	require.False(r, claim.Quantity.Less(placed))
	mark, _ := l.state[MarkKey(id)].(Mark)
	for _, s := range mark.Shares {
		marked[s.Statement] = s.Quantity
	}
	some := big.NewInt(int64(4 * lots))
	require.LessOrEqual(r, new(big.Int).Sub(GramsOf(claim.Quantity), GramsOf(placed)).Cmp(some), 0, "%s of %s", placed, claim.Quantity)
	for _, statement := range []StatementID{"r0", "r1"} {
		apart := new(big.Int).Sub(GramsOf(found[statement]), GramsOf(marked[statement]))
		require.LessOrEqual(r, apart.CmpAbs(some), 0, "%s: %s found, %s marked", statement, found[statement], marked[statement])
	}
}
