package access

import (
	"context"
	"net/http"
	"slices"
)

// Actor is who calls: a person, a machine with a token, or nobody.
type Actor struct {
	// Name is what is written down with what the actor does; "" is nobody.
	Name  string
	Roles []Role
}

// Nobody is a caller who did not sign in.
var Nobody = Actor{}

// May reports whether the actor has a permission.
func (a Actor) May(p Permission) bool {
	if p == Public {
		return true
	}
	return slices.ContainsFunc(a.Roles, func(r Role) bool { return r.Holds(p) })
}

// Gate finds out who calls.
type Gate interface {
	// Actor is whoever sent the request; Nobody where it names no one.
	Actor(r *http.Request) (Actor, error)
}

// Local takes every caller for a built-in local administrator with all roles.
type Local struct{}

// Actor is always the same.
func (Local) Actor(*http.Request) (Actor, error) { return Actor{Name: "local", Roles: Roles}, nil }

type actorKey struct{}

// With notes who acts.
func With(ctx context.Context, a Actor) context.Context { return context.WithValue(ctx, actorKey{}, a) }

// From is who acts; Nobody where nobody was noted.
func From(ctx context.Context) Actor {
	a, _ := ctx.Value(actorKey{}).(Actor)
	return a
}
