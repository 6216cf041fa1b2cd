package chaintest

import (
	"slices"
	"strings"
	"testing"

	"github.com/hyperledger/fabric-protos-go-apiv2/common"
	"github.com/hyperledger/fabric-protos-go-apiv2/ledger/rwset"
	"github.com/hyperledger/fabric-protos-go-apiv2/ledger/rwset/kvrwset"
	"github.com/hyperledger/fabric/protoutil"
	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/proto"

	"github.com/weighbridge/weighbridge/chaincode/massbalance"
	"github.com/weighbridge/weighbridge/chaincode/wire"
	"github.com/weighbridge/weighbridge/gateway/block"
	"github.com/weighbridge/weighbridge/gateway/replay"
)

// Chain is the recorded chain and what a test adds to it.
type Chain struct {
	// Blocks are all of them, with the flags that a peer has set.
	Blocks []*common.Block

	t        testing.TB
	network  *network
	state    massbalance.Memory
	versions map[string]*kvrwset.Version
	// configuration is in force, configured the block that brought it.
	configuration *common.Config
	configured    uint64
}

// New is the recorded chain.
func New(t testing.TB) *Chain {
	t.Helper()
	c := &Chain{t: t, network: load(t), state: massbalance.Memory{}, versions: map[string]*kvrwset.Version{}}
	for _, b := range c.network.blocks {
		c.take(b)
	}
	return c
}

// Signer is a member's peer, orderer, gateway or administrator.
func (c *Chain) Signer(member, holder string) *Signer {
	s, ok := c.network.signers[member+"/"+holder]
	require.True(c.t, ok, "no %s of %s was recorded", holder, member)
	return s
}

// Peers are the peers of the members.
func (c *Chain) Peers(members ...string) []*Signer {
	var peers []*Signer
	for _, member := range members {
		peers = append(peers, c.Signer(member, "peer"))
	}
	return peers
}

// take follows a block as an honest peer does.
func (c *Chain) take(raw *common.Block) {
	c.Blocks = append(c.Blocks, raw)
	if protoutil.IsConfigBlock(raw) {
		c.configuration, c.configured = configurationIn(c.t, raw), raw.GetHeader().GetNumber()
		return
	}
	b, err := block.Parse(raw)
	require.NoError(c.t, err)
	replayed, err := replay.New(Chaincode).Replay(c.state, b)
	require.NoError(c.t, err)
	for _, x := range replayed.Transactions {
		c.state.Apply(x.Writes)
	}
	for _, x := range b.Transactions {
		if !x.Valid() || x.Chaincode != Chaincode {
			continue
		}
		version := &kvrwset.Version{BlockNum: b.Number, TxNum: uint64(x.Index)}
		for _, w := range x.Writes {
			c.versions[w.Key] = version
		}
		for _, key := range x.Guarded {
			c.versions[key] = version
		}
	}
}

// reader notes what the rules read, and at which version.
type reader struct {
	chain *Chain
	reads map[string]*kvrwset.KVRead
}

func (r *reader) Get(key massbalance.Key) (massbalance.Value, error) {
	name := wire.FormatKey(key)
	r.reads[name] = &kvrwset.KVRead{Key: name, Version: r.chain.versions[name]}
	return r.chain.state.Get(key)
}

// Apply makes a transaction of a member's commands as honest peers endorse it
// now: it reads the state after the last block.
func (c *Chain) Apply(member string, commands ...massbalance.Command) *Transaction {
	batch, err := wire.FormatBatch(commands)
	require.NoError(c.t, err)
	x := &Transaction{Creator: c.Signer(member, "gateway"), Nonce: newNonce(), Args: [][]byte{[]byte("Apply"), batch}}
	x.Endorsers = c.Peers("growers", "miller", "manufacturer")
	if member == "brand" {
		x.Endorsers = c.Peers("growers", "miller", "brand")
	}
	view := &reader{c, map[string]*kvrwset.KVRead{}}
	outcome, err := massbalance.ExecuteBatch(view, massbalance.Tx{ID: x.ID(), Organisation: massbalance.OrganisationID(member)}, commands)
	require.NoError(c.t, err)
	x.Response, err = wire.AnswerOver(view, outcome)
	require.NoError(c.t, err)
	set := &kvrwset.KVRWSet{}
	stored, err := wire.StoreOver(view, outcome.Writes)
	require.NoError(c.t, err)
	for _, w := range stored {
		require.Nil(c.t, w.Guard, "guards are in the recorded blocks only")
		set.Writes = append(set.Writes, &kvrwset.KVWrite{Key: w.Key, Value: w.Value})
	}
	for _, r := range view.reads {
		set.Reads = append(set.Reads, r)
	}
	slices.SortFunc(set.Reads, func(a, b *kvrwset.KVRead) int { return strings.Compare(a.Key, b.Key) })
	x.SetSets(set)
	return x
}

// SetSets gives the transaction the chaincode's read and write sets.
func (x *Transaction) SetSets(set *kvrwset.KVRWSet) {
	x.Set = &rwset.TxReadWriteSet{NsRwset: []*rwset.NsReadWriteSet{{Namespace: Chaincode, Rwset: protoutil.MarshalOrPanic(set)}}}
}

// Sets are the chaincode's read and write sets of the transaction, to be changed
// and set again.
func (x *Transaction) Sets(t testing.TB) *kvrwset.KVRWSet {
	var set kvrwset.KVRWSet
	require.NoError(t, proto.Unmarshal(x.Set.GetNsRwset()[0].GetRwset(), &set))
	return &set
}

// Next makes the block after the last one, signed by the orderers of the members
// named; all of them if none is. Codes are the flags that the peer sets.
func (c *Chain) Next(codes []byte, envelopes [][]byte, orderers ...string) *common.Block {
	last := c.Blocks[len(c.Blocks)-1].GetHeader()
	raw := protoutil.NewBlock(last.GetNumber()+1, protoutil.BlockHeaderHash(last))
	raw.Data = &common.BlockData{Data: envelopes}
	raw.Header.DataHash = protoutil.ComputeBlockDataHash(raw.GetData())
	configured := c.configured
	if protoutil.IsConfigBlock(raw) {
		configured = raw.GetHeader().GetNumber()
	}
	value := protoutil.MarshalOrPanic(&common.OrdererBlockMetadata{LastConfig: &common.LastConfig{Index: configured}})
	if len(orderers) == 0 {
		orderers = Trading
	}
	c.Sign(raw, value, orderers...)
	raw.Metadata.Metadata[common.BlockMetadataIndex_TRANSACTIONS_FILTER] = codes
	return raw
}

// NextAfter makes the block after another one than the last, with one
// transaction; nil makes it an empty one of the miller's.
func (c *Chain) NextAfter(t testing.TB, last *common.Block, x *Transaction) *common.Block {
	t.Helper()
	c.Blocks = append(c.Blocks, last)
	defer func() { c.Blocks = c.Blocks[:len(c.Blocks)-1] }()
	if x == nil {
		x = c.Apply("miller")
	}
	return c.Next([]byte{0}, [][]byte{x.Envelope()})
}

// Sign puts the orderers' signatures over the metadata's value and the header
// into a block, instead of those that it has.
func (c *Chain) Sign(raw *common.Block, value []byte, orderers ...string) {
	metadata := &common.Metadata{Value: value}
	for _, member := range orderers {
		id := protoutil.MarshalOrPanic(&common.IdentifierHeader{Identifier: uint32(slices.Index(Trading, member) + 1), Nonce: newNonce()})
		signature := c.Signer(member, "orderer").Sign(value, id, protoutil.BlockHeaderBytes(raw.GetHeader()))
		metadata.Signatures = append(metadata.Signatures, &common.MetadataSignature{IdentifierHeader: id, Signature: signature})
	}
	protoutil.InitBlockMetadata(raw)
	raw.Metadata.Metadata[common.BlockMetadataIndex_SIGNATURES] = protoutil.MarshalOrPanic(metadata)
}

// Add puts transactions into the next block, all of them flagged valid, and
// follows it.
func (c *Chain) Add(transactions ...*Transaction) *common.Block {
	var envelopes [][]byte
	for _, x := range transactions {
		envelopes = append(envelopes, x.Envelope())
	}
	raw := c.Next(make([]byte, len(envelopes)), envelopes)
	c.take(raw)
	return raw
}

// Site is one of the recorded chain's, with the member that owns it.
type Site struct {
	Member string
	Site   massbalance.SiteID
}

// Sites are those that the recorded chain opened for the third quarter of 2025.
// Only the owner's peer together with the majority may write a site's head key.
var Sites = []Site{
	{"miller", "mill-newark"}, {"growers", "elevator-driffield"}, {"growers", "elevator-ely"},
	{"manufacturer", "bakery-leeds"}, {"brand", "depot-daventry"},
}

// TakeIn is the command of the miller's that takes undifferentiated wheat in at
// its site.
func (c *Chain) TakeIn(id, kilograms string) massbalance.Command {
	return c.TakeInAt(Sites[0], id, kilograms)
}

// TakeInAt is the same at another site.
func (c *Chain) TakeInAt(at Site, id, kilograms string) massbalance.Command {
	quantity, err := massbalance.ParseQuantity(kilograms)
	require.NoError(c.t, err)
	command, err := wire.NewCommand(massbalance.Command{
		ID: massbalance.CommandID(id), Date: "2025-07-03", Period: "2025-Q3", By: "clerk",
		Body: massbalance.TakeIn{Site: at.Site, Product: "wheat", Quantity: quantity, Supplier: "Farm", Evidence: massbalance.EvidenceID("T-" + id)},
	})
	require.NoError(c.t, err)
	return command
}
