package audit

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"runtime"
	"slices"
	"sync"
	"time"

	"github.com/hyperledger/fabric-protos-go-apiv2/common"
	"golang.org/x/sync/errgroup"

	"github.com/weighbridge/weighbridge/gateway/audit/chain"
	"github.com/weighbridge/weighbridge/gateway/block"
	"github.com/weighbridge/weighbridge/gateway/replay"
)

// ahead is how many blocks may be read and warmed before they are checked, and
// behind how many that are checked may wait to be replayed.
const (
	ahead  = 64
	behind = 16
)

// errStop says that nothing behind the last finding can be told from a forgery.
var errStop = errors.New("nothing behind the last finding can be told from a forgery")

// pipeline is an audit under way: read → warm, several at once → check → replay.
type pipeline struct {
	options Options
	checker *chain.Checker // nil if the chain is not checked
	ledger  *ledger
	started time.Time

	mu     sync.Mutex
	report Report
}

// item is a block on its way. Ready is closed once it is warm.
type item struct {
	raw   *common.Block
	ready chan struct{}
}

// parsed is a checked block, its transactions being read beside other work.
type parsed struct {
	raw   *common.Block
	ready chan struct{}
	block block.Block
	err   error
}

func parse(raw *common.Block, checked bool) *parsed {
	p := &parsed{raw: raw, ready: make(chan struct{})}
	read := block.Parse
	if checked {
		read = block.ParseChecked
	}
	go func() {
		defer close(p.ready)
		p.block, p.err = read(raw)
	}()
	return p
}

func newPipeline(o Options, dir string) (*pipeline, error) {
	checker, err := o.open(filepath.Join(dir, "chain"))
	if err != nil {
		return nil, err
	}
	p := &pipeline{options: o, checker: checker, started: time.Now()}
	p.report = Report{Genesis: anchorOf(o.Genesis), ChainChecked: checker != nil, Findings: []replay.Finding{}}
	if p.ledger, err = openLedger(filepath.Join(dir, "ledger"), o.Chaincode); err != nil {
		return nil, errors.Join(err, p.close())
	}
	return p, nil
}

func (p *pipeline) close() (err error) {
	if p.checker != nil {
		err = p.checker.Close()
	}
	if p.ledger != nil {
		err = errors.Join(err, p.ledger.close())
	}
	return err
}

// run moves the blocks along. It returns io.EOF after the last one.
func (p *pipeline) run(ctx context.Context) error {
	group, ctx := errgroup.WithContext(ctx)
	warming, pending, checked := make(chan *item), make(chan *item, ahead), make(chan *parsed, behind)
	ended := make(chan struct{})
	group.Go(func() error {
		defer close(warming)
		defer close(pending)
		return p.read(ctx, warming, pending)
	})
	for range runtime.GOMAXPROCS(0) {
		group.Go(func() error {
			for i := range warming {
				p.warm(i.raw)
				close(i.ready)
			}
			return nil
		})
	}
	group.Go(func() error {
		defer close(checked)
		return p.check(ctx, pending, checked)
	})
	group.Go(func() error {
		defer close(ended)
		return p.replay(checked)
	})
	group.Go(func() error { p.watch(ended); return nil })
	if err := group.Wait(); err != nil {
		return err
	}
	return io.EOF
}

func (p *pipeline) read(ctx context.Context, warming, pending chan<- *item) error {
	for {
		raw, err := p.options.Source.Next(ctx)
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		i := &item{raw, make(chan struct{})}
		for _, queue := range []chan<- *item{pending, warming} {
			select {
			case queue <- i:
			case <-ctx.Done():
				return ctx.Err()
			}
		}
	}
}

func (p *pipeline) warm(raw *common.Block) {
	if p.checker != nil {
		p.checker.Warm(raw, p.checker.Orderers())
	}
}

// check checks the blocks in order and puts the recomputed codes where the
// peer's flags were, so that what follows goes by them.
func (p *pipeline) check(ctx context.Context, pending <-chan *item, checked chan<- *parsed) error {
	for i := range pending {
		select {
		case <-i.ready:
		case <-ctx.Done():
			return ctx.Err()
		}
		if p.checker != nil {
			v, err := p.checker.Check(i.raw)
			if err != nil {
				return err
			}
			p.found(v.Findings...)
			if v.Stop {
				return errStop
			}
			chain.SetCodes(i.raw, v.Codes)
		}
		select {
		case checked <- parse(i.raw, p.checker != nil):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return nil
}

// replay executes the blocks that were checked, all of them, even if the check
// of a later one has ended the audit.
func (p *pipeline) replay(checked <-chan *parsed) error {
	for next := range checked {
		<-next.ready
		if next.err != nil {
			return next.err
		}
		b := next.block
		counts, findings, err := p.ledger.replay(b)
		if err != nil {
			return err
		}
		p.found(findings...)
		p.advance(b, chain.Codes(next.raw), counts)
		if every := p.options.RecountEvery; every > 0 && b.Number%every == every-1 {
			p.found(p.ledger.recount(b.Number)...)
		}
	}
	return nil
}

func (p *pipeline) advance(b block.Block, codes []byte, c counts) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.report.Blocks, p.report.Head = b.Number+1, fmt.Sprintf("%x", b.Hash)
	p.report.Transactions += uint64(len(codes))
	p.report.Valid += uint64(bytes.Count(codes, []byte{0}))
	p.report.Commands += c.commands
	p.report.Records += c.records
}

func (p *pipeline) found(findings ...replay.Finding) {
	for _, f := range findings {
		p.mu.Lock()
		p.report.Findings = append(p.report.Findings, f)
		p.mu.Unlock()
		if p.options.Found != nil {
			p.options.Found(f)
		}
	}
}

// watch reports progress until the replay has ended.
func (p *pipeline) watch(ended <-chan struct{}) {
	ticker := time.NewTicker(ProgressEvery)
	defer ticker.Stop()
	for {
		select {
		case <-ticker.C:
			if p.options.Progress != nil {
				p.options.Progress(p.now())
			}
		case <-ended:
			return
		}
	}
}

// now is how far the audit is.
func (p *pipeline) now() Report {
	p.mu.Lock()
	defer p.mu.Unlock()
	r := p.report
	r.Findings = slices.Clone(r.Findings)
	r.Seconds = time.Since(p.started).Seconds()
	if p.checker != nil {
		r.Signatures = p.checker.Verified()
	}
	return r
}

// finish makes the last report: the recount, and the findings in the order of
// the chain, since checks and replay run beside one another.
func (p *pipeline) finish(err error) Report {
	last := p.now().Blocks
	p.found(p.ledger.recount(max(last, 1) - 1)...)
	p.mu.Lock()
	p.report.Complete = errors.Is(err, io.EOF)
	if !p.report.Complete && err != nil {
		p.report.Stopped = err.Error()
	}
	slices.SortStableFunc(p.report.Findings, func(a, b replay.Finding) int {
		return cmp.Or(cmp.Compare(layer(a), layer(b)), cmp.Compare(a.Block, b.Block))
	})
	p.mu.Unlock()
	r := p.now()
	if p.options.Progress != nil {
		p.options.Progress(r)
	}
	return r
}

// layer puts the recount's findings behind those that belong to a block.
func layer(f replay.Finding) int {
	if f.Problem == Unsound {
		return 1
	}
	return 0
}
