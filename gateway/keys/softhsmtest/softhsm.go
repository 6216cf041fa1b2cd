package softhsmtest

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

// Token is a token with a user's PIN.
type Token struct {
	t                   testing.TB
	Library, Label, PIN string
}

// New makes an empty token. SoftHSM finds its tokens by an environment variable,
// which is the process's, so tests with tokens don't run in parallel.
func New(t *testing.T) *Token {
	t.Helper()
	dir := t.TempDir()
	configuration := filepath.Join(dir, "softhsm2.conf")
	require.NoError(t, os.WriteFile(configuration, fmt.Appendf(nil, "directories.tokendir = %s\nobjectstore.backend = file\nlog.level = ERROR\n", dir), 0o600))
	t.Setenv("SOFTHSM2_CONF", configuration)
	libraries, err := filepath.Glob("/usr/lib/*softhsm/libsofthsm2.so")
	require.NoError(t, err)
	if more, err := filepath.Glob("/usr/lib/*/softhsm/libsofthsm2.so"); err == nil {
		libraries = append(libraries, more...)
	}
	require.NotEmpty(t, libraries, "SoftHSM's library is not where Debian has it")
	token := &Token{t: t, Library: libraries[0], Label: "weighbridge", PIN: "271828"}
	token.run("--init-token", "--free", "--label", token.Label, "--so-pin", "314159", "--pin", token.PIN)
	return token
}

// Import puts the key of a file (PEM, PKCS#8) into the token.
func (s *Token) Import(path, id string) {
	s.t.Helper()
	s.run("--import", path, "--token", s.Label, "--label", "key", "--id", id, "--pin", s.PIN)
}

func (s *Token) run(args ...string) {
	s.t.Helper()
	out, err := exec.Command("softhsm2-util", args...).CombinedOutput()
	require.NoError(s.t, err, "%s", out)
}
