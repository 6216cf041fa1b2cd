package massbalance_test

import (
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
