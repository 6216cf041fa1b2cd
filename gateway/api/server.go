package api

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/weighbridge/weighbridge/chaincode/massbalance"
	"github.com/weighbridge/weighbridge/gateway/access"
	"github.com/weighbridge/weighbridge/gateway/imports"
	"github.com/weighbridge/weighbridge/gateway/readmodel"
	"github.com/weighbridge/weighbridge/gateway/submit"
	"github.com/weighbridge/weighbridge/gateway/trace"
	"github.com/weighbridge/weighbridge/gateway/trade"
	"github.com/weighbridge/weighbridge/gateway/webhooks"
)

// Version is the version of the interface.
const Version = "1.0.0"

// Submitter brings commands to the ledger. It answers with one outcome for each
// command, in their order; an error means that it took none of them.
type Submitter interface {
	Submit(ctx context.Context, commands []massbalance.Command) ([]submit.Outcome, error)
}

// Model is the gateway's own copy of the ledger.
type Model interface {
	// Read hands over a view of the model at one height.
	Read(ctx context.Context, look func(*readmodel.Snapshot) error) error
	// Await returns once the block can be read, or with the context's error.
	Await(ctx context.Context, block uint64) error
	// Next is how many blocks can be read.
	Next() uint64
}

// Status is how the gateway stands to its peer.
type Status struct {
	// Connected is set while the peer answers; Reason says why it does not.
	Connected bool
	Reason    string
	// Chain is how many blocks the peer's chain is known to have; 0 is unknown.
	Chain uint64
	// Standby is set while another gateway writes to the database.
	Standby bool
	// Checks are the things that the gateway depends on.
	Checks []Check
	// Rebuild is set while the read model is far behind.
	Rebuild *Rebuild
}

// Check is one thing that the gateway depends on, and what is wrong with it.
type Check struct {
	Name   string `json:"name"`
	OK     bool   `json:"ok"`
	Detail string `json:"detail,omitempty"`
}

// Rebuild is how far reading the chain is.
type Rebuild struct {
	Blocks      uint64 `json:"blocks"`
	Chain       uint64 `json:"chain"`
	PerSecond   int    `json:"perSecond,omitempty"`
	SecondsLeft int    `json:"secondsLeft,omitempty"`
}

// Pages adds pages for people to what is served for programs.
type Pages interface {
	Register(mux *access.Mux)
}

// Options say what an interface is for.
type Options struct {
	Organisation massbalance.OrganisationID
	Role         massbalance.Role
	Submitter    Submitter
	Model        Model
	Status       func() Status
	// Gate finds out who calls; without one everybody is Nobody.
	Gate access.Gate
	// Desk has the accounts and the commands that wait for approval; without one
	// there is no interface to them.
	Desk *access.Desk
	// Host is under which name, with the port, the gateway answers beside those of
	// loopback; Secure is set where it is reached over HTTPS.
	Host   string
	Secure bool
	// PublicURL is under which address people reach the gateway: documents lead back
	// there. Where it is not known they lead to ListensOn, and say that.
	PublicURL, ListensOn string
	// Known and Unknown bound how often who is known, and who is not, may call; zero is the usual.
	Known, Unknown access.Rate
	// Journal knows what became of commands that the submitter took without its
	// sender waiting (submit.Later); without it every sender waits.
	Journal Journal
	// Trade keeps the commercial documents; without it there is no trade.
	Trade *trade.Desk
	// Webhooks may be nil: then there is no interface to them.
	Webhooks *webhooks.Hub
	// Imports may be nil: then no files are imported.
	Imports *imports.Importer
	// Pages may be nil.
	Pages Pages
	// Transparency serves the transparency log and bundles of claims (package
	// proof/witness); without it they are described and not there.
	Transparency Pages
	// Metrics are served at /metrics beside the interface's own; nil begins anew.
	Metrics *prometheus.Registry
	Log     *slog.Logger
	// Wait replaces WaitForRead where it is set, Heartbeat the time between signs of life in a stream.
	Wait, Heartbeat time.Duration
	// Stopping ends streams, which would otherwise last for ever; nil never does.
	Stopping context.Context
}

// server is the interface's state: nothing but what it was given.
type server struct {
	Options
	huma    huma.API
	mux     *access.Mux
	metrics *metrics
	log     *slog.Logger
	wait    time.Duration
	etags   etags
	// listeners has a place for each that may listen to events.
	listeners chan struct{}
	heartbeat time.Duration
	limiter   *access.Limiter
}

// Handler is everything that a gateway serves.
type Handler struct {
	http.Handler
	// Routes say who may call what.
	Routes *access.Mux
}

// New makes the handler of everything that a gateway serves.
func New(o Options) *Handler {
	s := newServer(o)
	if o.Pages != nil {
		o.Pages.Register(s.mux)
	}
	s.mux.HandleFunc(access.Public, "/", s.notFound)
	return &Handler{trace.Requests(s.guard(s.tidyPath(s.mux))), s.mux}
}

// newServer makes the interface with all of its operations.
func newServer(o Options) *server {
	s := &server{Options: o, mux: access.NewMux(), log: o.Log, wait: o.Wait, heartbeat: o.Heartbeat, etags: newETags()}
	if s.wait == 0 {
		s.wait = WaitForRead
	}
	if s.heartbeat == 0 {
		s.heartbeat = heartbeatTime
	}
	if s.Known == (access.Rate{}) {
		s.Known, s.Unknown = access.KnownRate, access.NobodysRate
	}
	s.limiter = access.NewLimiter(s.Known, s.Unknown)
	s.metrics = newMetrics(s)
	s.huma = humago.New(s.mux.Plain(), s.describe())
	s.huma.UseMiddleware(s.plainText)
	s.declareDescription()
	s.registerCommands()
	s.registerBatches()
	if s.Imports != nil {
		s.registerImports()
	}
	s.registerDocuments()
	s.registerReads()
	s.registerHealth()
	s.registerAccounts()
	s.registerWebhooks()
	s.describeLog()
	s.addExamples()
	s.describeHeights()
	s.registerDocs()
	return s
}

// describe configures huma: no documentation page, because its default loads a
// script from elsewhere; no links to schemas in the bodies, because a body is
// exactly the ledger's form; unknown parameters refused, because they are mistakes.
func (s *server) describe() huma.Config {
	config := huma.DefaultConfig("Weighbridge gateway of "+string(s.Organisation), Version)
	config.Info.Description = "Commands to, and reads from, the consortium's ledger of mass balance chain of custody. " +
		"Quantities are strings of kilograms; empty fields are absent; errors are problems (RFC 9457)."
	config.DocsPath, config.SchemasPath, config.CreateHooks = "", "", nil
	config.RejectUnknownQueryParameters = true
	return config
}

func (s *server) schemas() huma.Registry { return s.huma.OpenAPI().Components.Schemas }

// tidyPath finds nothing where a path has empty or dotted parts: a ServeMux
// would send the asker elsewhere, with a page for people.
func (s *server) tidyPath(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		parts := strings.Split(strings.TrimPrefix(r.URL.EscapedPath(), "/"), "/")
		for i, part := range parts {
			if part == "." || part == ".." || part == "" && i < len(parts)-1 {
				problem(http.StatusNotFound, "there is nothing at "+r.URL.Path).write(w)
				return
			}
		}
		next.ServeHTTP(w, r)
	})
}

// notFound answers what no other pattern matched, with the methods that the
// path would have taken where it is only the method that is wrong.
func (s *server) notFound(w http.ResponseWriter, r *http.Request) {
	var taken []string
	for _, method := range []string{http.MethodGet, http.MethodPost, http.MethodPut, http.MethodDelete} {
		other := r.Clone(r.Context())
		other.Method = method
		if pattern, _, _ := s.mux.Match(other); pattern != "/" && method != r.Method {
			taken = append(taken, method)
		}
	}
	if len(taken) > 0 {
		w.Header().Set("Allow", strings.Join(taken, ", "))
		problem(http.StatusMethodNotAllowed, fmt.Sprintf("%s takes %s, not %s", r.URL.Path, strings.Join(taken, " and "), r.Method)).write(w)
		return
	}
	problem(http.StatusNotFound, "there is nothing at "+r.URL.Path).write(w)
}
