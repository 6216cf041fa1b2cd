package block

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/hyperledger/fabric-protos-go-apiv2/common"
	"github.com/stretchr/testify/require"
)

// node is a peer that delivers a chain and can be stopped and started.
type node struct {
	blocks []*common.Block

	mu     sync.Mutex
	up     bool
	opened []uint64
	// after cuts a stream when it has delivered so many blocks; 0 is never.
	after int
}

func (n *node) open(ctx context.Context, from uint64) (<-chan *common.Block, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.opened = append(n.opened, from)
	if !n.up {
		return nil, errors.New("connection refused")
	}
	stream := make(chan *common.Block)
	blocks, after := slices.Clone(n.blocks), n.after
	go func() {
		defer close(stream)
		for i := int(from); i < len(blocks) && (after == 0 || i < int(from)+after); i++ {
			select {
			case stream <- blocks[i]:
			case <-ctx.Done():
				return
			}
		}
		if after == 0 {
			<-ctx.Done()
		}
	}()
	return stream, nil
}

// change changes what later streams deliver.
func (n *node) change(how func(*node)) {
	n.mu.Lock()
	defer n.mu.Unlock()
	how(n)
}

func (n *node) starts() []uint64 {
	n.mu.Lock()
	defer n.mu.Unlock()
	return slices.Clone(n.opened)
}

func (n *node) start() {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.up = true
}

// pass lets time go by on the test's own clock.
func pass(d time.Duration) {
	<-time.After(d)
	synctest.Wait()
}

func follow(t *testing.T, n *node, from uint64) (f *Follower, got chan uint64, stop func() error) {
	ctx, cancel := context.WithCancel(t.Context())
	f, got = &Follower{open: n.open}, make(chan uint64, 100)
	ended := make(chan error, 1)
	go func() {
		ended <- f.Follow(ctx, Checkpoint{Next: from}, func(b Block) error {
			got <- b.Number
			return nil
		})
	}()
	return f, got, func() error { cancel(); return <-ended }
}

func taken(got chan uint64) []uint64 {
	var numbers []uint64
	for len(got) > 0 {
		numbers = append(numbers, <-got)
	}
	return numbers
}

func TestFollowHandsOverEveryBlockOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := &node{blocks: chain(t, 6), up: true, after: 2}
		f, got, stop := follow(t, n, 0)
		pass(time.Minute)
		require.Equal(t, []uint64{0, 1, 2, 3, 4, 5}, taken(got))
		require.Equal(t, []uint64{0, 1, 2, 3, 4, 5, 5}, n.starts()[:7], "each stream begins with the last block handled")
		require.Equal(t, uint64(5), f.State().Last)
		require.ErrorIs(t, stop(), context.Canceled)
		require.False(t, f.State().Connected)
	})
}

func TestFollowSurvivesThePeersRestart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := &node{blocks: chain(t, 4), up: false}
		f, got, stop := follow(t, n, 2)
		pass(2 * time.Minute)
		require.Empty(t, taken(got))
		require.Contains(t, f.State().Reason, "connection refused")
		require.InDelta(t, 28, len(n.starts()), 3, "pauses grow to five seconds and stay there")

		n.start()
		pass(6 * time.Second)
		require.Equal(t, []uint64{2, 3}, taken(got))
		require.Equal(t, State{Connected: true, Last: 3, Any: true, At: f.State().At}, f.State())
		require.Error(t, stop())
	})
}

// A stream that was opened but delivers nothing is no connection.
func TestFollowIsConnectedOnceABlockArrived(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := &node{blocks: chain(t, 3), up: true}
		f, got, stop := follow(t, n, 3)
		pass(time.Second)
		require.Equal(t, State{Connected: true}, f.State(), "block 2 showed that the peer delivers")
		require.Empty(t, taken(got))
		require.Error(t, stop())

		f, _, stop = follow(t, n, 9)
		pass(time.Second)
		require.False(t, f.State().Connected)
		require.Error(t, stop())
	})
}

func TestFollowStopsWhereWaitingWouldNotHelp(t *testing.T) {
	broken := errors.New("disk full")
	tests := map[string]struct {
		spoil  func(n *node)
		handle error
		words  string
	}{
		"the handler fails":          {func(*node) {}, broken, "couldn't handle block 1: disk full"},
		"a gap":                      {func(n *node) { n.blocks[1] = n.blocks[2] }, nil, "block 2 was delivered where 1 was due"},
		"a block of another history": {func(n *node) { n.blocks[1] = sealed(1, make([]byte, 32), nil) }, nil, "block 1 does not continue block 0"},
		"unreadable":                 {func(n *node) { n.blocks[1].Data.Data[0][9]++ }, nil, "couldn't parse block 1"},
		"no header":                  {func(n *node) { n.blocks[1].Header = nil }, nil, "no header"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			n := &node{blocks: chain(t, 3), up: true}
			test.spoil(n)
			f := &Follower{open: n.open}
			err := f.Follow(t.Context(), Checkpoint{}, func(b Block) error {
				if b.Number == 1 {
					return test.handle
				}
				return nil
			})
			require.ErrorContains(t, err, test.words)
			require.False(t, f.State().Connected)
		})
	}
}

// Nor may it be taken for the chain that was followed before a restart.
func TestFollowNoticesAnotherChain(t *testing.T) {
	n := &node{blocks: chain(t, 3), up: true}
	var head [32]byte
	handle := func(b Block) error {
		head = b.Hash
		if b.Number == 1 {
			return context.Canceled
		}
		return nil
	}
	require.ErrorIs(t, (&Follower{open: n.open}).Follow(t.Context(), Checkpoint{}, handle), context.Canceled)
	handled := 0
	count := func(Block) error { handled++; return context.Canceled }
	err := (&Follower{open: n.open}).Follow(t.Context(), Checkpoint{Next: 2, Head: head}, count)
	require.ErrorIs(t, err, context.Canceled, "the chain goes on after its own block 1")
	err = (&Follower{open: n.open}).Follow(t.Context(), Checkpoint{Next: 2, Head: [32]byte{1}}, count)
	require.ErrorIs(t, err, ErrOtherChain)
	require.Equal(t, 1, handled)
}

// A peer that was set up anew with another history must not go unnoticed.
func TestFollowNoticesARewrittenChain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := &node{blocks: chain(t, 3), up: true, after: 2}
		f := &Follower{open: n.open}
		err := f.Follow(t.Context(), Checkpoint{}, func(b Block) error {
			if b.Number == 1 {
				n.blocks[1] = sealed(1, make([]byte, 32), nil)
			}
			return nil
		})
		require.ErrorContains(t, err, "block 1 is not the one that was handled before")
	})
}

// While the follower catches up, blocks that wait are looked at; each is handed
// over in its turn, and not before.
func TestFollowLooksAhead(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := &node{blocks: chain(t, 6), up: true}
		f := &Follower{open: n.open}
		var mu sync.Mutex
		looked := map[uint64]bool{}
		f.Ahead(func(raw *common.Block) {
			<-time.After(10 * time.Second)
			mu.Lock()
			defer mu.Unlock()
			looked[raw.GetHeader().GetNumber()] = true
		})
		var got []uint64
		err := f.Follow(t.Context(), Checkpoint{}, func(b Block) error {
			<-time.After(time.Second)
			mu.Lock()
			defer mu.Unlock()
			require.True(t, looked[b.Number] || b.Number < 2, "only the first ones may have had nothing to wait for")
			if got = append(got, b.Number); b.Number == 5 {
				return context.Canceled
			}
			return nil
		})
		require.ErrorIs(t, err, context.Canceled)
		require.Equal(t, []uint64{0, 1, 2, 3, 4, 5}, got)
	})
}

// What was handled is settled once nothing waits, and before anything else ends.
func TestFollowSettles(t *testing.T) {
	for name, test := range map[string]struct {
		fails, settleFails error
		want               []string
	}{
		"all":               {nil, nil, []string{"0", "1", "2", "3", "settled"}},
		"a block fails":     {errors.New("nonsense"), nil, []string{"0", "1", "settled"}},
		"settling fails":    {nil, errors.New("disk full"), []string{"0", "1", "2", "3", "settled"}},
		"both fail, in one": {errors.New("nonsense"), errors.New("disk full"), []string{"0", "1", "settled"}},
	} {
		synctest.Test(t, func(t *testing.T) {
			n := &node{blocks: chain(t, 4), up: true}
			f := &Follower{open: n.open}
			var mu sync.Mutex
			var got []string
			note := func(what string) {
				mu.Lock()
				defer mu.Unlock()
				got = append(got, what)
			}
			f.Settle(func() error { note("settled"); return test.settleFails })
			ctx, cancel := context.WithCancel(t.Context())
			ended := make(chan error, 1)
			go func() {
				ended <- f.Follow(ctx, Checkpoint{}, func(b Block) error {
					<-time.After(time.Second) // all others wait meanwhile
					if b.Number == 2 && test.fails != nil {
						return test.fails
					}
					note(fmt.Sprint(b.Number))
					return nil
				})
			}()
			pass(time.Minute)
			cancel()
			err := <-ended
			mu.Lock()
			defer mu.Unlock()
			require.Equal(t, test.want, got, name)
			switch {
			case test.settleFails != nil:
				require.ErrorIs(t, err, test.settleFails, name)
			case test.fails != nil:
				require.ErrorIs(t, err, test.fails, name)
			default:
				require.ErrorIs(t, err, context.Canceled, name)
			}
		})
	}
}

// What is wrong with a block is for the check to say, if there is one: then the
// peer is asked again, and the follower does not end.
func TestFollowLeavesItToTheCheck(t *testing.T) {
	for name, spoil := range map[string]func(n *node){
		"a gap":                      func(n *node) { n.blocks[1] = n.blocks[2] },
		"a block of another history": func(n *node) { n.blocks[1] = sealed(1, make([]byte, 32), nil) },
		"no header":                  func(n *node) { n.blocks[1] = &common.Block{} },
		"another block 0":            func(n *node) { n.blocks[0], n.blocks[1] = sealed(0, nil, []byte{0}, []byte("x")), nil },
	} {
		synctest.Test(t, func(t *testing.T) {
			n := &node{blocks: chain(t, 3), up: true, after: 1}
			honest := slices.Clone(n.blocks)
			f, got := &Follower{open: n.open}, make(chan uint64, 10)
			lies := 0
			f.Check(func(raw *common.Block, due uint64) (bool, error) {
				b, err := parseHeader(raw.GetHeader())
				if err == nil && b.Number == due && raw == honest[due] {
					return true, nil
				}
				lies++
				if lies == 3 {
					n.change(func(n *node) { n.blocks = honest })
				}
				return false, Distrusted(errors.New("a lie about what was due"))
			})
			ctx, cancel := context.WithCancel(t.Context())
			ended := make(chan error, 1)
			go func() {
				ended <- f.Follow(ctx, Checkpoint{}, func(b Block) error {
					if got <- b.Number; b.Number == 0 {
						n.change(func(n *node) { spoil(n); n.after = 0 })
					}
					return nil
				})
			}()
			pass(time.Minute)
			require.Equal(t, []uint64{0, 1, 2}, taken(got), name)
			require.Equal(t, 3, lies, name)
			cancel()
			require.ErrorIs(t, <-ended, context.Canceled)
		})
	}
}

// The data of a block are held against its header once: by the check if it says so,
// else when the block is read.
func TestFollowHashesWhatNobodyDid(t *testing.T) {
	for _, whole := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			n := &node{blocks: chain(t, 1), up: true}
			n.blocks[0].Header.DataHash[0] ^= 1
			f, handled := &Follower{open: n.open}, false
			f.Check(func(*common.Block, uint64) (bool, error) { return whole, nil })
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			err := f.Follow(ctx, Checkpoint{}, func(Block) error { handled = true; return errors.New("enough") })
			require.Equal(t, whole, handled)
			if !whole {
				require.ErrorContains(t, err, "its data are not those that its header names")
			}
		})
	}
}
