package access

import (
	"sync"
	"time"

	"golang.org/x/time/rate"
)

// Rate is how often somebody may call: so many times a second for long, and so
// many at once.
type Rate struct {
	PerSecond int
	Burst     int
}

// The rates where nothing else was chosen. A page takes some five requests, a
// program sends up to 500 commands with one.
var (
	KnownRate   = Rate{PerSecond: 200, Burst: 600}
	NobodysRate = Rate{PerSecond: 30, Burst: 150}
)

// callersKept bounds how many callers are remembered.
const callersKept = 10_000

// Limiter counts calls by caller: somebody known by who they are, others by
// their address.
type Limiter struct {
	mu             sync.Mutex
	known, unknown Rate
	callers        map[string]*rate.Limiter
}

// NewLimiter makes a limiter for known callers and for others.
func NewLimiter(known, unknown Rate) *Limiter {
	return &Limiter{known: known, unknown: unknown, callers: map[string]*rate.Limiter{}}
}

// Wait is how long a caller must wait before a call; 0 lets it pass.
func (l *Limiter) Wait(a Actor) time.Duration {
	key, limit := "address "+a.Address, l.unknown
	switch {
	case a.Token != "":
		key, limit = "token "+a.Token, l.known
	case a.Name != "":
		key, limit = "user "+a.Name, l.known
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	limiter, ok := l.callers[key]
	if !ok {
		if len(l.callers) >= callersKept {
			clear(l.callers) // everybody begins anew, which is worth less than the memory
		}
		limiter = rate.NewLimiter(rate.Limit(limit.PerSecond), limit.Burst)
		l.callers[key] = limiter
	}
	if limiter.Allow() {
		return 0
	}
	return time.Second / time.Duration(max(1, limit.PerSecond))
}
