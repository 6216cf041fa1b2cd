package main

import (
	"log/slog"
	"time"

	"github.com/weighbridge/weighbridge/gateway/api"
)

const (
	// reportEvery is how often reading the chain says how far it is.
	reportEvery = 5 * time.Second
	// worthSaying is how many blocks behind is no more than everyday business.
	worthSaying = 20
)

// progress is how reading the chain goes, from where it began.
type progress struct {
	from, next uint64
	began      time.Time
	reported   time.Time
}

// start begins to count at a block.
func (g *progress) start(next uint64, now time.Time) {
	*g = progress{from: next, next: next, began: now, reported: now}
}

// step counts a block that was folded, and says so from time to time while many are left.
func (g *progress) step(next, chain uint64, now time.Time, log *slog.Logger) {
	g.next = next
	r := g.rebuild(chain)
	if r == nil || now.Sub(g.reported) < reportEvery {
		return
	}
	g.reported = now
	log.Info("reading the chain", "blocks", next, "of", chain, "perSecond", r.PerSecond, "secondsLeft", r.SecondsLeft)
}

// rebuild tells how long it will take, nil where there is little left.
func (g *progress) rebuild(chain uint64) *api.Rebuild {
	if chain < g.next+worthSaying {
		return nil
	}
	r := &api.Rebuild{Blocks: g.next, Chain: chain}
	if took := time.Since(g.began).Seconds(); took > 0 && g.next > g.from {
		r.PerSecond = int(float64(g.next-g.from) / took)
	}
	if r.PerSecond > 0 {
		r.SecondsLeft = int(chain-g.next) / r.PerSecond //nolint:gosec // fewer than there are blocks
	}
	return r
}
