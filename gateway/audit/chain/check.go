package chain

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"sync/atomic"

	"github.com/hyperledger/fabric-protos-go-apiv2/common"
	"github.com/hyperledger/fabric-protos-go-apiv2/peer"
	"github.com/hyperledger/fabric/core/chaincode/lifecycle"
	"github.com/hyperledger/fabric/protoutil"
	"google.golang.org/protobuf/proto"

	"github.com/weighbridge/weighbridge/gateway/replay"
)

// Checker checks the blocks of one channel, in order. One goroutine may Check;
// any number may Warm meanwhile.
type Checker struct {
	anchor  [32]byte
	crypto  *verifier
	state   *state
	channel *channel // nil before the genesis block

	next uint64
	head [32]byte
	keys keyring
	// ahead are the blocks that Warm prepared, and judged counts the transactions
	// that our own code found valid.
	ahead  ahead
	judged atomic.Uint64
	// orderers are those of the channel, for Warm to see at any time.
	orderers atomic.Pointer[[]*common.Consenter]
}

// Open opens the checker's state in a directory, or begins there. Anchor is the
// hash of the genesis block's header (see GenesisHash). A zero anchor takes the
// first block 0 that comes for the true one, and keeps to it from then on.
func Open(dir string, anchor [32]byte) (*Checker, error) {
	crypto, err := newVerifier()
	if err != nil {
		return nil, err
	}
	s, err := openState(dir)
	if err != nil {
		return nil, err
	}
	c := &Checker{anchor: anchor, crypto: crypto, state: s}
	if err := c.resume(); err != nil {
		return nil, errors.Join(err, s.close())
	}
	return c, nil
}

// resume reads where the checker was when it was closed or killed.
func (c *Checker) resume() (err error) {
	if c.next = c.state.next(); c.next == 0 {
		return nil
	}
	hash, _, err := c.Codes(0)
	if err != nil {
		return err
	}
	if c.anchor != ([32]byte{}) && hash != c.anchor {
		return fmt.Errorf("couldn't go on with the audit's state: it began with the genesis block %x, not with %x", hash, c.anchor)
	}
	if c.head, _, err = c.Codes(c.next - 1); err != nil {
		return err
	}
	notes := map[string][]byte{noteChannel: nil, noteConfiguration: nil, noteConfigured: nil}
	for key := range notes {
		if notes[key], err = c.state.note(key); err != nil {
			return err
		}
	}
	var config common.Config
	if err := proto.Unmarshal(notes[noteConfiguration], &config); err != nil {
		return fmt.Errorf("couldn't read the audit's configuration: %w", err)
	}
	following, err := newChannel(string(notes[noteChannel]), &config, number(notes[noteConfigured]), c.crypto)
	if err == nil {
		c.follow(following)
	}
	return err
}

// follow makes a configuration the one in force.
func (c *Checker) follow(following *channel) {
	orderers := following.consenters()
	c.channel = following
	c.orderers.Store(&orderers)
}

// Close closes the state. No other call may be running or follow.
func (c *Checker) Close() error { return c.state.close() }

// Next is the number of the first block not yet checked, and Head the hash of
// the header before it; zero if there is none.
func (c *Checker) Next() uint64 { return c.next }

// Head is the hash of the last checked block's header, zero before the first.
func (c *Checker) Head() [32]byte { return c.head }

// Verified counts the signatures verified since Open; one that was remembered
// does not count again.
func (c *Checker) Verified() uint64 { return c.crypto.verified.Load() }

// Codes gives the header's hash and the recomputed validity codes of a block
// that was checked.
func (c *Checker) Codes(block uint64) (hash [32]byte, codes []byte, err error) {
	value, err := c.state.note(blockKey(block))
	if err != nil {
		return hash, nil, err
	}
	if len(value) < len(hash) {
		return hash, nil, fmt.Errorf("couldn't read the audit's note on block %d: there is none", block)
	}
	return [32]byte(value[:len(hash)]), value[len(hash):], nil
}

// Recall gives the verdict on a block that was checked before. The same number
// with another header is another chain, which stops as a broken link does.
func (c *Checker) Recall(raw *common.Block) (Verdict, error) {
	v := Verdict{Number: raw.GetHeader().GetNumber(), Hash: GenesisHash(raw)}
	hash, codes, err := c.Codes(v.Number)
	if err != nil {
		return v, err
	}
	if hash != v.Hash {
		v.Stop = true
		v.Findings = []replay.Finding{{Block: v.Number, Problem: BrokenLink, Expected: fmt.Sprintf("the block %x that was checked before", hash), Found: fmt.Sprintf("%x", v.Hash)}}
		return v, nil
	}
	encoded, err := c.state.note(findingsKey(v.Number))
	if err != nil {
		return v, err
	}
	if encoded != nil {
		if err := json.Unmarshal(encoded, &v.Findings); err != nil {
			return v, fmt.Errorf("couldn't read the audit's findings in block %d: %w", v.Number, err)
		}
	}
	v.Codes = codes
	return v, nil
}

// SetCodes puts recomputed validity codes where a block has its peer's flags.
func SetCodes(raw *common.Block, codes []byte) {
	protoutil.InitBlockMetadata(raw)
	raw.Metadata.Metadata[common.BlockMetadataIndex_TRANSACTIONS_FILTER] = slices.Clone(codes)
}

// Codes are the flags in a block, the peer's or those of SetCodes.
func Codes(raw *common.Block) []byte {
	return metadataOfBlock(raw, common.BlockMetadataIndex_TRANSACTIONS_FILTER)
}

// GenesisHash is the hash of a block's header, by which a genesis block is named.
func GenesisHash(raw *common.Block) [32]byte {
	return sha256.Sum256(protoutil.BlockHeaderBytes(raw.GetHeader()))
}

// Check checks the next block. An error is one of the checker's store; the same
// block can then be checked again. What is wrong with the chain is a finding.
func (c *Checker) Check(raw *common.Block) (Verdict, error) {
	v := Verdict{Number: raw.GetHeader().GetNumber(), Hash: GenesisHash(raw)}
	p, updates, err := c.check(raw, &v)
	var refused *refusal
	if errors.As(err, &refused) {
		refused.Finding.Block = c.next
		v.Stop, v.Codes, v.Findings = true, nil, []replay.Finding{refused.Finding}
		return v, nil
	}
	if err != nil {
		return v, err
	}
	return v, c.commit(raw, p, v, updates)
}

// check makes the checks of a block as a whole, then those of its transactions.
// A quorum of orderers can put bytes into a block that make Fabric's code panic
// (a valid signature over a transaction without a header, say), and every peer
// with it. Here it is a finding.
func (c *Checker) check(raw *common.Block, v *Verdict) (p *prepared, updates *changes, err error) {
	defer func() {
		if broken := recover(); broken != nil {
			err = refuse(Unreadable, "a block that Fabric can process", fmt.Sprint(broken))
		}
	}()
	if err := c.checkLink(raw, v.Hash); err != nil {
		return nil, nil, err
	}
	p = c.prepared(raw)
	if err := checkData(raw, p); err != nil {
		return nil, nil, err
	}
	envelope, name, err := configuration(raw, p)
	if err != nil {
		return nil, nil, refuse(InvalidConfiguration, "a configuration that can be read", err.Error())
	}
	if c.next == 0 {
		updates, err = c.found(envelope, name, v)
		return p, updates, err
	}
	if err := c.channel.checkSignatures(raw); err != nil {
		return nil, nil, err
	}
	if err := c.channel.checkLastConfiguration(raw, envelope != nil); err != nil {
		return nil, nil, err
	}
	if v.Codes, updates, err = c.validate(raw, p); err != nil {
		return nil, nil, err
	}
	if proposed := c.channel.proposed != nil; proposed != (envelope != nil) || proposed && v.Codes[0] != byte(peer.TxValidationCode_VALID) {
		return nil, nil, refuse(InvalidConfiguration, "one valid configuration, alone in its block", CodeName(v.Codes[0]))
	}
	v.Findings, err = c.compare(raw, v.Codes)
	return p, updates, err
}

// checkLink checks that the block follows the one before.
func (c *Checker) checkLink(raw *common.Block, hash [32]byte) error {
	header := raw.GetHeader()
	switch {
	case header.GetNumber() != c.next:
		return refuse(BrokenLink, fmt.Sprintf("block %d", c.next), fmt.Sprintf("block %d", header.GetNumber()))
	case c.next == 0 && c.anchor != ([32]byte{}) && hash != c.anchor:
		return refuse(OtherGenesis, fmt.Sprintf("%x", c.anchor), fmt.Sprintf("%x", hash))
	case c.next > 0 && !bytes.Equal(header.GetPreviousHash(), c.head[:]):
		return refuse(BrokenLink, fmt.Sprintf("previous hash %x", c.head), fmt.Sprintf("%x", header.GetPreviousHash()))
	}
	return nil
}

// checkData checks that the block's data are those that its header names.
func checkData(raw *common.Block, p *prepared) error {
	if !p.plain() { // those were read in their canonical form
		if err := protoutil.VerifyTransactionsAreWellFormed(raw.GetData()); err != nil {
			return refuse(DifferingData, "transactions in their canonical form", err.Error())
		}
	}
	if expected := raw.GetHeader().GetDataHash(); !bytes.Equal(p.hash[:], expected) {
		return refuse(DifferingData, fmt.Sprintf("%x", expected), fmt.Sprintf("%x", p.hash))
	}
	return nil
}

// found takes the configuration of the genesis block, which the anchor vouches for.
func (c *Checker) found(envelope *common.ConfigEnvelope, name string, v *Verdict) (*changes, error) {
	if envelope == nil {
		return nil, refuse(InvalidConfiguration, "a genesis block", "a block without a configuration")
	}
	var err error
	if c.channel, err = newChannel(name, envelope.GetConfig(), 0, c.crypto); err != nil {
		return nil, refuse(InvalidConfiguration, "a configuration that can be used", err.Error())
	}
	c.channel.proposed = envelope.GetConfig()
	v.Codes = []byte{byte(peer.TxValidationCode_VALID)}
	return &changes{}, nil
}

// commit stores the block's effects and what the checker notes on it, in one
// step, and only then moves on.
func (c *Checker) commit(raw *common.Block, p *prepared, v Verdict, updates *changes) error {
	taken := map[string][]byte{
		noteHead:           v.Hash[:],
		blockKey(v.Number): slices.Concat(v.Hash[:], v.Codes),
	}
	if len(v.Findings) > 0 {
		encoded, err := json.Marshal(v.Findings)
		if err != nil {
			return fmt.Errorf("couldn't encode the findings of block %d: %w", v.Number, err)
		}
		taken[findingsKey(v.Number)] = encoded
	}
	for i, envelope := range raw.GetData().GetData() {
		// Fabric indexes every ID in a block, of invalid transactions, too.
		if id := p.id(i, envelope); id != "" {
			taken[noteTransaction+id] = kept
		}
	}
	following := c.channel
	if proposed := c.channel.proposed; proposed != nil {
		var err error
		if following, err = newChannel(c.channel.name, proposed, v.Number, c.crypto); err != nil {
			return err
		}
		taken[noteChannel], taken[noteConfigured] = []byte(following.name), number64(v.Number)
		if taken[noteConfiguration], err = proto.Marshal(proposed); err != nil {
			return fmt.Errorf("couldn't encode the configuration of block %d: %w", v.Number, err)
		}
	}
	// Our own code finds no block valid that defines a chaincode.
	defines := updates.fabric != nil && len(updates.fabric.PubUpdates.GetUpdates(lifecycle.LifecycleNamespace)) > 0
	if err := c.state.commit(v.Number, updates, taken); err != nil {
		return err
	}
	if defines {
		following.definitions = newDefinitions(following)
	}
	c.follow(following)
	c.next, c.head = v.Number+1, v.Hash
	return nil
}
