package journal

import (
	"context"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/weighbridge/weighbridge/chaincode/massbalance"
	"github.com/weighbridge/weighbridge/gateway/store"
	"github.com/weighbridge/weighbridge/gateway/store/storetest"
	"github.com/weighbridge/weighbridge/gateway/submit"
)

// ledger decides by the real rules. What is told of it may go wrong.
type ledger struct {
	mu      sync.Mutex
	state   massbalance.Memory
	serial  int
	order   []massbalance.CommandID
	refused map[massbalance.CommandID]bool
	// mishap, if set, says what happens to a call: whether it takes effect, and
	// whether its sender is told.
	mishap func() (effect, told bool)
	// held, if set, keeps calls until it is closed.
	held chan struct{}
	// cannot names a command that nobody endorses.
	cannot massbalance.CommandID
}

func newLedger(t *testing.T) *ledger {
	l := &ledger{state: massbalance.Memory{}, refused: map[massbalance.CommandID]bool{}}
	commands := []massbalance.Command{
		{ID: "found", Body: massbalance.FoundConsortium{Members: []massbalance.Member{{Organisation: "miller", Name: "Miller", Role: massbalance.Trading}}}},
		{ID: "wheat", Body: massbalance.RegisterProduct{Product: massbalance.Product{ID: "wheat", Name: "Wheat"}}},
	}
	for _, site := range sites {
		commands = append(commands,
			massbalance.Command{ID: massbalance.CommandID("site-" + site), Body: massbalance.RegisterSite{Site: site, Name: "Site", Country: "DE", Region: "DE-BB"}},
			massbalance.Command{ID: massbalance.CommandID("open-" + site), Body: massbalance.OpenPeriod{Site: site, Period: "2026", From: "2026-01-01", To: "2026-12-31"}})
	}
	for i := range commands {
		sealed, err := submit.Sealed(commands[i])
		require.NoError(t, err)
		commands[i] = sealed
	}
	outcomes, err := l.Submit(t.Context(), commands)
	require.NoError(t, err)
	require.Equal(t, submit.Valid, outcomes[len(outcomes)-1].Stage)
	l.order = nil
	return l
}

var sites = []massbalance.SiteID{"mill", "silo", "port"}

func (l *ledger) Submit(ctx context.Context, commands []massbalance.Command) ([]submit.Outcome, error) {
	l.mu.Lock()
	held := l.held
	l.mu.Unlock()
	if held != nil {
		select {
		case <-held:
		case <-ctx.Done():
		}
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	effect, told := true, true
	if l.mishap != nil {
		effect, told = l.mishap()
	}
	outcomes := make([]submit.Outcome, len(commands))
	for i, c := range commands {
		switch {
		case c.ID == l.cannot:
			outcomes[i] = submit.Outcome{Stage: submit.NotEndorsed, Detail: "nobody endorses it"}
		case !effect:
			outcomes[i] = submit.Outcome{Stage: submit.NotSubmitted, Detail: "no orderers"}
		default:
			outcomes[i] = l.execute(c)
		}
		if effect && !told {
			outcomes[i] = submit.Outcome{Stage: submit.Unknown, Detail: "the peer went away"}
		}
	}
	return outcomes, nil
}

func (l *ledger) execute(c massbalance.Command) submit.Outcome {
	l.serial++
	id := fmt.Sprintf("tx%d", l.serial)
	batch, err := massbalance.ExecuteBatch(l.state, massbalance.Tx{ID: id, Organisation: "miller"}, []massbalance.Command{c})
	if err != nil {
		return submit.Outcome{Stage: submit.NotEndorsed, Detail: err.Error()}
	}
	l.state.Apply(batch.Writes)
	r := batch.Results[0]
	if r.Code != massbalance.Accepted {
		l.refused[c.ID] = true
		return submit.Outcome{Stage: submit.Refused, Result: r}
	}
	if !r.Repeated {
		l.order = append(l.order, c.ID)
	}
	return submit.Outcome{Stage: submit.Valid, Result: r, Transaction: r.Transaction, Block: uint64(l.serial)}
}

func (l *ledger) booked() []massbalance.CommandID {
	l.mu.Lock()
	defer l.mu.Unlock()
	return append([]massbalance.CommandID{}, l.order...)
}

func ticket(site massbalance.SiteID, id string) massbalance.Command {
	return massbalance.Command{ID: massbalance.CommandID(id), Date: "2026-08-03", Period: "2026", Body: massbalance.TakeIn{
		Site: site, Product: "wheat", Quantity: massbalance.Kilograms(1), Supplier: "Farm", Evidence: massbalance.EvidenceID(id)}}
}

func openJournal(t *testing.T, s *store.Store, next Submitter, change ...func(*Options)) *Journal {
	o := Options{Store: s, Next: next, Carrier: "gateway-1", Log: slog.New(slog.DiscardHandler)}
	for _, c := range change {
		c(&o)
	}
	j, err := Open(t.Context(), o)
	require.NoError(t, err)
	return j
}

func take(t *testing.T, j *Journal, batch, caller string, commands ...massbalance.Command) {
	outcomes, err := j.Submit(submit.Later(submit.As(t.Context(), caller), batch), commands)
	require.NoError(t, err)
	for _, o := range outcomes {
		require.Equal(t, submit.Taken, o.Stage)
	}
}

// decided waits until nothing of a batch is under way.
func decided(t *testing.T, j *Journal, batch string) []Entry {
	var entries []Entry
	require.Eventually(t, func() bool {
		var err error
		entries, err = j.Batch(t.Context(), batch)
		require.NoError(t, err)
		for _, e := range entries {
			if e.Outcome.Stage == submit.Taken {
				return false
			}
		}
		return true
	}, 20*time.Second, 5*time.Millisecond)
	return entries
}

func TestWhoWaitsIsPassedOn(t *testing.T) {
	l := newLedger(t)
	j := openJournal(t, storetest.Own(t), l)
	defer j.Close()
	command, err := submit.Sealed(ticket("mill", "c1"))
	require.NoError(t, err)
	outcomes, err := j.Submit(t.Context(), []massbalance.Command{command})
	require.NoError(t, err)
	require.Equal(t, submit.Valid, outcomes[0].Stage)
}

func TestWhatWasTakenIsDecided(t *testing.T) {
	l := newLedger(t)
	j := openJournal(t, storetest.Own(t), l)
	defer j.Close()
	refused := ticket("mill", "c2")
	refused.Date = "2027-08-03"
	take(t, j, "b1", "clerk", ticket("mill", "c1"), refused, ticket("silo", "c3"))
	entries := decided(t, j, "b1")
	require.Equal(t, submit.Valid, entries[0].Outcome.Stage)
	require.NotZero(t, entries[0].Outcome.Block)
	require.Equal(t, submit.Refused, entries[1].Outcome.Stage)
	require.NotEmpty(t, entries[1].Outcome.Result.Message)
	require.Equal(t, massbalance.CommandID("c3"), entries[2].Command.ID)
	_, err := j.Batch(t.Context(), "b2")
	require.ErrorIs(t, err, ErrUnknownBatch)
}

// A gateway that ends in the middle of it all, again and again, loses nothing,
// books nothing twice, and keeps the order of each caller at each site.
func TestCrashes(t *testing.T) {
	for seed := range uint64(6) {
		t.Run(fmt.Sprintf("seed %d", seed), func(t *testing.T) { crash(t, rand.New(rand.NewPCG(seed, 7))) })
	}
}

func crash(t *testing.T, random *rand.Rand) {
	l, s := newLedger(t), storetest.Own(t)
	l.mishap = func() (bool, bool) { return random.IntN(3) > 0, random.IntN(3) > 0 }
	taken := map[laneID][]massbalance.CommandID{}
	n := 0
	var batches []string
	for life := range 8 {
		j := openJournal(t, s, l)
		for range 10 {
			site, caller := sites[n%3], []string{"clerk", "import"}[n%2]
			var commands []massbalance.Command
			for range 1 + n%4 {
				n++
				id := fmt.Sprintf("c%d", n)
				commands = append(commands, ticket(site, id))
				taken[laneID{site, caller}] = append(taken[laneID{site, caller}], massbalance.CommandID(id))
			}
			batches = append(batches, fmt.Sprintf("b%d-%d", life, n))
			take(t, j, batches[len(batches)-1], caller, commands...)
		}
		j.Close() // whatever is under way is left as it is
	}
	l.mu.Lock()
	l.mishap = nil
	l.mu.Unlock()
	j := openJournal(t, s, l)
	defer j.Close()
	for _, batch := range batches {
		for _, e := range decided(t, j, batch) {
			require.Equal(t, submit.Valid, e.Outcome.Stage, "%s", e.Command.ID)
		}
	}
	place := map[massbalance.CommandID]int{}
	for i, id := range l.booked() {
		require.NotContains(t, place, id, "booked twice")
		place[id] = i
	}
	require.Len(t, place, n)
	for id, commands := range taken {
		for i := 1; i < len(commands); i++ {
			require.Less(t, place[commands[i-1]], place[commands[i]], "%v", id)
		}
	}
}

func TestItIsBounded(t *testing.T) {
	l := newLedger(t)
	l.held = make(chan struct{})
	j := openJournal(t, storetest.Own(t), l, func(o *Options) { o.Limit = 2 })
	defer j.Close()
	take(t, j, "b1", "", ticket("mill", "c1"), ticket("mill", "c2"))
	_, err := j.Submit(submit.Later(t.Context(), "b2"), []massbalance.Command{ticket("mill", "c3")})
	require.ErrorIs(t, err, submit.ErrBusy)
	close(l.held)
	decided(t, j, "b1")
	// What was decided is written down before its place is free.
	require.Eventually(t, func() bool {
		_, err := j.Submit(submit.Later(t.Context(), "b2"), []massbalance.Command{ticket("mill", "c3")})
		return err == nil
	}, 20*time.Second, 5*time.Millisecond)
	decided(t, j, "b2")
}

// What a dead gateway took is carried on by another one on the same store.
func TestAnotherCarriesOn(t *testing.T) {
	l, s := newLedger(t), storetest.Own(t)
	l.held = make(chan struct{})
	first := openJournal(t, s, l)
	take(t, first, "b1", "clerk", ticket("mill", "c1"), ticket("mill", "c2"), ticket("silo", "c3"))
	first.Close()
	quick := func(o *Options) {
		o.Carrier, o.Beat, o.Lease = "gateway-2", 10*time.Millisecond, 200*time.Millisecond
	}
	second := openJournal(t, s, l, quick)
	defer second.Close()
	close(l.held)
	for _, e := range decided(t, second, "b1") {
		require.Equal(t, submit.Valid, e.Outcome.Stage)
	}
	require.Len(t, l.booked(), 3)
}

// A command that nobody endorses does not keep those behind it waiting for ever.
func TestWhatCannotBeEndorsedIsPassedOver(t *testing.T) {
	l := newLedger(t)
	l.cannot = "c1"
	j := openJournal(t, storetest.Own(t), l)
	defer j.Close()
	take(t, j, "b1", "", ticket("mill", "c1"))
	for n := range passes {
		id := fmt.Sprintf("d%d", n)
		take(t, j, id, "", ticket("mill", id))
		decided(t, j, id)
	}
	require.Equal(t, submit.NotEndorsed, decided(t, j, "b1")[0].Outcome.Stage)
	require.Len(t, l.booked(), passes)
}

func TestWhatWasDecidedIsForgotten(t *testing.T) {
	l := newLedger(t)
	j := openJournal(t, storetest.Own(t), l, func(o *Options) { o.Keep, o.Beat = time.Millisecond, 10*time.Millisecond })
	defer j.Close()
	take(t, j, "b1", "", ticket("mill", "c1"))
	require.Eventually(t, func() bool {
		_, err := j.Batch(t.Context(), "b1")
		return err != nil
	}, 10*time.Second, 5*time.Millisecond)
	require.Len(t, l.booked(), 1)
}
