package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/weighbridge/weighbridge/gateway/block"
	"github.com/weighbridge/weighbridge/gateway/replay"
	"github.com/weighbridge/weighbridge/gateway/trace"
)

// The pauses after the database failed grow from the first to the last.
const (
	shortestPause = 100 * time.Millisecond
	longestPause  = 5 * time.Second
)

// databaseError says that the chain could be read and the database not be
// written: the server is away, or the disk is full. It is tried again.
type databaseError struct{ err error }

func (e *databaseError) Error() string { return e.err.Error() }
func (e *databaseError) Unwrap() error { return e.err }

// follow replays each block into the read model. It ends with an error only
// where waiting would not help; the gateway then stops, and continues at its
// checkpoint when it is started again.
func (p *process) follow(ctx context.Context) error {
	wait := shortestPause
	for {
		before := p.model.Next()
		err := p.followOnce(ctx)
		if ctx.Err() != nil {
			return nil
		}
		var failed *databaseError
		if !errors.As(err, &failed) {
			return p.cannotFollow(err)
		}
		if p.model.Next() > before {
			wait = shortestPause
		}
		p.log.Warn("couldn't write the read model; trying again", "error", err, "pause", wait)
		p.saw("database", &p.health.folding, err)
		pause(ctx, wait)
		wait = min(2*wait, longestPause)
	}
}

func (p *process) cannotFollow(err error) error {
	if errors.Is(err, block.ErrOtherChain) {
		return fmt.Errorf("the database is of another chain than the peer's; remove it to read this chain anew: %w", err)
	}
	return fmt.Errorf("couldn't follow the chain: %w", err)
}

// followOnce waits until this gateway is the one that writes, and follows until
// something fails.
func (p *process) followOnce(ctx context.Context) error {
	err := p.model.Lead(ctx, func() {
		p.log.Info("another gateway writes to the database; standing by, and reading what it writes")
		p.saw("database", &p.health.folding, nil)
		p.health.set(func() { p.health.standby = true })
	})
	p.health.set(func() { p.health.standby = false; p.health.progress.start(p.model.Next(), time.Now()) })
	if err != nil {
		return &databaseError{err}
	}
	head, err := p.model.Head(ctx)
	if err != nil {
		return &databaseError{err}
	}
	if err := p.model.Probe(ctx); err != nil {
		return &databaseError{err}
	}
	p.saw("database", &p.health.folding, nil)
	p.follower.Settle(func() error {
		if err := p.model.Settle(); err != nil {
			return &databaseError{err}
		}
		return nil
	})
	engine := replay.New(p.config.Chaincode)
	from := p.fromAudit(block.Checkpoint{Next: p.model.Next(), Head: head})
	return p.follower.Follow(ctx, from, func(b block.Block) error {
		if err := p.fold(ctx, engine, b); err != nil {
			return &databaseError{err}
		}
		return nil
	})
}

// fold replays one block. The rules never fail over one; what fails is reading
// and writing the state. While blocks wait, several are settled at once.
func (p *process) fold(ctx context.Context, engine *replay.Engine, b block.Block) (err error) {
	if b.Number < p.model.Next() {
		return nil // the audit alone had to see it
	}
	ids := make([]string, len(b.Transactions))
	for i, t := range b.Transactions {
		ids[i] = t.ID
	}
	ctx, span := trace.Replay(ctx, b.Number, ids)
	began := time.Now()
	defer func() {
		trace.End(span, err)
		p.replayed.Observe(time.Since(began).Seconds())
	}()
	replayed, err := engine.Replay(p.model, b)
	if err != nil {
		return err
	}
	for _, t := range replayed.Transactions {
		if f := t.Finding; f != nil {
			p.log.Error("the chain differs from what the rules give", "block", f.Block, "transaction", f.Transaction,
				"problem", f.Problem, "key", f.Key, "expected", f.Expected, "found", f.Found)
		}
	}
	replayed.Findings = p.foundByAudit(b.Number)
	if err := p.model.Fold(ctx, replayed); err != nil {
		return err
	}
	p.saw("database", &p.health.folding, nil)
	p.health.set(func() {
		p.health.progress.step(b.Number+1, p.health.chain, time.Now(), p.log)
	})
	return nil
}
