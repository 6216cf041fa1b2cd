package main

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"syscall"
	"time"

	"github.com/hyperledger/fabric-gateway/pkg/client"
	"google.golang.org/protobuf/encoding/protowire"

	"github.com/weighbridge/weighbridge/gateway/api"
)

const (
	// watchEvery is how often each thing that the gateway depends on is looked at,
	// and watchTime how long one look may take.
	watchEvery = 2 * time.Second
	watchTime  = 3 * time.Second
	// lagTime is for how long the read model may be behind before it counts.
	lagTime = time.Second
)

// health is what was last seen of the things that the gateway depends on.
type health struct {
	mu sync.Mutex
	// chain is how many blocks the peer's chain has, 0 while unknown.
	chain uint64
	// peer, own, disk and folding are what is wrong with each, nil for nothing. Until
	// it was looked at, nothing is known to be right.
	peer, own, disk, folding error
	standby, stopping        bool
	progress                 progress
}

var errNotSeen = errors.New("it was not looked at yet")

func (h *health) begin() {
	h.peer, h.own, h.disk = errNotSeen, errNotSeen, errNotSeen
}

// set changes something under the lock.
func (h *health) set(change func()) {
	h.mu.Lock()
	defer h.mu.Unlock()
	change()
}

// saw notes what a look at something found, and logs when that changes: whoever
// asks readyz need not be trusted with an address or a path.
func (p *process) saw(name string, into *error, err error) {
	p.health.mu.Lock()
	before := *into
	*into = err
	p.health.mu.Unlock()
	switch {
	case err != nil && (before == nil || errors.Is(before, errNotSeen)):
		p.log.Warn("something that the gateway depends on fails", "what", name, "error", err)
	case err == nil && before != nil && !errors.Is(before, errNotSeen):
		p.log.Info("something that the gateway depends on works again", "what", name)
	}
}

func (h *health) stop() { h.set(func() { h.stopping = true }) }

// watch looks at everything again and again. Each look has its own pace, so that
// one which hangs does not hide the others.
func (p *process) watch(ctx context.Context) {
	var together sync.WaitGroup
	for _, look := range []func(context.Context){p.lookAtPeer, p.lookAtStore, p.lookAtDisk} {
		together.Go(func() {
			for ctx.Err() == nil {
				look(ctx)
				pause(ctx, watchEvery)
			}
		})
	}
	together.Wait()
}

// pause waits, or ends with ctx.
func pause(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}

// lookAtPeer keeps up with whether the peer answers and how long its chain is. A
// height counts once the read model has it, or did not reach it within lagTime: the
// moment that every new block takes to be replayed is no lag.
func (p *process) lookAtPeer(ctx context.Context) {
	height, err := p.height(ctx)
	if err == nil {
		wait, cancel := context.WithTimeout(ctx, lagTime)
		_ = p.model.Await(wait, height-1) // a lag is what is to be found out
		cancel()
	}
	if err == nil {
		p.health.set(func() { p.health.chain = height })
	}
	p.saw("peer", &p.health.peer, err)
}

// lookAtStore writes to the gateway's own data.
func (p *process) lookAtStore(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, watchTime)
	defer cancel()
	err := p.own.Beat(ctx)
	p.saw("store", &p.health.own, err)
}

func (p *process) lookAtDisk(context.Context) {
	free, err := freeSpace(p.config.Data)
	if least := uint64(max(p.config.LeastFree, 0)); err == nil && free < least { //nolint:gosec // not negative
		err = fmt.Errorf("%d MiB are free below %s, %d MiB are the least", free, p.config.Data, least)
	}
	p.saw("disk", &p.health.disk, err)
}

// freeSpace is what an ordinary user may still write to a directory's file
// system, in MiB.
func freeSpace(dir string) (uint64, error) {
	var s syscall.Statfs_t
	if err := syscall.Statfs(dir, &s); err != nil {
		return 0, fmt.Errorf("couldn't find out how much space is free below %s: %w", dir, err)
	}
	return s.Bavail * uint64(s.Bsize) >> 20, nil //nolint:gosec // a block's size
}

// height asks the peer's system chaincode how many blocks its chain has.
func (p *process) height(ctx context.Context) (uint64, error) {
	ctx, cancel := context.WithTimeout(ctx, watchTime)
	defer cancel()
	info, err := p.client.Network().GetContract("qscc").EvaluateWithContext(ctx, "GetChainInfo", client.WithArguments(p.config.Channel))
	if err != nil {
		return 0, fmt.Errorf("couldn't ask for the chain's height: %w", err)
	}
	return readHeight(info)
}

// readHeight reads the first field of Fabric's BlockchainInfo.
func readHeight(info []byte) (uint64, error) {
	number, kind, n := protowire.ConsumeTag(info)
	if n < 0 || number != 1 || kind != protowire.VarintType {
		return 0, errors.New("couldn't read the chain's height: the peer's answer does not begin with it")
	}
	height, n := protowire.ConsumeVarint(info[n:])
	if n < 0 {
		return 0, fmt.Errorf("couldn't read the chain's height: %w", protowire.ParseError(n))
	}
	if height == 0 {
		return 0, errors.New("couldn't read the chain's height: a chain has a block at least")
	}
	return height, nil
}

// status tells the interface how the gateway stands to what it depends on.
func (p *process) status() api.Status {
	following, distrusted := p.follower.State(), p.distrusted()
	h := &p.health
	h.mu.Lock()
	defer h.mu.Unlock()
	// Nobody listens to the peer while another gateway does, while there is nowhere to
	// write to, or in the pause after an answer that was not believed.
	connected := h.peer == nil && (h.standby || h.folding != nil || distrusted != nil || following.Connected)
	s := api.Status{Connected: connected, Chain: h.chain, Standby: h.standby, Rebuild: h.progress.rebuild(h.chain)}
	peer := h.peer
	if peer == nil && !s.Connected {
		peer = errors.New(following.Reason)
	}
	if peer != nil {
		s.Reason = peer.Error()
	}
	s.Checks = []api.Check{
		check("peer", peer, "it does not answer"), check("database", h.folding, "the read model can't be written"),
		check("chain", distrusted, "the peer gives a block that is not to be believed"),
		check("store", h.own, "the gateway's own data can't be written"), check("disk", h.disk, "too little space is free"),
	}
	if h.stopping {
		s.Checks = append(s.Checks, api.Check{Name: "running", Detail: "the gateway is stopping"})
	}
	return s
}

func check(name string, err error, detail string) api.Check {
	switch {
	case errors.Is(err, errNotSeen):
		return api.Check{Name: name, Detail: err.Error()}
	case err != nil:
		return api.Check{Name: name, Detail: detail + "; the log says why"}
	}
	return api.Check{Name: name, OK: true}
}

// problem says in words why the reads may not be those of the ledger now, or "".
func (p *process) problem() string {
	status, blocks := p.status(), p.model.Next()
	switch {
	case p.distrusted() != nil:
		return "The organisation's peer gives a block that is not to be believed; nothing behind it is read. The findings of the audit say why."
	case !status.Connected:
		return "The organisation's peer does not answer. What you see may be out of date."
	case !status.CaughtUp(blocks):
		return fmt.Sprintf("This gateway is still reading the chain: %d of %d blocks.", blocks, status.Chain)
	}
	return ""
}
