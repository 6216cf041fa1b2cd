package artifacts

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"encoding/json"
	"fmt"
)

// chaincodePackageType is what network/builder detects.
const chaincodePackageType = "weighbridge"

// ChaincodeLabel is the label of the package of a chaincode program.
func ChaincodeLabel(chaincode, hash string) string {
	const recognisable = 12 // hexadecimal digits, as many as people compare by eye
	return chaincode + "_" + hash[:recognisable]
}

// ChaincodePackage is the package for the chaincode program with the given SHA-256. The same hash gives the same bytes on
// every machine, and so the same package ID. Program is the name of the organisations' copies where that isn't the
// consortium's own chaincode, else "".
func ChaincodePackage(chaincode, hash, program string) ([]byte, error) {
	metadata, err := json.Marshal(map[string]string{
		"path": "", "type": chaincodePackageType, "label": ChaincodeLabel(chaincode, hash),
	})
	if err != nil {
		return nil, fmt.Errorf("couldn't encode the package's metadata: %w", err)
	}
	described := map[string]string{"sha256": hash}
	if program != "" {
		described["name"] = program
	}
	encoded, err := json.Marshal(described)
	if err != nil {
		return nil, fmt.Errorf("couldn't encode the program's hash: %w", err)
	}
	code, err := archive(entry{"program.json", encoded})
	if err != nil {
		return nil, err
	}
	return archive(entry{"metadata.json", metadata}, entry{"code.tar.gz", code})
}

type entry struct {
	name    string
	content []byte
}

// archive is a gzipped tar without times, owners or anything else that would differ between two machines.
func archive(entries ...entry) ([]byte, error) {
	var buffer bytes.Buffer
	compressed := gzip.NewWriter(&buffer)
	files := tar.NewWriter(compressed)
	for _, entry := range entries {
		header := &tar.Header{Typeflag: tar.TypeReg, Name: entry.name, Size: int64(len(entry.content)), Mode: 0o644}
		if err := files.WriteHeader(header); err != nil {
			return nil, fmt.Errorf("couldn't package %s: %w", entry.name, err)
		}
		if _, err := files.Write(entry.content); err != nil {
			return nil, fmt.Errorf("couldn't package %s: %w", entry.name, err)
		}
	}
	if err := files.Close(); err != nil {
		return nil, fmt.Errorf("couldn't finish the package: %w", err)
	}
	if err := compressed.Close(); err != nil {
		return nil, fmt.Errorf("couldn't compress the package: %w", err)
	}
	return buffer.Bytes(), nil
}
