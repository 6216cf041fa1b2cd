// Command chaincode is the program that every peer of the consortium runs: the
// rules of package massbalance behind Fabric's chaincode interface. A peer
// starts it itself and passes its address, keys and name in the environment.
package main

import (
	"fmt"
	"os"

	"github.com/weighbridge/weighbridge/chaincode/contract"
)

func main() {
	chaincode, err := contract.New()
	if err == nil {
		err = chaincode.Start()
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "chaincode:", err)
		os.Exit(1)
	}
}
