// Package testnetwork_test tries the whole of Weighbridge on a real network: it
// starts as a newcomer does, with the README's first command, and goes on from
// the network that the command leaves behind.
package testnetwork_test

import (
	"bufio"
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/weighbridge/weighbridge/chaincode/massbalance"
	"github.com/weighbridge/weighbridge/network/consortium"
	"github.com/weighbridge/weighbridge/test-network/season"
)

// portOffset keeps the test's network off a developer's own.
const portOffset = "16000"

// newcomer runs the commands that the documents show, in the repository's root
// and on a network of its own.
type newcomer struct {
	t     *testing.T
	state string
	ran   []string
}

// run runs a documented command and returns what it printed.
func (n *newcomer) run(command string, flags ...string) string {
	n.t.Helper()
	n.ran = append(n.ran, command)
	arguments := append(strings.Fields(command)[1:], "--state", n.state)
	process := exec.CommandContext(n.t.Context(), "go", append(arguments, flags...)...)
	process.Dir = ".."
	output, err := process.CombinedOutput()
	require.NoError(n.t, err, "%s:\n%s", command, output)
	return string(output)
}

// documented lists the network commands in the shell blocks of the documents.
func documented(t *testing.T) []string {
	var commands []string
	for _, path := range []string{"README.md", "docs/operations.md"} {
		file, err := os.Open(filepath.Join("..", path))
		require.NoError(t, err)
		defer file.Close()
		for lines, shell := bufio.NewScanner(file), false; lines.Scan(); {
			line, _, _ := strings.Cut(lines.Text(), "#")
			line = strings.TrimSpace(line)
			if strings.HasPrefix(line, "```") {
				shell = line == "```sh"
			}
			if shell && strings.HasPrefix(line, "go run ./network") {
				commands = append(commands, line)
			}
		}
	}
	require.NotEmpty(t, commands)
	return commands
}

func TestOnARealNetwork(t *testing.T) {
	if testing.Short() {
		t.Skip("starts a real network")
	}
	n := &newcomer{t: t, state: filepath.Join(t.TempDir(), "state")}
	options := consortium.Options{Root: "..", State: n.state}
	t.Cleanup(func() {
		if t.Failed() {
			showLogs(t, n.state)
		}
		require.NoError(t, consortium.Wipe(context.WithoutCancel(t.Context()), options))
	})

	began := time.Now()
	checkDemo(t, n.run("go run ./network demo", "--port-offset", portOffset, "--browser=false"))
	t.Logf("the demo took %s", time.Since(began).Round(time.Second))
	network, err := consortium.Open(options)
	require.NoError(t, err)
	t.Cleanup(network.Close)
	learn(t, network)

	require.Contains(t, n.run("go run ./network status"), "gateway.certifier")
	require.Contains(t, n.run("go run ./network sign-in miller"), "/sign-in", "a link that signs in once")
	n.run("go run ./network logs peer.miller")
	n.run("go run ./network logs orderer.growers")
	t.Run("a second season changes nothing", func(t *testing.T) { seasonIsIdempotent(t, network) })
	t.Run("the API answers as documented", func(t *testing.T) { apiAnswers(t, network) })
	t.Run("the console in a browser", func(t *testing.T) { consoleInABrowser(t, network) })
	t.Run("owners must endorse", func(t *testing.T) { ownersMustEndorse(t, network) })
	t.Run("a trade keeps its price", func(t *testing.T) { tradeKeepsItsPrice(t, network, n.state) })
	t.Run("the certification body is refused", func(t *testing.T) { certifierIsRefused(t, network) })
	t.Run("a country's balances", func(t *testing.T) { balancesOfACountry(t, network) })
	t.Run("a gateway outlives its peer", func(t *testing.T) { gatewayOutlivesItsPeer(t, network) })
	t.Run("the chain is sound", func(t *testing.T) { chainIsSound(t, network) })
	t.Run("forgeries of the chain are found", func(t *testing.T) { forgeriesAreFound(t, network) })
	t.Run("a read model is folded again", func(t *testing.T) { readModelIsFoldedAgain(t, network) })
	network.Close()

	require.Contains(t, n.run("go run ./network deploy"), "is deployed already", "the working tree's chaincode is the one that runs")
	n.run("go run ./network down")
	n.run("go run ./network up")
	network, err = consortium.Open(options)
	require.NoError(t, err)
	t.Cleanup(network.Close)
	t.Run("the season is still there", func(t *testing.T) { seasonIsIdempotent(t, network) })
	split := newSplit(t, network, n.state)
	old := newStale(t, network, split.trust)
	t.Run("a recall traces itself", func(t *testing.T) { recallTracesItself(t, network) })
	t.Run("a stale bundle says its height", func(t *testing.T) { old.saysItsHeight(t, network) })
	t.Run("a member shows another ledger", split.run)
	t.Run("a majority breaks a rule", func(t *testing.T) { majorityBreaksARule(t, network, options) })
	network.Close()
	n.run("go run ./network down --wipe")
	require.NoDirExists(t, n.state)

	for _, command := range documented(t) {
		require.True(t, slices.Contains(n.ran, command), "the documents show %q, which no test runs", command)
	}
}

func checkDemo(t *testing.T, output string) {
	for _, code := range []massbalance.Code{
		massbalance.ExceedsVerification, massbalance.ExceedsYield, massbalance.InsufficientStock, massbalance.AttributionExceeds,
		massbalance.TransferResolved, massbalance.ConversionExceeds, massbalance.InsufficientCredit, massbalance.NotOwner,
		massbalance.CommandIDReused, "not_submitted",
	} {
		require.Contains(t, output, string(code))
	}
	require.Contains(t, output, "Findings: 0. Differences: 0.")
	for _, figure := range []string{"18,425.60 GBP", "2,942.06 GBP", "manufacturer/OF-2025-03 waits for an answer", "Insetting project yorkshire-cover-crops", "Scope 3, category 1, of brand in 2025"} {
		require.Contains(t, output, figure)
	}
	require.Contains(t, output, "refused by all 4 of them (FORBIDDEN)")
	require.Contains(t, output, "The network is up.")
	require.Contains(t, output, "VERIFIED (")
	require.Contains(t, output, "5 of the 5 organisations that you trust vouch for this state of the ledger; you ask for 5.")
}

func gateways(network *consortium.Network) map[string]string {
	urls := map[string]string{}
	for _, organisation := range network.Consortium.Organisations {
		urls[organisation.ID] = network.GatewayURL(organisation.ID)
	}
	return urls
}

func seasonIsIdempotent(t *testing.T, network *consortium.Network) {
	report, err := season.Run(t.Context(), season.Options{Gateways: gateways(network), Tokens: learn(t, network)})
	require.NoError(t, err)
	require.Equal(t, report.Commands, report.Repeated)
	require.Empty(t, report.Recount.Findings)
	require.Empty(t, report.Differences)
	require.Len(t, report.Refusals, 10)
}

func certifierIsRefused(t *testing.T, network *consortium.Network) {
	certifier, err := network.Administrator("certifier")
	require.NoError(t, err)
	require.NoError(t, certifier.CheckRefused(t.Context()))
}

// ownNetwork brings up a network for one test, away from the others' ports. It
// ends with the test, and shows its logs where that failed.
func ownNetwork(t *testing.T, portOffset int) *consortium.Network {
	t.Helper()
	options := consortium.Options{Root: "..", State: filepath.Join(t.TempDir(), "state"), PortOffset: portOffset, Progress: t.Output()}
	t.Cleanup(func() {
		if t.Failed() {
			showLogs(t, options.State)
		}
		require.NoError(t, consortium.Wipe(context.WithoutCancel(t.Context()), options))
	})
	network, err := consortium.Up(t.Context(), options)
	require.NoError(t, err)
	t.Cleanup(network.Close)
	return network
}

func showLogs(t *testing.T, state string) {
	logs, err := filepath.Glob(filepath.Join(state, "logs", "*.log"))
	require.NoError(t, err)
	for _, path := range logs {
		content, err := os.ReadFile(path)
		require.NoError(t, err)
		if lines := strings.Split(strings.TrimSpace(string(content)), "\n"); len(content) > 0 {
			t.Logf("%s ends with:\n%s", filepath.Base(path), strings.Join(lines[max(0, len(lines)-8):], "\n"))
		}
	}
}
