package chain_test

import (
	"testing"

	"github.com/hyperledger/fabric-protos-go-apiv2/ledger/rwset/kvrwset"
	"github.com/hyperledger/fabric-protos-go-apiv2/peer"
	"github.com/hyperledger/fabric-protos-go-apiv2/peer/lifecycle"
	"github.com/hyperledger/fabric/common/policydsl"
	"github.com/hyperledger/fabric/protoutil"
	"github.com/stretchr/testify/require"

	"github.com/weighbridge/weighbridge/gateway/audit/chaintest"
)

// redefine is a transaction that gives the chaincode another endorsement policy,
// as the lifecycle's system chaincode writes it.
func redefine(t *testing.T, c *chaintest.Chain, policy string, endorsers ...string) *chaintest.Transaction {
	envelope, err := policydsl.FromString(policy)
	require.NoError(t, err)
	parameter := protoutil.MarshalOrPanic(&peer.ApplicationPolicy{Type: &peer.ApplicationPolicy_SignaturePolicy{SignaturePolicy: envelope}})
	info := protoutil.MarshalOrPanic(&lifecycle.ChaincodeValidationInfo{ValidationPlugin: "vscc", ValidationParameter: parameter})
	x := c.Apply("growers")
	x.Endorsers = c.Peers(endorsers...)
	x.SetSets(&kvrwset.KVRWSet{Writes: []*kvrwset.KVWrite{{
		Key:   "namespaces/fields/massbalance/ValidationInfo",
		Value: protoutil.MarshalOrPanic(&lifecycle.StateData{Type: &lifecycle.StateData_Bytes{Bytes: info}}),
	}}})
	x.Set.NsRwset[0].Namespace = "_lifecycle"
	return x
}

const allFour = "AND('growers.peer','miller.peer','manufacturer.peer','brand.peer')"

// The endorsement policy in force is the one that the chain's own definitions
// give: from the block after the one in which a majority changed them.
func TestTheDefinitionInForce(t *testing.T) {
	c := chaintest.New(t)
	checker := checked(t, c)
	requireSound(t, check(t, checker, c.Add(redefine(t, c, allFour, "growers", "miller", "brand"), c.Apply("miller", c.TakeIn("same-block", "1")))))

	three, four := c.Apply("miller", c.TakeIn("three", "1")), c.Apply("miller", c.TakeIn("four", "1"))
	four.Endorsers = c.Peers(chaintest.Trading...)
	v := check(t, checker, c.Next([]byte{0, 0}, [][]byte{three.Envelope(), four.Envelope()}))

	require.Len(t, v.Findings, 1)
	require.Equal(t, three.ID(), v.Findings[0].Transaction)
	require.Equal(t, "ENDORSEMENT_POLICY_FAILURE", v.Findings[0].Expected)
	require.Equal(t, byte(0), v.Codes[1], "four endorsed, and the one before took no effect")
}

// A minority defines nothing.
func TestADefinitionByAMinority(t *testing.T) {
	c := chaintest.New(t)
	checker := checked(t, c)
	raw := c.Next([]byte{0}, [][]byte{redefine(t, c, "OR('growers.peer')", "growers", "miller").Envelope()})
	v := check(t, checker, raw)
	require.Equal(t, "ENDORSEMENT_POLICY_FAILURE", v.Findings[0].Expected)
	lonely := c.Apply("miller", c.TakeIn("a", "1"))
	lonely.Endorsers = c.Peers("growers")
	v = check(t, checker, c.NextAfter(t, raw, lonely))
	require.Equal(t, "ENDORSEMENT_POLICY_FAILURE", v.Findings[0].Expected, "the policy is what it was")
}
