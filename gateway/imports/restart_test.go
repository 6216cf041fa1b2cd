package imports_test

import (
	"context"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/weighbridge/weighbridge/chaincode/massbalance"
	"github.com/weighbridge/weighbridge/chaincode/wire"
	"github.com/weighbridge/weighbridge/gateway/imports"
	"github.com/weighbridge/weighbridge/gateway/readmodel"
	"github.com/weighbridge/weighbridge/gateway/readmodel/ledgertest"
	"github.com/weighbridge/weighbridge/gateway/store/storetest"
	"github.com/weighbridge/weighbridge/gateway/submit"
)

type nameKey struct{}

// dying is a way in whose gateway is stopped while the second chunk is under way:
// after it came onto the ledger, or before.
type dying struct {
	ledgertest.Member
	arrives bool
	calls   atomic.Int32
	stuck   chan struct{}
	names   chan any
}

func (d *dying) Submit(ctx context.Context, commands []massbalance.Command) ([]submit.Outcome, error) {
	d.names <- ctx.Value(nameKey{})
	if d.calls.Add(1) != 2 {
		return d.Member.Submit(ctx, commands)
	}
	if d.arrives {
		if _, err := d.Member.Submit(ctx, commands); err != nil {
			return nil, err
		}
	}
	close(d.stuck)
	<-ctx.Done()
	return nil, ctx.Err()
}

// A job goes on when the gateway is started again: in the same name, with every
// line on the ledger once, and reported as what it was.
func TestAJobSurvivesARestart(t *testing.T) {
	var file strings.Builder
	file.WriteString("ticket,date,supplier,product,net\n")
	for i := range 250 {
		fmt.Fprintf(&file, "T-%d,2026-08-20,Somebody,wheat,10\n", i)
	}
	for name, arrives := range map[string]bool{"after the chunk arrived": true, "before": false} {
		t.Run(name, func(t *testing.T) {
			d := &dying{arrives: arrives, stuck: make(chan struct{}), names: make(chan any, 10)}
			own := storetest.Own(t)
			var o imports.Options
			g := serve(t, ledgertest.Growers, func(options *imports.Options) {
				d.Member = options.Submitter.(ledgertest.Member)
				options.Submitter, options.Store, options.Carrier = d, own, "gateway-1"
				options.Who = func(ctx context.Context) []byte { return []byte(fmt.Sprint(ctx.Value(nameKey{}))) }
				options.As = func(ctx context.Context, who []byte) context.Context {
					return context.WithValue(ctx, nameKey{}, string(who))
				}
				o = *options
			})
			job, err := g.Start(context.WithValue(t.Context(), nameKey{}, "anna"), tickets("ticket,date,supplier,product,net\nT-7,2026-08-20,Somebody,wheat,10\n"))
			require.NoError(t, err)
			require.Eventually(t, func() bool { now, err := g.Job(t.Context(), job.ID); return err == nil && now.State == imports.Done }, 10*time.Second, time.Millisecond)
			d.calls.Store(0)
			job, err = g.Start(context.WithValue(t.Context(), nameKey{}, "anna"), tickets(file.String()))
			require.NoError(t, err)
			<-d.stuck
			g.Close()

			other := o
			other.Carrier = "gateway-2"
			second := open(t, other)
			second.Resume(t.Context())
			found, err := second.Job(t.Context(), job.ID)
			require.NoError(t, err, "another gateway sees the job")
			require.Equal(t, []any{imports.Running, 100, 250}, []any{found.State, found.Sent, found.Total}, "and does not send it")

			ready := atomic.Bool{}
			o.Ready = ready.Load
			again := open(t, o)
			resumed := make(chan struct{})
			go func() { again.Resume(t.Context()); close(resumed) }()
			ready.Store(true)
			<-resumed
			require.Eventually(t, func() bool {
				job, err = again.Job(t.Context(), job.ID)
				return err == nil && job.State == imports.Done
			}, 10*time.Second, time.Millisecond)
			require.Equal(t, []int{250, 249, 1}, []int{job.Sent, job.Report.Accepted, job.Report.Repeated}, "only what was there before the job is repeated")
			require.Equal(t, imports.Repeated, job.Report.Lines[7].Outcome)
			require.NotEmpty(t, job.Report.Lines[249].Transaction)
			for range 5 {
				require.Equal(t, "anna", <-d.names)
			}
			require.Equal(t, 250, g.loads())
		})
	}
}

// loads counts the commands on the ledger that a test's file was made into.
func (g gateway) loads() (n int) {
	g.t.Helper()
	require.NoError(g.t, g.model.Read(g.t.Context(), func(s *readmodel.Snapshot) error {
		page := readmodel.Page{Limit: readmodel.MaxLimit}
		for {
			listing, err := s.Entries(readmodel.EntryFilter{Site: "elevator", Type: "take_in"}, page)
			if err != nil {
				return err
			}
			for _, e := range listing.Items {
				if strings.HasPrefix(string(e.Command.ID), "T-") {
					n++
				}
			}
			if page.After = listing.Next; page.After == 0 {
				return nil
			}
		}
	}))
	return n
}

// A report reads the same from the store as it was made.
func TestAJobIsReadAsItWasWritten(t *testing.T) {
	g := serve(t, ledgertest.Growers)
	file := "ticket;date;supplier;product;net;colour\nA;20.08.2026;VS-2026-011;wheat;20000;red\nB;20.08.2026;VS-2026-012;wheat;390000,5;red\n"
	report := g.dry(tickets(file))
	job := g.run(tickets(file))
	require.Equal(t, report.IgnoredColumns, job.Report.IgnoredColumns)
	require.Equal(t, figures(t, report.Lines[1]), figures(t, job.Report.Lines[1]))
	require.Equal(t, report.Lines[1].Message, job.Report.Lines[1].Message)
	require.Equal(t, []int{report.Accepted, report.Refused}, []int{job.Report.Accepted, job.Report.Refused})
}

func figures(t *testing.T, line imports.LineReport) string {
	t.Helper()
	require.NotNil(t, line.Figures)
	text, err := wire.Format(*line.Figures)
	require.NoError(t, err)
	return string(text)
}
