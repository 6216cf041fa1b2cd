package imports_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/weighbridge/weighbridge/chaincode/massbalance"
	"github.com/weighbridge/weighbridge/gateway/imports"
	"github.com/weighbridge/weighbridge/gateway/readmodel"
	"github.com/weighbridge/weighbridge/gateway/readmodel/ledgertest"
	"github.com/weighbridge/weighbridge/gateway/store/storetest"
	"github.com/weighbridge/weighbridge/gateway/submit"
	"github.com/weighbridge/weighbridge/gateway/table"
)

type gateway struct {
	t      *testing.T
	ledger *ledgertest.Ledger
	model  *readmodel.Model
	*imports.Importer
}

func serve(t *testing.T, org massbalance.OrganisationID, change ...func(*imports.Options)) gateway {
	t.Helper()
	ledger := ledgertest.New(t)
	ledger.Season()
	model := ledger.Model()
	o := imports.Options{
		Organisation: org, Model: model, Submitter: ledgertest.Member{Ledger: ledger, Organisation: org},
		Log: slog.New(slog.NewTextHandler(io.Discard, nil)),
	}
	for _, c := range change {
		c(&o)
	}
	return gateway{t, ledger, model, open(t, o)}
}

// open opens an importer with a store of its own, unless it has one.
func open(t testing.TB, o imports.Options) *imports.Importer {
	t.Helper()
	if o.Store == nil {
		o.Store = storetest.Own(t)
	}
	importer, err := imports.Open(t.Context(), o)
	require.NoError(t, err)
	t.Cleanup(importer.Close)
	return importer
}

func (g gateway) dry(r imports.Request) imports.Report {
	g.t.Helper()
	before := g.model.Next()
	report, next, err := g.DryRun(g.t.Context(), r)
	require.NoError(g.t, err)
	require.Equal(g.t, before, next)
	require.Equal(g.t, before, g.model.Next(), "a dry run sends nothing")
	return report
}

func (g gateway) run(r imports.Request) imports.Job {
	g.t.Helper()
	job, err := g.Start(g.t.Context(), r)
	require.NoError(g.t, err)
	require.Eventually(g.t, func() bool {
		now, err := g.Job(g.t.Context(), job.ID)
		job = now
		return err == nil && now.State != imports.Running
	}, 10*time.Second, time.Millisecond)
	return job
}

func tickets(text string) imports.Request {
	return imports.Request{Kind: imports.Tickets, Site: "elevator", File: []byte(text)}
}

const clean = `ticket,date,supplier,product,gross kg,tare kg,net kg
T-1,2026-08-20,VS-2026-011,wheat,40500,15680,24820
T-2,2026-08-20,Somebody,wheat,29820,15360,14460
`

func TestADryRunAndTheRunAgreeAndTheSecondRunChangesNothing(t *testing.T) {
	g := serve(t, ledgertest.Growers)
	report := g.dry(tickets(clean))
	require.Equal(t, 2, report.Accepted)
	require.Equal(t, "introduce 24820 kg on statement VS-2026-011, mass balance", report.Lines[0].What)
	require.Contains(t, report.Lines[1].What, "undifferentiated")

	job := g.run(tickets(clean))
	require.Equal(t, imports.Done, job.State)
	require.Equal(t, []int{2, 2, 2}, []int{job.Sent, job.Total, job.Report.Accepted})
	height := g.model.Next()
	require.Equal(t, 2, g.dry(tickets(clean)).Repeated)
	again := g.run(tickets(clean))
	require.Equal(t, 2, again.Report.Repeated)
	require.Zero(t, again.Report.Accepted)
	require.NoError(t, g.model.Read(t.Context(), func(s *readmodel.Snapshot) error {
		entry, err := s.Command(ledgertest.Growers, "T-1")
		require.Less(t, entry.Block, height)
		return err
	}))
	other := g.dry(tickets(strings.Replace(clean, "24820", "24820.0", 1)))
	require.Equal(t, 2, other.Repeated, "the same weight, written otherwise")
	other = g.dry(tickets(strings.Replace(clean, "29820,15360,14460", "29820,15350,14470", 1)))
	require.Equal(t, massbalance.CommandIDReused, other.Lines[1].Code)
}

func TestRefusedLinesDoNotTouchTheirNeighbours(t *testing.T) {
	g := serve(t, ledgertest.Growers)
	file := `ticket;date;supplier;product;net
A;20.08.2026;VS-2026-011;wheat;20000
B;20.08.2026;VS-2026-012;wheat;390000,5
C;20.10.2026;Somebody;wheat;20000
D;20.08.2026;Somebody;barley;1
E;20.08.2026;VS-2026-013;wheat;1000
`
	codes := func(r imports.Report) (codes []massbalance.Code) {
		for _, l := range r.Lines {
			codes = append(codes, l.Code)
		}
		return codes
	}
	want := []massbalance.Code{massbalance.Accepted, massbalance.ExceedsVerification, massbalance.DateOutsidePeriod, massbalance.NotFound, massbalance.Accepted}
	report := g.dry(tickets(file))
	require.Equal(t, want, codes(report))
	require.NotNil(t, report.Lines[1].Figures)
	require.Equal(t, want, codes(g.run(tickets(file)).Report))
}

func TestOneMalformedLineSendsNothing(t *testing.T) {
	g := serve(t, ledgertest.Growers)
	file := clean + "T-3,2026-08-20,Somebody,wheat,100,200,100\n"
	report := g.dry(tickets(file))
	require.Equal(t, []int{2, 1}, []int{report.Accepted, report.Malformed})
	require.Equal(t, []any{4, "tare", imports.Malformed}, []any{report.Lines[2].Line, report.Lines[2].Column, report.Lines[2].Outcome})
	height := g.model.Next()
	_, err := g.Start(t.Context(), tickets(file))
	var malformed *imports.MalformedFile
	require.ErrorAs(t, err, &malformed)
	require.Contains(t, malformed.Error(), "1 of 3 lines")
	require.Equal(t, height, g.model.Next())
}

func TestWhoIsCertified(t *testing.T) {
	g := serve(t, ledgertest.Growers)
	line := func(r imports.Request) string {
		g.t.Helper()
		return g.dry(r).Lines[0].What + g.dry(r).Lines[0].Message
	}
	row := func(supplier string) imports.Request {
		return tickets("ticket,date,supplier,product,net\nX,2026-08-20," + supplier + ",wheat,10\n")
	}
	for supplier, want := range map[string]string{
		"VS-2026-011": "VS-2026-011", "2026-012": "VS-2026-012", "11": "undifferentiated", "nobody": "undifferentiated",
	} {
		require.Contains(t, line(row(supplier)), want)
	}
	r := row("F-1")
	r.Suppliers = []byte("farm;statement;custody model\nF-1;VS-2026-012;segregated\nF-2;;\n")
	require.Contains(t, line(r), "VS-2026-012, segregated")
	r.Suppliers = []byte("farm;statement\nF-1;VS-UNKNOWN\n")
	require.Contains(t, line(r), "0 statements VS-UNKNOWN")
	r.Suppliers = []byte("farm;statement\nF-1;A\nF-1;B\n")
	_, _, err := g.DryRun(t.Context(), r)
	require.ErrorContains(t, err, "stands twice")
	r = tickets("ticket,date,supplier,product,net,statement\nX,2026-08-20,VS-2026-011,wheat,10,\nY,2026-08-20,who,wheat,10,VS-2026-013\n")
	require.Contains(t, line(r), "undifferentiated")
	require.Contains(t, g.dry(r).Lines[1].What, "VS-2026-013")
}

func TestShipmentsReceiptsAndConversions(t *testing.T) {
	growers := serve(t, ledgertest.Growers)
	file := "shipment,dispatched,from,to,product,quantity kg,attributed kg,waybill\n" +
		"S-1,2026-08-20,elevator,mill,wheat,50000,20000,WB-1\n" +
		"S-2,2026-08-21,elevator,mill,wheat,20000,growers/INT-4/1=10000,WB-2\n" +
		"S-3,2026-08-21,elevator,mill,wheat,10000,,\n"
	r := imports.Request{Kind: imports.Shipments, File: []byte(file)}
	require.Equal(t, 3, growers.dry(r).Accepted, "%+v", growers.dry(r).Lines)
	require.Contains(t, growers.dry(r).Lines[0].What, "12680.5 kg of growers/INT-2/1 + 7319.5 kg of growers/INT-3/1", "the oldest first")
	require.Equal(t, 3, growers.run(r).Report.Accepted)
	require.Equal(t, 3, growers.run(r).Report.Repeated, "the oldest lots are others by now, the command is the same")
	short := imports.Request{Kind: imports.Shipments, Site: "elevator", File: []byte("shipment,date,to,product,quantity,attributed\nS-9,2026-08-22,mill,wheat,900000,800000\n")}
	require.Contains(t, growers.dry(short).Lines[0].Message, "short of it")

	miller := gateway{t, growers.ledger, growers.model, open(t, imports.Options{
		Organisation: ledgertest.Miller, Model: growers.model, Submitter: ledgertest.Member{Ledger: growers.ledger, Organisation: ledgertest.Miller}, Log: growers.Log})}
	arrivals := imports.Request{Kind: imports.Receipts, Site: "mill", File: []byte("shipment,arrived,arrived kg,docket no\nS-1,22/08/2026,49900,D-1\ngrowers/dispatch-S-2,22/08/2026,20000,D-2\nS-7,22/08/2026,1,D-3\n")}
	report := miller.dry(arrivals)
	require.Equal(t, []int{2, 1}, []int{report.Accepted, report.Malformed}, "%+v", report.Lines)
	require.Contains(t, report.Lines[2].Message, "0 shipments to mill are called S-7")
	arrivals.File = bytes.Replace(arrivals.File, []byte("S-7,22/08/2026,1,D-3\n"), nil, 1)
	require.Equal(t, 2, miller.run(arrivals).Report.Accepted)
	require.Equal(t, 2, miller.run(arrivals).Report.Repeated)

	runs := imports.Request{Kind: imports.Conversions, Site: "mill", File: []byte("batch no,date,recipe,input kg,attributed kg,outputs kg\nR-1,2026-08-23,milling,10000,5000,wheat-flour=7200 wheat-bran=2800\n")}
	require.Equal(t, 1, miller.run(runs).Report.Accepted, "%+v", miller.dry(runs).Lines)
	require.Equal(t, 1, miller.run(runs).Report.Repeated)
}

// brokenOff is a way in that fails after so many chunks.
type brokenOff struct {
	ledgertest.Member
	left  int
	stage submit.Stage
}

func (b *brokenOff) Submit(ctx context.Context, commands []massbalance.Command) ([]submit.Outcome, error) {
	if b.left--; b.left >= 0 {
		return b.Member.Submit(ctx, commands)
	}
	if b.stage == "" {
		return nil, errors.New("secret inside")
	}
	outcomes := make([]submit.Outcome, len(commands))
	for i := range outcomes {
		outcomes[i] = submit.Outcome{Stage: b.stage, Detail: "no answer"}
	}
	return outcomes, nil
}

func TestARunThatBreaksOffIsFinishedByTheSameFile(t *testing.T) {
	var file strings.Builder
	file.WriteString("ticket,date,supplier,product,net\n")
	for i := range 250 {
		fmt.Fprintf(&file, "T-%d,2026-08-20,Somebody,wheat,10\n", i)
	}
	for stage, outcome := range map[submit.Stage]imports.Outcome{"": imports.NotSent, submit.Unknown: imports.Unknown, submit.NotEndorsed: imports.NotSent} {
		broken := &brokenOff{left: 1, stage: stage}
		g := serve(t, ledgertest.Growers, func(o *imports.Options) {
			broken.Member = o.Submitter.(ledgertest.Member)
			o.Submitter = broken
		})
		job := g.run(tickets(file.String()))
		require.Equal(t, imports.Stopped, job.State)
		require.Equal(t, 100, job.Report.Accepted)
		require.Equal(t, outcome, job.Report.Lines[100].Outcome)
		require.Equal(t, imports.NotSent, job.Report.Lines[249].Outcome)
		require.NotContains(t, job.Reason, "secret")
		broken.left = 10
		job = g.run(tickets(file.String()))
		require.Equal(t, []int{100, 150}, []int{job.Report.Repeated, job.Report.Accepted})
	}
}

func TestJobsAreForgottenInTheEnd(t *testing.T) {
	g := serve(t, ledgertest.Growers)
	first := g.run(tickets(clean))
	for range 100 {
		g.run(tickets(clean))
	}
	_, err := g.Job(t.Context(), first.ID)
	var missing *readmodel.NotFound
	require.ErrorAs(t, err, &missing)
}

// The corpus: each file's name says what must come of it; a .want beside it
// holds the outcome of each line.
func TestTheCorpusOfMessyFiles(t *testing.T) {
	files, err := filepath.Glob("testdata/*.csv")
	require.NoError(t, err)
	require.Greater(t, len(files), 15)
	g := serve(t, ledgertest.Growers)
	for _, path := range files {
		t.Run(filepath.Base(path), func(t *testing.T) {
			file, err := os.ReadFile(path)
			require.NoError(t, err)
			want, err := os.ReadFile(strings.TrimSuffix(path, ".csv") + ".want")
			if os.Getenv("UPDATE_WANT") == "" {
				require.NoError(t, err)
			}
			got := outcome(g, file)
			if os.Getenv("UPDATE_WANT") != "" {
				require.NoError(t, os.WriteFile(strings.TrimSuffix(path, ".csv")+".want", []byte(got), 0o600))
				return
			}
			require.Equal(t, string(want), got)
		})
	}
}

func outcome(g gateway, file []byte) string {
	report, _, err := g.DryRun(g.t.Context(), imports.Request{Kind: imports.Tickets, Site: "elevator", File: file})
	var unreadable *imports.Unreadable
	var b strings.Builder
	if errors.As(err, &unreadable) {
		for _, f := range unreadable.Faults {
			fmt.Fprintf(&b, "unreadable: %s\n", f.Error())
		}
		return b.String()
	}
	require.NoError(g.t, err)
	for _, l := range report.Lines {
		fmt.Fprintf(&b, "line %d: %s", l.Line, l.Outcome)
		if l.Outcome == imports.Malformed {
			fmt.Fprintf(&b, ": %s: %s\n", l.Column, l.Message)
		} else {
			fmt.Fprintf(&b, ": %s\n", l.What)
		}
	}
	if len(report.IgnoredColumns) > 0 {
		fmt.Fprintf(&b, "ignored: %s\n", strings.Join(report.IgnoredColumns, " | "))
	}
	if report.LeftOut > 0 {
		fmt.Fprintf(&b, "left out: line %d\n", report.LeftOut)
	}
	return b.String()
}

func TestTheSeasonsTicketsImportAsTheyAre(t *testing.T) {
	file, err := os.ReadFile("../../test-network/season/tickets.csv")
	require.NoError(t, err)
	g := serve(t, ledgertest.Growers)
	report := g.dry(imports.Request{Kind: imports.Tickets, File: file})
	require.Len(t, report.Lines, 1170)
	require.Zero(t, report.Malformed)
	require.Equal(t, []string{"moisture %"}, report.IgnoredColumns)
	require.Equal(t, massbalance.NotFound, report.Lines[0].Code, "the sites are another consortium's")
}

func TestWorkbooksImportLikeText(t *testing.T) {
	g := serve(t, ledgertest.Growers)
	var book bytes.Buffer
	w := table.NewXLSX(&book, "Tickets")
	text := func(texts ...string) (cells []table.Cell) {
		for _, t := range texts {
			cells = append(cells, table.Cell{Text: t})
		}
		return cells
	}
	require.NoError(t, w.Write(text("Docket No.", "Date", "Farm", "Crop", "Gross (kg)", "Tare (kg)", "Net (kg)")...))
	require.NoError(t, w.Write(table.Cell{Text: "T-1"}, table.Cell{Text: "2026-08-20", Kind: table.Date}, table.Cell{Text: "VS-2026-011"}, table.Cell{Text: "wheat"},
		table.Cell{Text: "40500", Kind: table.Number}, table.Cell{Text: "15680", Kind: table.Number}, table.Cell{Text: "24820", Kind: table.Number}))
	require.NoError(t, w.Write(table.Cell{Text: "T-2"}, table.Cell{Text: "46254", Kind: table.Number}, table.Cell{Text: "Somebody"}, table.Cell{Text: "wheat"},
		table.Cell{Text: "29820", Kind: table.Number}, table.Cell{Text: "15360", Kind: table.Number}, table.Cell{}))
	require.NoError(t, w.Close())
	report := g.dry(tickets(book.String()))
	require.Equal(t, 2, report.Accepted, "%+v", report.Lines)
	require.Equal(t, 2, g.run(tickets(clean)).Report.Accepted)
	require.Equal(t, 2, g.dry(tickets(book.String())).Repeated, "the same tickets as in the text file")
}

func FuzzImport(f *testing.F) {
	for _, path := range []string{"testdata/duplicate.csv", "testdata/semicolons-commas.csv"} {
		file, err := os.ReadFile(path)
		require.NoError(f, err)
		f.Add(file)
	}
	f.Add([]byte(clean))
	ledger := ledgertest.New(f)
	model := ledger.Model()
	importer := open(f, imports.Options{Organisation: ledgertest.Growers, Model: model, Log: slog.New(slog.NewTextHandler(io.Discard, nil))})
	f.Fuzz(func(t *testing.T, file []byte) {
		for _, kind := range imports.Kinds {
			report, _, err := importer.DryRun(t.Context(), imports.Request{Kind: kind, File: file, Site: "elevator"})
			var unreadable *imports.Unreadable
			if errors.As(err, &unreadable) {
				continue
			}
			require.NoError(t, err)
			require.Equal(t, len(report.Lines), report.Accepted+report.Repeated+report.Refused+report.Malformed, "each line has an outcome")
		}
	})
}
