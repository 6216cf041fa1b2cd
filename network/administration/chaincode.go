package administration

import (
	"context"
	"fmt"
	"strings"

	"github.com/hyperledger/fabric-protos-go/common"
	"github.com/hyperledger/fabric-sdk-go/pkg/client/resmgmt"
	lifecycle "github.com/hyperledger/fabric-sdk-go/pkg/fab/ccpackager/lifecycle"
	"github.com/hyperledger/fabric-sdk-go/third_party/github.com/hyperledger/fabric/common/policydsl"
)

// Definition is what the organisations agree on about the chaincode. Its version is the SHA-256 of the program, so that the
// agreement names the exact program.
type Definition struct {
	Version  string
	Sequence int64
	// Policy is the endorsement policy, or where it begins with a slash the name of one of the channel's policies.
	Policy string
}

// policy is the definition's policy, or the name of the channel's that holds instead.
func (d Definition) policy() (policy *common.SignaturePolicyEnvelope, channels string, err error) {
	if strings.HasPrefix(d.Policy, "/") {
		return nil, d.Policy, nil
	}
	if policy, err = policydsl.FromString(d.Policy); err != nil {
		return nil, "", fmt.Errorf("couldn't parse the endorsement policy %s: %w", d.Policy, err)
	}
	return policy, "", nil
}

// Install puts a chaincode package on the organisation's peer, which lets its builder check the program it stands for. A
// package that's there already is left alone.
func (a *Administrator) Install(ctx context.Context, label string, content []byte) (packageID string, err error) {
	packageID = lifecycle.ComputePackageID(label, content)
	resources, err := a.resources()
	if err != nil {
		return "", err
	}
	request := resmgmt.LifecycleInstallCCRequest{Label: label, Package: content}
	_, err = resources.LifecycleInstallCC(request, resmgmt.WithTargetEndpoints(a.peer()), resmgmt.WithParentContext(ctx))
	if err != nil {
		return "", fmt.Errorf("couldn't install %s on %s: %w", label, a.peer(), err)
	}
	return packageID, nil
}

// Approvals says for each organisation whether it approved exactly this definition.
func (a *Administrator) Approvals(ctx context.Context, definition Definition) (map[string]bool, error) {
	policy, channels, err := definition.policy()
	if err != nil {
		return nil, err
	}
	resources, err := a.resources()
	if err != nil {
		return nil, err
	}
	readiness, err := resources.LifecycleCheckCCCommitReadiness(a.consortium.Channel, resmgmt.LifecycleCheckCCCommitReadinessRequest{
		Name: a.consortium.Chaincode, Version: definition.Version, Sequence: definition.Sequence, SignaturePolicy: policy, ChannelConfigPolicy: channels,
	}, resmgmt.WithTargetEndpoints(a.peer()), resmgmt.WithParentContext(ctx))
	if err != nil {
		return nil, fmt.Errorf("couldn't ask %s who approved %s: %w", a.peer(), a.consortium.Chaincode, err)
	}
	return readiness.Approvals, nil
}

// Approve records the organisation's approval of the definition and returns once its own peer has committed it.
func (a *Administrator) Approve(ctx context.Context, definition Definition, packageID string) error {
	policy, channels, err := definition.policy()
	if err != nil {
		return err
	}
	resources, err := a.resources()
	if err != nil {
		return err
	}
	_, err = resources.LifecycleApproveCC(a.consortium.Channel, resmgmt.LifecycleApproveCCRequest{
		Name: a.consortium.Chaincode, Version: definition.Version, Sequence: definition.Sequence, SignaturePolicy: policy, ChannelConfigPolicy: channels,
		PackageID: packageID,
	}, resmgmt.WithTargetEndpoints(a.peer()), resmgmt.WithParentContext(ctx))
	if err != nil {
		return fmt.Errorf("couldn't approve %s sequence %d for %s: %w", a.consortium.Chaincode, definition.Sequence, a.organisation.ID, err)
	}
	return nil
}

// Commit makes the definition the channel's, endorsed by the peers of all trading organisations.
func (a *Administrator) Commit(ctx context.Context, definition Definition) error {
	policy, channels, err := definition.policy()
	if err != nil {
		return err
	}
	resources, err := a.resources()
	if err != nil {
		return err
	}
	var endorsers []string
	for _, organisation := range a.consortium.Trading() {
		endorsers = append(endorsers, organisation.PeerNode().Name())
	}
	_, err = resources.LifecycleCommitCC(a.consortium.Channel, resmgmt.LifecycleCommitCCRequest{
		Name: a.consortium.Chaincode, Version: definition.Version, Sequence: definition.Sequence, SignaturePolicy: policy, ChannelConfigPolicy: channels,
	}, resmgmt.WithTargetEndpoints(endorsers...), resmgmt.WithParentContext(ctx))
	if err != nil {
		return fmt.Errorf("couldn't commit %s sequence %d: %w", a.consortium.Chaincode, definition.Sequence, err)
	}
	return nil
}

// Committed returns the version and sequence of the channel's definition as the organisation's peer has it; the sequence is 0
// if there's none.
func (a *Administrator) Committed(ctx context.Context) (Definition, error) {
	resources, err := a.resources()
	if err != nil {
		return Definition{}, err
	}
	definitions, err := resources.LifecycleQueryCommittedCC(a.consortium.Channel, resmgmt.LifecycleQueryCommittedCCRequest{},
		resmgmt.WithTargetEndpoints(a.peer()), resmgmt.WithParentContext(ctx))
	if err != nil {
		return Definition{}, fmt.Errorf("couldn't ask %s for the chaincode of %s: %w", a.peer(), a.consortium.Channel, err)
	}
	for _, definition := range definitions {
		if definition.Name == a.consortium.Chaincode {
			return Definition{Version: definition.Version, Sequence: definition.Sequence}, nil
		}
	}
	return Definition{}, nil
}
