package chain

import (
	"errors"
	"fmt"
	"strings"

	"github.com/hyperledger/fabric-lib-go/bccsp"
	"github.com/hyperledger/fabric-protos-go-apiv2/common"
	mspidentity "github.com/hyperledger/fabric-protos-go-apiv2/msp"
	"github.com/hyperledger/fabric/common/channelconfig"
	"github.com/hyperledger/fabric/common/configtx"
	"github.com/hyperledger/fabric/common/policies"
	"github.com/hyperledger/fabric/msp"
	"github.com/hyperledger/fabric/protoutil"
	"google.golang.org/protobuf/proto"
)

// channel is the configuration in force, with everything that Fabric makes of it.
type channel struct {
	name   string
	crypto bccsp.BCCSP
	// config is what the bundle was made of, and block the number of the one that brought it.
	config *common.Config
	block  uint64
	bundle *channelconfig.Bundle
	// definitions are those of the chaincodes as far as they were read.
	definitions *definitions
	evaluation  *evaluation
	// proposed is the configuration of the block under check, once it was found to
	// follow from this one, and refused why it was not.
	proposed *common.Config
	refused  error
}

func newChannel(name string, config *common.Config, block uint64, crypto bccsp.BCCSP) (*channel, error) {
	bundle, err := channelconfig.NewBundle(name, config, crypto)
	if err != nil {
		return nil, fmt.Errorf("couldn't make use of the configuration: %w", err)
	}
	application, ok := bundle.ApplicationConfig()
	if !ok {
		return nil, errors.New("couldn't make use of the configuration: it has no application section")
	}
	if err := errors.Join(bundle.ChannelConfig().Capabilities().Supported(), application.Capabilities().Supported()); err != nil {
		return nil, fmt.Errorf("couldn't make use of the configuration: %w", err)
	}
	if !application.Capabilities().V2_0Validation() {
		return nil, errors.New("couldn't make use of the configuration: only application capabilities of version 2.0 and later can be checked")
	}
	c := &channel{name: name, crypto: crypto, config: config, block: block, bundle: bundle}
	c.definitions, c.evaluation = newDefinitions(c), newEvaluation(c)
	return c, nil
}

// Apply is what Fabric's validation calls for a configuration transaction. It
// keeps the outcome for afterwards: an error from here would stop the validation
// of the block where the checker wants its finding.
func (c *channel) Apply(envelope *common.ConfigEnvelope) error {
	c.proposed, c.refused = nil, nil
	if err := c.bundle.ConfigtxValidator().Validate(envelope); err != nil {
		c.refused = err
		return nil
	}
	if _, err := newChannel(c.name, envelope.GetConfig(), 0, c.crypto); err != nil {
		c.refused = err
		return nil
	}
	c.proposed = envelope.GetConfig()
	return nil
}

// MSPManager knows the members' identities.
func (c *channel) MSPManager() msp.MSPManager { return c.bundle.MSPManager() }

// GetMSPIDs are the IDs of the application's members.
func (c *channel) GetMSPIDs() []string {
	application, _ := c.bundle.ApplicationConfig()
	var ids []string
	for _, member := range application.Organizations() {
		ids = append(ids, member.MSPID())
	}
	return ids
}

// Capabilities are those of the application section.
func (c *channel) Capabilities() channelconfig.ApplicationCapabilities {
	application, _ := c.bundle.ApplicationConfig()
	return application.Capabilities()
}

// Manager gives the channel's policies.
func (c *channel) Manager(string) policies.Manager { return c.bundle.PolicyManager() }

// GetStableChannelConfig gives the configuration to Fabric's lifecycle.
func (c *channel) GetStableChannelConfig(string) channelconfig.Resources { return c.bundle }

// consenters are the orderers that sign blocks, where the channel orders by SmartBFT.
func (c *channel) consenters() []*common.Consenter {
	orderer, ok := c.bundle.OrdererConfig()
	if !ok || !c.bundle.ChannelConfig().Capabilities().ConsensusTypeBFT() {
		return nil
	}
	return orderer.Consenters()
}

// quorum is how many of n SmartBFT orderers must sign: ⌈(n+f+1)/2⌉.
func quorum(n int) int {
	f := (n - 1) / 3
	return policies.ComputeBFTQuorum(n, f)
}

// checkSignatures checks the orderers' signatures over a block: the channel's
// policy, by Fabric's own verifier, and the quorum itself, counted by orderer.
// The policy alone would be enough only as long as nobody weakened it.
func (c *channel) checkSignatures(raw *common.Block) error {
	policy, ok := c.bundle.PolicyManager().GetPolicy(policies.BlockValidation)
	if !ok {
		return refuse(MissingQuorum, "a policy "+policies.BlockValidation, "none in the configuration of block "+fmt.Sprint(c.block))
	}
	consenters := c.consenters()
	verify := protoutil.BlockSignatureVerifier(len(consenters) > 0, consenters, policy)
	policyErr := verify(raw.GetHeader(), raw.GetMetadata())
	if len(consenters) == 0 {
		if policyErr != nil {
			return refuse(MissingQuorum, "signatures that satisfy "+policies.BlockValidation, policyErr.Error())
		}
		return nil
	}
	signers, problems := c.signers(raw, consenters)
	if needed := quorum(len(consenters)); len(signers) < needed {
		return refuse(MissingQuorum, fmt.Sprintf("signatures of %d of the %d orderers", needed, len(consenters)),
			strings.Join(append([]string{fmt.Sprintf("of %d (%s)", len(signers), strings.Join(signers, ", "))}, problems...), "; "))
	}
	if policyErr != nil {
		return refuse(MissingQuorum, "signatures that satisfy "+policies.BlockValidation, policyErr.Error())
	}
	return nil
}

// signers are the orderers whose signatures over the block are good, each once,
// and what is wrong with the others.
func (c *channel) signers(raw *common.Block, consenters []*common.Consenter) (good, problems []string) {
	var metadata common.Metadata
	if err := proto.Unmarshal(metadataOfBlock(raw, common.BlockMetadataIndex_SIGNATURES), &metadata); err != nil {
		return nil, []string{"unreadable signatures"}
	}
	seen := map[uint32]bool{}
	for _, s := range metadata.GetSignatures() {
		id, name, err := c.signer(raw.GetHeader(), metadata.GetValue(), s, consenters)
		switch {
		case err != nil:
			problems = append(problems, err.Error())
		case !seen[id]:
			seen[id] = true
			good = append(good, name)
		}
	}
	return good, problems
}

func (c *channel) signer(header *common.BlockHeader, value []byte, s *common.MetadataSignature, consenters []*common.Consenter) (uint32, string, error) {
	consenter, data, err := signedBy(header, value, s, consenters)
	if err != nil {
		return 0, "", err
	}
	name := fmt.Sprintf("%d of %s", consenter.GetId(), consenter.GetMspId())
	identity, err := c.bundle.MSPManager().DeserializeIdentity(serialized(consenter))
	if err == nil {
		err = identity.Validate()
	}
	if err == nil {
		err = identity.Verify(data, s.GetSignature())
	}
	if err != nil {
		return 0, "", fmt.Errorf("signature of orderer %s is not good: %w", name, err)
	}
	return consenter.GetId(), name, nil
}

// signedBy finds the orderer that a signature names, by its number in the
// configuration, and the bytes that it signed.
func signedBy(header *common.BlockHeader, value []byte, s *common.MetadataSignature, consenters []*common.Consenter) (*common.Consenter, []byte, error) {
	identifier, err := protoutil.UnmarshalIdentifierHeader(s.GetIdentifierHeader())
	if err != nil {
		return nil, nil, errors.New("a signature names no orderer")
	}
	data := append(append(append([]byte(nil), value...), s.GetIdentifierHeader()...), protoutil.BlockHeaderBytes(header)...)
	for _, consenter := range consenters {
		if consenter.GetId() == identifier.GetIdentifier() {
			return consenter, data, nil
		}
	}
	return nil, nil, fmt.Errorf("orderer %d is not in the configuration", identifier.GetIdentifier())
}

func serialized(consenter *common.Consenter) []byte {
	return protoutil.MarshalOrPanic(&mspidentity.SerializedIdentity{Mspid: consenter.GetMspId(), IdBytes: consenter.GetIdentity()})
}

func metadataOfBlock(raw *common.Block, index common.BlockMetadataIndex) []byte {
	all := raw.GetMetadata().GetMetadata()
	if int(index) >= len(all) {
		return nil
	}
	return all[index]
}

// checkLastConfiguration checks that the signed metadata name the configuration
// in force; a configuration block names itself.
func (c *channel) checkLastConfiguration(raw *common.Block, isConfiguration bool) error {
	expected := c.block
	if isConfiguration {
		expected = raw.GetHeader().GetNumber()
	}
	var metadata common.Metadata
	var signed common.OrdererBlockMetadata
	if err := proto.Unmarshal(metadataOfBlock(raw, common.BlockMetadataIndex_SIGNATURES), &metadata); err != nil {
		return refuse(DifferingMetadata, fmt.Sprintf("configuration block %d", expected), err.Error())
	}
	if err := proto.Unmarshal(metadata.GetValue(), &signed); err != nil {
		return refuse(DifferingMetadata, fmt.Sprintf("configuration block %d", expected), err.Error())
	}
	found := signed.GetLastConfig().GetIndex()
	if found != expected {
		return refuse(DifferingMetadata, fmt.Sprintf("configuration block %d", expected), fmt.Sprintf("configuration block %d", found))
	}
	return nil
}

// configuration reads the configuration transaction of a block; nil if the
// block is none. The name is the channel's.
func configuration(raw *common.Block, p *prepared) (envelope *common.ConfigEnvelope, name string, err error) {
	if p.plain() || !protoutil.HasConfigTx(raw.GetData()) {
		return nil, "", nil
	}
	outer, err := protoutil.ExtractEnvelope(raw, 0)
	if err != nil {
		return nil, "", err
	}
	payload, err := protoutil.UnmarshalPayload(outer.GetPayload())
	if err != nil {
		return nil, "", err
	}
	header, err := protoutil.UnmarshalChannelHeader(payload.GetHeader().GetChannelHeader())
	if err != nil {
		return nil, "", err
	}
	envelope, err = configtx.UnmarshalConfigEnvelope(payload.GetData())
	return envelope, header.GetChannelId(), err
}
