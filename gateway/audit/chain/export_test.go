package chain

import (
	"fmt"
	"slices"
	"strings"

	"github.com/hyperledger/fabric-protos-go-apiv2/common"
	"github.com/hyperledger/fabric-protos-go-apiv2/ledger/rwset/kvrwset"
	"github.com/hyperledger/fabric/core/ledger/kvledger/txmgmt/privacyenabledstate"
	"github.com/hyperledger/fabric/core/ledger/kvledger/txmgmt/statedb"
)

// Version is the version at which the state has a key of the chaincode's.
func (c *Checker) Version(namespace, key string) (*kvrwset.Version, error) {
	version, err := c.state.db.GetVersion(namespace, key)
	if err != nil || version == nil {
		return nil, err
	}
	return &kvrwset.Version{BlockNum: version.BlockNum, TxNum: version.TxNum}, nil
}

// Judged counts the transactions that our own code found valid.
func (c *Checker) Judged() uint64 { return c.judged.Load() }

// Ways holds our own judgement of a block against Fabric's, without taking the
// block: where our own code finds all transactions valid Fabric's must, too, and
// both must give the same updates. It reports whether our own code did.
func (c *Checker) Ways(raw *common.Block) (judged bool, err error) {
	if c.channel == nil || raw.GetHeader() == nil || raw.GetHeader().GetNumber() != c.next {
		return false, nil
	}
	data := raw.GetData().GetData()
	p := c.prepare(data, hashed(data), 1)
	if !p.plain() {
		return false, nil
	}
	ours, err := judgeBlock(c.channel, c.state, p.transactions)
	if err != nil || ours == nil {
		return false, err
	}
	defer func() {
		if broken := recover(); broken != nil {
			err = fmt.Errorf("what our own code finds valid stops Fabric's: %v", broken)
		}
	}()
	codes, theirs, err := validate(c.channel, c.state, c.crypto, raw)
	if err != nil {
		return true, fmt.Errorf("what our own code finds valid Fabric's cannot decide: %w", err)
	}
	for i, code := range codes {
		if code != 0 {
			return true, fmt.Errorf("what our own code finds valid is %s: transaction %d of block %d", CodeName(code), i, c.next)
		}
	}
	return true, differing(ours.batch(c.next), theirs.batch(c.next))
}

// differing says where two batches of updates differ, but for values that are not
// kept.
func differing(ours, theirs *privacyenabledstate.UpdateBatch) error {
	dropValues(theirs)
	if a, b := listed(ours), listed(theirs); a != b {
		return fmt.Errorf("our own code gives the updates\n%s\nand Fabric's\n%s", a, b)
	}
	return nil
}

// listed is a batch as text, in a fixed order.
func listed(updates *privacyenabledstate.UpdateBatch) string {
	var lines []string
	add := func(namespace string, values map[string]*statedb.VersionedValue) {
		for key, value := range values {
			lines = append(lines, fmt.Sprintf("%q %q %v %q %x", namespace, key, value.Version, value.Value, value.Metadata))
		}
	}
	for namespace := range updates.PubUpdates.Updates {
		add(namespace, updates.PubUpdates.GetUpdates(namespace))
	}
	for _, private := range []privacyenabledstate.UpdateMap{updates.HashUpdates.UpdateMap, updates.PvtUpdates.UpdateMap} {
		for namespace, batch := range private {
			for collection := range batch.Updates {
				add(namespace+"/"+collection, batch.GetUpdates(collection))
			}
		}
	}
	slices.Sort(lines)
	return strings.Join(lines, "\n")
}

// SetCached changes how many keys stay in memory, until what it returns is called.
func SetCached(n int) (restore func()) {
	before := cached
	cached = n
	return func() { cached = before }
}

// Distrust makes an identity one that its member's authority issued and that is not
// valid, as a revoked one is.
func (c *Checker) Distrust(serialized []byte) {
	c.channel.evaluation.identity(serialized).valid = false
}
