package main

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/weighbridge/weighbridge/network/topology"
)

// TestSettingsAreKnown: a network comes up with each of them, as far as its file goes, and no two are the same.
func TestSettingsAreKnown(t *testing.T) {
	content, err := os.ReadFile(filepath.Join("..", "consortium.yaml"))
	require.NoError(t, err)
	names, kinds := map[string]bool{}, map[string]bool{}
	for _, s := range settings() {
		_, err := topology.Parse([]byte(string(content)+"\n"+s.consortium), 0)
		require.NoError(t, err, s.name)
		names[s.name] = true
		kinds[s.consortium+strings.Join(s.bench, " ")] = true
	}
	require.Len(t, names, len(settings()))
	require.Len(t, kinds, len(settings())-1, "only the default is there twice")
}

func TestChosen(t *testing.T) {
	require.Len(t, chosen(settings(), ""), len(settings()))
	require.Len(t, chosen(settings(), "validatorPool,implicit"), 4)
	require.Empty(t, chosen(settings(), "nothing"))
}

func TestTheTable(t *testing.T) {
	var out bytes.Buffer
	require.NoError(t, printTable(&out, []result{
		{name: "fast", rows: []measured{{"put", 16, 100, 0, 10, 3}, {"intake spread ×100", 16, 1250, 1, 1.25, 0.5}, {"intake spread", 64, 200, 0, 10, 1}, {"intake hot", 64, 500, 2, 2, 1}}},
		{name: "dead", err: errors.New("no network came up")},
	}))
	lines := strings.Split(out.String(), "\n")
	require.Equal(t, strings.Fields("fast 100.0 10.00 3.0 1250.0 1.25 0.5 12.50 200.0 10.00 1.0 2.00 500.0 2.00 1.0 5.00 3"), strings.Fields(lines[4]))
	require.Equal(t, strings.Fields("dead – – – – – – – – – – – – – – – 0"), strings.Fields(lines[5]))
	require.Contains(t, out.String(), "dead: no network came up")
}
