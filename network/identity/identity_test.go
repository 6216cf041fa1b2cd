package identity

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/asn1"
	"encoding/pem"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/weighbridge/weighbridge/network/topology"
)

func organisation(t *testing.T, id string) (topology.Organisation, topology.OrganisationLayout) {
	t.Helper()
	consortium, err := topology.Load(filepath.Join("..", "..", "test-network", "consortium.yaml"), 0)
	require.NoError(t, err)
	found, err := consortium.Organisation(id)
	require.NoError(t, err)
	layout := topology.Layout{Root: t.TempDir()}.Organisation(id)
	require.NoError(t, CreateOrganisation(found, layout))
	return found, layout
}

func readCertificate(t *testing.T, path string) *x509.Certificate {
	t.Helper()
	content, err := os.ReadFile(path)
	require.NoError(t, err)
	block, _ := pem.Decode(content)
	require.NotNil(t, block)
	certificate, err := x509.ParseCertificate(block.Bytes)
	require.NoError(t, err)
	return certificate
}

func verify(t *testing.T, certificate, authority *x509.Certificate, host string) {
	t.Helper()
	roots := x509.NewCertPool()
	roots.AddCert(authority)
	_, err := certificate.Verify(x509.VerifyOptions{Roots: roots, DNSName: host, KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageAny}})
	require.NoError(t, err)
}

func TestOrganisationFolder(t *testing.T) {
	_, layout := organisation(t, "growers")
	signing := readCertificate(t, filepath.Join(layout.MSP(), "cacerts", "ca.pem"))
	tls := readCertificate(t, layout.TLSCA())
	for holder, role := range map[string]Role{
		topology.HolderPeer: RolePeer, topology.HolderOrderer: RoleOrderer,
		topology.HolderAdministrator: RoleAdmin, topology.HolderGateway: RoleClient,
	} {
		folder := layout.Holder(holder)
		certificate := readCertificate(t, folder.Certificate())
		require.Equal(t, []string{string(role)}, certificate.Subject.OrganizationalUnit, holder)
		verify(t, certificate, signing, "")
		verify(t, readCertificate(t, folder.TLSCertificate()), tls, "")
		require.FileExists(t, filepath.Join(folder.MSP(), "config.yaml"))
		for _, key := range []string{folder.Key(), folder.TLSKey()} {
			info, err := os.Stat(key)
			require.NoError(t, err)
			require.Equal(t, os.FileMode(0o600), info.Mode().Perm(), key)
		}
	}
	for _, host := range []string{"peer.growers.example", "localhost", "127.0.0.1"} {
		verify(t, readCertificate(t, layout.Holder(topology.HolderPeer).TLSCertificate()), tls, host)
	}
	for _, host := range []string{"gateway.growers.example", "localhost", "127.0.0.1"} {
		verify(t, readCertificate(t, layout.Holder(topology.HolderGateway).TLSCertificate()), tls, host)
	}
	info, err := os.Stat(filepath.Join(layout.Authority(), "ca-key.pem"))
	require.NoError(t, err)
	require.Equal(t, os.FileMode(0o600), info.Mode().Perm())
}

// TestGatewayCertificateIsRenewed: one that names no host, or ends soon, is replaced; a good one stays.
// What other programs than Go's make of the certificates: OpenSSL is under Node.js,
// Python, curl and most web servers.
func TestOpenSSLTakesTheTLSCertificates(t *testing.T) {
	openssl, err := exec.LookPath("openssl")
	if err != nil {
		require.Empty(t, os.Getenv("CI_REQUIRE"), "there is no openssl here, which this test needs")
		t.Skip("there is no openssl here: install it to run this test")
	}
	_, layout := organisation(t, "growers")
	for _, holder := range []string{topology.HolderPeer, topology.HolderOrderer, topology.HolderGateway} {
		for _, purpose := range []string{"sslserver", "sslclient"} {
			output, err := exec.CommandContext(t.Context(), openssl, "verify", "-purpose", purpose,
				"-CAfile", layout.TLSCA(), layout.Holder(holder).TLSCertificate()).CombinedOutput()
			require.NoError(t, err, "%s as %s: %s", holder, purpose, output)
		}
	}
}

func TestGatewayCertificateIsRenewed(t *testing.T) {
	growers, layout := organisation(t, "growers")
	holder := layout.Holder(topology.HolderGateway)
	before := readCertificate(t, holder.TLSCertificate())
	require.NoError(t, RenewGateway(growers, layout))
	require.True(t, before.Equal(readCertificate(t, holder.TLSCertificate())))

	authority, err := readPair(filepath.Join(layout.Authority(), "tlsca.pem"), filepath.Join(layout.Authority(), "tlsca-key.pem"))
	require.NoError(t, err)
	nameless, err := authority.IssueTLS("gateway.growers.example", nil)
	require.NoError(t, err)
	ending := holderTemplate("gateway.growers.example")
	ending.NotAfter, ending.DNSNames, ending.IPAddresses = time.Now().Add(24*time.Hour), before.DNSNames, before.IPAddresses
	soon, err := issue(ending, &authority)
	require.NoError(t, err)
	for _, pair := range []Pair{nameless, soon} {
		require.NoError(t, writePair(pair, holder.TLSCertificate(), holder.TLSKey()))
		require.NoError(t, RenewGateway(growers, layout))
		renewed := readCertificate(t, holder.TLSCertificate())
		verify(t, renewed, readCertificate(t, layout.TLSCA()), "gateway.growers.example")
		require.Greater(t, time.Until(renewed.NotAfter), renewBefore)
		_, err := tls.LoadX509KeyPair(holder.TLSCertificate(), holder.TLSKey())
		require.NoError(t, err, "the key is the certificate's")
	}
}

func TestCertifierHasNoOrderer(t *testing.T) {
	_, layout := organisation(t, "certifier")
	require.NoDirExists(t, layout.Holder(topology.HolderOrderer).Root)
}

// TestExistingFolderIsLeftAlone: an organisation may bring its own.
func TestExistingFolderIsLeftAlone(t *testing.T) {
	organisation, layout := organisation(t, "brand")
	before, err := os.ReadFile(layout.Holder(topology.HolderPeer).Certificate())
	require.NoError(t, err)
	require.NoError(t, CreateOrganisation(organisation, layout))
	after, err := os.ReadFile(layout.Holder(topology.HolderPeer).Certificate())
	require.NoError(t, err)
	require.Equal(t, before, after)
}

// TestHalfWrittenFolderIsReplaced: that's what a killed program leaves.
func TestHalfWrittenFolderIsReplaced(t *testing.T) {
	organisation, layout := organisation(t, "brand")
	require.NoError(t, os.Rename(layout.Root, layout.Root+".partial"))
	require.NoError(t, os.RemoveAll(layout.Holder("").MSP()))
	require.NoError(t, CreateOrganisation(organisation, layout))
	require.NoDirExists(t, layout.Root+".partial")
	require.FileExists(t, layout.TLSCA())
}

// TestEverySignatureIsLowS issues enough that a signer without the correction would pass with probability 2⁻⁶⁴.
func TestEverySignatureIsLowS(t *testing.T) {
	authority, err := NewAuthority("ca", "test")
	require.NoError(t, err)
	requireLowS(t, authority)
	for range 64 {
		holder, err := authority.IssueSigning("holder", RoleClient)
		require.NoError(t, err)
		requireLowS(t, holder)
		require.NoError(t, holder.Certificate.CheckSignatureFrom(authority.Certificate))
	}
}

func requireLowS(t *testing.T, pair Pair) {
	t.Helper()
	var decoded signature
	_, err := asn1.Unmarshal(pair.Certificate.Signature, &decoded)
	require.NoError(t, err)
	require.True(t, isLowS(decoded.S, pair.Key.Curve.Params().N))
}
