package replay

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/weighbridge/weighbridge/chaincode/massbalance"
)

// unfinished is a command whose rules panic.
type unfinished struct{ massbalance.Body }

type panicking struct{}

func (panicking) Get(massbalance.Key) (massbalance.Value, error) { panic("no database") }

func TestAPanicOfTheRulesIsAnError(t *testing.T) {
	state := &overlay{below: massbalance.Memory{}}
	outcome, err := executeBatch(state, massbalance.Tx{}, []massbalance.Command{{ID: "c", Body: unfinished{}}})
	require.ErrorContains(t, err, "the rules panicked")
	require.Empty(t, outcome)
}

func TestAPanicOfTheViewIsTheCallers(t *testing.T) {
	state := &overlay{below: panicking{}}
	require.PanicsWithValue(t, "no database", func() {
		_, _ = executeBatch(state, massbalance.Tx{}, []massbalance.Command{{ID: "c", Body: unfinished{}}})
	})
}
