package journal

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/weighbridge/weighbridge/chaincode/massbalance"
	"github.com/weighbridge/weighbridge/gateway/store"
	"github.com/weighbridge/weighbridge/gateway/submit"
)

// Submitter brings commands to the ledger; see package submit.
type Submitter interface {
	Submit(ctx context.Context, commands []massbalance.Command) ([]submit.Outcome, error)
}

// Options say where the journal is kept. Zero bounds take the default.
type Options struct {
	Store *store.Store
	// Next brings commands to the ledger.
	Next Submitter
	// Carrier names this gateway among those that share the store. It stays the
	// same when the gateway is started again.
	Carrier string
	Log     *slog.Logger
	// Limit is how many commands may be under way: 20,000.
	Limit int
	// Keep is for how long it is remembered what became of a command: 24 h.
	Keep time.Duration
	// Beat is how often a sign of life is given, 2 s; one that gave none for
	// Lease is taken for dead: 15 s.
	Beat, Lease time.Duration
}

func (o Options) withDefaults() Options {
	o.Limit = cmp.Or(o.Limit, 20_000)
	o.Keep = cmp.Or(o.Keep, 24*time.Hour)
	o.Beat = cmp.Or(o.Beat, 2*time.Second)
	o.Lease = cmp.Or(o.Lease, 15*time.Second)
	return o
}

// Journal is open until Close. All methods may be called at the same time.
type Journal struct {
	Options
	life  context.Context
	end   context.CancelFunc
	works sync.WaitGroup

	mu    sync.Mutex
	lanes map[laneID]*lane
	// taken is how many commands are under way.
	taken  int
	serial int64
}

// laneID names what is kept in order.
type laneID struct {
	site   massbalance.SiteID
	caller string
}

// lane is what one caller handed in for one site and is not yet decided. It
// exists while a goroutine works on it.
type lane struct {
	id      laneID
	waiting []*item
}

// item is one command under way.
type item struct {
	batch   string
	place   int
	command massbalance.Command
	// passed counts how often those beside it were decided and it was not.
	passed int
}

// Open brings the store's tables up to date and goes on with what is in them.
func Open(ctx context.Context, options Options) (*Journal, error) {
	j := &Journal{Options: options.withDefaults(), lanes: map[laneID]*lane{}}
	if err := j.Store.Migrate(ctx, "journal", steps...); err != nil {
		return nil, fmt.Errorf("couldn't open the journal: %w", err)
	}
	j.life, j.end = context.WithCancel(context.Background())
	if err := errors.Join(j.beat(ctx), j.resume(ctx)); err != nil {
		return nil, fmt.Errorf("couldn't open the journal: %w", err)
	}
	j.works.Go(j.watch)
	return j, nil
}

// Close stops sending. What is under way stays in the journal.
func (j *Journal) Close() {
	j.mu.Lock()
	j.end()
	j.mu.Unlock()
	j.works.Wait()
}

// Submit passes commands on, and takes them instead where the context says that
// their sender does not wait (submit.Later).
func (j *Journal) Submit(ctx context.Context, commands []massbalance.Command) ([]submit.Outcome, error) {
	batch := submit.BatchOf(ctx)
	if batch == "" {
		return j.Next.Submit(ctx, commands)
	}
	items := make([]*item, len(commands))
	for i, c := range commands {
		sealed, err := submit.Sealed(c)
		if err != nil {
			return nil, fmt.Errorf("couldn't read command %d (%s): %w", i, c.ID, err)
		}
		items[i] = &item{batch: batch, place: i, command: sealed}
	}
	if err := j.take(ctx, submit.CallerOf(ctx), items); err != nil {
		return nil, fmt.Errorf("couldn't take %d commands: %w", len(commands), err)
	}
	outcomes := make([]submit.Outcome, len(commands))
	for i := range outcomes {
		outcomes[i] = submit.Outcome{Stage: submit.Taken}
	}
	return outcomes, nil
}

// take writes commands down and only then lets them go. The lock makes the order
// on disk that in the lanes.
func (j *Journal) take(ctx context.Context, caller string, items []*item) error {
	j.mu.Lock()
	defer j.mu.Unlock()
	switch {
	case j.life.Err() != nil:
		return submit.ErrClosed
	case j.taken+len(items) > j.Limit:
		return &submit.BusyError{Waiting: j.taken, Limit: j.Limit, Again: 2 * time.Second}
	}
	if err := j.write(ctx, caller, items); err != nil {
		return err
	}
	j.carry(caller, items)
	return nil
}

// carry puts commands into their lanes; the lock is held.
func (j *Journal) carry(caller string, items []*item) {
	j.taken += len(items)
	for _, it := range items {
		id := laneID{massbalance.SiteOf(it.command.Body), caller}
		l, working := j.lanes[id]
		if !working {
			l = &lane{id: id}
			j.lanes[id] = l
			j.works.Go(func() { j.work(l) })
		}
		l.waiting = append(l.waiting, it)
	}
}

// watch gives signs of life, carries on what dead gateways took, and forgets.
func (j *Journal) watch() {
	ticker := time.NewTicker(j.Beat)
	defer ticker.Stop()
	for {
		select {
		case <-ticker.C:
		case <-j.life.Done():
			return
		}
		if err := errors.Join(j.beat(j.life), j.takeOver(j.life), j.forget(j.life)); err != nil && j.life.Err() == nil {
			j.Log.Warn("couldn't look after the journal", "error", err)
		}
	}
}
