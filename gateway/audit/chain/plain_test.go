package chain_test

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/hyperledger/fabric-protos-go-apiv2/common"
	"github.com/hyperledger/fabric-protos-go-apiv2/ledger/rwset"
	"github.com/hyperledger/fabric-protos-go-apiv2/ledger/rwset/kvrwset"
	"github.com/hyperledger/fabric-protos-go-apiv2/peer"
	"github.com/hyperledger/fabric/common/policydsl"
	"github.com/hyperledger/fabric/protoutil"
	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/proto"

	"github.com/weighbridge/weighbridge/gateway/audit/chain"
	"github.com/weighbridge/weighbridge/gateway/audit/chaintest"
)

// What a network really commits is plain, guards and all, but for configurations,
// the chaincode's definition and private data; so are the chains that tests make.
func TestOrdinaryTransactionsAreJudgedByOurOwnCode(t *testing.T) {
	c := chaintest.New(t)
	checker := checked(t, c)
	recorded, ours := 0, checker.Judged()
	for _, b := range c.Blocks {
		recorded += len(b.GetData().GetData())
	}
	require.GreaterOrEqual(t, ours, uint64(recorded/2), "of %d", recorded)
	for i := range 3 {
		raw := c.Add(c.Apply("miller", c.TakeIn(fmt.Sprint("a", i), "100")), c.Apply("growers", c.TakeInAt(chaintest.Sites[1], fmt.Sprint("b", i), "1")))
		judged, err := checker.Ways(raw)
		require.NoError(t, err)
		require.True(t, judged)
		requireSound(t, check(t, checker, raw))
	}
	require.Equal(t, ours+6, checker.Judged())
}

// alone is a block of these transactions, as far as their validity goes.
func alone(checker *chain.Checker, envelopes ...[]byte) *common.Block {
	return &common.Block{Header: &common.BlockHeader{Number: checker.Next()}, Data: &common.BlockData{Data: envelopes}}
}

// Every byte of every part of a transaction, changed, cut off or followed by
// another field, with everything around it made and signed anew: what our own
// code finds valid Fabric's does, too.
func TestAlteredParts(t *testing.T) {
	c := chaintest.New(t)
	checker := checked(t, c)
	changes := []func([]byte, int) []byte{
		func(part []byte, at int) []byte { part[at] ^= 1; return part },
		func(part []byte, at int) []byte { part[at] ^= 0x80; return part },
		func(part []byte, at int) []byte { part[at] += 8; return part }, // the next field, or a byte more
		func(part []byte, at int) []byte { return part[:at] },
		func(part []byte, at int) []byte { return slices.Insert(part, at, 0) },
		func(part []byte, at int) []byte { return append(part, part[:at]...) },
	}
	positions := 64
	if testing.Short() {
		positions = 8
	}
	for _, part := range chaintest.Parts {
		t.Run(string(part), func(t *testing.T) {
			size, judged := 0, 0
			x := c.Apply("miller", c.TakeIn("a", "100"))
			x.Alter = func(p chaintest.Part, encoded []byte) []byte {
				if p == part {
					size = len(encoded)
				}
				return encoded
			}
			good, err := checker.Ways(alone(checker, x.Envelope()))
			require.NoError(t, err)
			require.True(t, good, "as it was")
			for at := 0; at < size; at += 1 + size/positions {
				for i, change := range changes {
					x.Alter = func(p chaintest.Part, encoded []byte) []byte {
						if p != part {
							return encoded
						}
						return change(bytes.Clone(encoded), min(at, len(encoded)-1))
					}
					good, err := checker.Ways(alone(checker, x.Envelope()))
					require.NoError(t, err, "change %d at %d", i, at)
					if good {
						judged++
					}
				}
			}
			t.Logf("%d bytes, %d changes valid all the same", size, judged)
		})
	}
}

// What is one step away from a valid plain transaction, and all the same signed and
// endorsed by everybody, is not for our own code to find valid.
func TestOneStepFromPlain(t *testing.T) {
	c := chaintest.New(t)
	checker := checked(t, c)
	const key = "key-00"
	wrote := c.Apply("miller")
	wrote.SetSets(&kvrwset.KVRWSet{Writes: []*kvrwset.KVWrite{{Key: key, Value: []byte("value")}}})
	requireSound(t, check(t, checker, c.Add(c.Apply("growers", c.TakeInAt(chaintest.Sites[1], "first", "1")), wrote)))
	at, err := checker.Version(chaintest.Chaincode, key)
	require.NoError(t, err)
	require.Equal(t, uint64(1), at.TxNum)
	version := func(block, number uint64) *kvrwset.KVRWSet {
		return &kvrwset.KVRWSet{Reads: []*kvrwset.KVRead{{Key: key, Version: &kvrwset.Version{BlockNum: block, TxNum: number}}}}
	}
	write := &kvrwset.KVWrite{Key: key, Value: []byte("value")}
	guard := guarding(t, key, allFour)
	for _, row := range []struct {
		name string
		sets *kvrwset.KVRWSet
		want bool
	}{
		{"the version as it is", version(at.BlockNum, 1), true},
		{"another transaction of the version's block", version(at.BlockNum, 0), false},
		{"another block of the version", version(at.BlockNum-1, 1), false},
		{"nothing read where there is a value", &kvrwset.KVRWSet{Reads: []*kvrwset.KVRead{{Key: key}}}, false},
		{"a key written once", &kvrwset.KVRWSet{Writes: []*kvrwset.KVWrite{write}}, true},
		{"a key written twice", &kvrwset.KVRWSet{Writes: []*kvrwset.KVWrite{write, write}}, false},
		{"a key guarded once", &kvrwset.KVRWSet{MetadataWrites: []*kvrwset.KVMetadataWrite{guard}}, true},
		{"a key guarded twice", &kvrwset.KVRWSet{MetadataWrites: []*kvrwset.KVMetadataWrite{guard, guard}}, false},
	} {
		x := c.Apply("miller")
		x.SetSets(row.sets)
		judged, err := checker.Ways(alone(checker, x.Envelope()))
		require.NoError(t, err, row.name)
		require.Equal(t, row.want, judged, row.name)
	}

	x := c.Apply("miller", c.TakeIn("a", "100"))
	x.Alter = func(p chaintest.Part, encoded []byte) []byte {
		if p != "ChaincodeAction" {
			return encoded
		}
		var action peer.ChaincodeAction
		require.NoError(t, proto.Unmarshal(encoded, &action))
		action.ChaincodeId.Name = "other"
		return protoutil.MarshalOrPanic(&action)
	}
	judged, err := checker.Ways(alone(checker, x.Envelope()))
	require.NoError(t, err)
	require.False(t, judged, "the action of another chaincode than the header's")

	x.Alter = nil
	judged, err = checker.Ways(alone(checker, x.Envelope()))
	require.NoError(t, err)
	require.True(t, judged)
	checker.Distrust(x.Creator.Serialized)
	judged, err = checker.Ways(alone(checker, x.Envelope()))
	require.NoError(t, err)
	require.False(t, judged, "a creator whose certificate is not valid")
}

// guarding makes a key's metadata that want these members' peers.
func guarding(t testing.TB, key, policy string) *kvrwset.KVMetadataWrite {
	envelope, err := policydsl.FromString(policy)
	require.NoError(t, err)
	return &kvrwset.KVMetadataWrite{Key: key, Entries: []*kvrwset.KVMetadataEntry{{Name: "VALIDATION_PARAMETER", Value: protoutil.MarshalOrPanic(envelope)}}}
}

// random makes a transaction that reads, writes, deletes and guards a few keys,
// most of it as it should be.
type random struct {
	*rand.Rand
	t       testing.TB
	chain   *chaintest.Chain
	checker *chain.Checker
}

func (r *random) transaction() *chaintest.Transaction {
	x := r.chain.Apply(chaintest.Trading[r.IntN(4)])
	set := &kvrwset.KVRWSet{}
	for i := range 12 {
		key := fmt.Sprintf("key-%02d", i)
		if r.IntN(9) == 0 {
			version, err := r.checker.Version(chaintest.Chaincode, key)
			require.NoError(r.t, err)
			if r.IntN(20) == 0 {
				version = &kvrwset.Version{BlockNum: 1, TxNum: uint64(r.IntN(2))}
			}
			set.Reads = append(set.Reads, &kvrwset.KVRead{Key: key, Version: version})
		}
		if r.IntN(8) == 0 {
			w := &kvrwset.KVWrite{Key: key, Value: []byte("value"), IsDelete: r.IntN(4) == 0}
			if r.IntN(8) == 0 {
				w.Value = nil
			}
			set.Writes = append(set.Writes, w)
		}
		if r.IntN(16) == 0 {
			set.MetadataWrites = append(set.MetadataWrites, r.guard(key))
		}
	}
	x.SetSets(set)
	x.Set.NsRwset = append(x.Set.NsRwset, &rwset.NsReadWriteSet{Namespace: "other", Rwset: protoutil.MarshalOrPanic(r.other(len(set.MetadataWrites) > 0))})
	members := slices.Clone(chaintest.Trading)
	r.Shuffle(len(members), func(i, j int) { members[i], members[j] = members[j], members[i] })
	if n := r.IntN(40); n < 4 {
		members = members[:n]
	}
	if r.IntN(30) == 0 {
		members = append(members, members...)
	}
	x.Endorsers = r.chain.Peers(members...)
	return x
}

func (r *random) guard(key string) *kvrwset.KVMetadataWrite {
	switch r.IntN(5) {
	case 0:
		return &kvrwset.KVMetadataWrite{Key: key}
	case 1:
		return &kvrwset.KVMetadataWrite{Key: key, Entries: []*kvrwset.KVMetadataEntry{{Name: "note", Value: []byte("no policy")}}}
	case 2:
		return guarding(r.t, key, "OR('growers.peer','miller.peer')")
	case 3:
		return guarding(r.t, key, allFour)
	}
	return guarding(r.t, key, "AND('brand.peer','growers.peer')")
}

// other is what a transaction has of another namespace: reads as a rule, but
// sometimes ranges or writes, which are not plain. Writes to a chaincode that
// nobody defined come without guards: Fabric's validation of a later transaction
// that writes the guarded key would wait for ever.
func (r *random) other(guards bool) *kvrwset.KVRWSet {
	set := &kvrwset.KVRWSet{Reads: []*kvrwset.KVRead{{Key: "key"}}}
	switch kind := r.IntN(30); {
	case kind == 0 && !guards:
		set.Writes = []*kvrwset.KVWrite{{Key: "key", Value: []byte("value")}}
	case kind == 1:
		set.RangeQueriesInfo = []*kvrwset.RangeQueryInfo{{StartKey: "a", EndKey: "b", ItrExhausted: true,
			ReadsInfo: &kvrwset.RangeQueryInfo_RawReads{RawReads: &kvrwset.QueryReads{}}}}
	}
	return set
}

// Random blocks over few keys, so that transactions get into each other's way:
// check holds our own judgement against Fabric's, block by block.
func TestRandomBlocks(t *testing.T) {
	t.Run("in memory", randomBlocks)
	t.Run("on disk", func(t *testing.T) {
		defer chain.SetCached(10)()
		randomBlocks(t)
	})
}

func randomBlocks(t *testing.T) {
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	c := chaintest.New(t)
	r := &random{rand.New(rand.NewPCG(seed, 0)), t, c, checked(t, c)}
	before, valid, total := r.checker.Judged(), 0, 0
	for range 250 {
		var envelopes [][]byte
		for range 1 + r.IntN(3) {
			envelopes = append(envelopes, r.transaction().Envelope())
		}
		if r.IntN(20) == 0 {
			envelopes = append(envelopes, envelopes[0])
		}
		raw := c.Next(make([]byte, len(envelopes)), envelopes)
		v := check(t, r.checker, raw)
		if v.Stop { // Fabric's code stops at some of it
			require.Equal(t, chain.Unreadable, v.Findings[0].Problem, "%v", v.Findings)
			continue
		}
		c.Blocks = append(c.Blocks, raw)
		valid, total = valid+bytes.Count(v.Codes, []byte{0}), total+len(v.Codes)
	}
	judged := int(r.checker.Judged() - before)
	t.Logf("%d of %d transactions valid, %d of them judged by our own code", valid, total, judged)
	require.Greater(t, judged, total/10, "else this compared next to nothing")
	require.Less(t, judged, valid)
}
