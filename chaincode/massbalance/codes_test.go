package massbalance_test

import (
	"flag"
	"fmt"
	"os"
	"testing"

	. "github.com/weighbridge/weighbridge/chaincode/massbalance"
)

// produced collects the codes that tests have seen.
var produced = map[Code]bool{Accepted: true}

// TestMain fails a whole run in which some code was never produced: such a code
// is either dead or untested.
func TestMain(m *testing.M) {
	flag.Parse()
	code := m.Run()
	whole := flag.Lookup("test.run").Value.String() == "" && flag.Lookup("test.fuzz").Value.String() == "" && flag.Lookup("test.list").Value.String() == ""
	for _, c := range Codes {
		if whole && code == 0 && !produced[c] {
			fmt.Printf("FAIL: no test produces %s\n", c)
			code = 1
		}
	}
	os.Exit(code)
}
