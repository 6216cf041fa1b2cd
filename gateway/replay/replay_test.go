package replay_test

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	. "github.com/weighbridge/weighbridge/chaincode/massbalance"
	"github.com/weighbridge/weighbridge/chaincode/wire"
	"github.com/weighbridge/weighbridge/gateway/block"
	"github.com/weighbridge/weighbridge/gateway/replay"
)

var stamp = time.Date(2026, 8, 3, 10, 30, 0, 0, time.UTC)

// chain makes blocks as an honest peer's chaincode would write them.
type chain struct {
	t     testing.TB
	state Memory
	next  int
}

func (c *chain) command(id string, body Body) Command {
	command, err := wire.NewCommand(Command{ID: CommandID(id), Date: "2026-08-03", Period: "2026-Q3", By: "clerk", Body: body})
	require.NoError(c.t, err)
	return command
}

// transaction executes a batch and says what the peer would have in its block.
func (c *chain) transaction(org string, commands ...Command) block.Transaction {
	c.next++
	tx := block.Transaction{
		ID: fmt.Sprintf("tx%d", c.next), Index: c.next, Time: stamp, Organisation: org, Code: "VALID", Chaincode: "massbalance",
	}
	batch, err := wire.FormatBatch(commands)
	require.NoError(c.t, err)
	outcome, err := ExecuteBatch(c.state, Tx{ID: tx.ID, Organisation: OrganisationID(org)}, commands)
	require.NoError(c.t, err)
	stored, err := wire.StoreOver(c.state, outcome.Writes)
	require.NoError(c.t, err)
	for _, one := range stored {
		tx.Writes = append(tx.Writes, block.Write{Key: one.Key, Value: one.Value})
		if one.Guard != nil {
			tx.Guarded = append(tx.Guarded, one.Key)
		}
	}
	tx.Response, err = wire.AnswerOver(c.state, outcome)
	c.state.Apply(outcome.Writes)
	require.NoError(c.t, err)
	tx.Args = [][]byte{[]byte("Apply"), batch}
	return tx
}

func (c *chain) takeIn(id, kilograms string) Command {
	quantity, err := ParseQuantity(kilograms)
	require.NoError(c.t, err)
	return c.command(id, TakeIn{Site: "mill", Product: "wheat", Quantity: quantity, Supplier: "Farm", Evidence: EvidenceID("T-" + id)})
}

// founded is a block with a consortium, a product, a site and an open period.
func founded(t testing.TB) (*chain, block.Block) { return foundedUnder(t, 1) }

// foundedUnder is that under a version of the rules, from 5 on with pages.
func foundedUnder(t testing.TB, rules int) (*chain, block.Block) {
	c := &chain{t: t, state: Memory{}}
	b := block.Block{Number: 1}
	b.Transactions = append(b.Transactions,
		c.transaction("miller", c.command("found", FoundConsortium{Rules: rules, Members: []Member{{Organisation: "miller", Name: "Miller", Role: Trading}}})),
		c.transaction("miller", c.command("wheat", RegisterProduct{Product: Product{ID: "wheat", Name: "Wheat"}})),
		c.transaction("miller",
			c.command("mill", RegisterSite{Site: "mill", Name: "Mill", Country: "FR", Region: "FRF2"}),
			c.command("open", OpenPeriod{Site: "mill", Period: "2026-Q3", From: "2026-07-01", To: "2026-09-30"})),
	)
	return c, b
}

func apply(state Memory, b replay.Block) {
	for _, tx := range b.Transactions {
		state.Apply(tx.Writes)
	}
}

func TestReplayGivesWhatThePeersWrote(t *testing.T) {
	for _, rules := range []int{1, RulesVersion} {
		t.Run(fmt.Sprintf("version %d of the rules", rules), func(t *testing.T) { replayGivesWhatThePeersWrote(t, rules) })
	}
}

func replayGivesWhatThePeersWrote(t *testing.T, rules int) {
	c, first := foundedUnder(t, rules)
	second := block.Block{Number: 2, Transactions: []block.Transaction{
		c.transaction("miller", c.takeIn("c1", "100"), c.takeIn("bad", "0"), c.takeIn("c2", "50.5")),
		c.transaction("miller", c.takeIn("c1", "100"), c.takeIn("c3", "1")),
	}}
	engine, state := replay.New("massbalance"), Memory{}

	for _, b := range []block.Block{first, second} {
		out, err := engine.Replay(state, b)
		require.NoError(t, err)
		require.Len(t, out.Transactions, len(b.Transactions))
		for _, tx := range out.Transactions {
			require.Nil(t, tx.Finding)
		}
		apply(state, out)
	}
	require.Equal(t, c.state, state)

	out, err := engine.Replay(Memory{}, first)
	require.NoError(t, err)
	open := out.Transactions[2]
	require.Equal(t, "tx3", open.ID)
	require.Equal(t, OrganisationID("miller"), open.Organisation)
	require.Equal(t, stamp, open.Time)
	require.Len(t, open.Results, 2)
	require.Equal(t, uint64(1), open.Entries[1].Block)
	require.Equal(t, CommandID("open"), open.Entries[1].Command.ID)
	require.Equal(t, "tx3", open.Entries[1].Record.Transaction)
}

// What was tampered with in a page is named by its own key and value, not by bytes of
// the page that nobody can read.
func TestReplayNamesTheValueInAPage(t *testing.T) {
	for _, c := range []struct {
		name   string
		tamper func(page []byte) []byte
		want   replay.Finding
	}{
		{"another command's document", func(page []byte) []byte { return []byte(strings.Replace(string(page), `2"`, `7"`, 1)) },
			replay.Finding{Problem: replay.DifferingValue, Key: "evidence:miller:T-c12", Expected: `{"command":"c12"}`, Found: `{"command":"c17"}`}},
		{"a document left out", func(page []byte) []byte { return page[:bytes.Index(page, []byte("\x12\x01"))] },
			replay.Finding{Problem: replay.DifferingValue, Key: "evidence:miller:T-c12", Expected: `{"command":"c12"}`, Found: "nothing"}},
		{"no page at all", func([]byte) []byte { return []byte("{}") },
			replay.Finding{Problem: replay.DifferingValue, Key: "page:miller:T-c1*", Expected: "evidence:miller:T-c11 {\"command\":\"c11\"}\nevidence:miller:T-c12 {\"command\":\"c12\"}", Found: "no page: 7b7d"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			chain, first := foundedUnder(t, RulesVersion)
			first.Transactions = append(first.Transactions, chain.transaction("miller", chain.takeIn("c11", "100")))
			tx := chain.transaction("miller", chain.takeIn("c12", "7"))
			at := slices.IndexFunc(tx.Writes, func(w block.Write) bool { return w.Key == "page:miller:T-c1*" })
			tx.Writes[at].Value = c.tamper(tx.Writes[at].Value)
			first.Transactions = append(first.Transactions, tx)
			out, err := replay.New("massbalance").Replay(Memory{}, first)
			require.NoError(t, err)
			c.want.Block, c.want.Transaction = first.Number, tx.ID
			require.Equal(t, &c.want, out.Transactions[4].Finding)
		})
	}
}

// A transaction that took no effect is shown, and changes nothing.
func TestReplayLeavesOutWhatTookNoEffect(t *testing.T) {
	c, first := founded(t)
	before := len(c.state)
	stale := c.transaction("miller", c.takeIn("c1", "100"))
	stale.Code = "MVCC_READ_CONFLICT"
	nonsense := block.Transaction{Index: 9, Code: "BAD_PAYLOAD"}
	other := block.Transaction{ID: "x", Code: "VALID", Chaincode: "basic", Args: [][]byte{[]byte("Apply"), []byte("?")}}
	reading := block.Transaction{ID: "y", Code: "VALID", Chaincode: "massbalance", Args: [][]byte{[]byte("Read")}}
	first.Transactions = append(first.Transactions, stale, nonsense, other, reading)

	state := Memory{}
	out, err := replay.New("massbalance").Replay(state, first)

	require.NoError(t, err)
	require.Len(t, out.Transactions, 4)
	require.Equal(t, "MVCC_READ_CONFLICT", out.Transactions[3].Code)
	require.Empty(t, out.Transactions[3].Results)
	require.Empty(t, out.Transactions[3].Entries)
	apply(state, out)
	require.Len(t, state, before)
}

func TestReplayAcceptsTheContractsNameBeforeTheFunction(t *testing.T) {
	c, first := founded(t)
	tx := c.transaction("miller", c.takeIn("c1", "100"))
	tx.Args[0] = []byte("massbalance:Apply")
	first.Transactions = append(first.Transactions, tx)
	out, err := replay.New("massbalance").Replay(Memory{}, first)
	require.NoError(t, err)
	require.Nil(t, out.Transactions[3].Finding)
	require.Len(t, out.Transactions[3].Entries, 1)
}

func TestReplayFindsWhatWasTamperedWith(t *testing.T) {
	accountAt := func(tx *block.Transaction) int {
		return slices.IndexFunc(tx.Writes, func(w block.Write) bool { return strings.HasPrefix(w.Key, "account:") })
	}
	tests := map[string]struct {
		tamper  func(*block.Transaction)
		problem replay.Problem
		key     string
	}{
		"a value's byte": {func(tx *block.Transaction) {
			v := tx.Writes[accountAt(tx)].Value
			v[len(v)-3] ^= 1
		}, replay.DifferingValue, "account:mill:wheat"},
		"a value's end": {func(tx *block.Transaction) {
			w := &tx.Writes[accountAt(tx)]
			w.Value = w.Value[:len(w.Value)-1]
		}, replay.DifferingValue, "account:mill:wheat"},
		"a value that is JSON for the same": {func(tx *block.Transaction) {
			w := &tx.Writes[accountAt(tx)]
			w.Value = append([]byte(" "), w.Value...)
		}, replay.DifferingValue, "account:mill:wheat"},
		"a key left out": {func(tx *block.Transaction) {
			tx.Writes = slices.Delete(tx.Writes, 0, 1)
		}, replay.MissingKey, "account:mill:wheat"},
		"the last key left out": {func(tx *block.Transaction) {
			tx.Writes = tx.Writes[:len(tx.Writes)-1]
		}, replay.MissingKey, "record:miller:c1"},
		"a key renamed": {func(tx *block.Transaction) {
			tx.Writes[accountAt(tx)].Key = "account:mill:rye"
		}, replay.ExtraKey, "account:mill:rye"},
		"a key too many": {func(tx *block.Transaction) {
			tx.Writes = append(tx.Writes, block.Write{Key: "site:zoo:", Value: []byte("{}")})
		}, replay.ExtraKey, "site:zoo:"},
		"a key that is none of the ledger's": {func(tx *block.Transaction) {
			tx.Writes = append(tx.Writes, block.Write{Key: "\x00\xff"})
		}, replay.ExtraKey, "\x00\xff"},
		"a key written twice": {func(tx *block.Transaction) {
			tx.Writes = append(tx.Writes, tx.Writes[accountAt(tx)])
		}, replay.RepeatedKey, "account:mill:wheat"},
		"a key deleted": {func(tx *block.Transaction) {
			tx.Writes[accountAt(tx)] = block.Write{Key: "account:mill:wheat", Deleted: true}
		}, replay.DeletedKey, "account:mill:wheat"},
		"a guard set": {func(tx *block.Transaction) {
			tx.Guarded = append(tx.Guarded, "account:mill:wheat")
		}, replay.DifferingGuard, "account:mill:wheat"},
		"the answer's byte": {func(tx *block.Transaction) { tx.Response[5] ^= 1 }, replay.DifferingAnswer, ""},
		"no answer":         {func(tx *block.Transaction) { tx.Response = nil }, replay.DifferingAnswer, ""},
		"the submitter":     {func(tx *block.Transaction) { tx.Organisation = "growers" }, replay.ExtraKey, "account:mill:wheat"},
		"the transaction's ID": {func(tx *block.Transaction) {
			tx.ID = "forged"
		}, replay.DifferingValue, "record:miller:c1"},
		"a quantity in the batch": {func(tx *block.Transaction) {
			tx.Args[1] = []byte(strings.Replace(string(tx.Args[1]), `"100"`, `"101"`, 1))
		}, replay.DifferingValue, "account:mill:wheat"},
		"spaces in the batch": {func(tx *block.Transaction) {
			tx.Args[1] = append(tx.Args[1], ' ')
		}, replay.UnreadableBatch, ""},
		"no batch": {func(tx *block.Transaction) { tx.Args = tx.Args[:1] }, replay.UnreadableBatch, ""},
		"another function": {func(tx *block.Transaction) {
			tx.Args[0] = []byte("Mint")
		}, replay.ForeignFunction, "account:mill:wheat"},
		"no function": {func(tx *block.Transaction) { tx.Args = nil }, replay.ForeignFunction, "account:mill:wheat"},
		"only a guard by another function": {func(tx *block.Transaction) {
			tx.Args[0], tx.Writes, tx.Guarded = []byte("Guard"), nil, []string{"head:mill:"}
		}, replay.ForeignFunction, "head:mill:"},
		"another chaincode": {func(tx *block.Transaction) {
			tx.Foreign = []block.Namespace{{Chaincode: "third"}, {Chaincode: "massbalance", Writes: tx.Writes}}
			tx.Chaincode, tx.Writes = "evil", nil
		}, replay.ForeignFunction, "account:mill:wheat"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			c, first := founded(t)
			tx := c.transaction("miller", c.takeIn("c1", "100"))
			test.tamper(&tx)
			first.Transactions = append(first.Transactions, tx)

			out, err := replay.New("massbalance").Replay(Memory{}, first)

			require.NoError(t, err)
			require.Nil(t, out.Transactions[2].Finding)
			finding := out.Transactions[3].Finding
			require.NotNil(t, finding)
			require.Equal(t, test.problem, finding.Problem, "%+v", finding)
			require.Equal(t, test.key, finding.Key)
			require.Equal(t, uint64(1), finding.Block)
			require.Equal(t, tx.ID, finding.Transaction)
			require.NotEqual(t, finding.Expected, finding.Found)
		})
	}
}

func TestReplayFindsAGuardThatWasLeftOut(t *testing.T) {
	_, first := founded(t)
	require.Equal(t, []string{"head:mill:"}, first.Transactions[2].Guarded)
	first.Transactions[2].Guarded = nil
	out, err := replay.New("massbalance").Replay(Memory{}, first)
	require.NoError(t, err)
	require.Equal(t, replay.DifferingGuard, out.Transactions[2].Finding.Problem)
}

// After a finding the replay goes on with its own values, so that one forged
// value is one finding and honest transactions after it are none.
func TestReplayGoesOnWithItsOwnValues(t *testing.T) {
	c, first := founded(t)
	forged := c.transaction("miller", c.takeIn("c1", "100"))
	forged.Writes[0].Value = []byte(strings.Replace(string(forged.Writes[0].Value), `"100"`, `"900"`, 1))
	honest := c.transaction("miller", c.takeIn("c2", "1"))
	first.Transactions = append(first.Transactions, forged, honest)
	state := Memory{}

	out, err := replay.New("massbalance").Replay(state, first)

	require.NoError(t, err)
	require.Contains(t, out.Transactions[3].Finding.Found, "900")
	require.Nil(t, out.Transactions[4].Finding)
	require.Len(t, out.Transactions[3].Entries, 1)
	apply(state, out)
	require.Equal(t, "101", state[AccountKey("mill", "wheat")].(Account).PhysicalIn.String())
}

type failing struct{ err error }

func (f failing) Get(Key) (Value, error) { return nil, f.err }

// An error of the view is the caller's, not the chain's.
func TestReplayReturnsTheViewsError(t *testing.T) {
	_, first := founded(t)
	broken := errors.New("disk full")
	_, err := replay.New("massbalance").Replay(failing{broken}, first)
	require.ErrorIs(t, err, broken)
}

type wrong struct{}

func (wrong) Get(Key) (Value, error) { return Lot{}, nil }

// A state that contradicts itself is a finding: the chain has to be looked at.
func TestReplayReportsThatTheRulesFailed(t *testing.T) {
	_, first := founded(t)
	out, err := replay.New("massbalance").Replay(wrong{}, first)
	require.NoError(t, err)
	require.Equal(t, replay.RulesFailed, out.Transactions[0].Finding.Problem)
	require.Empty(t, out.Transactions[0].Writes)
}
