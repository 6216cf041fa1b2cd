package submit

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/weighbridge/weighbridge/chaincode/massbalance"
)

type ids = []massbalance.CommandID

// settled makes sure that a queue is left with nothing, and had no conflict with itself.
func settled(t *testing.T, q *queue, l *ledger) {
	t.Helper()
	q.mu.Lock()
	defer q.mu.Unlock()
	require.Empty(t, q.pages)
	require.Empty(t, q.barred)
	require.Empty(t, q.ready)
	require.Zero(t, q.waiting)
	l.check(t)
	l.mu.Lock()
	defer l.mu.Unlock()
	require.Zero(t, l.conflicts)
}

// Numbers of one ten stand in one page of the ledger: at another site the next one waits
// for the transaction that has it, and whatever else there is doesn't.
func TestNeighboursWaitForOneAnother(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLedger(t)
		q := start(t, l, Limits{})
		began := time.Now()
		first := inBackground(t, t.Context(), q, takeIn(t, "mill", "PO-121", "1"))
		neighbour := inBackground(t, t.Context(), q, takeIn(t, "silo", "PO-122", "1"))
		pass(time.Millisecond)
		other := inBackground(t, t.Context(), q, takeIn(t, "port", "PO-130", "1"))
		require.Equal(t, 2, l.underWay())
		for _, done := range []<-chan []Outcome{first, other} {
			require.Equal(t, Valid, (<-done)[0].Stage)
		}
		require.Less(t, time.Since(began), 250*time.Millisecond)
		require.Equal(t, Valid, (<-neighbour)[0].Stage)
		require.Less(t, time.Since(began), 450*time.Millisecond)
		require.Equal(t, []ids{{"PO-121"}, {"PO-130"}, {"PO-122"}}, l.ordered())
		settled(t, q, l)
	})
}

// Neighbours that may go at the same time go in one transaction, others beside it.
func TestNeighboursGoTogether(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLedger(t)
		q := start(t, l, Limits{})
		send(t, q, takeIn(t, "mill", "PO-121", "1"), takeIn(t, "silo", "PO-131", "1"), takeIn(t, "port", "PO-122", "1"))
		require.ElementsMatch(t, []ids{{"PO-121", "PO-122"}, {"PO-131"}}, l.ordered())
		settled(t, q, l)
	})
}

// What waits for a page keeps those of its caller behind it, and no others.
func TestAHeldCommandKeepsItsCallersOrder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLedger(t)
		q := start(t, l, Limits{})
		first := inBackground(t, t.Context(), q, takeIn(t, "mill", "PO-121", "1"))
		pass(time.Millisecond)
		held := inBackground(t, As(t.Context(), "erp"), q, takeIn(t, "silo", "PO-122", "1"), takeIn(t, "silo", "X-1", "1"))
		began := time.Now()
		clerk := inBackground(t, As(t.Context(), "clerk"), q, takeIn(t, "silo", "Y-1", "1"))
		require.Equal(t, Valid, (<-clerk)[0].Stage)
		require.Less(t, time.Since(began), 250*time.Millisecond)
		<-first
		require.Equal(t, []Stage{Valid, Valid}, stages(<-held))
		require.Equal(t, []ids{{"PO-121"}, {"Y-1"}, {"PO-122", "X-1"}}, l.ordered())
		settled(t, q, l)
	})
}

// passedOver is a queue in which PO-122 of the silo was passed over, first for the
// mill's PO-121, and then because a transaction of the silo itself is still under way.
// Port's PO-123 came after it.
func passedOver(t *testing.T, l *ledger, q *queue) (cancel func(), held, later <-chan []Outcome) {
	ctx, cancel := context.WithCancel(t.Context())
	first := inBackground(t, t.Context(), q, takeIn(t, "mill", "PO-121", "1"))
	held = inBackground(t, As(ctx, "erp"), q, takeIn(t, "silo", "PO-122", "1"))
	pass(l.delay / 2)
	inBackground(t, As(t.Context(), "clerk"), q, takeIn(t, "silo", "Y-1", "1"), takeIn(t, "silo", "Y-2", "1"))
	<-first
	synctest.Wait()
	require.Equal(t, 1, l.underWay())
	later = inBackground(t, t.Context(), q, takeIn(t, "port", "PO-123", "1"))
	require.Equal(t, 1, l.underWay(), "whoever was passed over is next")
	return cancel, held, later
}

// Nobody is passed over for good: a page goes to who waits for it longest.
func TestAPageGoesToWhoWaitsLongest(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLedger(t)
		q := start(t, l, Limits{})
		_, held, later := passedOver(t, l, q)
		require.Equal(t, Valid, (<-held)[0].Stage)
		require.Equal(t, Valid, (<-later)[0].Stage)
		ordered := l.ordered()
		require.Equal(t, ids{"PO-123"}, ordered[len(ordered)-1])
		settled(t, q, l)
	})
}

// Whoever gives up waiting for a page is not waited for.
func TestAWithdrawnCommandHoldsNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLedger(t)
		q := start(t, l, Limits{})
		cancel, held, later := passedOver(t, l, q)
		cancel()
		require.Equal(t, NotSubmitted, (<-held)[0].Stage)
		synctest.Wait()
		require.Equal(t, 2, l.underWay())
		require.Equal(t, Valid, (<-later)[0].Stage)
		pass(time.Second)
		settled(t, q, l)
	})
}

// Also where it was all that its site had, and the page is held still.
func TestASiteWithNothingLeftIsNotBarred(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLedger(t)
		q := start(t, l, Limits{})
		ctx, cancel := context.WithCancel(t.Context())
		first := inBackground(t, t.Context(), q, takeIn(t, "mill", "PO-121", "1"))
		waiting := inBackground(t, ctx, q, takeIn(t, "silo", "PO-122", "1"))
		cancel()
		require.Equal(t, NotSubmitted, (<-waiting)[0].Stage)
		require.Equal(t, Valid, (<-first)[0].Stage)
		synctest.Wait()
		require.Empty(t, q.lanes)
		settled(t, q, l)
	})
}

// A transaction that comes to no end has no pages any more: what it holds up would
// otherwise wait for a minute, and proposing again costs little.
func TestASlowTransactionLetsGoOfItsPages(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLedger(t, mishap{late: true})
		q := start(t, l, Limits{})
		q.load.count, q.load.recent, q.load.shortest = accustomed, l.delay, l.delay
		slow := inBackground(t, t.Context(), q, takeIn(t, "mill", "PO-121", "1"))
		began := time.Now()
		send(t, q, takeIn(t, "silo", "PO-122", "1"))
		require.Greater(t, time.Since(began), stuckAfter*l.delay)
		require.Less(t, time.Since(began), (stuckAfter+2)*l.delay)
		next := inBackground(t, t.Context(), q, takeIn(t, "silo", "PO-123", "1"))
		require.Equal(t, Unknown, (<-slow)[0].Stage)
		require.Equal(t, Valid, (<-next)[0].Stage)
		settled(t, q, l)
	})
}

// Lots of one ten stand in one page, too, and every truck load takes from it.
func TestLotsThatStandTogetherAreNeighbours(t *testing.T) {
	dispatch := massbalance.Dispatch{Site: "mill", Lines: []massbalance.LotLine{{Lot: "miller/PO-7/1"}, {Lot: "miller/PO-8/1"}, {Lot: "farm/PO-8/2"}}}
	p, err := newPending(sealed(t, "truck-31", dispatch), "miller", "")
	require.NoError(t, err)
	require.Equal(t, []string{"page:miller:PO-*", "page:miller:truck-3*"}, p.pages)

	p, err = newPending(sealed(t, "truck-x", massbalance.TakeIn{Site: "mill", Product: "wheat"}), "miller", "")
	require.NoError(t, err)
	require.Empty(t, p.pages)
}
