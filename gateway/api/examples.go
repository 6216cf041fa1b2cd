package api

import (
	_ "embed"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"github.com/weighbridge/weighbridge/chaincode/massbalance"
)

// The examples of commands tell one story, which the tests play on a ledger with
// a season: what the description shows is what works.
//
//go:embed examples.json
var commandExamples []byte

// commandExample is one command of the story and who sends it.
type commandExample struct {
	By      []massbalance.OrganisationID `json:"by"`
	Command json.RawMessage              `json:"command"`
}

// exampleValues are what the parameters of a path are in the examples, by the
// part of the path before them.
var exampleValues = map[string][]any{
	"sites": {"elevator"}, "periods": {"2026-Q3"}, "lots": {"growers", "INT-4", 1}, "transfers": {"growers", "DSP-1"},
	"claims": {"brand", "CLM-1"}, "commands": {"growers", "INT-1"}, "conversions": {"miller", "CNV-1"},
	"certificates": {"certifier", "CERT-2026-04"}, "statements": {"certifier", "VS-2026-011"}, "recalls": {"certifier", "VS-2026-013"},
	"characteristics": {"af6e3ad08fb450259baf9728d681241c67cfe1fd1e6748fde41d4305f4604a87"}, "products": {"wheat"}, "recipes": {"milling"}, "profiles": {"REGEN-PLUS"}, "certifiers": {"certifier"},
	"projects": {"cover-crops-oder"}, "baselines": {"wheat", "DE-BB"}, "scope3": {"brand", 2026},
	"checkpoints": {49}, "tile": {"0", "000.p/3"}, "agreements": {"growers", "DEAL-1"}, "terms": {"b6c2db2cede0fc12505e449391b1385eea7e0923927b096c89085c8d58fac6a8"},
}

// addExamples puts them into the description, once all operations are there.
func (s *server) addExamples() {
	for path, item := range s.huma.OpenAPI().Paths {
		for _, o := range []*huma.Operation{item.Get, item.Post, item.Put, item.Delete} {
			if o != nil {
				exampleParameters(path, o.Parameters)
			}
		}
	}
	var story []commandExample
	if err := json.Unmarshal(commandExamples, &story); err != nil {
		panic(fmt.Errorf("couldn't read the examples that are part of the program: %w", err))
	}
	common := map[string]*huma.Example{}
	for _, example := range story {
		var head struct{ Type string }
		_ = json.Unmarshal(example.Command, &head) // it was read above
		media := s.huma.OpenAPI().Paths["/api/v1/commands/"+head.Type].Post.RequestBody.Content[jsonType]
		if media.Example == nil {
			media.Example = example.Command
			common[head.Type] = &huma.Example{Summary: strings.ReplaceAll(head.Type, "_", " "), Value: example.Command}
		}
	}
	s.huma.OpenAPI().Paths["/api/v1/commands"].Post.RequestBody.Content[jsonType].Examples = common
}

// exampleParameters gives the parameters of a path their values.
func exampleParameters(path string, parameters []*huma.Param) {
	values := map[string]any{}
	var next []any
	for part := range strings.SplitSeq(path, "/") {
		name, isParameter := strings.CutPrefix(strings.TrimSuffix(part, "}"), "{")
		if !isParameter {
			if next = exampleValues[part]; part == "periods" && strings.Contains(path, "/agreements/") {
				next = []any{1} // those of agreements are counted
			}
		} else if len(next) > 0 {
			values[name], next = next[0], next[1:]
		}
	}
	for _, p := range parameters {
		if value, ok := values[p.Name]; ok && p.In == "path" {
			p.Example = value
		}
	}
}
