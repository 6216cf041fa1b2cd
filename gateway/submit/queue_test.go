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
)

func contains(data []byte, text string) bool { return bytes.Contains(data, []byte(text)) }

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
		outcomes := send(t, q, takeIn(t, "mill", "c1", "1"), takeIn(t, "silo", "c2", "2"), takeIn(t, "mill", "c3", "3"), takeIn(t, "port", "c4", "0"))
		require.Less(t, time.Since(began), 250*time.Millisecond)
		require.Equal(t, []Stage{Valid, Valid, Valid, Refused}, stages(outcomes))
		require.Equal(t, outcomes[0].Transaction, outcomes[2].Transaction)
		require.NotEqual(t, outcomes[0].Transaction, outcomes[1].Transaction)
	})
}

func TestParallelSitesAreBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLedger(t)
		q := start(t, l, Limits{Parallel: 1})
		began := time.Now()
		outcomes := send(t, q, takeIn(t, "mill", "c1", "1"), takeIn(t, "silo", "c2", "2"), takeIn(t, "port", "c3", "3"))
		require.Equal(t, []Stage{Valid, Valid, Valid}, stages(outcomes))
		require.GreaterOrEqual(t, time.Since(began), 600*time.Millisecond)
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
		q := start(t, l, Limits{Waiting: 3})
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
