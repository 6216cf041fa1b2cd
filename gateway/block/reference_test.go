package block

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"github.com/hyperledger/fabric-protos-go-apiv2/common"
	"github.com/hyperledger/fabric-protos-go-apiv2/ledger/rwset"
	"github.com/hyperledger/fabric-protos-go-apiv2/ledger/rwset/kvrwset"
	"github.com/hyperledger/fabric-protos-go-apiv2/peer"
	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/encoding/protowire"
)

// reference is a transaction that is read by proto.Unmarshal alone, as peers do.
type reference Transaction

// referenceTransaction reads one envelope. It fills in what it can before it fails.
func referenceTransaction(envelope []byte) (tx Transaction, isEndorser bool, err error) {
	var outer common.Envelope
	if err := unmarshal("envelope", envelope, &outer); err != nil {
		return tx, false, err
	}
	var payload common.Payload
	if err := unmarshal("payload", outer.GetPayload(), &payload); err != nil {
		return tx, false, err
	}
	var channel common.ChannelHeader
	if err := unmarshal("channel header", payload.GetHeader().GetChannelHeader(), &channel); err != nil {
		return tx, false, err
	}
	tx.ID = channel.GetTxId()
	if stamp := channel.GetTimestamp(); stamp.IsValid() {
		tx.Time = stamp.AsTime()
	}
	if channel.GetType() != int32(common.HeaderType_ENDORSER_TRANSACTION) {
		return tx, false, nil
	}
	if tx.Organisation, err = creator(payload.GetHeader().GetSignatureHeader()); err != nil {
		return tx, true, err
	}
	var extension peer.ChaincodeHeaderExtension
	if err := unmarshal("chaincode header", channel.GetExtension(), &extension); err != nil {
		return tx, true, err
	}
	tx.Chaincode = extension.GetChaincodeId().GetName()
	return tx, true, (*reference)(&tx).readAction(payload.GetData())
}

// readAction reads what the chaincode was asked and what came of it.
func (t *reference) readAction(data []byte) error {
	var transaction peer.Transaction
	if err := unmarshal("transaction", data, &transaction); err != nil {
		return err
	}
	if n := len(transaction.GetActions()); n != 1 {
		return fmt.Errorf("it has %d actions, expected 1", n)
	}
	var action peer.ChaincodeActionPayload
	if err := unmarshal("action", transaction.GetActions()[0].GetPayload(), &action); err != nil {
		return err
	}
	if err := t.readProposal(action.GetChaincodeProposalPayload()); err != nil {
		return err
	}
	var response peer.ProposalResponsePayload
	if err := unmarshal("proposal response", action.GetAction().GetProposalResponsePayload(), &response); err != nil {
		return err
	}
	var result peer.ChaincodeAction
	if err := unmarshal("chaincode action", response.GetExtension(), &result); err != nil {
		return err
	}
	t.Response = result.GetResponse().GetPayload()
	return t.readWrites(result.GetResults())
}

func (t *reference) readProposal(data []byte) error {
	var payload peer.ChaincodeProposalPayload
	if err := unmarshal("proposal", data, &payload); err != nil {
		return err
	}
	var invocation peer.ChaincodeInvocationSpec
	if err := unmarshal("invocation", payload.GetInput(), &invocation); err != nil {
		return err
	}
	t.Args = invocation.GetChaincodeSpec().GetInput().GetArgs()
	return nil
}

// readWrites reads the public write sets. Reads are the peers' business: the
// replay finds out by itself what the rules look at.
func (t *reference) readWrites(data []byte) error {
	var results rwset.TxReadWriteSet
	if err := unmarshal("write sets", data, &results); err != nil {
		return err
	}
	for _, namespace := range results.GetNsRwset() {
		var set kvrwset.KVRWSet
		if err := unmarshal("write set", namespace.GetRwset(), &set); err != nil {
			return err
		}
		writes := referenceWrites(&set)
		switch name := namespace.GetNamespace(); {
		case name == t.Chaincode:
			t.Writes = append(t.Writes, writes...)
			t.Guarded = append(t.Guarded, guardedBy(&set)...)
			if err := (*Transaction)(t).readPrivate(namespace.GetCollectionHashedRwset()); err != nil {
				return err
			}
		case name != lifecycle && len(writes) > 0:
			t.Foreign = append(t.Foreign, Namespace{Chaincode: name, Writes: writes})
		}
	}
	return nil
}

func referenceWrites(set *kvrwset.KVRWSet) []Write {
	var writes []Write
	for _, w := range set.GetWrites() {
		writes = append(writes, Write{Key: w.GetKey(), Value: w.GetValue(), Deleted: w.GetIsDelete()})
	}
	return writes
}

// agree requires that all ways of reading an envelope give the same.
func agree(t *testing.T, data []byte) {
	agreeOn(t, data, parseTransaction)
	agreeOn(t, data, readAny)
}

func agreeOn(t *testing.T, data []byte, read func([]byte) (Transaction, bool, error)) {
	want, ours, problem := referenceTransaction(data)
	got, isOurs, err := read(bytes.Clone(data))
	if problem == nil {
		require.NoError(t, err)
		require.Equal(t, want, got)
		require.Equal(t, ours, isOurs)
		return
	}
	if !strings.Contains(problem.Error(), "its write set:") { // whose reads are not parsed
		require.Error(t, err, "%v", problem)
	}
	require.Equal(t, want.ID, got.ID)
	require.Equal(t, want.Organisation, got.Organisation)
	require.Equal(t, want.Chaincode, got.Chaincode)
}

// Whatever is done to a transaction, it is read as peers read it: damaged, cut off,
// and with fields out of order, given twice, in parts or unknown.
func TestParseAgreesWithProto(t *testing.T) {
	whole := envelope(t, "tx", namespace(t, "massbalance", put("key", "value")), namespace(t, "other", put("k", "v")))
	agree(t, whole)
	for i := range whole {
		agree(t, whole[:i])
		for _, change := range []byte{0x01, 0x02, 0x08, 0x80, 0xff} {
			damaged := bytes.Clone(whole)
			damaged[i] ^= change
			agree(t, damaged)
		}
	}
}

// What networks commit is read strictly, so that the tests above are about both ways.
func TestOrdinaryTransactionsAreReadStrictly(t *testing.T) {
	set := put("key", "value")
	set.Reads = []*kvrwset.KVRead{{Key: "key", Version: &kvrwset.Version{BlockNum: 7}}}
	set.Writes = append(set.Writes, &kvrwset.KVWrite{Key: "lock", IsDelete: true}, &kvrwset.KVWrite{})
	set.MetadataWrites = []*kvrwset.KVMetadataWrite{
		{Key: "key", Entries: []*kvrwset.KVMetadataEntry{{Name: "other"}, {Name: validationParameter, Value: []byte("policy")}}}, {Key: "none"},
	}
	whole := envelope(t, "tx", namespace(t, "_lifecycle", set), namespace(t, "massbalance", set), namespace(t, "other", set), namespace(t, "massbalance", set))
	tx, ok := readStrict(whole)
	require.True(t, ok)
	require.Len(t, tx.Writes, 6)
	require.Equal(t, []string{"key", "key"}, tx.Guarded)
	agree(t, whole)

	set.RangeQueriesInfo = []*kvrwset.RangeQueryInfo{{StartKey: "a"}}
	private := &rwset.NsReadWriteSet{Namespace: "massbalance", CollectionHashedRwset: []*rwset.CollectionHashedReadWriteSet{{CollectionName: "own"}}}
	for name, other := range map[string][]byte{
		"ranges": envelope(t, "tx", namespace(t, "massbalance", set)), "private data": envelope(t, "tx", private),
		"a configuration": configuration(t), "nonsense": []byte("nonsense"),
	} {
		_, ok := readStrict(other)
		require.False(t, ok, name)
		agree(t, other)
	}
}

func TestParseMergesWhatIsGivenInParts(t *testing.T) {
	field := func(number protowire.Number, value []byte) []byte {
		return protowire.AppendBytes(protowire.AppendTag(nil, number, protowire.BytesType), value)
	}
	join := func(parts ...[]byte) []byte { return bytes.Join(parts, nil) }
	unknown := join(field(99, []byte("later")), protowire.AppendVarint(protowire.AppendTag(nil, 1, protowire.VarintType), 7))

	whole := func(read []byte) []byte {
		write := join(field(1, []byte("first")), unknown, field(3, []byte("1")), field(1, []byte("key")), field(3, []byte("2")))
		set := join(field(3, write), field(1, read), field(3, field(1, []byte("b"))))
		sets := field(2, join(field(2, []byte("nonsense")), field(1, []byte("massbalance")), field(2, set)))
		action := join(field(1, []byte("nonsense")), field(3, field(3, []byte("no"))), field(1, sets), field(3, field(3, []byte("answer"))))
		endorsed := join(field(1, []byte("nonsense")), unknown, field(1, field(2, action)))
		spec := join(field(1, field(3, field(1, []byte("Apply")))), field(1, field(3, field(1, []byte("batch")))))
		payload := join(field(2, field(1, []byte("nonsense"))), field(1, field(1, spec)), field(2, endorsed))
		inner := join(field(2, []byte("nonsense")), unknown, field(1, pack(t, header(t, "tx", common.HeaderType_ENDORSER_TRANSACTION))),
			field(2, field(1, field(2, payload))))
		return join(field(1, []byte("nonsense")), field(1, inner))
	}
	got, isEndorser, err := parseTransaction(whole([]byte("nonsense")))
	require.NoError(t, err)
	require.True(t, isEndorser)
	require.Equal(t, [][]byte{[]byte("Apply"), []byte("batch")}, got.Args)
	require.Equal(t, "answer", string(got.Response))
	require.Equal(t, []Write{{Key: "key", Value: []byte("2")}, {Key: "b"}}, got.Writes)
	agree(t, whole(nil))
}

func FuzzParseAgreesWithProto(f *testing.F) {
	f.Add(envelope(f, "tx", namespace(f, "massbalance", put("key", "value"))))
	f.Add(configuration(f))
	f.Fuzz(func(t *testing.T, data []byte) { agree(t, data) })
}

// BenchmarkParse reads a block with one full transaction.
func BenchmarkParse(b *testing.B) {
	set := &kvrwset.KVRWSet{}
	for i := range 1000 {
		key := fmt.Sprintf("record:organisation:%d", i)
		set.Reads = append(set.Reads, &kvrwset.KVRead{Key: key})
		set.Writes = append(set.Writes, &kvrwset.KVWrite{Key: key, Value: bytes.Repeat([]byte("x"), 500)})
	}
	raw := sealed(1, nil, []byte{0}, envelope(b, "tx", namespace(b, "massbalance", set)))
	b.ReportAllocs()
	b.SetBytes(int64(len(raw.GetData().GetData()[0])))
	for b.Loop() {
		_, err := Parse(raw)
		require.NoError(b, err)
	}
}
