package audit

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/weighbridge/weighbridge/chaincode/massbalance"
)

// Values that had to give way come back as they were.
func TestValuesOutliveTheMemory(t *testing.T) {
	before := kept
	kept = 8
	t.Cleanup(func() { kept = before })
	v, err := openValues(t.TempDir())
	require.NoError(t, err)
	defer v.db.Close()
	whole := massbalance.Memory{}
	source := rand.New(rand.NewPCG(3, 4))
	for i := range 2000 {
		key := massbalance.AccountKey(massbalance.SiteID(fmt.Sprint("site", source.IntN(60))), "wheat")
		if source.IntN(2) == 0 {
			write := massbalance.Write{Key: key, Value: massbalance.Account{PhysicalIn: massbalance.Kilograms(int64(i))}}
			whole.Apply([]massbalance.Write{write})
			require.NoError(t, v.write([]massbalance.Write{write}))
			continue
		}
		expected, err := whole.Get(key)
		require.NoError(t, err)
		found, err := v.Get(key)
		require.NoError(t, err)
		require.Equal(t, fmt.Sprint(expected), fmt.Sprint(found), key)
	}
	require.Positive(t, v.stored)
}
