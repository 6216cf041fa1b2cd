package main

import (
	"fmt"
	"strconv"

	"github.com/hyperledger/fabric-chaincode-go/v2/shim"
	"github.com/hyperledger/fabric-contract-api-go/v2/contractapi"
)

// most bounds PutMany.
const most = 1000

// contract is the baselines' one contract.
type contract struct{ contractapi.Contract }

func newContract() *contract {
	c := new(contract)
	c.Name = "baseline"
	c.Info.Title = "Baselines to measure Weighbridge against"
	return c
}

// GetEvaluateTransactions names the functions that only read.
func (*contract) GetEvaluateTransactions() []string { return []string{"Balance", "Total"} }

// Put writes one key.
func (*contract) Put(ctx contractapi.TransactionContextInterface, key, value string) error {
	if err := ctx.GetStub().PutState("put:"+key, []byte(value)); err != nil {
		return fmt.Errorf("couldn't write %s: %w", key, err)
	}
	return nil
}

// PutMany writes count keys with the same value.
func (*contract) PutMany(ctx contractapi.TransactionContextInterface, key string, count int, value string) error {
	if count < 1 || count > most {
		return fmt.Errorf("%d keys: between 1 and %d are written at a time", count, most)
	}
	stub := ctx.GetStub()
	stub.StartWriteBatch()
	for i := range count {
		if err := stub.PutState("put:"+key+":"+strconv.Itoa(i), []byte(value)); err != nil {
			return fmt.Errorf("couldn't write %s: %w", key, err)
		}
	}
	if err := stub.FinishWriteBatch(); err != nil {
		return fmt.Errorf("couldn't write %s: %w", key, err)
	}
	return nil
}

// Move books grams into an account, or out of it where they are negative, by
// its one balance key.
func (*contract) Move(ctx contractapi.TransactionContextInterface, account string, grams int64) error {
	stub := ctx.GetStub()
	balance, err := balanceOf(stub, account)
	if err != nil {
		return err
	}
	if balance+grams < 0 {
		return fmt.Errorf("insufficient: have %d g, need %d g", balance, -grams)
	}
	if err := stub.PutState("balance:"+account, []byte(strconv.FormatInt(balance+grams, 10))); err != nil {
		return fmt.Errorf("couldn't write the balance of %s: %w", account, err)
	}
	return nil
}

// Balance is what Move left in an account.
func (*contract) Balance(ctx contractapi.TransactionContextInterface, account string) (int64, error) {
	return balanceOf(ctx.GetStub(), account)
}

func balanceOf(stub shim.ChaincodeStubInterface, account string) (int64, error) {
	value, err := stub.GetState("balance:" + account)
	if err != nil {
		return 0, fmt.Errorf("couldn't read the balance of %s: %w", account, err)
	}
	if value == nil {
		return 0, nil
	}
	return parse(value)
}

// Book adds a row to an account. Where grams are negative it adds up all rows
// first.
func (*contract) Book(ctx contractapi.TransactionContextInterface, account string, grams int64) error {
	stub := ctx.GetStub()
	if grams < 0 {
		total, err := totalOf(stub, account)
		if err != nil {
			return err
		}
		if total+grams < 0 {
			return fmt.Errorf("insufficient: have %d g, need %d g", total, -grams)
		}
	}
	if err := stub.PutState("row:"+account+":"+stub.GetTxID(), []byte(strconv.FormatInt(grams, 10))); err != nil {
		return fmt.Errorf("couldn't write a row of %s: %w", account, err)
	}
	return nil
}

// Total is what the rows of an account add up to.
func (*contract) Total(ctx contractapi.TransactionContextInterface, account string) (int64, error) {
	return totalOf(ctx.GetStub(), account)
}

func totalOf(stub shim.ChaincodeStubInterface, account string) (total int64, err error) {
	rows, err := stub.GetStateByRange("row:"+account+":", "row:"+account+";")
	if err != nil {
		return 0, fmt.Errorf("couldn't read the rows of %s: %w", account, err)
	}
	defer rows.Close()
	for rows.HasNext() {
		row, err := rows.Next()
		if err != nil {
			return 0, fmt.Errorf("couldn't read the rows of %s: %w", account, err)
		}
		grams, err := parse(row.GetValue())
		if err != nil {
			return 0, err
		}
		total += grams
	}
	return total, nil
}

func parse(value []byte) (int64, error) {
	grams, err := strconv.ParseInt(string(value), 10, 64)
	if err != nil {
		return 0, fmt.Errorf("couldn't read an amount: %w", err)
	}
	return grams, nil
}
