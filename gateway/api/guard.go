package api

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"runtime/debug"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/weighbridge/weighbridge/gateway/access"
)

// guard stands before everything: it keeps foreign web pages out, lets nobody
// call what they may not, turns panics into problems, and counts and logs each
// request.
func (s *server) guard(next http.Handler) http.Handler {
	crossOrigin := http.NewCrossOriginProtection()
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		recorder := &recorder{ResponseWriter: w}
		started := time.Now()
		defer s.finish(recorder, r, started)
		w.Header().Set("X-Content-Type-Options", "nosniff")
		w.Header().Set("Cache-Control", "no-store")
		if !loopbackHost(r.Host) {
			problem(http.StatusMisdirectedRequest, fmt.Sprintf("this gateway answers on loopback addresses only, not as %q", r.Host)).write(recorder)
			return
		}
		if err := crossOrigin.Check(r); err != nil {
			problem(http.StatusForbidden, "a web page of another origin may not send commands").write(recorder)
			return
		}
		if actor, ok := s.admit(recorder, r); ok {
			next.ServeHTTP(recorder, r.WithContext(access.With(r.Context(), actor)))
		}
	})
}

// admit answers a request whose sender may not send it. A route that nobody
// declared admits nobody.
func (s *server) admit(w *recorder, r *http.Request) (access.Actor, bool) {
	actor, err := access.Nobody, error(nil)
	pattern, who, declared := s.mux.Match(r)
	w.route = pattern
	if s.Gate != nil {
		actor, err = s.Gate.Actor(r)
	}
	if err != nil {
		s.log.LogAttrs(r.Context(), slog.LevelError, "couldn't find out who calls", slog.Any("error", err))
		problem(http.StatusServiceUnavailable, "the gateway couldn't find out who calls; its log says why").write(w)
		return actor, false
	}
	if !declared || !actor.May(who) {
		problem(http.StatusForbidden, "who calls this needs the permission \""+string(who)+"\"").write(w)
		return actor, false
	}
	return actor, true
}

// register adds an operation that only those with the permission may call.
func register[I, O any](s *server, who access.Permission, operation huma.Operation, handler func(context.Context, *I) (*O, error)) {
	s.mux.Declare(who, operation.Method+" "+operation.Path)
	huma.Register(s.huma, operation, handler)
}

// declareDescription lets everybody read the interface's description, which huma
// adds by itself: it says nothing of the ledger.
func (s *server) declareDescription() {
	for _, form := range []string{".json", ".yaml", "-3.0.json", "-3.0.yaml"} {
		s.mux.Declare(access.Public, "GET "+s.describe().OpenAPIPath+form)
	}
}

// loopbackHost refuses names that a foreign page's own name server may have
// pointed at this machine.
func loopbackHost(hostport string) bool {
	host, _, err := net.SplitHostPort(hostport)
	if err != nil {
		host = hostport
	}
	if strings.EqualFold(host, "localhost") {
		return true
	}
	ip := net.ParseIP(strings.Trim(host, "[]"))
	return ip != nil && ip.IsLoopback()
}

// finish ends a request, also one that panicked.
func (s *server) finish(w *recorder, r *http.Request, started time.Time) {
	if failure := recover(); failure != nil {
		if r.Context().Err() == nil {
			s.log.LogAttrs(r.Context(), slog.LevelError, "a request panicked",
				slog.String("path", r.URL.Path), slog.Any("panic", failure), slog.String("stack", string(debug.Stack())))
		}
		if w.status == 0 {
			problem(http.StatusInternalServerError, "the gateway failed; its log says why").write(w)
		}
	}
	took := time.Since(started)
	s.metrics.request(w.route, w.status, took)
	s.log.LogAttrs(r.Context(), slog.LevelDebug, "request",
		slog.String("method", r.Method), slog.String("path", r.URL.Path), slog.Int("status", w.status), slog.Duration("took", took))
}

// recorder remembers the route and the status.
type recorder struct {
	http.ResponseWriter
	route  string
	status int
}

// WriteHeader notes the first status.
func (w *recorder) WriteHeader(status int) {
	if w.status == 0 {
		w.status = status
	}
	w.ResponseWriter.WriteHeader(status)
}

// Write notes that a body without a status is a success.
func (w *recorder) Write(b []byte) (int, error) {
	if w.status == 0 {
		w.status = http.StatusOK
	}
	return w.ResponseWriter.Write(b)
}

// Unwrap lets http.ResponseController reach the connection's deadlines.
func (w *recorder) Unwrap() http.ResponseWriter { return w.ResponseWriter }
