package audit

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/hyperledger/fabric-protos-go-apiv2/common"

	"github.com/weighbridge/weighbridge/gateway/audit/chain"
	"github.com/weighbridge/weighbridge/gateway/replay"
)

// Source gives the blocks of a channel, from block 0 on. Next gives io.EOF after
// the last one.
type Source interface {
	Next(ctx context.Context) (*common.Block, error)
}

// Options say what to audit, and how.
type Options struct {
	Source Source
	// Genesis is the hash of the trusted genesis block's header, see chain.GenesisHash.
	Genesis [32]byte
	// Chaincode is the ledger's on the channel.
	Chaincode string
	// Dir is an empty directory for the states that are built up; it can be
	// removed afterwards. A directory of the audit's own, removed at the end, if "".
	Dir string
	// RulesOnly leaves the checks of the chain out and believes the peer's flags:
	// for measuring the replay, and for chains that were checked before.
	RulesOnly bool
	// RecountEvery is after how many blocks conservation is checked on the way; 0
	// checks it at the end only.
	RecountEvery uint64
	// Progress is called about every ProgressEvery, and at the end; nil is never called.
	Progress func(Report)
	// Found is called with every finding as soon as it is known; nil is never called.
	Found func(replay.Finding)
}

// ProgressEvery is the time between two calls of Options.Progress.
const ProgressEvery = time.Second

// Report is the outcome of an audit, or how far it is.
type Report struct {
	// Complete says that the audit came to the end of the source. Without it there
	// is a Stopped, or the report is one of progress.
	Complete bool `json:"complete"`
	// Stopped says why the audit went no further.
	Stopped string `json:"stopped,omitempty"`
	// ChainChecked is unset where the checks of the chain were left out.
	ChainChecked bool   `json:"chainChecked"`
	Genesis      string `json:"genesis"`
	// Head is the hash of the last block's header that was checked.
	Head         string `json:"head"`
	Blocks       uint64 `json:"blocks"`
	Transactions uint64 `json:"transactions"`
	// Valid are those that took effect, by the recomputed codes.
	Valid uint64 `json:"valid"`
	// Commands are those in the ledger's valid transactions, Records the accepted ones.
	Commands uint64 `json:"commands"`
	Records  uint64 `json:"records"`
	// Signatures that were verified; one that several checks need counts once.
	Signatures uint64  `json:"signatures"`
	Seconds    float64 `json:"seconds"`
	// Findings are all of them in the order of the chain, the recount's last.
	Findings []replay.Finding `json:"findings"`
}

// Unsound is the problem of a finding of the recount.
const Unsound replay.Problem = "conservation"

// Sound reports whether everything was checked and nothing found.
func (r Report) Sound() bool { return r.Complete && len(r.Findings) == 0 }

// Run audits a channel. Findings are no error; an error says that the audit
// itself could not go on, and the report how far it was.
func Run(ctx context.Context, o Options) (report Report, err error) {
	dir := o.Dir
	if dir == "" {
		if dir, err = os.MkdirTemp("", "weighbridge-audit-"); err != nil {
			return report, fmt.Errorf("couldn't make a directory for the audit: %w", err)
		}
		defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	}
	p, err := newPipeline(o, dir)
	if err != nil {
		return report, err
	}
	defer func() { err = errors.Join(err, p.close()) }()
	err = p.run(ctx)
	report = p.finish(err)
	if errors.Is(err, errStop) || errors.Is(err, io.EOF) {
		err = nil
	}
	return report, err
}

// anchorOf is what a report and an error show of a genesis block.
func anchorOf(hash [32]byte) string { return fmt.Sprintf("%x", hash) }

// open opens the checker, unless the chain is not to be checked.
func (o Options) open(dir string) (*chain.Checker, error) {
	if o.RulesOnly {
		return nil, nil
	}
	return chain.Open(dir, o.Genesis)
}
