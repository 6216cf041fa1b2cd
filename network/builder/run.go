package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
)

// launch is what the peer says about the chaincode it wants started.
type launch struct {
	ChaincodeID       string `json:"chaincode_id"`
	PeerAddress       string `json:"peer_address"`
	ClientCertificate string `json:"client_cert"`
	ClientKey         string `json:"client_key"`
	RootCertificate   string `json:"root_cert"`
	MSPID             string `json:"mspid"`
}

// run becomes the chaincode: it replaces itself by the program, so that the process the peer started, watches and ends is
// the chaincode itself.
func run(output, launchFolder string) error {
	var launch launch
	if err := readJSON(filepath.Join(launchFolder, "chaincode.json"), &launch); err != nil {
		return err
	}
	var wanted program
	if err := readJSON(filepath.Join(output, programFile), &wanted); err != nil {
		return err
	}
	kept := filepath.Join(output, keptProgramFile)
	content, err := os.ReadFile(kept)
	if err != nil {
		return fmt.Errorf("couldn't read the program build kept: %w", err)
	}
	if err := verify(content, wanted, kept); err != nil {
		return err
	}
	environment, err := launch.environment(launchFolder)
	if err != nil {
		return err
	}
	if err := syscall.Exec(kept, []string{kept, "-peer.address", launch.PeerAddress}, environment); err != nil {
		return fmt.Errorf("couldn't start %s: %w", kept, err)
	}
	return nil
}

// further are variables that the operator has for the chaincode, one a line of the variable that the peer passes on.
func further() []string {
	return strings.FieldsFunc(os.Getenv("WEIGHBRIDGE_CHAINCODE_ENVIRONMENT"), func(r rune) bool { return r == '\n' })
}

// environment is what fabric-chaincode-go reads at its start. The credentials go to files in the launch folder, which the
// peer removes when the chaincode ends.
func (l launch) environment(folder string) ([]string, error) {
	environment := append(os.Environ(), further()...)
	environment = append(environment,
		"CORE_CHAINCODE_ID_NAME="+l.ChaincodeID,
		"CORE_PEER_LOCALMSPID="+l.MSPID,
	)
	if l.ClientCertificate == "" {
		return append(environment, "CORE_PEER_TLS_ENABLED=false"), nil
	}
	environment = append(environment, "CORE_PEER_TLS_ENABLED=true")
	for _, credential := range []struct{ variable, file, content string }{
		{"CORE_TLS_CLIENT_CERT_FILE", "client.crt", l.ClientCertificate},
		{"CORE_TLS_CLIENT_KEY_FILE", "client.key", l.ClientKey},
		{"CORE_PEER_TLS_ROOTCERT_FILE", "root.crt", l.RootCertificate},
	} {
		path := filepath.Join(folder, credential.file)
		if err := os.WriteFile(path, []byte(credential.content), 0o600); err != nil {
			return nil, fmt.Errorf("couldn't write the chaincode's credentials: %w", err)
		}
		environment = append(environment, credential.variable+"="+path)
	}
	return environment, nil
}
