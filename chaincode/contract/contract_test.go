package contract

import (
	"fmt"
	"strings"
	"testing"

	"github.com/hyperledger/fabric-chaincode-go/v2/shim"
	"github.com/hyperledger/fabric-contract-api-go/v2/contractapi"
	"github.com/hyperledger/fabric-protos-go-apiv2/common"
	"github.com/hyperledger/fabric-protos-go-apiv2/msp"
	"github.com/hyperledger/fabric-protos-go-apiv2/peer"
	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/proto"

	"github.com/weighbridge/weighbridge/chaincode/massbalance"
	"github.com/weighbridge/weighbridge/chaincode/wire"
)

// peerStub is a peer's state with Fabric's real read semantics: reads see what
// was committed, never the transaction's own writes.
type peerStub struct {
	shim.ChaincodeStubInterface
	committed map[string][]byte
	written   map[string][]byte
	policies  map[string][]byte
	transient map[string][]byte
	private   map[string]string // by collection and key
	txID      string
	msp       string
	function  string
	args      []string
}

func (s *peerStub) GetTxID() string                              { return s.txID }
func (s *peerStub) GetFunctionAndParameters() (string, []string) { return s.function, s.args }
func (s *peerStub) GetState(key string) ([]byte, error)          { return s.committed[key], nil }
func (s *peerStub) GetMultipleStates(keys ...string) ([][]byte, error) {
	values := make([][]byte, len(keys))
	for i, key := range keys {
		values[i] = s.committed[key]
	}
	return values, nil
}
func (s *peerStub) PutState(key string, value []byte) error { s.written[key] = value; return nil }
func (s *peerStub) SetStateValidationParameter(key string, policy []byte) error {
	s.policies[key] = policy
	return nil
}
func (s *peerStub) GetTransient() (map[string][]byte, error) { return s.transient, nil }
func (s *peerStub) PutPrivateData(collection, key string, value []byte) error {
	s.private[collection+" "+key] = string(value)
	return nil
}
func (s *peerStub) GetPrivateData(collection, key string) ([]byte, error) {
	return []byte(s.private[collection+" "+key]), nil
}
func (s *peerStub) StartWriteBatch()        {}
func (s *peerStub) FinishWriteBatch() error { return nil }
func (s *peerStub) GetCreator() ([]byte, error) {
	return proto.Marshal(&msp.SerializedIdentity{Mspid: s.msp, IdBytes: []byte("certificate")})
}

// invoke runs a function through the contract API, as a peer would, and commits
// what it wrote unless it failed.
func (s *peerStub) invoke(t *testing.T, chaincode *contractapi.ContractChaincode, function string, args ...string) *peer.Response {
	s.function, s.args = function, args
	s.written = map[string][]byte{}
	response := chaincode.Invoke(s)
	if response.GetStatus() == shim.OK {
		for key, value := range s.written {
			s.committed[key] = value
		}
	}
	return response
}

func newPeer(t *testing.T) (*peerStub, *contractapi.ContractChaincode) {
	chaincode, err := New()
	require.NoError(t, err)
	return &peerStub{committed: map[string][]byte{}, policies: map[string][]byte{}, private: map[string]string{}, msp: "growers", txID: "tx1"}, chaincode
}

func batch(t *testing.T, commands ...massbalance.Command) string {
	for i := range commands {
		require.NoError(t, wire.Seal(&commands[i]))
	}
	data, err := wire.FormatBatch(commands)
	require.NoError(t, err)
	return string(data)
}

var founding = massbalance.FoundConsortium{Members: []massbalance.Member{
	{Organisation: "growers", Name: "Growers", Role: massbalance.Trading},
	{Organisation: "miller", Name: "Miller", Role: massbalance.Trading},
	{Organisation: "brand", Name: "Brand", Role: massbalance.Trading},
}}

func quantity(text string) massbalance.Quantity {
	q, err := massbalance.ParseQuantity(text)
	if err != nil {
		panic(err)
	}
	return q
}

// The same commands through the contract and through the rules give the same
// bytes, transaction by transaction, whether the ledger has pages or not.
func TestTheContractAddsNothing(t *testing.T) {
	for _, rules := range []int{1, massbalance.RulesVersion} {
		t.Run(fmt.Sprintf("founded with version %d of the rules", rules), func(t *testing.T) { contractAddsNothing(t, rules) })
	}
}

func contractAddsNothing(t *testing.T, rules int) {
	founding := founding
	founding.Rules = rules
	stub, chaincode := newPeer(t)
	state := massbalance.Memory{}
	take := func(ticket, kg string) massbalance.TakeIn {
		return massbalance.TakeIn{Site: "silo", Product: "wheat", Quantity: quantity(kg), Evidence: massbalance.EvidenceID(ticket)}
	}
	wheat := massbalance.RegisterProduct{Product: massbalance.Product{ID: "wheat", Name: "Blé tendre"}}
	moving := func(id massbalance.CommandID, body massbalance.Body) massbalance.Command {
		return massbalance.Command{ID: id, Date: "2026-08-03", Period: "Q3", Body: body}
	}
	steps := []struct {
		org      massbalance.OrganisationID
		commands []massbalance.Command
	}{
		{"growers", []massbalance.Command{{ID: "1", Body: founding}, {ID: "2", Body: wheat}}},
		{"brand", []massbalance.Command{{ID: "1", Body: wheat}}},
		{"growers", []massbalance.Command{
			{ID: "3", Body: massbalance.RegisterSite{Site: "silo", Name: "Silo", Country: "FR", Region: "FRF2"}},
			{ID: "4", Body: massbalance.OpenPeriod{Site: "silo", Period: "Q3", From: "2026-07-01", To: "2026-09-30"}},
			moving("5", take("T1", "100.5")),
			moving("6", take("T1", "7")), // refused: T1 is used
		}},
		{"growers", []massbalance.Command{moving("7", massbalance.Withdraw{Site: "silo", Product: "wheat", Quantity: quantity("200"), Purpose: "feed"})}},
		{"miller", []massbalance.Command{moving("1", take("T2", "1"))}}, // refused: not the owner
	}
	for i, step := range steps {
		stub.msp, stub.txID = string(step.org), string(rune('a'+i))
		response := stub.invoke(t, chaincode, "Apply", batch(t, step.commands...))
		require.EqualValues(t, shim.OK, response.GetStatus(), response.GetMessage())

		outcome, err := massbalance.ExecuteBatch(state, massbalance.Tx{ID: stub.txID, Organisation: step.org}, step.commands)
		require.NoError(t, err)
		stored, err := wire.StoreOver(state, outcome.Writes)
		require.NoError(t, err)
		results, err := wire.AnswerOver(state, outcome)
		require.NoError(t, err)
		require.Equal(t, string(results), string(response.GetPayload()))
		state.Apply(outcome.Writes)

		expected := map[string][]byte{}
		for _, w := range stored {
			expected[w.Key] = w.Value
		}
		require.Equal(t, expected, stub.written)
	}
	for key, value := range state { // each stands where it can be found again
		want, err := wire.FormatValue(value)
		require.NoError(t, err)
		read := stub.invoke(t, chaincode, "Read", string(key.Kind), key.A, key.B)
		require.Equal(t, string(want), string(read.GetPayload()), wire.FormatKey(key))
	}
	read := stub.invoke(t, chaincode, "Read", "account", "silo", "wheat")
	require.Equal(t, `{"physicalIn":"100.5","physicalOut":"0","creditIn":"0","creditOut":"0"}`, string(read.GetPayload()))
}

func TestApplyRefusesWhatIsNotCanonical(t *testing.T) {
	stub, chaincode := newPeer(t)
	good := batch(t, massbalance.Command{ID: "1", Body: founding})
	for name, bad := range map[string]string{
		"space":         " " + good,
		"duplicate key": `[{"id":"0","id":"1"` + good[len(`[{"id":"1"`):],
		"another order": `[{"type":"found_consortium","id":"1"` + good[len(`[{"id":"1","type":"found_consortium"`):],
		"unknown field": `[{"id":"1","colour":"red"` + good[len(`[{"id":"1"`):],
		"no body":       `[{"id":"1","type":"found_consortium"}]`,
		"not a list":    `{}`,
		"nothing":       ``,
	} {
		response := stub.invoke(t, chaincode, "Apply", bad)
		require.NotEqualValues(t, shim.OK, response.GetStatus(), name)
		require.Contains(t, response.GetMessage(), "invalid_batch", name)
		require.Empty(t, stub.written, name)
	}
	require.EqualValues(t, shim.OK, stub.invoke(t, chaincode, "Apply", good).GetStatus())
}

func TestCorruptStateFailsTheTransaction(t *testing.T) {
	stub, chaincode := newPeer(t)
	stub.committed["consortium::"] = []byte(`{"members":[ ]}`)
	response := stub.invoke(t, chaincode, "Apply", batch(t, massbalance.Command{ID: "1", Body: founding}))
	require.NotEqualValues(t, shim.OK, response.GetStatus())
	require.Contains(t, response.GetMessage(), "internal")
	require.Empty(t, stub.written)
}

func TestReadRefusesUnknownKinds(t *testing.T) {
	stub, chaincode := newPeer(t)
	require.Contains(t, stub.invoke(t, chaincode, "Read", "secret", "a", "").GetMessage(), "invalid_key")
	require.Empty(t, stub.invoke(t, chaincode, "Read", "lot", "none", "").GetPayload())
}

// rule writes a policy out as text, such as 2(growers, 1(brand, miller)).
func rule(t *testing.T, g massbalance.Guard) string {
	policy, err := policyOf(g)
	require.NoError(t, err)
	var envelope common.SignaturePolicyEnvelope
	require.NoError(t, proto.Unmarshal(policy, &envelope))
	var write func(*common.SignaturePolicy) string
	write = func(p *common.SignaturePolicy) string {
		if p.GetNOutOf() == nil {
			var role msp.MSPRole
			require.NoError(t, proto.Unmarshal(envelope.GetIdentities()[p.GetSignedBy()].GetPrincipal(), &role))
			require.Equal(t, msp.MSPRole_PEER, role.GetRole())
			return role.GetMspIdentifier()
		}
		var parts []string
		for _, r := range p.GetNOutOf().GetRules() {
			parts = append(parts, write(r))
		}
		return fmt.Sprintf("%d(%s)", p.GetNOutOf().GetN(), strings.Join(parts, ", "))
	}
	return write(envelope.GetRule())
}

// A guard becomes: all of these, and what is missing of a majority.
func TestPolicyOfAGuard(t *testing.T) {
	type ids = []massbalance.OrganisationID
	four := ids{"miller", "growers", "brand", "maker"}
	require.Equal(t, "2(growers, 2(brand, maker, miller))", rule(t, massbalance.Guard{All: ids{"growers"}, Trading: four}))
	require.Equal(t, "3(brand, growers, 1(maker, miller))", rule(t, massbalance.Guard{All: ids{"growers", "brand"}, Trading: four}))
	require.Equal(t, "2(outsider, 3(brand, growers, maker, miller))", rule(t, massbalance.Guard{All: ids{"outsider"}, Trading: four}))
	require.Equal(t, "2(brand, growers)", rule(t, massbalance.Guard{All: ids{"growers", "brand"}, Trading: ids{"growers", "brand"}}))
	require.Equal(t, "1(growers)", rule(t, massbalance.Guard{All: ids{"growers"}, Trading: ids{"growers"}}))
}

func TestGuardsBecomePolicies(t *testing.T) {
	stub, chaincode := newPeer(t)
	stub.invoke(t, chaincode, "Apply", batch(t,
		massbalance.Command{ID: "1", Body: founding},
		massbalance.Command{ID: "2", Body: massbalance.RegisterSite{Site: "silo", Name: "Silo", Country: "FR", Region: "FRF2"}},
	))
	require.Len(t, stub.policies, 1)
	require.Contains(t, stub.policies, "head:silo:")
}

// A site's policy is that of the members of its latest entry: one that joined
// counts in the majority from there on.
func TestASiteIsGuardedAnewWhenTheMembersChange(t *testing.T) {
	stub, chaincode := newPeer(t)
	stub.invoke(t, chaincode, "Apply", batch(t,
		massbalance.Command{ID: "1", Body: founding},
		massbalance.Command{ID: "2", Body: massbalance.RegisterSite{Site: "silo", Name: "Silo", Country: "FR", Region: "FRF2"}},
	))
	newcomer := massbalance.Member{Organisation: "newcomer", Name: "Newcomer", Role: massbalance.Trading}
	for i, change := range []massbalance.Body{
		massbalance.AdoptRules{Version: 2}, massbalance.AdoptRules{Version: 3}, massbalance.RegisterOrganisation{Member: newcomer},
	} {
		for _, org := range []string{"growers", "miller"} {
			stub.msp = org
			stub.invoke(t, chaincode, "Apply", batch(t, massbalance.Command{ID: massbalance.CommandID(fmt.Sprint("change-", i)), Body: change}))
		}
	}
	stub.msp = "growers"
	before := string(stub.policies["head:silo:"])
	require.NotContains(t, before, "newcomer")
	open := massbalance.OpenPeriod{Site: "silo", Period: "2026-Q3", From: "2026-07-01", To: "2026-09-30"}
	stub.invoke(t, chaincode, "Apply", batch(t, massbalance.Command{ID: "6", Body: open}))
	require.Contains(t, string(stub.policies["head:silo:"]), "newcomer")
	clear(stub.policies)
	stub.invoke(t, chaincode, "Apply", batch(t, massbalance.Command{ID: "7", Date: "2026-08-03", Period: "2026-Q3",
		Body: massbalance.TakeIn{Site: "silo", Product: "wheat", Quantity: massbalance.Kilograms(1)}}))
	require.Empty(t, stub.policies, "guarded once")
}
