package testnetwork_test

import (
	"encoding/json"
	"errors"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/weighbridge/weighbridge/chaincode/massbalance"
	"github.com/weighbridge/weighbridge/network/consortium"
	"github.com/weighbridge/weighbridge/network/topology"
)

// auditReport is what `gateway audit --report` writes.
type auditReport struct {
	Complete, ChainChecked         bool
	Blocks, Transactions, Commands uint64
	Findings                       []auditFinding
}

type auditFinding struct {
	Block                                      uint64
	Transaction, Problem, Key, Expected, Found string
}

// audit runs `gateway audit` and gives its exit code and report.
func audit(t *testing.T, arguments ...string) (int, auditReport) {
	dir := t.TempDir()
	program, file := filepath.Join(dir, "gateway"), filepath.Join(dir, "report.json")
	build := exec.CommandContext(t.Context(), "go", "build", "-o", program, "./gateway")
	build.Dir = ".."
	output, err := build.CombinedOutput()
	require.NoError(t, err, "%s", output)
	command := exec.CommandContext(t.Context(), program, append([]string{"audit", "--report", file}, arguments...)...)
	output, err = command.CombinedOutput()
	code := 0
	if exit := (*exec.ExitError)(nil); errors.As(err, &exit) {
		code = exit.ExitCode()
	} else {
		require.NoError(t, err)
	}
	t.Logf("gateway audit ended with %d:\n%s", code, output)
	content, err := os.ReadFile(file)
	require.NoError(t, err)
	var report auditReport
	require.NoError(t, json.Unmarshal(content, &report))
	return code, report
}

// chainIsSound audits the chain as the certification body's peer delivers it, and
// as it lies in another peer's files.
func chainIsSound(t *testing.T, network *consortium.Network) {
	code, delivered := audit(t, "--config", network.Layout.Organisation("certifier").GatewayConfig())
	require.Zero(t, code)
	require.True(t, delivered.Complete && delivered.ChainChecked)
	data := network.Layout.Organisation("brand").Holder(topology.HolderPeer).Data()
	code, stored := audit(t, "--genesis", network.Layout.GenesisBlock(),
		"--blocks", filepath.Join(data, "ledgersData", "chains", "chains", network.Consortium.Channel))
	require.Zero(t, code)
	require.GreaterOrEqual(t, stored.Blocks, delivered.Blocks)
	require.Greater(t, delivered.Commands, uint64(1000))
	for _, org := range network.Consortium.Organisations {
		var findings struct{ Items []auditFinding }
		require.Equal(t, http.StatusOK, fetch(t, network.GatewayURL(org.ID)+"/api/v1/findings", &findings))
		require.Empty(t, findings.Items, org.ID)
	}
}

// majorityBreaksARule upgrades the consortium to a chaincode that lies, and has a
// majority endorse what it says. Every peer finds the transaction valid, as it is
// by the chaincode's policy. The audit and every gateway name it.
func majorityBreaksARule(t *testing.T, network *consortium.Network, options consortium.Options) {
	options.ChaincodePackage = "./test-network/crooked"
	require.NoError(t, consortium.Deploy(t.Context(), options))
	take := massbalance.Command{ID: "crooked-1", Date: "2026-08-03", Period: "guarded", Body: massbalance.TakeIn{
		Site: "guarded-silo", Product: "wheat", Quantity: massbalance.Kilograms(77), Evidence: "crooked-T1"}}
	results, err := apply(t, network, "growers", allPeers[:3], take)
	require.NoError(t, err, "all peers find it valid")
	require.Equal(t, massbalance.Accepted, results[0].Code)

	code, report := audit(t, "--config", network.Layout.Organisation("certifier").GatewayConfig())

	require.Equal(t, 2, code)
	require.True(t, report.Complete)
	require.Len(t, report.Findings, 1)
	found := report.Findings[0]
	require.Equal(t, report.Blocks-1, found.Block)
	require.Equal(t, "differing_value", found.Problem)
	require.Equal(t, "account:guarded-silo:wheat", found.Key)
	require.Len(t, found.Transaction, 64)
	require.Contains(t, found.Expected, `"physicalIn":"1077"`)
	require.Contains(t, found.Found, `"physicalIn":"10770"`)
	for _, org := range network.Consortium.Organisations {
		require.Eventually(t, func() bool {
			var findings struct{ Items []auditFinding }
			fetch(t, network.GatewayURL(org.ID)+"/api/v1/findings", &findings)
			return len(findings.Items) == 1 && findings.Items[0] == found
		}, time.Minute, 100*time.Millisecond, org.ID)
	}
}
