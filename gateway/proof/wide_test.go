package proof_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	. "github.com/weighbridge/weighbridge/chaincode/massbalance"
	"github.com/weighbridge/weighbridge/gateway/proof/verify"
	"github.com/weighbridge/weighbridge/gateway/readmodel/ledgertest"
	"github.com/weighbridge/weighbridge/test-network/season"
)

// Every claim of the demo's season, over a thousand commands of its consortium,
// is proven, each with the farms that the read model finds behind it.
func TestEveryClaimOfTheDemosSeason(t *testing.T) {
	if testing.Short() {
		t.Skip("a thousand commands take their time")
	}
	loaded, err := season.Load(season.Files())
	require.NoError(t, err)
	plan, err := season.NewPlan(loaded)
	require.NoError(t, err)
	c := newConsortium(t)
	for _, phase := range plan.Phases {
		c.lanes(phase.Lanes)
	}
	for _, org := range organisations {
		c.cosigner(org, 1)
	}
	signed := c.signed(everybody()...)
	claims, called := 0, 0
	for key := range plan.State {
		if key.Kind != KindClaim {
			continue
		}
		claims++
		id := ClaimID(key.A)
		bundle := c.bundle(id, signed)
		called += calledOff(t, bundle)
		s, err := verify.Check(bundle, c.trust(5))
		require.NoError(t, err, id)
		c.sameFarms(id, s)
	}
	require.Equal(t, 8, claims)
	require.NotZero(t, called)
}

// calledOff counts the shipments that call an agreement off. How it came about
// is nobody's business.
func calledOff(t *testing.T, bundle verify.Bundle) (n int) {
	for _, l := range bundle.Leaves {
		switch b := l.Core.Command.Body.(type) {
		case Dispatch:
			if b.Agreement != "" {
				n++
			}
		case MakeOffer, CounterOffer, AcceptOffer, ConfirmSettlement:
			require.Failf(t, "a bundle shows what two parties agreed", "%s %s", b.Type(), l.Core.Command.ID)
		}
	}
	return n
}

// lanes lets the lanes of a phase go on side by side, each step after the one
// that it waits for.
func (c *consortium) lanes(lanes []season.Lane) {
	done := map[season.Ref]bool{}
	left := 0
	for _, lane := range lanes {
		left += len(lane.Steps)
	}
	next := make([]int, len(lanes))
	for left > 0 {
		before := left
		for i, lane := range lanes {
			for next[i] < len(lane.Steps) {
				step := lane.Steps[next[i]]
				if step.After.Command != "" && !done[step.After] && c.inPhase(lanes, step.After) {
					break
				}
				c.ledger.Must(lane.Organisation, step.Command)
				done[season.Ref{Organisation: lane.Organisation, Command: step.Command.ID}] = true
				next[i]++
				left--
			}
		}
		require.Less(c.t, left, before, "the lanes wait for each other")
	}
}

func (c *consortium) inPhase(lanes []season.Lane, ref season.Ref) bool {
	for _, lane := range lanes {
		for _, step := range lane.Steps {
			if lane.Organisation == ref.Organisation && step.Command.ID == ref.Command {
				return true
			}
		}
	}
	return false
}

// sameFarms compares the verifier's farms, worked out from the bundle alone, with
// the read model's.
func (c *consortium) sameFarms(id ClaimID, s verify.Statement) {
	trace := c.trace(id)
	require.Equal(c.t, trace.Rounding.String(), s.Rounding.String())
	require.Len(c.t, s.Farms, len(trace.Origins))
	for i, origin := range trace.Origins {
		require.Equal(c.t, origin.Statement.ID, s.Farms[i].Statement.ID)
		require.Equal(c.t, origin.Quantity.String(), s.Farms[i].Quantity.String())
	}
}

func line(lot LotID, kg string) LotLine { return LotLine{Lot: lot, Quantity: ledgertest.Kg(kg)} }

// The ways that the season does not take: a rejected shipment that came back,
// a step down, a decoupling and credits that were transferred and accepted.
func TestOtherWaysToAClaim(t *testing.T) {
	c := seasoned(t)
	l := c.ledger
	l.Must(ledgertest.Growers, ledgertest.Command("RTN-1", "2026-08-14", Return{Site: "elevator", Transfer: "growers/DSP-3", Quantity: ledgertest.Kg("24480"), Evidence: "WB-R"}))
	l.Must(ledgertest.Growers, ledgertest.Command("DWN-1", "2026-08-15", Downgrade{Site: "elevator", Product: "wheat", Model: MassBalance,
		Lines: []LotLine{line("growers/INT-2/1", "5000"), line("growers/INT-4/1", "4000")}}))
	l.Must(ledgertest.Growers, ledgertest.Command("DEC-1", "2026-08-16", Decouple{Site: "elevator", Product: "wheat",
		Lines: []LotLine{line("growers/RTN-1/1", "24000"), line("growers/DWN-1/1", "3000")}}))
	l.Must(ledgertest.Growers, ledgertest.Command("TRC-1", "2026-08-17", TransferCredits{Site: "elevator", To: "brand-hub", Product: "wheat",
		Lines: []LotLine{line("growers/DEC-1/1", "20000"), line("growers/DEC-1/2", "2000")}}))
	l.Must(ledgertest.Brand, ledgertest.Command("ACC-1", "2026-08-18", AcceptCredits{Site: "brand-hub", Transfer: "growers/TRC-1"}))
	l.Must(ledgertest.Brand, ledgertest.Command("CLM-7", "2026-08-19", ClaimCredits{Site: "brand-hub", Product: "wheat",
		Lines: []LotLine{line("brand/ACC-1/1", "10000"), line("brand/ACC-1/2", "500")}, Beneficiary: "B", ReportingYear: 2026, Purpose: "P"}))
	l.Must(ledgertest.Brand, ledgertest.Command("CLM-8", "2026-08-19", ClaimCredits{Site: "brand-hub", Product: "wheat",
		Lines: []LotLine{line("brand/ACC-1/2", "500")}, Beneficiary: "B", ReportingYear: 2026, Purpose: "P"}))
	signed := c.signed(everybody()...)
	for _, id := range []ClaimID{"brand/CLM-7", "brand/CLM-8", claim} {
		s, err := verify.Check(c.bundle(id, signed), c.trust(5))
		require.NoError(t, err, id)
		c.sameFarms(id, s)
	}
	s, err := verify.Check(c.bundle("brand/CLM-7", signed), c.trust(5))
	require.NoError(t, err)
	require.Equal(t, BookAndClaim, s.Claim.Model)
	require.Equal(t, NotTraced, s.Claim.Traceability)
}

// Credit that was taken after a recall had frozen its share is clean, and proven so.
func TestAClaimOfWhatARecallLeft(t *testing.T) {
	c := seasoned(t)
	c.ledger.Find("VS-2026-012", "Half of it was bought in")
	c.ledger.Must(ledgertest.Miller, Command{ID: "TR-1", Body: TraceRecall{Certifier: ledgertest.Certifier, Statement: "VS-2026-012",
		Lots: []LotID{"growers/INT-2/1", "miller/RCV-1/2", "miller/CNV-1/2", "manufacturer/RCV-1/2", "brand/RCV-1/2"}}})
	c.ledger.Must(ledgertest.Brand, ledgertest.Command("CLM-9", "2026-09-02", ClaimCredits{Site: "brand-hub", Product: "wheat-flour",
		Lines: []LotLine{line("brand/RCV-1/1", "1000")}, Beneficiary: "B", ReportingYear: 2026, Purpose: "P"}))
	s, err := verify.Check(c.bundle("brand/CLM-9", c.signed(everybody()...)), c.trust(5))
	require.NoError(t, err)
	require.True(t, s.Stands(), "it rests on the other statement")
}

// A bundle has one form.
func TestABundleHasOneForm(t *testing.T) {
	c := seasoned(t)
	packed, err := c.bundle(claim, c.signed(everybody()...)).Write()
	require.NoError(t, err)
	again, err := verify.Read(packed)
	require.NoError(t, err)
	twice, err := again.Write()
	require.NoError(t, err)
	require.Equal(t, packed, twice)
}
