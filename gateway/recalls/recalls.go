package recalls

import (
	"context"
	"errors"
	"log/slog"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/weighbridge/weighbridge/chaincode/massbalance"
	"github.com/weighbridge/weighbridge/gateway/readmodel"
	"github.com/weighbridge/weighbridge/gateway/submit"
)

const (
	// turnTime and turnBlocks are how long something may be untraced before it is
	// the next organisation's turn, whichever is over first.
	turnTime   = 10 * time.Second
	turnBlocks = 50
	// retryFirst and retryLast bound the pause after a command failed.
	retryFirst = 200 * time.Millisecond
	retryLast  = 30 * time.Second
	// readyAgain is how long a gateway that is behind its peer waits before it looks again.
	readyAgain = time.Second
)

// Model is the gateway's own copy of the ledger.
type Model interface {
	Read(ctx context.Context, look func(*readmodel.Snapshot) error) error
	Await(ctx context.Context, block uint64) error
}

// Submitter brings commands to the ledger; see package submit.
type Submitter interface {
	Submit(ctx context.Context, commands []massbalance.Command) ([]submit.Outcome, error)
}

// Options say for whom recalls are traced. Zero bounds take the default.
type Options struct {
	Organisation massbalance.OrganisationID
	Model        Model
	Submitter    Submitter
	// Ready reports whether the model is the ledger as it is now. One that still
	// reads old blocks shows as untraced what was traced long ago.
	Ready   func() bool
	Metrics prometheus.Registerer
	Log     *slog.Logger
	// Turn is for how long something may be untraced before it is the next
	// organisation's turn (10 s), TurnBlocks for how many blocks (50).
	Turn       time.Duration
	TurnBlocks uint64
}

// Tracer traces what recalls reach.
type Tracer struct {
	Options
	// next is the first block that was not looked at, cases what is known of
	// each recall.
	next  uint64
	cases map[massbalance.Key]*recall
	// failures counts calls that failed one after the other; narrow halves what a
	// command names, once more for each failure and once less for each success.
	failures, narrow int
	untraced         atomic.Int64
}

// New makes a tracer; Run sets it to work.
func New(o Options) *Tracer {
	if o.Turn == 0 {
		o.Turn = turnTime
	}
	if o.TurnBlocks == 0 {
		o.TurnBlocks = turnBlocks
	}
	t := &Tracer{Options: o, cases: map[massbalance.Key]*recall{}}
	if o.Metrics != nil {
		o.Metrics.MustRegister(prometheus.NewGaugeFunc(prometheus.GaugeOpts{
			Name: "weighbridge_recall_untraced", Help: "Lots and claims that rest on recalled statements and were not traced yet.",
		}, func() float64 { return float64(t.untraced.Load()) }))
	}
	return t
}

// Run traces until ctx ends.
func (t *Tracer) Run(ctx context.Context) {
	for ctx.Err() == nil {
		pause, err := t.step(ctx)
		if err != nil && ctx.Err() == nil {
			t.Log.Warn("couldn't trace what rests on recalled statements; trying again", "error", err)
			pause = max(pause, t.failed())
			t.rest(ctx, pause)
			continue
		}
		t.await(ctx, pause)
	}
}

// await ends with the next block, or after the pause if there is one.
func (t *Tracer) await(ctx context.Context, pause time.Duration) {
	if pause > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, pause)
		defer cancel()
	}
	_ = t.Model.Await(ctx, t.next) // a pause that is over is no failure
}

// rest lets the time pass unless ctx ends before.
func (t *Tracer) rest(ctx context.Context, pause time.Duration) {
	ctx, cancel := context.WithTimeout(ctx, pause)
	defer cancel()
	<-ctx.Done()
}

// failed counts a failure and says how long to pause after it.
func (t *Tracer) failed() time.Duration {
	t.failures++
	t.narrow = min(t.narrow+1, narrowest)
	return min(retryFirst<<min(t.failures-1, 10), retryLast)
}

// step looks at what is untraced and submits what it is this organisation's turn
// to trace. It says how long to wait for a block at most, 0 for any length.
func (t *Tracer) step(ctx context.Context) (time.Duration, error) {
	var consortium massbalance.Consortium
	if err := t.Model.Read(ctx, func(s *readmodel.Snapshot) (err error) {
		if consortium, err = known(s); err != nil {
			return err
		}
		return t.look(s)
	}); err != nil {
		return 0, err
	}
	open := t.open()
	if len(open) == 0 {
		return 0, nil
	}
	if t.Ready != nil && !t.Ready() {
		return readyAgain, nil
	}
	var pause time.Duration
	var failed error // of one recall, which must not keep the others waiting
	for _, r := range open {
		place, trading := placeOf(t.Organisation, r.reach.Recall.Finding, consortium.Trading())
		if !trading {
			continue
		}
		wait := t.due(r, place)
		if wait <= 0 {
			failed = errors.Join(failed, t.trace(ctx, r))
			wait = time.Nanosecond // there may be more
		}
		if pause == 0 || wait < pause {
			pause = wait
		}
	}
	return pause, failed
}

// due says how long it is until the organisation's turn: not positive, now. It
// goes by what has been untraced for the longest, so nobody holds the others
// off by tracing a little, or by spending on.
func (t *Tracer) due(r *recall, place int) time.Duration {
	since := r.oldest()
	if t.next-since.block >= uint64(place)*t.TurnBlocks { //nolint:gosec // a place is not negative
		return 0
	}
	return time.Until(since.time.Add(time.Duration(place) * t.Turn))
}

func known(s *readmodel.Snapshot) (massbalance.Consortium, error) {
	value, err := s.Get(massbalance.ConsortiumKey())
	if err != nil {
		return massbalance.Consortium{}, err
	}
	consortium, _ := value.(massbalance.Consortium) // none before it was founded
	return consortium, nil
}
