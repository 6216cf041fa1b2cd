package main

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"log/slog"
	"math/big"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// issue writes a certificate for loopback, its own authority, and its key.
func issue(t *testing.T, folder string, serial int64) *x509.CertPool {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	template := &x509.Certificate{
		SerialNumber: big.NewInt(serial), Subject: pkix.Name{CommonName: "gateway"}, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, IsCA: true, BasicConstraintsValid: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	require.NoError(t, err)
	private, err := x509.MarshalPKCS8PrivateKey(key)
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(filepath.Join(folder, "tls.pem"), pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), 0o600))
	require.NoError(t, os.WriteFile(filepath.Join(folder, "tls-key.pem"), pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: private}), 0o600))
	certificate, err := x509.ParseCertificate(der)
	require.NoError(t, err)
	pool := x509.NewCertPool()
	pool.AddCert(certificate)
	return pool
}

func TestServesHTTPS(t *testing.T) {
	listen := freePort(t)
	path := example(t, "127.0.0.1:8101", listen, "127.0.0.1:7111", freePort(t))
	folder := filepath.Dir(path)
	identity(t, folder)
	pool := issue(t, folder, 1)
	c, err := readFile(path)
	require.NoError(t, err)
	c.TLS = tlsConfig{Certificate: filepath.Join(folder, "tls.pem"), Key: filepath.Join(folder, "tls-key.pem")}
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- serve(ctx, c, slog.New(slog.DiscardHandler)) }()
	defer func() { stop(); require.NoError(t, <-ended) }()

	client := func(config *tls.Config) *http.Client {
		return &http.Client{Transport: &http.Transport{TLSClientConfig: config, DisableKeepAlives: true, ForceAttemptHTTP2: true}}
	}
	var response *http.Response
	require.Eventually(t, func() bool {
		response, err = client(&tls.Config{RootCAs: pool}).Get("https://" + listen + "/sign-in") //nolint:gosec // the least version is what is tested
		return err == nil
	}, 20*time.Second, 10*time.Millisecond)
	require.NoError(t, response.Body.Close())
	require.Equal(t, http.StatusOK, response.StatusCode)
	require.Equal(t, uint16(tls.VersionTLS13), response.TLS.Version)
	require.Equal(t, 2, response.ProtoMajor)
	require.NotEmpty(t, response.Header.Get("Strict-Transport-Security"))
	_, err = client(&tls.Config{RootCAs: pool, MaxVersion: tls.VersionTLS12}).Get("https://" + listen + "/sign-in") //nolint:gosec,bodyclose // it is refused
	require.ErrorContains(t, err, "protocol version")
	plain, err := http.Get("http://" + listen + "/sign-in")
	require.NoError(t, err)
	require.NoError(t, plain.Body.Close())
	require.Equal(t, http.StatusBadRequest, plain.StatusCode, "nothing is said in the clear")
}

// A certificate that was renewed is served without a restart; one that is
// damaged leaves the one before in use.
func TestARenewedCertificateIsServed(t *testing.T) {
	folder := t.TempDir()
	issue(t, folder, 1)
	clock := time.Now()
	var log bytes.Buffer
	kept := &certificate{tlsConfig: tlsConfig{filepath.Join(folder, "tls.pem"), filepath.Join(folder, "tls-key.pem")}, log: slog.New(slog.NewTextHandler(&log, nil)), now: func() time.Time { return clock }}
	serial := func() int64 {
		served, err := kept.get(nil)
		require.NoError(t, err)
		return served.Leaf.SerialNumber.Int64()
	}
	later := func() {
		clock = clock.Add(lookEvery)
		for _, name := range []string{"tls.pem", "tls-key.pem"} {
			require.NoError(t, os.Chtimes(filepath.Join(folder, name), clock, clock))
		}
	}
	require.NoError(t, kept.load())
	require.EqualValues(t, 1, serial())
	issue(t, folder, 2)
	later()
	require.EqualValues(t, 2, serial())
	require.NoError(t, os.WriteFile(filepath.Join(folder, "tls.pem"), []byte("damaged"), 0o600))
	later()
	require.EqualValues(t, 2, serial())
	require.Contains(t, log.String(), "the one before is still served")
}
