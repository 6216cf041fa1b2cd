package massbalance_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	. "github.com/weighbridge/weighbridge/chaincode/massbalance"
)

// How a ledger keeps its values is settled by its founding and by nothing that comes
// after: what was written would not be found again.
func TestPagesAreSettledByTheFounding(t *testing.T) {
	members := []Member{{Organisation: "growers", Name: "Growers", Role: Trading}}
	for _, c := range []struct {
		rules int
		paged bool
	}{{0, false}, {4, false}, {5, true}, {RulesVersion, true}} {
		state := Memory{}
		for i, body := range []Body{
			FoundConsortium{Members: members, Rules: c.rules},
			AdoptRules{Version: max(c.rules, 1) + 1}, AdoptRules{Version: max(c.rules, 1) + 2}, AdoptRules{Version: 5},
			RegisterOrganisation{Member: Member{Organisation: "miller", Name: "Miller", Role: Trading}},
		} {
			command := Command{ID: CommandID("c" + string(rune('0'+i))), Content: Digest{byte(i)}, Body: body}
			batch, err := ExecuteBatch(state, Tx{ID: "tx", Organisation: "growers"}, []Command{command})
			require.NoError(t, err)
			state.Apply(batch.Writes)
		}
		consortium := state[ConsortiumKey()].(Consortium)
		require.Len(t, consortium.Members, 2)
		require.Equal(t, c.paged, consortium.Paged, "founded under version %d", c.rules)
	}
}

// Answers are on the chain, and replayed to the byte: what was said of a reuse under each
// version is said of what that version kept, whatever is in force now.
func TestAReuseIsToldAsUnderItsVersion(t *testing.T) {
	l := founded(t)
	tell := func(id CommandID) string {
		return l.send("growers", l.command(string(id), introduce("7", "other-"+string(id)))).Message
	}
	for version := 2; version <= RulesVersion; version++ {
		id := fmt.Sprintf("v%d", version)
		l.adopt(AdoptRules{version})
		take := l.command(id, introduce("1", "T-"+id))
		require.Equal(t, Accepted, l.send("growers", take).Code)
		record := l.entries[len(l.entries)-1].Record
		said := map[int]string{
			4: fmt.Sprintf("(SHA-256 %s)", take.Content),
			5: fmt.Sprintf("(its SHA-256 begins with %x)", take.Content[:16]),
		}[version]
		if said == "" {
			said = fmt.Sprintf("(a introduce, in transaction %s)", record.Transaction)
		}
		require.Contains(t, tell(CommandID(id)), said)
	}
	require.Contains(t, tell("v4"), "(SHA-256 ", "still, under the latest version")
	require.Contains(t, tell("v2"), "(a introduce, in transaction ")
}
