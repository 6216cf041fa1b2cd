package api_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/weighbridge/weighbridge/gateway/access"
	"github.com/weighbridge/weighbridge/gateway/api"
	"github.com/weighbridge/weighbridge/gateway/store/storetest"
)

// operations lists what the interface's own description holds, as patterns.
func operations(t *testing.T, g gateway) (all []string) {
	t.Helper()
	var description struct {
		Paths map[string]map[string]json.RawMessage `json:"paths"`
	}
	require.NoError(t, json.Unmarshal([]byte(g.get("/openapi.json").body), &description))
	for path, methods := range description.Paths {
		for method := range methods {
			all = append(all, strings.ToUpper(method)+" "+path)
		}
	}
	require.NotEmpty(t, all)
	return all
}

// openToAll reports whether an operation is public: what the log says is, for it says
// nothing to who was not given the salts, and a bundle may be.
func openToAll(operation string) bool {
	for _, path := range []string{"checkpoint", "checkpoints/{size}", "tile/{level}/{index}", "proof/inclusion", "proof/consistency", "key"} {
		if operation == "GET /api/v1/log/"+path {
			return true
		}
	}
	return operation == "GET /api/v1/claims/{organisation}/{command}/bundle"
}

func TestEveryOperationSaysWhoMayCallIt(t *testing.T) {
	var o api.Options
	g := serve(t, func(served *api.Options) { o = *served })
	o.Imports = importer(t, storetest.Own(t), o)
	declared := api.New(o).Routes
	for _, operation := range operations(t, g) {
		require.NotEmpty(t, declared.Who(operation), "%s is closed to everybody: register it with register", operation)
		if !openToAll(operation) {
			require.NotEqual(t, access.Public, declared.Who(operation), operation)
		}
	}
}
