package bench

import (
	"context"
	"fmt"
	"sync"

	"github.com/weighbridge/weighbridge/chaincode/massbalance"
	"github.com/weighbridge/weighbridge/gateway/block"
	"github.com/weighbridge/weighbridge/gateway/replay"
	"github.com/weighbridge/weighbridge/gateway/submit"
)

// chain keeps the blocks of the channel for the recount, or counts their lots, and
// what they weigh.
type chain struct {
	mu      sync.Mutex
	blocks  []block.Block
	lots    *lots // instead of blocks, where there will be too many of them
	next    uint64
	weights map[string]weight // by chaincode
	arrived chan struct{}     // closed and made anew by each block
	failed  error
}

func newChain() *chain {
	return &chain{arrived: make(chan struct{}), weights: map[string]weight{}}
}

// follow takes blocks from block 0 on until ctx ends.
func (c *chain) follow(ctx context.Context, client *submit.Client) {
	err := block.NewFollower(client.Network()).Follow(ctx, block.Checkpoint{}, func(b block.Block) error {
		c.mu.Lock()
		defer c.mu.Unlock()
		c.take(b)
		close(c.arrived)
		c.arrived = make(chan struct{})
		return nil
	})
	c.mu.Lock()
	defer c.mu.Unlock()
	c.failed = err
	close(c.arrived)
}

func (c *chain) take(b block.Block) {
	c.next = b.Number + 1
	for _, tx := range b.Transactions {
		c.weights[tx.Chaincode] = c.weights[tx.Chaincode].with(tx)
	}
	if c.lots != nil {
		c.lots.take(b)
		return
	}
	c.blocks = append(c.blocks, b)
}

// await waits until a block is there.
func (c *chain) await(ctx context.Context, number uint64) error {
	for {
		c.mu.Lock()
		height, arrived, failed := c.next, c.arrived, c.failed
		c.mu.Unlock()
		switch {
		case height > number:
			return nil
		case failed != nil:
			return failed
		}
		select {
		case <-arrived:
		case <-ctx.Done():
			return fmt.Errorf("couldn't wait for block %d: %w", number, ctx.Err())
		}
	}
}

// weight is what transactions of a chaincode amount to: bytes of all of them, the rest
// of the valid ones.
type weight struct{ transactions, bytes, state int }

func (w weight) with(tx block.Transaction) weight {
	w.bytes += tx.Size
	if !tx.Valid() {
		return w
	}
	w.transactions++
	for _, write := range tx.Writes {
		w.state += len(write.Key) + len(write.Value)
	}
	return w
}

// height is how many blocks there are.
func (c *chain) height() uint64 {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.next
}

// counted is how many lots there are.
func (c *chain) counted() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return len(c.lots.seen)
}

// weigh is what there is of a chaincode so far.
func (c *chain) weigh(chaincode string) weight {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.weights[chaincode]
}

// recounted is what the check of the ledger found.
type recounted struct {
	commands, findings, differences int
	first                           string
	committed                       map[massbalance.CommandID]bool
}

// recount executes all transactions again and adds all records up.
func (c *chain) recount(chaincode string) (recounted, error) {
	state, engine := massbalance.Memory{}, replay.New(chaincode)
	var entries []massbalance.Entry
	r := recounted{committed: map[massbalance.CommandID]bool{}}
	for _, b := range c.blocks {
		replayed, err := engine.Replay(state, b)
		if err != nil {
			return r, err
		}
		for _, tx := range replayed.Transactions {
			if tx.Finding != nil {
				r.differences++
				r.first = fmt.Sprintf("%s: %s", tx.Finding.Problem, tx.Finding.Key)
			}
			state.Apply(tx.Writes)
			entries = append(entries, tx.Entries...)
		}
	}
	for _, e := range entries {
		r.committed[e.Command.ID] = true
	}
	tally := massbalance.Recount(entries)
	different := tally.CompareState(state)
	r.commands, r.findings, r.differences = tally.Entries, len(tally.Findings), r.differences+len(different)
	for _, problem := range append(tally.Findings, different...) {
		r.first = problem
		break
	}
	return r, nil
}
