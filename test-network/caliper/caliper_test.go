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

// overlapping calls the workload as Caliper does, without waiting for it, and
// prints how many requests each moment has seen. Caliper itself is played.
const overlapping = `
const Module = require('module');
const load = Module._load;
Module._load = (name, ...rest) => name !== '@hyperledger/caliper-core' ? load(name, ...rest) : {
  WorkloadModuleBase: class {
    async initializeWorkloadModule(w, n, r, roundArguments, sutAdapter) { Object.assign(this, { roundArguments, sutAdapter }); }
  },
};
(async () => {
  const sent = [], ends = [];
  const adapter = { sendRequests: (r) => { sent.push(r); return sent.length === 1 ? Promise.resolve() : new Promise((end) => ends.push(end)); } };
  const w = require('./tickets.js').createWorkloadModule();
  await w.initializeWorkloadModule(0, 4, 0, { commands: 2 }, adapter);
  const first = w.submitTransaction();
  await Promise.all([w.submitTransaction(), w.submitTransaction()]);
  console.log(sent.length);
  ends[0]();
  await first;
  w.submitTransaction();
  console.log(sent.length);
})();
`

// A worker has one transaction under way, however often Caliper calls.
func TestTheWorkloadSendsOneAtATime(t *testing.T) {
	require.Equal(t, []string{"2", "3"}, run(t, overlapping), "the opening of the site is the first")
}

// run gives the lines that a script prints.
func run(t *testing.T, script string) []string {
	node, err := exec.LookPath("node")
	if err != nil {
		require.Empty(t, os.Getenv("CI_REQUIRE"), "there is no node here, which this test needs")
		t.Skip("there is no node here: install it to run this test")
	}
	output, err := exec.CommandContext(t.Context(), node, "-e", script).Output()
	require.NoError(t, err)
	return strings.Split(strings.TrimSpace(string(output)), "\n")
}

// What the workload sends is canonical, and the rules accept all of it.
func TestTheWorkloadIsReadByTheChaincode(t *testing.T) {
	lines := run(t, script)
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
