// Package contract puts the rules on Fabric. It decides nothing: it reads what
// package massbalance asks for, writes what it says, and guards the keys that it
// names. The arguments and answers are the canonical bytes of package wire.
package contract

import (
	"errors"
	"fmt"

	"github.com/hyperledger/fabric-contract-api-go/v2/contractapi"
	"github.com/hyperledger/fabric-protos-go-apiv2/msp"
	"google.golang.org/protobuf/proto"

	"github.com/weighbridge/weighbridge/chaincode/massbalance"
	"github.com/weighbridge/weighbridge/chaincode/wire"
)

// Contract is the chaincode's one contract.
type Contract struct{ contractapi.Contract }

// New makes the chaincode.
func New() (*contractapi.ContractChaincode, error) {
	contract := new(Contract)
	contract.Name = "massbalance"
	contract.Info.Title = "Weighbridge: mass balance chain of custody"
	contract.Info.Version = fmt.Sprint(massbalance.RulesVersion)
	chaincode, err := contractapi.NewChaincode(contract)
	if err != nil {
		return nil, fmt.Errorf("couldn't describe the contract: %w", err)
	}
	chaincode.TransactionSerializer = text{}
	return chaincode, nil
}

// GetEvaluateTransactions names the functions that only read.
func (*Contract) GetEvaluateTransactions() []string { return []string{"Read", "Kept"} }

// Apply executes a batch of commands in order and answers with a result for
// each. A refused command has its code in the result and writes nothing; an
// error fails the whole transaction, which then writes nothing either.
func (*Contract) Apply(ctx contractapi.TransactionContextInterface, batch string) (answer string, err error) {
	// A broken invariant must become a failed endorsement, never a dead chaincode.
	defer func() {
		if broken := recover(); broken != nil {
			err = fmt.Errorf("internal: the rules panicked: %v", broken)
		}
	}()
	commands, err := wire.ParseBatch([]byte(batch))
	if err != nil {
		return "", fmt.Errorf("invalid_batch: %w", err)
	}
	stub := ctx.GetStub()
	organisation, err := submitter(stub)
	if err != nil {
		return "", fmt.Errorf("internal: %w", err)
	}
	view, err := fetch(stub, organisation, commands)
	if err != nil {
		return "", fmt.Errorf("internal: %w", err)
	}
	outcome, err := massbalance.ExecuteBatch(view, massbalance.Tx{ID: stub.GetTxID(), Organisation: organisation}, commands)
	if err != nil {
		return "", fmt.Errorf("internal: %w", err)
	}
	if err := write(stub, outcome.Writes); err != nil {
		return "", fmt.Errorf("internal: %w", err)
	}
	results, err := wire.FormatResults(outcome.Results)
	if err != nil {
		return "", fmt.Errorf("internal: %w", err)
	}
	return string(results), nil
}

// Read answers the canonical bytes of one value of the state, or "" where there
// is none. Kind, a and b are the parts of its key.
func (*Contract) Read(ctx contractapi.TransactionContextInterface, kind, a, b string) (string, error) {
	key := massbalance.Key{Kind: massbalance.Kind(kind), A: a, B: b}
	if _, err := wire.ParseKey(wire.FormatKey(key)); err != nil {
		return "", fmt.Errorf("invalid_key: %w", err)
	}
	value, err := ctx.GetStub().GetState(wire.FormatKey(key))
	if err != nil {
		return "", fmt.Errorf("internal: couldn't read %s: %w", wire.FormatKey(key), err)
	}
	return string(value), nil
}

// stub is the part of Fabric's stub that the contract needs.
type stub interface {
	GetTxID() string
	GetCreator() ([]byte, error)
	GetState(key string) ([]byte, error)
	GetMultipleStates(keys ...string) ([][]byte, error)
	PutState(key string, value []byte) error
	SetStateValidationParameter(key string, policy []byte) error
	StartWriteBatch()
	FinishWriteBatch() error
}

var errNoCreator = errors.New("the transaction names no organisation")

// submitter is the MSP ID of the identity that signed the proposal. Fabric has
// checked the signature.
func submitter(s stub) (massbalance.OrganisationID, error) {
	creator, err := s.GetCreator()
	if err != nil {
		return "", fmt.Errorf("couldn't read the transaction's creator: %w", err)
	}
	var identity msp.SerializedIdentity
	if err := proto.Unmarshal(creator, &identity); err != nil {
		return "", fmt.Errorf("couldn't read the transaction's creator: %w", err)
	}
	if identity.GetMspid() == "" {
		return "", errNoCreator
	}
	return massbalance.OrganisationID(identity.GetMspid()), nil
}

// view is the peer's committed state. Fabric's reads do not see the
// transaction's own writes, which is what the rules expect of a View.
//
// What the commands name is fetched in one round trip to the peer before they are
// executed. What they read besides, such as their site, the rules keep once they
// have it (see massbalance.ExecuteBatch).
type view struct {
	stub    stub
	fetched map[massbalance.Key][]byte
}

// fetch reads what the commands name, in the order in which they name it: peers
// must read in the same order to sign the same bytes.
func fetch(s stub, organisation massbalance.OrganisationID, commands []massbalance.Command) (view, error) {
	v := view{s, make(map[massbalance.Key][]byte, 2*len(commands))}
	names, keys := make([]massbalance.Key, 0, 2*len(commands)), make([]string, 0, 2*len(commands))
	for _, c := range commands {
		for _, name := range massbalance.Names(organisation, c) {
			if _, twice := v.fetched[name]; !twice {
				v.fetched[name] = nil
				names, keys = append(names, name), append(keys, wire.FormatKey(name))
			}
		}
	}
	values, err := s.GetMultipleStates(keys...)
	if err != nil {
		return v, fmt.Errorf("couldn't read what the commands name: %w", err)
	}
	if len(values) != len(keys) {
		return v, fmt.Errorf("couldn't read what the commands name: %d values for %d keys", len(values), len(keys))
	}
	for i, name := range names {
		if len(values[i]) > 0 { // most are new
			v.fetched[name] = values[i]
		}
	}
	return v, nil
}

func (v view) Get(key massbalance.Key) (massbalance.Value, error) {
	data, known := v.fetched[key]
	if !known {
		var err error
		if data, err = v.stub.GetState(wire.FormatKey(key)); err != nil {
			return nil, err
		}
	}
	if len(data) == 0 {
		return nil, nil
	}
	return wire.ParseValue(key.Kind, data)
}

// write sends all writes to the peer in one message, where the peer can take it.
func write(s stub, writes []massbalance.Write) error {
	s.StartWriteBatch()
	if err := writeEach(s, writes); err != nil {
		return err
	}
	if err := s.FinishWriteBatch(); err != nil {
		return fmt.Errorf("couldn't write: %w", err)
	}
	return nil
}

func writeEach(s stub, writes []massbalance.Write) error {
	for _, w := range writes {
		key := wire.FormatKey(w.Key)
		value, err := wire.FormatValue(w.Value)
		if err != nil {
			return err
		}
		if err := s.PutState(key, value); err != nil {
			return fmt.Errorf("couldn't write %s: %w", key, err)
		}
		if w.Guard == nil {
			continue
		}
		policy, err := policyOf(*w.Guard)
		if err != nil {
			return err
		}
		if err := s.SetStateValidationParameter(key, policy); err != nil {
			return fmt.Errorf("couldn't guard %s: %w", key, err)
		}
	}
	return nil
}
