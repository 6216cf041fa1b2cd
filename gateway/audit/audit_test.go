package audit_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/hyperledger/fabric-protos-go-apiv2/common"
	"github.com/hyperledger/fabric-protos-go-apiv2/ledger/rwset/kvrwset"
	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"

	"github.com/weighbridge/weighbridge/gateway/audit"
	"github.com/weighbridge/weighbridge/gateway/audit/blockfile"
	"github.com/weighbridge/weighbridge/gateway/audit/chain"
	"github.com/weighbridge/weighbridge/gateway/audit/chaintest"
	"github.com/weighbridge/weighbridge/gateway/replay"
)

func run(t *testing.T, o audit.Options) audit.Report {
	o.Chaincode = chaintest.Chaincode
	report, err := audit.Run(t.Context(), o)
	require.NoError(t, err)
	return report
}

func optionsFor(c *chaintest.Chain, blocks ...*common.Block) audit.Options {
	if blocks == nil {
		blocks = c.Blocks
	}
	copies := make([]*common.Block, len(blocks))
	for i, b := range blocks {
		copies[i] = proto.Clone(b).(*common.Block)
	}
	return audit.Options{Source: audit.Blocks(copies...), Genesis: chain.GenesisHash(c.Blocks[0])}
}

func TestAuditOfAnHonestChain(t *testing.T) {
	c := chaintest.New(t)
	for _, id := range []string{"a", "b", "c"} {
		c.Add(c.Apply("miller", c.TakeIn(id, "100"), c.TakeIn(id+"2", "100")))
	}
	var last audit.Report
	o := optionsFor(c)
	o.Progress = func(r audit.Report) { last = r }
	o.RecountEvery = 2

	report := run(t, o)

	require.True(t, report.Sound(), "%+v", report)
	require.Equal(t, last, audit.Report{
		Complete: true, ChainChecked: true, Genesis: report.Genesis, Head: report.Head, Blocks: 19, Transactions: report.Transactions,
		Valid: report.Transactions, Commands: report.Commands, Records: report.Commands, Signatures: report.Signatures,
		Seconds: last.Seconds, Findings: []replay.Finding{},
	})
	require.Greater(t, report.Signatures, 8*report.Valid/2)
	encoded, err := json.Marshal(report)
	require.NoError(t, err)
	require.Contains(t, string(encoded), `"findings":[]`)

	rules := optionsFor(c)
	rules.RulesOnly = true
	again := run(t, rules)
	require.True(t, again.Sound())
	require.False(t, again.ChainChecked)
	require.Equal(t, report.Records, again.Records)
	require.Zero(t, again.Signatures)
}

func TestAuditOfBlockFiles(t *testing.T) {
	c, dir := chaintest.New(t), t.TempDir()
	var file []byte
	for _, b := range c.Blocks {
		file = protowire.AppendBytes(file, blockfile.Format(b))
	}
	for name, content := range map[string][]byte{"whole": file, "cut": append(file[:len(file):len(file)], 0x7f, 1, 2)} {
		require.NoError(t, os.WriteFile(filepath.Join(dir, "blockfile_000000"), content, 0o600))
		reader, err := blockfile.Open(dir)
		require.NoError(t, err)
		o := optionsFor(c)
		o.Source = audit.Files(reader)
		report := run(t, o)
		require.True(t, report.Sound(), name)
		require.Equal(t, uint64(16), report.Blocks)
		require.NoError(t, reader.Close())
	}
}

// A majority of the members endorsed what the rules do not give. The chain is in
// order; the replay names block, transaction, key, and both values.
func TestAMajorityThatBreaksARule(t *testing.T) {
	c := chaintest.New(t)
	x := c.Apply("miller", c.TakeIn("a", "100"))
	set := x.Sets(t)
	for _, w := range set.Writes {
		w.Value = []byte(strings.ReplaceAll(string(w.Value), `"100"`, `"900"`))
	}
	x.SetSets(set)
	c.Add(x)
	c.Add(c.Apply("growers"))

	report := run(t, optionsFor(c))

	require.True(t, report.Complete)
	require.False(t, report.Sound())
	require.Equal(t, uint64(18), report.Blocks, "it goes on behind the finding")
	require.Len(t, report.Findings, 1)
	f := report.Findings[0]
	require.Equal(t, replay.DifferingValue, f.Problem)
	require.Equal(t, uint64(16), f.Block)
	require.Equal(t, x.ID(), f.Transaction)
	require.Equal(t, "account:mill-newark:wheat", f.Key)
	require.Contains(t, f.Expected, `"100"`)
	require.Contains(t, f.Found, `"900"`)
}

// What the peer flagged is not what counts: a transaction that is not valid is
// not replayed, and one that is valid is, whatever the flag says.
func TestReplayGoesByTheRecomputedCodes(t *testing.T) {
	c := chaintest.New(t)
	few := c.Apply("miller", c.TakeIn("few", "100"))
	few.Endorsers = c.Peers("growers", "miller")
	hidden := c.Apply("miller", c.TakeIn("hidden", "100"))
	raw := c.Next([]byte{0, 11}, [][]byte{few.Envelope(), hidden.Envelope()})

	report := run(t, optionsFor(c, append(c.Blocks, raw)...))

	before := run(t, optionsFor(c))
	require.Equal(t, before.Commands+1, report.Commands)
	require.Len(t, report.Findings, 2)
	require.Equal(t, []string{"ENDORSEMENT_POLICY_FAILURE", "VALID"}, []string{report.Findings[0].Expected, report.Findings[1].Expected})
	require.Equal(t, []string{few.ID(), hidden.ID()}, []string{report.Findings[0].Transaction, report.Findings[1].Transaction})
}

// A chain that breaks is audited up to the break, and the report says so.
func TestAuditStopsWhereTheChainBreaks(t *testing.T) {
	c := chaintest.New(t)
	blocks := append(c.Blocks[:12:12], c.Blocks[13:]...)
	var found []replay.Finding
	o := optionsFor(c, blocks...)
	o.Found = func(f replay.Finding) { found = append(found, f) }

	report := run(t, o)

	require.False(t, report.Complete)
	require.NotEmpty(t, report.Stopped)
	require.Equal(t, uint64(12), report.Blocks, "everything before the break was replayed")
	require.Len(t, report.Findings, 1)
	require.Equal(t, chain.BrokenLink, report.Findings[0].Problem)
	require.Equal(t, report.Findings, found)
}

// Somebody else's key in the ledger's namespace is found, too: the rules give no
// such write.
func TestAKeyThatTheRulesDoNotGive(t *testing.T) {
	c := chaintest.New(t)
	x := c.Apply("miller", c.TakeIn("a", "100"))
	set := x.Sets(t)
	set.Writes = append(set.Writes, &kvrwset.KVWrite{Key: "zone:moon:", Value: []byte("{}")})
	x.SetSets(set)
	c.Add(x)
	report := run(t, optionsFor(c))
	require.Equal(t, replay.ExtraKey, report.Findings[0].Problem)
	require.Equal(t, "zone:moon:", report.Findings[0].Key)
}
