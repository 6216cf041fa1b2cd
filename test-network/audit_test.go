package testnetwork_test

import (
	"encoding/json"
	"errors"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/encoding/protowire"

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

// audit runs `gateway audit`, of the program that the network's gateways run, and
// gives its exit code and report.
func audit(t *testing.T, network *consortium.Network, arguments ...string) (int, auditReport) {
	program, file := filepath.Join(network.Layout.Programs(), "gateway"), filepath.Join(t.TempDir(), "report.json")
	command := exec.CommandContext(t.Context(), program, append([]string{"audit", "--report", file}, arguments...)...)
	output, err := command.CombinedOutput()
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
	code, delivered := audit(t, network, "--config", network.Layout.Organisation("certifier").GatewayConfig())
	require.Zero(t, code)
	require.True(t, delivered.Complete && delivered.ChainChecked)
	code, stored := audit(t, network, "--genesis", network.Layout.GenesisBlock(), "--blocks", blockFiles(network, "brand"))
	require.Zero(t, code)
	require.GreaterOrEqual(t, stored.Blocks, delivered.Blocks)
	require.Greater(t, delivered.Commands, uint64(1000))
	for _, org := range network.Consortium.Organisations {
		var findings struct{ Items []auditFinding }
		require.Equal(t, http.StatusOK, fetch(t, network.GatewayURL(org.ID)+"/api/v1/findings", &findings))
		require.Empty(t, findings.Items, org.ID)
	}
}

func blockFiles(network *consortium.Network, org string) string {
	data := network.Layout.Organisation(org).Holder(topology.HolderPeer).Data()
	return filepath.Join(data, "ledgersData", "chains", "chains", network.Consortium.Channel)
}

// forgeriesAreFound spoils copies of a peer's block files in one way each.
func forgeriesAreFound(t *testing.T, network *consortium.Network) {
	for problem, forge := range map[string]func([]storedBlock) []storedBlock{
		"differing_code": func(b []storedBlock) []storedBlock { b[20].metadata[2][0] = 11; return b }, // a forged flag
		"broken_link":    func(b []storedBlock) []storedBlock { return slices.Delete(b, 20, 21) },
		"differing_data": func(b []storedBlock) []storedBlock { b[20].data[0][99] ^= 1; return b },
		"missing_quorum": func(b []storedBlock) []storedBlock {
			b[20].metadata[0] = withSignatures(t, b[20].metadata[0], 2)
			return b
		},
	} {
		dir := t.TempDir()
		var file []byte
		for _, b := range forge(readBlocks(t, blockFiles(network, "brand"))) {
			file = protowire.AppendBytes(file, b.format())
		}
		require.NoError(t, os.WriteFile(filepath.Join(dir, "blockfile_000000"), file, 0o600))
		code, report := audit(t, network, "--genesis", network.Layout.GenesisBlock(), "--blocks", dir)
		require.Equal(t, 2, code, problem)
		require.Len(t, report.Findings, 1)
		require.Equal(t, problem, report.Findings[0].Problem)
		require.Equal(t, uint64(20), report.Findings[0].Block)
	}
}

// storedBlock is a block as it lies in a block file. Package blockfile would read
// it, but for Fabric's messages, of which the tests' administration has another
// generation.
type storedBlock struct {
	number         uint64
	hashes         [2][]byte
	data, metadata [][]byte
}

func readBlocks(t *testing.T, dir string) []storedBlock {
	file, err := os.ReadFile(filepath.Join(dir, "blockfile_000000"))
	require.NoError(t, err)
	var blocks []storedBlock
	for len(file) > 0 {
		record, n := protowire.ConsumeBytes(file)
		if n < 0 {
			break // the peer is writing it
		}
		file = file[n:]
		blocks = append(blocks, parseStored(slices.Clone(record)))
	}
	require.Greater(t, len(blocks), 25)
	return blocks
}

func parseStored(record []byte) (b storedBlock) {
	number := func() uint64 {
		value, n := protowire.ConsumeVarint(record)
		record = record[n:]
		return value
	}
	text := func() []byte {
		value, n := protowire.ConsumeBytes(record)
		record = record[n:]
		return value
	}
	b.number = number()
	b.hashes = [2][]byte{text(), text()}
	for _, list := range []*[][]byte{&b.data, &b.metadata} {
		for range number() {
			*list = append(*list, text())
		}
	}
	return b
}

func (b storedBlock) format() []byte {
	out := protowire.AppendVarint(nil, b.number)
	out = protowire.AppendBytes(protowire.AppendBytes(out, b.hashes[0]), b.hashes[1])
	for _, list := range [][][]byte{b.data, b.metadata} {
		out = protowire.AppendVarint(out, uint64(len(list)))
		for _, item := range list {
			out = protowire.AppendBytes(out, item)
		}
	}
	return out
}

// withSignatures keeps the first signatures of a block's metadata (field 2).
func withSignatures(t *testing.T, metadata []byte, keep int) []byte {
	var out []byte
	for len(metadata) > 0 {
		field, _, n := protowire.ConsumeField(metadata)
		require.Positive(t, n)
		if field != 2 || keep > 0 {
			out = append(out, metadata[:n]...)
		}
		if field == 2 {
			keep--
		}
		metadata = metadata[n:]
	}
	return out
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

	code, report := audit(t, network, "--config", network.Layout.Organisation("certifier").GatewayConfig())

	require.Equal(t, 2, code)
	require.True(t, report.Complete)
	require.Len(t, report.Findings, 1)
	found := report.Findings[0]
	require.Equal(t, report.Blocks-1, found.Block)
	require.Equal(t, "differing_value", found.Problem)
	require.Equal(t, "account:guarded-silo:wheat", found.Key)
	require.Len(t, found.Transaction, 64)
	lie := regexp.MustCompile(`("physicalIn":"[0-9]+)`).ReplaceAllString(found.Expected, "${1}0")
	require.NotEqual(t, found.Expected, lie)
	require.Equal(t, lie, found.Found, "ten times the wheat that came in")
	for _, org := range network.Consortium.Organisations {
		require.Eventually(t, func() bool {
			var findings struct{ Items []auditFinding }
			fetch(t, network.GatewayURL(org.ID)+"/api/v1/findings", &findings)
			return len(findings.Items) == 1 && findings.Items[0] == found
		}, time.Minute, 100*time.Millisecond, org.ID)
	}
}
