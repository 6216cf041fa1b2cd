package chain_test

import (
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/hyperledger/fabric-protos-go-apiv2/common"
	"github.com/hyperledger/fabric-protos-go-apiv2/ledger/rwset/kvrwset"
	"github.com/hyperledger/fabric-protos-go-apiv2/msp"
	"github.com/hyperledger/fabric-protos-go-apiv2/peer"
	"github.com/hyperledger/fabric/protoutil"
	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/proto"

	"github.com/weighbridge/weighbridge/gateway/audit/chain"
	"github.com/weighbridge/weighbridge/gateway/audit/chaintest"
	"github.com/weighbridge/weighbridge/gateway/replay"
)

func open(t testing.TB, c *chaintest.Chain, dir string) *chain.Checker {
	checker, err := chain.Open(dir, chain.GenesisHash(c.Blocks[0]))
	require.NoError(t, err)
	return checker
}

// checked is a checker that has seen the whole chain so far, and found nothing.
func checked(t testing.TB, c *chaintest.Chain) *chain.Checker {
	checker := open(t, c, t.TempDir())
	t.Cleanup(func() { require.NoError(t, checker.Close()) })
	for _, b := range c.Blocks {
		requireSound(t, check(t, checker, b))
	}
	return checker
}

// check checks a block, whatever it is, by our own code and by Fabric's alone
// before it does.
func check(t testing.TB, checker *chain.Checker, raw *common.Block) chain.Verdict {
	_, err := checker.Ways(raw)
	require.NoError(t, err)
	v, err := checker.Check(raw)
	require.NoError(t, err)
	return v
}

func requireSound(t testing.TB, v chain.Verdict) {
	require.Empty(t, v.Findings, "block %d", v.Number)
	require.False(t, v.Stop)
	require.NotEmpty(t, v.Codes)
}

func copyOf(raw *common.Block) *common.Block { return proto.Clone(raw).(*common.Block) }

// The recorded network's blocks pass, and so do those that its members go on with.
func TestHonestChain(t *testing.T) {
	c := chaintest.New(t)
	checker := checked(t, c)
	for i, id := range []string{"a", "b", "c"} {
		requireSound(t, check(t, checker, c.Add(c.Apply("miller", c.TakeIn(id, "100")))))
		require.Equal(t, uint64(16+i+1), checker.Next())
	}
	raw := c.Next([]byte{0}, [][]byte{c.Reconfigure("3s", nil, "growers", "miller", "manufacturer")})
	requireSound(t, check(t, checker, raw))
	require.Equal(t, uint64(20), checker.Next())
}

// What a block is as a whole: any change of it stops the audit there.
func TestForgedBlocks(t *testing.T) {
	order := func(c *chaintest.Chain, data [][]byte) *common.Block { return c.Next(make([]byte, len(data)), data) }
	rehash := func(b *common.Block) { b.Header.DataHash = protoutil.ComputeBlockDataHash(b.Data) }
	tests := map[string]struct {
		forge   func(*chaintest.Chain, *common.Block) *common.Block
		problem replay.Problem
		found   string
	}{
		"another number": {func(_ *chaintest.Chain, b *common.Block) *common.Block { b.Header.Number++; return b }, chain.BrokenLink, "block 17"},
		"another previous hash": {func(_ *chaintest.Chain, b *common.Block) *common.Block {
			b.Header.PreviousHash[0] ^= 1
			return b
		}, chain.BrokenLink, ""},
		"a transaction altered": {func(_ *chaintest.Chain, b *common.Block) *common.Block {
			b.Data.Data[1][len(b.Data.Data[1])/2] ^= 1
			return b
		}, chain.DifferingData, ""},
		"a transaction removed": {func(_ *chaintest.Chain, b *common.Block) *common.Block {
			b.Data.Data = b.Data.Data[:1]
			return b
		}, chain.DifferingData, ""},
		"transactions reordered": {func(_ *chaintest.Chain, b *common.Block) *common.Block {
			b.Data.Data[0], b.Data.Data[1] = b.Data.Data[1], b.Data.Data[0]
			return b
		}, chain.DifferingData, ""},
		"no transactions": {func(_ *chaintest.Chain, b *common.Block) *common.Block { b.Data = nil; return b }, chain.DifferingData, ""},
		"the data of another block": {func(c *chaintest.Chain, b *common.Block) *common.Block {
			b.Data = c.Blocks[7].Data
			return b
		}, chain.DifferingData, ""},
		"data and header swapped for others": {func(c *chaintest.Chain, b *common.Block) *common.Block {
			b.Data = copyOf(c.Blocks[7]).Data
			rehash(b)
			return b
		}, chain.MissingQuorum, "of 0"},
		"signatures of one less than the quorum": {func(c *chaintest.Chain, b *common.Block) *common.Block {
			return c.Next([]byte{0, 0}, b.Data.Data, "growers", "brand")
		}, chain.MissingQuorum, "of 2 (1 of growers, 4 of brand)"},
		"one orderer's signature thrice": {func(c *chaintest.Chain, b *common.Block) *common.Block {
			return c.Next([]byte{0, 0}, b.Data.Data, "growers", "growers", "growers", "miller")
		}, chain.MissingQuorum, "of 2"},
		"an orderer that is not in the configuration": {func(c *chaintest.Chain, b *common.Block) *common.Block {
			return renumbered(t, c.Next([]byte{0, 0}, b.Data.Data, "growers", "miller", "brand"), 4, 9)
		}, chain.MissingQuorum, "orderer 9 is not in the configuration"},
		"an orderer's number with another's signature": {func(c *chaintest.Chain, b *common.Block) *common.Block {
			return renumbered(t, c.Next([]byte{0, 0}, b.Data.Data, "growers", "miller", "brand"), 4, 3)
		}, chain.MissingQuorum, "orderer 3 of manufacturer is not good"},
		"signatures over other metadata": {func(c *chaintest.Chain, b *common.Block) *common.Block {
			metadata := signatures(t, b)
			metadata.Value = append(metadata.Value, 0x1a, 0)
			b.Metadata.Metadata[common.BlockMetadataIndex_SIGNATURES] = protoutil.MarshalOrPanic(metadata)
			return b
		}, chain.MissingQuorum, "of 0"},
		"no signatures": {func(_ *chaintest.Chain, b *common.Block) *common.Block {
			b.Metadata.Metadata[common.BlockMetadataIndex_SIGNATURES] = nil
			return b
		}, chain.MissingQuorum, "of 0"},
		"no metadata": {func(_ *chaintest.Chain, b *common.Block) *common.Block { b.Metadata = nil; return b }, chain.MissingQuorum, "of 0"},
		"a configuration that was replaced": {func(c *chaintest.Chain, b *common.Block) *common.Block {
			value := protoutil.MarshalOrPanic(&common.OrdererBlockMetadata{LastConfig: &common.LastConfig{Index: 0}})
			c.Sign(b, value, chaintest.Trading...)
			return b
		}, chain.DifferingMetadata, "configuration block 0"},
		"an update without the right signatures": {func(c *chaintest.Chain, _ *common.Block) *common.Block {
			return order(c, [][]byte{c.Reconfigure("9s", nil, "growers", "miller")})
		}, chain.InvalidConfiguration, "policy"},
		"an update that one signed twice": {func(c *chaintest.Chain, _ *common.Block) *common.Block {
			return order(c, [][]byte{c.Reconfigure("9s", nil, "growers", "growers", "growers", "growers")})
		}, chain.InvalidConfiguration, "policy"},
		"an update signed by the certification body": {func(c *chaintest.Chain, _ *common.Block) *common.Block {
			return order(c, [][]byte{c.Reconfigure("9s", nil, "growers", "miller", "certifier")})
		}, chain.InvalidConfiguration, "policy"},
		"a configuration that the update does not give": {func(c *chaintest.Chain, _ *common.Block) *common.Block {
			return order(c, [][]byte{c.Reconfigure("9s", func(config *common.Config) { delete(config.ChannelGroup.Groups, "Application") }, chaintest.Trading...)})
		}, chain.InvalidConfiguration, ""},
		"a sequence skipped": {func(c *chaintest.Chain, _ *common.Block) *common.Block {
			return order(c, [][]byte{c.Reconfigure("9s", func(config *common.Config) { config.Sequence++ }, chaintest.Trading...)})
		}, chain.InvalidConfiguration, "sequence"},
		"an old configuration again": {func(c *chaintest.Chain, _ *common.Block) *common.Block {
			return order(c, copyOf(c.Blocks[5]).Data.Data)
		}, chain.InvalidConfiguration, ""},
		"a configuration among transactions": {func(c *chaintest.Chain, b *common.Block) *common.Block {
			return order(c, append(b.Data.Data, c.Reconfigure("9s", nil, chaintest.Trading...)))
		}, chain.InvalidConfiguration, ""},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			c := chaintest.New(t)
			checker := checked(t, c)
			good := c.Next([]byte{0, 0}, [][]byte{c.Apply("miller", c.TakeIn("a", "100")).Envelope(), c.Apply("miller").Envelope()})
			forged := test.forge(c, copyOf(good))

			v := check(t, checker, forged)

			require.True(t, v.Stop)
			require.Empty(t, v.Codes)
			require.Len(t, v.Findings, 1)
			require.Equal(t, uint64(16), v.Findings[0].Block)
			require.Equal(t, test.problem, v.Findings[0].Problem, "%+v", v.Findings[0])
			require.Contains(t, v.Findings[0].Found, test.found)
			require.NotEmpty(t, v.Findings[0].Expected)
			requireSound(t, check(t, checker, good)) // and the true one still passes
		})
	}
}

func signatures(t *testing.T, b *common.Block) *common.Metadata {
	var metadata common.Metadata
	require.NoError(t, proto.Unmarshal(b.Metadata.Metadata[common.BlockMetadataIndex_SIGNATURES], &metadata))
	return &metadata
}

// renumbered makes the signature of one orderer say that it is another's.
func renumbered(t *testing.T, b *common.Block, from, to uint32) *common.Block {
	metadata := signatures(t, b)
	for _, s := range metadata.Signatures {
		var header common.IdentifierHeader
		require.NoError(t, proto.Unmarshal(s.IdentifierHeader, &header))
		if header.Identifier == from {
			header.Identifier = to
			s.IdentifierHeader = protoutil.MarshalOrPanic(&header)
		}
	}
	b.Metadata.Metadata[common.BlockMetadataIndex_SIGNATURES] = protoutil.MarshalOrPanic(metadata)
	return b
}

func TestRemovedAndReorderedBlocks(t *testing.T) {
	c := chaintest.New(t)
	for name, order := range map[string][]int{"removed": {0, 1, 2, 4}, "reordered": {0, 1, 3, 2}, "repeated": {0, 1, 1}, "no genesis block": {1}} {
		t.Run(name, func(t *testing.T) {
			checker := open(t, c, t.TempDir())
			defer checker.Close()
			for i, number := range order {
				v := check(t, checker, c.Blocks[number])
				if i == number {
					requireSound(t, v)
					continue
				}
				require.True(t, v.Stop)
				require.Equal(t, chain.BrokenLink, v.Findings[0].Problem)
				return
			}
		})
	}
}

func TestAnotherGenesisBlock(t *testing.T) {
	c := chaintest.New(t)
	checker, err := chain.Open(t.TempDir(), [32]byte{1})
	require.NoError(t, err)
	defer checker.Close()
	v := check(t, checker, c.Blocks[0])
	require.True(t, v.Stop)
	require.Equal(t, chain.OtherGenesis, v.Findings[0].Problem)
}

// Every flag of every real transaction, forged to every other kind that there is.
func TestForgedFlags(t *testing.T) {
	c := chaintest.New(t)
	for name, forge := range map[string]func(byte) byte{
		"invalid":       func(byte) byte { return byte(peer.TxValidationCode_MVCC_READ_CONFLICT) },
		"not validated": func(byte) byte { return byte(peer.TxValidationCode_NOT_VALIDATED) },
		"no code":       func(byte) byte { return 77 },
	} {
		t.Run(name, func(t *testing.T) {
			checker := open(t, c, t.TempDir())
			defer checker.Close()
			for _, b := range c.Blocks[1:] {
				if b.Header.Number == 1 {
					requireSound(t, check(t, checker, c.Blocks[0]))
				}
				forged := copyOf(b)
				flags := forged.Metadata.Metadata[common.BlockMetadataIndex_TRANSACTIONS_FILTER]
				for i := range flags {
					flags[i] = forge(flags[i])
				}
				v := check(t, checker, forged)
				require.False(t, v.Stop)
				require.Len(t, v.Findings, len(flags))
				for _, f := range v.Findings {
					require.Equal(t, chain.DifferingCode, f.Problem)
					require.Equal(t, "VALID", f.Expected)
					require.Equal(t, chain.CodeName(flags[0]), f.Found)
				}
			}
		})
	}
}

// What a transaction is: the peer says valid, the checks say what it really is.
func TestTransactionsFlaggedValid(t *testing.T) {
	type transactions = []*chaintest.Transaction
	one := func(c *chaintest.Chain, change func(*chaintest.Transaction)) transactions {
		x := c.Apply("miller", c.TakeIn("a", "100"))
		change(x)
		return transactions{x}
	}
	tests := map[string]struct {
		make  func(*chaintest.Chain) transactions
		code  peer.TxValidationCode
		key   string
		found string
	}{
		"a stale read": {func(c *chaintest.Chain) transactions {
			stale := c.Apply("miller", c.TakeIn("b", "1"))
			return transactions{c.Apply("miller", c.TakeIn("a", "100")), stale}
		}, peer.TxValidationCode_MVCC_READ_CONFLICT, "account:mill-newark:wheat", "VALID"},
		"a version that never was": {func(c *chaintest.Chain) transactions {
			return one(c, func(x *chaintest.Transaction) {
				set := x.Sets(t)
				i := slices.IndexFunc(set.Reads, func(r *kvrwset.KVRead) bool { return r.Key == "site:mill-newark:" })
				set.Reads[i].Version = &kvrwset.Version{BlockNum: 1}
				x.SetSets(set)
			})
		}, peer.TxValidationCode_MVCC_READ_CONFLICT, "site:mill-newark:", "VALID"},
		"a range that has another key now": {func(c *chaintest.Chain) transactions {
			return one(c, func(x *chaintest.Transaction) {
				set := x.Sets(t)
				set.RangeQueriesInfo = []*kvrwset.RangeQueryInfo{{StartKey: "site:", EndKey: "site;", ItrExhausted: true,
					ReadsInfo: &kvrwset.RangeQueryInfo_RawReads{RawReads: &kvrwset.QueryReads{}}}}
				x.SetSets(set)
			})
		}, peer.TxValidationCode_PHANTOM_READ_CONFLICT, "", "VALID"},
		"too few endorsements": {func(c *chaintest.Chain) transactions {
			return one(c, func(x *chaintest.Transaction) { x.Endorsers = c.Peers("growers", "miller") })
		}, peer.TxValidationCode_ENDORSEMENT_POLICY_FAILURE, "account:mill-newark:wheat", "VALID, endorsed by growers, miller"},
		"no endorsements": {func(c *chaintest.Chain) transactions {
			return one(c, func(x *chaintest.Transaction) { x.Endorsers = nil })
		}, peer.TxValidationCode_ENDORSEMENT_POLICY_FAILURE, "account:mill-newark:wheat", "VALID"},
		"one member's endorsement thrice": {func(c *chaintest.Chain) transactions {
			return one(c, func(x *chaintest.Transaction) { x.Endorsers = c.Peers("miller", "miller", "miller") })
		}, peer.TxValidationCode_ENDORSEMENT_POLICY_FAILURE, "account:mill-newark:wheat", "VALID"},
		"the certification body's endorsement": {func(c *chaintest.Chain) transactions {
			return one(c, func(x *chaintest.Transaction) { x.Endorsers = c.Peers("growers", "miller", "certifier") })
		}, peer.TxValidationCode_ENDORSEMENT_POLICY_FAILURE, "account:mill-newark:wheat", "VALID, endorsed by certifier, growers, miller"},
		"endorsed by gateways instead of peers": {func(c *chaintest.Chain) transactions {
			return one(c, func(x *chaintest.Transaction) {
				x.Endorsers = []*chaintest.Signer{c.Signer("growers", "gateway"), c.Signer("miller", "gateway"), c.Signer("brand", "gateway")}
			})
		}, peer.TxValidationCode_ENDORSEMENT_POLICY_FAILURE, "account:mill-newark:wheat", "VALID"},
		"the majority without the site's owner": {func(c *chaintest.Chain) transactions {
			return one(c, func(x *chaintest.Transaction) { x.Endorsers = c.Peers("growers", "manufacturer", "brand") })
		}, peer.TxValidationCode_ENDORSEMENT_POLICY_FAILURE, "account:mill-newark:wheat", "VALID, endorsed by brand, growers, manufacturer"},
		"writes changed after the endorsement": {func(c *chaintest.Chain) transactions {
			return one(c, func(x *chaintest.Transaction) {
				x.Spoil = func(_ *common.Payload, action *peer.ChaincodeActionPayload) {
					response := action.Action.ProposalResponsePayload
					action.Action.ProposalResponsePayload = []byte(strings.Replace(string(response), `"100"`, `"900"`, 1))
				}
			})
		}, peer.TxValidationCode_ENDORSEMENT_POLICY_FAILURE, "account:mill-newark:wheat", "VALID"},
		"arguments changed after the endorsement": {func(c *chaintest.Chain) transactions {
			return one(c, func(x *chaintest.Transaction) {
				x.Spoil = func(_ *common.Payload, action *peer.ChaincodeActionPayload) {
					action.ChaincodeProposalPayload = []byte(strings.Replace(string(action.ChaincodeProposalPayload), `"100"`, `"900"`, 1))
				}
			})
		}, peer.TxValidationCode_INVALID_ENDORSER_TRANSACTION, "", "VALID"},
		"a creator without a certificate of its member": {func(c *chaintest.Chain) transactions {
			return one(c, func(x *chaintest.Transaction) {
				foreign := *c.Signer("growers", "gateway")
				foreign.Serialized = asMember(t, foreign.Serialized, "miller")
				x.Creator = &foreign
			})
		}, peer.TxValidationCode_BAD_CREATOR_SIGNATURE, "", "VALID"},
		"a creator that is not a member": {func(c *chaintest.Chain) transactions {
			return one(c, func(x *chaintest.Transaction) {
				foreign := *c.Signer("growers", "gateway")
				foreign.Serialized = asMember(t, foreign.Serialized, "stranger")
				x.Creator = &foreign
			})
		}, peer.TxValidationCode_BAD_CREATOR_SIGNATURE, "", "VALID"},
		"another transaction's ID": {func(c *chaintest.Chain) transactions {
			return one(c, func(x *chaintest.Transaction) {
				x.Spoil = func(payload *common.Payload, _ *peer.ChaincodeActionPayload) {
					var header common.ChannelHeader
					require.NoError(t, proto.Unmarshal(payload.Header.ChannelHeader, &header))
					header.TxId = strings.Repeat("ab", 32)
					payload.Header.ChannelHeader = protoutil.MarshalOrPanic(&header)
				}
			})
		}, peer.TxValidationCode_BAD_PROPOSAL_TXID, "", "VALID"},
		"a transaction again in the same block": {func(c *chaintest.Chain) transactions {
			x := c.Apply("miller")
			return transactions{x, x}
		}, peer.TxValidationCode_DUPLICATE_TXID, "", "VALID"},
		"a chaincode that nobody defined": {func(c *chaintest.Chain) transactions {
			return one(c, func(x *chaintest.Transaction) { x.Set.NsRwset[0].Namespace = "forged" })
		}, peer.TxValidationCode_INVALID_CHAINCODE, "", "VALID"},
		"the chaincode's definition rewritten by a minority": {func(c *chaintest.Chain) transactions {
			return one(c, func(x *chaintest.Transaction) {
				x.Endorsers = c.Peers("growers", "miller")
				x.Set.NsRwset[0].Namespace = "_lifecycle"
			})
		}, peer.TxValidationCode_ENDORSEMENT_POLICY_FAILURE, "account:mill-newark:wheat", "VALID"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			c := chaintest.New(t)
			checker := checked(t, c)
			var envelopes [][]byte
			made := test.make(c)
			for _, x := range made {
				envelopes = append(envelopes, x.Envelope())
			}

			v := check(t, checker, c.Next(make([]byte, len(envelopes)), envelopes))

			require.False(t, v.Stop)
			require.Len(t, v.Findings, 1, "%+v", v.Findings)
			f, last := v.Findings[0], len(envelopes)-1
			require.Equal(t, test.code.String(), chain.CodeName(v.Codes[last]))
			require.Equal(t, test.code.String(), f.Expected)
			require.Contains(t, f.Found, test.found)
			require.Equal(t, test.key, f.Key)
			require.Equal(t, uint64(16), f.Block)
			require.NotEmpty(t, f.Transaction)

			// An honest peer's flags are no finding, and what is invalid leaves no trace.
			again := checked(t, c)
			requireSound(t, check(t, again, c.Next(v.Codes, envelopes)))
			if last == 0 && test.code != peer.TxValidationCode_BAD_PROPOSAL_TXID {
				require.Equal(t, []byte{0}, check(t, again, c.NextAfter(t, c.Next(v.Codes, envelopes), c.Apply("miller", c.TakeIn("z", "1")))).Codes)
			}
		})
	}
}

func asMember(t *testing.T, identity []byte, member string) []byte {
	var serialized msp.SerializedIdentity
	require.NoError(t, proto.Unmarshal(identity, &serialized))
	serialized.Mspid = member
	return protoutil.MarshalOrPanic(&serialized)
}

// A transaction that was on the chain before is a duplicate, valid or not.
func TestARepeatedTransaction(t *testing.T) {
	c := chaintest.New(t)
	checker := checked(t, c)
	v := check(t, checker, c.Next([]byte{0}, c.Blocks[13].Data.Data))
	require.Equal(t, "DUPLICATE_TXID", v.Findings[0].Expected)
}

// A checker that was closed, or killed, goes on where it was.
func TestGoesOnAfterARestart(t *testing.T) {
	c, dir := chaintest.New(t), t.TempDir()
	for i, b := range c.Blocks {
		checker := open(t, c, dir)
		require.Equal(t, uint64(i), checker.Next())
		requireSound(t, check(t, checker, b))
		hash, codes, err := checker.Codes(uint64(i))
		require.NoError(t, err)
		require.Equal(t, chain.GenesisHash(b), hash)
		require.Len(t, codes, len(b.Data.Data))
		require.NoError(t, checker.Close())
	}
	_, err := chain.Open(dir, [32]byte{1})
	require.ErrorContains(t, err, "it began with the genesis block")
	checker := open(t, c, dir)
	defer checker.Close()
	requireSound(t, check(t, checker, c.Add(c.Apply("miller", c.TakeIn("a", "100")))))
}

// Warming only saves work: it changes no verdict, and signatures are verified once.
func TestWarm(t *testing.T) {
	c := chaintest.New(t)
	checker := checked(t, c)
	good := c.Next([]byte{0}, [][]byte{c.Apply("miller", c.TakeIn("a", "100")).Envelope()})
	before := checker.Verified()
	checker.Warm(good, checker.Orderers())
	require.Equal(t, before+4+1+3, checker.Verified(), "four orderers, the creator, three endorsers")
	requireSound(t, check(t, checker, good))
	require.Equal(t, before+8, checker.Verified(), "Check found them all done")

	few := c.NextAfter(t, good, nil)
	few = c.Next([]byte{0}, few.Data.Data, "growers", "brand")
	few.Header.Number, few.Header.PreviousHash = 17, protoutil.BlockHeaderHash(good.Header)
	checker.Warm(few, checker.Orderers())
	require.True(t, check(t, checker, few).Stop)
}

// No bytes in a block, nor any metadata of it, make the checker panic or pass.
func TestSurvivesDamage(t *testing.T) {
	c := chaintest.New(t)
	checker := checked(t, c)
	good := c.Next([]byte{0}, [][]byte{c.Apply("miller", c.TakeIn("a", "100")).Envelope()}, "growers", "miller", "brand")
	for i := 0; i < len(good.Data.Data[0]); i += 97 {
		damaged := copyOf(good)
		damaged.Data.Data[0][i] ^= 0xff
		checker.Warm(damaged, checker.Orderers())
		require.True(t, check(t, checker, damaged).Stop)
	}
	metadata := good.Metadata.Metadata[common.BlockMetadataIndex_SIGNATURES]
	for i := range metadata {
		damaged := copyOf(good)
		damaged.Metadata.Metadata[common.BlockMetadataIndex_SIGNATURES] = metadata[:i]
		checker.Warm(damaged, checker.Orderers())
		require.True(t, check(t, checker, damaged).Stop, "cut at %d", i)
	}
	requireSound(t, check(t, checker, good))
}

// A quorum of orderers may put anything into a block. Whatever it is, the checker
// gives a verdict, and where it goes on nothing of it is valid.
func TestSurvivesNonsenseThatAQuorumSigned(t *testing.T) {
	c := chaintest.New(t)
	good := c.Apply("miller", c.TakeIn("a", "100")).Envelope()
	var envelope common.Envelope
	require.NoError(t, proto.Unmarshal(good, &envelope))
	wrap := func(payload []byte) []byte {
		return protoutil.MarshalOrPanic(&common.Envelope{Payload: payload, Signature: []byte("signature")})
	}
	nonsense := map[string][]byte{
		"no header":         wrap(protoutil.MarshalOrPanic(&common.Payload{Data: []byte("data")})),
		"an empty header":   wrap(protoutil.MarshalOrPanic(&common.Payload{Header: &common.Header{}, Data: []byte("data")})),
		"no payload at all": wrap([]byte("nonsense")),
	}
	for i := 0; i < len(envelope.Payload); i += 211 {
		damaged := slices.Clone(envelope.Payload)
		damaged[i] ^= 0xff
		nonsense["damaged at "+strconv.Itoa(i)] = wrap(damaged)
		nonsense["cut at "+strconv.Itoa(i)] = wrap(damaged[:max(i, 1)])
	}
	checker := checked(t, c)
	for name, data := range nonsense {
		t.Run(name, func(t *testing.T) {
			forged := c.Next([]byte{0}, [][]byte{data})
			checker.Warm(forged, checker.Orderers())
			v := check(t, checker, forged)
			require.NotEmpty(t, v.Findings)
			if !v.Stop {
				require.NotEqual(t, byte(0), v.Codes[0])
				c.Blocks = append(c.Blocks, forged)
			}
		})
	}
}
