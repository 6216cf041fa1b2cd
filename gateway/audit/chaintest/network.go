package chaintest

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"crypto/ecdsa"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	_ "embed" // the recording
	"encoding/pem"
	"io"
	"os"
	"path"
	"path/filepath"
	"testing"

	"github.com/hyperledger/fabric-lib-go/bccsp/utils"
	"github.com/hyperledger/fabric-protos-go-apiv2/common"
	"github.com/hyperledger/fabric-protos-go-apiv2/msp"
	"github.com/hyperledger/fabric/protoutil"
	"github.com/stretchr/testify/require"

	"github.com/weighbridge/weighbridge/gateway/audit/blockfile"
)

//go:embed network.tgz
var recording []byte

// Channel is the recorded channel's name, and Chaincode the chaincode's.
const (
	Channel   = "weighbridge"
	Chaincode = "massbalance"
)

// Trading are the members with an orderer, in the order of the orderers'
// numbers, which begin at 1.
var Trading = []string{"growers", "miller", "manufacturer", "brand"}

// Signer is an identity with its private key.
type Signer struct {
	// Serialized is the identity as it stands in headers and endorsements.
	Serialized []byte
	key        *ecdsa.PrivateKey
}

// Sign signs as Fabric wants it: SHA-256, low S.
func (s *Signer) Sign(data ...[]byte) []byte {
	digest := sha256.Sum256(bytes.Join(data, nil))
	signature, err := ecdsa.SignASN1(rand.Reader, s.key, digest[:])
	if err == nil {
		signature, err = utils.SignatureToLowS(&s.key.PublicKey, signature)
	}
	if err != nil {
		panic(err) // a key that was read cannot fail to sign
	}
	return signature
}

// network is the recording.
type network struct {
	blocks  []*common.Block
	signers map[string]*Signer
}

// load reads the recording.
func load(t testing.TB) *network {
	t.Helper()
	files := map[string][]byte{}
	compressed, err := gzip.NewReader(bytes.NewReader(recording))
	require.NoError(t, err)
	for archive := tar.NewReader(compressed); ; {
		header, err := archive.Next()
		if err == io.EOF {
			break
		}
		require.NoError(t, err)
		files[header.Name], err = io.ReadAll(archive)
		require.NoError(t, err)
	}
	n := &network{signers: map[string]*Signer{}}
	for name, content := range files {
		if path.Base(name) == "key.pem" {
			holder := path.Dir(name)
			n.signers[holder] = newSigner(t, path.Dir(holder), files[holder+"/cert.pem"], content)
		}
	}
	n.blocks = readBlocks(t, files["blockfile_000000"])
	return n
}

func readBlocks(t testing.TB, file []byte) []*common.Block {
	t.Helper()
	dir := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(dir, "blockfile_000000"), file, 0o600))
	reader, err := blockfile.Open(dir)
	require.NoError(t, err)
	defer reader.Close()
	var blocks []*common.Block
	for {
		b, err := reader.Next()
		if err == io.EOF {
			return blocks
		}
		require.NoError(t, err)
		blocks = append(blocks, b)
	}
}

func newSigner(t testing.TB, member string, certificate, key []byte) *Signer {
	t.Helper()
	block, _ := pem.Decode(key)
	require.NotNil(t, block)
	parsed, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	require.NoError(t, err)
	identity := protoutil.MarshalOrPanic(&msp.SerializedIdentity{Mspid: member, IdBytes: certificate})
	return &Signer{Serialized: identity, key: parsed.(*ecdsa.PrivateKey)}
}
