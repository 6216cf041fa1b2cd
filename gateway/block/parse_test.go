package block

import (
	"bytes"
	"testing"

	"github.com/hyperledger/fabric-protos-go-apiv2/common"
	"github.com/hyperledger/fabric-protos-go-apiv2/ledger/rwset/kvrwset"
	"github.com/hyperledger/fabric-protos-go-apiv2/peer"
	"github.com/stretchr/testify/require"
)

func TestParseReadsWhatTheLedgerNeeds(t *testing.T) {
	own := &kvrwset.KVRWSet{
		Writes: []*kvrwset.KVWrite{{Key: "a", Value: []byte("1")}, {Key: "b", IsDelete: true}},
		MetadataWrites: []*kvrwset.KVMetadataWrite{
			{Key: "a", Entries: []*kvrwset.KVMetadataEntry{{Name: "VALIDATION_PARAMETER", Value: []byte("policy")}}},
			{Key: "b", Entries: []*kvrwset.KVMetadataEntry{{Name: "OTHER"}}},
		},
	}
	raw := sealed(7, bytes.Repeat([]byte{9}, 32), []byte{0, 0, byte(peer.TxValidationCode_MVCC_READ_CONFLICT), 200},
		configuration(t),
		envelope(t, "tx1", namespace(t, "_lifecycle", put("x", "y")), namespace(t, "massbalance", own), namespace(t, "other", put("k", "v"))),
		envelope(t, "tx2"),
		envelope(t, "tx3"),
	)

	b, err := Parse(raw)

	require.NoError(t, err)
	require.Equal(t, uint64(7), b.Number)
	require.Equal(t, byte(9), b.Previous[31])
	require.Len(t, b.Transactions, 3)
	require.Equal(t, Transaction{
		ID: "tx1", Index: 1, Size: len(raw.Data.Data[1]), Time: stamp, Organisation: "MillCo", Code: "VALID", Chaincode: "massbalance",
		Args: [][]byte{[]byte("Apply"), []byte("[batch]")}, Response: []byte("[answer]"),
		Writes:  []Write{{Key: "a", Value: []byte("1")}, {Key: "b", Deleted: true}},
		Guarded: []string{"a"},
		Foreign: []Namespace{{Chaincode: "other", Writes: []Write{{Key: "k", Value: []byte("v")}}}},
	}, b.Transactions[0])
	require.Equal(t, "MVCC_READ_CONFLICT", b.Transactions[1].Code)
	require.Equal(t, 2, b.Transactions[1].Index)
	require.False(t, b.Transactions[1].Valid())
	require.Equal(t, "CODE_200", b.Transactions[2].Code)
}

func TestParseRefusesBlocksThatContradictThemselves(t *testing.T) {
	tests := map[string]struct {
		spoil func(*common.Block)
		words string
	}{
		"no header":         {func(b *common.Block) { b.Header = nil }, "no header"},
		"other data":        {func(b *common.Block) { b.Data.Data[0][10] ^= 1 }, "block 3: its data are not those"},
		"more data":         {func(b *common.Block) { b.Data.Data = append(b.Data.Data, []byte("x")) }, "block 3: its data are not those"},
		"no metadata":       {func(b *common.Block) { b.Metadata = nil }, "block 3: it carries no validation codes"},
		"too few codes":     {func(b *common.Block) { b.Metadata.Metadata[2] = nil }, "block 3: it carries 0 validation codes for 1 transactions"},
		"odd previous hash": {func(b *common.Block) { b.Header.PreviousHash = []byte("short") }, "block 3: its previous hash has 5 bytes"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			raw := sealed(3, nil, []byte{0}, envelope(t, "tx"))
			test.spoil(raw)
			_, err := Parse(raw)
			require.ErrorContains(t, err, test.words)
		})
	}
	_, err := Parse(nil)
	require.Error(t, err)
}

func TestParseNamesTheTransactionThatCannotBeRead(t *testing.T) {
	good, bad := envelope(t, "tx"), []byte("not an envelope")
	_, err := Parse(sealed(5, nil, []byte{0, 0}, good, bad))
	require.ErrorContains(t, err, "couldn't parse transaction 1 of block 5")
}

// Nonsense can be ordered by anybody who may submit; the peers mark it invalid.
func TestParseToleratesInvalidNonsense(t *testing.T) {
	code := byte(peer.TxValidationCode_BAD_PAYLOAD)
	noAction := pack(t, &common.Envelope{Payload: pack(t, &common.Payload{Header: header(t, "tx", common.HeaderType_ENDORSER_TRANSACTION)})})

	b, err := Parse(sealed(5, nil, []byte{code, code}, []byte("not an envelope"), noAction))

	require.NoError(t, err)
	require.Len(t, b.Transactions, 2)
	require.Equal(t, Transaction{Index: 0, Size: len("not an envelope"), Code: "BAD_PAYLOAD"}, b.Transactions[0])
	require.Equal(t, "tx", b.Transactions[1].ID)
	require.Equal(t, "MillCo", b.Transactions[1].Organisation)
}

// Every truncation and every flipped byte of a transaction either reads or
// gives an error; none panics.
func TestParseSurvivesDamage(t *testing.T) {
	whole := envelope(t, "tx", namespace(t, "massbalance", put("key", "value")))
	for i := range whole {
		_, _ = Parse(sealed(1, nil, []byte{0}, whole[:i]))
		damaged := bytes.Clone(whole)
		damaged[i] ^= 0xff
		_, _ = Parse(sealed(1, nil, []byte{0}, damaged))
	}
}

func FuzzParse(f *testing.F) {
	f.Add(envelope(f, "tx", namespace(f, "massbalance", put("key", "value"))), byte(0))
	f.Add(configuration(f), byte(0))
	f.Add([]byte("nonsense"), byte(11))
	f.Fuzz(func(t *testing.T, data []byte, code byte) {
		b, err := Parse(sealed(1, nil, []byte{code}, data))
		if err == nil && len(b.Transactions) > 1 {
			t.Fatal("one envelope became more than one transaction")
		}
		if err != nil && code != 0 {
			t.Fatalf("a transaction that took no effect stopped the block: %v", err)
		}
	})
}
