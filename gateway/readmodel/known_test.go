package readmodel_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/weighbridge/weighbridge/chaincode/massbalance"
	"github.com/weighbridge/weighbridge/chaincode/wire"
	"github.com/weighbridge/weighbridge/gateway/block"
	"github.com/weighbridge/weighbridge/gateway/readmodel"
)

// What is known to be new is not looked up, and what was written is never taken to
// be new: neither what this process applied, nor what it found, nor what another one
// wrote in between.
func TestWhatWasWrittenIsNotTakenToBeNew(t *testing.T) {
	w, dir := writeTickets(t, 6, 20), t.TempDir()
	lead := func(m *readmodel.Model) {
		require.NoError(t, m.Lead(t.Context(), nil))
		require.Eventually(t, m.Complete, time.Minute, time.Millisecond)
	}
	all := func(m *readmodel.Model, before int) {
		t.Helper()
		written := 0
		for _, b := range w.blocks[:before] {
			for _, tx := range b.Transactions {
				for _, name := range valuesIn(t, tx) {
					key, err := wire.ParseKey(name)
					require.NoError(t, err)
					require.False(t, m.New(key), "%v", key)
					value, err := m.Get(key)
					require.NoError(t, err)
					require.NotNil(t, value, "%v", key)
					written++
				}
			}
		}
		require.Greater(t, written, before)
		for _, key := range []massbalance.Key{massbalance.RecordKey("miller", "other"), massbalance.RecordKey("other", "ticket-1"), massbalance.EvidenceKey("miller", "other")} {
			require.True(t, m.New(key), "%v", key)
			require.NoError(t, m.Fetch([]massbalance.Key{key}))
			value, err := m.Get(key)
			require.NoError(t, err)
			require.Nil(t, value)
		}
	}
	one := open(t, dir)
	lead(one)
	replayInto(t, one, w, 0, 4, one.Apply)
	all(one, 4)
	require.NoError(t, one.Lead(t.Context(), nil))
	require.True(t, one.Complete(), "nobody else wrote")
	require.NoError(t, one.Close())

	two := open(t, dir)
	require.False(t, two.Complete())
	lead(two)
	all(two, 4)
	replayInto(t, two, w, 4, 5, two.Apply)
	all(two, 5)
	other := open(t, dir)
	replayInto(t, other, w, 5, len(w.blocks), other.Apply)
	lead(two)
	all(two, len(w.blocks))
}

// valuesIn are the keys of all values that a transaction wrote, in pages or not.
func valuesIn(t *testing.T, tx block.Transaction) (keys []string) {
	for _, w := range tx.Writes {
		held, err := wire.Values(w.Key, w.Value)
		require.NoError(t, err)
		for _, v := range held {
			keys = append(keys, v.Key)
		}
	}
	return keys
}
