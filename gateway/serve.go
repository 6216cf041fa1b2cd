package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"golang.org/x/sync/errgroup"

	"github.com/weighbridge/weighbridge/gateway/access"
	"github.com/weighbridge/weighbridge/gateway/api"
	"github.com/weighbridge/weighbridge/gateway/block"
	"github.com/weighbridge/weighbridge/gateway/console"
	"github.com/weighbridge/weighbridge/gateway/imports"
	"github.com/weighbridge/weighbridge/gateway/readmodel"
	"github.com/weighbridge/weighbridge/gateway/recalls"
	"github.com/weighbridge/weighbridge/gateway/store"
	"github.com/weighbridge/weighbridge/gateway/submit"
)

const (
	// drainTime is how long requests and transactions under way may take at the end.
	drainTime = 30 * time.Second
	// heightEvery is how often the peer is asked for the chain's height.
	heightEvery = 2 * time.Second
	// lagTime is for how long the read model may be behind before it counts.
	lagTime = time.Second
)

// process is a gateway at work.
type process struct {
	config   config
	log      *slog.Logger
	model    *readmodel.Model
	own      *store.Store
	client   *submit.Client
	follower *block.Follower
	metrics  *prometheus.Registry

	mu    sync.Mutex
	chain uint64 // blocks that the peer's chain has, 0 while unknown
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
	if p.model, p.own, err = c.openDatabases(ctx); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, p.model.Close(), p.own.Close()) }()
	if p.client, err = submit.Dial(p.dialOptions()); err != nil {
		return err
	}
	p.follower = block.NewFollower(p.client.Network())
	log.Info("serving", "url", "http://"+listener.Addr().String(), "peer", c.Peer.Address, "blocks", p.model.Next())
	return p.run(ctx, listener)
}

func (p *process) dialOptions() submit.Options {
	c := p.config
	return submit.Options{
		Peer: c.Peer.Address, ServerName: c.Peer.ServerName, TLSCA: c.Peer.TLSCA,
		Certificate: c.Identity.Certificate, Key: c.Identity.Key, Organisation: string(c.Organisation),
		Channel: c.Channel, Chaincode: c.Chaincode, Registerer: p.metrics,
	}
}

// run serves and follows. Following goes on while requests are drained, because
// their answers wait for blocks; the client is closed after both.
func (p *process) run(ctx context.Context, listener net.Listener) error {
	server := p.server()
	following, stopFollowing := context.WithCancel(context.WithoutCancel(ctx))
	defer stopFollowing()
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error { return p.follow(following) })
	group.Go(func() error { p.watchHeight(following); return nil })
	group.Go(func() error { p.tracer().Run(ctx); return nil })
	group.Go(func() error {
		if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
			return fmt.Errorf("couldn't serve: %w", err)
		}
		return nil
	})
	group.Go(func() error {
		<-ctx.Done()
		defer stopFollowing()
		return p.drain(server)
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

func (p *process) server() *http.Server {
	stopping, stop := context.WithCancel(context.Background())
	importer := imports.New(imports.Options{Organisation: p.config.Organisation, Model: p.model, Submitter: p.client, Log: p.log})
	handler := api.New(api.Options{
		Organisation: p.config.Organisation, Role: p.config.Role, Submitter: p.client, Model: p.model, Status: p.status, Gate: access.Local{},
		Pages:   console.New(console.Options{Organisation: p.config.Organisation, Model: p.model, Problem: p.problem, Submitter: p.client, Imports: importer, Log: p.log}),
		Imports: importer, Metrics: p.metrics, Log: p.log, Stopping: stopping,
	})
	server := &http.Server{
		Handler: handler, ReadHeaderTimeout: 5 * time.Second, IdleTimeout: 2 * time.Minute,
		ErrorLog: slog.NewLogLogger(p.log.Handler(), slog.LevelWarn),
	}
	server.RegisterOnShutdown(stop)
	return server
}

func (p *process) drain(server *http.Server) error {
	p.log.Info("stopping: letting requests and transactions under way come to their end")
	ctx, cancel := context.WithTimeout(context.Background(), drainTime)
	defer cancel()
	if err := server.Shutdown(ctx); err != nil {
		p.log.Warn("couldn't wait for all requests", "error", err)
	}
	if err := p.client.Close(ctx); err != nil {
		p.log.Warn("couldn't wait for all transactions; sending their commands again is safe", "error", err)
	}
	return nil
}

// status tells the interface how the gateway stands to its peer.
func (p *process) status() api.Status {
	state := p.follower.State()
	p.mu.Lock()
	defer p.mu.Unlock()
	return api.Status{Connected: state.Connected, Reason: state.Reason, Chain: p.chain}
}

// problem says in words why the reads may not be those of the ledger now, or "".
func (p *process) problem() string {
	status, blocks := p.status(), p.model.Next()
	switch {
	case !status.Connected:
		return "The organisation's peer does not answer. What you see may be out of date."
	case !status.CaughtUp(blocks):
		return fmt.Sprintf("This gateway is still reading the chain: %d of %d blocks.", blocks, status.Chain)
	}
	return ""
}

// watchHeight keeps up with how long the peer's chain is. A height counts once
// the read model has it, or did not reach it within lagTime: the moment that
// every new block takes to be replayed is no lag.
func (p *process) watchHeight(ctx context.Context) {
	ticker := time.NewTicker(heightEvery)
	defer ticker.Stop()
	for {
		if height, err := p.client.Height(ctx); err != nil {
			p.log.Debug("the chain's height is not known", "error", err)
		} else if height > 0 {
			wait, cancel := context.WithTimeout(ctx, lagTime)
			_ = p.model.Await(wait, height-1) // a lag is what is to be found out
			cancel()
			p.mu.Lock()
			p.chain = height
			p.mu.Unlock()
		}
		select {
		case <-ticker.C:
		case <-ctx.Done():
			return
		}
	}
}
