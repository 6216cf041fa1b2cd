package administration

import (
	"bytes"
	"context"
	"fmt"

	"github.com/golang/protobuf/proto"
	"github.com/hyperledger/fabric-protos-go/common"
	"github.com/hyperledger/fabric-sdk-go/pkg/client/ledger"
	"github.com/hyperledger/fabric-sdk-go/pkg/client/resmgmt"
	"github.com/hyperledger/fabric-sdk-go/pkg/common/providers/msp"
	"github.com/hyperledger/fabric-sdk-go/pkg/fab/resource"
	"github.com/hyperledger/fabric-sdk-go/third_party/github.com/hyperledger/fabric/common/policydsl"

	"github.com/weighbridge/weighbridge/network/topology"
)

// Join makes the organisation's peer join the channel, unless it has.
func (a *Administrator) Join(ctx context.Context) error {
	joined, err := a.joined(ctx)
	if err != nil || joined {
		return err
	}
	resources, err := a.resources()
	if err != nil {
		return err
	}
	err = resources.JoinChannel(a.consortium.Channel, resmgmt.WithTargetEndpoints(a.peer()), resmgmt.WithParentContext(ctx),
		resmgmt.WithOrdererEndpoint(a.ordererEndpoint()))
	if err != nil {
		return fmt.Errorf("couldn't join %s to %s: %w", a.peer(), a.consortium.Channel, err)
	}
	return nil
}

func (a *Administrator) joined(ctx context.Context) (bool, error) {
	resources, err := a.resources()
	if err != nil {
		return false, err
	}
	response, err := resources.QueryChannels(resmgmt.WithTargetEndpoints(a.peer()), resmgmt.WithParentContext(ctx))
	if err != nil {
		return false, fmt.Errorf("couldn't ask %s for its channels: %w", a.peer(), err)
	}
	for _, channel := range response.Channels {
		if channel.ChannelId == a.consortium.Channel {
			return true, nil
		}
	}
	return false, nil
}

// ordererEndpoint is the organisation's own orderer or, for one that has none, the first of the others.
func (a *Administrator) ordererEndpoint() string {
	if a.organisation.Orderer != nil {
		return a.organisation.OrdererNode().Name()
	}
	return a.consortium.OrdererNodes()[0].Name()
}

// Height is how many blocks the organisation's peer has committed.
func (a *Administrator) Height(ctx context.Context) (uint64, error) {
	blocks, err := a.ledger()
	if err != nil {
		return 0, err
	}
	response, err := blocks.QueryInfo(ledger.WithTargetEndpoints(a.peer()), ledger.WithParentContext(ctx))
	if err != nil {
		return 0, fmt.Errorf("couldn't ask %s for its height: %w", a.peer(), err)
	}
	return response.BCI.Height, nil
}

// SetWriters changes who may submit, signed by the given administrators. It reports whether there was anything to change; the
// orderers have taken the change when it returns, and peers follow with the block it's in.
func (a *Administrator) SetWriters(ctx context.Context, writers topology.Writers, signers []*Administrator) (changed bool, err error) {
	current, err := a.configuration(ctx)
	if err != nil {
		return false, err
	}
	wanted := proto.Clone(current).(*common.Config)
	channel, application := wanted.ChannelGroup, wanted.ChannelGroup.Groups["Application"]
	for _, policy := range []struct {
		group *common.ConfigGroup
		rule  string
	}{
		{channel, a.consortium.ChannelWriters(writers)},
		{application, a.consortium.ApplicationWriters(writers)},
	} {
		if err := setPolicy(policy.group, "Writers", policy.rule); err != nil {
			return false, err
		}
	}
	if proto.Equal(current, wanted) {
		return false, nil
	}
	return true, a.update(ctx, current, wanted, signers)
}

func (a *Administrator) configuration(ctx context.Context) (*common.Config, error) {
	resources, err := a.resources()
	if err != nil {
		return nil, err
	}
	block, err := resources.QueryConfigBlockFromOrderer(a.consortium.Channel, resmgmt.WithOrdererEndpoint(a.ordererEndpoint()),
		resmgmt.WithParentContext(ctx))
	if err != nil {
		return nil, fmt.Errorf("couldn't fetch the configuration of %s from %s: %w", a.consortium.Channel, a.ordererEndpoint(), err)
	}
	config, err := resource.ExtractConfigFromBlock(block)
	if err != nil {
		return nil, fmt.Errorf("couldn't read the configuration of %s: %w", a.consortium.Channel, err)
	}
	return config, nil
}

func setPolicy(group *common.ConfigGroup, name, rule string) error {
	envelope, err := policydsl.FromString(rule)
	if err != nil {
		return fmt.Errorf("couldn't parse the policy %s: %w", rule, err)
	}
	value, err := proto.Marshal(envelope)
	if err != nil {
		return fmt.Errorf("couldn't encode the policy %s: %w", rule, err)
	}
	group.Policies[name].Policy = &common.Policy{Type: int32(common.Policy_SIGNATURE), Value: value}
	return nil
}

func (a *Administrator) update(ctx context.Context, current, wanted *common.Config, signers []*Administrator) error {
	envelope, err := a.updateEnvelope(current, wanted)
	if err != nil {
		return err
	}
	resources, err := a.resources()
	if err != nil {
		return err
	}
	var identities []msp.SigningIdentity
	for _, signer := range signers {
		identities = append(identities, signer.identity)
	}
	_, err = resources.SaveChannel(resmgmt.SaveChannelRequest{
		ChannelID: a.consortium.Channel, ChannelConfig: bytes.NewReader(envelope), SigningIdentities: identities,
	}, resmgmt.WithOrdererEndpoint(a.ordererEndpoint()), resmgmt.WithParentContext(ctx))
	if err != nil {
		return fmt.Errorf("couldn't update the configuration of %s: %w", a.consortium.Channel, err)
	}
	return nil
}

// updateEnvelope wraps the difference of two configurations as the SDK reads it from a file.
func (a *Administrator) updateEnvelope(current, wanted *common.Config) ([]byte, error) {
	update, err := resmgmt.CalculateConfigUpdate(a.consortium.Channel, current, wanted)
	if err != nil {
		return nil, fmt.Errorf("couldn't compute the configuration update: %w", err)
	}
	var encoded []byte
	wrap := func(message proto.Message) {
		if err == nil {
			encoded, err = proto.Marshal(message)
		}
	}
	wrap(update)
	wrap(&common.ConfigUpdateEnvelope{ConfigUpdate: encoded})
	wrap(&common.Payload{Data: encoded})
	wrap(&common.Envelope{Payload: encoded})
	if err != nil {
		return nil, fmt.Errorf("couldn't encode the configuration update: %w", err)
	}
	return encoded, nil
}
