package audit_test

import (
	"io"
	"log/slog"
	"testing"

	"github.com/hyperledger/fabric-protos-go-apiv2/common"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/proto"

	"github.com/weighbridge/weighbridge/gateway/audit"
	"github.com/weighbridge/weighbridge/gateway/audit/chain"
	"github.com/weighbridge/weighbridge/gateway/audit/chaintest"
	"github.com/weighbridge/weighbridge/gateway/replay"
)

type service struct {
	*audit.Service
	noted []replay.Finding
}

func newService(t *testing.T, dir string, genesis [32]byte) *service {
	s := &service{}
	var err error
	s.Service, err = audit.NewService(audit.ServiceOptions{
		Dir: dir, Genesis: genesis, Metrics: prometheus.NewRegistry(), Log: slog.New(slog.NewTextHandler(io.Discard, nil)),
		Note: func(f replay.Finding) error { s.noted = append(s.noted, f); return nil },
	})
	require.NoError(t, err)
	return s
}

func clone(b *common.Block) *common.Block { return proto.Clone(b).(*common.Block) }

// inspect has a service check a block. It vouches for the data of those that it did
// not check before.
func inspect(t *testing.T, s *service, raw *common.Block, due uint64) error {
	first := due >= s.Checkpoint().Next
	whole, err := s.Check(raw, due)
	require.Equal(t, err == nil && first, whole)
	return err
}

// A service that was restarted recalls what it found, checks the rest, and never
// lets the peer's flag through.
func TestServiceRecallsAcrossARestart(t *testing.T) {
	c, dir := chaintest.New(t), t.TempDir()
	anchor := chain.GenesisHash(c.Blocks[0])
	few := c.Apply("miller", c.TakeIn("a", "100"))
	few.Endorsers = c.Peers("growers", "miller")
	forged := c.Next([]byte{0}, [][]byte{few.Envelope()})

	s := newService(t, dir, anchor)
	for _, b := range c.Blocks {
		require.NoError(t, inspect(t, s, clone(b), b.GetHeader().GetNumber()))
	}
	seen := clone(forged)
	require.NoError(t, inspect(t, s, seen, 16))
	require.NotEqual(t, byte(0), chain.Codes(seen)[0])
	found := s.Findings(16)
	require.Len(t, found, 1)
	require.Empty(t, s.Findings(16))
	require.NoError(t, s.Close())

	again := newService(t, dir, anchor)
	defer again.Close()
	require.Equal(t, uint64(17), again.Checkpoint().Next)
	recalled := clone(forged)
	require.NoError(t, inspect(t, again, recalled, 16))
	require.Equal(t, chain.Codes(seen), chain.Codes(recalled))
	require.Equal(t, found, again.Findings(16))
	require.Empty(t, again.noted)
	other := c.Next([]byte{0}, [][]byte{c.Apply("miller").Envelope()})
	require.ErrorContains(t, inspect(t, again, other, 16), "block 16 is not to be believed: broken_link")
}

// A block that is not to be believed is noted once and stays where it is, until
// the peer gives the true one.
func TestServiceDistrusts(t *testing.T) {
	c := chaintest.New(t)
	s := newService(t, t.TempDir(), [32]byte{})
	defer s.Close()
	for _, b := range c.Blocks {
		require.NoError(t, inspect(t, s, clone(b), b.GetHeader().GetNumber()))
	}
	good := c.Next([]byte{0}, [][]byte{c.Apply("miller", c.TakeIn("a", "100")).Envelope()})
	lonely := c.Next([]byte{0}, good.Data.Data, "growers", "brand")
	for range 3 {
		require.ErrorContains(t, inspect(t, s, clone(lonely), 16), "missing_quorum")
		require.Error(t, s.Stopped())
		require.Equal(t, uint64(16), s.Checkpoint().Next)
	}
	require.Len(t, s.noted, 1)
	require.NoError(t, inspect(t, s, good, 16))
	require.NoError(t, s.Stopped())
}
