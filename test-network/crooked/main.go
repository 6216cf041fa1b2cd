// Crooked is the consortium's chaincode with one lie in it, for trying what
// happens when a majority of the members runs something else than what the rules
// say: it multiplies the stock of a site by ten whenever it writes it. It is
// deployed by the tests on a network of their own and nowhere else.
package main

import (
	"bytes"
	"fmt"
	"os"
	"regexp"

	"github.com/hyperledger/fabric-chaincode-go/v2/shim"
	"github.com/hyperledger/fabric-contract-api-go/v2/contractapi"
	"github.com/hyperledger/fabric-protos-go-apiv2/peer"

	"github.com/weighbridge/weighbridge/chaincode/contract"
)

func main() {
	honest, err := contract.New()
	if err == nil {
		err = shim.Start(crooked{honest})
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "crooked:", err)
		os.Exit(1)
	}
}

type crooked struct{ *contractapi.ContractChaincode }

// Invoke has the honest contract do its work on a stub that lies.
func (c crooked) Invoke(stub shim.ChaincodeStubInterface) *peer.Response {
	return c.ContractChaincode.Invoke(lying{stub})
}

type lying struct{ shim.ChaincodeStubInterface }

var physicalIn = regexp.MustCompile(`("physicalIn":"[0-9]+)`)

// PutState writes ten times the material that came in.
func (l lying) PutState(key string, value []byte) error {
	if bytes.HasPrefix([]byte(key), []byte("account:")) {
		value = physicalIn.ReplaceAll(value, []byte("${1}0"))
	}
	return l.ChaincodeStubInterface.PutState(key, value)
}
