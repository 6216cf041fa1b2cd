package submit

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/weighbridge/weighbridge/chaincode/massbalance"
)

// What Submit says if it takes none of a call's commands.
var (
	// ErrBusy means that too many commands wait already; the error is a *BusyError.
	ErrBusy = errors.New("too many commands are waiting")
	// ErrClosed means that the client is shutting down.
	ErrClosed = errors.New("the client is closed")
)

// BusyError is ErrBusy with its figures.
type BusyError struct {
	// Waiting of at most Limit commands wait, of this caller or of all.
	Waiting, Limit int
	// Again is when about as many have gone as wait now.
	Again time.Duration
}

func (e *BusyError) Error() string {
	return fmt.Sprintf("%s: %d, of at most %d", ErrBusy, e.Waiting, e.Limit)
}

// Is makes it an ErrBusy.
func (e *BusyError) Is(target error) bool { return target == ErrBusy }

// stuckAfter is how many times as long as usual a transaction may take before others
// don't wait for it any more.
const stuckAfter = 3

// queue keeps what waits, in a lane per site, and starts transactions. A
// transaction takes what waits in one lane, or, where more lanes wait than may
// have a transaction of their own, in several.
type queue struct {
	limits  Limits
	metrics *metrics
	// organisation is the one whose commands these are.
	organisation massbalance.OrganisationID
	// load says how many transactions the machines bear.
	load *load
	// form says whether the ledger has pages to hold.
	form *form
	// send takes commands to their end as one transaction.
	send func(context.Context, []massbalance.Command) []Outcome

	// life ends when transactions are cut short.
	life         context.Context
	abort        context.CancelFunc
	transactions sync.WaitGroup

	mu    sync.Mutex
	lanes map[massbalance.SiteID]*lane
	// ready are the lanes whose turn it is, the first first.
	ready []*lane
	// barred are those that had their turn and can send nothing until pages are free.
	barred []*lane
	pages  pages
	// running are the transactions under way and those whose place rests.
	running int
	// slow are those of them that take so much longer than others that nobody waits for them.
	slow    int
	rests   []*rest
	waiting int
	// held is how much waits by caller, serial counts arrivals.
	held   map[string]int
	serial uint64
	// pace is how many commands one transaction ends per second, of late.
	pace   float64
	closed bool
}

func newQueue(organisation massbalance.OrganisationID, limits Limits, m *metrics, r *runner) *queue {
	q := &queue{
		organisation: organisation, limits: limits, metrics: m, load: r.load, form: r.form, send: r.run,
		lanes: map[massbalance.SiteID]*lane{}, pages: pages{}, held: map[string]int{},
	}
	q.life, q.abort = context.WithCancel(context.Background())
	return q
}

// submit is Client.Submit.
func (q *queue) submit(ctx context.Context, commands []massbalance.Command) ([]Outcome, error) {
	calls := make([]*pending, len(commands))
	for i, command := range commands {
		p, err := newPending(command, q.organisation, CallerOf(ctx))
		if err != nil {
			return nil, fmt.Errorf("couldn't read command %d (%s): %w", i, command.ID, err)
		}
		if q.form.plain() {
			p.pages = nil
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

// enqueue takes all commands or none.
func (q *queue) enqueue(calls []*pending) error {
	q.mu.Lock()
	defer q.mu.Unlock()
	if len(calls) == 0 {
		return nil
	}
	if q.closed {
		return ErrClosed
	}
	if err := q.room(calls[0].caller, len(calls)); err != nil {
		return err
	}
	for _, p := range calls {
		q.serial++
		p.serial = q.serial
		q.count(p.caller, 1)
		l, ok := q.lanes[p.site]
		if !ok {
			l = &lane{site: p.site}
			q.lanes[p.site] = l
		}
		next := l.add(p)
		switch {
		case l.state == idle, l.state == resting && l.waiting >= l.last:
			q.wake(l)
		case l.state == barred && next && q.pages.free(p, nil):
			q.unbar()
		}
	}
	q.start()
	return nil
}

// room reports whether n more commands of a caller may wait. One caller never
// takes all of it.
func (q *queue) room(caller string, n int) error {
	again := time.Second
	if q.pace > 0 {
		again += time.Duration(float64(q.waiting) / q.pace * float64(time.Second))
	}
	switch again = min(again, longestAgain); {
	case q.waiting+n > q.limits.Waiting:
		return &BusyError{q.waiting, q.limits.Waiting, again}
	case q.held[caller]+n > q.limits.PerCaller:
		return &BusyError{q.held[caller], q.limits.PerCaller, again}
	}
	return nil
}

// count keeps the number of waiting commands; the lock is held.
func (q *queue) count(caller string, change int) {
	q.waiting += change
	if q.held[caller] += change; q.held[caller] == 0 {
		delete(q.held, caller)
	}
	q.metrics.waiting.Set(float64(q.waiting))
}

// wake gives a lane its turn; the lock is held.
func (q *queue) wake(l *lane) {
	l.state = ready
	q.ready = append(q.ready, l)
}

// start begins as many transactions as may be under way; the lock is held. What
// goes into one is decided only now.
func (q *queue) start() {
	for len(q.rests) > 0 && q.rests[0].commands <= q.inTurn() {
		q.rests, q.running = q.rests[1:], q.running-1
	}
	for !q.closed && len(q.ready) > 0 {
		free := q.free()
		if free <= 0 {
			return
		}
		b := q.take(free)
		if len(b.lanes) == 0 {
			return // all wait for pages, until a transaction ends
		}
		q.running++
		q.transactions.Go(func() { q.run(b) })
	}
}

// free is how many transactions may begin. Where the machines are busy one is to
// end first, and what waits meanwhile goes together; unless that one is stuck, or
// enough waits for a whole transaction anyway.
func (q *queue) free() int {
	most := q.limits.Parallel - q.running
	free := min(q.load.allows(q.limits.Parallel)-q.running+q.slow, most)
	if free <= 0 && most > 0 && q.inTurn() >= q.limits.Commands {
		return 1
	}
	return free
}

// take makes a batch of the lanes whose turn it is, so many that all of them get
// into the transactions that may still begin, and of those that need its pages. Lanes
// that can send nothing for want of pages lose their turn until they can.
func (q *queue) take(free int) *batch {
	share := (len(q.ready) + free - 1) / free
	b := newBatch(q.limits)
	var later []*lane
	full := false
	for _, l := range q.ready {
		if full || !q.joins(l, b, share) {
			later = append(later, l)
			continue
		}
		var picked []*pending
		picked, full = l.pick(b, q.pages)
		for _, p := range picked {
			q.count(p.caller, -1)
		}
		switch {
		case len(picked) > 0:
			l.state, l.last = under, len(picked)
			b.lanes = append(b.lanes, l)
		case full:
			later = append(later, l)
		default:
			l.state = barred
			q.barred = append(q.barred, l)
		}
	}
	q.ready = later
	return b
}

// joins reports whether a lane goes with a batch that is to have so many. What
// changes the common register goes by itself: it meets what other members change.
func (q *queue) joins(l *lane, b *batch, share int) bool {
	switch {
	case len(b.lanes) == 0:
		return true
	case l.site == "" || b.lanes[0].site == "":
		return false
	}
	return len(b.lanes) < share || l.meets(b, q.pages)
}

// run takes a batch to its end, and gives its lanes their turn again.
func (q *queue) run(b *batch) {
	began := time.Now()
	ended := q.watch(b)
	b.resolve(q.send(q.life, b.commands), q.metrics)
	took := time.Since(began)
	q.mu.Lock()
	defer q.mu.Unlock()
	ended()
	q.release(b)
	if pace := float64(len(b.commands)) / max(took, time.Millisecond).Seconds(); q.pace == 0 {
		q.pace = pace
	} else {
		q.pace += (pace - q.pace) / 8
	}
	q.leave(b, min(took/restPart, longestRest))
	q.start()
}

// watch stops others from waiting for a transaction that takes far longer than
// usual, such as one that is proposed again and again, for its place or for its pages:
// it may be at it for a minute, while whoever needs one of its pages loses an attempt to
// it at worst. Until it is known what is usual, it is waited for. What watch returns
// ends that; the lock is held then.
func (q *queue) watch(b *batch) (ended func()) {
	usual := q.load.usual()
	if usual == 0 {
		return func() {}
	}
	over, slow := false, false
	timer := time.AfterFunc(stuckAfter*usual, func() {
		q.mu.Lock()
		defer q.mu.Unlock()
		if !over {
			slow = true
			q.slow++
			q.release(b)
			q.start()
		}
	})
	return func() {
		timer.Stop()
		over = true
		if slow {
			q.slow--
		}
	}
}

// leave is what becomes of a batch's lanes and its place; the lock is held. Those
// who just got their outcomes are likely to send again at once: where they were
// several and are not back yet, a moment's rest lets the next transaction take
// all of them and not half. A lone caller never waits. The lane rests where there
// was one, and the place where several lanes shared it.
func (q *queue) leave(b *batch, moment time.Duration) {
	if len(b.lanes) > 1 {
		for _, l := range b.lanes {
			q.proceed(l)
		}
		r := &rest{len(b.commands)}
		q.rests = append(q.rests, r)
		time.AfterFunc(moment, func() { q.restedPlace(r) })
		return
	}
	q.running--
	l := b.lanes[0]
	if l.last == 1 || l.waiting >= min(l.last, q.limits.Commands) {
		q.proceed(l)
		return
	}
	l.state = resting
	time.AfterFunc(moment, func() { q.restedLane(l) })
}

// rest is a transaction's place that waits until as much is in turn as it took
// before, or a moment has passed.
type rest struct{ commands int }

// inTurn is how much waits in the lanes that are ready.
func (q *queue) inTurn() (n int) {
	for _, l := range q.ready {
		n += l.waiting
	}
	return n
}

func (q *queue) restedPlace(r *rest) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if at := slices.Index(q.rests, r); at >= 0 {
		q.rests = slices.Delete(q.rests, at, at+1)
		q.running--
		q.start()
	}
}

func (q *queue) restedLane(l *lane) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if l.state == resting {
		q.proceed(l)
		q.start()
	}
}

// proceed gives a lane its turn, or removes it if nothing waits in it.
func (q *queue) proceed(l *lane) {
	l.state = idle
	if l.waiting == 0 {
		delete(q.lanes, l.site)
		return
	}
	q.wake(l)
}

// giveUp ends a caller's waiting. A command that still waits in its lane is
// withdrawn; one under way goes on without its caller.
func (q *queue) giveUp(p *pending, cause error) Outcome {
	q.mu.Lock()
	defer q.mu.Unlock()
	if l, ok := q.lanes[p.site]; ok && l.remove(p) {
		q.count(p.caller, -1)
		q.withdrawn(p, l)
		o := Outcome{Stage: NotSubmitted, Detail: "withdrawn before it was sent: " + cause.Error()}
		q.metrics.observe(o, p.since)
		return o
	}
	select {
	case o := <-p.outcome:
		return o
	default:
		return Outcome{Stage: Unknown, Detail: "the transaction was under way when the wait for it ended: " + cause.Error()}
	}
}

// withdrawn lets those go who waited behind a command that doesn't wait any more, and
// removes its lane if that was in turn for nothing else; the lock is held.
func (q *queue) withdrawn(p *pending, l *lane) {
	if l.waiting == 0 && (l.state == ready || l.state == barred) {
		same := func(other *lane) bool { return other == l }
		q.ready, q.barred = slices.DeleteFunc(q.ready, same), slices.DeleteFunc(q.barred, same)
		q.proceed(l)
	}
	q.pages.leave(p)
	q.unbar()
	q.start()
}

// refuse ends all that waits when the queue is closed; the lock is held.
func (q *queue) refuse() {
	for _, l := range q.lanes {
		for _, p := range l.clear() {
			q.count(p.caller, -1)
			q.pages.leave(p)
			o := Outcome{Stage: NotSubmitted, Detail: "withdrawn before it was sent: " + ErrClosed.Error()}
			q.metrics.observe(o, p.since)
			p.outcome <- o
		}
	}
}

// shut withdraws what waits and lets what is under way come to its end; if ctx
// ends first, that is cut short.
func (q *queue) shut(ctx context.Context) error {
	q.mu.Lock()
	q.closed = true
	q.refuse()
	q.mu.Unlock()
	defer q.abort()
	ended := make(chan struct{})
	go func() {
		q.transactions.Wait()
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
