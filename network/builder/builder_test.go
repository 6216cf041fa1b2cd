package main

import (
	"crypto/sha256"
	"encoding/hex"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// folders are what a peer hands to the builder, with a package for the program whose content is given.
func folders(t *testing.T, packaged string) (source, metadata, output string) {
	t.Helper()
	source, metadata, output = t.TempDir(), t.TempDir(), t.TempDir()
	write(t, filepath.Join(metadata, metadataFile), `{"type":"weighbridge","label":"massbalance_0"}`)
	write(t, filepath.Join(source, programFile), `{"sha256":"`+hash(packaged)+`"}`)
	return source, metadata, output
}

func hash(content string) string {
	sum := sha256.Sum256([]byte(content))
	return hex.EncodeToString(sum[:])
}

func write(t *testing.T, path, content string) {
	t.Helper()
	require.NoError(t, os.WriteFile(path, []byte(content), 0o600))
}

func TestBuildKeepsTheApprovedProgram(t *testing.T) {
	source, metadata, output := folders(t, "the program")
	own := filepath.Join(t.TempDir(), "program")
	write(t, own, "the program")
	t.Setenv(ChaincodeVariable, own)
	require.NoError(t, perform("detect", []string{source, metadata}))
	require.NoError(t, perform("build", []string{source, metadata, output}))
	require.NoError(t, perform("release", []string{output, t.TempDir()}))
	kept, err := os.ReadFile(filepath.Join(output, keptProgramFile))
	require.NoError(t, err)
	require.Equal(t, "the program", string(kept))
}

func TestBuildRefusesAnotherProgram(t *testing.T) {
	source, _, output := folders(t, "the program")
	own := filepath.Join(t.TempDir(), "program")
	write(t, own, "another program")
	err := build(source, output, own)
	require.ErrorContains(t, err, "SHA-256 "+hash("the program"))
	require.ErrorContains(t, err, own+" has SHA-256 "+hash("another program"))
	require.NoFileExists(t, filepath.Join(output, keptProgramFile))
}

func TestBuildNeedsTheOrganisationsProgram(t *testing.T) {
	source, _, output := folders(t, "the program")
	require.ErrorContains(t, build(source, output, ""), ChaincodeVariable)
	require.ErrorContains(t, build(source, output, filepath.Join(output, "absent")), "own chaincode program")
}

// TestBuildTakesAFurtherChaincode: its copy lies beside the consortium's own,
// and a package cannot name anything elsewhere.
func TestBuildTakesAFurtherChaincode(t *testing.T) {
	source, metadata, output := folders(t, "")
	own := filepath.Join(t.TempDir(), "program")
	write(t, filepath.Join(filepath.Dir(own), "baseline"), "the baseline")
	write(t, filepath.Join(source, programFile), `{"name":"baseline","sha256":"`+hash("the baseline")+`"}`)
	t.Setenv(ChaincodeVariable, own)
	require.NoError(t, perform("build", []string{source, metadata, output}))
	kept, err := os.ReadFile(filepath.Join(output, keptProgramFile))
	require.NoError(t, err)
	require.Equal(t, "the baseline", string(kept))

	write(t, filepath.Join(source, programFile), `{"name":"../baseline","sha256":"`+hash("the baseline")+`"}`)
	require.ErrorContains(t, build(source, output, own), "not the name of a chaincode")
}

func TestDetectRefusesOtherPackages(t *testing.T) {
	_, metadata, _ := folders(t, "")
	write(t, filepath.Join(metadata, metadataFile), `{"type":"golang"}`)
	require.ErrorContains(t, detect(metadata), `of type "golang"`)
}

// TestRunHashesAgain: what build kept may have been changed since.
func TestRunHashesAgain(t *testing.T) {
	_, _, output := folders(t, "the program")
	write(t, filepath.Join(output, programFile), `{"sha256":"`+hash("the program")+`"}`)
	write(t, filepath.Join(output, keptProgramFile), "a changed program")
	launchFolder := t.TempDir()
	write(t, filepath.Join(launchFolder, "chaincode.json"), `{"chaincode_id":"massbalance_0:0","peer_address":"127.0.0.1:1"}`)
	require.ErrorContains(t, run(output, launchFolder), "refused")
}

func TestLaunchEnvironment(t *testing.T) {
	folder := t.TempDir()
	t.Setenv("WEIGHBRIDGE_CHAINCODE_ENVIRONMENT", "GOGC=400\nGODEBUG=madvdontneed=0,gctrace=1")
	environment, err := launch{
		ChaincodeID: "massbalance_0:1", MSPID: "growers", ClientCertificate: "certificate", ClientKey: "key", RootCertificate: "root",
	}.environment(folder)
	require.NoError(t, err)
	all := strings.Join(environment, "\n")
	require.Contains(t, all, "CORE_CHAINCODE_ID_NAME=massbalance_0:1")
	require.Contains(t, all, "CORE_PEER_LOCALMSPID=growers")
	require.Contains(t, all, "CORE_PEER_TLS_ENABLED=true")
	require.Contains(t, environment, "GOGC=400")
	require.Contains(t, environment, "GODEBUG=madvdontneed=0,gctrace=1")
	key, err := os.ReadFile(filepath.Join(folder, "client.key"))
	require.NoError(t, err)
	require.Equal(t, "key", string(key))
}

func TestUnknownStep(t *testing.T) {
	require.ErrorContains(t, perform("install", nil), `can't do "install"`)
}
