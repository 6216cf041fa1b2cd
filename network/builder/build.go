package main

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
)

const (
	// ChaincodeVariable names the environment variable with the path of the organisation's own chaincode program. Programs
	// of further chaincodes lie beside it, each under its chaincode's name.
	ChaincodeVariable = "WEIGHBRIDGE_CHAINCODE"

	packageType     = "weighbridge"
	metadataFile    = "metadata.json"
	programFile     = "program.json" // in the package
	keptProgramFile = "program"      // in the build output, beside a copy of programFile
)

// program is what the package says about the chaincode program.
type program struct {
	SHA256 string `json:"sha256"`
	// Name is set where it isn't the consortium's own chaincode.
	Name string `json:"name,omitempty"`
}

var programName = regexp.MustCompile(`^[A-Za-z0-9]+([-_][A-Za-z0-9]+)*$`)

// ownCopy is the path of the organisation's copy of the program. The package comes from outside, so its name must not lead
// anywhere else.
func (p program) ownCopy(own string) (string, error) {
	if p.Name == "" {
		return own, nil
	}
	if !programName.MatchString(p.Name) {
		return "", fmt.Errorf("the package names the program %q, which is not the name of a chaincode", p.Name)
	}
	return filepath.Join(filepath.Dir(own), p.Name), nil
}

func detect(metadataFolder string) error {
	var metadata struct {
		Type string `json:"type"`
	}
	if err := readJSON(filepath.Join(metadataFolder, metadataFile), &metadata); err != nil {
		return err
	}
	if metadata.Type != packageType {
		return fmt.Errorf("the package is of type %q, not %q", metadata.Type, packageType)
	}
	return nil
}

// build keeps the organisation's own program in the output folder if it's the one the package names.
func build(source, output, own string) error {
	var wanted program
	if err := readJSON(filepath.Join(source, programFile), &wanted); err != nil {
		return err
	}
	if own == "" {
		return errors.New(ChaincodeVariable + " isn't set: the peer doesn't know its organisation's chaincode program")
	}
	own, err := wanted.ownCopy(own)
	if err != nil {
		return err
	}
	content, err := os.ReadFile(own)
	if err != nil {
		return fmt.Errorf("couldn't read the organisation's own chaincode program: %w", err)
	}
	if err := verify(content, wanted, own); err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(output, keptProgramFile), content, 0o700); err != nil {
		return fmt.Errorf("couldn't keep the program: %w", err)
	}
	encoded, err := json.Marshal(wanted)
	if err != nil {
		return fmt.Errorf("couldn't encode the program's hash: %w", err)
	}
	if err := os.WriteFile(filepath.Join(output, programFile), encoded, 0o600); err != nil {
		return fmt.Errorf("couldn't keep the program's hash: %w", err)
	}
	return nil
}

func verify(content []byte, wanted program, path string) error {
	sum := sha256.Sum256(content)
	if own := hex.EncodeToString(sum[:]); own != wanted.SHA256 {
		return fmt.Errorf("refused: the package is for the program with SHA-256 %s, but %s has SHA-256 %s", wanted.SHA256, path, own)
	}
	return nil
}

func readJSON(path string, into any) error {
	content, err := os.ReadFile(path)
	if err != nil {
		return fmt.Errorf("couldn't read the package: %w", err)
	}
	if err := json.Unmarshal(content, into); err != nil {
		return fmt.Errorf("couldn't parse %s: %w", path, err)
	}
	return nil
}
