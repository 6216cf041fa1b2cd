package access

import (
	"os"
	"testing"
)

// TestMain makes hashing cheap: tests do a lot of it. What is in use otherwise
// is held first.
func TestMain(m *testing.M) {
	if current != (hashing{time: 3, memory: 64 << 10, threads: 4}) {
		panic("the parameters of argon2id are not those of RFC 9106, section 4, second choice")
	}
	current = hashing{time: 1, memory: 64, threads: 1}
	os.Exit(m.Run())
}
