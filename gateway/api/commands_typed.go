package api

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"reflect"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/weighbridge/weighbridge/chaincode/massbalance"
	"github.com/weighbridge/weighbridge/chaincode/wire"
	"github.com/weighbridge/weighbridge/gateway/access"
)

// registerTyped adds one operation for each command, with that command's own
// schema. They are ways into the same submission, for programs that are
// generated from the description, and for people who read it.
func (s *server) registerTyped() {
	for _, body := range massbalance.Bodies {
		kind := body.Type()
		register(s, access.Operate, huma.Operation{
			OperationID: "submit-" + strings.ReplaceAll(kind, "_", "-"), Method: http.MethodPost, Path: "/api/v1/commands/" + kind,
			Summary:      "Submit the command " + kind,
			Description:  "Takes one command, in which the type may be left out. An ID makes it idempotent.",
			Tags:         []string{"commands"},
			MaxBodyBytes: bodyLimit, BodyReadTimeout: 30 * time.Second, SkipValidateBody: true,
			Responses: s.commandResponses(schemaOf(s.schemas(), reflect.TypeFor[Result]())),
		}, func(ctx context.Context, in *commandsInput) (*commandsOutput, error) {
			command, err := readTyped(kind, in)
			if err != nil {
				return nil, err
			}
			return s.submit(s.sender(ctx, in), []massbalance.Command{command}, false)
		})
		s.describeBody("/api/v1/commands/"+kind, typedCommand(s.schemas(), body))
	}
}

// describeBody says what a command's request holds. The bodies are read by
// package wire, so huma knows nothing of them.
func (s *server) describeBody(path string, schema *huma.Schema) {
	s.huma.OpenAPI().Paths[path].Post.RequestBody = &huma.RequestBody{
		Required: true, Content: map[string]*huma.MediaType{jsonType: {Schema: schema}},
	}
}

// typedCommand is a command's schema in which the type need not be given.
func typedCommand(r huma.Registry, body massbalance.Body) *huma.Schema {
	named := r.Map()[strings.TrimPrefix(oneCommand(r, body).Ref, componentPrefix)]
	typed := *named
	typed.Required = []string{"id", "body"}
	return &typed
}

// readTyped reads a command whose type the path names.
func readTyped(kind string, in *commandsInput) (massbalance.Command, error) {
	if err := in.checkType(); err != nil {
		return massbalance.Command{}, err
	}
	named, err := withType(kind, in.RawBody)
	if err != nil {
		return massbalance.Command{}, err
	}
	command, err := wire.Decode[massbalance.Command](named)
	if err != nil {
		return command, unreadable(err)
	}
	return command, nil
}

// withType adds the type to a command that names none. It stands at the end, so
// that what is said of places in the body is true.
func withType(kind string, body []byte) ([]byte, error) {
	var fields map[string]json.RawMessage
	if json.Unmarshal(body, &fields) != nil {
		return body, nil // the codec says what is wrong with it
	}
	if given, ok := fields["type"]; ok {
		var text string
		if json.Unmarshal(given, &text) == nil && text != kind {
			p := problem(http.StatusBadRequest, fmt.Sprintf("body.type: this address takes %s, not %q", kind, text))
			p.Errors = []Fault{{"body.type", fmt.Sprintf("this address takes %s, not %q", kind, text)}}
			return nil, p
		}
		return body, nil
	}
	open, ok := bytes.CutSuffix(bytes.TrimRight(body, " \t\r\n"), []byte("}"))
	if !ok {
		return body, nil
	}
	comma := ","
	if len(fields) == 0 {
		comma = ""
	}
	return fmt.Appendf(bytes.Clone(open), `%s"type":%q}`, comma, kind), nil
}
