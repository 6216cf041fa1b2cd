package contract

import (
	"fmt"
	"slices"

	"github.com/hyperledger/fabric-protos-go-apiv2/common"
	"github.com/hyperledger/fabric-protos-go-apiv2/msp"
	"google.golang.org/protobuf/proto"

	"github.com/weighbridge/weighbridge/chaincode/massbalance"
)

// policyOf is the key-level endorsement policy of a guard: the peers of all the
// organisations named, and of a majority of the trading ones. It contains the
// majority because a key's policy replaces the chaincode's for that key.
//
// Fabric counts each signature once while it evaluates a policy, so "the owner
// and three of four" would want four signatures. The majority is therefore
// written as what is still missing of it: the owner, and two of the other three.
func policyOf(g massbalance.Guard) ([]byte, error) {
	named := sorted(g.All)
	var others []massbalance.OrganisationID
	missing := len(g.Trading)/2 + 1
	for _, org := range sorted(g.Trading) {
		if slices.Contains(named, org) {
			missing--
		} else {
			others = append(others, org)
		}
	}
	envelope := &common.SignaturePolicyEnvelope{}
	signedBy := func(org massbalance.OrganisationID) (*common.SignaturePolicy, error) {
		role, err := proto.MarshalOptions{Deterministic: true}.Marshal(&msp.MSPRole{MspIdentifier: string(org), Role: msp.MSPRole_PEER})
		if err != nil {
			return nil, fmt.Errorf("couldn't name the peers of %s: %w", org, err)
		}
		envelope.Identities = append(envelope.Identities, &msp.MSPPrincipal{PrincipalClassification: msp.MSPPrincipal_ROLE, Principal: role})
		return &common.SignaturePolicy{Type: &common.SignaturePolicy_SignedBy{SignedBy: int32(len(envelope.Identities) - 1)}}, nil
	}
	all, err := each(named, signedBy)
	if err != nil {
		return nil, err
	}
	rest, err := each(others, signedBy)
	if err != nil {
		return nil, err
	}
	if missing > 0 {
		all = append(all, outOf(missing, rest))
	}
	envelope.Rule = outOf(len(all), all)
	policy, err := proto.MarshalOptions{Deterministic: true}.Marshal(envelope)
	if err != nil {
		return nil, fmt.Errorf("couldn't format an endorsement policy: %w", err)
	}
	return policy, nil
}

// sorted keeps the policy's bytes the same on every peer.
func sorted(organisations []massbalance.OrganisationID) []massbalance.OrganisationID {
	return slices.Compact(slices.Sorted(slices.Values(organisations)))
}

func each(organisations []massbalance.OrganisationID, signedBy func(massbalance.OrganisationID) (*common.SignaturePolicy, error)) ([]*common.SignaturePolicy, error) {
	var policies []*common.SignaturePolicy
	for _, org := range organisations {
		policy, err := signedBy(org)
		if err != nil {
			return nil, err
		}
		policies = append(policies, policy)
	}
	return policies, nil
}

func outOf(n int, rules []*common.SignaturePolicy) *common.SignaturePolicy {
	return &common.SignaturePolicy{Type: &common.SignaturePolicy_NOutOf_{
		NOutOf: &common.SignaturePolicy_NOutOf{N: int32(n), Rules: rules},
	}}
}
