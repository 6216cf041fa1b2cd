package submit

import (
	"sync"
	"time"
)

// How long transactions take, against how long they take when little goes on,
// tells how busy the machines behind them are.
const (
	// calm is up to where they don't get in each other's way, strained from where on a
	// second one beside the first only makes both slower.
	calm     = 1.5
	strained = 2.5
	// fewer and more are by what part of what is possible a transaction changes how many
	// there may be: down at once and up by and by, since what is calm with fewer need not be with more.
	fewer = 0.25
	more  = 0.02
	// accustomed is how many transactions it takes to know.
	accustomed = 8
	// quiet is the most that a transaction is believed to take when little goes on, until it
	// shows otherwise: whoever starts in the midst of a flood has seen nothing else.
	quiet = 250 * time.Millisecond
	// forgotten is how long it takes to take for little what goes on all the time:
	// a channel's blocks may have been made slower for good.
	forgotten = time.Hour
)

// load judges from the time that transactions take how many may be under way
// together. Where fewer are, each is fuller, and one costs far more than a command in it.
type load struct {
	mu sync.Mutex
	// recent is the mean of the last few, shortest the smallest mean there was, or quiet.
	recent, shortest time.Duration
	count            int
	last             time.Time
	// held is what part of what is possible is not allowed.
	held float64
}

// saw takes note of a transaction that was committed, and how long it took from its
// last proposal on.
func (l *load) saw(took time.Duration) {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := time.Now()
	if l.count++; l.count == 1 {
		l.recent, l.last = took, now
		return
	}
	l.recent += (took - l.recent) / accustomed
	switch {
	case l.count < accustomed:
	case l.count == accustomed:
		l.shortest = min(l.recent, quiet)
	case l.recent < l.shortest:
		l.shortest = l.recent
	default:
		l.shortest += time.Duration(float64(l.recent-l.shortest) * min(now.Sub(l.last).Seconds()/forgotten.Seconds(), 1))
	}
	l.last = now
	switch strain := float64(l.recent) / float64(max(l.shortest, 1)); {
	case l.count < accustomed:
	case strain >= strained:
		l.held = min(1, l.held+fewer)
	case strain <= calm:
		l.held = max(0, l.held-more)
	}
}

// allows is how many transactions may be under way, of at most so many.
func (l *load) allows(most int) int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return most - int(l.held*float64(most-1)+0.5)
}

// usual is how long a transaction takes now; 0 where that is not known.
func (l *load) usual() time.Duration {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.count < accustomed {
		return 0
	}
	return l.recent
}
