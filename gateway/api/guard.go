package api

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"runtime/debug"
	"strconv"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/weighbridge/weighbridge/gateway/access"
	"github.com/weighbridge/weighbridge/gateway/table"
	"github.com/weighbridge/weighbridge/gateway/trace"
)

// bodyMax bounds every request's body; what is smaller where is said there.
// publicBodyMax is for who did not sign in.
const (
	bodyMax       = 4*table.ByteLimit + 2<<20
	publicBodyMax = 64 << 10
	// publicBodyTime is how long such a body may take.
	publicBodyTime = 15 * time.Second
)

// guard stands before everything: it keeps foreign web pages out, lets nobody
// call what they may not or more often than they may, turns panics into
// problems, and counts and logs each request.
func (s *server) guard(next http.Handler) http.Handler {
	crossOrigin := http.NewCrossOriginProtection()
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		recorder := &recorder{ResponseWriter: w}
		if strings.HasPrefix(r.URL.Path, "/api/v1/") {
			recorder.height = s.heightNow
		}
		started := time.Now()
		defer s.finish(recorder, r, started)
		s.protect(w.Header())
		if !s.answersAs(r.Host) {
			problem(http.StatusMisdirectedRequest, fmt.Sprintf("this gateway does not answer as %q", r.Host)).write(recorder)
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

// protect sets what every answer has: it is no page, is kept by nobody, shows
// and loads nothing, and is asked for over HTTPS where there is HTTPS. Pages
// loosen it for themselves.
func (s *server) protect(h http.Header) {
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Cache-Control", "no-store")
	h.Set("Content-Security-Policy", "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'")
	h.Set("X-Frame-Options", "DENY")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
	if s.Secure {
		h.Set("Strict-Transport-Security", "max-age=31536000")
	}
}

// answersAs refuses names that a foreign page's own name server may have pointed
// at this machine: the gateway knows its own.
func (s *server) answersAs(host string) bool {
	return access.Loopback(host) || s.Host != "" && strings.EqualFold(host, s.Host)
}

// admit finds out who calls, and answers a request whose sender may not send it.
// A route that nobody declared admits nobody.
func (s *server) admit(w *recorder, r *http.Request) (actor access.Actor, ok bool) {
	pattern, who, declared := s.mux.Match(r)
	w.route = pattern
	var err error
	if s.Gate != nil && !signOfLife[pattern] {
		actor, err = s.Gate.Actor(r)
		if who == access.Public && err != nil {
			actor, err = access.Nobody, nil // whoever they are, they may
		}
	}
	actor.Address, _, _ = net.SplitHostPort(r.RemoteAddr)
	if wait := s.limiter.Wait(actor); wait > 0 {
		w.Header().Set("Retry-After", strconv.Itoa(max(1, int(wait.Seconds()))))
		s.refuse(w, r, http.StatusTooManyRequests, "you call more often than you may; try again in a moment")
		return actor, false
	}
	switch {
	case err != nil && !errors.Is(err, access.ErrRefused):
		s.log.LogAttrs(r.Context(), slog.LevelError, "couldn't find out who calls", slog.Any("error", err))
		w.Header().Set("Retry-After", strconv.Itoa(int(retryAfter.Seconds())))
		s.refuse(w, r, http.StatusServiceUnavailable, "the gateway couldn't find out who calls; its log says why")
	case err != nil:
		s.challenge(w, r, err.Error())
	case declared && who != access.Public && actor.Name == "":
		s.challenge(w, r, "sign in, or send a token")
	case !declared || !actor.May(who):
		s.refuse(w, r, http.StatusForbidden, fmt.Sprintf("this needs the permission %q, which %s does not have", who, actor.Name))
	case actor.Session != "" && !safe(r) && r.Header.Get("Sec-Fetch-Site") == "" && r.Header.Get("Origin") == "":
		// Nothing says that the request came from a page of this gateway's, and the
		// cookie says nothing: browsers send it by themselves.
		s.refuse(w, r, http.StatusForbidden, "the browser does not say which page this came from; use a newer one, or a token")
	default:
		s.bound(w, r, who)
		return actor, true
	}
	return actor, false
}

// signOfLife are the routes that do not depend on the store with the accounts.
var signOfLife = map[string]bool{"GET /healthz": true, "GET /readyz": true}

func safe(r *http.Request) bool { return r.Method == http.MethodGet || r.Method == http.MethodHead }

// bound limits what is read of the request.
func (s *server) bound(w http.ResponseWriter, r *http.Request, who access.Permission) {
	limit := int64(bodyMax)
	if who == access.Public {
		limit = publicBodyMax
		if r.ContentLength != 0 {
			// Where the deadline cannot be set there is none to reach, as in tests.
			_ = http.NewResponseController(w).SetReadDeadline(time.Now().Add(publicBodyTime))
		}
	}
	r.Body = http.MaxBytesReader(w, r.Body, limit)
}

// challenge asks to sign in: a person is led to the page for it.
func (s *server) challenge(w http.ResponseWriter, r *http.Request, detail string) {
	if asksForPage(r) && s.Pages != nil {
		http.Redirect(w, r, "/sign-in?"+url.Values{"to": {r.URL.RequestURI()}}.Encode(), http.StatusSeeOther)
		return
	}
	w.Header().Set("WWW-Authenticate", `Bearer realm="Weighbridge"`)
	problem(http.StatusUnauthorized, detail).write(w)
}

// Refuser is what Pages may be, too: then people get a page for what they may not do.
type Refuser interface {
	Refuse(w http.ResponseWriter, r *http.Request, status int, detail string)
}

func (s *server) refuse(w http.ResponseWriter, r *http.Request, status int, detail string) {
	if pages, ok := s.Pages.(Refuser); ok && asksForPage(r) {
		pages.Refuse(w, r, status, detail)
		return
	}
	problem(status, detail).write(w)
}

// asksForPage reports whether a browser shows the answer to a person.
func asksForPage(r *http.Request) bool {
	return !strings.HasPrefix(r.URL.Path, "/api/") && strings.Contains(r.Header.Get("Accept"), "text/html")
}

// register adds an operation that only those with the permission may call.
func register[I, O any](s *server, who access.Permission, operation huma.Operation, handler func(context.Context, *I) (*O, error)) {
	s.mux.Declare(who, operation.Method+" "+operation.Path)
	huma.Register(s.huma, s.documented(who, operation), handler)
}

// declareDescription lets everybody read the interface's description, which huma
// adds by itself: it says nothing of the ledger.
func (s *server) declareDescription() {
	for _, form := range []string{".json", ".yaml", "-3.0.json", "-3.0.yaml"} {
		s.mux.Declare(access.Public, "GET "+s.describe().OpenAPIPath+form)
	}
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
	trace.Answered(r.Context(), w.route, w.status)
	s.log.LogAttrs(r.Context(), slog.LevelDebug, "request",
		slog.String("method", r.Method), slog.String("path", r.URL.Path), slog.Int("status", w.status), slog.Duration("took", took))
}

// heightNow is the height of the gateway's copy of the ledger.
func (s *server) heightNow() string { return height(s.Model.Next()) }

// recorder remembers the route and the status, and says at which height an
// answer was given that does not say so itself, such as a refusal.
type recorder struct {
	http.ResponseWriter
	route  string
	status int
	height func() string
}

// WriteHeader notes the first status.
func (w *recorder) WriteHeader(status int) {
	if w.status == 0 {
		w.status = status
		if w.height != nil && w.Header().Get(heightHeader) == "" {
			w.Header().Set(heightHeader, w.height())
		}
	}
	w.ResponseWriter.WriteHeader(status)
}

// Write notes that a body without a status is a success.
func (w *recorder) Write(b []byte) (int, error) {
	if w.status == 0 {
		w.WriteHeader(http.StatusOK)
	}
	return w.ResponseWriter.Write(b)
}

// Unwrap lets http.ResponseController reach the connection's deadlines.
func (w *recorder) Unwrap() http.ResponseWriter { return w.ResponseWriter }
