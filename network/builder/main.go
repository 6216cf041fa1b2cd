// Builder is the external builder of every peer: the program a peer calls to turn a chaincode package into a running
// chaincode, in the place of Docker.
//
// The package carries no program, only the SHA-256 of one. build takes the organisation's own copy of the program, whose path
// the peer passes on in WEIGHBRIDGE_CHAINCODE, and refuses it if its hash isn't the one in the package; so what an
// organisation approves is the exact program its peer runs. run hashes what build kept once more before it starts it.
//
// Fabric calls bin/detect, bin/build, bin/release and bin/run, which are all this program under different names.
package main

import (
	"fmt"
	"os"
	"path/filepath"
)

func main() {
	step := filepath.Base(os.Args[0])
	if err := perform(step, os.Args[1:]); err != nil {
		fmt.Fprintf(os.Stderr, "builder: %s: %v\n", step, err)
		os.Exit(1)
	}
}

func perform(step string, folders []string) error {
	switch {
	case step == "detect" && len(folders) == 2:
		return detect(folders[1])
	case step == "build" && len(folders) == 3:
		return build(folders[0], folders[2], os.Getenv(ChaincodeVariable))
	case step == "release" && len(folders) == 2:
		return nil // there's no state database but LevelDB, so there are no indexes to release
	case step == "run" && len(folders) == 2:
		return run(folders[0], folders[1])
	default:
		return fmt.Errorf("can't do %q with %d folders; a peer calls detect, build, release or run", step, len(folders))
	}
}
