package main

import (
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/weighbridge/weighbridge/gateway/keys"
)

func TestTheKeyIsInOnePlace(t *testing.T) {
	path := example(t)
	for _, row := range []struct{ old, new, want string }{
		{"key.pem}", "key.pem, pkcs11: {library: " + path + "}}", "one of them holds the key"},
		{", key: ", ", keys: ", "field keys not found"},
		{"cert.pem, key: ", "cert.pem, pkcs11: {library: " + path + ", token: t, keyId: aa}} #", "token, keyId and pin are needed"},
	} {
		_, err := readFile(example(t, row.old, row.new))
		require.ErrorContains(t, err, row.want)
	}
	text, err := os.ReadFile(path)
	require.NoError(t, err)
	at := strings.Index(string(text), ", key: ")
	require.NoError(t, os.WriteFile(path, append(text[:at:at], "}\n"...), 0o600))
	_, err = readFile(path)
	require.ErrorContains(t, err, "identity.key: is missing, and so is identity.pkcs11.library")
}

// The static binary says what it lacks.
func TestAGatewayWithoutTokensSaysSo(t *testing.T) {
	path := example(t)
	_, err := keys.Open(keys.Options{Library: path, Certificate: path})
	require.ErrorIs(t, err, keys.ErrNoTokens)
}

// The whole gateway with a token is built with cgo, which takes a while.
func TestAGatewaySignsWithAToken(t *testing.T) {
	if testing.Short() {
		t.Skip("it builds another gateway")
	}
	for _, program := range []string{"gcc", "softhsm2-util"} {
		if _, err := exec.LookPath(program); err != nil {
			if os.Getenv("CI_REQUIRE") != "" {
				t.Fatalf("%s is not installed", program)
			}
			t.Skipf("%s is not installed: apt install gcc libc6-dev softhsm2", program)
		}
	}
	tagged := exec.CommandContext(t.Context(), "go", "test", "-v", "-tags", "pkcs11", "-run", "TestAGatewaySignsWithATokenTagged", ".")
	tagged.Env = append(os.Environ(), "CGO_ENABLED=1")
	out, err := tagged.CombinedOutput()
	require.NoError(t, err, "%s", out)
	require.Contains(t, string(out), "--- PASS: TestAGatewaySignsWithATokenTagged")
}
