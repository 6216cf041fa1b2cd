package chain

import (
	"encoding/binary"

	"github.com/hyperledger/fabric-protos-go-apiv2/common"
	"github.com/hyperledger/fabric-protos-go-apiv2/peer"
	"github.com/hyperledger/fabric/common/cauthdsl"
	"github.com/hyperledger/fabric/common/policies"
	"github.com/hyperledger/fabric/core/ledger/kvledger/txmgmt/statemetadata"
	"github.com/hyperledger/fabric/msp"
	"google.golang.org/protobuf/proto"
)

// evaluation keeps what Fabric's code said of identities and policies under one
// configuration. All of it follows from the configuration and from the bytes by
// which it is found again.
type evaluation struct {
	channel    *channel
	identities map[string]*identity
	rules      map[string]*rule // by the bytes of a peer.ApplicationPolicy
	guards     map[string]*rule // by a key's metadata
	// numbered counts the identities found; no number is given twice.
	numbered uint64
}

// evaluationKept bounds each of the maps; beyond that it begins again.
const evaluationKept = 4096

// identity is one that a member's MSP knows.
type identity struct {
	msp.Identity
	// name tells two identities apart as Fabric's evaluation of policies does.
	name   string
	number uint64
	valid  bool
	// proven is set once Fabric's own verification agreed with ours: that it uses
	// the same key and hash for this identity.
	proven bool
}

// rule is a policy with those whose signatures together satisfied it.
type rule struct {
	policies.Policy
	satisfied map[string]bool
}

func newEvaluation(c *channel) *evaluation {
	return &evaluation{channel: c, identities: map[string]*identity{}, rules: map[string]*rule{}, guards: map[string]*rule{}}
}

// identity finds an identity; nil if Fabric's code does not know it.
func (e *evaluation) identity(serialized []byte) *identity {
	if m, ok := e.identities[string(serialized)]; ok {
		return m
	}
	found, err := e.channel.MSPManager().DeserializeIdentity(serialized)
	if err != nil {
		return nil
	}
	if len(e.identities) >= evaluationKept {
		clear(e.identities)
	}
	e.numbered++
	id := found.GetIdentifier()
	m := &identity{Identity: found, name: id.Mspid + id.Id, number: e.numbered, valid: found.Validate() == nil}
	e.identities[string(serialized)] = m
	return m
}

// signed finds who made a good signature over a message; nil if nobody did that
// Fabric's code knows.
func (e *evaluation) signed(s *signature, message func() []byte) *identity {
	if !s.good {
		return nil
	}
	m := e.identity(s.identity)
	if m == nil || !m.proven && m.Verify(message(), s.bytes) != nil {
		return nil
	}
	m.proven = true
	return m
}

// rule makes a policy of a chaincode's, as Fabric's evaluator of them does; nil
// if there is none in these bytes.
func (e *evaluation) rule(encoded []byte) *rule {
	if r, ok := e.rules[string(encoded)]; ok {
		return r
	}
	var policy peer.ApplicationPolicy
	if err := proto.Unmarshal(encoded, &policy); err != nil {
		return nil
	}
	var found policies.Policy
	switch kind := policy.GetType().(type) {
	case *peer.ApplicationPolicy_SignaturePolicy:
		found = e.compiled(kind.SignaturePolicy)
	case *peer.ApplicationPolicy_ChannelConfigPolicyReference:
		if named, ok := e.channel.bundle.PolicyManager().GetPolicy(kind.ChannelConfigPolicyReference); ok {
			found = named
		}
	}
	if found == nil {
		return nil
	}
	return keep(e.rules, encoded, found)
}

// guard makes the policy that a key's metadata set; nil if they set none, and
// not ok if they cannot be read.
func (e *evaluation) guard(metadata []byte) (r *rule, ok bool) {
	if r, ok := e.guards[string(metadata)]; ok {
		return r, true
	}
	entries, err := statemetadata.Deserialize(metadata)
	if err != nil {
		return nil, false
	}
	parameter := entries[peer.MetaDataKeys_VALIDATION_PARAMETER.String()]
	if len(parameter) == 0 {
		return nil, true
	}
	var policy common.SignaturePolicyEnvelope
	if err := proto.Unmarshal(parameter, &policy); err != nil {
		return nil, false
	}
	found := e.compiled(&policy)
	if found == nil {
		return nil, false
	}
	return keep(e.guards, metadata, found), true
}

func (e *evaluation) compiled(policy *common.SignaturePolicyEnvelope) policies.Policy {
	provider := cauthdsl.EnvelopeBasedPolicyProvider{Deserializer: e.channel.MSPManager()}
	compiled, err := provider.NewPolicy(policy)
	if err != nil {
		return nil
	}
	return compiled
}

func keep(rules map[string]*rule, encoded []byte, found policies.Policy) *rule {
	if len(rules) >= evaluationKept {
		clear(rules)
	}
	r := &rule{found, map[string]bool{}}
	rules[string(encoded)] = r
	return r
}

// by reports whether good signatures of these identities, each another one, satisfy
// the policy.
func (r *rule) by(signers []*identity) bool {
	var numbers []byte
	identities := make([]msp.Identity, len(signers))
	for i, m := range signers {
		numbers = binary.BigEndian.AppendUint64(numbers, m.number)
		identities[i] = m.Identity
	}
	if known, ok := r.satisfied[string(numbers)]; ok {
		return known
	}
	if len(r.satisfied) >= evaluationKept {
		clear(r.satisfied)
	}
	good := r.EvaluateIdentities(identities) == nil
	r.satisfied[string(numbers)] = good
	return good
}
