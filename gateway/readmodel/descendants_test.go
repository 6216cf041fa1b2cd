package readmodel_test

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/weighbridge/weighbridge/chaincode/massbalance"
	"github.com/weighbridge/weighbridge/gateway/readmodel"
)

// What a lot became adds up: at each lot, what left it and what is there is all of it.
func TestDescendantsAddUp(t *testing.T) {
	_, m := season(t)
	read(t, m, func(s *readmodel.Snapshot) {
		d, err := s.Descend("growers/INT-4/1")
		require.NoError(t, err)
		require.Equal(t, massbalance.LotID("growers/INT-4/1"), d.Lots[0].Lot.ID)
		require.True(t, d.Lots[0].Rests.Equal(d.Lot.Quantity))
		for _, l := range d.Lots {
			left := l.Lot.Available()
			for _, leave := range l.Leaves {
				left = left.Add(leave.Quantity)
				require.False(t, leave.Quantity.Less(leave.Rests))
			}
			require.True(t, left.Equal(l.Lot.Quantity), "%s: %s", l.Lot.ID, left)
			require.False(t, l.Lot.Quantity.Less(l.Rests))
		}
	})
}

// Backward and forward say the same: over all statements' lots, what rests on
// them at a claim is the claim, but for the rounding that both state.
func TestForwardAgreesWithBackward(t *testing.T) {
	_, m := season(t)
	read(t, m, func(s *readmodel.Snapshot) {
		back, err := s.Trace("brand/CLM-1")
		require.NoError(t, err)
		for _, origin := range back.Origins {
			var forward massbalance.Quantity
			for _, lot := range origin.Lots {
				d, err := s.Descend(lot)
				require.NoError(t, err)
				for _, l := range d.Lots {
					for _, leave := range l.Leaves {
						if leave.To == massbalance.HolderClaim {
							require.Equal(t, "brand/CLM-1", leave.ID)
							forward = forward.Add(leave.Rests)
						}
					}
				}
			}
			short := origin.Quantity.Shortage(forward).Add(forward.Shortage(origin.Quantity))
			require.True(t, short.Less(massbalance.Grams(20)), "%s: %s back, %s forward", origin.Statement.ID, origin.Quantity, forward)
		}
	})
}

func TestOriginsOfALot(t *testing.T) {
	_, m := season(t)
	read(t, m, func(s *readmodel.Snapshot) {
		trace, err := s.TraceLot("brand/RCV-1/2")
		require.NoError(t, err)
		total := trace.Rounding
		for _, o := range trace.Origins {
			total = total.Add(o.Quantity)
		}
		require.True(t, total.Equal(trace.Lot.Quantity))
		for _, step := range trace.Path {
			var given massbalance.Quantity
			for _, parent := range step.Parents {
				given = given.Add(parent.Quantity)
			}
			require.False(t, step.Share.Less(given))
		}
	})
}

func TestProposalsSayWhoAsked(t *testing.T) {
	_, m := season(t)
	read(t, m, func(s *readmodel.Snapshot) {
		proposals, err := s.Proposals(false, readmodel.Page{})
		require.NoError(t, err)
		i := slices.IndexFunc(proposals.Items, func(p readmodel.Proposal) bool { return p.What == "product/wheat" })
		require.GreaterOrEqual(t, i, 0)
		first := proposals.Items[i]
		require.Equal(t, "register_product", first.Command.Body.Type())
		require.Equal(t, []massbalance.OrganisationID{"growers", "miller", "manufacturer"}, first.Approvals)
		require.True(t, first.Adopted)
		pending, err := s.Proposals(true, readmodel.Page{})
		require.NoError(t, err)
		require.Empty(t, pending.Items)
	})
}

func TestHistoriesAndBlocks(t *testing.T) {
	_, m := season(t)
	read(t, m, func(s *readmodel.Snapshot) {
		entries, err := s.AllHistory(readmodel.Holder(massbalance.HolderTransfer, "growers/DSP-3"))
		require.NoError(t, err)
		require.Len(t, entries, 2, "dispatched and rejected")
		entries, err = s.AllHistory(readmodel.Holder(massbalance.HolderStatement, "certifier/VS-2026-011"))
		require.NoError(t, err)
		require.Len(t, entries, 2, "introduced twice")
		blocks, err := s.Blocks(0, 10_000)
		require.NoError(t, err)
		require.Len(t, blocks, int(s.Next))
		require.Empty(t, blocks[0].Entries)
		require.NotEmpty(t, blocks[1].Entries)
		none, err := s.Blocks(s.Next, 5)
		require.NoError(t, err)
		require.Empty(t, none)
	})
}
