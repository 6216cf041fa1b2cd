// Package keeper is a chaincode for trying a network out: it keeps what it's given. It's not part of Weighbridge.
package keeper

import (
	"fmt"
	"os"

	"github.com/hyperledger/fabric-chaincode-go/v2/shim"
	"github.com/hyperledger/fabric-protos-go-apiv2/peer"
)

// keeper says in its version how it differs from another one.
type keeper struct{ version string }

func (keeper) Init(shim.ChaincodeStubInterface) *peer.Response { return shim.Success(nil) }

func (k keeper) Invoke(stub shim.ChaincodeStubInterface) *peer.Response {
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
		return shim.Error(fmt.Sprintf("version %s knows no call %s with %d arguments", k.version, function, len(arguments)))
	}
}

// Serve answers a peer until it hangs up.
func Serve(version string) {
	if err := shim.Start(keeper{version}); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
