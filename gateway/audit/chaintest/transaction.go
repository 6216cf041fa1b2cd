package chaintest

import (
	"crypto/rand"

	"github.com/hyperledger/fabric-protos-go-apiv2/common"
	"github.com/hyperledger/fabric-protos-go-apiv2/ledger/rwset"
	"github.com/hyperledger/fabric-protos-go-apiv2/peer"
	"github.com/hyperledger/fabric/protoutil"
	"google.golang.org/protobuf/proto"
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
	// Alter changes the encoding of one of Parts; everything around it is made of
	// what it gives, and signed. Nil changes nothing.
	Alter func(part Part, encoded []byte) []byte
}

// Part is a message in a transaction, by its name in Fabric.
type Part string

// Parts are those that can be altered, from the inside to the outside.
var Parts = []Part{"Results", "ChaincodeAction", "ProposalResponsePayload", "ChaincodeProposalPayload", "ChaincodeHeaderExtension",
	"ChannelHeader", "SignatureHeader", "ChaincodeActionPayload", "Transaction", "Payload", "Envelope"}

// encode encodes a part.
func (x *Transaction) encode(part Part, m proto.Message) []byte {
	encoded := protoutil.MarshalOrPanic(m)
	if x.Alter != nil {
		return x.Alter(part, encoded)
	}
	return encoded
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
		ChannelHeader: x.encode("ChannelHeader", &common.ChannelHeader{
			Type: int32(common.HeaderType_ENDORSER_TRANSACTION), TxId: x.ID(), ChannelId: Channel, Timestamp: timestamppb.Now(),
			Extension: x.encode("ChaincodeHeaderExtension", &peer.ChaincodeHeaderExtension{ChaincodeId: &peer.ChaincodeID{Name: Chaincode}}),
		}),
		SignatureHeader: x.encode("SignatureHeader", &common.SignatureHeader{Creator: x.Creator.Serialized, Nonce: x.Nonce}),
	}
	action := x.action(header)
	payload := &common.Payload{Header: header}
	if x.Spoil != nil {
		x.Spoil(payload, action)
	}
	payload.Data = x.encode("Transaction", &peer.Transaction{Actions: []*peer.TransactionAction{{
		Header: header.GetSignatureHeader(), Payload: x.encode("ChaincodeActionPayload", action),
	}}})
	content := x.encode("Payload", payload)
	return x.encode("Envelope", &common.Envelope{Payload: content, Signature: x.Creator.Sign(content)})
}

// action is what the endorsers sign, with their signatures.
func (x *Transaction) action(header *common.Header) *peer.ChaincodeActionPayload {
	proposal := x.encode("ChaincodeProposalPayload", &peer.ChaincodeProposalPayload{
		Input: protoutil.MarshalOrPanic(&peer.ChaincodeInvocationSpec{ChaincodeSpec: &peer.ChaincodeSpec{
			Type: peer.ChaincodeSpec_GOLANG, ChaincodeId: &peer.ChaincodeID{Name: Chaincode}, Input: &peer.ChaincodeInput{Args: x.Args},
		}}),
	})
	hash, err := protoutil.GetProposalHash2(header, proposal)
	if err != nil {
		panic(err) // the header was made above
	}
	response := x.encode("ProposalResponsePayload", &peer.ProposalResponsePayload{
		ProposalHash: hash,
		Extension: x.encode("ChaincodeAction", &peer.ChaincodeAction{
			Results: x.encode("Results", x.Set), Response: &peer.Response{Status: 200, Payload: x.Response},
			ChaincodeId: &peer.ChaincodeID{Name: Chaincode, Version: "1"},
		}),
	})
	endorsed := &peer.ChaincodeEndorsedAction{ProposalResponsePayload: response}
	for _, e := range x.Endorsers {
		endorsed.Endorsements = append(endorsed.Endorsements, &peer.Endorsement{Endorser: e.Serialized, Signature: e.Sign(response, e.Serialized)})
	}
	return &peer.ChaincodeActionPayload{ChaincodeProposalPayload: proposal, Action: endorsed}
}
