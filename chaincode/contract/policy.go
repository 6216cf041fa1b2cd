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
func policyOf(g massbalance.Guard) ([]byte, error) {
	organisations := slices.Clone(g.Trading)
	for _, org := range g.All {
		if !slices.Contains(organisations, org) {
			organisations = append(organisations, org)
		}
	}
	slices.Sort(organisations)
	envelope := &common.SignaturePolicyEnvelope{}
	signedBy := map[massbalance.OrganisationID]*common.SignaturePolicy{}
	for i, org := range organisations {
		role, err := proto.MarshalOptions{Deterministic: true}.Marshal(&msp.MSPRole{MspIdentifier: string(org), Role: msp.MSPRole_PEER})
		if err != nil {
			return nil, fmt.Errorf("couldn't name the peers of %s: %w", org, err)
		}
		envelope.Identities = append(envelope.Identities, &msp.MSPPrincipal{
			PrincipalClassification: msp.MSPPrincipal_ROLE, Principal: role,
		})
		signedBy[org] = &common.SignaturePolicy{Type: &common.SignaturePolicy_SignedBy{SignedBy: int32(i)}}
	}
	var all, trading []*common.SignaturePolicy
	for _, org := range g.All {
		all = append(all, signedBy[org])
	}
	for _, org := range g.Trading {
		trading = append(trading, signedBy[org])
	}
	envelope.Rule = outOf(len(all)+1, append(all, outOf(len(trading)/2+1, trading)))
	policy, err := proto.MarshalOptions{Deterministic: true}.Marshal(envelope)
	if err != nil {
		return nil, fmt.Errorf("couldn't format an endorsement policy: %w", err)
	}
	return policy, nil
}

func outOf(n int, rules []*common.SignaturePolicy) *common.SignaturePolicy {
	return &common.SignaturePolicy{Type: &common.SignaturePolicy_NOutOf_{
		NOutOf: &common.SignaturePolicy_NOutOf{N: int32(n), Rules: rules},
	}}
}
