package submit

import (
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/weighbridge/weighbridge/chaincode/massbalance"
)

// counter has an ERP number what all sites send with one counter, through these gateways
// in turn, and gives how many times the batch that had it worst was ordered.
func counter(t *testing.T, l *ledger, sites []massbalance.SiteID, gateways ...*queue) (attempts int) {
	const each, rounds = 3, 6
	var last atomic.Int64
	var callers sync.WaitGroup
	for n := range each * len(sites) {
		callers.Go(func() {
			site, q := sites[n%len(sites)], gateways[n%len(gateways)]
			for range rounds {
				id := fmt.Sprintf("PO-%d", last.Add(1))
				o, err := q.submit(As(t.Context(), fmt.Sprint("erp-", n)), []massbalance.Command{takeIn(t, site, id, "1")})
				if err != nil || o[0].Stage != Valid || o[0].Result.Repeated {
					t.Errorf("%s at %s: %+v %v", id, site, o, err)
				}
			}
		})
	}
	callers.Wait()
	require.Len(t, l.entries, 2+2*len(sites)+each*rounds*len(sites), "every command is on the ledger once")
	l.check(t)
	times := map[string]int{}
	for _, batch := range l.ordered() {
		key := fmt.Sprint(batch)
		times[key]++
		attempts = max(attempts, times[key])
	}
	return attempts
}

func someSites(n int) (sites []massbalance.SiteID) {
	for i := range n {
		sites = append(sites, massbalance.SiteID(fmt.Sprintf("site-%d", i)))
	}
	return sites
}

// One counter over many sites makes neighbours of all that is sent at the same time.
// A gateway meets itself at no page, however many transactions it has under way.
func TestOneCounterOverManySites(t *testing.T) {
	for _, parallel := range []int{2, 4, 20} {
		t.Run(fmt.Sprint(parallel, " transactions"), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				sites := someSites(20)
				l := newLedgerOf(t, massbalance.RulesVersion, sites...)
				q := start(t, l, Limits{Parallel: parallel})
				require.Equal(t, 1, counter(t, l, sites, q), "nothing was ordered twice")
				require.Equal(t, 1, l.overlap)
				require.Greater(t, slices.Max(l.together), 1, "sites go in parallel")
				settled(t, q, l)
			})
		})
	}
}

// Gateways side by side know nothing of each other's pages. They meet, and lose nothing.
func TestOneCounterAtSeveralGateways(t *testing.T) {
	for _, n := range []int{2, 3} {
		t.Run(fmt.Sprint(n, " gateways"), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				sites := someSites(20)
				l := newLedgerOf(t, massbalance.RulesVersion, sites...)
				var gateways []*queue
				for range n {
					gateways = append(gateways, start(t, l, Limits{}))
				}
				attempts := counter(t, l, sites, gateways...)
				require.NotZero(t, l.conflicts)
				require.Less(t, attempts, contested/2, "nobody is close to giving up")
				t.Log(attempts, l.conflicts, len(l.batches))
			})
		})
	}
}

// rivals has a gateway import for all sites while another one's clerks send something
// at one site or other all the time, and gives how the import ended.
func rivals(t *testing.T, l *ledger, sites []massbalance.SiteID) (outcomes []Outcome) {
	importing, clerks := start(t, l, Limits{Parallel: 1}), start(t, l, Limits{})
	var commands []massbalance.Command
	for i, site := range sites {
		for n := range 4 {
			commands = append(commands, takeIn(t, site, fmt.Sprintf("import-%d-%d", i, n), "1"))
		}
	}
	var done atomic.Bool
	var callers sync.WaitGroup
	for n := range 12 {
		callers.Go(func() {
			for i := 0; !done.Load(); i++ {
				o := send(t, clerks, takeIn(t, sites[(5*n+i)%len(sites)], fmt.Sprintf("clerk%d-%d", n, i), "1"))[0]
				if o.Stage != Valid {
					t.Errorf("clerk %d, command %d: %+v", n, i, o)
				}
			}
		})
	}
	outcomes = send(t, importing, commands...)
	done.Store(true)
	callers.Wait()
	l.check(t)
	return outcomes
}

// What touches all sites is outrun by what touches one, until it is in parts.
func TestAnImportGetsOnBesideAnotherGateway(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		sites := someSites(20)
		l := newLedgerOf(t, massbalance.RulesVersion, sites...)
		began := time.Now()
		for _, o := range rivals(t, l, sites) {
			require.Equal(t, Valid, o.Stage, o.Detail)
		}
		require.Less(t, time.Since(began), 20*time.Second)
	})
}
