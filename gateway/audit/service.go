package audit

import (
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"

	"github.com/hyperledger/fabric-protos-go-apiv2/common"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/weighbridge/weighbridge/gateway/audit/chain"
	"github.com/weighbridge/weighbridge/gateway/block"
	"github.com/weighbridge/weighbridge/gateway/replay"
)

// Service checks each block of a live chain before anybody reads it. It keeps
// its state, so that a restart goes on where it was; with its directory removed
// it checks the chain anew.
type Service struct {
	checker *chain.Checker
	log     *slog.Logger
	note    func(replay.Finding) error
	metrics serviceMetrics

	// next is the checker's, for Ahead to see at any time.
	next atomic.Uint64

	mu sync.Mutex
	// findings wait for their block to be replayed.
	findings map[uint64][]replay.Finding
	stopped  error
}

// ServiceOptions are what a service needs.
type ServiceOptions struct {
	// Dir is the service's own directory.
	Dir string
	// Genesis is the hash of the trusted genesis block's header. Zero trusts the
	// block 0 that the peer gives first, and keeps to it.
	Genesis [32]byte
	// Note keeps a finding on a block that is not believed, and so never replayed.
	Note    func(replay.Finding) error
	Metrics prometheus.Registerer
	Log     *slog.Logger
}

type serviceMetrics struct {
	blocks, stopped prometheus.Gauge
	findings        *prometheus.CounterVec
}

// NewService opens the service's state.
func NewService(o ServiceOptions) (*Service, error) {
	checker, err := chain.Open(o.Dir, o.Genesis)
	if err != nil {
		return nil, err
	}
	s := &Service{checker: checker, log: o.Log, note: o.Note, findings: map[uint64][]replay.Finding{}, metrics: serviceMetrics{
		blocks:   prometheus.NewGauge(prometheus.GaugeOpts{Name: "weighbridge_audit_blocks", Help: "Blocks whose hashes, orderers' quorum, signatures, policies and versions were checked."}),
		stopped:  prometheus.NewGauge(prometheus.GaugeOpts{Name: "weighbridge_audit_stopped", Help: "1 while the peer gives a block that is not to be believed."}),
		findings: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "weighbridge_audit_findings_total", Help: "What was found wrong with the chain since the start, by problem."}, []string{"problem"}),
	}}
	signatures := prometheus.NewCounterFunc(prometheus.CounterOpts{Name: "weighbridge_audit_signatures_total", Help: "Signatures verified since the start."},
		func() float64 { return float64(checker.Verified()) })
	o.Metrics.MustRegister(s.metrics.blocks, s.metrics.stopped, s.metrics.findings, signatures)
	s.metrics.blocks.Set(float64(checker.Next()))
	s.next.Store(checker.Next())
	if o.Genesis == ([32]byte{}) {
		o.Log.Warn("no genesis block is configured: the peer's is trusted", "setting", "genesis")
	}
	return s, nil
}

// Close closes the state. No other call may be running or follow.
func (s *Service) Close() error { return s.checker.Close() }

// Checkpoint is from where on the service has to see blocks.
func (s *Service) Checkpoint() block.Checkpoint {
	return block.Checkpoint{Next: s.checker.Next(), Head: s.checker.Head()}
}

// Stopped says why the peer's last block was not believed; nil if it was.
func (s *Service) Stopped() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.stopped
}

// Ahead verifies the signatures in a block that will be checked soon.
func (s *Service) Ahead(raw *common.Block) {
	if raw.GetHeader().GetNumber() >= s.next.Load() {
		s.checker.Warm(raw, s.checker.Orderers())
	}
}

// Check checks the block that is due, or recalls what was found when it was checked
// before, and puts the recomputed validity codes in place of the peer's flags. It
// is for block.Follower: a block that is not to be believed is asked for again, and
// not read on from. The block before the one that is due is recalled, too. Whole says
// that the block's data were held against its header; to recall takes the header only.
func (s *Service) Check(raw *common.Block, due uint64) (whole bool, err error) {
	number := raw.GetHeader().GetNumber()
	if raw.GetHeader() == nil || number != due && number+1 != due {
		return false, s.distrust(misplaced(raw, due))
	}
	check, again := s.checker.Check, number < s.checker.Next()
	if again {
		check = s.checker.Recall
	}
	v, err := check(raw)
	if err != nil {
		return false, err
	}
	if v.Stop {
		return false, s.distrust(v.Findings[0])
	}
	chain.SetCodes(raw, v.Codes)
	s.mu.Lock()
	s.stopped = nil
	if len(v.Findings) > 0 {
		s.findings[v.Number] = v.Findings
	}
	s.mu.Unlock()
	s.metrics.stopped.Set(0)
	s.next.Store(s.checker.Next())
	if !again {
		s.metrics.blocks.Set(float64(v.Number + 1))
		for _, f := range v.Findings {
			s.report(f)
		}
	}
	return !again, nil
}

// misplaced is the finding in a block that is not the one that was asked for: the
// peer withholds one, or repeats one.
func misplaced(raw *common.Block, due uint64) replay.Finding {
	f := replay.Finding{Block: due, Problem: chain.BrokenLink, Expected: fmt.Sprintf("block %d", due), Found: "a block without a header"}
	if header := raw.GetHeader(); header != nil {
		f.Found = fmt.Sprintf("block %d", header.GetNumber())
	}
	return f
}

// distrust notes a finding that stops the gateway from reading on.
func (s *Service) distrust(f replay.Finding) error {
	err := fmt.Errorf("block %d is not to be believed: %s: expected %s, found %s", f.Block, f.Problem, f.Expected, f.Found)
	s.mu.Lock()
	first := s.stopped == nil || s.stopped.Error() != err.Error()
	s.stopped = err
	s.mu.Unlock()
	s.metrics.stopped.Set(1)
	if first {
		s.report(f)
		if err := s.note(f); err != nil {
			return err
		}
	}
	return block.Distrusted(err)
}

func (s *Service) report(f replay.Finding) {
	s.metrics.findings.WithLabelValues(string(f.Problem)).Inc()
	s.log.Error("the chain is not what it says", "block", f.Block, "transaction", f.Transaction, "problem", f.Problem, "key", f.Key, "expected", f.Expected, "found", f.Found)
}

// Findings gives the findings in a block that was checked, once.
func (s *Service) Findings(number uint64) []replay.Finding {
	s.mu.Lock()
	defer s.mu.Unlock()
	found := s.findings[number]
	delete(s.findings, number)
	return found
}
