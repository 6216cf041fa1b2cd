package administration

import (
	"context"
	"errors"
	"fmt"

	"github.com/hyperledger/fabric-protos-go/common"
	"github.com/hyperledger/fabric-sdk-go/pkg/client/channel"
	"github.com/hyperledger/fabric-sdk-go/pkg/common/errors/multi"
	"github.com/hyperledger/fabric-sdk-go/pkg/common/errors/status"
	providers "github.com/hyperledger/fabric-sdk-go/pkg/common/providers/context"
	"github.com/hyperledger/fabric-sdk-go/pkg/common/providers/fab"
	"github.com/hyperledger/fabric-sdk-go/pkg/common/providers/msp"
	sdkcontext "github.com/hyperledger/fabric-sdk-go/pkg/context"
	"github.com/hyperledger/fabric-sdk-go/pkg/fab/discovery"
	"github.com/hyperledger/fabric-sdk-go/pkg/fab/txn"
)

// describe is the call by which every contract made with fabric-contract-api-go describes itself. It reads and writes nothing.
const describe = "org.hyperledger.fabric:GetMetadata"

// Call is an invocation of the chaincode.
type Call struct {
	Function  string
	Arguments []string
}

func (c Call) bytes() [][]byte {
	var encoded [][]byte
	for _, argument := range c.Arguments {
		encoded = append(encoded, []byte(argument))
	}
	return encoded
}

// Evaluate runs the chaincode on the organisation's own peer, as its client, and returns the answer.
func (a *Administrator) Evaluate(ctx context.Context, call Call) ([]byte, error) {
	client, err := channel.New(a.channel(a.client))
	if err != nil {
		return nil, fmt.Errorf("couldn't use %s as a client of %s: %w", a.consortium.Channel, a.organisation.ID, err)
	}
	response, err := client.Query(channel.Request{
		ChaincodeID: a.consortium.Chaincode, Fcn: call.Function, Args: call.bytes(),
	}, channel.WithTargetEndpoints(a.peer()), channel.WithParentContext(ctx))
	if err != nil {
		return nil, fmt.Errorf("couldn't evaluate %s on %s: %w", call.Function, a.peer(), err)
	}
	return response.Payload, nil
}

// Submit runs the chaincode on the peers named, orders the transaction and waits until the organisation's peer committed it.
func (a *Administrator) Submit(ctx context.Context, endorsers []string, call Call) ([]byte, error) {
	client, err := channel.New(a.channel(a.client))
	if err != nil {
		return nil, fmt.Errorf("couldn't use %s as a client of %s: %w", a.consortium.Channel, a.organisation.ID, err)
	}
	response, err := client.Execute(channel.Request{
		ChaincodeID: a.consortium.Chaincode, Fcn: call.Function, Args: call.bytes(),
	}, channel.WithTargetEndpoints(endorsers...), channel.WithParentContext(ctx))
	if err != nil {
		return nil, fmt.Errorf("couldn't submit %s as %s: %w", call.Function, a.organisation.ID, err)
	}
	return response.Payload, nil
}

// CheckAnswers succeeds once the chaincode runs on the organisation's own peer. It asks for the contract's
// description.
func (a *Administrator) CheckAnswers(ctx context.Context) error {
	_, err := a.Evaluate(ctx, Call{Function: describe})
	return err
}

// answerOf finds the SDK's status in an error. The SDK has three ways to wrap one, of which errors.As follows only the first.
func answerOf(err error) *status.Status {
	for ; err != nil; err = errors.Unwrap(err) {
		if several, ok := err.(multi.Errors); ok && len(several) > 0 {
			return answerOf(several[0])
		}
		if answer, ok := status.FromError(err); ok && answer.Code != status.MultipleErrors.ToInt32() {
			return answer
		}
	}
	return nil
}

// CanEndorse succeeds once the organisation's peer knows enough endorsing peers to meet the chaincode's endorsement policy,
// which takes gossip some moments after a start.
func (a *Administrator) CanEndorse(ctx context.Context) error {
	client, err := a.sdk.Context(a.as(a.identity))()
	if err != nil {
		return fmt.Errorf("couldn't act for %s: %w", a.organisation.ID, err)
	}
	asker, err := discovery.New(client)
	if err != nil {
		return fmt.Errorf("couldn't discover as %s: %w", a.organisation.ID, err)
	}
	peer, found := client.EndpointConfig().PeerConfig(a.peer())
	if !found {
		return fmt.Errorf("%s isn't in its own connection profile", a.peer())
	}
	calls := discovery.CcCalls(a.consortium.Chaincode)
	request := discovery.NewRequest().OfChannel(a.consortium.Channel).AddPeersQuery(calls...)
	bounded, cancel := sdkcontext.NewRequest(client, sdkcontext.WithTimeoutType(fab.DiscoveryResponse), sdkcontext.WithParent(ctx))
	defer cancel()
	answers, err := asker.Send(bounded, request, *peer)
	if err != nil {
		return fmt.Errorf("couldn't ask %s for peers: %w", a.peer(), err)
	}
	endorsing := map[string]bool{}
	for answer := range answers {
		if err := answer.Error(); err != nil {
			return fmt.Errorf("couldn't ask %s for peers: %w", a.peer(), err)
		}
		peers, err := answer.ForChannel(a.consortium.Channel).Peers(calls...)
		if err != nil {
			return fmt.Errorf("%s knows no peer with %s yet: %w", a.peer(), a.consortium.Chaincode, err)
		}
		for _, peer := range peers {
			endorsing[peer.MSPID] = true
		}
	}
	return a.checkMajority(endorsing)
}

func (a *Administrator) checkMajority(endorsing map[string]bool) error {
	known := 0
	for _, organisation := range a.consortium.Trading() {
		if endorsing[organisation.ID] {
			known++
		}
	}
	if known < a.consortium.Majority() {
		return fmt.Errorf("%s knows the peers of %d trading organisations, not yet of %d", a.peer(), known, a.consortium.Majority())
	}
	return nil
}

// CheckRefused succeeds if every orderer forbids submissions by the organisation's administrator and client. What's submitted
// is in order but for its sender: a call that changes nothing, endorsed by the organisation's own peer. It must be in order,
// because were it let in, a malformed one would do harm: Fabric 3.1's peers panic on a transaction without an endorsed action.
func (a *Administrator) CheckRefused(ctx context.Context) error {
	for _, identity := range []struct {
		name   string
		signer msp.SigningIdentity
	}{{"administrator", a.identity}, {"client", a.client}} {
		client, err := a.sdk.Context(a.as(identity.signer))()
		if err != nil {
			return fmt.Errorf("couldn't act for %s: %w", a.organisation.ID, err)
		}
		if err := a.checkRefused(ctx, client); err != nil {
			return fmt.Errorf("the %s of %s: %w", identity.name, a.organisation.ID, err)
		}
	}
	return nil
}

func (a *Administrator) checkRefused(ctx context.Context, client providers.Client) error {
	bounded, cancel := sdkcontext.NewRequest(client, sdkcontext.WithTimeoutType(fab.Execute), sdkcontext.WithParent(ctx))
	defer cancel()
	transaction, err := a.endorsed(bounded, client)
	if err != nil {
		return err
	}
	for _, node := range a.consortium.OrdererNodes() {
		config, found, _ := client.EndpointConfig().OrdererConfig(node.Name())
		if !found {
			return fmt.Errorf("%s isn't in the connection profile", node.Name())
		}
		orderer, err := client.InfraProvider().CreateOrdererFromConfig(config)
		if err != nil {
			return fmt.Errorf("couldn't reach %s: %w", node.Name(), err)
		}
		_, err = txn.Send(bounded, transaction, []fab.Orderer{orderer})
		if err == nil {
			return fmt.Errorf("%s took a submission that it should have forbidden", node.Name())
		}
		if answer := answerOf(err); answer == nil || answer.Code != int32(common.Status_FORBIDDEN) {
			return fmt.Errorf("%s didn't forbid a submission but failed: %w", node.Name(), err)
		}
	}
	return nil
}

// endorsed is a transaction that asks for the contract's description, endorsed by the organisation's own peer.
func (a *Administrator) endorsed(ctx context.Context, client providers.Client) (*fab.Transaction, error) {
	config, found := client.EndpointConfig().PeerConfig(a.peer())
	if !found {
		return nil, fmt.Errorf("%s isn't in its own connection profile", a.peer())
	}
	peer, err := client.InfraProvider().CreatePeerFromConfig(&fab.NetworkPeer{PeerConfig: *config, MSPID: a.organisation.ID})
	if err != nil {
		return nil, fmt.Errorf("couldn't reach %s: %w", a.peer(), err)
	}
	header, err := txn.NewHeader(client, a.consortium.Channel)
	if err != nil {
		return nil, fmt.Errorf("couldn't make a transaction header: %w", err)
	}
	proposal, err := txn.CreateChaincodeInvokeProposal(header, fab.ChaincodeInvokeRequest{
		ChaincodeID: a.consortium.Chaincode, Fcn: describe,
	})
	if err != nil {
		return nil, fmt.Errorf("couldn't make a proposal: %w", err)
	}
	responses, err := txn.SendProposal(ctx, proposal, []fab.ProposalProcessor{peer})
	if err != nil {
		return nil, fmt.Errorf("couldn't have %s endorse: %w", a.peer(), err)
	}
	transaction, err := txn.New(fab.TransactionRequest{Proposal: proposal, ProposalResponses: responses})
	if err != nil {
		return nil, fmt.Errorf("couldn't make a transaction of %s's endorsement: %w", a.peer(), err)
	}
	return transaction, nil
}
