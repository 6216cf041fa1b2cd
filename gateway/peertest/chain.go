package peertest

import (
	"bytes"
	"crypto/sha256"
	"fmt"

	"github.com/hyperledger/fabric-protos-go-apiv2/common"
	"github.com/hyperledger/fabric-protos-go-apiv2/gateway"
	"github.com/hyperledger/fabric-protos-go-apiv2/ledger/rwset"
	"github.com/hyperledger/fabric-protos-go-apiv2/ledger/rwset/kvrwset"
	"github.com/hyperledger/fabric-protos-go-apiv2/msp"
	"github.com/hyperledger/fabric-protos-go-apiv2/peer"
	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/weighbridge/weighbridge/chaincode/massbalance"
	"github.com/weighbridge/weighbridge/chaincode/wire"
	"github.com/weighbridge/weighbridge/gateway/block"
)

// pack encodes a message, which cannot fail for those of this package.
func pack(message proto.Message) []byte {
	data, err := proto.MarshalOptions{Deterministic: true}.Marshal(message)
	if err != nil {
		panic(err)
	}
	return data
}

func configuration() []byte {
	header := &common.Header{ChannelHeader: pack(&common.ChannelHeader{Type: int32(common.HeaderType_CONFIG), ChannelId: Channel})}
	return pack(&common.Envelope{Payload: pack(&common.Payload{Header: header})})
}

// seal makes the next block of one transaction; the lock is held.
func (p *Peer) seal(envelope []byte, code peer.TxValidationCode) *common.Block {
	var previous []byte
	if n := len(p.blocks); n > 0 {
		parsed, err := block.Parse(p.blocks[n-1])
		require.NoError(p.t, err)
		previous = parsed.Hash[:]
	}
	sum := sha256.Sum256(envelope)
	return &common.Block{
		Header:   &common.BlockHeader{Number: uint64(len(p.blocks)), PreviousHash: previous, DataHash: sum[:]},
		Data:     &common.BlockData{Data: [][]byte{envelope}},
		Metadata: &common.BlockMetadata{Metadata: [][]byte{{}, {}, {byte(code)}, {}, {}}}, //nolint:gosec // a code
	}
}

// call is a chaincode's call as a proposal has it.
type call struct {
	id           string
	organisation massbalance.OrganisationID
	args         [][]byte
}

// simulate executes a batch over the state as it is; the lock is held.
func (p *Peer) simulate(c call) (*peer.ChaincodeAction, massbalance.BatchOutcome, error) {
	if len(c.args) != 2 {
		return nil, massbalance.BatchOutcome{}, fmt.Errorf("%d arguments", len(c.args))
	}
	commands, err := wire.ParseBatch(c.args[1])
	if err != nil {
		return nil, massbalance.BatchOutcome{}, err
	}
	outcome, err := massbalance.ExecuteBatch(p.state, massbalance.Tx{ID: c.id, Organisation: c.organisation}, commands)
	if err != nil {
		return nil, outcome, err
	}
	answer, err := wire.AnswerOver(p.state, outcome)
	if err != nil {
		return nil, outcome, err
	}
	set, err := writeSet(p.state, outcome.Writes)
	if err != nil {
		return nil, outcome, err
	}
	results := &rwset.TxReadWriteSet{NsRwset: []*rwset.NsReadWriteSet{{Namespace: Chaincode, Rwset: pack(set)}}}
	return &peer.ChaincodeAction{Results: pack(results), Response: &peer.Response{Status: 200, Payload: answer}}, outcome, nil
}

// writeSet is what a peer with this state would write.
func writeSet(state massbalance.View, writes []massbalance.Write) (*kvrwset.KVRWSet, error) {
	stored, err := wire.StoreOver(state, writes)
	if err != nil {
		return nil, err
	}
	set := &kvrwset.KVRWSet{}
	for _, w := range stored {
		set.Writes = append(set.Writes, &kvrwset.KVWrite{Key: w.Key, Value: w.Value})
		if w.Guard != nil {
			set.MetadataWrites = append(set.MetadataWrites, &kvrwset.KVMetadataWrite{Key: w.Key, Entries: []*kvrwset.KVMetadataEntry{{Name: "VALIDATION_PARAMETER"}}})
		}
	}
	return set, nil
}

// assemble makes the transaction of a proposal and its simulation.
func assemble(header *common.Header, proposal []byte, action *peer.ChaincodeAction) *common.Envelope {
	payload := &peer.ChaincodeActionPayload{
		ChaincodeProposalPayload: proposal,
		Action:                   &peer.ChaincodeEndorsedAction{ProposalResponsePayload: pack(&peer.ProposalResponsePayload{Extension: pack(action)})},
	}
	return &common.Envelope{Payload: pack(&common.Payload{
		Header: header, Data: pack(&peer.Transaction{Actions: []*peer.TransactionAction{{Header: header.GetSignatureHeader(), Payload: pack(payload)}}}),
	})}
}

// commit makes a block of a transaction. It is valid if the rules still write the
// same; the lock is held.
func (p *Peer) commit(envelope *common.Envelope) error {
	parsed, err := block.Parse(p.seal(pack(envelope), peer.TxValidationCode_VALID))
	if err != nil {
		return err
	}
	tx := parsed.Transactions[0]
	code := peer.TxValidationCode_VALID
	action, outcome, err := p.simulate(call{tx.ID, massbalance.OrganisationID(tx.Organisation), tx.Args})
	switch {
	case p.commits[tx.ID] != nil:
		code = peer.TxValidationCode_DUPLICATE_TXID
	case err != nil || !same(action, tx):
		code = peer.TxValidationCode_MVCC_READ_CONFLICT
	default:
		p.state.Apply(outcome.Writes)
	}
	p.blocks = append(p.blocks, p.seal(pack(envelope), code))
	if p.commits[tx.ID] == nil {
		p.commits[tx.ID] = &gateway.CommitStatusResponse{Result: code, BlockNumber: uint64(len(p.blocks) - 1)}
	}
	close(p.grown)
	p.grown = make(chan struct{})
	return nil
}

// same reports whether a transaction holds what a simulation gives now.
func same(action *peer.ChaincodeAction, tx block.Transaction) bool {
	if !bytes.Equal(action.GetResponse().GetPayload(), tx.Response) {
		return false
	}
	var set kvrwset.KVRWSet
	for _, w := range tx.Writes {
		set.Writes = append(set.Writes, &kvrwset.KVWrite{Key: w.Key, Value: w.Value})
	}
	var results rwset.TxReadWriteSet
	var now kvrwset.KVRWSet
	if proto.Unmarshal(action.GetResults(), &results) != nil || proto.Unmarshal(results.GetNsRwset()[0].GetRwset(), &now) != nil {
		return false
	}
	now.MetadataWrites = nil
	return proto.Equal(&now, &set)
}

// Execute commits commands of an organisation, all of which have to be accepted.
func (p *Peer) Execute(org massbalance.OrganisationID, commands ...massbalance.Command) {
	p.t.Helper()
	for i := range commands {
		require.NoError(p.t, wire.Seal(&commands[i]))
	}
	batch, err := wire.FormatBatch(commands)
	require.NoError(p.t, err)
	p.mu.Lock()
	defer p.mu.Unlock()
	id := fmt.Sprintf("tx%06d", len(p.blocks))
	args := [][]byte{[]byte("Apply"), batch}
	action, outcome, err := p.simulate(call{id, org, args})
	require.NoError(p.t, err)
	for _, r := range outcome.Results {
		require.Equal(p.t, massbalance.Accepted, r.Code, "%s: %s", r.Command, r.Message)
	}
	extension := &peer.ChaincodeHeaderExtension{ChaincodeId: &peer.ChaincodeID{Name: Chaincode}}
	header := &common.Header{
		ChannelHeader: pack(&common.ChannelHeader{
			Type: int32(common.HeaderType_ENDORSER_TRANSACTION), TxId: id, ChannelId: Channel, Timestamp: timestamppb.Now(), Extension: pack(extension)}),
		SignatureHeader: pack(&common.SignatureHeader{Creator: pack(&msp.SerializedIdentity{Mspid: string(org)})}),
	}
	invocation := &peer.ChaincodeInvocationSpec{ChaincodeSpec: &peer.ChaincodeSpec{Input: &peer.ChaincodeInput{Args: args}}}
	proposal := pack(&peer.ChaincodeProposalPayload{Input: pack(invocation)})
	require.NoError(p.t, p.commit(assemble(header, proposal, action)))
}
