// Package house holds the project to its own rules: who may import whom, how
// long things may be, and what may not be said.
package house

import (
	"bytes"
	"encoding/json"
	"go/ast"
	"go/format"
	"go/parser"
	"go/token"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

const (
	module       = "github.com/weighbridge/weighbridge/"
	functionMax  = 70
	functionP90  = 30
	fileMax      = 500
	contractMax  = 10
	keptMax      = 1_000_000 // bytes of a file that is no font
	chaincodeDir = "chaincode/"
)

type listed struct {
	ImportPath string
	Imports    []string
	Deps       []string
}

// packages lists the project's packages with their imports, as the go command sees them.
func packages(t *testing.T) []listed {
	command := exec.Command("go", "list", "-json=ImportPath,Imports,Deps", "./...")
	command.Dir = root
	output, err := command.Output()
	require.NoError(t, err)
	var all []listed
	for decoder := json.NewDecoder(bytes.NewReader(output)); decoder.More(); {
		var p listed
		require.NoError(t, decoder.Decode(&p))
		p.ImportPath = strings.TrimPrefix(p.ImportPath, module)
		all = append(all, p)
	}
	require.NotEmpty(t, all)
	return all
}

const root = "../.."

// mayImport says which of the project's packages each may import. A package
// that is not here is a room that nobody planned.
var mayImport = map[string][]string{
	"chaincode/massbalance": {},
	"chaincode/wire":        {"chaincode/massbalance"},
	"chaincode/contract":    {"chaincode/massbalance", "chaincode/wire"},
	"chaincode":             {"chaincode/contract"},
	"gateway/block":         {"gateway/block/canonical"},
	"gateway/block/*":       {},
	"gateway/submit":        {"gateway/keys", "chaincode/massbalance", "chaincode/wire", "gateway/trace"},
	"gateway/journal":       {"chaincode/massbalance", "chaincode/wire", "gateway/store", "gateway/submit"},
	"gateway/bench":         {"chaincode/massbalance", "chaincode/wire", "gateway/block", "gateway/readmodel", "gateway/replay", "gateway/submit"},
	"gateway/replay":        {"chaincode/massbalance", "chaincode/wire", "gateway/block"},
	"gateway/readmodel":     {"chaincode/massbalance", "chaincode/wire", "gateway/replay", "gateway/store", "gateway/proof/leaf", "gateway/proof/checkpoint", "gateway/proof/merkle"},
	"gateway/proof":         {"chaincode/massbalance", "chaincode/wire", "gateway/proof/*", "gateway/readmodel"},
	"gateway/proof/witness": {"chaincode/massbalance", "gateway/access", "gateway/proof", "gateway/proof/*", "gateway/readmodel", "gateway/store"},
	"gateway/proof/*":       {"chaincode/massbalance", "chaincode/wire", "gateway/proof/*"},
	"gateway/scope3":        {"chaincode/massbalance", "gateway/readmodel"},
	"gateway/trade":         {"chaincode/massbalance", "chaincode/wire", "gateway/readmodel", "gateway/store"},
	"gateway/store":         {},
	"gateway/store/*":       {"gateway/store"},
	"gateway/table":         {},
	"gateway/peertest":      {"chaincode/massbalance", "chaincode/wire", "gateway/block", "gateway/readmodel/*"},
	"gateway/settings":      {},
	"gateway/trace":         {},
	"gateway/keys":          {},
	"gateway/keys/*":        {},
	"gateway/pdf":           {},
	"gateway/pdf/*":         {},
	"gateway/exports":       {"chaincode/massbalance", "gateway/readmodel", "gateway/pdf", "gateway/table", "gateway/trade"},
	"gateway/recalls":       {"chaincode/massbalance", "chaincode/wire", "gateway/readmodel", "gateway/submit"},
	"gateway/imports":       {"chaincode/massbalance", "chaincode/wire", "gateway/readmodel", "gateway/store", "gateway/submit", "gateway/table"},
	"gateway/access":        {"chaincode/massbalance", "chaincode/wire", "gateway/store", "gateway/readmodel", "gateway/submit"},
	"gateway/cli":           {"gateway/api"},
	"gateway/webhooks":      {"chaincode/massbalance", "chaincode/wire", "gateway/readmodel", "gateway/store"},
	"gateway/api":           {"gateway/trace", "gateway/journal", "gateway/access", "chaincode/massbalance", "chaincode/wire", "gateway/readmodel", "gateway/replay", "gateway/submit", "gateway/imports", "gateway/exports", "gateway/table", "gateway/webhooks", "gateway/trade", "gateway/scope3"},
	"gateway/console/*":     {"chaincode/massbalance"},
	"gateway/console":       {"gateway/access", "gateway/proof/witness", "gateway/console/*", "chaincode/massbalance", "chaincode/wire", "gateway/readmodel", "gateway/replay", "gateway/submit", "gateway/imports", "gateway/table", "gateway/trade", "gateway/scope3"},
	"gateway":               {"chaincode/massbalance", "gateway/*"},
	"network/topology":      {},
	"network/*":             {"network/*"},
	"network":               {"network/*", "test-network/season"},
	"test-network/baseline": {},
	"test-network/caliper":  {"chaincode/massbalance", "chaincode/wire"},
	"test-network/season":   {"chaincode/massbalance", "chaincode/wire"},
	"test-network/season/*": {"chaincode/massbalance", "chaincode/wire", "test-network/season"},
	"test-network/starter":  {"chaincode/massbalance", "chaincode/wire"},
	"test-network/balances": {"chaincode/massbalance", "chaincode/wire"},
	"test-network/profiles": {"chaincode/massbalance", "chaincode/wire"},
	"test-network":          {"chaincode/massbalance", "chaincode/wire", "network/*", "test-network/*"},
	"scripts/*":             {},
	"gateway/readmodel/*":   {"gateway/readmodel", "chaincode/massbalance", "chaincode/wire", "gateway/replay", "gateway/block", "gateway/submit"},

	"gateway/audit":           {"gateway/audit/*", "gateway/block", "gateway/replay", "chaincode/massbalance", "chaincode/wire"},
	"gateway/audit/blockfile": {},
	"gateway/audit/p256":      {},
	"gateway/audit/chain":     {"gateway/audit/blockfile", "gateway/audit/chaintest", "gateway/audit/p256", "gateway/block/canonical", "gateway/replay"},
	"gateway/audit/chaintest": {"gateway/audit/blockfile", "gateway/block", "gateway/replay", "chaincode/massbalance", "chaincode/wire"},
	"test-network/recording":  {"gateway/audit/blockfile", "network/topology"},
	"test-network/crooked":    {"chaincode/contract"},
	"test-network/settings":   {"network/consortium"},
}

func allowed(importer string) ([]string, bool) {
	if rule, ok := mayImport[importer]; ok {
		return rule, true
	}
	for parent := filepath.Dir(importer); parent != "."; parent = filepath.Dir(parent) {
		if rule, ok := mayImport[parent+"/*"]; ok {
			return rule, true
		}
	}
	return nil, false
}

func matches(patterns []string, path string) bool {
	return slices.ContainsFunc(patterns, func(pattern string) bool {
		prefix, wild := strings.CutSuffix(pattern, "*")
		return path == pattern || wild && strings.HasPrefix(path, prefix)
	})
}

func TestImportArrows(t *testing.T) {
	for _, p := range packages(t) {
		rule, known := allowed(p.ImportPath)
		if !known {
			t.Errorf("%s stands in no rule of this test", p.ImportPath)
			continue
		}
		for _, path := range p.Imports {
			if ours, ok := strings.CutPrefix(path, module); ok && !matches(rule, ours) {
				t.Errorf("%s may not import %s", p.ImportPath, ours)
			}
		}
	}
}

// Fabric stays at the edges, and the rules know nothing but arithmetic. The audit
// is an edge, too: it has Fabric's own code say what a peer should have decided.
func TestForeignImports(t *testing.T) {
	fabric := []string{"chaincode/contract", "chaincode", "gateway/submit", "gateway/block", "gateway/audit*", "gateway/peertest", "gateway/keys", "gateway", "network*", "test-network/baseline", "test-network/crooked"}
	pure := []string{
		"bytes", "cmp", "crypto/*", "encoding", "encoding/base64", "encoding/hex", "errors", "fmt", "maps", "math/big", "math/bits", "regexp",
		"slices", "strconv", "strings", "time", "unicode*", "github.com/shopspring/decimal",
	}
	banned := regexp.MustCompile(`(^|/)(util|utils|common|helpers|types|models)$`)
	for _, p := range packages(t) {
		if banned.MatchString(p.ImportPath) {
			t.Errorf("%s: a package is named for what it holds", p.ImportPath)
		}
		for _, path := range p.Imports {
			if strings.Contains(path, "hyperledger/fabric") && !matches(fabric, p.ImportPath) {
				t.Errorf("%s may not import %s: Fabric stays in contract, submit, block, audit and network", p.ImportPath, path)
			}
			if p.ImportPath == "chaincode/massbalance" && !matches(pure, path) {
				t.Errorf("massbalance imports %s: the rules are pure", path)
			}
		}
		// Both link a type of the same name into protobuf's registry, which
		// panics when the program starts.
		if slices.Contains(p.Deps, "github.com/hyperledger/fabric-protos-go/common") &&
			slices.Contains(p.Deps, "github.com/hyperledger/fabric-protos-go-apiv2/common") {
			t.Errorf("%s links both generations of Fabric's protos", p.ImportPath)
		}
	}
}

// sources calls visit for each Go file that the project tracks or is about to.
func sources(t *testing.T, visit func(path string, source []byte)) {
	output, err := gitFiles()
	require.NoError(t, err)
	for _, path := range strings.Fields(output) {
		if !strings.HasSuffix(path, ".go") {
			continue
		}
		source, err := os.ReadFile(filepath.Join(root, path))
		if os.IsNotExist(err) {
			continue
		}
		require.NoError(t, err)
		visit(path, source)
	}
}

func gitFiles() (string, error) {
	command := exec.Command("git", "ls-files", "--cached", "--others", "--exclude-standard")
	command.Dir = root
	output, err := command.Output()
	return string(output), err
}

func TestFormatAndSize(t *testing.T) {
	var lengths []int
	sources(t, func(path string, source []byte) {
		formatted, err := format.Source(source)
		require.NoError(t, err, path)
		if !bytes.Equal(formatted, source) {
			t.Errorf("%s is not gofmt-ed", path)
		}
		if lines := bytes.Count(source, []byte("\n")); lines > fileMax && !strings.HasSuffix(path, "_test.go") {
			t.Errorf("%s has %d lines, at most %d are readable", path, lines, fileMax)
		}
		files := token.NewFileSet()
		file, err := parser.ParseFile(files, path, source, parser.SkipObjectResolution)
		require.NoError(t, err)
		for _, declaration := range file.Decls {
			function, ok := declaration.(*ast.FuncDecl)
			if !ok || strings.HasSuffix(path, "_test.go") {
				continue
			}
			lines := files.Position(function.End()).Line - files.Position(function.Pos()).Line + 1
			lengths = append(lengths, lines)
			if lines > functionMax {
				t.Errorf("%s: %s has %d lines, at most %d", path, function.Name.Name, lines, functionMax)
			}
		}
	})
	slices.Sort(lengths)
	if p90 := lengths[len(lengths)*9/10]; p90 > functionP90 {
		t.Errorf("one function in ten has more than %d lines; it should be %d", p90, functionP90)
	}
}

// TestNothingLargeIsKept: what a program wrote, a dump or a binary, gets into a commit by mistake.
func TestNothingLargeIsKept(t *testing.T) {
	fonts := filepath.Join("gateway", "pdf", "fonts") // one of them has the Chinese characters
	output, err := gitFiles()
	require.NoError(t, err)
	for _, path := range strings.Fields(output) {
		file, err := os.Stat(filepath.Join(root, path))
		if os.IsNotExist(err) {
			continue
		}
		require.NoError(t, err)
		if file.Size() > keptMax && filepath.Dir(path) != fonts {
			t.Errorf("%s has %d bytes, at most %d are kept", path, file.Size(), keptMax)
		}
	}
}

func TestWordsThatMayNotBeSaid(t *testing.T) {
	float, sleep := regexp.MustCompile(`\bfloat(32|64)\b`), regexp.MustCompile(`\btime\.Sleep\(`)
	sources(t, func(path string, source []byte) {
		if strings.HasPrefix(path, chaincodeDir) && float.Match(source) {
			t.Errorf("%s: quantities are decimals; there are no floats in %s", path, chaincodeDir)
		}
		if sleep.Match(source) && path != "scripts/house/house_test.go" {
			t.Errorf("%s sleeps: await a condition", path)
		}
	})
}

func TestContractIsSmall(t *testing.T) {
	methods := 0
	sources(t, func(path string, source []byte) {
		if strings.HasPrefix(path, "chaincode/contract/") && !strings.HasSuffix(path, "_test.go") {
			methods += len(regexp.MustCompile(`(?m)^func \([a-z]* ?\*?Contract\) [A-Z]`).FindAll(source, -1))
		}
	})
	require.Positive(t, methods)
	require.LessOrEqual(t, methods, contractMax)
}

func TestVet(t *testing.T) {
	command := exec.Command("go", "vet", "./...")
	command.Dir = root
	output, err := command.CombinedOutput()
	require.NoError(t, err, "%s", output)
}
