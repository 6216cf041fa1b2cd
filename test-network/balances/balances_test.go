package balances_test

import (
	"math/big"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/weighbridge/weighbridge/chaincode/massbalance"
	"github.com/weighbridge/weighbridge/chaincode/wire"
	"github.com/weighbridge/weighbridge/test-network/balances"
)

// load reads the balances that lie beside the project, if they do.
func load(t *testing.T) []balances.Row {
	path := filepath.Join("..", "..", "..", "shared", "data", "fao_balances.csv")
	file, err := os.Open(path)
	if os.IsNotExist(err) {
		t.Skipf("FAO balances are not there (%s): this test runs where they are", path)
	}
	require.NoError(t, err)
	defer file.Close()
	rows, err := balances.Read(file)
	require.NoError(t, err)
	return rows
}

type book struct {
	t       *testing.T
	state   massbalance.Memory
	entries []massbalance.Entry
}

func (b *book) send(org massbalance.OrganisationID, c massbalance.Command) massbalance.Result {
	require.NoError(b.t, wire.Seal(&c))
	batch, err := massbalance.ExecuteBatch(b.state, massbalance.Tx{ID: "tx", Organisation: org}, []massbalance.Command{c})
	require.NoError(b.t, err)
	b.state.Apply(batch.Writes)
	for _, r := range batch.Records {
		b.entries = append(b.entries, massbalance.Entry{Command: c, Record: r.Record})
	}
	return batch.Results[0]
}

// Every row of the file on the rules: those whose outputs exceed their inputs
// are refused at exactly the output, and by exactly the shortage, that an
// independent sum predicts; all others close.
func TestAllBalancesOnTheRules(t *testing.T) {
	rows := load(t)
	b := &book{t: t, state: massbalance.Memory{}}
	b.send("fao", massbalance.Command{ID: "found", Body: massbalance.FoundConsortium{
		Members: []massbalance.Member{{Organisation: "fao", Name: "FAO", Role: massbalance.Trading}},
	}})
	refusals, closed := 0, 0
	for _, row := range rows {
		if _, known := b.state[massbalance.ProductKey(row.Product())]; !known {
			b.send("fao", massbalance.Command{
				ID:   massbalance.CommandID("product-" + row.Product()),
				Body: massbalance.RegisterProduct{Product: massbalance.Product{ID: row.Product(), Name: row.Commodity}},
			})
		}
		refused, left := row.Predict()
		commands := row.Commands()
		for i, c := range commands {
			result := b.send("fao", c)
			if refused < 0 || i < len(commands)-1 {
				require.Equal(t, massbalance.Accepted, result.Code, "line %d: %s", row.Line, result.Message)
				continue
			}
			require.Equal(t, massbalance.InsufficientStock, result.Code, "line %d: %s", row.Line, result.Message)
			require.Equal(t, new(big.Int).Neg(left).String(), massbalance.GramsOf(result.Figures.Short).String(), "line %d", row.Line)
			require.True(t, row.Outputs[refused].Quantity.Equal(result.Figures.Need), "line %d: refused at another output", row.Line)
			refusals++
		}
		if refused < 0 {
			require.True(t, b.state[massbalance.PeriodKey(row.Site(), balances.Period)].(massbalance.Period).Closed)
			closed++
		}
	}
	require.Len(t, rows, 2268)
	require.Equal(t, 457, refusals, "the number of such rows that the file's provenance states")
	require.Equal(t, 2268-457, closed)
	tally := massbalance.Recount(b.entries)
	require.Empty(t, tally.Findings)
	require.Empty(t, tally.CompareState(b.state))
	t.Logf("%d rows, %d commands accepted, %d rows closed, %d refused", len(rows), len(b.entries), closed, refusals)
}

func TestReadNamesTheLine(t *testing.T) {
	header := "area,commodity,year,production_t,import_t,stock_withdrawal_t,export_t,feed_t,food_t,seed_t,loss_t,processed_t,other_uses_t\n"
	for text, says := range map[string]string{
		"a,b\n": "columns",
		header + "X,wheat,1990,1,0,0,-1,0,0,0,0,0,0\n":     "line 2: export_t",
		header + "X,wheat,1990,1.0001,0,0,1,0,0,0,0,0,0\n": "three decimals",
		header + "X,wheat,then,1,0,0,1,0,0,0,0,0,0\n":      "year",
	} {
		_, err := balances.Read(strings.NewReader(text))
		require.ErrorContains(t, err, says)
	}
	rows, err := balances.Read(strings.NewReader(header + "X,wheat,1990,1.5,0,-0.25,1,0,0.3,0,0,0,0\n"))
	require.NoError(t, err)
	require.Equal(t, "stock_withdrawal", rows[0].Outputs[2].Element, "what goes into stock is booked last")
	refused, left := rows[0].Predict()
	require.Equal(t, 2, refused)
	require.EqualValues(t, -50_000, left.Int64())
}
