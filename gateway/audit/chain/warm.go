package chain

import (
	"crypto/sha256"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"hash"
	"sync"

	"github.com/hyperledger/fabric-lib-go/bccsp"
	"github.com/hyperledger/fabric-protos-go-apiv2/common"
	"github.com/hyperledger/fabric-protos-go-apiv2/msp"
	"github.com/hyperledger/fabric-protos-go-apiv2/peer"
	"github.com/hyperledger/fabric/protoutil"
	"google.golang.org/protobuf/proto"
)

// Warm reads a block and verifies the signatures in it ahead of Check, which then
// finds that done. It decides nothing: a signature that is not good, or that it
// cannot make sense of, is left for Check to find. Any number of blocks may be
// warmed at once; orderers are the consenters by which Check will most likely
// measure. The block's transactions must not be changed until it was checked.
func (c *Checker) Warm(raw *common.Block, orderers []*common.Consenter) {
	// Bytes that Fabric's code cannot take are a finding of Check's.
	defer func() { _ = recover() }()
	c.warmOrderers(raw, orderers)
	data := raw.GetData().GetData()
	c.ahead.put(c.prepare(data, hashed(data), 1))
}

// Orderers are the consenters of the configuration in force. It may be asked at
// any time.
func (c *Checker) Orderers() []*common.Consenter {
	if orderers := c.orderers.Load(); orderers != nil {
		return *orderers
	}
	return nil
}

func (c *Checker) warmOrderers(raw *common.Block, orderers []*common.Consenter) {
	var metadata common.Metadata
	if err := proto.Unmarshal(metadataOfBlock(raw, common.BlockMetadataIndex_SIGNATURES), &metadata); err != nil {
		return
	}
	for _, s := range metadata.GetSignatures() {
		if consenter, data, err := signedBy(raw.GetHeader(), metadata.GetValue(), s, orderers); err == nil {
			digest := sha256.Sum256(data)
			c.warmSignature(serialized(consenter), digest[:], s.GetSignature())
		}
	}
}

func (c *Checker) warmTransaction(data []byte) {
	envelope, err := protoutil.UnmarshalEnvelope(data)
	if err != nil {
		return
	}
	payload, err := protoutil.UnmarshalPayload(envelope.GetPayload())
	if err != nil {
		return
	}
	header, err := protoutil.UnmarshalSignatureHeader(payload.GetHeader().GetSignatureHeader())
	if err != nil {
		return
	}
	digest := sha256.Sum256(envelope.GetPayload())
	c.warmSignature(header.GetCreator(), digest[:], envelope.GetSignature())
	action, err := actionIn(payload)
	if err != nil {
		return
	}
	c.warmEndorsements(action.GetAction())
}

// warmEndorsements hashes the answer that all of them endorse once; each signed it
// with its own identity behind it.
func (c *Checker) warmEndorsements(endorsed *peer.ChaincodeEndorsedAction) {
	answer := sha256.New()
	answer.Write(endorsed.GetProposalResponsePayload())
	for _, e := range endorsed.GetEndorsements() {
		content, err := answer.(hash.Cloner).Clone()
		if err != nil {
			return
		}
		content.Write(e.GetEndorser())
		c.warmSignature(e.GetEndorser(), content.Sum(nil), e.GetSignature())
	}
}

// actionOf reads the one action of a transaction.
func actionOf(data []byte) (*peer.ChaincodeActionPayload, error) {
	envelope, err := protoutil.UnmarshalEnvelope(data)
	if err != nil {
		return nil, err
	}
	payload, err := protoutil.UnmarshalPayload(envelope.GetPayload())
	if err != nil {
		return nil, err
	}
	return actionIn(payload)
}

func actionIn(payload *common.Payload) (*peer.ChaincodeActionPayload, error) {
	transaction, err := protoutil.UnmarshalTransaction(payload.GetData())
	if err != nil {
		return nil, err
	}
	if n := len(transaction.GetActions()); n != 1 {
		return nil, fmt.Errorf("it has %d actions", n)
	}
	return protoutil.UnmarshalChaincodeActionPayload(transaction.GetActions()[0].GetPayload())
}

// warmSignature verifies a signature of a digest by the key in the identity's
// certificate. Whether the certificate is any good is for Check to say.
func (c *Checker) warmSignature(identity, digest, signature []byte) {
	key, err := c.keys.of(identity, c.crypto)
	if err != nil {
		return
	}
	_, _ = c.crypto.Verify(key, signature, digest, nil) // Check asks again
}

// keyring keeps the public keys of the identities seen. There are a handful of
// them; a chain that has more is read more slowly.
type keyring struct {
	mu   sync.RWMutex
	keys map[string]bccsp.Key
}

// keysKept bounds the keyring, and what the verifier knows of keys.
const keysKept = 4096

func (k *keyring) of(identity []byte, crypto bccsp.BCCSP) (bccsp.Key, error) {
	k.mu.RLock()
	key, ok := k.keys[string(identity)]
	k.mu.RUnlock()
	if ok {
		return key, nil
	}
	key, err := publicKey(identity, crypto)
	if err != nil {
		return nil, err
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.keys == nil || len(k.keys) >= keysKept {
		k.keys = map[string]bccsp.Key{}
	}
	k.keys[string(identity)] = key
	return key, nil
}

func publicKey(identity []byte, crypto bccsp.BCCSP) (bccsp.Key, error) {
	var serialized msp.SerializedIdentity
	if err := proto.Unmarshal(identity, &serialized); err != nil {
		return nil, err
	}
	block, _ := pem.Decode(serialized.GetIdBytes())
	if block == nil {
		return nil, errors.New("it carries no certificate")
	}
	certificate, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		return nil, err
	}
	return crypto.KeyImport(certificate, &bccsp.X509PublicKeyImportOpts{Temporary: true})
}
