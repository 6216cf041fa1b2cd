package api

import (
	"bytes"
	"cmp"
	"embed"
	"encoding/json"
	"fmt"
	"html/template"
	"log/slog"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"github.com/weighbridge/weighbridge/gateway/access"
)

// The page is written from the description by this gateway itself. It needs no
// script, and so can promise to run none.
//
//go:embed docs.html docs.css
var docsFiles embed.FS

const docsPolicy = "default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

// registerDocs adds the description for people at /docs.
func (s *server) registerDocs() {
	page := template.Must(template.ParseFS(docsFiles, "docs.html"))
	s.mux.HandleFunc(access.Public, "GET /docs", func(w http.ResponseWriter, r *http.Request) {
		var b bytes.Buffer
		if err := page.Execute(&b, s.docs()); err != nil {
			s.log.LogAttrs(r.Context(), slog.LevelError, "couldn't write the documentation", slog.Any("error", err))
			problem(http.StatusInternalServerError, "the gateway couldn't write its documentation; its log says why").write(w)
			return
		}
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		w.Header().Set("Content-Security-Policy", docsPolicy)
		_, _ = w.Write(b.Bytes()) // whoever asked may be gone
	})
	s.mux.HandleFunc(access.Public, "GET /docs.css", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/css; charset=utf-8")
		style, _ := docsFiles.ReadFile("docs.css") // it is part of the program
		_, _ = w.Write(style)
	})
}

// docsPage is what the page shows.
type docsPage struct {
	Title, Description string
	// Failures are what any operation may answer.
	Failures []docsContent
	Groups   []docsGroup
	Schemas  []docsSchema
}

type docsGroup struct {
	Name       string
	Operations []docsOperation
}

type docsOperation struct {
	ID, Method, Path, Summary, Description, Who string
	Parameters                                  []docsField
	Bodies, Responses                           []docsContent
	Example                                     string
	// Try is the address of a read with its example, which works as a link.
	Try string
}

type docsField struct {
	Name, In, Type, Link, Description, Example string
	Required                                   bool
}

type docsContent struct{ Status, Type, Schema, Link, Description string }

type docsSchema struct {
	Name, Description string
	Fields            []docsField
	Options           []docsField
}

func (s *server) docs() docsPage {
	description := s.huma.OpenAPI()
	page := docsPage{Title: description.Info.Title, Description: description.Info.Description}
	for status, meaning := range failures {
		page.Failures = append(page.Failures, docsContent{Status: strconv.Itoa(status), Description: meaning})
	}
	slices.SortFunc(page.Failures, func(a, b docsContent) int { return cmp.Compare(a.Status, b.Status) })
	groups := map[string][]docsOperation{}
	for path, item := range description.Paths {
		for _, o := range []*huma.Operation{item.Get, item.Post, item.Put, item.Patch, item.Delete} {
			if o != nil {
				group, _, _ := strings.Cut(strings.TrimPrefix(path, "/api/v1/"), "/")
				groups[group] = append(groups[group], s.docsOperation(path, o))
			}
		}
	}
	for name, operations := range groups {
		slices.SortFunc(operations, func(a, b docsOperation) int {
			return cmp.Or(cmp.Compare(a.Path, b.Path), cmp.Compare(a.Method, b.Method))
		})
		page.Groups = append(page.Groups, docsGroup{name, operations})
	}
	slices.SortFunc(page.Groups, func(a, b docsGroup) int { return cmp.Compare(a.Name, b.Name) })
	for name, schema := range description.Components.Schemas.Map() {
		page.Schemas = append(page.Schemas, docsSchemaOf(name, schema))
	}
	slices.SortFunc(page.Schemas, func(a, b docsSchema) int { return cmp.Compare(a.Name, b.Name) })
	return page
}

func (s *server) docsOperation(path string, o *huma.Operation) docsOperation {
	out := docsOperation{
		ID: o.OperationID, Method: o.Method, Path: path, Summary: o.Summary, Description: o.Description,
		Who: string(s.mux.Who(o.Method + " " + path)),
	}
	try, whole := path, o.Method == http.MethodGet
	for _, p := range o.Parameters {
		field := docsFieldOf(p.Name, p.Schema, p.Required)
		field.In, field.Description = p.In, cmp.Or(p.Description, field.Description)
		if p.Example != nil {
			field.Example = fmt.Sprint(p.Example)
			try = strings.Replace(try, "{"+p.Name+"}", field.Example, 1)
		}
		whole = whole && (p.In == "path" || !p.Required)
		out.Parameters = append(out.Parameters, field)
	}
	if whole && !strings.Contains(try, "{") {
		out.Try = try
	}
	if o.RequestBody != nil {
		out.Bodies = docsContents("", "", o.RequestBody.Content)
		if media := o.RequestBody.Content[jsonType]; media != nil && media.Example != nil {
			out.Example = indented(media.Example)
		}
	}
	for status, response := range o.Responses {
		if code, _ := strconv.Atoi(status); failures[code] == response.Description {
			continue // the page says it once
		}
		if len(response.Content) == 0 {
			out.Responses = append(out.Responses, docsContent{Status: status, Description: response.Description})
		}
		out.Responses = append(out.Responses, docsContents(status, response.Description, response.Content)...)
	}
	slices.SortFunc(out.Responses, func(a, b docsContent) int { return cmp.Compare(a.Status+a.Type, b.Status+b.Type) })
	return out
}

func docsContents(status, description string, content map[string]*huma.MediaType) (all []docsContent) {
	for kind, media := range content {
		name, link := typeName(media.Schema)
		all = append(all, docsContent{status, kind, name, link, description})
	}
	slices.SortFunc(all, func(a, b docsContent) int { return cmp.Compare(a.Type, b.Type) })
	return all
}

func docsSchemaOf(name string, schema *huma.Schema) docsSchema {
	out := docsSchema{Name: name, Description: schema.Description}
	for field, of := range schema.Properties {
		out.Fields = append(out.Fields, docsFieldOf(field, of, slices.Contains(schema.Required, field)))
	}
	slices.SortFunc(out.Fields, func(a, b docsField) int { return cmp.Compare(a.Name, b.Name) })
	for _, option := range schema.OneOf {
		out.Options = append(out.Options, docsFieldOf("", option, false))
	}
	return out
}

func docsFieldOf(name string, schema *huma.Schema, required bool) docsField {
	kind, link := typeName(schema)
	field := docsField{Name: name, Type: kind, Link: link, Required: required}
	if schema == nil {
		return field
	}
	field.Description = schema.Description
	if len(schema.Enum) > 0 {
		words := make([]string, len(schema.Enum))
		for i, word := range schema.Enum {
			words[i] = fmt.Sprint(word)
		}
		field.Description = strings.TrimSpace(field.Description + " One of: " + strings.Join(words, ", ") + ".")
	}
	if len(schema.Examples) > 0 {
		field.Example = fmt.Sprint(schema.Examples[0])
	}
	return field
}

// typeName is a schema in a word, with the component that it leads to.
func typeName(schema *huma.Schema) (name, link string) {
	switch {
	case schema == nil:
		return "any", ""
	case schema.Ref != "":
		name = strings.TrimPrefix(schema.Ref, componentPrefix)
		return name, name
	case schema.Items != nil:
		name, link = typeName(schema.Items)
		return "list of " + name, link
	case len(schema.OneOf) > 0:
		name, link = typeName(schema.OneOf[0])
		return name + ", or a list", link
	case schema.Properties["items"] != nil && schema.Properties["items"].Items != nil:
		name, link = typeName(schema.Properties["items"].Items)
		return "page of " + name, link
	case schema.Properties["body"] != nil:
		name, link = typeName(schema.Properties["body"])
		return "command with " + name, link
	case schema.Format != "":
		return schema.Format, ""
	}
	return cmp.Or(schema.Type, "any"), ""
}

func indented(value any) string {
	text, err := json.MarshalIndent(value, "", "  ")
	if err != nil {
		return ""
	}
	return string(text)
}
