package identity

import (
	"crypto/ecdsa"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/weighbridge/weighbridge/network/topology"
)

// renewBefore is how long before its end a certificate is replaced.
const renewBefore = 60 * 24 * time.Hour

// RenewGateway gives an organisation's gateway another TLS certificate where the
// one that it has ends soon, or does not name the gateway: those that were issued
// before gateways served TLS do not. Fabric knows nothing of it, so it may change
// while a channel exists.
func RenewGateway(organisation topology.Organisation, layout topology.OrganisationLayout) error {
	holder := layout.Holder(topology.HolderGateway)
	certificate, err := loadCertificate(holder.TLSCertificate())
	if err != nil {
		return err
	}
	node := organisation.GatewayNode()
	if certificate.VerifyHostname(node.ServerName()) == nil && certificate.VerifyHostname(node.Host()) == nil && time.Until(certificate.NotAfter) > renewBefore {
		return nil
	}
	authority, err := readPair(filepath.Join(layout.Authority(), "tlsca.pem"), filepath.Join(layout.Authority(), "tlsca-key.pem"))
	if err != nil {
		return err
	}
	renewed, err := authority.IssueTLS(node.ServerName(), hosts(node))
	if err != nil {
		return err
	}
	return writePair(renewed, holder.TLSCertificate(), holder.TLSKey())
}

func loadCertificate(path string) (*x509.Certificate, error) {
	block, err := readBlock(path)
	if err != nil {
		return nil, err
	}
	certificate, err := x509.ParseCertificate(block)
	if err != nil {
		return nil, fmt.Errorf("couldn't parse certificate %s: %w", path, err)
	}
	return certificate, nil
}

func readPair(certificatePath, keyPath string) (Pair, error) {
	certificate, err := loadCertificate(certificatePath)
	if err != nil {
		return Pair{}, err
	}
	block, err := readBlock(keyPath)
	if err != nil {
		return Pair{}, err
	}
	parsed, err := x509.ParsePKCS8PrivateKey(block)
	if err != nil {
		return Pair{}, fmt.Errorf("couldn't parse private key %s: %w", keyPath, err)
	}
	key, ok := parsed.(*ecdsa.PrivateKey)
	if !ok {
		return Pair{}, fmt.Errorf("couldn't use private key %s: it is a %T, expected ECDSA", keyPath, parsed)
	}
	return Pair{certificate, key}, nil
}

func readBlock(path string) ([]byte, error) {
	content, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("couldn't read a file: %w", err)
	}
	block, _ := pem.Decode(content)
	if block == nil {
		return nil, errors.New("couldn't read " + path + ": it holds no PEM")
	}
	return block.Bytes, nil
}
