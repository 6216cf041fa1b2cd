package block

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/hyperledger/fabric-gateway/pkg/client"
	"github.com/hyperledger/fabric-protos-go-apiv2/common"
)

// The pauses between attempts to reach the peer. Each failure doubles the
// pause; a block that arrives resets it.
const (
	shortestPause = 100 * time.Millisecond
	longestPause  = 5 * time.Second
)

// State is how following a peer stands.
type State struct {
	// Connected is set while the peer delivers: it has sent at least one block
	// on the present stream.
	Connected bool
	// Last is the last block that was handled. It means nothing while Any is not set.
	Last uint64
	Any  bool
	// At is when the last block was handled.
	At time.Time
	// Reason says why the follower is not connected.
	Reason string
}

// Follower reads a peer's blocks, one after the other, across restarts of the peer.
type Follower struct {
	open func(ctx context.Context, from uint64) (<-chan *common.Block, error)
	// check sees each block before it is read, see Check, and ahead those that have to
	// wait; nil sees none.
	check func(raw *common.Block, due uint64) (whole bool, err error)
	ahead func(*common.Block)
	busy  atomic.Bool
	// settle is called when blocks were handled, which unsettled says, and none waits;
	// nil is not.
	settle    func() error
	unsettled bool

	mu    sync.Mutex
	state State
}

// NewFollower follows the network's peer.
func NewFollower(network *client.Network) *Follower {
	return &Follower{open: func(ctx context.Context, from uint64) (<-chan *common.Block, error) {
		return network.BlockEvents(ctx, client.WithStartBlock(from))
	}}
}

// Check has each block checked before it is read and handed over, with the number
// of the block that is due. Only that which was handed over last is not checked
// again when a stream begins with it. The check may put other validity codes into
// the block, and says whether it found the block whole: its data to be those that its
// header names, which then are not hashed again. Its error ends Follow, unless it is a Distrusted one: then the block is
// asked for again after a pause. It is set before Follow.
func (f *Follower) Check(check func(raw *common.Block, due uint64) (whole bool, err error)) {
	f.check = check
}

// Ahead has blocks looked at while those before them are being handled, several at
// once and in no order, so that the check can be prepared. It must not change
// them. It is set before Follow.
func (f *Follower) Ahead(look func(*common.Block)) { f.ahead = look }

// Settle has settle called each time that blocks were handled and no other waits to
// be, or the stream has ended: whoever handles them may bring several to the disk at
// once. Its error ends Follow. It is set before Follow.
func (f *Follower) Settle(settle func() error) { f.settle = settle }

// Distrusted makes an error of a check one that asking the peer again may mend.
func Distrusted(err error) error { return &lostError{err: err, distrusted: true} }

// State tells how following stands; it may be asked at any time.
func (f *Follower) State() State {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.state
}

// Checkpoint is how far a chain was followed.
type Checkpoint struct {
	// Next is the number of the first block not yet handled.
	Next uint64
	// Head is the hash of the block before it; zero if there is none or it was
	// not kept. Where it is known, another chain is not mistaken for this one.
	Head [32]byte
}

// Follow hands every block from the checkpoint on to handle, one after the
// other. When the stream ends, because the peer restarts for example, it
// connects again and goes on with the first block not yet handled. It returns
// when ctx ends or handle fails, or when the peer delivers blocks that cannot
// be read or do not follow one another, which waiting would not mend.
func (f *Follower) Follow(ctx context.Context, from Checkpoint, handle func(Block) error) error {
	c := &cursor{next: from.Next, check: f.check, handle: handle, head: from.Head, known: from.Head != [32]byte{}}
	pause := shortestPause
	for {
		progressed, err := f.stream(ctx, c)
		if ctx.Err() != nil {
			f.disconnected("stopped")
			return ctx.Err()
		}
		var lost *lostError
		if !errors.As(err, &lost) {
			f.disconnected(err.Error())
			return err
		}
		f.disconnected(lost.Error())
		switch {
		case lost.distrusted:
			pause = longestPause
		case progressed:
			pause = shortestPause
		}
		if err := sleep(ctx, pause); err != nil {
			return err
		}
		pause = min(2*pause, longestPause)
	}
}

// lostError says that the peer could not be reached or ended the stream; it
// will be tried again.
type lostError struct {
	err error
	// distrusted says that it answered, and its answer was not believed.
	distrusted bool
}

func (e *lostError) Error() string { return e.err.Error() }

// ErrOtherChain says that the peer's chain is not the one that was followed.
var ErrOtherChain = errors.New("it is another chain")

var errStreamEnded = errors.New("the peer ended the stream of blocks")

// cursor is what has been handled so far.
type cursor struct {
	next   uint64
	check  func(raw *common.Block, due uint64) (whole bool, err error)
	handle func(Block) error
	// head is the hash of block next−1, known once that block was seen.
	head  [32]byte
	known bool
}

// stream reads one stream of blocks until it ends. It asks for the block before
// the first unhandled one, too: there always is that block, so a silent stream
// is a broken one, and its hash shows whether the peer still has the chain that
// was followed so far.
func (f *Follower) stream(ctx context.Context, c *cursor) (progressed bool, err error) {
	ctx, cancel := context.WithCancel(ctx)
	blocks, err := f.open(ctx, max(c.next, 1)-1)
	if err != nil {
		cancel()
		return false, &lostError{err: fmt.Errorf("couldn't open a stream of blocks: %w", err)}
	}
	defer cancel()
	waiting := f.readAhead(ctx, blocks)
	for {
		next, ok, err := f.await(waiting)
		if err != nil {
			return progressed, err
		}
		if !ok {
			return progressed, &lostError{err: errStreamEnded}
		}
		f.busy.Store(true)
		<-next.ready
		handled, err := c.take(next.raw)
		f.busy.Store(false)
		if err != nil {
			return progressed, cmp.Or(f.settled(), err)
		}
		progressed, f.unsettled = true, f.unsettled || handled
		f.received(c.next, handled)
	}
}

// await gives the next block, and has settled what was handled if none waits.
func (f *Follower) await(waiting <-chan waitingBlock) (next waitingBlock, ok bool, err error) {
	select {
	case next, ok = <-waiting:
		if ok {
			return next, true, nil
		}
	default:
	}
	if err := f.settled(); err != nil {
		return next, false, err
	}
	next, ok = <-waiting
	return next, ok, nil
}

func (f *Follower) settled() error {
	if f.settle == nil || !f.unsettled {
		return nil
	}
	f.unsettled = false
	f.busy.Store(true)
	defer f.busy.Store(false)
	if err := f.settle(); err != nil {
		return fmt.Errorf("couldn't settle the blocks that were handled: %w", err)
	}
	return nil
}

// take checks that a block continues the chain and hands it on if it is new. What
// is wrong with it is for the check to say, if there is one.
func (c *cursor) take(raw *common.Block) (handled bool, err error) {
	header, err := parseHeader(raw.GetHeader())
	again := err == nil && header.Number+1 == c.next && (!c.known || header.Hash == c.head)
	read := Parse
	if c.check != nil && !again {
		whole, err := c.check(raw, c.next)
		if err != nil {
			return false, err
		}
		if whole {
			read = ParseChecked
		}
	}
	if err != nil {
		return false, err
	}
	switch {
	case again:
		c.head, c.known = header.Hash, true
		return false, nil
	case header.Number+1 == c.next:
		return false, fmt.Errorf("couldn't follow the chain: %w: block %d is not the one that was handled before", ErrOtherChain, header.Number)
	case header.Number != c.next:
		return false, fmt.Errorf("couldn't follow the chain: block %d was delivered where %d was due", header.Number, c.next)
	case c.known && header.Previous != c.head:
		return false, fmt.Errorf("couldn't follow the chain: block %d does not continue block %d", header.Number, c.next-1)
	}
	b, err := read(raw)
	if err != nil {
		return false, err
	}
	if err := c.handle(b); err != nil {
		return false, fmt.Errorf("couldn't handle block %d: %w", b.Number, err)
	}
	c.next, c.head, c.known = b.Number+1, b.Hash, true
	return true, nil
}

func (f *Follower) received(next uint64, handled bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.state.Connected, f.state.Reason = true, ""
	if handled {
		f.state.Last, f.state.Any, f.state.At = next-1, true, time.Now()
	}
}

func (f *Follower) disconnected(reason string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.state.Connected, f.state.Reason = false, reason
}

// sleep waits for the pause or the end of ctx.
func sleep(ctx context.Context, pause time.Duration) error {
	timer := time.NewTimer(pause)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
