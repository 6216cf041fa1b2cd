package keys_test

import (
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"encoding/pem"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
	"github.com/youmark/pkcs8"

	"github.com/weighbridge/weighbridge/gateway/keys"
)

func TestAKeyOfTheLogIsReadEncryptedOrNot(t *testing.T) {
	_, private, err := ed25519.GenerateKey(rand.Reader)
	require.NoError(t, err)
	other, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	write := func(key any, passphrase string) string {
		der, err := pkcs8.MarshalPrivateKey(key, []byte(passphrase), nil)
		require.NoError(t, err)
		kind := map[bool]string{true: "ENCRYPTED PRIVATE KEY", false: "PRIVATE KEY"}[passphrase != ""]
		path := filepath.Join(t.TempDir(), "log.pem")
		require.NoError(t, os.WriteFile(path, pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}), 0o600))
		return path
	}
	for _, passphrase := range []string{"", "a few words"} {
		read, err := keys.LogKey(write(private, passphrase), passphrase)
		require.NoError(t, err)
		require.True(t, private.Equal(read))
	}
	_, err = keys.LogKey(write(private, "a few words"), "others")
	require.ErrorContains(t, err, "the passphrase is wrong")
	_, err = keys.LogKey(write(private, "a few words"), "")
	require.ErrorContains(t, err, "there is no passphrase")
	_, err = keys.LogKey(write(other, ""), "")
	require.ErrorContains(t, err, "expected Ed25519")
	_, err = keys.LogKey("/nowhere", "")
	require.ErrorContains(t, err, "couldn't read the key of the log")
}

// The way that the documents show makes a key that is read.
func TestAKeyOfTheLogMadeByOpenSSL(t *testing.T) {
	if _, err := exec.LookPath("openssl"); err != nil {
		t.Skip("openssl is not installed")
	}
	path := filepath.Join(t.TempDir(), "log.pem")
	output, err := exec.Command("openssl", "genpkey", "-algorithm", "ed25519", "-aes-256-cbc", "-pass", "pass:a few words", "-out", path).CombinedOutput()
	require.NoError(t, err, "%s", output)
	_, err = keys.LogKey(path, "a few words")
	require.NoError(t, err)
}
