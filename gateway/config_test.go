package main

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/spf13/pflag"
	"github.com/stretchr/testify/require"

	"github.com/weighbridge/weighbridge/chaincode/massbalance"
	"github.com/weighbridge/weighbridge/gateway/settings"
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

// readFile reads a file without an environment and flags.
func readFile(path string) (config, error) {
	c, _, err := readConfig(path, nil, nil)
	return c, err
}

func TestReadsASoundConfiguration(t *testing.T) {
	c, err := readFile(example(t))
	require.NoError(t, err)
	require.Equal(t, massbalance.OrganisationID("growers"), c.Organisation)
	require.Equal(t, massbalance.Trading, c.Role)
	require.Equal(t, "peer.growers.example", c.Peer.ServerName)
	require.Equal(t, logConfig{"info", "text"}, c.Log, "what is not said has its default")
	for _, listen := range []string{"localhost:1", "'[::1]:8101'", "127.8.8.8:0"} {
		_, err = readFile(example(t, "listen: 127.0.0.1:8101", "listen: "+listen))
		require.NoError(t, err, listen)
	}
}

func TestNamesWhatIsWrongWithAConfiguration(t *testing.T) {
	for _, row := range []struct{ old, new, want string }{
		{"organisation: growers ", "organization: growers ", "field organization not found"},
		{"organisation: growers ", "organisation: ../growers ", `organisation: "../growers" is not a name`},
		{"role: trading", "role: king", `role: "king" is neither trading nor certification`},
		{"role: trading", "role: trading\nrole: trading", "already defined"},
		{"listen: 127.0.0.1:8101", "listen: 0.0.0.0:8101", "in the clear"},
		{"listen: 127.0.0.1:8101", "listen: :8101", "in the clear"},
		{"listen: 127.0.0.1:8101", "listen: gateway.example:8101", "not a loopback address"},
		{"listen: 127.0.0.1:8101", "listen: 0.0.0.0:8101\ntls: {certificate: DIR/cert.pem, key: DIR/key.pem}", "set publicURL"},
		{"listen: 127.0.0.1:8101", "tls: {certificate: DIR/cert.pem}", "tls.certificate and tls.key"},
		{"listen: 127.0.0.1:8101", "publicURL: weighbridge.example", "publicURL: \"weighbridge.example\" is not"},
		{"listen: 127.0.0.1:8101", "publicURL: http://weighbridge.example", "is not https"},
		{"listen: 127.0.0.1:8101", "listen: 127.0.0.1", "listen: \"127.0.0.1\" is not host:port"},
		{"organisation: growers ", "", "organisation: is missing"},
		{"data: ", "data: ./", "is not an absolute path"},
		{"address: 127.0.0.1:7111", "address: 127.0.0.1:http", "peer.address: \"127.0.0.1:http\" has no port number"},
		{"/key.pem", "/other.pem", "identity.key: open "},
		{"tlsCA:", "tlsca:", "field tlsca not found"},
		{"role: trading", "role: trading\nlog: {level: loud}", `log.level: "loud" is none of debug, info`},
	} {
		path := example(t, row.old, row.new)
		_, err := readFile(path)
		require.ErrorContains(t, err, row.want)
		require.ErrorContains(t, err, path)
	}
	_, err := readFile("/nonexistent/gateway.yaml")
	require.ErrorContains(t, err, "/nonexistent/gateway.yaml")
	_, err = readFile("")
	require.ErrorContains(t, err, "organisation: is missing; set it as WEIGHBRIDGE_ORGANISATION or as --organisation")
}

func TestAnErrorNamesWhereAValueCameFrom(t *testing.T) {
	path := example(t, "listen: 127.0.0.1:8101", "listen: elsewhere:1")
	_, _, err := readConfig(path, nil, nil)
	require.ErrorContains(t, err, "(from "+path+" line 3)")
	_, _, err = readConfig(path, []string{"WEIGHBRIDGE_LISTEN=0.0.0.0:1"}, nil)
	require.ErrorContains(t, err, "(from environment variable WEIGHBRIDGE_LISTEN)")
	flags := pflag.NewFlagSet("", pflag.ContinueOnError)
	settings.Declare(flags, &config{})
	require.NoError(t, flags.Parse([]string{"--listen", "0.0.0.0:2"}))
	_, _, err = readConfig(path, []string{"WEIGHBRIDGE_LISTEN=0.0.0.0:1"}, flags)
	require.ErrorContains(t, err, `"0.0.0.0:2" is not`)
	require.ErrorContains(t, err, "(from flag --listen)")
}

// run executes the command line as a person would.
func run(t *testing.T, args ...string) (string, error) {
	t.Helper()
	c := command()
	var out bytes.Buffer
	c.SetOut(&out)
	c.SetErr(&out)
	c.SetArgs(args)
	err := c.ExecuteContext(t.Context())
	return out.String(), err
}

func TestChecksAndPrintsItsSettings(t *testing.T) {
	path := example(t)
	out, err := run(t, "config", "check", "--config", path)
	require.NoError(t, err)
	require.Contains(t, out, "the settings are sound")
	require.Contains(t, out, "warning: publicURL is not set: the codes on certificates and declarations lead to http://127.0.0.1:")
	out, err = run(t, "config", "check", "--config", path, "--public-url", "https://weighbridge.mill.example")
	require.NoError(t, err)
	require.NotContains(t, out, "publicURL")
	t.Setenv("WEIGHBRIDGE_LISTN", "127.0.0.1:1")
	t.Setenv("WEIGHBRIDGE_CHANNEL", "other")
	t.Setenv("WEIGHBRIDGE_CONFIG", path)
	out, err = run(t, "config", "check")
	require.NoError(t, err)
	require.Contains(t, out, "WEIGHBRIDGE_LISTN")
	out, err = run(t, "config", "print", "--log-level", "debug")
	require.NoError(t, err)
	require.Regexp(t, `channel +other +environment variable WEIGHBRIDGE_CHANNEL`, out)
	require.Regexp(t, `log.level +debug +flag --log-level`, out)
	require.Regexp(t, `role +trading +.*gateway.yaml line 2`, out)
	require.Regexp(t, `log.format +text +default`, out)
	out, err = run(t, "config", "print", "--role", "king")
	require.ErrorContains(t, err, "from flag --role")
	require.Contains(t, out, "king", "what is wrong is printed all the same")
}

var update = flag.Bool("update", false, "write what is generated instead of comparing it")

// nested writes one setting as it stands in a file.
func nested(path, value string) string {
	var b strings.Builder
	parts := strings.Split(path, ".")
	for depth, part := range parts {
		b.WriteString(strings.Repeat("  ", depth) + part + ":")
		if depth < len(parts)-1 {
			b.WriteString("\n")
		}
	}
	return b.String() + " " + value + "\n"
}

// Of every setting: a flag wins over the environment, the environment over the
// file, the file over the default, and each says that it was it.
func TestWhatComesFirstWinsForEverySetting(t *testing.T) {
	values := map[string][3]string{"text": {"a", "b", "c"}, "integer": {"7", "8", "9"}, "duration": {"7s", "8s", "9s"}, "list": {"a", "b", "c"}}
	for _, f := range settings.Fields(&config{}) {
		three, ok := values[f.Kind()]
		if f.Variable == "" {
			require.Equal(t, "structure", f.Kind(), f.Path)
			continue // it stands in the file alone
		}
		require.True(t, ok, "%s is a %s", f.Path, f.Kind())
		inFile := three[0]
		if f.Kind() == "list" {
			inFile = "[" + inFile + "]"
		}
		file := filepath.Join(t.TempDir(), "gateway.yaml")
		require.NoError(t, os.WriteFile(file, []byte(nested(f.Path, inFile)), 0o600))
		for name, from := range map[string]struct {
			environment, flag bool
			want, origin      string
		}{
			"file": {want: three[0], origin: file}, "environment": {environment: true, want: three[1], origin: f.Variable}, "flag": {environment: true, flag: true, want: three[2], origin: "--" + f.Flag},
		} {
			sources := settings.Sources{File: file, Flags: pflag.NewFlagSet("", pflag.ContinueOnError)}
			settings.Declare(sources.Flags, &config{})
			if from.environment {
				sources.Environment = []string{f.Variable + "=" + three[1]}
			}
			if from.flag && f.Secret {
				require.Error(t, sources.Flags.Parse([]string{"--" + strings.ReplaceAll(strings.ToLower(strings.TrimPrefix(f.Variable, settings.Prefix)), "_", "-"), "x"}), "%s is a secret", f.Path)
				continue
			}
			if from.flag {
				require.NoError(t, sources.Flags.Parse([]string{"--" + f.Flag, three[2]}))
			}
			var c config
			origins, _ := settings.Read(&c, sources) // the required ones are missing
			for _, got := range settings.Fields(&c) {
				if got.Path == f.Path {
					require.Equal(t, from.want, got.Value(), "%s from the %s", f.Path, name)
				} else if got.Variable != "" {
					require.Equal(t, "default", origins[got.Path], "%s was set by %s", got.Path, f.Path)
				}
			}
			require.Contains(t, origins[f.Path], from.origin, "%s from the %s", f.Path, name)
		}
	}
}

// documented holds the table between a document's marks to what the code says,
// or writes it there with -update.
func documented(t *testing.T, path, name, want string) {
	t.Helper()
	begin, end := "<!-- "+name+" -->\n", "<!-- end of "+name+" -->\n"
	content, err := os.ReadFile(path)
	require.NoError(t, err)
	before, rest, ok := strings.Cut(string(content), begin)
	require.True(t, ok, "%s has no %s", path, begin)
	table, after, ok := strings.Cut(rest, end)
	require.True(t, ok, "%s has no %s", path, end)
	if *update {
		require.NoError(t, os.WriteFile(path, []byte(before+begin+want+end+after), 0o600))
	} else {
		require.Equal(t, want, table, "make it anew: go test ./gateway -run Documented -update")
	}
}

// The table of docs/configuration.md is what the code says. To make it anew:
// go test ./gateway -run Documented -update
func TestEverySettingIsDocumented(t *testing.T) {
	documented(t, "../docs/configuration.md", "settings", settings.Table(&config{}))
}
