package cli

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"github.com/spf13/cobra"

	"github.com/danielgtaylor/huma/v2"
)

// getCommand has a subcommand for each read.
func (f *flags) getCommand(description *huma.OpenAPI) *cobra.Command {
	get := &cobra.Command{
		Use: "get WHAT [ID]", Short: "Read the ledger", Args: usageArgs(cobra.NoArgs),
		Example: "  gateway get sites\n  gateway get lots --site elevator --available\n  gateway get claim brand/CLM-1 -o json\n  gateway get records --type dispatch --all -o csv",
		RunE:    func(c *cobra.Command, _ []string) error { _ = c.Help(); return usage("say what to get") },
	}
	for _, o := range operations(description, func(o operation) bool {
		return o.Method == http.MethodGet && o.holds("application/json") && strings.HasPrefix(o.path, "/api/v1/")
	}) {
		get.AddCommand(f.readCommand(o))
	}
	return get
}

func (f *flags) readCommand(o operation) *cobra.Command {
	_, name, _ := strings.Cut(o.OperationID, "-")
	var all bool
	c := &cobra.Command{
		Use: strings.TrimSpace(name + " " + strings.Join(o.pathParameters(), "/")), Short: o.Summary,
		RunE: func(c *cobra.Command, args []string) error {
			path, err := o.address(args)
			if err != nil {
				return err
			}
			return f.read(c, path, o.query(c), all)
		},
	}
	o.addFlags(f, c)
	if c.Flags().Lookup("after") != nil {
		c.Flags().BoolVar(&all, "all", false, "follow the list to its end")
	}
	if names := o.pathParameters(); len(names) == 1 && lists[names[0]] != "" {
		c.ValidArgsFunction = f.complete(lists[names[0]])
	}
	return c
}

// read prints a page, or all of them.
func (f *flags) read(c *cobra.Command, path string, query url.Values, all bool) error {
	client, err := f.client()
	if err != nil {
		return err
	}
	var items []json.RawMessage
	for {
		a, err := client.call(c.Context(), request{method: http.MethodGet, path: path + "?" + query.Encode(), accept: "application/json"})
		if err != nil {
			return err
		}
		var page struct {
			Items []json.RawMessage
			Next  string
		}
		if !all {
			if err := f.body(c.OutOrStdout(), a.body); err != nil {
				return err
			}
			if json.Unmarshal(a.body, &page) == nil && page.Next != "" {
				fmt.Fprintf(c.ErrOrStderr(), "there is more: --after %s, or --all\n", page.Next)
			}
			return nil
		}
		if err := json.Unmarshal(a.body, &page); err != nil {
			return fmt.Errorf("couldn't read the gateway's answer: %w", err)
		}
		items = append(items, page.Items...)
		if page.Next == "" {
			return f.items(c.OutOrStdout(), items)
		}
		query.Set("after", page.Next)
	}
}

// traceCommand follows a claim or a lot.
func (f *flags) traceCommand() *cobra.Command {
	var forward bool
	c := &cobra.Command{
		Use: "trace claim|lot ID", Short: "Follow a claim or a lot back to its origins, or a lot forward", Args: usageArgs(cobra.ExactArgs(2)),
		Example: "  gateway trace claim brand/CLM-1\n  gateway trace lot growers/INT-4/1 --forward",
		RunE: func(c *cobra.Command, args []string) error {
			path, direction := "/api/v1/"+args[0]+"s/", "/origins"
			if args[0] != "claim" && args[0] != "lot" || forward && args[0] == "claim" {
				return usage("traces a claim back, or a lot back or --forward")
			}
			if forward {
				direction = "/descendants"
			}
			for part := range strings.SplitSeq(args[1], "/") {
				path += url.PathEscape(part) + "/"
			}
			return f.traced(c, strings.TrimSuffix(path, "/")+direction)
		},
	}
	c.Flags().BoolVar(&forward, "forward", false, "follow what was made of the lot")
	return c
}

// traced prints a trace: its origins or lots, one a line.
func (f *flags) traced(c *cobra.Command, path string) error {
	client, err := f.client()
	if err != nil {
		return err
	}
	a, err := client.call(c.Context(), request{method: http.MethodGet, path: path})
	if err != nil {
		return err
	}
	if f.output == "json" {
		return f.body(c.OutOrStdout(), a.body)
	}
	var trace struct {
		Origins []json.RawMessage
		Lots    []json.RawMessage
	}
	if err := json.Unmarshal(a.body, &trace); err != nil {
		return fmt.Errorf("couldn't read the gateway's answer: %w", err)
	}
	return f.items(c.OutOrStdout(), append(trace.Origins, trace.Lots...))
}
