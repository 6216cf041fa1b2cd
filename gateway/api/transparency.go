package api

import (
	"net/http"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"github.com/weighbridge/weighbridge/gateway/access"
)

// Schemas of the log's answers, beside those that follow from types.
var (
	hashSchema    = &huma.Schema{Type: huma.TypeString, ContentEncoding: "base64", Description: "A SHA-256 hash, in base64."}
	hashesSchema  = &huma.Schema{Type: huma.TypeArray, Items: hashSchema}
	textSchema    = &huma.Schema{Type: huma.TypeString}
	numberSchema  = &huma.Schema{Type: huma.TypeInteger, Format: "int64", Minimum: new(float64)}
	timeSchema    = &huma.Schema{Type: huma.TypeString, Format: "date-time"}
	bytesSchema   = &huma.Schema{Type: huma.TypeString, Format: "binary"}
	problemSchema = &huma.Schema{Type: huma.TypeString, Enum: []any{"split_view", "not_an_extension", "truncated", "contradicts_itself"}}
)

// object is the schema of an object that has all of these fields, but for those
// in optional.
func object(fields map[string]*huma.Schema, optional ...string) *huma.Schema {
	o := &huma.Schema{Type: huma.TypeObject, Properties: fields, AdditionalProperties: false}
	may := map[string]bool{}
	for _, name := range optional {
		may[name] = true
	}
	for name := range fields {
		if !may[name] {
			o.Required = append(o.Required, name)
		}
	}
	return o
}

var alarmsSchema = object(map[string]*huma.Schema{"alarms": {Type: huma.TypeArray, Items: object(map[string]*huma.Schema{
	"id": textSchema, "organisation": textSchema, "problem": problemSchema, "size": numberSchema,
	"ours":   {Type: huma.TypeString, Description: "The checkpoint of this organisation, or what it has instead."},
	"theirs": {Type: huma.TypeString, Description: "The other one's, as it signed it."},
	"raised": timeSchema, "noted": timeSchema,
}, "noted")}})

var cosignersSchema = object(map[string]*huma.Schema{"cosigners": {Type: huma.TypeArray, Items: object(map[string]*huma.Schema{
	"organisation": textSchema, "address": textSchema,
	"registered": {Type: huma.TypeString, Description: "Its key on the ledger, base64url; absent where it has none yet."},
	"seen":       {Type: huma.TypeInteger, Format: "int64", Description: "Records under the latest checkpoint that it showed."},
	"cosigned":   {Type: huma.TypeInteger, Format: "int64", Description: "Records under the latest checkpoint of ours that it cosigned."},
	"refused":    {Type: huma.TypeBoolean, Description: "Its cosignatures are refused, because an alarm about it is open."},
	"problem":    {Type: huma.TypeString, Description: "Why the last comparison with its log failed."},
}, "registered", "problem")}})

// logOperation is one that the transparency log answers (package proof/witness).
// It is described here and served there: its answers are files of formats that
// others defined (C2SP), most of them.
type logOperation struct {
	who                       access.Permission
	method, path, id, summary string
	doc                       string
	media                     string
	schema                    *huma.Schema
	// query are its parameters, numbers all; conflict is set where signing may be refused.
	query    []string
	conflict bool
}

var logOperations = []logOperation{
	{who: access.Public, path: "/api/v1/log/checkpoint", id: "get-log-checkpoint", summary: "The latest checkpoint of the transparency log, signed", media: "text/plain", schema: textSchema, conflict: true,
		doc: "A note (C2SP signed-note) with this organisation's signatures and the cosignatures that it collected (C2SP tlog-checkpoint, tlog-cosignature)."},
	{who: access.Public, path: "/api/v1/log/checkpoints/{size}", id: "get-log-checkpoint-at", summary: "The checkpoint at a size, which is the end of a block", media: "text/plain", schema: textSchema, conflict: true},
	{who: access.Public, path: "/api/v1/log/tile/{level}/{index}", id: "get-log-tile", summary: "Hashes of the log's tree", media: "application/octet-stream", schema: bytesSchema,
		doc: "Tiles of 256 hashes (C2SP tlog-tiles); an index of more than three digits has further parts, as x001/234, and a partial tile ends in .p/ and its width. The level entries has the leaves themselves."},
	{who: access.Public, path: "/api/v1/log/proof/inclusion", id: "get-log-inclusion", summary: "The proof that a leaf is in the log", media: jsonType, query: []string{"leaf", "size"},
		schema: object(map[string]*huma.Schema{"leaf": numberSchema, "size": numberSchema, "proof": hashesSchema})},
	{who: access.Public, path: "/api/v1/log/proof/consistency", id: "get-log-consistency", summary: "The proof that the log of one size continues that of another", media: jsonType, query: []string{"from", "to"},
		schema: object(map[string]*huma.Schema{"from": numberSchema, "size": numberSchema, "proof": hashesSchema})},
	{who: access.Public, path: "/api/v1/log/key", id: "get-log-key", summary: "The organisation's key of the log, and the one that the ledger holds to be its own", media: jsonType,
		schema: object(map[string]*huma.Schema{"organisation": textSchema, "name": textSchema, "origin": textSchema, "key": textSchema, "registered": textSchema, "version": numberSchema}, "key", "registered", "version")},
	{who: access.Read, path: "/api/v1/log/cosigners", id: "get-log-cosigners", summary: "How the other organisations' logs stand to this one, and whose cosignatures are refused", media: jsonType, schema: cosignersSchema},
	{who: access.Read, path: "/api/v1/log/alarms", id: "get-log-alarms", summary: "Contradictions between organisations' logs, both sides as they were signed", media: jsonType, schema: alarmsSchema},
	{who: access.Administer, method: http.MethodPost, path: "/api/v1/log/alarms/{id}/note", id: "note-log-alarm", summary: "Take note of an alarm: it stays, and counts no more", media: jsonType, schema: alarmsSchema},
	{who: access.Public, path: "/api/v1/claims/{organisation}/{command}/bundle", id: "get-claim-bundle", summary: "The file by which anybody can verify a claim offline", media: "application/gzip", schema: bytesSchema, conflict: true,
		doc: "Public once the claimant published it, and at /claims/{organisation}/{command}/bundle as well. Checked by gateway verify, and by the page at /verifier."},
	{who: access.Operate, method: http.MethodPost, path: "/api/v1/claims/{organisation}/{command}/publish", id: "publish-claim", summary: "Let anybody fetch the bundle of a claim of one's own; there is no way back", media: jsonType,
		schema: object(map[string]*huma.Schema{"claim": textSchema, "bundle": textSchema})},
}

// describeLog adds the log's operations to the description, and its routes.
func (s *server) describeLog() {
	for _, l := range logOperations {
		o := s.documented(l.who, l.operation())
		o.Responses["404"] = s.problemResponse("There is no such thing at this height.")
		if l.conflict {
			o.Responses["409"] = s.problemResponse("The organisation vouched for something else before, and does not sign; the alarms say what.")
		}
		s.huma.OpenAPI().AddOperation(&o)
	}
	if s.Transparency != nil {
		s.Transparency.Register(s.mux)
	}
}

func (l logOperation) operation() huma.Operation {
	o := huma.Operation{OperationID: l.id, Method: http.MethodGet, Path: l.path, Summary: l.summary, Description: l.doc, Tags: []string{"log"}}
	if l.method != "" {
		o.Method = l.method
	}
	for part := range strings.SplitSeq(l.path, "/") {
		name, isParameter := strings.CutPrefix(strings.TrimSuffix(part, "}"), "{")
		if !isParameter {
			continue
		}
		schema := textSchema
		if name == "size" {
			schema = numberSchema
		}
		o.Parameters = append(o.Parameters, &huma.Param{Name: name, In: "path", Required: true, Schema: schema})
	}
	for _, name := range l.query {
		o.Parameters = append(o.Parameters, &huma.Param{Name: name, In: "query", Required: true, Schema: numberSchema, Example: map[string]any{"leaf": 0, "size": 49, "from": 1, "to": 49}[name]})
	}
	o.Responses = map[string]*huma.Response{"200": {Description: "OK", Content: map[string]*huma.MediaType{l.media: {Schema: l.schema}}}}
	return o
}
