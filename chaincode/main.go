// Command chaincode is the program that every peer of the consortium runs: the
// rules of package massbalance behind Fabric's chaincode interface. A peer
// starts it itself and passes its address, keys and name in the environment.
package main

import (
	"fmt"
	"os"
	"runtime/debug"

	"github.com/weighbridge/weighbridge/chaincode/contract"
)

// A batch of commands leaves some megabytes of garbage and next to nothing that
// lives, so the runtime's default would collect several times in each. GOGC and
// GOMEMLIMIT have the last word where they are set.
const (
	garbagePercent = 800
	memoryLimit    = 512 << 20
)

func main() {
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(garbagePercent)
	}
	if os.Getenv("GOMEMLIMIT") == "" {
		debug.SetMemoryLimit(memoryLimit)
	}
	chaincode, err := contract.New()
	if err == nil {
		err = chaincode.Start()
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "chaincode:", err)
		os.Exit(1)
	}
}
