package api_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/weighbridge/weighbridge/chaincode/massbalance"
	"github.com/weighbridge/weighbridge/chaincode/wire"
	"github.com/weighbridge/weighbridge/gateway/api"
	"github.com/weighbridge/weighbridge/gateway/imports"
	"github.com/weighbridge/weighbridge/gateway/readmodel"
	"github.com/weighbridge/weighbridge/gateway/scope3"
)

type document struct {
	OpenAPI    string
	Paths      map[string]map[string]json.RawMessage
	Components struct{ Schemas map[string]schema }
}

type schema struct {
	Properties map[string]json.RawMessage
	OneOf      []json.RawMessage
}

func openAPI(t *testing.T) (document, string) {
	t.Helper()
	r := serve(t).get("/openapi.json")
	require.Equal(t, http.StatusOK, r.StatusCode)
	var d document
	require.NoError(t, json.Unmarshal([]byte(r.body), &d))
	return d, r.body
}

func TestTheDescriptionIsWhole(t *testing.T) {
	d, body := openAPI(t)
	require.Regexp(t, `^3\.1\.`, d.OpenAPI)
	require.Len(t, d.Components.Schemas["Command"].OneOf, len(massbalance.Bodies))
	for _, ref := range regexp.MustCompile(`"#/components/schemas/([^"]+)"`).FindAllStringSubmatch(body, -1) {
		require.Contains(t, d.Components.Schemas, ref[1])
	}
	for path := range d.Paths {
		require.NotContains(t, path, "...", "no wildcards that a client couldn't fill in")
	}
	require.NotContains(t, string(d.Paths["/api/v1/commands"]["post"]), "binary")
}

// What the description says of a type must be what the codec writes of it.
func TestSchemasNameWhatTheCodecWrites(t *testing.T) {
	d, _ := openAPI(t)
	values := []any{
		massbalance.Site{}, massbalance.Head{}, massbalance.Period{}, massbalance.Transfer{}, massbalance.Claim{}, massbalance.Verified{},
		massbalance.Statement{}, massbalance.Certificate{}, massbalance.Characteristics{}, massbalance.Carbon{}, massbalance.Recipe{},
		massbalance.Product{}, massbalance.Record{}, massbalance.Posting{}, massbalance.Consortium{}, massbalance.Figures{},
		massbalance.Standing{}, massbalance.Parcel{}, api.PeriodOverview{}, api.PeriodBook{}, readmodel.PeriodLine{}, api.Conversion{},
		api.ConversionOutput{}, api.CertificateStanding{}, api.SiteCoverage{}, api.RegisterProposal{}, api.LotOrigins{}, api.LotDescendants{},
		api.DescendantLot{}, readmodel.Leave{}, readmodel.Flow{}, readmodel.FlowLink{}, readmodel.FlowEnd{}, api.BlockEvent{}, api.RecordEvent{},
		api.LotBalance{}, api.StockAccount{}, api.SiteBooks{}, api.PlacedRecord{}, api.ClaimOrigins{}, api.ClaimOrigin{}, api.Result{},
		api.Problem{}, readmodel.Finding{}, imports.Job{}, imports.Report{}, imports.LineReport{},
		api.ProductEntry{}, api.FormerVersion{}, api.QuotaUsed{}, api.KnownLandUnit{}, api.VerifiedHarvest{}, api.RegionUsed{}, api.ProjectBooks{}, api.SiteOutcome{},
		api.LotTaint{}, api.ClaimMark{}, api.BookedReversal{}, api.AuditedCredit{}, api.PeriodStatement{}, scope3.CarbonMass{}, api.ClaimStatement{}, api.StatementLine{},
		api.Webhook{}, api.DeadLetter{}, api.Delivery{}, api.YearStatement{}, api.ProductStatement{}, api.UncoveredClaim{}, massbalance.Recall{}, massbalance.TierReport{}, massbalance.Project{}, massbalance.Profile{},
		massbalance.Baseline{}, massbalance.Certifier{}, massbalance.Rules{}, massbalance.Reconciliation{}, massbalance.StockCount{}, massbalance.CarriedCredit{},
	}
	for _, body := range massbalance.Bodies {
		values = append(values, body)
	}
	for _, v := range values {
		name := reflect.TypeOf(v).Name()
		filled := fill(reflect.New(reflect.TypeOf(v)).Elem())
		text, err := wire.Format(filled.Interface())
		require.NoError(t, err, name)
		var written map[string]json.RawMessage
		require.NoError(t, json.Unmarshal(text, &written))
		require.Contains(t, d.Components.Schemas, name)
		for property := range written {
			require.Contains(t, d.Components.Schemas[name].Properties, property, name)
		}
		require.Len(t, d.Components.Schemas[name].Properties, len(written), "%s: %s", name, text)
	}
}

// fill sets every field to something, so that none is absent on the wire.
func fill(v reflect.Value) reflect.Value {
	switch v.Kind() {
	case reflect.Struct:
		for i := range v.NumField() {
			if v.Type().Field(i).IsExported() {
				fill(v.Field(i))
			}
		}
		if v.Type() == reflect.TypeFor[massbalance.Command]() {
			v.FieldByName("Body").Set(reflect.ValueOf(massbalance.RegisterSite{}))
		}
		if v.Type() == reflect.TypeFor[massbalance.Ratio]() {
			v.Set(reflect.ValueOf(massbalance.WeighingTolerance)) // a ratio of 0 is absent
		}
	case reflect.Slice:
		v.Set(reflect.Append(v, fill(reflect.New(v.Type().Elem()).Elem())))
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		fill(v.Elem())
	case reflect.String:
		v.SetString("x")
	case reflect.Bool:
		v.SetBool(true)
	case reflect.Int, reflect.Int64:
		v.SetInt(1)
	case reflect.Uint64:
		v.SetUint(1)
	case reflect.Array:
		v.Index(0).SetUint(1)
	}
	return v
}

// Every example in the form of the description is one that the way in takes.
func TestCommandsOfEveryTypeAreReadable(t *testing.T) {
	g := serve(t)
	for _, body := range massbalance.Bodies {
		r := g.post(fmt.Sprintf(`{"id":"EMPTY","type":%q,"body":{}}`, body.Type()))
		require.NotEqual(t, http.StatusInternalServerError, r.StatusCode)
		require.False(t, strings.Contains(r.body, "there is no command"), r.body)
	}
}

// A part of a path that no operation declares would stay empty in what it reads.
func TestEveryPartOfAPathIsDeclared(t *testing.T) {
	var document struct {
		Paths map[string]map[string]struct {
			Parameters []struct{ Name, In string }
		}
	}
	require.NoError(t, json.Unmarshal([]byte(serve(t).get("/openapi.json").body), &document))
	require.NotEmpty(t, document.Paths)
	for path, operations := range document.Paths {
		for method, operation := range operations {
			for _, part := range regexp.MustCompile(`\{([^}]+)\}`).FindAllStringSubmatch(path, -1) {
				declared := slices.ContainsFunc(operation.Parameters, func(p struct{ Name, In string }) bool { return p.Name == part[1] && p.In == "path" })
				assert.True(t, declared, "%s %s does not read %s", method, path, part[1])
			}
		}
	}
}
