package submit

import (
	"context"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/weighbridge/weighbridge/chaincode/massbalance"
)

// TestSimulation lets callers send commands through all kinds of misfortune.
// Whatever outcome a caller is given must be true, and a caller that repeats
// what was not settled must end with each command on the ledger exactly once.
func TestSimulation(t *testing.T) {
	for seed := range uint64(25) {
		t.Run(fmt.Sprintf("seed %d", seed), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) { simulate(t, seed) })
		})
	}
}

func simulate(t *testing.T, seed uint64) {
	random := rand.New(rand.NewPCG(seed, 1))
	l := newLedger(t, misfortunes(random, 150)...)
	platform := &deafTo{ledger: l, times: random.IntN(20)}
	q := start(t, platform, Limits{Commands: 1 + random.IntN(9), Parallel: 1 + random.IntN(3)})
	var callers sync.WaitGroup
	for n := range 6 {
		callers.Go(func() { insist(t, q, l, n) })
	}
	callers.Wait()
	pass(time.Hour) // what was lost from sight is committed now or never

	require.Len(t, l.entries, 8+6*8, "seed %d: every command is on the ledger once", seed)
	l.check(t)
	require.Empty(t, q.pages, "seed %d: what ended holds nothing", seed)
	for _, id := range l.denied {
		require.NotEqual(t, codeValid, l.commits[id].code, "transaction %s took effect", id)
	}
}

// misfortunes are mishaps of all kinds, most attempts going well.
func misfortunes(random *rand.Rand, n int) []mishap {
	kinds := []mishap{
		{propose: &failure{kind: lagging, detail: "payloads differ"}}, {propose: &failure{kind: notReady, detail: "no peers"}},
		{propose: &failure{kind: rejected, detail: "access denied"}}, {propose: &failure{kind: faulted, detail: "internal"}},
		{stale: true}, {code: "ENDORSEMENT_POLICY_FAILURE"}, {code: "PHANTOM_READ_CONFLICT"},
		{order: &failure{kind: uncertain, detail: "failed but committed"}}, {order: &failure{kind: uncertain, detail: "failed and lost"}, swallow: true},
		{order: &failure{kind: uncertain, detail: "failed, committed, invalid"}, stale: true}, {late: true},
		{order: &failure{kind: rejected, detail: "forbidden"}, swallow: true}, {order: &failure{kind: notReady, detail: "no orderers"}, swallow: true},
	}
	var mishaps []mishap
	for range n {
		var m mishap
		if random.IntN(3) == 0 {
			m = kinds[random.IntN(len(kinds))]
		}
		mishaps = append(mishaps, m)
	}
	return mishaps
}

// insist sends a caller's commands in twos, and again until they are settled. One
// counter numbers those of all callers.
func insist(t *testing.T, q *queue, l *ledger, caller int) {
	site := []massbalance.SiteID{"mill", "silo", "port"}[caller%3]
	for n := 0; n < 8; n += 2 {
		pair := []massbalance.Command{
			takeIn(t, site, fmt.Sprintf("PO-%d", 6*n+caller), "1"), takeIn(t, site, fmt.Sprintf("PO-%d", 6*(n+1)+caller), "2"),
		}
		var seen [2]bool // on the ledger, or perhaps so, from an earlier attempt
		for settled := false; !settled; {
			ctx, cancel := context.WithTimeout(t.Context(), time.Duration(20+40*(caller%2))*time.Second)
			outcomes, err := q.submit(ctx, pair)
			cancel()
			if err != nil {
				t.Errorf("caller %d: %v", caller, err)
				return
			}
			settled = true
			for i, o := range outcomes {
				truthful(t, l, pair[i].ID, o, seen[i])
				settled = settled && o.Stage == Valid
				seen[i] = seen[i] || o.Stage == Valid || o.Stage == Unknown
			}
		}
	}
}

// truthful compares an outcome with the ledger. A command that was seen there
// before may be there whatever became of this attempt.
func truthful(t *testing.T, l *ledger, id massbalance.CommandID, o Outcome, seen bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	record, _, err := l.entry(id)
	there := err == nil
	if o.Stage != Valid {
		if o.Stage != Unknown {
			l.denied = append(l.denied, o.Transaction)
		}
		if there && !seen && o.Stage != Unknown {
			t.Errorf("command %s is on the ledger, but its outcome was %+v", id, o)
		}
		return
	}
	if !there || record.Transaction != o.Transaction {
		t.Errorf("command %s is valid in %s, but the ledger has %+v", id, o.Transaction, record)
	}
	if done := l.commits[o.Transaction]; o.Block != 0 && done.block != o.Block {
		t.Errorf("command %s is in block %d, not %d", id, done.block, o.Block)
	}
}
