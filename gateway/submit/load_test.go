package submit

import (
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/weighbridge/weighbridge/chaincode/massbalance"
)

// crowd has callers at three sites send one command after the other, and gives how
// many transactions were under way together, and how many commands went in one, in
// the second half of the time.
func crowd(t *testing.T, l *ledger, q *queue) (together, commands float64) {
	for n := range 2 * accustomed { // by itself, as at night
		send(t, q, takeIn(t, "mill", fmt.Sprintf("lone-%d", n), "1"))
	}
	l.mu.Lock()
	l.together, l.batches = nil, nil
	l.mu.Unlock()
	var callers sync.WaitGroup
	var sending atomic.Int64 // all of them go on until all is sent: who is sooner back sends more
	for caller := range 12 {
		callers.Go(func() {
			site := []massbalance.SiteID{"mill", "silo", "port"}[caller%3]
			for n := 0; sending.Add(1) <= 720; n++ {
				send(t, q, takeIn(t, site, fmt.Sprintf("c%d-%d", caller, n), "1"))
				<-time.After(time.Duration(1+caller) * time.Millisecond)
			}
		})
	}
	callers.Wait()
	l.check(t)
	half := l.together[len(l.together)/2:]
	sum := 0
	for _, n := range half {
		sum += n
	}
	sent := 0
	batches := l.batches[len(l.batches)/2:]
	for _, b := range batches {
		sent += len(b)
	}
	return float64(sum) / float64(len(half)), float64(sent) / float64(len(batches))
}

// Where transactions don't slow each other down, sites don't wait for one another.
func TestIdleMachinesTakeSeveralTransactions(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLedger(t)
		together, commands := crowd(t, l, start(t, l, Limits{Parallel: 3}))
		require.Greater(t, together, 1.8)
		require.Less(t, commands, 4.0)
	})
}

// Where they do, one waits for the other, and is fuller.
func TestBusyMachinesTakeFullerTransactions(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLedger(t)
		l.crowded = time.Second
		together, commands := crowd(t, l, start(t, l, Limits{Parallel: 3}))
		require.Less(t, together, 1.5)
		require.Greater(t, commands, 6.0)
	})
}

// A gateway that is started in the midst of a flood knows it for one, and one whose
// network is slow for good comes to know that, too.
func TestAFloodIsKnownFromTheStart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var l load
		require.Equal(t, 4, l.allows(4))
		for range 2 * accustomed {
			l.saw(time.Second)
		}
		require.Equal(t, 1, l.allows(4))
		for range 3 * 60 {
			pass(time.Minute)
			l.saw(time.Second)
		}
		require.Equal(t, 4, l.allows(4))
	})
}

// busy is a queue that knows its machines to be at their limit.
func busy(t *testing.T, l *ledger, limits Limits) *queue {
	q := start(t, l, limits)
	q.load.count, q.load.recent, q.load.shortest, q.load.held = accustomed, l.delay, l.delay/3, 1
	return q
}

// A transaction that comes to no end is not waited for.
func TestASlowTransactionHoldsNobodyUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLedger(t, mishap{late: true})
		q := busy(t, l, Limits{})
		slow := inBackground(t, t.Context(), q, takeIn(t, "mill", "c1", "1"))
		began := time.Now()
		for _, site := range []massbalance.SiteID{"silo", "port", "silo"} {
			send(t, q, takeIn(t, site, fmt.Sprintf("%s-%d", site, len(l.ordered())), "1"))
		}
		require.Less(t, time.Since(began), 2*time.Second)
		require.Equal(t, Unknown, (<-slow)[0].Stage)
		q.mu.Lock()
		defer q.mu.Unlock()
		require.Zero(t, q.slow)
	})
}

// What fills a transaction has no reason to wait for another one's end.
func TestWhatFillsATransactionDoesNotWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLedger(t)
		q := busy(t, l, Limits{Commands: 2, Parallel: 2})
		began := time.Now()
		first := inBackground(t, t.Context(), q, takeIn(t, "mill", "m1", "1"))
		half := inBackground(t, t.Context(), q, takeIn(t, "silo", "s1", "1"))
		require.Equal(t, 1, l.underWay(), "half of one waits")
		send(t, q, takeIn(t, "port", "p1", "1"))
		require.Less(t, time.Since(began), 2*l.delay)
		<-first
		<-half
		require.Equal(t, []int{1, 2}, l.together[len(l.together)-2:])
	})
}
