package access

import (
	"context"
	"net/http"
	"slices"

	"github.com/weighbridge/weighbridge/chaincode/massbalance"
)

// Actor is who calls: a person, a machine with a token, or nobody.
type Actor struct {
	// Name is what is written down with what the actor does; "" is nobody.
	Name string
	// Persons are the users who stand behind: the person themselves, the owner of
	// a token, or who made it.
	Persons []string
	// User is the signed-in user; it is "" where a token calls.
	User  string
	Roles []Role
	// Token and Scopes are set where a token calls: then the roles are those of
	// its owner, if a person owns it, and the scopes bound them.
	Token  string
	Scopes []Permission
	// Sites, where there are any, are those for which commands may be given.
	Sites []massbalance.SiteID
	// Session is that of a signed-in user, as it is kept.
	Session string
	// Address is where the request came from.
	Address string
}

// Nobody is a caller who did not sign in.
var Nobody = Actor{}

// May reports whether the actor has a permission. A token is never signed in,
// and nothing is approved by one.
func (a Actor) May(p Permission) bool {
	if p == Public {
		return true
	}
	held := slices.ContainsFunc(a.Roles, func(r Role) bool { return r.Holds(p) })
	if a.Token == "" {
		return held
	}
	owned := len(a.Roles) > 0
	return slices.Contains(a.Scopes, p) && slices.Contains(Scopes, p) && (held || !owned)
}

// Gate finds out who calls.
type Gate interface {
	// Actor is whoever sent the request; Nobody where it names no one.
	Actor(r *http.Request) (Actor, error)
	// Still reports whether an actor who called may have more of an answer that
	// needs the permission and goes on.
	Still(ctx context.Context, actor Actor, who Permission) (bool, error)
}

// Local takes every caller for a built-in local administrator with all roles.
// It is for tests.
type Local struct{}

// Actor is always the same.
func (Local) Actor(*http.Request) (Actor, error) {
	return Actor{Name: "local", User: "local", Persons: []string{"local"}, Roles: Roles}, nil
}

// Still is always true.
func (Local) Still(context.Context, Actor, Permission) (bool, error) { return true, nil }

type actorKey struct{}

// With notes who acts.
func With(ctx context.Context, a Actor) context.Context { return context.WithValue(ctx, actorKey{}, a) }

// From is who acts; Nobody where nobody was noted.
func From(ctx context.Context) Actor {
	a, _ := ctx.Value(actorKey{}).(Actor)
	return a
}
