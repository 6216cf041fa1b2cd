package consortium_test

import (
	"context"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/weighbridge/weighbridge/network/administration"
	"github.com/weighbridge/weighbridge/network/consortium"
	"github.com/weighbridge/weighbridge/network/process"
	"github.com/weighbridge/weighbridge/network/toolchain"
)

// portOffset keeps the test's network off a developer's own.
const portOffset = 11000

var tradingPeers = []string{"peer.growers", "peer.miller", "peer.manufacturer", "peer.brand"}

// TestNetwork takes one real network through its life: up, use, faults, down, up with its data, upgrade, wipe.
func TestNetwork(t *testing.T) {
	if testing.Short() {
		t.Skip("starts a real network")
	}
	ctx, cancel := context.WithTimeout(t.Context(), 8*time.Minute)
	defer cancel()
	options := consortium.Options{
		State: filepath.Join(t.TempDir(), "state"), PortOffset: portOffset, Progress: t.Output(),
		ChaincodePackage: "./network/consortium/testdata/probe", GatewayPackage: "./network/consortium/testdata/gateway",
	}
	t.Cleanup(func() {
		if t.Failed() {
			showLogs(t, options.State)
		}
		require.NoError(t, consortium.Wipe(context.WithoutCancel(ctx), options))
	})

	refusesTakenPort(ctx, t, options)

	network := up(ctx, t, options)
	put(ctx, t, network, "harvest", "29.4 t")
	require.Equal(t, "29.4 t", get(ctx, t, network, "certifier", "harvest"), "the certification body's peer follows and evaluates")
	allUp(ctx, t, network)
	certifierIsReadOnly(ctx, t, network)
	refusesOtherProgram(ctx, t, network)
	survivesKills(ctx, t, network)
	upAgainChangesNothing(ctx, t, network, options)
	network.Close()

	require.NoError(t, consortium.Down(ctx, options))
	nothingRuns(t, options.State)
	explainsDeadNode(ctx, t, network, options)

	network = up(ctx, t, options)
	require.Equal(t, "29.4 t", get(ctx, t, network, "brand", "harvest"), "a resumed network has its data")
	put(ctx, t, network, "after resuming", "12 t")
	network.Close()

	upgrades(ctx, t, options)

	require.NoError(t, consortium.Wipe(ctx, options))
	require.NoDirExists(t, options.State)
	nothingRuns(t, options.State)
}

func up(ctx context.Context, t *testing.T, options consortium.Options) *consortium.Network {
	t.Helper()
	network, err := consortium.Up(ctx, options)
	require.NoError(t, err)
	t.Cleanup(network.Close)
	return network
}

func put(ctx context.Context, t *testing.T, network *consortium.Network, key, value string) {
	t.Helper()
	miller, err := network.Administrator("miller")
	require.NoError(t, err)
	_, err = miller.Submit(ctx, tradingPeers[:3], administration.Call{Function: "put", Arguments: []string{key, value}})
	require.NoError(t, err)
}

// get waits until the organisation's peer has the key, because peers commit one after the other.
func get(ctx context.Context, t *testing.T, network *consortium.Network, organisation, key string) string {
	t.Helper()
	administrator, err := network.Administrator(organisation)
	require.NoError(t, err)
	var value []byte
	require.Eventually(t, func() bool {
		value, err = administrator.Evaluate(ctx, administration.Call{Function: "get", Arguments: []string{key}})
		return err == nil && len(value) > 0
	}, 30*time.Second, 50*time.Millisecond, "%s never saw %s", organisation, key)
	return string(value)
}

func refusesTakenPort(ctx context.Context, t *testing.T, options consortium.Options) {
	listener, err := net.Listen("tcp", "127.0.0.1:18111") // peer.growers
	require.NoError(t, err)
	defer listener.Close()
	_, err = consortium.Up(ctx, options)
	require.ErrorContains(t, err, "port 18111 of peer.growers: 127.0.0.1:18111 is taken by process")
}

func allUp(ctx context.Context, t *testing.T, network *consortium.Network) {
	statuses, err := network.Status(ctx)
	require.NoError(t, err)
	require.Len(t, statuses, 4+5+5+5)
	for _, status := range statuses {
		require.Equal(t, consortium.StateUp, status.State, status.Name)
		require.Positive(t, status.ResidentBytes, status.Name)
		require.Equal(t, strings.HasPrefix(status.Name, "peer."), status.Height > 0, status.Name)
	}
	for _, organisation := range network.Consortium.Organisations {
		response, err := http.Get(network.GatewayURL(organisation.ID) + "/readyz")
		require.NoError(t, err)
		require.NoError(t, response.Body.Close())
		require.Equal(t, http.StatusOK, response.StatusCode)
	}
}

func certifierIsReadOnly(ctx context.Context, t *testing.T, network *consortium.Network) {
	certifier, err := network.Administrator("certifier")
	require.NoError(t, err)
	require.NoError(t, certifier.CheckRefused(ctx), "every orderer refuses every identity of the certification body")

	miller, err := network.Administrator("miller")
	require.NoError(t, err)
	require.ErrorContains(t, miller.CheckRefused(ctx), "took a submission", "the check tells who isn't refused")
	_, err = miller.Submit(ctx, []string{"peer.growers", "peer.miller", "peer.certifier"},
		administration.Call{Function: "put", Arguments: []string{"harvest", "1000 t"}})
	require.ErrorContains(t, err, "ENDORSEMENT_POLICY_FAILURE", "the certification body's endorsement counts for nothing")
	require.Equal(t, "29.4 t", get(ctx, t, network, "miller", "harvest"))
}

// refusesOtherProgram has the brand's peer install a package for a program that isn't the brand's own.
func refusesOtherProgram(ctx context.Context, t *testing.T, network *consortium.Network) {
	own, err := toolchain.HashFile(network.Layout.Organisation("brand").Chaincode())
	require.NoError(t, err)
	other := strings.Repeat("0123456789abcdef", 4)
	_, err = network.InstallChaincode(ctx, "brand", other)
	require.ErrorContains(t, err, "refused: the package is for the program with SHA-256 "+other)
	require.ErrorContains(t, err, "has SHA-256 "+own)
}

func survivesKills(ctx context.Context, t *testing.T, network *consortium.Network) {
	require.NoError(t, network.KillNode(ctx, "peer.brand"))
	put(ctx, t, network, "while the brand was away", "7 t")
	require.NoError(t, network.StartNode(ctx, "peer.brand"))
	require.Equal(t, "7 t", get(ctx, t, network, "brand", "while the brand was away"), "a killed peer catches up, and its chaincode with it")

	require.NoError(t, network.KillChaincode("brand"))
	require.Equal(t, "29.4 t", get(ctx, t, network, "brand", "harvest"), "a peer starts its killed chaincode again")

	require.NoError(t, network.KillNode(ctx, "orderer.brand"))
	put(ctx, t, network, "with three orderers", "8 t")
	require.NoError(t, network.StartNode(ctx, "orderer.brand"))
}

// explainsDeadNode starts with an orderer that can't start, and expects to be told so at once and in its own words.
func explainsDeadNode(ctx context.Context, t *testing.T, network *consortium.Network, options consortium.Options) {
	ledger := filepath.Join(network.Layout.Organisation("brand").Holder("orderer").Data(), "ledger")
	require.NoError(t, os.Rename(ledger, ledger+".away"))
	require.NoError(t, os.WriteFile(ledger, nil, 0o600))
	started := time.Now()
	log, err := network.Log("orderer.brand")
	require.NoError(t, err)
	_, err = consortium.Up(ctx, options)
	require.ErrorContains(t, err, "orderer.brand has ended by itself; its log "+log+" says:")
	require.ErrorContains(t, err, ledger)
	require.Less(t, time.Since(started), 30*time.Second)
	require.NoError(t, os.Remove(ledger))
	require.NoError(t, os.Rename(ledger+".away", ledger))
}

func upAgainChangesNothing(ctx context.Context, t *testing.T, network *consortium.Network, options consortium.Options) {
	before := processes(ctx, t, network)
	again := up(ctx, t, options)
	require.Equal(t, before, processes(ctx, t, again))
	again.Close()
}

func processes(ctx context.Context, t *testing.T, network *consortium.Network) map[string]int {
	statuses, err := network.Status(ctx)
	require.NoError(t, err)
	found := map[string]int{}
	for _, status := range statuses {
		found[status.Name] = status.PID
	}
	return found
}

// upgrades changes the chaincode: up tells and goes on with the old one, deploy takes the new one into use.
func upgrades(ctx context.Context, t *testing.T, options consortium.Options) {
	var progress strings.Builder
	options.Progress = &progress
	options.ChaincodePackage = "./network/consortium/testdata/probe2"
	network := up(ctx, t, options)
	require.Contains(t, progress.String(), "`go run ./network deploy` upgrades it")
	before, err := network.Deployed(ctx)
	require.NoError(t, err)

	require.NoError(t, consortium.Deploy(ctx, options))
	after, err := network.Deployed(ctx)
	require.NoError(t, err)
	require.Equal(t, before.Sequence+1, after.Sequence)
	require.NotEqual(t, before.Version, after.Version)
	require.Equal(t, "29.4 t", get(ctx, t, network, "certifier", "harvest"), "an upgrade keeps the data")
	put(ctx, t, network, "after the upgrade", "9 t")
	network.Close()
}

func nothingRuns(t *testing.T, state string) {
	running, err := process.Executables(state)
	require.NoError(t, err)
	require.Empty(t, running)
}

func showLogs(t *testing.T, state string) {
	logs, err := filepath.Glob(filepath.Join(state, "logs", "*.log"))
	require.NoError(t, err)
	for _, log := range logs {
		tail, err := process.Tail(log, 8)
		require.NoError(t, err)
		if info, err := os.Stat(log); err == nil && info.Size() > 0 {
			t.Logf("%s ends with:\n%s", log, tail)
		}
	}
}
