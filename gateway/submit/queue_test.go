package submit

import (
	"bytes"
	"context"
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/weighbridge/weighbridge/chaincode/massbalance"
	"github.com/weighbridge/weighbridge/chaincode/wire"
)

// contains reports whether a batch's commands have a text, packed or not.
func contains(batch []byte, text string) bool {
	_, each, err := wire.SplitBatch(batch)
	return err == nil && bytes.Contains(bytes.Join(each, nil), []byte(text))
}

// pass lets time go by on the test's own clock.
func pass(d time.Duration) {
	<-time.After(d)
	synctest.Wait()
}

// inBackground submits and gives the outcomes when they are there.
func inBackground(t testing.TB, ctx context.Context, q *queue, commands ...massbalance.Command) <-chan []Outcome {
	done := make(chan []Outcome, 1)
	go func() {
		outcomes, err := q.submit(ctx, commands)
		if err != nil {
			t.Error(err)
		}
		done <- outcomes
	}()
	synctest.Wait()
	return done
}

func TestWhatQueuesUpGoesTogether(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLedger(t)
		q := start(t, l, Limits{})
		var waits []<-chan []Outcome
		for i := range 5 {
			waits = append(waits, inBackground(t, t.Context(), q, takeIn(t, "mill", fmt.Sprintf("c%d", i), "1")))
		}
		for _, done := range waits {
			require.Equal(t, Valid, (<-done)[0].Stage)
		}
		require.Equal(t, [][]massbalance.CommandID{{"c0"}, {"c1", "c2", "c3", "c4"}}, l.ordered(), "in their order")
		require.Equal(t, 1, l.overlap)
	})
}

func TestSitesDoNotWaitForOneAnother(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLedger(t)
		q := start(t, l, Limits{})
		began := time.Now()
		outcomes := send(t, q, takeIn(t, "mill", "m1", "1"), takeIn(t, "silo", "s1", "2"), takeIn(t, "mill", "m2", "3"), takeIn(t, "port", "p1", "0"))
		require.Less(t, time.Since(began), 250*time.Millisecond)
		require.Equal(t, []Stage{Valid, Valid, Valid, Refused}, stages(outcomes))
		require.Equal(t, outcomes[0].Transaction, outcomes[2].Transaction)
		require.NotEqual(t, outcomes[0].Transaction, outcomes[1].Transaction)
	})
}

// Where more sites wait than may have a transaction of their own, they share.
func TestSitesShareATransaction(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLedger(t)
		q := start(t, l, Limits{Parallel: 1})
		var waits []<-chan []Outcome
		for i, site := range []massbalance.SiteID{"mill", "mill", "silo", "port", "mill"} {
			waits = append(waits, inBackground(t, t.Context(), q, takeIn(t, site, fmt.Sprintf("c%d", i), "1")))
		}
		for _, done := range waits {
			require.Equal(t, Valid, (<-done)[0].Stage)
		}
		require.Equal(t, [][]massbalance.CommandID{{"c0"}, {"c2", "c3", "c1", "c4"}}, l.ordered())
		require.Equal(t, 1, l.overlap)
		l.check(t)
	})
}

// A clerk's ticket does not wait behind an import of thousands.
func TestCallersTakeTurns(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLedger(t)
		q := start(t, l, Limits{Commands: 10})
		var bulk []massbalance.Command
		for i := range 100 {
			bulk = append(bulk, takeIn(t, "mill", fmt.Sprintf("bulk%02d", i), "1"))
		}
		imported := inBackground(t, As(t.Context(), "import"), q, bulk...)
		began := time.Now()
		outcomes, err := q.submit(As(t.Context(), "clerk"), []massbalance.Command{takeIn(t, "mill", "ticket-1", "1"), takeIn(t, "mill", "ticket-2", "1")})
		require.NoError(t, err)
		require.Equal(t, []Stage{Valid, Valid}, stages(outcomes))
		require.Less(t, time.Since(began), 450*time.Millisecond, "the one under way, and the next")
		<-imported
		batches := l.ordered()
		require.Equal(t, []massbalance.CommandID{"bulk10", "bulk11", "bulk12", "bulk13", "bulk14", "bulk15", "bulk16", "bulk17", "ticket-1", "ticket-2"}, batches[1],
			"in the order of arrival within the transaction")
		require.Len(t, batches, 11)
		l.check(t)
	})
}

func TestOneCallerDoesNotFillTheQueue(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLedger(t)
		q := start(t, l, Limits{Commands: 1, Waiting: 8})
		under := inBackground(t, t.Context(), q, takeIn(t, "mill", "c0", "1"))
		var commands []massbalance.Command
		for i := range 5 {
			commands = append(commands, takeIn(t, "mill", fmt.Sprintf("b%d", i), "1"))
		}
		_, err := q.submit(As(t.Context(), "import"), commands)
		var busy *BusyError
		require.ErrorAs(t, err, &busy)
		require.Equal(t, 4, busy.Limit)
		require.GreaterOrEqual(t, busy.Again, time.Second)
		waiting := inBackground(t, As(t.Context(), "import"), q, commands[:4]...)
		clerk := inBackground(t, As(t.Context(), "clerk"), q, takeIn(t, "mill", "c1", "1"))
		for _, done := range []<-chan []Outcome{under, waiting, clerk} {
			require.Equal(t, Valid, (<-done)[0].Stage)
		}
	})
}

// Callers who send again as soon as they have an answer go together, not in two
// halves that wait for one another; a lone one never waits.
func TestALaneRestsForThoseWhoComeBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLedger(t)
		q := start(t, l, Limits{})
		var callers sync.WaitGroup
		for caller := range 8 {
			callers.Go(func() {
				for n := range 6 {
					send(t, q, takeIn(t, "mill", fmt.Sprintf("c%d-%d", caller, n), "1"))
					<-time.After(time.Millisecond) // on its way
				}
			})
		}
		callers.Wait()
		full := 0
		for _, batch := range l.ordered() {
			if len(batch) >= 7 {
				full++
			}
		}
		require.GreaterOrEqual(t, full, 5, "%v", l.ordered())
		began := time.Now()
		for n := range 3 {
			send(t, q, takeIn(t, "silo", fmt.Sprintf("lone-%d", n), "1"))
		}
		require.Less(t, time.Since(began), 640*time.Millisecond)
	})
}

func TestBatchesAreLimited(t *testing.T) {
	tests := map[string]Limits{"by commands": {Commands: 3}, "by bytes": {Bytes: 600}}
	for name, limits := range tests {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				l := newLedger(t)
				q := start(t, l, limits)
				var commands []massbalance.Command
				for i := range 9 {
					commands = append(commands, takeIn(t, "mill", fmt.Sprintf("c%d", i), "1"))
				}
				send(t, q, commands...)
				require.Equal(t, [][]massbalance.CommandID{{"c0", "c1", "c2"}, {"c3", "c4", "c5"}, {"c6", "c7", "c8"}}, l.ordered())
			})
		})
	}
}

func TestACommandOverTheLimitGoesAlone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLedger(t)
		q := start(t, l, Limits{Bytes: 10})
		send(t, q, takeIn(t, "mill", "c0", "1"), takeIn(t, "mill", "c1", "1"))
		require.Equal(t, [][]massbalance.CommandID{{"c0"}, {"c1"}}, l.ordered())
	})
}

func TestTheSameCommandTwiceIsSentOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLedger(t)
		q := start(t, l, Limits{Commands: 2})
		same := takeIn(t, "mill", "c1", "100")
		unsealed := massbalance.Command{ID: same.ID, Date: same.Date, Period: same.Period, Body: same.Body}
		outcomes := send(t, q, same, same, unsealed, takeIn(t, "mill", "c2", "1"))
		require.Equal(t, []Stage{Valid, Valid, Valid, Valid}, stages(outcomes))
		require.Equal(t, [][]massbalance.CommandID{{"c1", "c2"}}, l.ordered())
		require.False(t, outcomes[0].Result.Repeated)
		require.True(t, outcomes[1].Result.Repeated)
		require.Equal(t, outcomes[0].Block, outcomes[2].Block)
	})
}

func TestAFullQueueTakesAllOrNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLedger(t)
		q := start(t, l, Limits{Waiting: 3, PerCaller: 3})
		under := inBackground(t, t.Context(), q, takeIn(t, "mill", "c0", "1"))
		waiting := inBackground(t, t.Context(), q, takeIn(t, "mill", "c1", "1"), takeIn(t, "mill", "c2", "1"))

		_, err := q.submit(t.Context(), []massbalance.Command{takeIn(t, "mill", "c3", "1"), takeIn(t, "mill", "c4", "1")})
		require.ErrorIs(t, err, ErrBusy)

		<-under
		<-waiting
		require.Equal(t, Valid, send(t, q, takeIn(t, "mill", "c3", "1"))[0].Stage)
		require.Equal(t, [][]massbalance.CommandID{{"c0"}, {"c1", "c2"}, {"c3"}}, l.ordered())
	})
}

func TestACommandWithoutFormIsNotTaken(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLedger(t)
		q := start(t, l, Limits{})
		unreadable := takeIn(t, "mill", "c2", "1")
		unreadable.By = "\xff"
		for _, broken := range []massbalance.Command{{ID: "empty"}, unreadable} {
			_, err := q.submit(t.Context(), []massbalance.Command{takeIn(t, "mill", "c1", "1"), broken})
			require.ErrorContains(t, err, "command 1")
		}
		require.Zero(t, l.proposals())
		outcomes, err := q.submit(t.Context(), nil)
		require.NoError(t, err)
		require.Empty(t, outcomes)
	})
}

func TestACallersEndWithdrawsWhatWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLedger(t)
		q := start(t, l, Limits{})
		ctx, cancel := context.WithCancel(t.Context())
		under := inBackground(t, ctx, q, takeIn(t, "mill", "c1", "1"))
		waiting := inBackground(t, ctx, q, takeIn(t, "mill", "c2", "1"))
		other := inBackground(t, t.Context(), q, takeIn(t, "mill", "c3", "1"))

		cancel()

		require.Equal(t, Unknown, (<-under)[0].Stage)
		require.Equal(t, NotSubmitted, (<-waiting)[0].Stage)
		require.Equal(t, Valid, (<-other)[0].Stage)
		require.Equal(t, [][]massbalance.CommandID{{"c1"}, {"c3"}}, l.ordered(), "what is under way goes on")
	})
}

// A site whose turn it is has nothing to send any more if all of it was withdrawn.
func TestASiteWithNothingLeftIsForgotten(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLedger(t)
		q := start(t, l, Limits{Parallel: 1})
		ctx, cancel := context.WithCancel(t.Context())
		under := inBackground(t, t.Context(), q, takeIn(t, "mill", "c1", "1"))
		waiting := inBackground(t, ctx, q, takeIn(t, "silo", "c2", "1"))

		cancel()

		require.Equal(t, NotSubmitted, (<-waiting)[0].Stage)
		require.Equal(t, Valid, (<-under)[0].Stage)
		synctest.Wait()
		require.Equal(t, 1, l.proposals())
		require.Empty(t, q.lanes)
		require.Equal(t, Valid, send(t, q, takeIn(t, "silo", "c3", "1"))[0].Stage)
	})
}

func TestCloseLetsWhatIsUnderWayEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLedger(t)
		q := start(t, l, Limits{})
		under := inBackground(t, t.Context(), q, takeIn(t, "mill", "c1", "1"))
		waiting := inBackground(t, t.Context(), q, takeIn(t, "mill", "c2", "1"))

		require.NoError(t, q.shut(t.Context()))

		require.Equal(t, Valid, (<-under)[0].Stage)
		require.Equal(t, NotSubmitted, (<-waiting)[0].Stage)
		_, err := q.submit(t.Context(), []massbalance.Command{takeIn(t, "mill", "c3", "1")})
		require.ErrorIs(t, err, ErrClosed)
	})
}

func TestCloseCutsShortWhatTakesTooLong(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLedger(t)
		l.delay = time.Hour
		q := start(t, l, Limits{})
		under := inBackground(t, t.Context(), q, takeIn(t, "mill", "c1", "1"))
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		require.ErrorIs(t, q.shut(ctx), context.DeadlineExceeded)
		require.Equal(t, Unknown, (<-under)[0].Stage)
		pass(2 * time.Hour)
	})
}

// Many callers of many sites at once: batching must lose, double or reorder nothing.
func TestManyCallers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLedger(t)
		q := start(t, l, Limits{Commands: 7, Parallel: 2})
		var callers sync.WaitGroup
		for caller := range 20 {
			callers.Go(func() {
				for n := range 10 {
					site := []massbalance.SiteID{"mill", "silo", "port"}[(caller+n)%3]
					o, err := q.submit(t.Context(), []massbalance.Command{takeIn(t, site, fmt.Sprintf("c%d-%d", caller, n), "1")})
					if err != nil || o[0].Stage != Valid {
						t.Errorf("caller %d, command %d: %+v %v", caller, n, o, err)
					}
				}
			})
		}
		callers.Wait()
		require.Equal(t, 1, l.overlap)
		require.Less(t, len(l.ordered()), 120, "commands were grouped")
		require.Len(t, l.entries, 8+200)
		l.check(t)
	})
}

// Two gateways of one organisation at one site conflict all the time, and neither
// is kept out: every command of both is booked once.
func TestTwoGatewaysAtOneSite(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLedger(t)
		var callers sync.WaitGroup
		for g := range 2 {
			q := start(t, l, Limits{})
			for caller := range 4 {
				callers.Go(func() {
					for n := range 10 {
						o := send(t, q, takeIn(t, "mill", fmt.Sprintf("g%d-%d-%d", g, caller, n), "1"))[0]
						if o.Stage != Valid || o.Result.Repeated {
							t.Errorf("gateway %d, caller %d, command %d: %+v", g, caller, n, o)
						}
					}
				})
			}
		}
		callers.Wait()
		require.Len(t, l.entries, 8+80)
		l.check(t)
	})
}
