package submit

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/stretchr/testify/require"

	"github.com/weighbridge/weighbridge/chaincode/massbalance"
)

// start makes a queue before a platform, and shuts it at the test's end.
func start(t testing.TB, p platform, limits Limits) *queue {
	m, err := newMetrics(prometheus.NewRegistry())
	require.NoError(t, err)
	run := &runner{platform: p, timeouts: Timeouts{}.withDefaults(), metrics: m, load: &load{}, form: &form{}}
	if model, ok := p.(interface {
		first(context.Context, massbalance.CommandID) (massbalance.Record, uint64, error)
	}); ok {
		run.first = model.first
	}
	q := newQueue("miller", limits.withDefaults(), m, run)
	t.Cleanup(func() { _ = q.shut(context.Background()) })
	return q
}

func send(t testing.TB, q *queue, commands ...massbalance.Command) []Outcome {
	t.Helper()
	outcomes, err := q.submit(t.Context(), commands)
	require.NoError(t, err)
	require.Len(t, outcomes, len(commands))
	for i, o := range outcomes {
		if o.Stage == Valid || o.Stage == Refused {
			require.Equal(t, commands[i].ID, o.Result.Command)
		} else {
			require.NotEmpty(t, o.Detail)
		}
	}
	return outcomes
}

func TestALoneCommandIsSentAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLedger(t)
		q := start(t, l, Limits{})
		began := time.Now()
		o := send(t, q, takeIn(t, "mill", "c1", "100"))[0]
		require.Less(t, time.Since(began), 250*time.Millisecond)
		require.Equal(t, Valid, o.Stage)
		require.Equal(t, "tx2", o.Transaction)
		require.Equal(t, uint64(2), o.Block)
		require.Equal(t, massbalance.Accepted, o.Result.Code)
		require.Equal(t, "100", l.stock("mill"))
		l.check(t)
	})
}

func TestARefusedCommandDoesNotFailItsNeighbours(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLedger(t)
		q := start(t, l, Limits{})
		outcomes := send(t, q, takeIn(t, "mill", "c1", "100"), takeIn(t, "mill", "c2", "0"), takeIn(t, "mill", "c3", "1"))
		require.Equal(t, []Stage{Valid, Refused, Valid}, stages(outcomes))
		require.Equal(t, massbalance.InvalidCommand, outcomes[1].Result.Code)
		require.Equal(t, outcomes[0].Transaction, outcomes[1].Transaction, "the refusal stands on the ledger beside its neighbours")
		require.Equal(t, "101", l.stock("mill"))
	})
}

func stages(outcomes []Outcome) []Stage {
	var stages []Stage
	for _, o := range outcomes {
		stages = append(stages, o.Stage)
	}
	return stages
}

func TestABatchOfRefusalsIsNotOrdered(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLedger(t)
		q := start(t, l, Limits{})
		outcomes := send(t, q, takeIn(t, "mill", "c1", "0"), takeIn(t, "mill", "c2", "0"))
		require.Equal(t, []Stage{Refused, Refused}, stages(outcomes))
		require.Empty(t, outcomes[0].Transaction)
		require.Empty(t, l.ordered())
	})
}

func TestARepeatedCommandNamesItsFirstTransaction(t *testing.T) {
	for _, rules := range []int{3, massbalance.RulesVersion} {
		t.Run(fmt.Sprint("rules ", rules), func(t *testing.T) { testRepetition(t, rules) })
	}
}

// testRepetition: up to version 3 of the rules the ledger's answer to a repetition
// names the first transaction, from version 4 on the gateway knows it.
func testRepetition(t *testing.T, rules int) {
	synctest.Test(t, func(t *testing.T) {
		l := newLedgerUnder(t, rules)
		q := start(t, l, Limits{})
		first := send(t, q, takeIn(t, "mill", "c1", "100"))[0]

		alone := send(t, q, takeIn(t, "mill", "c1", "100"))[0]
		require.Len(t, l.ordered(), 1)
		beside := send(t, q, takeIn(t, "mill", "c2", "1"), takeIn(t, "mill", "c1", "100"))[1]

		for _, o := range []Outcome{alone, beside} {
			require.Equal(t, Valid, o.Stage)
			require.True(t, o.Result.Repeated)
			require.Equal(t, first.Transaction, o.Transaction)
			require.Equal(t, first.Block, o.Block)
			require.Equal(t, first.Result.Sequence, o.Result.Sequence)
			require.Equal(t, first.Result.Subject, o.Result.Subject)
		}
		require.Equal(t, "101", l.stock("mill"))
	})
}

func TestAnotherContentUnderAUsedIDIsRefused(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLedger(t)
		q := start(t, l, Limits{})
		outcomes := send(t, q, takeIn(t, "mill", "c1", "100"), takeIn(t, "mill", "c1", "200"))
		require.Equal(t, []Stage{Valid, Refused}, stages(outcomes))
		require.Equal(t, massbalance.CommandIDReused, outcomes[1].Result.Code)
	})
}

// The same misfortune again and again, or once: each ends at its stage.
func TestMishaps(t *testing.T) {
	lag, away := mishap{propose: &failure{kind: lagging, detail: "payloads differ"}}, mishap{propose: &failure{kind: notReady, detail: "no peers"}}
	stale := mishap{stale: true}
	tests := map[string]struct {
		mishaps   []mishap
		stage     Stage
		proposals int
		stock     string
	}{
		"peers lag for a while":         {[]mishap{lag, lag, lag}, Valid, 4, "100"},
		"peers lag for good":            {times(99, lag), Mismatch, attempts, "0"},
		"peers are not ready yet":       {times(8, away), Valid, 9, "100"},
		"peers refuse":                  {[]mishap{{propose: &failure{kind: rejected, detail: "access denied"}}}, NotEndorsed, 1, "0"},
		"the chaincode fails":           {[]mishap{{propose: &failure{kind: faulted, detail: "internal"}}}, NotEndorsed, 1, "0"},
		"another came first":            {[]mishap{stale, stale}, Valid, 3, "100"},
		"others always come first":      {times(999, stale), Invalid, contested, "0"},
		"a phantom":                     {[]mishap{{code: "PHANTOM_READ_CONFLICT"}}, Valid, 2, "100"},
		"found invalid":                 {[]mishap{{code: "ENDORSEMENT_POLICY_FAILURE"}}, Invalid, 1, "0"},
		"orderers refuse":               {[]mishap{{order: &failure{kind: rejected, detail: "status=FORBIDDEN"}, swallow: true}}, NotSubmitted, 1, "0"},
		"orderers are not ready yet":    {[]mishap{{order: &failure{kind: notReady, detail: "no orderers"}, swallow: true}}, Valid, 2, "100"},
		"failed but committed":          {[]mishap{{order: &failure{kind: uncertain, detail: "too few orderers"}}}, Valid, 1, "100"},
		"failed, committed and invalid": {[]mishap{{order: &failure{kind: uncertain, detail: "timeout"}, stale: true}}, Valid, 2, "100"},
		"committed too late":            {[]mishap{{late: true}}, Unknown, 1, "0"},
		"failed and lost":               {[]mishap{{order: &failure{kind: uncertain, detail: "timeout"}, swallow: true}}, Unknown, 1, "0"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				l := newLedger(t, test.mishaps...)
				q := start(t, l, Limits{})
				o := send(t, q, takeIn(t, "mill", "c1", "100"))[0]
				require.Equal(t, test.stage, o.Stage, o.Detail)
				require.Equal(t, test.proposals, l.proposals())
				require.Equal(t, test.stock, l.stock("mill"))
				l.check(t)
			})
		})
	}
}

func times(n int, m mishap) []mishap {
	var mishaps []mishap
	for range n {
		mishaps = append(mishaps, m)
	}
	return mishaps
}

func TestWhatIsNotReadyIsTriedUntilTheDeadline(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q := start(t, newLedger(t, times(999, mishap{propose: &failure{kind: notReady, detail: "no peers"}})...), Limits{})
		began := time.Now()
		o := send(t, q, takeIn(t, "mill", "c1", "100"))[0]
		require.Equal(t, NotEndorsed, o.Stage)
		require.Equal(t, "no peers", o.Detail)
		require.Equal(t, 30*time.Second, time.Since(began))
	})
}

// The peer's refusal to tell is not the ledger's refusal: ask again, and say
// unknown only in the end. Sent again, the command gives its first result.
func TestAnUntoldCommitStatus(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := &deafTo{ledger: newLedger(t), times: 5}
		q := start(t, d, Limits{})
		require.Equal(t, Valid, send(t, q, takeIn(t, "mill", "c1", "100"))[0].Stage)

		d.times = 1_000_000
		lost := send(t, q, takeIn(t, "mill", "c2", "100"))[0]
		require.Equal(t, Unknown, lost.Stage)
		require.NotEmpty(t, lost.Transaction)

		again := send(t, q, takeIn(t, "mill", "c2", "100"))[0]
		require.Equal(t, Valid, again.Stage)
		require.True(t, again.Result.Repeated)
		require.Equal(t, lost.Transaction, again.Transaction)
		require.NotZero(t, again.Block, "the peer still does not tell, but the read model knows")
		require.Equal(t, "200", d.stock("mill"))
		d.check(t)
	})
}

// poisoned is a platform on which one command fails every batch that it is in.
type poisoned struct {
	*ledger
	by string
	as failure
}

func (p poisoned) propose(ctx context.Context, batch []byte) (endorsed, error) {
	if contains(batch, p.by) {
		return nil, &p.as
	}
	return p.ledger.propose(ctx, batch)
}

// A command on which the chaincode fails, or which only peers that are away could
// endorse, does not take its neighbours with it.
func TestACommandThatFailsABatchIsIsolated(t *testing.T) {
	for _, as := range []failure{{kind: faulted, detail: "chaincode response 500, internal"}, {kind: notReady, detail: "no peer combination"}} {
		synctest.Test(t, func(t *testing.T) { isolates(t, as) })
	}
}

func isolates(t *testing.T, as failure) {
	l := newLedger(t)
	q := start(t, poisoned{l, `"c3"`, as}, Limits{})
	began := time.Now()
	var commands []massbalance.Command
	for _, id := range []string{"c1", "c2", "c3", "c4", "c5", "c6", "c7"} {
		commands = append(commands, takeIn(t, "mill", id, "1"))
	}
	outcomes := send(t, q, commands...)
	require.Equal(t, []Stage{Valid, Valid, NotEndorsed, Valid, Valid, Valid, Valid}, stages(outcomes))
	require.Equal(t, "6", l.stock("mill"))
	require.Equal(t, [][]massbalance.CommandID{{"c1"}, {"c2"}, {"c4", "c5", "c6", "c7"}}, l.ordered(), "order is kept")
	require.Less(t, time.Since(began), 5*time.Second)
}

func TestMetricsCountStagesCodesAndRetries(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLedger(t, mishap{stale: true})
		q := start(t, l, Limits{})
		registry := prometheus.NewRegistry()
		registry.MustRegister(q.metrics.commands, q.metrics.retries, q.metrics.transactions, q.metrics.waiting)
		send(t, q, takeIn(t, "mill", "c1", "100"), takeIn(t, "mill", "c2", "0"))
		families, err := registry.Gather()
		require.NoError(t, err)
		found := map[string]float64{}
		for _, family := range families {
			for _, metric := range family.GetMetric() {
				name := strings.TrimPrefix(family.GetName(), prefix)
				for _, label := range metric.GetLabel() {
					name += " " + label.GetValue()
				}
				found[name] = metric.GetCounter().GetValue() + metric.GetGauge().GetValue()
			}
		}
		require.Equal(t, map[string]float64{
			"commands_total accepted valid": 1, "commands_total invalid_command refused": 1, "retries_total conflict": 1,
			"transactions_total invalid": 1, "transactions_total valid": 1, "waiting_commands": 0,
		}, found)
	})
}

func TestMetricsAreRegisteredOnce(t *testing.T) {
	registry := prometheus.NewRegistry()
	_, err := newMetrics(registry)
	require.NoError(t, err)
	_, err = newMetrics(registry)
	require.Error(t, err)
}
