package api

import (
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"runtime/debug"
	"strings"
	"time"
)

// guard stands before everything: it keeps foreign web pages out, turns panics
// into problems, and counts and logs each request.
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
		next.ServeHTTP(recorder, r)
	})
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
	s.metrics.request(r.Pattern, w.status, took)
	s.log.LogAttrs(r.Context(), slog.LevelDebug, "request",
		slog.String("method", r.Method), slog.String("path", r.URL.Path), slog.Int("status", w.status), slog.Duration("took", took))
}

// recorder remembers the status.
type recorder struct {
	http.ResponseWriter
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
