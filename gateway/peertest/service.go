package peertest

import (
	"context"
	"crypto/ecdsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/asn1"
	"encoding/pem"
	"errors"
	"fmt"
	"math/big"

	"github.com/hyperledger/fabric-protos-go-apiv2/common"
	"github.com/hyperledger/fabric-protos-go-apiv2/gateway"
	"github.com/hyperledger/fabric-protos-go-apiv2/msp"
	"github.com/hyperledger/fabric-protos-go-apiv2/orderer"
	"github.com/hyperledger/fabric-protos-go-apiv2/peer"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"

	"github.com/weighbridge/weighbridge/chaincode/massbalance"
)

// verify checks a signature as a peer does: by the creator's certificate, and
// with the lower of the two values that S may have.
func verify(creator, message, signature []byte) (massbalance.OrganisationID, error) {
	var identity msp.SerializedIdentity
	if err := proto.Unmarshal(creator, &identity); err != nil {
		return "", err
	}
	encoded, _ := pem.Decode(identity.GetIdBytes())
	if encoded == nil {
		return "", errors.New("the creator has no certificate")
	}
	certificate, err := x509.ParseCertificate(encoded.Bytes)
	if err != nil {
		return "", err
	}
	key, ok := certificate.PublicKey.(*ecdsa.PublicKey)
	if !ok {
		return "", errors.New("the creator's key is not of ECDSA")
	}
	digest := sha256.Sum256(message)
	if !ecdsa.VerifyASN1(key, digest[:], signature) {
		return "", errors.New("the signature is not the creator's")
	}
	var parts struct{ R, S *big.Int }
	if _, err := asn1.Unmarshal(signature, &parts); err != nil {
		return "", err
	}
	if half := new(big.Int).Rsh(key.Params().N, 1); parts.S.Cmp(half) > 0 {
		return "", errors.New("the signature's S is the higher one")
	}
	return massbalance.OrganisationID(identity.GetMspid()), nil
}

func refuse(err error) error { return status.Error(codes.InvalidArgument, err.Error()) }

// proposed reads a signed proposal.
func proposed(signed *peer.SignedProposal) (*common.Header, []byte, call, error) {
	var proposal peer.Proposal
	var header common.Header
	var signature common.SignatureHeader
	var channel common.ChannelHeader
	var payload peer.ChaincodeProposalPayload
	var invocation peer.ChaincodeInvocationSpec
	err := errors.Join(proto.Unmarshal(signed.GetProposalBytes(), &proposal), proto.Unmarshal(proposal.GetHeader(), &header))
	err = errors.Join(err, proto.Unmarshal(header.GetSignatureHeader(), &signature), proto.Unmarshal(header.GetChannelHeader(), &channel))
	err = errors.Join(err, proto.Unmarshal(proposal.GetPayload(), &payload), proto.Unmarshal(payload.GetInput(), &invocation))
	if err != nil {
		return nil, nil, call{}, err
	}
	org, err := verify(signature.GetCreator(), signed.GetProposalBytes(), signed.GetSignature())
	if err != nil {
		return nil, nil, call{}, err
	}
	return &header, proposal.GetPayload(), call{channel.GetTxId(), org, invocation.GetChaincodeSpec().GetInput().GetArgs()}, nil
}

// Endorse simulates a proposal and makes a transaction of it.
func (p *Peer) Endorse(_ context.Context, request *gateway.EndorseRequest) (*gateway.EndorseResponse, error) {
	header, proposal, c, err := proposed(request.GetProposedTransaction())
	if err != nil {
		return nil, refuse(err)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	action, _, err := p.simulate(c)
	if err != nil {
		return nil, refuse(err)
	}
	return &gateway.EndorseResponse{PreparedTransaction: assemble(header, proposal, action)}, nil
}

// Submit takes a transaction, which becomes a block once nothing holds it.
func (p *Peer) Submit(_ context.Context, request *gateway.SubmitRequest) (*gateway.SubmitResponse, error) {
	envelope := request.GetPreparedTransaction()
	var payload common.Payload
	var signature common.SignatureHeader
	err := errors.Join(proto.Unmarshal(envelope.GetPayload(), &payload), proto.Unmarshal(payload.GetHeader().GetSignatureHeader(), &signature))
	if err == nil {
		_, err = verify(signature.GetCreator(), envelope.GetPayload(), envelope.GetSignature())
	}
	if err != nil {
		return nil, refuse(err)
	}
	p.mu.Lock()
	held := p.held
	p.mu.Unlock()
	ordered := func() error {
		p.mu.Lock()
		defer p.mu.Unlock()
		return p.commit(envelope)
	}
	if held == nil {
		return &gateway.SubmitResponse{}, ordered()
	}
	go func() {
		<-held
		if err := ordered(); err != nil {
			p.t.Errorf("couldn't commit: %v", err)
		}
	}()
	return &gateway.SubmitResponse{}, nil
}

// CommitStatus waits for a transaction's block.
func (p *Peer) CommitStatus(ctx context.Context, signed *gateway.SignedCommitStatusRequest) (*gateway.CommitStatusResponse, error) {
	var request gateway.CommitStatusRequest
	if err := proto.Unmarshal(signed.GetRequest(), &request); err != nil {
		return nil, refuse(err)
	}
	if _, err := verify(request.GetIdentity(), signed.GetRequest(), signed.GetSignature()); err != nil {
		return nil, refuse(err)
	}
	for {
		p.mu.Lock()
		done, grown := p.commits[request.GetTransactionId()], p.grown
		p.mu.Unlock()
		if done != nil {
			return done, nil
		}
		select {
		case <-grown:
		case <-ctx.Done():
			return nil, status.FromContextError(ctx.Err()).Err()
		}
	}
}

// Evaluate answers the question for the chain's height, and no other.
func (p *Peer) Evaluate(_ context.Context, request *gateway.EvaluateRequest) (*gateway.EvaluateResponse, error) {
	_, _, c, err := proposed(request.GetProposedTransaction())
	if err != nil {
		return nil, refuse(err)
	}
	if len(c.args) == 0 || string(c.args[0]) != "GetChainInfo" {
		return nil, refuse(fmt.Errorf("there is no answer to %q", c.args))
	}
	info := pack(&common.BlockchainInfo{Height: p.Height()})
	return &gateway.EvaluateResponse{Result: &peer.Response{Status: 200, Payload: info}}, nil
}

// Deliver sends the blocks from the one that is asked for on.
func (p *Peer) Deliver(stream grpc.BidiStreamingServer[common.Envelope, peer.DeliverResponse]) error {
	envelope, err := stream.Recv()
	if err != nil {
		return err
	}
	var payload common.Payload
	var seek orderer.SeekInfo
	if err := errors.Join(proto.Unmarshal(envelope.GetPayload(), &payload), proto.Unmarshal(payload.GetData(), &seek)); err != nil {
		return refuse(err)
	}
	for next := seek.GetStart().GetSpecified().GetNumber(); ; {
		p.mu.Lock()
		var due *common.Block
		if next < uint64(len(p.blocks)) {
			due = p.blocks[next]
		}
		grown := p.grown
		p.mu.Unlock()
		if due != nil {
			if err := stream.Send(&peer.DeliverResponse{Type: &peer.DeliverResponse_Block{Block: due}}); err != nil {
				return err
			}
			next++
			continue
		}
		select {
		case <-grown:
		case <-stream.Context().Done():
			return stream.Context().Err()
		}
	}
}
