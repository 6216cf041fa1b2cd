package chain

import (
	"crypto/sha256"
	"fmt"
	"io"
	"runtime"
	"sync"

	"github.com/hyperledger/fabric-lib-go/common/flogging"
	"github.com/hyperledger/fabric-protos-go-apiv2/common"
	"github.com/hyperledger/fabric/common/semaphore"
	"github.com/hyperledger/fabric/core/chaincode/lifecycle"
	"github.com/hyperledger/fabric/core/committer/txvalidator/plugin"
	txvalidator "github.com/hyperledger/fabric/core/committer/txvalidator/v20"
	validationstate "github.com/hyperledger/fabric/core/handlers/validation/api/state"
	"github.com/hyperledger/fabric/core/handlers/validation/builtin"
	"github.com/hyperledger/fabric/core/ledger"
	"github.com/hyperledger/fabric/core/ledger/kvledger/txmgmt/privacyenabledstate"
	"github.com/hyperledger/fabric/core/ledger/kvledger/txmgmt/validation"
	"github.com/hyperledger/fabric/msp/mgmt"
	"github.com/hyperledger/fabric/protoutil"
)

// Fabric's own log is silenced: what it would say comes out as findings, and it
// would take over gRPC's, too.
func init() {
	flogging.Init(flogging.Config{Writer: io.Discard, LogSpec: "fatal"})
}

// builtinPlugin is the name of Fabric's own validation plugin in a chaincode's
// definition.
const builtinPlugin = "vscc"

// managers guards Fabric's table of identity managers by channel, which is the
// process's: two checkers of channels of one name must not mix up theirs.
var managers sync.Mutex

// validate recomputes the validity codes of a block's transactions, and the
// updates of the state that the valid ones make. Where all of them are plain and
// valid our own code says so; everything else is for Fabric's.
func (c *Checker) validate(raw *common.Block, p *prepared) ([]byte, *changes, error) {
	if p.plain() {
		c.channel.proposed, c.channel.refused = nil, nil
		updates, err := judgeBlock(c.channel, c.state, p.transactions)
		if err != nil {
			return nil, nil, err
		}
		if updates != nil {
			c.judged.Add(uint64(len(p.transactions)))
			return make([]byte, len(p.transactions)), updates, nil // peer.TxValidationCode_VALID is 0
		}
	}
	return validate(c.channel, c.state, c.crypto, raw)
}

// validate is Fabric's validation of a block. The block comes without metadata, so
// that there is nothing of the peer's to go by.
func validate(c *channel, s *state, crypto *verifier, raw *common.Block) ([]byte, *changes, error) {
	bare := &common.Block{Header: raw.GetHeader(), Data: raw.GetData()}
	protoutil.InitBlockMetadata(bare)
	if err := checkTransactions(c, s, crypto, bare); err != nil {
		return nil, nil, err
	}
	if c.refused != nil {
		return nil, nil, refuse(InvalidConfiguration, "what the configuration before it and the signed update give", c.refused.Error())
	}
	updates, err := checkVersions(s, bare)
	if err != nil {
		return nil, nil, err
	}
	return bare.GetMetadata().GetMetadata()[common.BlockMetadataIndex_TRANSACTIONS_FILTER], &changes{fabric: updates}, nil
}

// checkTransactions is Fabric's validation of everything but read versions. The
// validator is made for this block alone: Fabric's keeps what the block's
// transactions depend on, and could not be asked about the same block again.
func checkTransactions(c *channel, s *state, crypto *verifier, bare *common.Block) error {
	c.proposed, c.refused = nil, nil
	validator := txvalidator.NewTxValidator(c.name, semaphore.New(2*runtime.GOMAXPROCS(0)), c, reading{s}, c.definitions, c.definitions,
		plugin.MapBasedMapper{builtinPlugin: &builtin.DefaultValidationFactory{}}, c, crypto)
	managers.Lock()
	defer managers.Unlock()
	mgmt.XXXSetMSPManager(c.name, c.MSPManager())
	if err := validator.Validate(bare); err != nil {
		return fmt.Errorf("couldn't validate block %d: %w", bare.GetHeader().GetNumber(), err)
	}
	return nil
}

// checkVersions is Fabric's check of read versions over the state before the
// block. It sets the codes of those that fail it.
func checkVersions(s *state, bare *common.Block) (*privacyenabledstate.UpdateBatch, error) {
	hash := func(data []byte) ([]byte, error) { sum := sha256.Sum256(data); return sum[:], nil }
	preparer := validation.NewCommitBatchPreparer(nil, s.db, nil, hash)
	updates, _, _, err := preparer.ValidateAndPrepareBatch(&ledger.BlockAndPvtData{Block: bare}, true)
	if err != nil {
		return nil, fmt.Errorf("couldn't check the read versions of block %d: %w", bare.GetHeader().GetNumber(), err)
	}
	return updates, nil
}

// definitions are the chaincodes that the channel's _lifecycle namespace
// defines, read from the chain's own state. What was read holds until a block
// writes to that namespace or changes the configuration.
type definitions struct {
	lifecycle.ValidatorCommitter
	channel string

	mu    sync.Mutex
	known map[string]definition
}

type definition struct {
	plugin string
	policy []byte
}

func newDefinitions(c *channel) *definitions {
	return &definitions{
		ValidatorCommitter: lifecycle.ValidatorCommitter{Resources: &lifecycle.Resources{ChannelConfigSource: c, Serializer: &lifecycle.Serializer{}}},
		channel:            c.name, known: map[string]definition{},
	}
}

// ValidationInfo gives a chaincode's validation plugin and endorsement policy.
func (d *definitions) ValidationInfo(channel, chaincode string, from ledger.SimpleQueryExecutor) (string, []byte, error, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if known, ok := d.known[chaincode]; ok {
		return known.plugin, known.policy, nil, nil
	}
	plugin, policy, unexpected, invalid := d.ValidatorCommitter.ValidationInfo(channel, chaincode, from)
	if unexpected == nil && invalid == nil && plugin != "" {
		d.known[chaincode] = definition{plugin, policy}
	}
	return plugin, policy, unexpected, invalid
}

// CollectionValidationInfo gives a collection's endorsement policy.
func (d *definitions) CollectionValidationInfo(chaincode, collection string, s validationstate.State) ([]byte, error, error) {
	return d.ValidatorCommitter.CollectionValidationInfo(d.channel, chaincode, collection, s)
}
