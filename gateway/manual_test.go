package main

import (
	"bytes"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/weighbridge/weighbridge/gateway/peertest"
	"github.com/weighbridge/weighbridge/gateway/store/postgrestest"
)

// asGateway makes the test's program be the gateway's, which need not be built
// again for it.
const asGateway = "TEST_AS_GATEWAY"

func TestMain(m *testing.M) {
	if os.Getenv(asGateway) != "" {
		main()
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// shown lists the commands in the shell blocks of an operator's documents, those
// of package network left out: a test on a real network runs these.
func shown(t *testing.T, path string) (commands []string) {
	t.Helper()
	content, err := os.ReadFile(path)
	require.NoError(t, err)
	shell := false
	for line := range strings.Lines(string(content)) {
		line = strings.TrimSpace(line)
		if strings.HasPrefix(line, "```") {
			shell = line == "```sh"
			continue
		}
		if command, _, _ := strings.Cut(line, "   #"); shell && !strings.HasPrefix(command, "go run ./network") && command != "" {
			commands = append(commands, strings.TrimSpace(command))
		}
	}
	return commands
}

// operator is somebody at a machine with a gateway.
type operator struct {
	t         *testing.T
	folder    string
	programs  []string
	elsewhere *strings.Replacer
	url       string
	ran       int
}

// run runs a command as it stands in a document. What serves is told to stop
// once it is alive.
func (o *operator) run(command string) {
	t := o.t
	t.Helper()
	shell := exec.CommandContext(t.Context(), "bash", "-euo", "pipefail", "-c", "exec "+o.elsewhere.Replace(command))
	if strings.Contains(command, "=") && strings.HasPrefix(command, "WEIGHBRIDGE_") {
		shell.Args[len(shell.Args)-1] = "exec env " + o.elsewhere.Replace(command)
	}
	shell.Dir, shell.Env = o.folder, append(os.Environ(), "PATH="+strings.Join(o.programs, ":")+":"+os.Getenv("PATH"))
	var output bytes.Buffer
	shell.Stdout, shell.Stderr = &output, &output
	require.NoError(t, shell.Start())
	if strings.Contains(command, "gateway serve") {
		require.Eventually(t, func() bool {
			response, err := http.Get(o.url + "/healthz")
			if err != nil {
				return false
			}
			defer response.Body.Close()
			return response.StatusCode == http.StatusOK
		}, 30*time.Second, 50*time.Millisecond, "%s", command)
		require.NoError(t, shell.Process.Signal(syscall.SIGTERM))
	}
	require.NoError(t, shell.Wait(), "%s:\n%s", command, &output)
	o.ran++
}

// Every command of the operator's guide and of the list of settings does what
// they say, as they stand there.
func TestTheOperatorsCommandsWork(t *testing.T) {
	if testing.Short() {
		t.Skip("it starts a gateway and PostgreSQL")
	}
	o := &operator{t: t, folder: t.TempDir(), programs: []string{t.TempDir()}}
	self, err := os.Executable()
	require.NoError(t, err)
	gateway := filepath.Join(o.programs[0], "gateway")
	require.NoError(t, os.WriteFile(gateway, []byte("#!/bin/sh\n"+asGateway+"=1 exec '"+self+"' \"$@\"\n"), 0o700)) //nolint:gosec // a program

	peer, listen := peertest.StartSeason(t), freePort(t)
	path := example(t, "127.0.0.1:8101", listen, "127.0.0.1:7111", peer.Address(), "role: trading", "role: trading\naudit: off\nleastFree: 0")
	identity(t, filepath.Dir(path))
	peer.WriteAuthority(filepath.Join(filepath.Dir(path), "ca.pem"))
	written, err := os.ReadFile(path)
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(filepath.Join(o.folder, "gateway.yaml"), written, 0o600))
	c, err := readFile(path)
	require.NoError(t, err)
	o.url = "http://" + listen

	server := postgrestest.Start(t)
	o.programs = append(o.programs, server.Folder())
	o.elsewhere = strings.NewReplacer(
		"/backup/", o.folder+"/", "own-2026-11-25.db", "own-$(date +%F).db", "/etc/erp/", o.folder+"/",
		"postgres://weighbridge@host/growers", "'"+server.Database("growers")+"'", "postgres://weighbridge@host/empty", "'"+server.Database("empty")+"'")
	for _, document := range []string{"../docs/configuration.md", "../docs/operations.md", "../docs/metrics.md", "../docs/access.md"} {
		for _, command := range shown(t, document) {
			if strings.HasPrefix(command, "gateway restore") {
				require.NoError(t, os.RemoveAll(c.Data)) // a disk that is lost
			}
			o.run(command)
		}
	}
	require.GreaterOrEqual(t, o.ran, 9, "the documents show commands")
	for _, made := range []string{"own.sql", "token"} {
		require.FileExists(t, filepath.Join(o.folder, made))
	}
	out, err := exec.CommandContext(t.Context(), gateway, "--version").CombinedOutput()
	require.NoError(t, err)
	require.NotEmpty(t, out)
}
