package profiles_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/weighbridge/weighbridge/chaincode/massbalance"
	"github.com/weighbridge/weighbridge/chaincode/wire"
	"github.com/weighbridge/weighbridge/test-network/profiles"
)

// Every profile shipped can be adopted as it stands: a single trading member is
// its own majority.
func TestEveryProfileCanBeAdopted(t *testing.T) {
	all, err := profiles.All()
	require.NoError(t, err)
	require.GreaterOrEqual(t, len(all), 9)
	state := massbalance.Memory{}
	do := func(id string, body massbalance.Body) {
		c, err := wire.NewCommand(massbalance.Command{ID: massbalance.CommandID(id), Body: body})
		require.NoError(t, err)
		outcome, err := massbalance.Execute(state, massbalance.Tx{ID: id, Organisation: "one"}, c)
		require.NoError(t, err)
		state.Apply(outcome.Writes)
	}
	do("found", massbalance.FoundConsortium{Members: []massbalance.Member{{Organisation: "one", Name: "One", Role: massbalance.Trading}}})
	for _, p := range all {
		do("profile-"+string(p.Scheme), massbalance.RegisterProfile{Profile: p})
		require.Equal(t, p, state[massbalance.ProfileKey(p.Scheme)])
	}
}

// What is shipped as the plain profile is what holds where none was adopted.
func TestThePlainProfileIsTheBuiltInOne(t *testing.T) {
	shipped, err := profiles.Of("iso-22095-2")
	require.NoError(t, err)
	built := massbalance.PlainProfile()
	built.Scheme, built.Version, built.Sources = shipped.Scheme, shipped.Version, shipped.Sources
	require.Equal(t, built, shipped)
	_, err = profiles.Of("none")
	require.Error(t, err)
}
