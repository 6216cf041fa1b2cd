package keys_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/pem"
	"math/big"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"github.com/youmark/pkcs8"

	"github.com/weighbridge/weighbridge/gateway/keys"
)

// pair writes a key, as it is and encrypted, and its certificate.
func pair(t *testing.T) (dir string, key *ecdsa.PrivateKey) {
	t.Helper()
	dir = t.TempDir()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	template := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "gateway"}, NotAfter: time.Now().Add(time.Hour)}
	certificate, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	require.NoError(t, err)
	plain, err := x509.MarshalPKCS8PrivateKey(key)
	require.NoError(t, err)
	encrypted, err := pkcs8.MarshalPrivateKey(key, []byte("correct horse"), nil)
	require.NoError(t, err)
	for name, block := range map[string]*pem.Block{
		"cert.pem": {Type: "CERTIFICATE", Bytes: certificate}, "key.pem": {Type: "PRIVATE KEY", Bytes: plain},
		"encrypted.pem": {Type: "ENCRYPTED PRIVATE KEY", Bytes: encrypted},
	} {
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), pem.EncodeToMemory(block), 0o600))
	}
	return dir, key
}

// signs checks many signatures, half of which would have a high S by chance.
func signs(t *testing.T, k *keys.Key, public *ecdsa.PublicKey) {
	t.Helper()
	half := new(big.Int).Rsh(public.Params().N, 1)
	for i := range 64 {
		digest := sha256.Sum256([]byte{byte(i)})
		signature, err := k.Sign(digest[:])
		require.NoError(t, err)
		require.True(t, ecdsa.VerifyASN1(public, digest[:], signature))
		var parts struct{ R, S *big.Int }
		_, err = asn1.Unmarshal(signature, &parts)
		require.NoError(t, err)
		require.LessOrEqual(t, parts.S.Cmp(half), 0, "S is the lower one")
	}
}

func TestAKeyOfAFileSigns(t *testing.T) {
	dir, key := pair(t)
	for _, o := range []keys.Options{
		{File: filepath.Join(dir, "key.pem")},
		{File: filepath.Join(dir, "encrypted.pem"), Passphrase: "correct horse"},
	} {
		o.Certificate = filepath.Join(dir, "cert.pem")
		k, err := keys.Open(o)
		require.NoError(t, err)
		signs(t, k, &key.PublicKey)
		require.NoError(t, k.Close())
	}
}

func TestSaysWhyAKeyCannotBeUsed(t *testing.T) {
	dir, _ := pair(t)
	other, _ := pair(t)
	in := func(dir, name string) string { return filepath.Join(dir, name) }
	for problem, o := range map[string]keys.Options{
		"no such file":                                 {File: in(dir, "none.pem")},
		"it is not that of the certificate":            {File: in(other, "key.pem")},
		"there is no passphrase":                       {File: in(dir, "encrypted.pem")},
		"the passphrase is wrong":                      {File: in(dir, "encrypted.pem"), Passphrase: "battery staple"},
		"couldn't read the key " + in(dir, "cert.pem"): {File: in(dir, "cert.pem")},
		"both a file and a token are named":            {File: in(dir, "key.pem"), Library: "/lib.so"},
	} {
		o.Certificate = in(dir, "cert.pem")
		_, err := keys.Open(o)
		require.ErrorContains(t, err, problem)
	}
}

// The part for tokens is tested where it can be built, against SoftHSM.
func TestTokens(t *testing.T) {
	for _, program := range []string{"gcc", "softhsm2-util"} {
		if _, err := exec.LookPath(program); err != nil {
			if os.Getenv("CI_REQUIRE") != "" {
				t.Fatalf("%s is not installed", program)
			}
			t.Skipf("%s is not installed: apt install gcc libc6-dev softhsm2", program)
		}
	}
	tagged := exec.CommandContext(t.Context(), "go", "test", "-v", "-tags", "pkcs11", "-run", "Token.*Tagged", ".")
	tagged.Env = append(os.Environ(), "CGO_ENABLED=1")
	out, err := tagged.CombinedOutput()
	require.NoError(t, err, "%s", out)
	require.Contains(t, string(out), "--- PASS: TestATokensKeySignsTagged")
}
