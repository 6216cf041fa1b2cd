package massbalance_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	. "github.com/weighbridge/weighbridge/chaincode/massbalance"
)

// This file holds reversals that a recall overtakes.

// takenBack is a pool of 30 t on statement s1 and 10 t on s2 at the growers'
// silo, of which 8 t went to the mill and came back by an agreed reversal: the
// mill gave them back, the growers did not book them in yet.
func takenBack(t testing.TB) (l *ledger, pool LotID, transfer TransferID) {
	l = founded(t)
	l.must("growers", l.statement("s2", nil))
	bad := LotID(l.must("growers", introduce("30000", "T1")).Subject)
	good := LotID(l.must("growers", with(introduce("10000", "T2"), func(b *Introduce) { b.Statement = "s2" })).Subject)
	id := l.must("growers", Dispatch{Site: "elevator", To: "silo", Product: "wheat", Quantity: kg("40000"), Lines: []LotLine{{bad, kg("30000")}, {good, kg("10000")}}}).Subject
	l.must("growers", Receive{Site: "silo", Transfer: TransferID(id), Quantity: kg("40000")})
	pool = l.lots("silo", "wheat")[0]
	return l, pool, l.givenBack(pool, "8000")
}

// givenBack ships a part of a lot from the silo to the mill, which gives it back.
func (l *ledger) givenBack(lot LotID, quantity string) TransferID {
	l.t.Helper()
	transfer := TransferID(l.must("growers", Dispatch{Site: "silo", To: "mill", Product: "wheat", Quantity: kg(quantity), Lines: []LotLine{{lot, kg(quantity)}}}).Subject)
	l.must("miller", Receive{Site: "mill", Transfer: transfer, Quantity: kg(quantity)})
	l.must("growers", ProposeReversal{"silo", transfer, "wrong mill"})
	l.must("miller", ConfirmReversal{"mill", transfer})
	return transfer
}

// Credit that is given back while its lot is found tainted comes back to the lot,
// three quarters of it frozen: as much as if it had never left.
func TestAReversalUnderWayEndsAfterARecall(t *testing.T) {
	l, pool, transfer := takenBack(t)
	l.must("brand", l.finding("f1", nil))
	l.must("brand", traces("s1", pool))
	require.Equal(t, "24000", l.frozen(pool), "three quarters of the 32 t that are there")
	l.must("growers", CompleteReversal{"silo", transfer})
	require.Equal(t, Reversed, l.state[TransferKey(transfer)].(Transfer).Status)
	require.Equal(t, "40000", l.lot(pool).Available().String())
	require.Equal(t, "30000", l.frozen(pool))
	require.Equal(t, "30000", l.recall("s1").Frozen.String())
	of := l.check().Characteristics[characteristics().ID()]
	require.Equal(t, "0.000", FormatGrams(of.InTransit))
	require.Equal(t, "30000.000", FormatGrams(of.Frozen))
	rest := Withdraw{Site: "silo", Product: "wheat", Quantity: kg("10001"), Lines: []LotLine{{pool, kg("10001")}}, Purpose: "p"}
	l.refuses([]refusal{{"more than what is clean", Recalled, "growers", rest, "1"}})

	// What leaves from now on is clean of it, so nothing of it is frozen when it
	// comes back, and the other recall takes it all.
	clean := l.givenBack(pool, "6000")
	l.must("growers", CompleteReversal{"silo", clean})
	require.Equal(t, "30000", l.frozen(pool))
	last := l.givenBack(pool, "6000")
	l.must("brand", l.finding("f2", against("s2")))
	l.must("brand", traces("s2", pool))
	require.Equal(t, "34000", l.frozen(pool))
	l.must("growers", CompleteReversal{"silo", last})
	require.Equal(t, "40000", l.frozen(pool))
	require.Equal(t, "10000", l.recall("s2").Frozen.String())
	l.check()
}

// A lot that knows its statement needs no trace for nothing of it to move.
func TestAReversalUnderWayEndsAtARecalledOrigin(t *testing.T) {
	for _, traced := range []bool{false, true} {
		l, transfer, before := received(t)
		l.must("growers", ProposeReversal{"elevator", transfer, "wrong mill"})
		l.must("miller", ConfirmReversal{"mill", transfer})
		l.must("brand", l.finding("f1", nil))
		lots := l.lots("elevator", "wheat")
		if traced {
			for id := range before {
				if id.Kind == KindLot {
					l.must("brand", traces("s1", LotID(id.A)))
				}
			}
		}
		l.must("growers", CompleteReversal{"elevator", transfer})
		require.Equal(t, before, l.balances())
		l.must("brand", traces("s1", lots...))
		for id := range before {
			if id.Kind == KindLot {
				l.must("brand", traces("s1", LotID(id.A)))
			}
		}
		require.Equal(t, "60000", l.recall("s1").Frozen.String())
		l.check()
	}
}

// Random pools, of which parts are on their way back while recalls come: all of
// what came in is found in the end, and nothing stays in transit.
func TestRandomReversalsUnderWayAtARecall(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		l := founded(t)
		var lines []LotLine
		var total Quantity
		for i := range 3 {
			l.must("growers", l.statement(fmt.Sprintf("r%d", i), nil))
			quantity := Grams(rapid.Int64Range(1, 9999).Draw(r, "grams"))
			body := with(introduce(quantity.String(), fmt.Sprintf("T%d", i)), func(b *Introduce) { b.Statement = StatementID(fmt.Sprintf("r%d", i)) })
			lines, total = append(lines, LotLine{LotID(l.must("growers", body).Subject), quantity}), total.Add(quantity)
		}
		id := l.must("growers", Dispatch{Site: "elevator", To: "silo", Product: "wheat", Quantity: total, Lines: lines}).Subject
		l.must("growers", Receive{Site: "silo", Transfer: TransferID(id), Quantity: total})
		pool := l.lots("silo", "wheat")[0]
		var away []TransferID
		for i := range 3 {
			for range rapid.IntRange(0, 2).Draw(r, "shipments") {
				if left := l.free(pool); left > 0 {
					part := Grams(rapid.Int64Range(1, left).Draw(r, "of it"))
					away = append(away, l.givenBack(pool, part.String()))
				}
			}
			statement := StatementID(fmt.Sprintf("r%d", i))
			l.must("brand", l.finding(fmt.Sprintf("f%d", i), against(statement)))
			l.must("brand", traces(statement, pool))
			for len(away) > 0 && rapid.Bool().Draw(r, "comes back") {
				l.must("growers", CompleteReversal{"silo", away[0]})
				away = away[1:]
			}
		}
		for _, transfer := range away {
			l.must("growers", CompleteReversal{"silo", transfer})
		}
		l.foundAgain(r, "r0", "r1", "r2")
		require.Equal(r, l.lot(pool).Available().String(), l.frozen(pool), "all three statements are recalled")
	})
}

// The recount finds what is wrong with what was frozen on its way back.
func TestRecountFindsWhatIsFrozenOnItsWayBack(t *testing.T) {
	l, pool, transfer := takenBack(t)
	l.must("brand", l.finding("f1", nil))
	l.must("brand", traces("s1", pool))
	l.must("growers", CompleteReversal{"silo", transfer})
	l.check()
	last := len(l.entries) - 1
	right := l.entries[last].Record.Traces[0]
	for name, test := range map[string]struct {
		spoil func(*Trace)
		finds string
	}{
		"more than came back":      {func(t *Trace) { t.Quantity = kg("8000.001") }, "to which less came back"},
		"of another lot":           {func(t *Trace) { t.Lot = "growers/none/1" }, "to which less came back"},
		"of no recalled statement": {func(t *Trace) { t.Statement = "s2" }, "is not recalled"},
	} {
		wrong := right
		test.spoil(&wrong)
		entries := append([]Entry{}, l.entries...)
		entries[last].Record.Traces = []Trace{wrong}
		require.Contains(t, fmt.Sprint(Recount(entries).Findings), test.finds, name)
	}
}
