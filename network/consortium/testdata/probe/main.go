// Probe is a chaincode for trying a network out: it keeps what it's given. It's not part of Weighbridge.
package main

import (
	"fmt"
	"os"

	"github.com/hyperledger/fabric-chaincode-go/v2/shim"
	"github.com/hyperledger/fabric-protos-go-apiv2/peer"
)

type probe struct{}

func (probe) Init(shim.ChaincodeStubInterface) *peer.Response { return shim.Success(nil) }

func (probe) Invoke(stub shim.ChaincodeStubInterface) *peer.Response {
	function, arguments := stub.GetFunctionAndParameters()
	switch {
	case function == "org.hyperledger.fabric:GetMetadata":
		return shim.Success([]byte("{}"))
	case function == "put" && len(arguments) == 2:
		if err := stub.PutState(arguments[0], []byte(arguments[1])); err != nil {
			return shim.Error(err.Error())
		}
		return shim.Success(nil)
	case function == "get" && len(arguments) == 1:
		value, err := stub.GetState(arguments[0])
		if err != nil {
			return shim.Error(err.Error())
		}
		return shim.Success(value)
	default:
		return shim.Error(fmt.Sprintf("unknown call %s with %d arguments", function, len(arguments)))
	}
}

func main() {
	if err := shim.Start(probe{}); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
