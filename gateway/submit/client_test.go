package submit

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/weighbridge/weighbridge/gateway/keys"
	"google.golang.org/protobuf/encoding/protowire"
)

// credentials writes a certificate and its key to files.
func credentialFiles(t *testing.T) (certificate, key string) {
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	template := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "gateway"}, NotAfter: time.Now().Add(time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &private.PublicKey, private)
	require.NoError(t, err)
	encoded, err := x509.MarshalPKCS8PrivateKey(private)
	require.NoError(t, err)
	certificate, key = filepath.Join(t.TempDir(), "cert.pem"), filepath.Join(t.TempDir(), "key.pem")
	require.NoError(t, os.WriteFile(certificate, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), 0o600))
	require.NoError(t, os.WriteFile(key, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: encoded}), 0o600))
	return certificate, key
}

// A gateway may come up before its peer: that is told per command, not at the start.
func TestDialDoesNotNeedThePeer(t *testing.T) {
	certificate, key := credentialFiles(t)
	c, err := Dial(Options{
		Peer: "127.0.0.1:1", ServerName: "peer", TLSCA: certificate, Key: keys.Options{Certificate: certificate, File: key},
		Organisation: "miller", Channel: "weighbridge", Chaincode: "massbalance",
		Timeouts: Timeouts{Batch: 300 * time.Millisecond},
	})
	require.NoError(t, err)
	o := send(t, c.queue, takeIn(t, "mill", "c1", "1"))[0]
	require.Equal(t, NotEndorsed, o.Stage)
	require.NotEmpty(t, o.Detail)

	_, err = c.Evaluate(t.Context(), "Read", "site", "mill", "")
	require.ErrorContains(t, err, "couldn't evaluate Read")
	require.Equal(t, "weighbridge", c.Network().Name())
	require.NoError(t, c.Close(context.Background()))
}

func TestDialNamesWhatCannotBeRead(t *testing.T) {
	certificate, key := credentialFiles(t)
	good := Options{Peer: "127.0.0.1:1", TLSCA: certificate, Key: keys.Options{Certificate: certificate, File: key}}
	tests := map[string]struct {
		spoil func(*Options)
		words string
	}{
		"no authority":         {func(o *Options) { o.TLSCA = "absent" }, "authority of the peer's TLS certificate"},
		"not an authority":     {func(o *Options) { o.TLSCA = key }, "there is none in"},
		"no certificate":       {func(o *Options) { o.Key.Certificate = "absent" }, "couldn't read the certificate"},
		"a key as certificate": {func(o *Options) { o.Key.Certificate = key }, "couldn't read the certificate"},
		"no key":               {func(o *Options) { o.Key.File = "absent" }, "couldn't read the key"},
		"a certificate as key": {func(o *Options) { o.Key.File = certificate }, "couldn't read the key"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			options := good
			test.spoil(&options)
			_, err := Dial(options)
			require.ErrorContains(t, err, test.words)
		})
	}
}

func TestReadsTheChainsHeight(t *testing.T) {
	info := protowire.AppendVarint(protowire.AppendTag(nil, 1, protowire.VarintType), 4711)
	height, err := readHeight(append(info, 0x12, 0x01, 0xff))
	require.NoError(t, err)
	require.EqualValues(t, 4711, height)
	for _, broken := range [][]byte{nil, {0x12, 0}, {0x08}, {0xff}} {
		_, err = readHeight(broken)
		require.ErrorContains(t, err, "couldn't read the chain's height")
	}
}
