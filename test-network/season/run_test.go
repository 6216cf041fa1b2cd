package season_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/weighbridge/weighbridge/chaincode/massbalance"
	"github.com/weighbridge/weighbridge/test-network/season"
)

// Every way in which a gateway may fail is survived, and a second run changes nothing.
func TestRunThroughFaultyGateways(t *testing.T) {
	plan := rehearsed(t)
	c := newConsortium(t)
	c.faulty = true
	options := season.Options{Gateways: c.gateways(plan.Season.Members), Out: io.Discard, Patience: 30 * time.Second}

	report, err := plan.Run(t.Context(), options)
	require.NoError(t, err)
	require.Len(t, c.faults, 8, "each kind of fault was met: %v", c.faults)
	require.Empty(t, report.Recount.CompareState(c.state()))
	require.Equal(t, plan.Commands(), c.entries())
	require.Len(t, c.state(), len(plan.State))
	requireSameLots(t, plan.State, c.state())

	c.faulty = false
	before := c.entries()
	again, err := plan.Run(t.Context(), options)
	require.NoError(t, err)
	require.Equal(t, plan.Commands(), again.Repeated)
	require.Equal(t, before, c.entries())
	require.Equal(t, report.Claims[0].Claim.Quantity.String(), again.Claims[0].Claim.Quantity.String())
}

// requireSameLots checks that lots and accounts are those of the rehearsal,
// whatever the order in which the sites' commands interleaved.
func requireSameLots(t *testing.T, rehearsed, found massbalance.Memory) {
	for key, value := range rehearsed {
		switch value.(type) {
		case massbalance.Lot, massbalance.Account, massbalance.Claim:
			require.Equal(t, fmt.Sprint(value), fmt.Sprint(found[key]), "%v", key)
		}
	}
}

func TestRunPrints(t *testing.T) {
	plan := rehearsed(t)
	c := newConsortium(t)
	var out bytes.Buffer
	report, err := plan.Run(t.Context(), season.Options{Gateways: c.gateways(plan.Season.Members), Out: &out})
	require.NoError(t, err)
	require.Empty(t, report.Differences)
	require.Contains(t, out.String(), "Findings: 0. Differences: 0.")
	require.Contains(t, only(out.String(), "elevator-ely"), "wheat")
	require.Contains(t, out.String(), "tickets 1,170/1,170")
	if testing.Verbose() {
		t.Log(out.String())
	}
}

// A gateway that tells less than the records say is found out.
func TestRunFindsAnAccountThatIsNotTheRecords(t *testing.T) {
	plan := rehearsed(t)
	c := newConsortium(t)
	c.tamper = func(text []byte) []byte {
		return bytes.Replace(text, []byte(`"physicalIn":"`), []byte(`"physicalIn":"1`), 1)
	}
	report, err := plan.Run(t.Context(), season.Options{Gateways: c.gateways(plan.Season.Members)})
	require.ErrorIs(t, err, season.ErrNotSound)
	require.Contains(t, report.Differences[0], "not what the records add up to")
}

func TestRunStopsAtARefusal(t *testing.T) {
	plan := rehearsed(t)
	c := newConsortium(t)
	urls := c.gateways(plan.Season.Members)
	// The first ticket's ID is taken already, by another content.
	first := plan.Refusals[len(plan.Refusals)-1].Command
	taken := func(phases []season.Phase) []season.Phase {
		last := phases[slices.IndexFunc(phases, func(p season.Phase) bool { return p.Name == "the season" })]
		for i, lane := range last.Lanes {
			if lane.Organisation == "growers" && lane.Site == massbalance.SiteOf(first.Body) {
				steps := append([]season.Step{{Command: first}}, lane.Steps...)
				last.Lanes[i].Steps = steps
			}
		}
		return phases
	}
	plan.Phases = taken(plan.Phases)
	_, err := plan.Run(t.Context(), season.Options{Gateways: urls})
	require.ErrorContains(t, err, "command_id_reused")
}

func TestRunNeedsAllGateways(t *testing.T) {
	plan := rehearsed(t)
	_, err := plan.Run(t.Context(), season.Options{})
	require.ErrorContains(t, err, "couldn't find the gateway of growers")
}

func TestRunEndsWithItsContext(t *testing.T) {
	plan := rehearsed(t)
	c := newConsortium(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := plan.Run(ctx, season.Options{Gateways: c.gateways(plan.Season.Members)})
	require.ErrorIs(t, err, context.Canceled)
}
