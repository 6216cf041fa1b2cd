package cli_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/spf13/cobra"
	"github.com/stretchr/testify/require"

	"github.com/weighbridge/weighbridge/chaincode/massbalance"
	"github.com/weighbridge/weighbridge/gateway/access"
	"github.com/weighbridge/weighbridge/gateway/api"
	"github.com/weighbridge/weighbridge/gateway/cli"
	"github.com/weighbridge/weighbridge/gateway/imports"
	"github.com/weighbridge/weighbridge/gateway/readmodel/ledgertest"
	"github.com/weighbridge/weighbridge/gateway/store/storetest"
	"github.com/weighbridge/weighbridge/gateway/submit"
	"github.com/weighbridge/weighbridge/gateway/webhooks"
)

// house is a real gateway over a real ledger in memory, called by the command line.
type house struct {
	t      *testing.T
	ledger *ledgertest.Ledger
	url    string
	stop   func()
}

func serve(t *testing.T, change ...func(*api.Options)) house {
	ledger := ledgertest.New(t)
	ledger.Season()
	model, own := ledger.Model(), storetest.Own(t)
	log := slog.New(slog.DiscardHandler)
	hub, err := webhooks.New(t.Context(), webhooks.Options{Organisation: ledgertest.Growers, Model: model, Store: own, Log: log})
	require.NoError(t, err)
	accounts, err := access.Open(t.Context(), own, access.Options{})
	require.NoError(t, err)
	often := access.Rate{PerSecond: 1e6, Burst: 1e6}
	o := api.Options{
		Organisation: ledgertest.Growers, Role: massbalance.Trading, Model: model, Webhooks: hub, Gate: access.Local{}, Log: log, Known: often, Unknown: often,
		Submitter: ledgertest.Member{Ledger: ledger, Organisation: ledgertest.Growers},
		Status:    func() api.Status { return api.Status{Connected: true, Chain: model.Next()} },
	}
	o.Desk = &access.Desk{Accounts: accounts, Organisation: o.Organisation, Model: model, Next: o.Submitter, Log: log}
	for _, c := range change {
		c(&o)
	}
	o.Imports, err = imports.Open(t.Context(), imports.Options{Organisation: o.Organisation, Model: model, Submitter: o.Submitter, Store: own, Log: log})
	require.NoError(t, err)
	t.Cleanup(o.Imports.Close)
	server := httptest.NewServer(api.New(o))
	t.Cleanup(server.Close)
	return house{t, ledger, server.URL, server.Close}
}

// ran is what a command line gave.
type ran struct {
	out, err string
	code     int
}

func (h house) run(ctx context.Context, in string, args ...string) ran {
	return h.runTo(ctx, &bytes.Buffer{}, in, args...)
}

// waiting is an output that ends what fills it as soon as it holds a text.
type waiting struct {
	bytes.Buffer
	text string
	stop context.CancelFunc
}

func (w *waiting) Write(p []byte) (int, error) {
	n, err := w.Buffer.Write(p)
	if strings.Contains(w.String(), w.text) {
		w.stop()
	}
	return n, err
}

// watch watches the ledger until it has shown the text.
func (h house) watch(text string, args ...string) ran {
	ctx, stop := context.WithTimeout(h.t.Context(), time.Minute)
	defer stop()
	return h.runTo(ctx, &waiting{text: text, stop: stop}, "", append([]string{"watch"}, args...)...)
}

// output is where a command line prints.
type output interface {
	io.Writer
	String() string
}

func (h house) runTo(ctx context.Context, out output, in string, args ...string) ran {
	root := &cobra.Command{Use: "gateway", SilenceUsage: true, SilenceErrors: true}
	root.AddCommand(cli.Commands()...)
	var errs bytes.Buffer
	root.SetIn(strings.NewReader(in))
	root.SetOut(out)
	root.SetErr(&errs)
	if args[0] != "__complete" {
		args = append(args, "--gateway", h.url)
	}
	root.SetArgs(args)
	err := root.ExecuteContext(ctx)
	code := 0
	var exit *cli.Exit
	switch {
	case errors.As(err, &exit):
		code = exit.Code
	case err != nil:
		code = cli.ExitFailed
	}
	if err != nil {
		errs.WriteString(err.Error())
	}
	return ran{out.String(), errs.String(), code}
}

func (h house) do(args ...string) ran { return h.run(h.t.Context(), "", args...) }

func (h house) must(args ...string) string {
	h.t.Helper()
	r := h.do(args...)
	require.Zero(h.t, r.code, r.err)
	return r.out
}

func command(id, kg string) string {
	return fmt.Sprintf(`{"id":%q,"type":"take_in","date":"2026-08-20","period":"2026-Q3","body":{"site":"silo-north","product":"wheat","quantity":%q,"evidence":"WB-%s"}}`, id, kg, id)
}

func TestReadsAreTablesJSONOrCSV(t *testing.T) {
	h := serve(t)
	sites := h.must("get", "sites", "--owner", "growers")
	require.Regexp(t, `(?m)^id +owner +name`, sites)
	require.Len(t, strings.Split(strings.TrimSpace(sites), "\n"), 3)
	require.Regexp(t, `(?m)^elevator,growers,River elevator,`, h.must("get", "sites", "-o", "csv"))
	for line := range strings.SplitSeq(strings.TrimSpace(h.must("get", "sites", "-o", "json")), "\n") {
		require.True(t, json.Valid([]byte(line)))
	}
	require.Contains(t, h.must("get", "claim", "brand/CLM-1"), "Morgenbrot rolls")
	require.Equal(t, h.must("get", "claim", "brand/CLM-1"), h.must("get", "claim", "brand", "CLM-1"))
	require.Regexp(t, `(?m)^position +block +transaction +command.id +command.type`, h.must("get", "records", "--limit", "2"), "what is within is shown")
	require.Regexp(t, `(?m)^\d+,\d+,[^,]+,INT-1,introduce,`, h.must("get", "records", "--type", "introduce", "-o", "csv"))
	page := h.do("get", "records", "--limit", "2")
	require.Contains(t, page.err, "there is more: --after 2")
	require.Greater(t, strings.Count(h.must("get", "records", "--limit", "2", "--all"), "\n"), 30)
	require.Contains(t, h.must("trace", "claim", "brand/CLM-1"), "Hof Lindenau")
	require.Contains(t, h.must("trace", "lot", "growers/INT-4/1", "--forward"), "miller/CNV-1/1")
	require.Equal(t, "nothing\n", h.must("get", "recalls"))
}

func TestSendsCommandsAndSaysWhatBecameOfThem(t *testing.T) {
	h := serve(t)
	file := filepath.Join(t.TempDir(), "commands.json")
	require.NoError(t, os.WriteFile(file, []byte("["+command("A", "1")+","+command("B", "2")+"]"), 0o600))
	require.Contains(t, h.must("send", file), "accepted")
	require.Contains(t, h.must("send", file, "-o", "json"), `"repeated":true`)
	lines := h.run(t.Context(), command("C", "3")+"\n"+command("D", "0"), "send", "-", "-o", "csv")
	require.Equal(t, cli.ExitRefused, lines.code)
	require.Contains(t, lines.out, "C,valid,accepted")
	require.Contains(t, lines.out, "invalid_command")
}

func TestExitCodesSayWhatHappened(t *testing.T) {
	h := serve(t)
	for _, c := range []struct {
		code int
		args []string
	}{
		{cli.ExitUsage, []string{"get", "sites", "--colour", "red"}}, {cli.ExitUsage, []string{"get"}}, {cli.ExitUsage, []string{"get", "claim"}},
		{cli.ExitUsage, []string{"get", "lots", "--model", "best"}}, {cli.ExitUsage, []string{"get", "sites", "-o", "xml"}}, {cli.ExitUsage, []string{"send"}},
		{cli.ExitUsage, []string{"send", "/nonexistent"}}, {cli.ExitUsage, []string{"trace", "site", "mill"}}, {cli.ExitUsage, []string{"get", "sites", "--token-file", "/nonexistent"}},
		{cli.ExitNotFound, []string{"get", "claim", "a/b"}}, {cli.ExitNotFound, []string{"export", "claim-certificate", "a/b"}},
	} {
		r := h.do(c.args...)
		require.Equal(t, c.code, r.code, "%v: %s", c.args, r.err)
		require.NotEmpty(t, r.err)
	}
	broken := serve(t, func(o *api.Options) { o.Submitter = nobody{} })
	busy := broken.run(t.Context(), command("A", "1"), "send", "-")
	require.Equal(t, cli.ExitUnavailable, busy.code, busy.err)
	require.Contains(t, busy.err, "it may be tried again after")
	reader := serve(t, func(o *api.Options) { o.Role = massbalance.Certification })
	require.Equal(t, cli.ExitForbidden, reader.run(t.Context(), command("A", "1"), "send", "-").code)
	h.stop()
	require.Equal(t, cli.ExitUnavailable, h.do("get", "sites").code)
}

// nobody is a network that takes no commands.
type nobody struct{}

func (nobody) Submit(context.Context, []massbalance.Command) ([]submit.Outcome, error) {
	return nil, submit.ErrBusy
}

func TestImportsTriesAndSendsFiles(t *testing.T) {
	h := serve(t)
	file := filepath.Join(t.TempDir(), "tickets.csv")
	require.NoError(t, os.WriteFile(file, []byte("ticket;date;product;supplier;net kg\nT-1;20.08.2026;wheat;Spot market;1.250,5\nT-2;21.08.2026;wheat;Spot market;900\n"), 0o600))
	tried := h.do("import", file, "--dry-run", "--site", "silo-north", "--decimal", "comma", "--dates", "day-first")
	require.Zero(t, tried.code, tried.err)
	require.Contains(t, tried.err, "2 accepted, 0 repeated")
	require.Equal(t, cli.ExitNotFound, h.do("get", "command", "growers/T-1").code)
	sent := h.do("import", file, "--site", "silo-north", "--decimal", "comma", "--dates", "day-first")
	require.Zero(t, sent.code, sent.err)
	require.Contains(t, sent.err, "2 accepted, 0 repeated")
	again := h.do("import", file, "--site", "silo-north", "--decimal", "comma", "--dates", "day-first")
	require.Contains(t, again.err, "0 accepted, 2 repeated")
	require.NoError(t, os.WriteFile(file, []byte("ticket,date,product,supplier,net\nT-3,2026-08-20,wheat,Spot,x\n"), 0o600))
	require.Equal(t, cli.ExitUsage, h.do("import", file, "--site", "silo-north").code, "nothing is sent of a file with a line that can't be read")
}

func TestExportsWriteFiles(t *testing.T) {
	h := serve(t)
	dir := t.TempDir()
	t.Chdir(dir)
	h.must("export", "claim-certificate", "brand/CLM-1")
	content, err := os.ReadFile("claim-brand-CLM-1.pdf")
	require.NoError(t, err)
	require.True(t, bytes.HasPrefix(content, []byte("%PDF")))
	require.True(t, strings.HasPrefix(h.must("export", "site-workbook", "mill", "--period", "2026-Q3", "--file", "-"), "PK"))
}

func TestManagesWebhooks(t *testing.T) {
	h := serve(t)
	created := h.must("webhooks", "create", "--url", "https://erp.example/hooks", "--types", "dispatch,receive")
	require.Regexp(t, `secret +whsec_[A-Za-z0-9+/]{43}=`, created, "it is shown whole")
	id := regexp.MustCompile(`id +([0-9a-f]+)`).FindStringSubmatch(created)[1]
	require.Contains(t, h.must("webhooks", "list"), id)
	require.Equal(t, "nothing\n", h.must("webhooks", "list-dead-letters", id))
	h.must("webhooks", "delete", id)
	require.Equal(t, cli.ExitNotFound, h.do("webhooks", "get", id).code)
	require.Equal(t, cli.ExitUsage, h.do("webhooks", "create", "--url", "ftp://x").code)
}

func TestWatchesTheLedger(t *testing.T) {
	h := serve(t)
	watched := h.watch("brand/CLM-1", "--after", "0")
	require.Zero(t, watched.code, watched.err)
	require.Contains(t, watched.out, "brand/CLM-1")
}

func TestCompletesWithWhatIsOnTheLedger(t *testing.T) {
	h := serve(t)
	t.Setenv("WEIGHBRIDGE_GATEWAY", h.url)
	require.Contains(t, h.must("__complete", "get", "lots", "--site", ""), "elevator\tRiver elevator")
	require.Contains(t, h.must("__complete", "get", ""), "tier-reports")
}

// Every example of the help, and of docs/api.md, works.
func TestTheExamplesWork(t *testing.T) {
	h := serve(t)
	t.Setenv("WEIGHBRIDGE_GATEWAY", h.url)
	guide, err := os.ReadFile("../../docs/api.md")
	require.NoError(t, err)
	dir := t.TempDir()
	t.Chdir(dir)
	require.NoError(t, os.WriteFile("commands.json", []byte(command("A", "1")), 0o600))
	require.NoError(t, os.WriteFile("tickets.csv", []byte("ticket,date,site,product,supplier,net\nTK-1,2026-08-20,silo-north,wheat,Spot,1000\n"), 0o600))
	require.NoError(t, os.WriteFile("shipments.xlsx", []byte("shipment,dispatched,to,product,quantity\nS-1,2026-08-20,mill,wheat,1000\n"), 0o600))
	var lines []string
	for _, c := range cli.Commands() {
		lines = append(lines, strings.Split(c.Example, "\n")...)
	}
	require.Greater(t, len(lines), 8)
	for _, block := range regexp.MustCompile("(?s)```sh\n(.*?)```").FindAllStringSubmatch(string(guide), -1) {
		lines = append(lines, strings.Split(strings.TrimSpace(block[1]), "\n")...)
	}
	for _, line := range lines {
		in, args := "", strings.TrimSpace(line)
		if said, rest, piped := strings.Cut(args, "' | "); piped {
			in, args = strings.TrimPrefix(said, "echo '"), rest
		}
		rest, ours := strings.CutPrefix(args, "gateway ")
		if !ours {
			continue
		}
		ctx, stop := context.WithTimeout(t.Context(), 5*time.Second)
		if strings.HasPrefix(rest, "watch") {
			ctx, stop = context.WithTimeout(t.Context(), 200*time.Millisecond)
		}
		r := h.run(ctx, in, strings.Fields(rest)...)
		stop()
		require.Zero(t, r.code, "%s: %s%s", line, r.err, r.out)
	}
}
