package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"

	"github.com/weighbridge/weighbridge/gateway/audit"
	"github.com/weighbridge/weighbridge/gateway/audit/blockfile"
	"github.com/weighbridge/weighbridge/gateway/audit/chain"
	"github.com/weighbridge/weighbridge/gateway/audit/chaintest"
)

func runAudit(arguments ...string) (stdout, stderr string, err error) {
	var out, errs bytes.Buffer
	c := command()
	c.SetOut(&out)
	c.SetErr(&errs)
	c.SetArgs(append([]string{"audit"}, arguments...))
	err = c.Execute()
	return out.String(), errs.String(), err
}

// writeChain writes a chain's block file and genesis block.
func writeChain(t *testing.T, c *chaintest.Chain) (dir, genesis string) {
	dir = t.TempDir()
	var file []byte
	for _, b := range c.Blocks {
		file = protowire.AppendBytes(file, blockfile.Format(b))
	}
	require.NoError(t, os.WriteFile(filepath.Join(dir, "blockfile_000000"), file, 0o600))
	encoded, err := proto.Marshal(c.Blocks[0])
	require.NoError(t, err)
	genesis = filepath.Join(dir, "genesis.block")
	require.NoError(t, os.WriteFile(genesis, encoded, 0o600))
	return dir, genesis
}

func TestAuditCommand(t *testing.T) {
	c := chaintest.New(t)
	dir, genesis := writeChain(t, c)
	report := filepath.Join(t.TempDir(), "report.json")

	stdout, stderr, err := runAudit("--blocks", dir, "--genesis", genesis, "--report", report)

	require.NoError(t, err)
	require.Contains(t, stdout, "findings      none")
	require.Contains(t, stderr, "16 blocks")
	content, err := os.ReadFile(report)
	require.NoError(t, err)
	var read audit.Report
	require.NoError(t, json.Unmarshal(content, &read))
	require.True(t, read.Sound())

	hash := fmt.Sprintf("%x", chain.GenesisHash(c.Blocks[0]))
	stdout, _, err = runAudit("--blocks", dir, "--genesis", hash, "--rules-only", "--report", "-")
	require.NoError(t, err)
	require.NoError(t, json.Unmarshal([]byte(stdout), &read))
	require.Equal(t, hash, read.Genesis)
	require.False(t, read.ChainChecked)
}

// A finding is named, and is the exit code that is not a failure's.
func TestAuditCommandFindsAForgedFlag(t *testing.T) {
	c := chaintest.New(t)
	x := c.Apply("miller", c.TakeIn("a", "100"))
	x.Endorsers = c.Peers("growers", "miller")
	c.Add(x)
	dir, genesis := writeChain(t, c)

	stdout, stderr, err := runAudit("--blocks", dir, "--genesis", genesis)

	require.ErrorIs(t, err, errUnsound)
	for _, text := range []string{"differing_code", "16", x.ID(), "account:mill-newark:wheat", "ENDORSEMENT_POLICY_FAILURE", "VALID, endorsed by growers, miller"} {
		require.Contains(t, stdout, text)
		require.Contains(t, stderr, text)
	}
}

func TestAuditCommandSaysWhatItLacks(t *testing.T) {
	dir, genesis := writeChain(t, chaintest.New(t))
	for text, arguments := range map[string][]string{
		"--genesis is needed":              {"--blocks", dir},
		"holds no block":                   {"--blocks", dir, "--genesis", "audit_test.go"},
		"there is no blockfile_000000":     {"--blocks", t.TempDir(), "--genesis", genesis},
		"couldn't use the configuration":   {"--genesis", genesis},
		"couldn't read the genesis block:": {"--blocks", dir, "--genesis", "none"},
	} {
		_, _, err := runAudit(arguments...)
		require.ErrorContains(t, err, text)
		require.NotErrorIs(t, err, errUnsound)
	}
	_, _, err := runAudit("--blocks", dir, "--genesis", fmt.Sprintf("%064x", 1))
	require.ErrorIs(t, err, errUnsound, "another genesis block is a finding")
}
