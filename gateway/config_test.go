package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/weighbridge/weighbridge/chaincode/massbalance"
)

// example writes a configuration that is sound, changed by replacements.
func example(t *testing.T, replacements ...string) string {
	t.Helper()
	dir := t.TempDir()
	for _, name := range []string{"ca.pem", "cert.pem", "key.pem"} {
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), nil, 0o600))
	}
	text := strings.ReplaceAll(`organisation: growers        # also the MSP ID
role: trading
listen: 127.0.0.1:8101
channel: weighbridge
chaincode: massbalance
data: DIR/data
peer: {address: 127.0.0.1:7111, serverName: peer.growers.example, tlsCA: DIR/ca.pem}
identity: {certificate: DIR/cert.pem, key: DIR/key.pem}
`, "DIR", dir)
	path := filepath.Join(dir, "gateway.yaml")
	require.NoError(t, os.WriteFile(path, []byte(strings.NewReplacer(replacements...).Replace(text)), 0o600))
	return path
}

func TestReadsASoundConfiguration(t *testing.T) {
	c, err := readConfig(example(t))
	require.NoError(t, err)
	require.Equal(t, massbalance.OrganisationID("growers"), c.Organisation)
	require.Equal(t, massbalance.Trading, c.Role)
	require.Equal(t, "peer.growers.example", c.Peer.ServerName)
	for _, listen := range []string{"localhost:1", "'[::1]:8101'", "127.8.8.8:0"} {
		_, err = readConfig(example(t, "listen: 127.0.0.1:8101", "listen: "+listen))
		require.NoError(t, err, listen)
	}
}

func TestNamesWhatIsWrongWithAConfiguration(t *testing.T) {
	for _, row := range []struct{ old, new, want string }{
		{"organisation: growers ", "organization: growers ", "field organization not found"},
		{"organisation: growers ", "organisation: ../growers ", `organisation: "../growers" is not a name`},
		{"role: trading", "role: king", `role: "king" is neither trading nor certification`},
		{"role: trading", "role: trading\nrole: trading", "already defined"},
		{"listen: 127.0.0.1:8101", "listen: 0.0.0.0:8101", "no sign-in yet"},
		{"listen: 127.0.0.1:8101", "listen: :8101", "no sign-in yet"},
		{"listen: 127.0.0.1:8101", "listen: gateway.example:8101", "not a loopback address"},
		{"listen: 127.0.0.1:8101", "listen: 127.0.0.1", "listen: \"127.0.0.1\" is not host:port"},
		{"channel: weighbridge", "", "channel: is missing"},
		{"data: ", "data: ./", "is not an absolute path"},
		{"address: 127.0.0.1:7111", "address: 127.0.0.1:http", "peer.address: \"127.0.0.1:http\" has no port number"},
		{"/key.pem", "/other.pem", "identity.key: open "},
		{"tlsCA:", "tlsca:", "field tlsca not found"},
	} {
		path := example(t, row.old, row.new)
		_, err := readConfig(path)
		require.ErrorContains(t, err, row.want)
		require.ErrorContains(t, err, path)
	}
	_, err := readConfig("/nonexistent/gateway.yaml")
	require.ErrorContains(t, err, "/nonexistent/gateway.yaml")
	empty := filepath.Join(t.TempDir(), "empty.yaml")
	require.NoError(t, os.WriteFile(empty, nil, 0o600))
	_, err = readConfig(empty)
	require.ErrorContains(t, err, "organisation: is missing")
}
