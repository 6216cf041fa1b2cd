package main

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"io"
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

// identity writes a certificate and its key, good enough to dial with.
func identity(t *testing.T, dir string) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	template := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "gateway"}, NotAfter: time.Now().Add(time.Hour)}
	certificate, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	require.NoError(t, err)
	private, err := x509.MarshalPKCS8PrivateKey(key)
	require.NoError(t, err)
	for name, block := range map[string]*pem.Block{
		"ca.pem": {Type: "CERTIFICATE", Bytes: certificate}, "cert.pem": {Type: "CERTIFICATE", Bytes: certificate},
		"key.pem": {Type: "PRIVATE KEY", Bytes: private},
	} {
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), pem.EncodeToMemory(block), 0o600))
	}
}

// freePort is one that nobody listens on.
func freePort(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer l.Close()
	return l.Addr().String()
}

// A gateway serves before its peer is there, says so, and ends when it is told to.
func TestServesWithoutItsPeerAndStops(t *testing.T) {
	listen, peer := freePort(t), freePort(t)
	path := example(t, "127.0.0.1:8101", listen, "127.0.0.1:7111", peer)
	identity(t, filepath.Dir(path))
	config, err := readFile(path)
	require.NoError(t, err)
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	var log bytes.Buffer
	ended := make(chan error, 1)
	go func() { ended <- serve(ctx, config, slog.New(slog.NewTextHandler(&log, nil))) }()

	status := func(path string) int {
		response, err := http.Get("http://" + listen + path)
		if err != nil {
			return 0
		}
		defer response.Body.Close()
		_, _ = io.Copy(io.Discard, response.Body)
		return response.StatusCode
	}
	require.Eventually(t, func() bool { return status("/healthz") == http.StatusOK }, 10*time.Second, 10*time.Millisecond)
	require.Equal(t, http.StatusServiceUnavailable, status("/readyz"))
	require.Equal(t, http.StatusUnauthorized, status("/"))
	require.Equal(t, http.StatusOK, status("/sign-in"))
	require.Equal(t, http.StatusUnauthorized, status("/api/v1/sites"))
	stop()
	select {
	case err := <-ended:
		require.NoError(t, err)
	case <-time.After(20 * time.Second):
		t.Fatal("the gateway does not stop")
	}
	require.Contains(t, log.String(), "stopped")
	require.Zero(t, status("/healthz"))
	require.FileExists(t, filepath.Join(config.Data, "readmodel.db"))
}

func TestAnAddressInUseIsAnError(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer l.Close()
	config, err := readFile(example(t, "127.0.0.1:8101", l.Addr().String()))
	require.NoError(t, err)
	require.ErrorContains(t, serve(t.Context(), config, slog.New(slog.DiscardHandler)), "couldn't listen on "+l.Addr().String())
}

func TestTheCommandLine(t *testing.T) {
	_, err := run(t, "serve")
	require.ErrorContains(t, err, "organisation: is missing")
	_, err = run(t, "serve", "--config", "/nonexistent")
	require.ErrorContains(t, err, "/nonexistent")
	_, err = run(t, "--version")
	require.NoError(t, err)
	require.NotEmpty(t, version())
}
