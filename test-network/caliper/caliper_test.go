package caliper

import (
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/weighbridge/weighbridge/chaincode/massbalance"
	"github.com/weighbridge/weighbridge/chaincode/wire"
)

// script prints what the workload sends: the opening of a site and two batches.
const script = `
const w = require('./tickets.js');
console.log(w.opening('r', 'mill'));
console.log(w.batch('r', 'mill', 0, 3));
console.log(w.request(w.batch('r', 'mill', 3, 500)).contractArguments[0]);
`

// What the workload sends is canonical, and the rules accept all of it.
func TestTheWorkloadIsReadByTheChaincode(t *testing.T) {
	node, err := exec.LookPath("node")
	if err != nil {
		require.Empty(t, os.Getenv("CI_REQUIRE"), "there is no node here, which this test needs")
		t.Skip("there is no node here: install it to run this test")
	}
	output, err := exec.CommandContext(t.Context(), node, "-e", script).Output()
	require.NoError(t, err)
	lines := strings.Split(strings.TrimSpace(string(output)), "\n")
	require.Len(t, lines, 3)

	state := massbalance.Memory{}
	apply := func(commands []massbalance.Command) {
		for i := range commands {
			require.NoError(t, wire.Seal(&commands[i]))
		}
		outcome, err := massbalance.ExecuteBatch(state, massbalance.Tx{ID: "tx", Organisation: "miller"}, commands)
		require.NoError(t, err)
		for _, r := range outcome.Results {
			require.Equal(t, massbalance.Accepted, r.Code, r.Message)
		}
		state.Apply(outcome.Writes)
	}
	apply([]massbalance.Command{
		{ID: "found", Body: massbalance.FoundConsortium{Members: []massbalance.Member{{Organisation: "miller", Name: "Miller", Role: massbalance.Trading}}}},
		{ID: "wheat", Body: massbalance.RegisterProduct{Product: massbalance.Product{ID: "wheat", Name: "Wheat"}}},
	})
	for _, line := range lines {
		commands, err := wire.ParseBatch([]byte(line))
		require.NoError(t, err)
		apply(commands)
	}
	account := state[massbalance.AccountKey("mill", "wheat")].(massbalance.Account)
	require.Equal(t, massbalance.Kilograms(503*27_340).String(), account.PhysicalIn.String())
}
