package block

import (
	"context"
	"runtime"

	"github.com/hyperledger/fabric-protos-go-apiv2/common"
)

// waiting is how many blocks may have been read from the peer and not handled.
const waiting = 16

// waitingBlock is a block on its way; ready is closed once it was looked at.
type waitingBlock struct {
	raw   *common.Block
	ready chan struct{}
}

// atOnce is ready already.
var atOnce = func() chan struct{} { c := make(chan struct{}); close(c); return c }()

// readAhead reads a stream, and has those blocks looked at that come while others
// are being handled: when the follower catches up. A lone block goes straight on.
// The stream is read to its end even after ctx has ended, because its sender
// blocks until its last block is taken.
func (f *Follower) readAhead(ctx context.Context, blocks <-chan *common.Block) <-chan waitingBlock {
	out, looking := make(chan waitingBlock, waiting), make(chan struct{}, runtime.GOMAXPROCS(0))
	go func() {
		defer close(out)
		for raw := range blocks {
			next := waitingBlock{raw, atOnce}
			if f.ahead != nil && (f.busy.Load() || len(out) > 0) {
				next.ready = make(chan struct{})
				go func() {
					defer close(next.ready)
					looking <- struct{}{}
					f.ahead(raw)
					<-looking
				}()
			}
			select {
			case out <- next:
			case <-ctx.Done():
			}
		}
	}()
	return out
}
