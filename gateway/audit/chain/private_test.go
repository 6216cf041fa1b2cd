package chain_test

import (
	"crypto/sha256"
	"testing"

	"github.com/hyperledger/fabric-protos-go-apiv2/ledger/rwset"
	"github.com/hyperledger/fabric-protos-go-apiv2/ledger/rwset/kvrwset"
	"github.com/hyperledger/fabric/protoutil"
	"github.com/stretchr/testify/require"

	"github.com/weighbridge/weighbridge/gateway/audit/chain"
	"github.com/weighbridge/weighbridge/gateway/audit/chaintest"
)

// keep is a transaction of the miller's that writes the hash of a private value
// to a collection, and nothing else.
func keep(c *chaintest.Chain, collection, key string, read *kvrwset.Version, endorsers ...string) *chaintest.Transaction {
	name, value := sha256.Sum256([]byte(key)), sha256.Sum256([]byte("private"))
	x := c.Apply("miller")
	x.Endorsers = c.Peers(endorsers...)
	hashed := protoutil.MarshalOrPanic(&kvrwset.HashedRWSet{
		HashedReads:  []*kvrwset.KVReadHash{{KeyHash: name[:], Version: read}},
		HashedWrites: []*kvrwset.KVWriteHash{{KeyHash: name[:], ValueHash: value[:]}},
	})
	x.Set.NsRwset[0].CollectionHashedRwset = []*rwset.CollectionHashedReadWriteSet{{CollectionName: collection, HashedRwset: hashed, PvtRwsetHash: value[:]}}
	return x
}

// What private data's hashes need is what their collection's policy says: a
// member's own collection is for that member to write.
func TestPrivateData(t *testing.T) {
	const own = "_implicit_org_miller"
	c := chaintest.New(t)
	checker := checked(t, c)
	c.Add(keep(c, own, "a", nil, "miller"))
	requireSound(t, check(t, checker, c.Blocks[16]))
	c.Add(keep(c, own, "a", &kvrwset.Version{BlockNum: 16}, "miller"))
	requireSound(t, check(t, checker, c.Blocks[17]))

	transactions := []*chaintest.Transaction{
		keep(c, own, "b", nil, "growers", "manufacturer", "brand"),
		keep(c, own, "a", &kvrwset.Version{BlockNum: 16}, "miller"),
		keep(c, "undefined", "a", nil, chaintest.Trading...),
		keep(c, "_implicit_org_stranger", "a", nil, chaintest.Trading...),
	}
	var envelopes [][]byte
	for _, x := range transactions {
		envelopes = append(envelopes, x.Envelope())
	}
	v := check(t, checker, c.Next(make([]byte, len(envelopes)), envelopes))
	var codes []string
	for _, code := range v.Codes {
		codes = append(codes, chain.CodeName(code))
	}
	require.Equal(t, []string{"ENDORSEMENT_POLICY_FAILURE", "MVCC_READ_CONFLICT", "ENDORSEMENT_POLICY_FAILURE", "ENDORSEMENT_POLICY_FAILURE"}, codes)
	require.Len(t, v.Findings, len(codes))
}
