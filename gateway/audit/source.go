package audit

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/hyperledger/fabric-gateway/pkg/client"
	"github.com/hyperledger/fabric-protos-go-apiv2/common"

	"github.com/weighbridge/weighbridge/gateway/audit/blockfile"
)

// Files gives the blocks of a peer's block files. A last block that is cut off,
// as beside a running peer, ends the chain before it.
func Files(reader *blockfile.Reader) Source { return files{reader} }

type files struct{ reader *blockfile.Reader }

func (f files) Next(context.Context) (*common.Block, error) {
	raw, err := f.reader.Next()
	if errors.Is(err, blockfile.ErrCut) {
		return nil, io.EOF
	}
	return raw, err
}

// Blocks gives blocks that are at hand.
func Blocks(blocks ...*common.Block) Source { return &blocksAtHand{blocks} }

type blocksAtHand struct{ left []*common.Block }

func (b *blocksAtHand) Next(context.Context) (*common.Block, error) {
	if len(b.left) == 0 {
		return nil, io.EOF
	}
	raw := b.left[0]
	b.left = b.left[1:]
	return raw, nil
}

// Peer gives the first blocks of a peer's chain, as many as height says, from its
// deliver service. Read access to the channel is enough.
func Peer(network *client.Network, height uint64) Source {
	return &peer{network: network, height: height}
}

type peer struct {
	network *client.Network
	height  uint64
	next    uint64
	blocks  <-chan *common.Block
}

// Next waits for the peer's next block. A peer that ends the stream is asked
// again, once for each block.
func (p *peer) Next(ctx context.Context) (*common.Block, error) {
	if p.next >= p.height {
		return nil, io.EOF
	}
	for range 2 {
		if p.blocks == nil {
			var err error
			if p.blocks, err = p.network.BlockEvents(ctx, client.WithStartBlock(p.next)); err != nil {
				return nil, fmt.Errorf("couldn't read the peer's blocks from %d on: %w", p.next, err)
			}
		}
		select {
		case raw, ok := <-p.blocks:
			if ok {
				p.next++
				return raw, nil
			}
			p.blocks = nil
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
	return nil, fmt.Errorf("couldn't read the peer's block %d: the peer ended the stream", p.next)
}
