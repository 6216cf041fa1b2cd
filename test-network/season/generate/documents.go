package main

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"reflect"

	"github.com/weighbridge/weighbridge/chaincode/massbalance"
	"github.com/weighbridge/weighbridge/chaincode/wire"
)

const (
	certifier = "certifier"
	keyID     = "certifier-2025-1"
)

func statementID(f farm) string { return fmt.Sprintf("VS-%d-%s", vintage, f.id) }

var certificateIDs = map[string]massbalance.CertificateID{ely: "ACP-GB-2025-014", driffield: "ACP-GB-2025-015"}

// documents says what the certifier signs: one certificate per elevator, valid
// for the marketing year, and one verification statement per farm.
func documents(farms []farm, sets []set) (certificates []massbalance.Certificate, statements []massbalance.Statement, err error) {
	for _, site := range []massbalance.SiteID{ely, driffield} {
		certificates = append(certificates, massbalance.Certificate{
			ID: certificateIDs[string(site)], Certifier: certifier, Scheme: scheme, Holder: "growers",
			Sites: []massbalance.SiteID{site}, Products: []massbalance.ProductID{"wheat"},
			ValidFrom: "2025-07-01", ValidTo: "2026-06-30",
		})
	}
	for _, f := range farms {
		area, err := massbalance.ParseHectares(f.hectares())
		if err != nil {
			return nil, nil, fmt.Errorf("couldn't state the area of %s: %w", f.id, err)
		}
		s := massbalance.Statement{
			ID: massbalance.StatementID(statementID(f)), Certifier: certifier, Certificate: certificateIDs[f.elevator],
			Holder: "growers", Site: massbalance.SiteID(f.elevator), Producer: f.name, Product: "wheat",
			Quantity: massbalance.Kilograms(int64(f.verified)), Area: area, Issued: "2025-07-04",
		}
		for _, set := range sets {
			if set.Name == setName(f.region, f.practice) {
				s.Characteristics = set.Characteristics
			}
		}
		statements = append(statements, s)
	}
	return certificates, statements, nil
}

func certificateFile(id massbalance.CertificateID) string {
	return filepath.Join("certificates", string(id)+".jws")
}

func statementFile(id massbalance.StatementID) string {
	return filepath.Join("statements", string(id)+".jws")
}

// signAll makes a key, signs everything and keeps the public key only.
func signAll(folder string, certificates []massbalance.Certificate, statements []massbalance.Statement) error {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return fmt.Errorf("couldn't make a key: %w", err)
	}
	point, err := wire.PublicKey(&key.PublicKey)
	if err != nil {
		return err
	}
	w := writer{folder: folder}
	w.json("certifier-key.json", massbalance.Certifier{ID: certifier, Keys: []massbalance.SigningKey{{ID: keyID, Point: point}}})
	for _, c := range certificates {
		signed, err := wire.SignCertificate(c, keyID, key)
		if err != nil {
			return fmt.Errorf("couldn't sign %s: %w", c.ID, err)
		}
		w.file(certificateFile(c.ID), []byte(wire.JWS(signed.Envelope)+"\n"))
	}
	for _, s := range statements {
		signed, err := wire.SignStatement(s, keyID, key)
		if err != nil {
			return fmt.Errorf("couldn't sign %s: %w", s.ID, err)
		}
		w.file(statementFile(s.ID), []byte(wire.JWS(signed.Envelope)+"\n"))
	}
	return w.err
}

var errStale = errors.New("the signed document says something else than the season; run with -sign to sign all documents with a fresh key")

// checkSigned compares the signed documents with what they should say.
func checkSigned(folder string, certificates []massbalance.Certificate, statements []massbalance.Statement) error {
	for _, c := range certificates {
		text, err := readLine(folder, certificateFile(c.ID))
		if err != nil {
			return err
		}
		signed, err := wire.ParseSignedCertificate(text)
		if err != nil || !reflect.DeepEqual(signed.Certificate, c) {
			return errors.Join(fmt.Errorf("couldn't keep certificate %s: %w", c.ID, errStale), err)
		}
	}
	for _, s := range statements {
		text, err := readLine(folder, statementFile(s.ID))
		if err != nil {
			return err
		}
		signed, err := wire.ParseSignedStatement(text)
		if err != nil || !sameStatement(signed.Statement, s) {
			return errors.Join(fmt.Errorf("couldn't keep statement %s: %w", s.ID, errStale), err)
		}
	}
	return nil
}

// sameStatement compares bytes: decimals have several forms in memory.
func sameStatement(a, b massbalance.Statement) bool {
	first, errA := wire.Format(a)
	second, errB := wire.Format(b)
	return errA == nil && errB == nil && string(first) == string(second)
}

func readLine(folder, name string) (string, error) {
	data, err := os.ReadFile(filepath.Join(folder, name))
	if err != nil {
		return "", fmt.Errorf("couldn't read a signed document: %w", err)
	}
	if len(data) > 0 && data[len(data)-1] == '\n' {
		data = data[:len(data)-1]
	}
	return string(data), nil
}
