package submit

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/weighbridge/weighbridge/chaincode/massbalance"
	"github.com/weighbridge/weighbridge/chaincode/wire"
)

// What Submit says if it takes none of a call's commands.
var (
	// ErrBusy means that too many commands wait already.
	ErrBusy = errors.New("too many commands are waiting")
	// ErrClosed means that the client is shutting down.
	ErrClosed = errors.New("the client is closed")
)

// queue keeps what waits, in a lane per site.
type queue struct {
	limits  Limits
	metrics *metrics
	// send takes commands to their end as one transaction.
	send func(context.Context, []massbalance.Command) []Outcome

	// slots bounds how many lanes send at a time.
	slots chan struct{}
	// open ends when the queue is closed, life when its transactions are cut short.
	open, life   context.Context
	close, abort context.CancelFunc
	lanes        sync.WaitGroup

	mu      sync.Mutex
	sites   map[massbalance.SiteID]*lane
	waiting int
	closed  bool
}

// lane is what waits for one site. It exists while a goroutine works on it.
type lane struct{ waiting []*pending }

// pending is one command of one call.
type pending struct {
	command massbalance.Command
	site    massbalance.SiteID
	size    int
	since   time.Time
	// outcome gets exactly one value, unless the command is withdrawn.
	outcome chan Outcome
}

func newQueue(limits Limits, m *metrics, send func(context.Context, []massbalance.Command) []Outcome) *queue {
	q := &queue{
		limits: limits, metrics: m, send: send,
		slots: make(chan struct{}, limits.Parallel), sites: map[massbalance.SiteID]*lane{},
	}
	q.life, q.abort = context.WithCancel(context.Background())
	q.open, q.close = context.WithCancel(q.life)
	return q
}

// submit is Client.Submit.
func (q *queue) submit(ctx context.Context, commands []massbalance.Command) ([]Outcome, error) {
	calls := make([]*pending, len(commands))
	for i, command := range commands {
		p, err := newPending(command)
		if err != nil {
			return nil, fmt.Errorf("couldn't read command %d (%s): %w", i, command.ID, err)
		}
		calls[i] = p
	}
	if err := q.enqueue(calls); err != nil {
		return nil, fmt.Errorf("couldn't enqueue %d commands: %w", len(calls), err)
	}
	outcomes := make([]Outcome, len(calls))
	for i, p := range calls {
		select {
		case outcomes[i] = <-p.outcome:
		case <-ctx.Done():
			outcomes[i] = q.giveUp(p, ctx.Err())
		}
	}
	return outcomes, nil
}

// newPending seals the command and makes sure that its bytes can be read again:
// one that cannot would have the whole batch refused by the chaincode.
func newPending(command massbalance.Command) (*pending, error) {
	encoded, err := wire.Format(command)
	if err != nil {
		return nil, err
	}
	sealed, err := wire.Parse[massbalance.Command](encoded)
	if err != nil {
		return nil, err
	}
	return &pending{
		command: sealed, site: massbalance.SiteOf(sealed.Body), size: len(encoded) + 1,
		since: time.Now(), outcome: make(chan Outcome, 1),
	}, nil
}

// enqueue takes all commands or none, and wakes the lanes that were empty.
func (q *queue) enqueue(calls []*pending) error {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.closed {
		return ErrClosed
	}
	if q.waiting+len(calls) > q.limits.Waiting {
		return fmt.Errorf("%w: %d, of at most %d", ErrBusy, q.waiting, q.limits.Waiting)
	}
	q.count(len(calls))
	for _, p := range calls {
		l, ok := q.sites[p.site]
		if !ok {
			l = new(lane)
			q.sites[p.site] = l
			q.lanes.Add(1)
			go q.work(p.site, l)
		}
		l.waiting = append(l.waiting, p)
	}
	return nil
}

// count keeps the number of waiting commands; the lock is held.
func (q *queue) count(change int) {
	q.waiting += change
	q.metrics.waiting.Set(float64(q.waiting))
}

// work sends what waits in a lane, one batch after the other, until it is empty.
// What goes into a batch is decided last of all, when there is a slot for it.
func (q *queue) work(site massbalance.SiteID, l *lane) {
	defer q.lanes.Done()
	for {
		select {
		case q.slots <- struct{}{}:
		case <-q.open.Done():
		}
		if q.open.Err() != nil {
			q.refuse(l)
			return
		}
		if batch := q.take(site, l); batch.commands != nil {
			batch.resolve(q.send(q.life, batch.commands), q.metrics)
		}
		<-q.slots
		if q.finished(site, l) {
			return
		}
	}
}

// finished removes the lane if nothing waits in it any more.
func (q *queue) finished(site massbalance.SiteID, l *lane) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	if len(l.waiting) > 0 {
		return false
	}
	delete(q.sites, site)
	return true
}

// batch is what goes into one transaction.
type batch struct {
	commands []massbalance.Command
	// callers has for each command those that wait for it. A command that waits
	// twice with the same content goes into the transaction once.
	callers [][]*pending
}

// take removes the next batch from the front of a lane.
func (q *queue) take(site massbalance.SiteID, l *lane) batch {
	q.mu.Lock()
	defer q.mu.Unlock()
	type content struct {
		id     massbalance.CommandID
		digest massbalance.Digest
	}
	var b batch
	places, size, n := map[content]int{}, 2, 0
	for ; n < len(l.waiting); n++ {
		p := l.waiting[n]
		if place, twice := places[content{p.command.ID, p.command.Content}]; twice {
			b.callers[place] = append(b.callers[place], p)
			continue
		}
		if n > 0 && (len(b.commands) == q.limits.Commands || size+p.size > q.limits.Bytes) {
			break
		}
		places[content{p.command.ID, p.command.Content}] = len(b.commands)
		b.commands, b.callers = append(b.commands, p.command), append(b.callers, []*pending{p})
		size += p.size
	}
	l.waiting = slices.Clone(l.waiting[n:])
	q.count(-n)
	return b
}

// resolve tells every caller. Whoever came second with the same command is told
// that it was a repetition.
func (b batch) resolve(outcomes []Outcome, m *metrics) {
	for i, callers := range b.callers {
		for n, p := range callers {
			o := outcomes[i]
			if n > 0 && o.Stage == Valid {
				o.Result.Repeated = true
			}
			m.observe(o, p.since)
			p.outcome <- o
		}
	}
}

// giveUp ends a caller's waiting. A command that still waits in its lane is
// withdrawn; one under way goes on without its caller.
func (q *queue) giveUp(p *pending, cause error) Outcome {
	q.mu.Lock()
	defer q.mu.Unlock()
	if l, ok := q.sites[p.site]; ok {
		if at := slices.Index(l.waiting, p); at >= 0 {
			l.waiting = slices.Delete(l.waiting, at, at+1)
			q.count(-1)
			o := Outcome{Stage: NotSubmitted, Detail: "withdrawn before it was sent: " + cause.Error()}
			q.metrics.observe(o, p.since)
			return o
		}
	}
	select {
	case o := <-p.outcome:
		return o
	default:
		return Outcome{Stage: Unknown, Detail: "the transaction was under way when the wait for it ended: " + cause.Error()}
	}
}

// refuse ends all that waits in a lane when the queue is closed.
func (q *queue) refuse(l *lane) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.count(-len(l.waiting))
	for _, p := range l.waiting {
		o := Outcome{Stage: NotSubmitted, Detail: "withdrawn before it was sent: " + ErrClosed.Error()}
		q.metrics.observe(o, p.since)
		p.outcome <- o
	}
	l.waiting = nil
}

// shut withdraws what waits and lets what is under way come to its end; if ctx
// ends first, that is cut short.
func (q *queue) shut(ctx context.Context) error {
	q.mu.Lock()
	q.closed = true
	q.mu.Unlock()
	q.close()
	defer q.abort()
	ended := make(chan struct{})
	go func() {
		q.lanes.Wait()
		close(ended)
	}()
	select {
	case <-ended:
		return nil
	case <-ctx.Done():
		q.abort()
		<-ended
		return fmt.Errorf("couldn't wait for the transactions under way: %w", ctx.Err())
	}
}
