package topology_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/weighbridge/weighbridge/network/topology"
)

func load(t *testing.T, portOffset int) topology.Consortium {
	t.Helper()
	consortium, err := topology.Load(filepath.Join("..", "..", "test-network", "consortium.yaml"), portOffset)
	require.NoError(t, err)
	return consortium
}

func TestTestNetworkConsortium(t *testing.T) {
	consortium := load(t, 0)
	require.Len(t, consortium.Trading(), 4)
	require.Len(t, consortium.Certifiers(), 1)
	require.Equal(t, "orderer.growers, orderer.miller, orderer.manufacturer, orderer.brand, "+
		"peer.growers, peer.miller, peer.manufacturer, peer.brand, peer.certifier, "+
		"gateway.growers, gateway.miller, gateway.manufacturer, gateway.brand, gateway.certifier", consortium.NodeNames())
	const ephemeral = 32768
	for _, listener := range consortium.Listeners() {
		require.Less(t, listener.Port, ephemeral, listener.Name())
	}
}

func TestPortOffsetMovesEveryPort(t *testing.T) {
	plain, moved := load(t, 0).Listeners(), load(t, 1000).Listeners()
	require.Len(t, moved, len(plain))
	for i := range plain {
		require.Equal(t, plain[i].Port+1000, moved[i].Port, plain[i].Name())
	}
}

func TestPolicies(t *testing.T) {
	consortium := load(t, 0)
	require.Equal(t, "OutOf(3, 'growers.peer', 'miller.peer', 'manufacturer.peer', 'brand.peer')", consortium.EndorsementPolicy())
	require.Contains(t, consortium.Readers(), "'certifier.member'")
	for name, policy := range map[string]string{
		"endorsement":         consortium.EndorsementPolicy(),
		"admins":              consortium.AdminsPolicy(),
		"application writers": consortium.ApplicationWriters(topology.TradingWriters),
		"channel writers":     consortium.ChannelWriters(topology.TradingWriters),
		"orderer writers":     consortium.OrdererWriters(),
	} {
		require.NotContains(t, policy, "certifier", name)
	}
	require.Contains(t, consortium.ChannelWriters(topology.TradingWriters), "'brand.orderer'")
	require.Contains(t, consortium.ChannelWriters(topology.ApprovingWriters), "'certifier.admin'")
	require.NotContains(t, consortium.ChannelWriters(topology.ApprovingWriters), "'certifier.client'")
}

// TestFingerprint: whatever is in the genesis block or a node's data must change it, and nothing else.
func TestFingerprint(t *testing.T) {
	require.Equal(t, load(t, 0).Fingerprint(), load(t, 0).Fingerprint())
	require.NotEqual(t, load(t, 0).Fingerprint(), load(t, 1).Fingerprint())
	withoutGateway := load(t, 0)
	withoutGateway.Organisations[0].Gateway = nil
	require.Equal(t, load(t, 0).Fingerprint(), withoutGateway.Fingerprint())
}

// TestSettings: what a file says is what holds; what it doesn't say is the default, and no other network than before.
func TestSettings(t *testing.T) {
	content, err := os.ReadFile(filepath.Join("..", "..", "test-network", "consortium.yaml"))
	require.NoError(t, err)
	plain := load(t, 0)
	require.Equal(t, topology.DefaultBlocks, plain.Blocks)
	require.Equal(t, plain.EndorsementPolicy(), plain.ChaincodePolicy())
	require.Empty(t, plain.Variables(topology.KindPeer))
	for _, test := range []struct {
		name, says string
		same       bool
		holds      func(topology.Consortium) bool
	}{
		{"blocks", "blocks: {interval: 50ms, transactions: 500}", false, func(c topology.Consortium) bool {
			return c.Blocks == topology.Blocks{Interval: 50 * time.Millisecond, Transactions: 500, Bytes: topology.DefaultBlocks.Bytes}
		}},
		{"default blocks", "blocks: {interval: 100ms}", true, func(c topology.Consortium) bool { return c.Blocks == topology.DefaultBlocks }},
		{"endorsement", "endorsement: implicit", false, func(c topology.Consortium) bool {
			return c.ChaincodePolicy() == "/Channel/Application/Endorsement"
		}},
		{"environment", "environment: {peer: {GOGC: 200, CORE_PEER_VALIDATORPOOLSIZE: 2}}", true, func(c topology.Consortium) bool {
			return slices.Equal(c.Variables(topology.KindPeer), []string{"CORE_PEER_VALIDATORPOOLSIZE=2", "GOGC=200"}) && c.Variables(topology.KindOrderer) == nil
		}},
	} {
		t.Run(test.name, func(t *testing.T) {
			c, err := topology.Parse(append(slices.Clone(content), test.says...), 0)
			require.NoError(t, err)
			require.True(t, test.holds(c), c)
			require.Equal(t, test.same, plain.Fingerprint() == c.Fingerprint())
		})
	}
	for says, problem := range map[string]string{
		"blocks: {interval: 1ms}":                    "interval of blocks is 1ms",
		"blocks: {transactions: 10}":                 "transactions of a block are 10",
		"blocks: {bytes: 100}":                       "bytes of a block are 100",
		"endorsement: none":                          `endorsement is "none"`,
		"environment: {node: {A: b}}":                `environment of "node"`,
		"environment: {peer: {A-B: c}}":              "A-B",
		"environment: {chaincode: {A: \"b\\nC=d\"}}": "can't be set",
	} {
		_, err := topology.Parse(append(slices.Clone(content), says...), 0)
		require.ErrorContains(t, err, problem, says)
	}
}

// TestRefusals breaks one thing at a time in the consortium that works.
func TestRefusals(t *testing.T) {
	content, err := os.ReadFile(filepath.Join("..", "..", "test-network", "consortium.yaml"))
	require.NoError(t, err)
	_, err = topology.Parse(content, 0)
	require.NoError(t, err)
	for _, test := range []struct{ name, old, new, says string }{
		{"unknown key", "role: certification", "roll: certification", "field roll not found"},
		{"unknown role", "role: certification", "role: auditor", `organisation "certifier" has role "auditor"`},
		{"bad id", "id: miller", "id: Miller", `organisation id "Miller"`},
		{"same organisation twice", "id: miller", "id: growers", `organisation "growers" is listed twice`},
		{"same port twice", "port: 7211", "port: 7111", "127.0.0.1:7111 is given to both port of peer.growers and port of peer.miller"},
		{"no port", "port: 7211, ", "", "port of peer.miller is 0"},
		{"no host", "host: 127.0.0.1", "host: ''", "orderer.growers has no host"},
		{"bad channel", "channel: weighbridge", "channel: Weigh_Bridge", "channel name"},
		{"bad chaincode", "chaincode: massbalance", "chaincode: mass/balance", "chaincode name"},
		{"trader without orderer", "    orderer: {port: 7221, adminPort: 7222, operationsPort: 7223}\n", "", `trading organisation "miller" has no orderer`},
		{"certifier with orderer", "    peer: {port: 7511", "    orderer: {port: 1}\n    peer: {port: 7511", `certification body "certifier" has an orderer`},
		{"too few orderers", "id: brand\n    name: Brand\n    role: trading\n    peer: {port: 7411, chaincodePort: 7412, operationsPort: 7413}\n    orderer: {port: 7421, adminPort: 7422, operationsPort: 7423}",
			"id: brand\n    name: Brand\n    role: certification\n    peer: {port: 7411, chaincodePort: 7412, operationsPort: 7413}", "SmartBFT needs 4"},
	} {
		t.Run(test.name, func(t *testing.T) {
			broken := strings.Replace(string(content), test.old, test.new, 1)
			require.NotEqual(t, string(content), broken, "the test breaks nothing")
			_, err := topology.Parse([]byte(broken), 0)
			require.ErrorContains(t, err, test.says)
		})
	}
}

func TestNodeLookup(t *testing.T) {
	node, known := load(t, 0).Node("peer.certifier")
	require.True(t, known)
	require.Equal(t, "127.0.0.1:7511", node.Address())
	_, known = load(t, 0).Node("orderer.certifier")
	require.False(t, known)
}
