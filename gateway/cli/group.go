package cli

import (
	"bytes"
	"encoding/json"
	"fmt"
	"mime/multipart"
	"strings"

	"github.com/danielgtaylor/huma/v2"
	"github.com/spf13/cobra"
)

// groupCommand has a subcommand for each operation below a path.
func (f *flags) groupCommand(description *huma.OpenAPI, name, about string) *cobra.Command {
	group := &cobra.Command{
		Use: name, Short: about, Args: usageArgs(cobra.NoArgs),
		RunE: func(c *cobra.Command, _ []string) error { _ = c.Help(); return usage("say what to do") },
	}
	prefix := "/api/v1/" + name
	for _, o := range operations(description, func(o operation) bool { return o.path == prefix || strings.HasPrefix(o.path, prefix+"/") }) {
		group.AddCommand(f.doCommand(description, name, o))
	}
	return group
}

// doCommand calls an operation; the fields of its body are flags.
func (f *flags) doCommand(description *huma.OpenAPI, group string, o operation) *cobra.Command {
	verb := strings.TrimSuffix(strings.TrimSuffix(o.OperationID, "-"+group), "-"+strings.TrimSuffix(group, "s"))
	fields := bodyFields(description, o.Operation)
	c := &cobra.Command{
		Use: strings.TrimSpace(verb + " " + strings.Join(o.pathParameters(), " ")), Short: o.Summary,
		RunE: func(c *cobra.Command, args []string) error {
			path, err := o.address(args)
			if err != nil {
				return err
			}
			r := request{method: o.Method, path: path + "?" + o.query(c).Encode()}
			if len(fields) > 0 {
				if r.body, err = bodyOf(c, fields); err != nil {
					return err
				}
				r.contentType = "application/json"
			}
			client, err := f.client()
			if err != nil {
				return err
			}
			a, err := client.call(c.Context(), r)
			if err != nil {
				return err
			}
			return f.body(c.OutOrStdout(), a.body)
		},
	}
	o.addFlags(f, c)
	for name, schema := range fields {
		switch {
		case c.Flags().Lookup(name) != nil:
		case schema.Type == huma.TypeArray:
			c.Flags().StringSlice(name, nil, schema.Description+" (with commas between)")
		case schema.Type == huma.TypeBoolean:
			c.Flags().Bool(name, false, schema.Description)
		default:
			c.Flags().String(name, "", schema.Description)
		}
	}
	return c
}

// bodyFields are the fields of an operation's JSON body.
func bodyFields(description *huma.OpenAPI, o *huma.Operation) map[string]*huma.Schema {
	if o.RequestBody == nil || o.RequestBody.Content["application/json"] == nil {
		return nil
	}
	schema := o.RequestBody.Content["application/json"].Schema
	if schema.Ref != "" {
		schema = description.Components.Schemas.SchemaFromRef(schema.Ref)
	}
	fields := map[string]*huma.Schema{}
	for name, field := range schema.Properties {
		if name != "$schema" {
			fields[name] = field
		}
	}
	return fields
}

// bodyOf makes the body of the flags that were given.
func bodyOf(c *cobra.Command, fields map[string]*huma.Schema) ([]byte, error) {
	body := map[string]any{}
	for name, schema := range fields {
		flag := c.Flags().Lookup(name)
		if flag == nil || !flag.Changed {
			continue
		}
		switch schema.Type {
		case huma.TypeArray:
			values, err := c.Flags().GetStringSlice(name)
			if err != nil {
				return nil, usage("--%s: %w", name, err)
			}
			body[name] = values
		case huma.TypeBoolean:
			body[name] = flag.Value.String() == "true"
		case huma.TypeInteger, huma.TypeNumber:
			body[name] = json.Number(flag.Value.String())
		default:
			body[name] = flag.Value.String()
		}
	}
	text, err := json.Marshal(body)
	if err != nil {
		return nil, usage("the flags are no request: %w", err)
	}
	return text, nil
}

// importForm puts a file, and that of the suppliers where there is one, into a form.
func importForm(c *cobra.Command, file, suppliers string) (body []byte, contentType string, err error) {
	var b bytes.Buffer
	form := multipart.NewWriter(&b)
	for _, part := range [][2]string{{"file", file}, {"suppliers", suppliers}} {
		if part[1] == "" {
			continue
		}
		content, err := input(c, part[1])
		if err != nil {
			return nil, "", err
		}
		w, err := form.CreateFormFile(part[0], part[0])
		if err != nil {
			return nil, "", fmt.Errorf("couldn't make the form: %w", err)
		}
		_, _ = w.Write(content) // a buffer takes everything
	}
	if err := form.Close(); err != nil {
		return nil, "", fmt.Errorf("couldn't make the form: %w", err)
	}
	return b.Bytes(), form.FormDataContentType(), nil
}
