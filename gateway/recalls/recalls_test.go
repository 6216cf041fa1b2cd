package recalls_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/stretchr/testify/require"

	"github.com/weighbridge/weighbridge/chaincode/massbalance"
	"github.com/weighbridge/weighbridge/chaincode/wire"
	"github.com/weighbridge/weighbridge/gateway/readmodel"
	. "github.com/weighbridge/weighbridge/gateway/readmodel/ledgertest"
	"github.com/weighbridge/weighbridge/gateway/recalls"
	"github.com/weighbridge/weighbridge/gateway/replay"
	"github.com/weighbridge/weighbridge/gateway/submit"
)

var trading = []massbalance.OrganisationID{Growers, Miller, Manufacturer, Brand}

// world is one ledger with a gateway's read model and tracer for each member.
type world struct {
	t      *testing.T
	random *rand.Rand
	ledger *Ledger
	models map[massbalance.OrganisationID]*readmodel.Model
	next   int
}

// newWorld founds a consortium whose gateways read each block a while after it
// was made, up to lag.
func newWorld(t *testing.T, seed uint64, lag time.Duration) *world {
	w := &world{t: t, random: rand.New(rand.NewPCG(seed, 0)), ledger: New(t), models: map[massbalance.OrganisationID]*readmodel.Model{}}
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("seed %d", seed)
		}
	})
	w.ledger.Found()
	w.ledger.Documents()
	var feeds []chan replay.Block
	var reading sync.WaitGroup
	for i, org := range append([]massbalance.OrganisationID{Certifier}, trading...) {
		model, err := readmodel.Open(t.TempDir())
		require.NoError(t, err)
		feed, random := make(chan replay.Block, 100_000), rand.New(rand.NewPCG(seed, uint64(i)+1))
		w.models[org], feeds = model, append(feeds, feed)
		reading.Go(func() {
			for b := range feed {
				if lag > 0 && random.IntN(4) == 0 {
					pause(t.Context(), time.Duration(random.Int64N(int64(lag))))
				}
				if err := model.Apply(context.WithoutCancel(t.Context()), b); err != nil {
					panic(err)
				}
			}
		})
	}
	w.ledger.Follow(func(b replay.Block) {
		for _, feed := range feeds {
			feed <- b
		}
	})
	t.Cleanup(func() {
		for _, feed := range feeds {
			close(feed)
		}
		reading.Wait()
		for _, m := range w.models {
			require.NoError(t, m.Close())
		}
	})
	return w
}

func pause(ctx context.Context, d time.Duration) {
	ctx, cancel := context.WithTimeout(ctx, d)
	defer cancel()
	<-ctx.Done()
}

// trace sets a member's tracer to work until the test ends.
func (w *world) trace(org massbalance.OrganisationID, s recalls.Submitter, turn time.Duration, metrics prometheus.Registerer) {
	tracer := recalls.New(recalls.Options{
		Organisation: org, Model: w.models[org], Submitter: s, Metrics: metrics, Log: slog.New(slog.NewTextHandler(w.t.Output(), nil)).With("organisation", org), Turn: turn, TurnBlocks: 1 << 40,
	})
	ctx, stop := context.WithCancel(w.t.Context())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		tracer.Run(ctx)
	}()
	w.t.Cleanup(func() {
		stop()
		<-ended
	})
}

func (w *world) state() massbalance.Memory {
	state := massbalance.Memory{}
	for _, b := range w.ledger.Blocks() {
		for _, tx := range b.Transactions {
			state.Apply(tx.Writes)
		}
	}
	return state
}

func (w *world) entries() (entries []massbalance.Entry) {
	for _, b := range w.ledger.Blocks() {
		for _, tx := range b.Transactions {
			entries = append(entries, tx.Entries...)
		}
	}
	return entries
}

// send commits a movement; it may be refused.
func (w *world) send(org massbalance.OrganisationID, body massbalance.Body) massbalance.Result {
	w.next++
	c := Command(massbalance.CommandID(fmt.Sprintf("move-%d", w.next)), "2026-09-02", body)
	require.NoError(w.t, wire.Seal(&c))
	block, err := w.ledger.Execute(org, c)
	require.NoError(w.t, err)
	return block.Transactions[0].Results[0]
}

func (w *world) must(org massbalance.OrganisationID, body massbalance.Body) massbalance.Result {
	w.t.Helper()
	result := w.send(org, body)
	require.Equal(w.t, massbalance.Accepted, result.Code, result.Message)
	return result
}

func (w *world) introduce(statement massbalance.StatementID, kg string) {
	w.must(Growers, massbalance.Introduce{
		Site: "elevator", Certifier: Certifier, Statement: statement, Quantity: Kg(kg), Model: massbalance.MassBalance,
		Evidence: massbalance.EvidenceID(fmt.Sprintf("WB-%d", w.next))})
}

var (
	owner = map[massbalance.SiteID]massbalance.OrganisationID{"elevator": Growers, "mill": Miller, "bakery": Manufacturer, "brand-hub": Brand}
	next  = map[massbalance.SiteID]massbalance.SiteID{"elevator": "mill", "mill": "bakery", "bakery": "brand-hub", "brand-hub": "bakery"}
)

// move spends some of a lot by chance: shipped on and received, rejected and
// returned, received and reversed, milled, merged, decoupled or claimed. Nothing is
// lost on the way, so what came in stays to be found.
func (w *world) move() {
	lots := w.available(w.state())
	lot := lots[w.random.IntN(len(lots))]
	quantity := massbalance.Kilograms(25 * (1 + w.random.Int64N(40)))
	if lot.Available().Less(quantity) {
		quantity = lot.Available()
	}
	line := massbalance.LotLine{Lot: lot.ID, Quantity: quantity}
	switch die := w.random.IntN(12); {
	case !lot.Model.Physical():
		w.credits(lot, line)
	case lot.Site == "mill" && lot.Product == "wheat" && die < 9:
		w.send(Miller, massbalance.Convert{Site: "mill", Recipe: "milling", Quantity: quantity, Lines: []massbalance.LotLine{line}, Outputs: []massbalance.Output{
			{Product: "wheat-flour", Quantity: quantity.ScaleFloor(massbalance.Kilograms(18), massbalance.Kilograms(25))},
			{Product: "wheat-bran", Quantity: quantity.ScaleFloor(massbalance.Kilograms(7), massbalance.Kilograms(25))}}})
	case lot.Site != "elevator" && die < 3:
		w.claim(lot, line)
	case die == 3:
		w.send(owner[lot.Site], massbalance.Decouple{Site: lot.Site, Product: lot.Product, Lines: []massbalance.LotLine{line}})
	case die == 4:
		w.merge(lot, line, lots)
	default:
		w.ship(lot, line, die)
	}
}

func (w *world) claim(lot massbalance.Lot, line massbalance.LotLine) {
	w.send(owner[lot.Site], massbalance.ClaimCredits{Site: lot.Site, Product: lot.Product, Lines: []massbalance.LotLine{line}, Beneficiary: "B", ReportingYear: 2026, Purpose: "p"})
}

// credits moves credit of book and claim: on to another site, or into a claim.
func (w *world) credits(lot massbalance.Lot, line massbalance.LotLine) {
	if w.random.IntN(2) == 0 {
		w.claim(lot, line)
		return
	}
	to := next[lot.Site]
	sent := w.send(owner[lot.Site], massbalance.TransferCredits{Site: lot.Site, To: to, Product: lot.Product, Lines: []massbalance.LotLine{line}})
	if sent.Code == massbalance.Accepted {
		w.must(owner[to], massbalance.AcceptCredits{Site: to, Transfer: massbalance.TransferID(sent.Subject)})
	}
}

// merge makes one lot of this one and another of its kind.
func (w *world) merge(lot massbalance.Lot, line massbalance.LotLine, lots []massbalance.Lot) {
	for _, other := range lots {
		if other.ID != lot.ID && other.Site == lot.Site && other.Product == lot.Product && other.Characteristics == lot.Characteristics {
			w.send(owner[lot.Site], massbalance.MergeLots{Site: lot.Site, Product: lot.Product, Carbon: massbalance.CarbonHighest,
				Lines: []massbalance.LotLine{line, {Lot: other.ID, Quantity: other.Available()}}})
			return
		}
	}
}

// ship sends some of a lot to the next site, where it is received, sometimes
// reversed, or rejected and then returned.
func (w *world) ship(lot massbalance.Lot, line massbalance.LotLine, die int) {
	to, from := next[lot.Site], owner[lot.Site]
	sent := w.send(from, massbalance.Dispatch{Site: lot.Site, To: to, Product: lot.Product, Quantity: line.Quantity, Lines: []massbalance.LotLine{line}})
	if sent.Code != massbalance.Accepted {
		return
	}
	id := massbalance.TransferID(sent.Subject)
	if die == 5 {
		w.must(owner[to], massbalance.Reject{Site: to, Transfer: id, Reason: "wet"})
		w.must(from, massbalance.Return{Site: lot.Site, Transfer: id, Quantity: line.Quantity})
		return
	}
	w.must(owner[to], massbalance.Receive{Site: to, Transfer: id, Quantity: line.Quantity})
	if die != 6 {
		return
	}
	w.must(from, massbalance.ProposeReversal{Site: lot.Site, Transfer: id, Reason: "wrong buyer"})
	if w.send(owner[to], massbalance.ConfirmReversal{Site: to, Transfer: id}).Code == massbalance.Accepted {
		w.must(from, massbalance.CompleteReversal{Site: lot.Site, Transfer: id})
	}
}

func (w *world) available(state massbalance.Memory) (lots []massbalance.Lot) {
	for _, value := range state {
		if lot, ok := value.(massbalance.Lot); ok && !lot.Available().IsZero() {
			lots = append(lots, lot)
		}
	}
	slices.SortFunc(lots, func(a, b massbalance.Lot) int { return strings.Compare(string(a.ID), string(b.ID)) })
	return lots
}

// settled waits until every gateway has read the whole chain and sees nothing
// untraced, and the chain has grown no more meanwhile.
func (w *world) settled() {
	w.t.Helper()
	require.Eventually(w.t, func() bool {
		height := uint64(len(w.ledger.Blocks()))
		for _, m := range w.models {
			quiet := true
			require.NoError(w.t, m.Read(w.t.Context(), func(s *readmodel.Snapshot) error {
				all, err := s.AllRecalls()
				for _, r := range all {
					reach, err := s.Reach(r.Finding.Certifier, r.Finding.Statement)
					require.NoError(w.t, err)
					require.Empty(w.t, reach.Untraced.Refused)
					quiet = quiet && reach.Untraced.Empty()
				}
				quiet = quiet && s.Next == height
				return err
			}))
			if !quiet {
				return false
			}
		}
		return uint64(len(w.ledger.Blocks())) == height
	}, 3*time.Minute, 50*time.Millisecond)
}

// check is the oracle: the recount finds nothing; what was introduced on a
// recalled statement is frozen or to be covered, but for the grams that every
// step rounds; each lot was traced once; nothing that is tainted can be spent.
func (w *world) check() {
	w.t.Helper()
	state, entries := w.state(), w.entries()
	tally := massbalance.Recount(entries)
	require.Empty(w.t, tally.Findings)
	require.Empty(w.t, tally.CompareState(state))
	recalled := 0
	for _, value := range state {
		switch v := value.(type) {
		case massbalance.Recall:
			recalled++
			found, slack := v.Frozen.Add(v.Claimed), massbalance.Grams(int64(4*len(entries)))
			require.False(w.t, found.Add(slack).Less(v.Introduced), "%s: %s of %s found", v.Finding.Statement, found, v.Introduced)
			require.False(w.t, v.Introduced.Add(slack).Less(found), "%s: %s of %s found", v.Finding.Statement, found, v.Introduced)
		case massbalance.Taint:
			seen := map[massbalance.StatementID]bool{}
			for _, share := range v.Shares {
				require.False(w.t, seen[share.Statement], "traced twice")
				seen[share.Statement] = true
			}
		}
	}
	require.Positive(w.t, recalled)
	for _, lot := range w.available(state) {
		taint, _ := state[massbalance.TaintKey(lot.ID)].(massbalance.Taint)
		if taint.Frozen.IsZero() {
			continue
		}
		free, _ := lot.Available().Sub(taint.Frozen)
		result := w.send(owner[lot.Site], massbalance.Cancel{Site: lot.Site, Product: lot.Product, Reason: "test",
			Lines: []massbalance.LotLine{{Lot: lot.ID, Quantity: free.Add(massbalance.Grams(1))}}})
		require.Equal(w.t, massbalance.Recalled, result.Code, "%s: %s", lot.ID, result.Message)
	}
}

// faulty is a way to the ledger that loses commands, loses answers, sends twice
// and takes its time.
type faulty struct {
	member Member
	mu     sync.Mutex
	random *rand.Rand
}

func (f *faulty) draw(n int) int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.random.IntN(n)
}

func (f *faulty) Submit(ctx context.Context, commands []massbalance.Command) ([]submit.Outcome, error) {
	sealed := slices.Clone(commands)
	for i := range sealed {
		if err := wire.Seal(&sealed[i]); err != nil {
			return nil, err
		}
	}
	pause(ctx, time.Duration(f.draw(5))*time.Millisecond)
	answer := func(stage submit.Stage) []submit.Outcome {
		return slices.Repeat([]submit.Outcome{{Stage: stage, Detail: "as the seed wills"}}, len(commands))
	}
	switch f.draw(8) {
	case 0:
		return answer(submit.NotEndorsed), nil
	case 1:
		return nil, errors.New("too many commands are waiting")
	case 2:
		if _, err := f.member.Submit(ctx, sealed); err != nil {
			return nil, err
		}
		return answer(submit.Unknown), nil
	case 3:
		if _, err := f.member.Submit(ctx, sealed); err != nil {
			return nil, err
		}
	}
	return f.member.Submit(ctx, sealed)
}

// Whatever the gateways miss, lose or do twice, and whatever is moved meanwhile:
// in the end all that was introduced on recalled statements is found, by
// gateways alone, and stays where it is.
func TestEverythingThatRestsOnARecallIsTraced(t *testing.T) {
	seeds := 8
	if testing.Short() {
		seeds = 3
	}
	for seed := range seeds {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			w := newWorld(t, uint64(seed), 10*time.Millisecond)
			for i, org := range trading {
				s := &faulty{member: Member{Ledger: w.ledger, Organisation: org}, random: rand.New(rand.NewPCG(uint64(seed), uint64(100+i)))}
				w.trace(org, s, 50*time.Millisecond, nil)
			}
			for range 4 {
				w.introduce([]massbalance.StatementID{"VS-2026-011", "VS-2026-012"}[w.random.IntN(2)], "3000")
			}
			w.introduce("VS-2026-011", "2000")
			w.introduce("VS-2026-012", "2000")
			for i := range 60 {
				w.move()
				switch i {
				case 20:
					w.ledger.Find("VS-2026-011", "forged")
				case 40:
					w.ledger.Find("VS-2026-012", "forged too")
				}
			}
			w.settled()
			w.check()
		})
	}
}

// counting is a sound way to the ledger that counts what goes over it.
type counting struct {
	member Member
	mu     sync.Mutex
	calls  int
	ids    []massbalance.CommandID
}

func (c *counting) Submit(ctx context.Context, commands []massbalance.Command) ([]submit.Outcome, error) {
	sealed := slices.Clone(commands)
	c.mu.Lock()
	c.calls++
	for i := range sealed {
		c.ids = append(c.ids, sealed[i].ID)
		if err := wire.Seal(&sealed[i]); err != nil {
			return nil, err
		}
	}
	c.mu.Unlock()
	return c.member.Submit(ctx, sealed)
}

func (c *counting) count() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.calls
}

// tracedBy counts traces by who sent them.
func (w *world) tracedBy() map[massbalance.OrganisationID]int {
	by := map[massbalance.OrganisationID]int{}
	for _, e := range w.entries() {
		if e.Record.Type == (massbalance.TraceRecall{}).Type() {
			require.Equal(w.t, "service recalls", e.Command.By, "no person gave it")
			by[e.Record.Organisation]++
		}
	}
	return by
}

// One gateway traces while the others look on, and when it is gone another one
// does, also what is made of the lots later.
func TestGatewaysTakeTurns(t *testing.T) {
	w := newWorld(t, 1, 0)
	w.introduce("VS-2026-011", "5000")
	for range 10 {
		w.move()
	}
	w.ledger.Find("VS-2026-011", "forged")
	var first massbalance.OrganisationID
	ways := map[massbalance.OrganisationID]*counting{}
	for _, org := range trading {
		ways[org] = &counting{member: Member{Ledger: w.ledger, Organisation: org}}
		w.trace(org, ways[org], time.Hour, nil)
	}
	w.settled()
	by := w.tracedBy()
	require.Len(t, by, 1, "the others had nothing to do")
	for first = range by {
		require.LessOrEqual(t, ways[first].count(), 3)
	}
	w.check()

	// The same finding elsewhere, where the first in the order does nothing.
	w = newWorld(t, 1, 0)
	w.introduce("VS-2026-011", "5000")
	for range 10 {
		w.move()
	}
	w.ledger.Find("VS-2026-011", "forged")
	for _, org := range trading {
		if org != first {
			w.trace(org, Member{Ledger: w.ledger, Organisation: org}, 20*time.Millisecond, nil)
		}
	}
	w.settled()
	for range 5 {
		w.move()
	}
	w.settled()
	by = w.tracedBy()
	require.NotEmpty(t, by)
	require.NotContains(t, by, first)
	w.check()
}

// A certification body's gateway sees what is untraced, counts it and sends nothing.
func TestACertifierLooksOn(t *testing.T) {
	w := newWorld(t, 2, 0)
	w.introduce("VS-2026-011", "5000")
	for range 5 {
		w.move()
	}
	w.ledger.Find("VS-2026-011", "forged")
	metrics, way := prometheus.NewRegistry(), &counting{member: Member{Ledger: w.ledger, Organisation: Certifier}}
	w.trace(Certifier, way, time.Millisecond, metrics)
	untraced := func() float64 {
		families, err := metrics.Gather()
		require.NoError(t, err)
		require.Equal(t, "weighbridge_recall_untraced", families[0].GetName())
		return families[0].GetMetric()[0].GetGauge().GetValue()
	}
	require.Eventually(t, func() bool { return untraced() > 0 }, time.Minute, time.Millisecond)
	w.trace(Miller, Member{Ledger: w.ledger, Organisation: Miller}, time.Millisecond, nil)
	require.Eventually(t, func() bool { return untraced() == 0 }, time.Minute, time.Millisecond)
	require.Zero(t, way.count())
	w.settled()
	w.check()
}

// oneFails is a way on which the traces of one statement never arrive.
type oneFails struct {
	member    Member
	statement massbalance.StatementID
}

func (o oneFails) Submit(ctx context.Context, commands []massbalance.Command) ([]submit.Outcome, error) {
	if commands[0].Body.(massbalance.TraceRecall).Statement == o.statement {
		return slices.Repeat([]submit.Outcome{{Stage: submit.NotEndorsed, Detail: "never"}}, len(commands)), nil
	}
	sealed := slices.Clone(commands)
	for i := range sealed {
		if err := wire.Seal(&sealed[i]); err != nil {
			return nil, err
		}
	}
	return o.member.Submit(ctx, sealed)
}

// A recall that cannot be traced does not keep another one waiting.
func TestOneRecallDoesNotHoldUpAnother(t *testing.T) {
	w := newWorld(t, 5, 0)
	w.introduce("VS-2026-011", "1000")
	w.introduce("VS-2026-012", "1000")
	w.ledger.Find("VS-2026-011", "forged")
	w.ledger.Find("VS-2026-012", "forged too")
	w.trace(Miller, oneFails{Member{Ledger: w.ledger, Organisation: Miller}, "VS-2026-011"}, time.Millisecond, nil)
	require.Eventually(t, func() bool {
		recall, _ := w.state()[massbalance.RecallKey(Certifier, "VS-2026-012")].(massbalance.Recall)
		return recall.Frozen.String() == "1000"
	}, time.Minute, 10*time.Millisecond)
}

// A process that is started again, and does not yet see what it did before,
// sends the very same commands.
func TestTheSameCommandsAgain(t *testing.T) {
	w := newWorld(t, 3, 0)
	w.introduce("VS-2026-011", "5000")
	for range 5 {
		w.move()
	}
	w.ledger.Find("VS-2026-011", "forged")
	ways := [2]*counting{}
	for i := range ways {
		ways[i] = &counting{member: Member{Ledger: New(t), Organisation: Miller}} // a ledger that refuses: nothing is known there
		w.trace(Miller, ways[i], time.Millisecond, nil)
	}
	require.Eventually(t, func() bool { return ways[0].count() > 0 && ways[1].count() > 0 }, time.Minute, time.Millisecond)
	for i := range ways {
		ways[i].mu.Lock()
		defer ways[i].mu.Unlock()
	}
	require.Equal(t, ways[0].ids[0], ways[1].ids[0])
}
