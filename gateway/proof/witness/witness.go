package witness

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/weighbridge/weighbridge/chaincode/massbalance"
	"github.com/weighbridge/weighbridge/gateway/proof/checkpoint"
	"github.com/weighbridge/weighbridge/gateway/readmodel"
	"github.com/weighbridge/weighbridge/gateway/store"
)

// Model is the gateway's own copy of the ledger, with its log.
type Model interface {
	Read(ctx context.Context, look func(*readmodel.Snapshot) error) error
}

// Options say whose witness it is.
type Options struct {
	Organisation massbalance.OrganisationID
	Model        Model
	Store        *store.Store
	// Signer may be nil: then nothing is signed, and all else works.
	Signer *checkpoint.Signer
	// Others are the addresses of the other organisations' gateways.
	Others map[massbalance.OrganisationID]string
	// Verifier is the file of the page that verifies claims, "" for none.
	Verifier string
	Client   *http.Client
	Metrics  *prometheus.Registry
	Log      *slog.Logger
	// Now replaces the clock, Every the time between two rounds.
	Now   func() time.Time
	Every time.Duration
}

// roundEvery is how often the other organisations are asked.
const roundEvery = 2 * time.Second

// Witness signs, compares and collects. All methods may be called at the same time.
type Witness struct {
	Options
	// signing lets one signature be made at a time.
	signing  sync.Mutex
	still    stillness
	shelf    *shelf
	failures failures
	metrics  metrics
}

var steps = []string{`
CREATE TABLE witness_signed (size BIGINT NOT NULL, signer TEXT NOT NULL, body TEXT NOT NULL, lines TEXT NOT NULL, PRIMARY KEY (size, signer))`, `
CREATE TABLE witness_cosigned (size BIGINT NOT NULL, organisation TEXT NOT NULL, line TEXT NOT NULL, PRIMARY KEY (size, organisation))`, `
CREATE TABLE witness_seen (organisation TEXT PRIMARY KEY, size BIGINT NOT NULL, note TEXT NOT NULL)`, `
CREATE TABLE witness_alarms (
	id TEXT PRIMARY KEY, organisation TEXT NOT NULL, problem TEXT NOT NULL, size BIGINT NOT NULL,
	ours TEXT NOT NULL, theirs TEXT NOT NULL, raised BIGINT NOT NULL, noted BIGINT NOT NULL)`, `
CREATE TABLE witness_published (claim TEXT PRIMARY KEY, published BIGINT NOT NULL, publisher TEXT NOT NULL)`,
}

// New makes a witness and its tables.
func New(ctx context.Context, o Options) (*Witness, error) {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Every == 0 {
		o.Every = roundEvery
	}
	if o.Client == nil {
		o.Client = &http.Client{Timeout: 10 * time.Second}
	}
	if o.Metrics == nil {
		o.Metrics = prometheus.NewRegistry()
	}
	if err := o.Store.Migrate(ctx, "witness", steps...); err != nil {
		return nil, err
	}
	w := &Witness{Options: o, shelf: newShelf(), metrics: newMetrics(o.Metrics)}
	return w, w.countAlarms(ctx)
}

// Run signs what is new and asks the other organisations, until ctx ends.
func (w *Witness) Run(ctx context.Context) {
	ticker := time.NewTicker(w.Every)
	defer ticker.Stop()
	for {
		w.Round(ctx)
		select {
		case <-ticker.C:
		case <-ctx.Done():
			return
		}
	}
}

// Round signs the latest checkpoint and asks each of the others once.
func (w *Witness) Round(ctx context.Context) {
	text, err := w.latest(ctx)
	if err == nil && text.Size > 0 && w.Signer != nil {
		_, err = w.Sign(ctx, text.Size)
	}
	if err != nil && !errors.Is(err, errBehind) && ctx.Err() == nil {
		w.Log.Error("couldn't sign the log", "error", err)
	}
	w.metrics.size.Set(float64(text.Size))
	for org, address := range w.Others {
		err := w.exchange(ctx, org, address, text)
		if ctx.Err() == nil {
			w.failures.note(org, err)
		}
		if err != nil && ctx.Err() == nil {
			w.Log.Debug("couldn't compare logs", "organisation", org, "error", err)
		}
	}
	if err := w.watchOthers(ctx, text.Size); err != nil && ctx.Err() == nil {
		w.Log.Error("couldn't compare the logs", "error", err)
	}
}

// latest is the text of the log as the gateway has it; of size 0 before the first record.
func (w *Witness) latest(ctx context.Context) (text checkpoint.Text, err error) {
	err = w.Model.Read(ctx, func(s *readmodel.Snapshot) (err error) {
		size, err := s.LogSize()
		if err != nil || size == 0 {
			return err
		}
		text, err = textAt(s, size)
		return err
	})
	return text, err
}

func textAt(s *readmodel.Snapshot, size int64) (checkpoint.Text, error) {
	raw, _, err := s.LogText(size)
	if err != nil {
		return checkpoint.Text{}, err
	}
	return checkpoint.ParseText(raw)
}

// keys lists the keys that the ledger holds to be the organisations'.
func (w *Witness) keys(ctx context.Context) (keys []checkpoint.Key, err error) {
	err = w.Model.Read(ctx, func(s *readmodel.Snapshot) error {
		consortium, err := readmodel.Need[massbalance.Consortium](s, massbalance.ConsortiumKey())
		if err != nil {
			return err
		}
		for _, m := range consortium.Members {
			value, err := s.Get(massbalance.CosignerKey(m.Organisation))
			if err != nil {
				return err
			}
			if cosigner, ok := value.(massbalance.Cosigner); ok && m.Role != massbalance.Former {
				keys = append(keys, checkpoint.Key{Organisation: m.Organisation, Public: cosigner.Key[:]})
			}
		}
		return nil
	})
	var none *readmodel.NotFound
	if errors.As(err, &none) {
		return nil, nil // nothing is founded yet
	}
	return keys, err
}

// metrics count what an operator watches.
type metrics struct {
	size, signed, alarms prometheus.Gauge
	cosigned             *prometheus.GaugeVec
}

func newMetrics(registry *prometheus.Registry) metrics {
	m := metrics{
		size:     prometheus.NewGauge(prometheus.GaugeOpts{Name: "weighbridge_log_records", Help: "Records in the transparency log."}),
		signed:   prometheus.NewGauge(prometheus.GaugeOpts{Name: "weighbridge_log_signed_records", Help: "Records under the latest checkpoint that this organisation signed."}),
		alarms:   prometheus.NewGauge(prometheus.GaugeOpts{Name: "weighbridge_log_alarms", Help: "Contradictions between organisations' logs that nobody took note of yet."}),
		cosigned: prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: "weighbridge_log_cosigned_records", Help: "Records under the latest checkpoint that an organisation cosigned."}, []string{"cosigner"}),
	}
	registry.MustRegister(m.size, m.signed, m.alarms, m.cosigned)
	return m
}
