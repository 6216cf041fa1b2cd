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

// chain keeps the blocks of the channel for the recount, and what they weigh.
type chain struct {
	mu      sync.Mutex
	blocks  []block.Block
	arrived chan struct{} // closed and made anew by each block
	failed  error
}

func newChain() *chain { return &chain{arrived: make(chan struct{})} }

// follow takes blocks from block 0 on until ctx ends.
func (c *chain) follow(ctx context.Context, client *submit.Client) {
	err := block.NewFollower(client.Network()).Follow(ctx, block.Checkpoint{}, func(b block.Block) error {
		c.mu.Lock()
		defer c.mu.Unlock()
		c.blocks = append(c.blocks, b)
		close(c.arrived)
		c.arrived = make(chan struct{})
		return nil
	})
	c.mu.Lock()
	defer c.mu.Unlock()
	c.failed = err
	close(c.arrived)
}

// await waits until a block is there.
func (c *chain) await(ctx context.Context, number uint64) error {
	for {
		c.mu.Lock()
		height, arrived, failed := uint64(len(c.blocks)), c.arrived, c.failed
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

// weight is what the valid transactions of a chaincode amount to.
type weight struct{ transactions, bytes, state int }

// height is how many blocks there are.
func (c *chain) height() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return len(c.blocks)
}

// weigh adds up what there is of a chaincode from a block on.
func (c *chain) weigh(from int, chaincode string) (w weight) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, b := range c.blocks[from:] {
		for _, tx := range b.Transactions {
			if tx.Chaincode != chaincode {
				continue
			}
			w.bytes += tx.Size
			if !tx.Valid() {
				continue
			}
			w.transactions++
			for _, write := range tx.Writes {
				w.state += len(write.Key) + len(write.Value)
			}
		}
	}
	return w
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
