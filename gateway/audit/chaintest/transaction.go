package chaintest

import (
	"crypto/rand"

	"github.com/hyperledger/fabric-protos-go-apiv2/common"
	"github.com/hyperledger/fabric-protos-go-apiv2/ledger/rwset"
	"github.com/hyperledger/fabric-protos-go-apiv2/peer"
	"github.com/hyperledger/fabric/protoutil"
	"google.golang.org/protobuf/types/known/timestamppb"
)

// Transaction is what a client and its endorsers make one of. A test may change
// anything before it is sealed into a block.
type Transaction struct {
	Creator   *Signer
	Endorsers []*Signer
	Args      [][]byte
	Set       *rwset.TxReadWriteSet
	Response  []byte
	Nonce     []byte
	// Spoil changes the finished parts before they are signed by the client; nil
	// changes nothing.
	Spoil func(*common.Payload, *peer.ChaincodeActionPayload)
}

// ID is the transaction's, which follows from nonce and creator.
func (x *Transaction) ID() string { return protoutil.ComputeTxID(x.Nonce, x.Creator.Serialized) }

func newNonce() []byte {
	nonce := make([]byte, 24)
	_, _ = rand.Read(nonce) // never fails
	return nonce
}

// Envelope signs and encodes the transaction.
func (x *Transaction) Envelope() []byte {
	header := &common.Header{
		ChannelHeader: protoutil.MarshalOrPanic(&common.ChannelHeader{
			Type: int32(common.HeaderType_ENDORSER_TRANSACTION), TxId: x.ID(), ChannelId: Channel, Timestamp: timestamppb.Now(),
			Extension: protoutil.MarshalOrPanic(&peer.ChaincodeHeaderExtension{ChaincodeId: &peer.ChaincodeID{Name: Chaincode}}),
		}),
		SignatureHeader: protoutil.MarshalOrPanic(&common.SignatureHeader{Creator: x.Creator.Serialized, Nonce: x.Nonce}),
	}
	action := x.action(header)
	payload := &common.Payload{Header: header}
	if x.Spoil != nil {
		x.Spoil(payload, action)
	}
	payload.Data = protoutil.MarshalOrPanic(&peer.Transaction{Actions: []*peer.TransactionAction{{
		Header: header.GetSignatureHeader(), Payload: protoutil.MarshalOrPanic(action),
	}}})
	return sealed(protoutil.MarshalOrPanic(payload), x.Creator)
}

func sealed(payload []byte, signer *Signer) []byte {
	return protoutil.MarshalOrPanic(&common.Envelope{Payload: payload, Signature: signer.Sign(payload)})
}

// action is what the endorsers sign, with their signatures.
func (x *Transaction) action(header *common.Header) *peer.ChaincodeActionPayload {
	proposal := protoutil.MarshalOrPanic(&peer.ChaincodeProposalPayload{
		Input: protoutil.MarshalOrPanic(&peer.ChaincodeInvocationSpec{ChaincodeSpec: &peer.ChaincodeSpec{
			Type: peer.ChaincodeSpec_GOLANG, ChaincodeId: &peer.ChaincodeID{Name: Chaincode}, Input: &peer.ChaincodeInput{Args: x.Args},
		}}),
	})
	hash, err := protoutil.GetProposalHash2(header, proposal)
	if err != nil {
		panic(err) // the header was made above
	}
	response := protoutil.MarshalOrPanic(&peer.ProposalResponsePayload{
		ProposalHash: hash,
		Extension: protoutil.MarshalOrPanic(&peer.ChaincodeAction{
			Results: protoutil.MarshalOrPanic(x.Set), Response: &peer.Response{Status: 200, Payload: x.Response},
			ChaincodeId: &peer.ChaincodeID{Name: Chaincode, Version: "1"},
		}),
	})
	endorsed := &peer.ChaincodeEndorsedAction{ProposalResponsePayload: response}
	for _, e := range x.Endorsers {
		endorsed.Endorsements = append(endorsed.Endorsements, &peer.Endorsement{Endorser: e.Serialized, Signature: e.Sign(response, e.Serialized)})
	}
	return &peer.ChaincodeActionPayload{ChaincodeProposalPayload: proposal, Action: endorsed}
}
