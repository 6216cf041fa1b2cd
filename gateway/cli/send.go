package cli

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"

	"github.com/danielgtaylor/huma/v2"
	"github.com/spf13/cobra"
)

// batch is how many commands are sent at once.
const batch = 500

func input(c *cobra.Command, name string) ([]byte, error) {
	var content []byte
	var err error
	if name == "-" {
		content, err = io.ReadAll(c.InOrStdin())
	} else {
		content, err = os.ReadFile(name)
	}
	if err != nil {
		return nil, usage("couldn't read %s: %w", name, err)
	}
	return content, nil
}

// commandsIn reads one command, an array of them, or several one after the other.
func commandsIn(content []byte) (all []json.RawMessage, err error) {
	decoder := json.NewDecoder(bytes.NewReader(content))
	for {
		var value json.RawMessage
		if err := decoder.Decode(&value); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			return nil, usage("couldn't read the commands: %w", err)
		}
		var many []json.RawMessage
		if json.Unmarshal(value, &many) == nil {
			all = append(all, many...)
		} else {
			all = append(all, value)
		}
	}
	if len(all) == 0 {
		return nil, usage("there are no commands")
	}
	return all, nil
}

func (f *flags) sendCommand() *cobra.Command {
	return &cobra.Command{
		Use: "send FILE|-", Short: "Send commands: one, an array, or one a line, as JSON", Args: usageArgs(cobra.ExactArgs(1)),
		Long: "Sends commands in their order, 500 at a time, and prints what became of each. A command's ID makes it safe to send the same file again.",
		Example: "  gateway send commands.json\n  echo '{\"id\":\"T-1\",\"type\":\"take_in\",\"date\":\"2026-08-20\",\"period\":\"2026-Q3\"," +
			"\"body\":{\"site\":\"silo-north\",\"product\":\"wheat\",\"quantity\":\"1250\",\"evidence\":\"WB-1\"}}' | gateway send -",
		RunE: func(c *cobra.Command, args []string) error {
			content, err := input(c, args[0])
			if err != nil {
				return err
			}
			commands, err := commandsIn(content)
			if err != nil {
				return err
			}
			return f.send(c, commands)
		},
	}
}

func (f *flags) send(c *cobra.Command, commands []json.RawMessage) error {
	client, err := f.client()
	if err != nil {
		return err
	}
	var results []json.RawMessage
	var failed error
	for from := 0; from < len(commands) && failed == nil; from += batch {
		body, err := json.Marshal(commands[from:min(from+batch, len(commands))])
		if err != nil {
			return usage("couldn't write the commands: %w", err)
		}
		a, err := client.call(c.Context(), request{method: http.MethodPost, path: "/api/v1/commands", body: body, contentType: "application/json"})
		failed = err
		var some []json.RawMessage
		if err == nil {
			err = json.Unmarshal(a.body, &some)
		} else {
			var p struct{ Results []json.RawMessage }
			err = nil
			if json.Unmarshal(a.body, &p) == nil {
				some = p.Results
			}
		}
		if err != nil {
			return fmt.Errorf("couldn't read the gateway's answer: %w", err)
		}
		results = append(results, some...)
	}
	if len(results) > 0 {
		if err := f.items(c.OutOrStdout(), results); err != nil {
			return err
		}
	}
	if failed != nil {
		return failed
	}
	return refusals(results)
}

// refusals is an error where one of the results is none of acceptance.
func refusals(results []json.RawMessage) error {
	refused := 0
	for _, result := range results {
		var r struct{ Stage, Code string }
		if json.Unmarshal(result, &r) == nil && r.Code != "" && r.Code != "accepted" {
			refused++
		}
	}
	if refused > 0 {
		return &Exit{ExitRefused, fmt.Errorf("%d of %d commands were refused", refused, len(results))}
	}
	return nil
}

func (f *flags) importCommand() *cobra.Command {
	query := map[string]*string{}
	var dryRun bool
	var suppliers string
	c := &cobra.Command{
		Use: "import FILE", Short: "Import a file of tickets, shipments, receipts or conversions (CSV or XLSX)", Args: usageArgs(cobra.ExactArgs(1)),
		Long:    "Sends a file, waits until every line has an outcome, and prints them. A file with a line that can't be read sends nothing.",
		Example: "  gateway import tickets.csv --dry-run\n  gateway import shipments.xlsx --kind shipments --site elevator",
		RunE: func(c *cobra.Command, args []string) error {
			values := url.Values{}
			for name, value := range query {
				if *value != "" {
					values.Set(name, *value)
				}
			}
			if dryRun {
				values.Set("dryRun", "true")
			}
			body, kind, err := importForm(c, args[0], suppliers)
			if err != nil {
				return err
			}
			return f.importFile(c, request{method: http.MethodPost, path: "/api/v1/imports?" + values.Encode(), body: body, contentType: kind})
		},
	}
	for name, about := range map[string]string{
		"site": "the site of every line; without it a column names the site", "period": "the period of every line", "model": "the custody model of introductions whose line names none",
		"decimal": "point or comma, for figures that could be read in two ways", "dates": "day-first or month-first",
	} {
		query[name] = c.Flags().String(name, "", about)
	}
	query["kind"] = c.Flags().String("kind", "tickets", "tickets, shipments, receipts or conversions")
	c.Flags().BoolVar(&dryRun, "dry-run", false, "say what would become of each line, and send nothing")
	c.Flags().StringVar(&suppliers, "suppliers", "", "file that lists suppliers with their verification statements")
	_ = c.RegisterFlagCompletionFunc("site", f.complete(lists["site"])) // the flag was made above
	return c
}

func (f *flags) importFile(c *cobra.Command, r request) error {
	client, err := f.client()
	if err != nil {
		return err
	}
	a, err := client.call(c.Context(), r)
	if err != nil {
		return err
	}
	if where := a.header.Get("Location"); where != "" {
		err = poll(c.Context(), func() (bool, error) {
			if a, err = client.call(c.Context(), request{method: http.MethodGet, path: where}); err != nil {
				return false, err
			}
			var job struct{ State string }
			return json.Unmarshal(a.body, &job) != nil || job.State != "running", nil
		})
		if err != nil {
			return err
		}
	}
	return f.report(c, a.body)
}

// report prints the lines of a file, from a dry run or a job.
func (f *flags) report(c *cobra.Command, body []byte) error {
	var job struct {
		State, Reason string
		Report        json.RawMessage
	}
	if err := json.Unmarshal(body, &job); err != nil {
		return fmt.Errorf("couldn't read the gateway's answer: %w", err)
	}
	if job.Report == nil {
		job.Report = body
	}
	var report struct {
		Accepted, Repeated, Refused, Malformed int
		Lines                                  []json.RawMessage
	}
	if err := json.Unmarshal(job.Report, &report); err != nil {
		return fmt.Errorf("couldn't read the gateway's answer: %w", err)
	}
	if err := f.items(c.OutOrStdout(), report.Lines); err != nil {
		return err
	}
	fmt.Fprintf(c.ErrOrStderr(), "%d accepted, %d repeated, %d refused, %d malformed\n", report.Accepted, report.Repeated, report.Refused, report.Malformed)
	switch {
	case job.State == "stopped":
		return &Exit{ExitUnavailable, fmt.Errorf("the import stopped: %s", job.Reason)}
	case report.Refused+report.Malformed > 0:
		return &Exit{ExitRefused, fmt.Errorf("%d lines were refused and %d can't be read", report.Refused, report.Malformed)}
	}
	return nil
}

// exportCommand has a subcommand for each document.
func (f *flags) exportCommand(description *huma.OpenAPI) *cobra.Command {
	export := &cobra.Command{
		Use: "export WHAT ID", Short: "Write a document to a file: workbook, certificate or declaration", Args: usageArgs(cobra.NoArgs),
		Example: "  gateway export site-workbook mill --period 2026-Q3\n  gateway export claim-certificate brand/CLM-1 --file claim.pdf",
		RunE:    func(c *cobra.Command, _ []string) error { _ = c.Help(); return usage("say what to export") },
	}
	for _, o := range operations(description, func(o operation) bool {
		return o.Method == http.MethodGet && o.Responses["200"] != nil && len(o.Responses["200"].Content) == 1 && !o.holds("application/json") && !o.holds("text/event-stream")
	}) {
		_, name, _ := strings.Cut(o.OperationID, "-")
		var file string
		c := &cobra.Command{Use: name + " " + strings.Join(o.pathParameters(), "/"), Short: o.Summary, RunE: func(c *cobra.Command, args []string) error {
			path, err := o.address(args)
			if err != nil {
				return err
			}
			return f.save(c, path+"?"+o.query(c).Encode(), file)
		}}
		o.addFlags(f, c)
		c.Flags().StringVar(&file, "file", "", "where to write; - is the standard output; without it the name that the gateway gives")
		export.AddCommand(c)
	}
	return export
}

func (f *flags) save(c *cobra.Command, path, file string) error {
	client, err := f.client()
	if err != nil {
		return err
	}
	a, err := client.call(c.Context(), request{method: http.MethodGet, path: path})
	if err != nil {
		return err
	}
	if file == "-" {
		_, err := c.OutOrStdout().Write(a.body)
		return err
	}
	if file == "" {
		_, name, _ := strings.Cut(a.header.Get("Content-Disposition"), "filename=")
		if file = filepath.Base(strings.Trim(name, `"`)); name == "" {
			return usage("the gateway gives no name; say --file")
		}
	}
	if err := os.WriteFile(file, a.body, 0o600); err != nil {
		return fmt.Errorf("couldn't write the document: %w", err)
	}
	fmt.Fprintln(c.ErrOrStderr(), file)
	return nil
}

// watchCommand prints what is recorded as it is.
func (f *flags) watchCommand() *cobra.Command {
	var after string
	c := &cobra.Command{
		Use: "watch", Short: "Print each block's records as they are applied", Args: usageArgs(cobra.NoArgs), Example: "  gateway watch\n  gateway watch --after 100 -o json",
		RunE: func(c *cobra.Command, _ []string) error {
			client, err := f.client()
			if err != nil {
				return err
			}
			response, err := client.open(c.Context(), request{method: http.MethodGet, path: "/api/v1/events?" + url.Values{"after": {after}}.Encode()})
			switch {
			case err != nil && c.Context().Err() != nil:
				return nil // whoever watches has seen enough, if nothing yet
			case err != nil:
				return err
			}
			defer response.Body.Close()
			if response.StatusCode != http.StatusOK {
				body, _ := io.ReadAll(response.Body)
				return answer{response.StatusCode, response.Header, body}.failure()
			}
			lines := bufio.NewScanner(response.Body)
			lines.Buffer(nil, 16<<20)
			for lines.Scan() {
				if data, ok := strings.CutPrefix(lines.Text(), "data: "); ok {
					if err := f.block(c.OutOrStdout(), []byte(data)); err != nil {
						return err
					}
				}
			}
			if err := lines.Err(); err != nil && c.Context().Err() == nil {
				return &Exit{ExitUnavailable, fmt.Errorf("the stream broke off: %w", err)}
			}
			return nil
		},
	}
	c.Flags().StringVar(&after, "after", "", "the last block that was seen; without it the stream begins with the next one")
	return c
}

func (f *flags) block(w io.Writer, data []byte) error {
	if f.output == "json" {
		_, err := fmt.Fprintln(w, string(data))
		return err
	}
	var event struct {
		Height  uint64
		Records []struct{ Organisation, Command, Type, Site, Subject, Date string }
	}
	if err := json.Unmarshal(data, &event); err != nil {
		return fmt.Errorf("couldn't read an event: %w", err)
	}
	for _, r := range event.Records {
		if _, err := fmt.Fprintf(w, "%d\t%s\t%s\t%s/%s\t%s\t%s\n", event.Height, r.Date, r.Type, r.Organisation, r.Command, r.Site, r.Subject); err != nil {
			return err
		}
	}
	return nil
}
