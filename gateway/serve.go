package main

import (
	"context"
	"crypto/rand"
	"crypto/tls"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"golang.org/x/sync/errgroup"

	"github.com/weighbridge/weighbridge/chaincode/massbalance"
	"github.com/weighbridge/weighbridge/gateway/access"
	"github.com/weighbridge/weighbridge/gateway/api"
	"github.com/weighbridge/weighbridge/gateway/audit"
	"github.com/weighbridge/weighbridge/gateway/block"
	"github.com/weighbridge/weighbridge/gateway/console"
	"github.com/weighbridge/weighbridge/gateway/imports"
	"github.com/weighbridge/weighbridge/gateway/journal"
	"github.com/weighbridge/weighbridge/gateway/proof/witness"
	"github.com/weighbridge/weighbridge/gateway/readmodel"
	"github.com/weighbridge/weighbridge/gateway/recalls"
	"github.com/weighbridge/weighbridge/gateway/store"
	"github.com/weighbridge/weighbridge/gateway/submit"
	"github.com/weighbridge/weighbridge/gateway/trade"
	"github.com/weighbridge/weighbridge/gateway/webhooks"
)

// process is a gateway at work.
type process struct {
	config   config
	log      *slog.Logger
	model    *readmodel.Model
	own      *store.Store
	client   *submit.Client
	journal  *journal.Journal
	follower *block.Follower
	audit    *audit.Service // nil if it is off
	trade    *trade.Desk
	witness  *witness.Witness
	desk     *access.Desk
	imports  *imports.Importer
	tls      *tls.Config // nil serves HTTP
	metrics  *prometheus.Registry
	webhooks *webhooks.Hub

	replayed prometheus.Histogram

	health health
}

// serve runs a gateway until ctx ends, and then lets what is under way come to
// its end.
func serve(ctx context.Context, c config, log *slog.Logger) (err error) {
	if err := os.MkdirAll(c.Data, 0o700); err != nil {
		return fmt.Errorf("couldn't make the data directory: %w", err)
	}
	listener, err := net.Listen("tcp", c.Listen)
	if err != nil {
		return fmt.Errorf("couldn't listen on %s: %w", c.Listen, err)
	}
	defer listener.Close()
	p := &process{config: c, log: log, metrics: prometheus.NewRegistry()}
	p.health.begin()
	stopTraces, err := c.traces(ctx, log)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, stopTraces()) }()
	if p.model, p.own, err = c.openDatabases(ctx); err != nil {
		return err
	}
	p.measure()
	defer func() { err = errors.Join(err, p.model.Close(), p.own.Close()) }()
	if p.witness, err = p.openWitness(ctx); err != nil {
		return err
	}
	if p.client, err = submit.Dial(p.dialOptions()); err != nil {
		return err
	}
	if p.trade, err = trade.NewDesk(ctx, c.Organisation, p.client, p.model, p.own); err != nil {
		return err
	}
	if err := p.openJournal(ctx); err != nil {
		return err
	}
	defer p.journal.Close()
	if err := p.openWebhooks(ctx); err != nil {
		return err
	}
	p.follower = block.NewFollower(p.client.Network())
	if err := p.beginAudit(ctx); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, p.endAudit()) }()
	if p.desk, err = p.openDesk(ctx); err != nil {
		return err
	}
	if err := p.openImports(ctx); err != nil {
		return err
	}
	if p.tls, err = c.TLS.open(log); err != nil {
		return err
	}
	members, err := c.Members.listen(log)
	if err != nil {
		return err
	}
	if members != nil {
		defer members.Close()
	}
	log.Info("serving", "url", c.scheme()+"://"+listener.Addr().String(), "peer", c.Peer.Address, "blocks", p.model.Next())
	return p.run(ctx, listener, members)
}

func (p *process) dialOptions() submit.Options {
	c := p.config
	return submit.Options{
		Peer: c.Peer.Address, ServerName: c.Peer.ServerName, TLSCA: c.Peer.TLSCA,
		Key: c.Identity.options(), Organisation: string(c.Organisation),
		Channel: c.Channel, Chaincode: c.Chaincode, Limits: c.Submit.limits(), Registerer: p.metrics, First: p.first,
	}
}

// first finds the record of an accepted command of this organisation. One that was
// committed a moment ago is awaited.
func (p *process) first(ctx context.Context, id massbalance.CommandID) (record massbalance.Record, block uint64, err error) {
	for {
		next := p.model.Next()
		var missing *readmodel.NotFound
		err = p.model.Read(ctx, func(s *readmodel.Snapshot) error {
			entry, err := s.Command(p.config.Organisation, id)
			record, block = entry.Record, entry.Block
			return err
		})
		if !errors.As(err, &missing) {
			return record, block, err
		}
		if err := p.model.Await(ctx, next); err != nil {
			return record, 0, err
		}
	}
}

// openJournal goes on with the commands that were taken before the gateway ended.
func (p *process) openJournal(ctx context.Context) error {
	carrier, err := carrierIn(p.config.Data)
	if err != nil {
		return err
	}
	p.journal, err = journal.Open(ctx, journal.Options{Store: p.own, Next: p.client, Carrier: carrier, Log: p.log})
	return err
}

// carrierIn is the name under which the gateway with this data directory keeps
// commands in a store that it may share with others.
func carrierIn(data string) (string, error) {
	path := filepath.Join(data, "carrier")
	name, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		name = []byte(rand.Text())
		err = os.WriteFile(path, name, 0o600)
	}
	if err != nil {
		return "", fmt.Errorf("couldn't name this gateway: %w", err)
	}
	return string(name), nil
}

// run serves and follows. Following goes on while requests are drained, because
// their answers wait for blocks; the client is closed after both.
func (p *process) run(ctx context.Context, listener, members net.Listener) error {
	server := p.server()
	forMembers := p.membersServer(server.Handler)
	following, stopFollowing := context.WithCancel(context.WithoutCancel(ctx))
	defer stopFollowing()
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error { return p.follow(following) })
	group.Go(func() error { p.watch(following); return nil })
	group.Go(func() error { p.desk.Resume(ctx); return nil })
	group.Go(func() error { p.imports.Resume(ctx); return nil })
	group.Go(func() error { p.tracer().Run(ctx); return nil })
	group.Go(func() error { p.witness.Run(ctx); return nil })
	group.Go(func() error { p.webhooks.Run(ctx); return nil })
	group.Go(func() error { p.remind(ctx); return nil })
	group.Go(func() error {
		serve := server.Serve
		if p.tls != nil {
			serve = func(l net.Listener) error { return server.ServeTLS(l, "", "") }
		}
		if err := serve(listener); !errors.Is(err, http.ErrServerClosed) {
			return fmt.Errorf("couldn't serve: %w", err)
		}
		return nil
	})
	if members != nil {
		group.Go(func() error {
			if err := forMembers.Serve(members); !errors.Is(err, http.ErrServerClosed) {
				return fmt.Errorf("couldn't serve the other members: %w", err)
			}
			return nil
		})
	}
	group.Go(func() error {
		<-ctx.Done()
		defer stopFollowing()
		return p.drain(server, forMembers)
	})
	err := group.Wait()
	p.log.Info("stopped", "blocks", p.model.Next())
	return err
}

// tracer traces what rests on recalled statements, while the gateway sees the
// ledger as it is now.
func (p *process) tracer() *recalls.Tracer {
	return recalls.New(recalls.Options{
		Organisation: p.config.Organisation, Model: p.model, Submitter: p.client, Metrics: p.metrics, Log: p.log,
		Ready: func() bool { return p.problem() == "" },
	})
}

// places is the file for the console's map, which was checked when the settings were read.
func (p *process) places() []byte {
	if p.config.Places == "" {
		return nil
	}
	file, err := os.ReadFile(p.config.Places)
	if err != nil {
		p.log.Warn("couldn't read the file of places; the map does without", "error", err)
	}
	return file
}

// handler is everything that the gateway serves, until stopping ends its streams.
// The tests of all routes make theirs by it, so that none is left out.
func (p *process) handler(stopping context.Context) *api.Handler {
	return api.New(api.Options{
		Webhooks:     p.webhooks,
		Organisation: p.config.Organisation, Role: p.config.Role, Submitter: p.desk, Journal: p.journal, Model: p.model, Status: p.status, Trade: p.trade,
		Gate: p.desk.Accounts, Desk: p.desk, Host: p.config.host(), Secure: p.config.secure(), PublicURL: p.config.PublicURL, ListensOn: p.config.address(), Known: p.config.Limits.known(), Unknown: p.config.Limits.unknown(),
		Pages:   console.New(console.Options{Organisation: p.config.Organisation, Model: p.model, Problem: p.warning, Logs: p.witness, Submitter: p.desk, Imports: p.imports, Trade: p.trade, Desk: p.desk, Places: p.places(), Log: p.log}),
		Imports: p.imports, Transparency: p.witness, Metrics: p.metrics, Log: p.log, Stopping: stopping,
	})
}

func (p *process) server() *http.Server {
	stopping, stop := context.WithCancel(context.Background())
	server := &http.Server{
		Handler: p.handler(stopping), TLSConfig: p.tls, ReadHeaderTimeout: 5 * time.Second, IdleTimeout: 2 * time.Minute,
		ErrorLog: slog.NewLogLogger(p.log.Handler(), slog.LevelWarn),
	}
	server.RegisterOnShutdown(stop)
	return server
}

func (p *process) drain(servers ...*http.Server) error {
	p.log.Info("stopping: letting requests and transactions under way come to their end")
	p.health.stop()
	pause(context.Background(), p.config.Shutdown.Delay)
	ctx, cancel := context.WithTimeout(context.Background(), p.config.Shutdown.Timeout)
	defer cancel()
	for _, server := range servers {
		if err := server.Shutdown(ctx); err != nil {
			p.log.Warn("couldn't wait for all requests", "error", err)
		}
	}
	p.imports.Close()
	p.journal.Close()
	if err := p.client.Close(ctx); err != nil {
		p.log.Warn("couldn't wait for all transactions; sending their commands again is safe", "error", err)
	}
	return nil
}
