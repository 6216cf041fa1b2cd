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
func (*Contract) Apply(ctx contractapi.TransactionContextInterface, batch string) (_ string, err error) {
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
	stored, err := view.Store(outcome.Writes)
	if err != nil {
		return "", fmt.Errorf("internal: %w", err)
	}
	if err := write(stub, stored); err != nil {
		return "", fmt.Errorf("internal: %w", err)
	}
	answer, err := view.Answer(outcome)
	if err != nil {
		return "", fmt.Errorf("internal: %w", err)
	}
	return string(answer), nil
}

// Read answers the canonical bytes of one value of the state, or "" where there
// is none. Kind, a and b are the parts of its key.
func (*Contract) Read(ctx contractapi.TransactionContextInterface, kind, a, b string) (string, error) {
	key := massbalance.Key{Kind: massbalance.Kind(kind), A: a, B: b}
	if _, err := wire.ParseKey(wire.FormatKey(key)); err != nil {
		return "", fmt.Errorf("invalid_key: %w", err)
	}
	view, err := newView(ctx.GetStub())
	if err != nil {
		return "", fmt.Errorf("internal: %w", err)
	}
	form, err := view.Form(key)
	if err != nil {
		return "", fmt.Errorf("internal: couldn't read %s: %w", wire.FormatKey(key), err)
	}
	return string(form), nil
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

// write sends all writes to the peer in one message, where the peer can take it.
func write(s stub, writes []wire.Stored) error {
	s.StartWriteBatch()
	if err := writeEach(s, writes); err != nil {
		return err
	}
	if err := s.FinishWriteBatch(); err != nil {
		return fmt.Errorf("couldn't write: %w", err)
	}
	return nil
}

func writeEach(s stub, writes []wire.Stored) error {
	for _, w := range writes {
		if err := s.PutState(w.Key, w.Value); err != nil {
			return fmt.Errorf("couldn't write %s: %w", w.Key, err)
		}
		if w.Guard == nil {
			continue
		}
		policy, err := policyOf(*w.Guard)
		if err != nil {
			return err
		}
		if err := s.SetStateValidationParameter(w.Key, policy); err != nil {
			return fmt.Errorf("couldn't guard %s: %w", w.Key, err)
		}
	}
	return nil
}
