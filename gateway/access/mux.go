package access

import (
	"fmt"
	"maps"
	"net/http"
	"slices"
)

// Mux is a ServeMux whose every pattern says who may call it.
type Mux struct {
	mux *http.ServeMux
	who map[string]Permission
}

// NewMux makes an empty one.
func NewMux() *Mux { return &Mux{mux: http.NewServeMux(), who: map[string]Permission{}} }

// Handle adds a pattern. It panics where the permission is none of the list,
// as a ServeMux does where the pattern is there already.
func (m *Mux) Handle(who Permission, pattern string, handler http.Handler) {
	m.Declare(who, pattern)
	m.mux.Handle(pattern, handler)
}

// HandleFunc adds a pattern.
func (m *Mux) HandleFunc(who Permission, pattern string, handler http.HandlerFunc) {
	m.Handle(who, pattern, handler)
}

// Declare says who may call a pattern that is added to Plain by other means.
func (m *Mux) Declare(who Permission, pattern string) {
	if !slices.Contains(Permissions, who) {
		panic(fmt.Sprintf("route %s must say who may call it", pattern))
	}
	m.who[pattern] = who
}

// Plain is the mux below, for who can only add to a ServeMux.
func (m *Mux) Plain() *http.ServeMux { return m.mux }

// Match finds a request's pattern and who may call it; ok is false where no
// pattern matches or the pattern was never declared: then nobody may.
func (m *Mux) Match(r *http.Request) (pattern string, who Permission, ok bool) {
	_, pattern = m.mux.Handler(r)
	who, ok = m.who[pattern]
	return pattern, who, ok
}

// ServeHTTP hands the request to its handler, without asking who calls: that is
// the guard's, who stands before it.
func (m *Mux) ServeHTTP(w http.ResponseWriter, r *http.Request) { m.mux.ServeHTTP(w, r) }

// Patterns lists what was declared, in order.
func (m *Mux) Patterns() []string { return slices.Sorted(maps.Keys(m.who)) }

// Who may call a pattern.
func (m *Mux) Who(pattern string) Permission { return m.who[pattern] }
