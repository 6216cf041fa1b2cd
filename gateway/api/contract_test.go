package api_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/pb33f/libopenapi"
	validator "github.com/pb33f/libopenapi-validator"
	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/stretchr/testify/require"

	"github.com/weighbridge/weighbridge/chaincode/massbalance"
	"github.com/weighbridge/weighbridge/gateway/access"
	"github.com/weighbridge/weighbridge/gateway/api"
	"github.com/weighbridge/weighbridge/gateway/readmodel/ledgertest"
	"github.com/weighbridge/weighbridge/gateway/store/storetest"
	"github.com/weighbridge/weighbridge/gateway/trade"
)

// contract is the served description, read by libraries that know nothing of
// the code that made it.
type contract struct {
	document map[string]any
	schemas  *jsonschema.Compiler
	compiled map[string]*jsonschema.Schema
}

// operation is one of the contract's.
type operation struct {
	method, path string
	pointer      string
	node         map[string]any
}

func (o operation) String() string { return strings.ToUpper(o.method) + " " + o.path }

const contractURL = "mem:///openapi.json"

func contractOf(t *testing.T, g gateway) *contract {
	t.Helper()
	r := g.get("/openapi.json")
	require.Equal(t, http.StatusOK, r.StatusCode)
	parsed, err := jsonschema.UnmarshalJSON(strings.NewReader(r.body))
	require.NoError(t, err)
	document := parsed.(map[string]any)
	shut(document["paths"])
	shut(document["components"])
	c := &contract{document: document, schemas: jsonschema.NewCompiler(), compiled: map[string]*jsonschema.Schema{}}
	c.schemas.DefaultDraft(jsonschema.Draft2020)
	c.schemas.AssertFormat()
	require.NoError(t, c.schemas.AddResource(contractURL, document))
	return c
}

// shut forbids every field that the description does not name. Programs that
// call the interface should expect new ones; the description may not lack any.
func shut(node any) {
	switch n := node.(type) {
	case map[string]any:
		if properties, ok := n["properties"].(map[string]any); ok && n["type"] == "object" {
			if _, said := n["additionalProperties"]; !said {
				n["additionalProperties"] = false
			}
			shut(properties)
		}
		for name, child := range n {
			if name != "properties" {
				shut(child)
			}
		}
	case []any:
		for _, child := range n {
			shut(child)
		}
	}
}

func (c *contract) operations() (all []operation) {
	for path, item := range c.document["paths"].(map[string]any) {
		for method, node := range item.(map[string]any) {
			pointer := "#/paths/" + escaped(path) + "/" + method
			all = append(all, operation{method, path, pointer, node.(map[string]any)})
		}
	}
	slices.SortFunc(all, func(a, b operation) int { return strings.Compare(a.path+a.method, b.path+b.method) })
	return all
}

func escaped(name string) string {
	return strings.NewReplacer("~", "~0", "/", "~1", "%", "%25", "{", "%7B", "}", "%7D", "+", "%2B").Replace(name)
}

// resolve follows references within the document.
func (c *contract) resolve(node map[string]any) map[string]any {
	for {
		ref, ok := node["$ref"].(string)
		if !ok {
			return node
		}
		var at any = c.document
		for part := range strings.SplitSeq(strings.TrimPrefix(ref, "#/"), "/") {
			at = at.(map[string]any)[part]
		}
		node = at.(map[string]any)
	}
}

// check says what of an answer is not as the contract has it.
func (c *contract) check(o operation, status int, header http.Header, body []byte) error {
	responses := o.node["responses"].(map[string]any)
	documented := strconv.Itoa(status)
	if _, ok := responses[documented]; !ok {
		documented = "default"
	}
	response, ok := responses[documented].(map[string]any)
	switch {
	case status >= 500 && status != http.StatusServiceUnavailable:
		return fmt.Errorf("answers %d: %s", status, body)
	case !ok:
		return fmt.Errorf("answers %d, which is not documented: %.300s", status, body)
	case (status == http.StatusServiceUnavailable || status == http.StatusTooManyRequests) && !number(header.Get("Retry-After")):
		return fmt.Errorf("answers %d without Retry-After", status)
	case header.Get("X-Content-Type-Options") != "nosniff" || header.Get("Cache-Control") == "":
		return fmt.Errorf("answers without the headers of all answers: %v", header)
	}
	for name := range asMap(response["headers"]) {
		if header.Get(name) == "" && (name == "ETag" || name == "Weighbridge-Height") {
			return fmt.Errorf("answers %d without the documented header %s", status, name)
		}
	}
	content := asMap(response["content"])
	if len(content) == 0 {
		if len(body) > 0 {
			return fmt.Errorf("answers %d with a body that is not documented: %.300s", status, body)
		}
		return nil
	}
	kind, _, err := mime.ParseMediaType(header.Get("Content-Type"))
	if err != nil {
		return fmt.Errorf("answers %d with the media type %q", status, header.Get("Content-Type"))
	}
	if _, ok := content[kind]; !ok {
		return fmt.Errorf("answers %d as %s, which is not documented", status, kind)
	}
	if !strings.HasSuffix(kind, "json") {
		return nil
	}
	pointer := o.pointer + "/responses/" + documented + "/content/" + escaped(kind) + "/schema"
	if err := c.valid(pointer, body); err != nil {
		return fmt.Errorf("answers %d with %.2000s: %w", status, body, err)
	}
	if status >= 400 {
		return problemIsWhole(status, body)
	}
	return nil
}

func asMap(node any) map[string]any {
	m, _ := node.(map[string]any)
	return m
}

func number(text string) bool { _, err := strconv.ParseUint(text, 10, 31); return err == nil }

// problemIsWhole holds errors to what RFC 9457 and the package promise.
func problemIsWhole(status int, body []byte) error {
	var p struct {
		Status        int
		Title, Detail string
		Code          string
		Message       string
		Errors        []struct{ Location, Message string }
	}
	if err := json.Unmarshal(body, &p); err != nil {
		return err
	}
	switch {
	case p.Status != status || p.Title == "" || p.Detail == "":
		return fmt.Errorf("the problem of a %d is not whole: %s", status, body)
	case p.Code != "" && p.Message == "":
		return fmt.Errorf("a refusal says no reason: %s", body)
	case status == http.StatusUnprocessableEntity && p.Code == "" && len(p.Errors) == 0:
		return fmt.Errorf("a %d says neither a code nor where the fault is: %s", status, body)
	}
	for _, inside := range []string{"massbalance.", "readmodel.", "SQL", "sqlite", "goroutine", ".go:"} {
		if strings.Contains(string(body), inside) {
			return fmt.Errorf("the problem shows the inside: %s", body)
		}
	}
	return nil
}

func (c *contract) valid(pointer string, body []byte) error {
	schema, ok := c.compiled[pointer]
	if !ok {
		var err error
		if schema, err = c.schemas.Compile(contractURL + pointer); err != nil {
			return err
		}
		c.compiled[pointer] = schema
	}
	value, err := jsonschema.UnmarshalJSON(strings.NewReader(string(body)))
	if err != nil {
		return err
	}
	return schema.Validate(value)
}

// call sends a request and checks the answer. The stream of events has no end,
// so only its head is looked at.
func (c *contract) call(ctx context.Context, g gateway, o operation, request *http.Request) (int, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	response, err := http.DefaultTransport.RoundTrip(request.WithContext(ctx))
	if err != nil {
		return 0, err
	}
	defer response.Body.Close()
	if strings.HasPrefix(response.Header.Get("Content-Type"), "text/event-stream") {
		return response.StatusCode, c.check(o, response.StatusCode, response.Header, nil)
	}
	body, err := io.ReadAll(response.Body)
	if err != nil {
		return 0, err
	}
	return response.StatusCode, c.check(o, response.StatusCode, response.Header, body)
}

func TestTheDescriptionIsValidOpenAPI(t *testing.T) {
	document, err := libopenapi.NewDocument([]byte(serve(t).get("/openapi.json").body))
	require.NoError(t, err)
	v, errs := validator.NewValidator(document)
	require.Empty(t, errs)
	valid, problems := v.ValidateDocument()
	for _, p := range problems {
		for _, e := range p.SchemaValidationErrors {
			t.Error(e.Reason, e.FieldPath)
		}
		t.Error(p.Message, p.Reason)
	}
	require.True(t, valid)
	if keep := os.Getenv("KEEP_OPENAPI"); keep != "" {
		require.NoError(t, os.WriteFile(keep, []byte(serve(t).get("/openapi.json").body), 0o600))
	}
}

// A gateway that can't act says so, with 503 and when to try again, or 403
// where it never will; and still nothing fails.
func TestAGatewayThatCantActKeepsItsDescription(t *testing.T) {
	often := access.Rate{PerSecond: 1e6, Burst: 1e6}
	for name, change := range map[string]func(*api.Options){
		"read-only":     func(o *api.Options) { o.Role, o.Organisation = massbalance.Certification, "certifier" },
		"broken peer":   func(o *api.Options) { o.Submitter = answers{err: errors.New("no peer")} },
		"store is gone": func(o *api.Options) { o.Gate, o.Known, o.Unknown = goneGate{}, often, often },
		"terms are gone": func(o *api.Options) {
			desk, err := trade.NewDesk(t.Context(), o.Organisation, new(ledgertest.Vault).Of(o.Organisation), o.Model, storetest.Own(t))
			require.NoError(t, err)
			o.Trade = desk
		},
		"not connected": func(o *api.Options) { o.Status = func() api.Status { return api.Status{Reason: "connection refused"} } },
	} {
		t.Run(name, func(t *testing.T) {
			g := serve(t, change)
			play(t, g.ledger)
			c := contractOf(t, serve(t)) // the description of one that can
			for _, o := range c.operations() {
				request := c.example(t, g, o)
				status, err := c.call(t.Context(), g, o, request)
				require.NoError(t, err, o.String())
				if request.ContentLength == 0 && o.method == "post" {
					continue // it shows no example
				}
				switch {
				case name == "store is gone" && openToAll(strings.ToUpper(o.method)+" "+o.path):
					require.NotEqual(t, http.StatusServiceUnavailable, status, "what is public asks nobody who calls: %s", o)
				case name == "store is gone":
					require.Equal(t, http.StatusServiceUnavailable, status, o.String())
				case name == "terms are gone" && o.path == "/api/v1/trade/premiums":
					require.Equal(t, http.StatusServiceUnavailable, status, o.String())
				case name == "read-only" && strings.HasPrefix(o.path, "/api/v1/commands") && o.method == "post":
					require.Equal(t, http.StatusForbidden, status, o.String())
				case name == "broken peer" && strings.HasPrefix(o.path, "/api/v1/commands") && o.method == "post":
					require.Equal(t, http.StatusServiceUnavailable, status, o.String())
				default:
					require.NotEqual(t, http.StatusServiceUnavailable, status, o.String())
				}
			}
		})
	}
}

// goneGate can't find out who calls.
type goneGate struct{}

func (goneGate) Actor(*http.Request) (access.Actor, error) {
	return access.Nobody, errors.New("secret inside")
}

func (goneGate) Still(context.Context, access.Actor, access.Permission) (bool, error) {
	return false, errors.New("secret inside")
}
