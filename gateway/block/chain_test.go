package block

import (
	"bytes"
	"crypto/sha256"
	"testing"
	"time"

	"github.com/hyperledger/fabric-protos-go-apiv2/common"
	"github.com/hyperledger/fabric-protos-go-apiv2/ledger/rwset"
	"github.com/hyperledger/fabric-protos-go-apiv2/ledger/rwset/kvrwset"
	"github.com/hyperledger/fabric-protos-go-apiv2/msp"
	"github.com/hyperledger/fabric-protos-go-apiv2/peer"
	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"
)

var stamp = time.Date(2026, 8, 3, 10, 30, 0, 0, time.UTC)

func pack(t testing.TB, message proto.Message) []byte {
	t.Helper()
	data, err := proto.MarshalOptions{Deterministic: true}.Marshal(message)
	require.NoError(t, err)
	return data
}

// header makes the header of a transaction of the given type.
func header(t testing.TB, id string, kind common.HeaderType) *common.Header {
	extension := &peer.ChaincodeHeaderExtension{ChaincodeId: &peer.ChaincodeID{Name: "massbalance"}}
	return &common.Header{
		ChannelHeader: pack(t, &common.ChannelHeader{
			Type: int32(kind), TxId: id, ChannelId: "weighbridge", Timestamp: timestamppb.New(stamp), Extension: pack(t, extension),
		}),
		SignatureHeader: pack(t, &common.SignatureHeader{
			Creator: pack(t, &msp.SerializedIdentity{Mspid: "MillCo", IdBytes: []byte("certificate")}),
		}),
	}
}

// envelope makes an endorser transaction with write sets.
func envelope(t testing.TB, id string, sets ...*rwset.NsReadWriteSet) []byte {
	action := &peer.ChaincodeAction{
		Results:  pack(t, &rwset.TxReadWriteSet{NsRwset: sets}),
		Response: &peer.Response{Status: 200, Payload: []byte("[answer]")},
	}
	invocation := &peer.ChaincodeInvocationSpec{ChaincodeSpec: &peer.ChaincodeSpec{
		Input: &peer.ChaincodeInput{Args: [][]byte{[]byte("Apply"), []byte("[batch]")}},
	}}
	payload := &peer.ChaincodeActionPayload{
		ChaincodeProposalPayload: pack(t, &peer.ChaincodeProposalPayload{Input: pack(t, invocation)}),
		Action: &peer.ChaincodeEndorsedAction{
			ProposalResponsePayload: pack(t, &peer.ProposalResponsePayload{Extension: pack(t, action)}),
		},
	}
	return pack(t, &common.Envelope{Payload: pack(t, &common.Payload{
		Header: header(t, id, common.HeaderType_ENDORSER_TRANSACTION),
		Data:   pack(t, &peer.Transaction{Actions: []*peer.TransactionAction{{Payload: pack(t, payload)}}}),
	})})
}

func configuration(t testing.TB) []byte {
	return pack(t, &common.Envelope{Payload: pack(t, &common.Payload{Header: header(t, "", common.HeaderType_CONFIG)})})
}

func namespace(t testing.TB, name string, set *kvrwset.KVRWSet) *rwset.NsReadWriteSet {
	return &rwset.NsReadWriteSet{Namespace: name, Rwset: pack(t, set)}
}

func put(key, value string) *kvrwset.KVRWSet {
	return &kvrwset.KVRWSet{Writes: []*kvrwset.KVWrite{{Key: key, Value: []byte(value)}}}
}

// sealed makes a block whose header belongs to its data.
func sealed(number uint64, previous []byte, codes []byte, envelopes ...[]byte) *common.Block {
	sum := sha256.Sum256(bytes.Join(envelopes, nil))
	return &common.Block{
		Header:   &common.BlockHeader{Number: number, PreviousHash: previous, DataHash: sum[:]},
		Data:     &common.BlockData{Data: envelopes},
		Metadata: &common.BlockMetadata{Metadata: [][]byte{{}, {}, codes, {}, {}}},
	}
}

// chain makes n blocks that follow one another.
func chain(t testing.TB, n int) []*common.Block {
	var blocks []*common.Block
	var previous []byte
	for i := range n {
		raw := sealed(uint64(i), previous, []byte{0}, envelope(t, string(rune('a'+i)), namespace(t, "massbalance", put("k", "v"))))
		b, err := Parse(raw)
		require.NoError(t, err)
		previous = b.Hash[:]
		blocks = append(blocks, raw)
	}
	return blocks
}
