package cli

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"slices"
	"strings"

	"github.com/danielgtaylor/huma/v2"
	"github.com/spf13/cobra"

	"github.com/weighbridge/weighbridge/gateway/api"
)

// flags are those of every command here.
type flags struct {
	gateway, tokenFile, caFile, output string
}

func environment(name, otherwise string) string {
	if value := os.Getenv(name); value != "" {
		return value
	}
	return otherwise
}

// Commands are the subcommands that call a gateway.
func Commands() []*cobra.Command {
	f := &flags{}
	description := api.Describe()
	commands := []*cobra.Command{
		f.getCommand(description), f.sendCommand(), f.traceCommand(), f.importCommand(), f.exportCommand(description), f.watchCommand(),
		f.groupCommand(description, "webhooks", "Manage who else is told of what is recorded"),
		f.groupCommand(description, "tokens", "Manage the tokens of machines"),
		f.groupCommand(description, "approvals", "Decide on commands that wait for a second person"),
		f.groupCommand(description, "users", "Manage the users of the gateway"),
	}
	for _, c := range commands {
		p := c.PersistentFlags()
		p.StringVar(&f.gateway, "gateway", environment("WEIGHBRIDGE_GATEWAY", "http://127.0.0.1:8101"), "the gateway's address (WEIGHBRIDGE_GATEWAY)")
		p.StringVar(&f.tokenFile, "token-file", os.Getenv("WEIGHBRIDGE_TOKEN_FILE"), "file with the token to call with (WEIGHBRIDGE_TOKEN_FILE, or the token itself in WEIGHBRIDGE_TOKEN)")
		p.StringVar(&f.caFile, "ca-file", os.Getenv("WEIGHBRIDGE_CA_FILE"), "file with the certificate authority of the gateway, where the system does not know it (PEM)")
		p.StringVarP(&f.output, "output", "o", "table", "table, json (one object a line) or csv")
		_ = c.RegisterFlagCompletionFunc("output", cobra.FixedCompletions([]string{"table", "json", "csv"}, cobra.ShellCompDirectiveNoFileComp)) // the flag is there
		c.SetFlagErrorFunc(func(_ *cobra.Command, err error) error { return &Exit{ExitUsage, err} })
		c.PersistentPreRunE = func(*cobra.Command, []string) error {
			if !slices.Contains([]string{"table", "json", "csv"}, f.output) {
				return usage("-o is table, json or csv, not %q", f.output)
			}
			return nil
		}
	}
	return commands
}

// operation is one of the interface's, as a subcommand needs it.
type operation struct {
	*huma.Operation
	path string
}

// operations lists those that a filter keeps, in the order of their paths.
func operations(description *huma.OpenAPI, keep func(operation) bool) (all []operation) {
	for path, item := range description.Paths {
		for _, o := range []*huma.Operation{item.Get, item.Post, item.Put, item.Patch, item.Delete} {
			if o != nil && keep(operation{o, path}) {
				all = append(all, operation{o, path})
			}
		}
	}
	slices.SortFunc(all, func(a, b operation) int { return strings.Compare(a.OperationID, b.OperationID) })
	return all
}

// holds reports whether a success of the operation is of a media type.
func (o operation) holds(kind string) bool {
	response := o.Responses["200"]
	return response != nil && response.Content[kind] != nil
}

// pathParameters are the parts of the path that are given as arguments.
func (o operation) pathParameters() (names []string) {
	for part := range strings.SplitSeq(o.path, "/") {
		if name, ok := strings.CutPrefix(part, "{"); ok {
			names = append(names, strings.TrimSuffix(name, "}"))
		}
	}
	return names
}

// address fills arguments into the path. An ID such as brand/CLM-1 may be one
// argument or several.
func (o operation) address(args []string) (string, error) {
	names := o.pathParameters()
	parts := args
	if len(args) != len(names) {
		parts = strings.Split(strings.Join(args, "/"), "/")
	}
	if len(names) == 0 {
		parts = args
	}
	if len(parts) != len(names) {
		return "", usage("needs %s, has %q", strings.Join(names, "/"), strings.Join(args, " "))
	}
	path := o.path
	for i, name := range names {
		if parts[i] == "" {
			return "", usage("%s is empty", name)
		}
		path = strings.Replace(path, "{"+name+"}", url.PathEscape(parts[i]), 1)
	}
	return path, nil
}

// addFlags makes a flag of each parameter of the query.
func (o operation) addFlags(f *flags, c *cobra.Command) {
	for _, p := range o.Parameters {
		if p.In != "query" || p.Name == "format" {
			continue
		}
		if p.Schema.Type == huma.TypeBoolean {
			c.Flags().Bool(p.Name, false, p.Description)
			continue
		}
		c.Flags().String(p.Name, "", p.Description)
		words := make([]string, len(p.Schema.Enum))
		for i, word := range p.Schema.Enum {
			words[i] = fmt.Sprint(word)
		}
		if len(words) > 0 {
			_ = c.RegisterFlagCompletionFunc(p.Name, cobra.FixedCompletions(words, cobra.ShellCompDirectiveNoFileComp)) // the flag was made above
		} else if list := lists[p.Name]; list != "" {
			_ = c.RegisterFlagCompletionFunc(p.Name, f.complete(list))
		}
	}
}

// query is what the flags say of it.
func (o operation) query(c *cobra.Command) url.Values {
	query := url.Values{}
	for _, p := range o.Parameters {
		if flag := c.Flags().Lookup(p.Name); p.In == "query" && flag != nil && flag.Changed {
			query.Set(p.Name, flag.Value.String())
		}
	}
	return query
}

// lists say of which list a flag's value is an ID.
var lists = map[string]string{"site": "/api/v1/sites", "product": "/api/v1/products", "recipe": "/api/v1/recipes", "project": "/api/v1/projects", "certifier": "/api/v1/certifiers"}

// complete offers the IDs of a list.
func (f *flags) complete(path string) cobra.CompletionFunc {
	return func(c *cobra.Command, _ []string, _ string) ([]string, cobra.ShellCompDirective) {
		client, err := f.client()
		if err != nil {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		a, err := client.call(c.Context(), request{method: http.MethodGet, path: path + "?limit=500"})
		var page struct{ Items []struct{ ID, Name string } }
		if err != nil || json.Unmarshal(a.body, &page) != nil {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		var words []string
		for _, item := range page.Items {
			words = append(words, item.ID+"\t"+item.Name)
		}
		return words, cobra.ShellCompDirectiveNoFileComp
	}
}

// usageArgs makes a wrong number of arguments a mistake of usage.
func usageArgs(check cobra.PositionalArgs) cobra.PositionalArgs {
	return func(c *cobra.Command, args []string) error {
		if err := check(c, args); err != nil {
			return &Exit{ExitUsage, err}
		}
		return nil
	}
}
