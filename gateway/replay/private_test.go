package replay_test

import (
	"crypto/sha256"
	"encoding/hex"
	"testing"

	"github.com/stretchr/testify/require"

	. "github.com/weighbridge/weighbridge/chaincode/massbalance"
	"github.com/weighbridge/weighbridge/gateway/block"
	"github.com/weighbridge/weighbridge/gateway/replay"
)

// keeping is a transaction by which the growers keep a document with the miller.
func keeping() block.Transaction {
	value := sha256.Sum256([]byte("terms"))
	digest := hex.EncodeToString(value[:])
	key := sha256.Sum256([]byte("kept:" + digest))
	return block.Transaction{
		ID: "keep", Organisation: "growers", Code: "VALID", Chaincode: "massbalance",
		Args: [][]byte{[]byte("Keep"), []byte(digest), []byte("miller")},
		Private: []block.PrivateWrite{
			{Collection: "_implicit_org_growers", Key: key[:], Value: value[:]},
			{Collection: "_implicit_org_miller", Key: key[:], Value: value[:]},
		},
	}
}

func TestPrivateDataIsWrittenByKeepAlone(t *testing.T) {
	other := sha256.Sum256([]byte("other terms"))
	for name, change := range map[string]func(*block.Transaction){
		"":                         func(*block.Transaction) {},
		"one side only":            func(tx *block.Transaction) { tx.Private = tx.Private[:1] },
		"another document":         func(tx *block.Transaction) { tx.Private[1].Value = other[:] },
		"under another key":        func(tx *block.Transaction) { tx.Private[1].Key = other[:] },
		"with a third party":       func(tx *block.Transaction) { tx.Private[1].Collection = "_implicit_org_brand" },
		"for a third party, too":   func(tx *block.Transaction) { tx.Private = append(tx.Private, tx.Private[0]) },
		"deleted":                  func(tx *block.Transaction) { tx.Private[0].Deleted = true },
		"guarded":                  func(tx *block.Transaction) { tx.Private[0].Guarded = true },
		"by another function":      func(tx *block.Transaction) { tx.Args[0] = []byte("Read") },
		"by Apply":                 func(tx *block.Transaction) { tx.Args = [][]byte{[]byte("Apply"), []byte("[]")} },
		"without saying with whom": func(tx *block.Transaction) { tx.Args = tx.Args[:2] },
		"with itself":              func(tx *block.Transaction) { tx.Args[2] = []byte("growers") },
	} {
		tx := keeping()
		change(&tx)
		replayed, err := replay.New("massbalance").Replay(Memory{}, block.Block{Number: 7, Transactions: []block.Transaction{tx}})
		require.NoError(t, err)
		if name == "" {
			require.Empty(t, replayed.Transactions, "nothing of it concerns the ledger's state")
			continue
		}
		require.Len(t, replayed.Transactions, 1, name)
		finding := replayed.Transactions[0].Finding
		require.NotNil(t, finding, name)
		require.Equal(t, replay.DifferingPrivate, finding.Problem, name)
		require.Equal(t, uint64(7), finding.Block)
	}
}
