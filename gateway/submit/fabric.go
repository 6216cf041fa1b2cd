package submit

import (
	"context"
	"fmt"

	"github.com/hyperledger/fabric-gateway/pkg/client"
	"github.com/hyperledger/fabric-gateway/pkg/identity"
	"github.com/hyperledger/fabric-protos-go-apiv2/gateway"
	"github.com/hyperledger/fabric-protos-go-apiv2/msp"
	"google.golang.org/protobuf/proto"

	"github.com/weighbridge/weighbridge/chaincode/massbalance"
)

// errorDetail is what one node said about a failed call.
type errorDetail = gateway.ErrorDetail

// apply is the contract's only function that writes.
const apply = "Apply"

// fabric is the platform: the peer's gateway service.
type fabric struct {
	gateway  *client.Gateway
	contract *client.Contract
	channel  string
	// creator names the identity in requests for a commit status.
	creator []byte
}

func newFabric(gw *client.Gateway, channel, chaincode string) (*fabric, error) {
	creator, err := creatorOf(gw.Identity())
	if err != nil {
		return nil, err
	}
	return &fabric{gateway: gw, contract: gw.GetNetwork(channel).GetContract(chaincode), channel: channel, creator: creator}, nil
}

func creatorOf(id identity.Identity) ([]byte, error) {
	creator, err := proto.Marshal(&msp.SerializedIdentity{Mspid: id.MspID(), IdBytes: id.Credentials()})
	if err != nil {
		return nil, fmt.Errorf("couldn't encode the identity: %w", err)
	}
	return creator, nil
}

func (f *fabric) propose(ctx context.Context, batch []byte) (endorsed, error) {
	return proposeTo(ctx, f.contract, apply, batch)
}

func proposeTo(ctx context.Context, contract *client.Contract, function string, args ...[]byte) (endorsed, error) {
	proposal, err := contract.NewProposal(function, client.WithBytesArguments(args...))
	if err != nil {
		return nil, &failure{kind: rejected, detail: "couldn't make a proposal: " + err.Error()}
	}
	tx, err := proposal.EndorseWithContext(ctx)
	if err != nil {
		return nil, endorseFailure(err)
	}
	return transaction{tx}, nil
}

// status asks by ID alone: after a failed hand-over there is nothing else to
// ask by.
func (f *fabric) status(ctx context.Context, id string) (commit, error) {
	request, err := proto.Marshal(&gateway.CommitStatusRequest{ChannelId: f.channel, TransactionId: id, Identity: f.creator})
	if err != nil {
		return commit{}, &failure{kind: rejected, detail: "couldn't ask for a commit status: " + err.Error()}
	}
	envelope, err := proto.Marshal(&gateway.SignedCommitStatusRequest{Request: request})
	if err != nil {
		return commit{}, &failure{kind: rejected, detail: "couldn't ask for a commit status: " + err.Error()}
	}
	asked, err := f.gateway.NewCommit(envelope)
	if err != nil {
		return commit{}, &failure{kind: rejected, detail: "couldn't ask for a commit status: " + err.Error()}
	}
	status, err := asked.StatusWithContext(ctx)
	if err != nil {
		return commit{}, statusFailure(err)
	}
	return commit{code: status.Code.String(), block: status.BlockNumber}, nil
}

// height asks a peer of the organisation by way of the own one.
func (f *fabric) height(ctx context.Context, organisation string) (uint64, error) {
	options := []client.ProposalOption{client.WithArguments(f.channel)}
	if organisation != "" {
		options = append(options, client.WithEndorsingOrganizations(organisation))
	}
	info, err := f.gateway.GetNetwork(f.channel).GetContract("qscc").EvaluateWithContext(ctx, "GetChainInfo", options...)
	if err != nil {
		return 0, fmt.Errorf("couldn't ask for the chain's height: %w", err)
	}
	return readHeight(info)
}

func (f *fabric) consortium(ctx context.Context) ([]byte, error) {
	value, err := f.contract.EvaluateWithContext(ctx, "Read", client.WithArguments(string(massbalance.KindConsortium), "", ""))
	if err != nil {
		return nil, fmt.Errorf("couldn't ask for the consortium: %w", err)
	}
	return value, nil
}

// transaction is an endorsed transaction of Fabric.
type transaction struct{ tx *client.Transaction }

func (t transaction) ID() string     { return t.tx.TransactionID() }
func (t transaction) Answer() []byte { return t.tx.Result() }

func (t transaction) order(ctx context.Context) error {
	if _, err := t.tx.SubmitWithContext(ctx); err != nil {
		if f := orderFailure(err); f != nil {
			return f
		}
	}
	return nil
}
