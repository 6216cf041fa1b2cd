package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/hyperledger/fabric-protos-go-apiv2/common"
	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/proto"

	"github.com/weighbridge/weighbridge/gateway/audit/chain"
	"github.com/weighbridge/weighbridge/gateway/audit/chaintest"
	"github.com/weighbridge/weighbridge/gateway/peertest"
	"github.com/weighbridge/weighbridge/gateway/replay"
)

// liar is a gateway that checks everything, with a peer that has a real chain
// and tells what the test wants.
type liar struct {
	*running
	chain *chaintest.Chain
	peer  *peertest.Peer
}

func lied(t *testing.T) *liar {
	c := chaintest.New(t)
	c.Add(c.Apply("miller", c.TakeIn("a", "100")))
	peer := peertest.StartWith(t, c.Blocks...)
	r := start(t, configuredFor(t, peer, func(conf *config) {
		conf.Audit, conf.Genesis = auditFull, fmt.Sprintf("%x", chain.GenesisHash(c.Blocks[0]))
	}))
	l := &liar{r, c, peer}
	require.Zero(t, l.becomes().Findings)
	return l
}

// stock is what the gateway says is in stock at the miller's site.
func (l *liar) stock() string {
	code, body := l.get("/api/v1/sites/mill-newark/accounts")
	require.Equal(l.t, http.StatusOK, code, "reads go on: %s", body)
	_, after, _ := strings.Cut(string(body), `"physicalIn":"`)
	in, _, _ := strings.Cut(after, `"`)
	return in
}

// finds waits for a finding.
func (l *liar) finds(problem replay.Problem, found string) (f replay.Finding) {
	var body []byte
	require.Eventually(l.t, func() bool {
		_, body = l.get("/api/v1/findings")
		var list struct{ Items []replay.Finding }
		require.NoError(l.t, json.Unmarshal(body, &list), "%s", body)
		at := slices.IndexFunc(list.Items, func(f replay.Finding) bool { return f.Problem == problem && strings.Contains(f.Found, found) })
		if at >= 0 {
			f = list.Items[at]
		}
		return at >= 0
	}, 40*time.Second, 100*time.Millisecond, "%s %s: %s", problem, found, body)
	return f
}

// after is the chain with other blocks behind its first n.
func (l *liar) after(n int, more ...*common.Block) []*common.Block {
	return append(slices.Clone(l.chain.Blocks[:n]), more...)
}

func clone(b *common.Block) *common.Block { return proto.Clone(b).(*common.Block) }

// A peer that lies about whole blocks is not read on from: the gateway says which
// block, what it expected and what it found, keeps answering from its last true
// state, and goes on once it is told the truth.
func TestALyingPeerIsNotBelieved(t *testing.T) {
	if testing.Short() {
		t.Skip("each lie takes the pause before the peer is asked again")
	}
	l := lied(t)
	c := l.chain
	before := l.stock()
	height := len(c.Blocks)
	honest := c.Next([]byte{0}, [][]byte{c.Apply("miller", c.TakeIn("b", "7")).Envelope()})
	following := c.NextAfter(t, honest, nil)
	altered := clone(honest)
	altered.Data.Data[0][len(altered.Data.Data[0])/2] ^= 1
	headless := clone(honest)
	headless.Header = nil
	fork := c.Next([]byte{0}, [][]byte{c.Apply("miller", c.TakeIn("b", "9")).Envelope()}, "growers", "brand")
	rewritten := c.NextAfter(t, c.Blocks[height-2], c.Apply("miller", c.TakeIn("z", "1")))

	for _, lie := range []struct {
		name     string
		blocks   []*common.Block
		block    int
		problem  replay.Problem
		expected string
		found    string
	}{
		{"a block withheld", l.after(height, following), height, chain.BrokenLink, fmt.Sprintf("block %d", height), fmt.Sprintf("block %d", height+1)},
		{"an old block again", l.after(height, c.Blocks[3]), height, chain.BrokenLink, fmt.Sprintf("block %d", height), "block 3"},
		{"a transaction altered", l.after(height, altered), height, chain.DifferingData, "", ""},
		{"a fork that two orderers signed", l.after(height, fork), height, chain.MissingQuorum, "signatures of 3 of the 4 orderers", "of 2"},
		{"no header", l.after(height, headless), height, chain.BrokenLink, fmt.Sprintf("block %d", height), "without a header"},
		{"a past rewritten", l.after(height-1, rewritten), height - 1, chain.BrokenLink, "that was checked before", fmt.Sprintf("%x", chain.GenesisHash(rewritten))},
	} {
		name := lie.name
		l.peer.Tell(lie.blocks...)
		f := l.finds(lie.problem, lie.found)
		require.Equal(t, uint64(lie.block), f.Block, name) //nolint:gosec // not negative
		require.Contains(t, f.Expected, lie.expected, name)
		l.becomes("chain")
		require.Equal(t, before, l.stock(), name)
		code, metrics := l.get("/metrics")
		require.Equal(t, http.StatusOK, code)
		require.Contains(t, string(metrics), "weighbridge_audit_stopped 1", name)
	}

	l.peer.Tell(l.after(height, honest, following)...)
	require.NotEmpty(t, l.becomes().Findings, "what was found stays")
	require.NotEqual(t, before, l.stock())
}

// A peer that lies about what took effect is corrected: the gateway goes by the
// codes that it computed, and names the transaction and the key.
func TestAPeerThatForgesFlagsIsCorrected(t *testing.T) {
	l := lied(t)
	c := l.chain
	before := l.stock()
	few := c.Apply("miller", c.TakeIn("b", "7"))
	few.Endorsers = c.Peers("growers", "miller")
	l.peer.Tell(l.after(len(c.Blocks), c.Next([]byte{0}, [][]byte{few.Envelope()}))...)

	f := l.finds(chain.DifferingCode, "VALID, endorsed by growers, miller")
	require.Equal(t, uint64(len(c.Blocks)), f.Block)
	require.Equal(t, few.ID(), f.Transaction)
	require.Equal(t, "account:mill-newark:wheat", f.Key)
	require.Contains(t, f.Expected, "ENDORSEMENT_POLICY_FAILURE")
	l.becomes()
	require.Equal(t, before, l.stock(), "what was not endorsed took no effect")
	require.Contains(t, l.log.String(), "the chain is not what it says")
}
