package api

import (
	"context"
	"errors"
	"net/http"
	"strconv"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/weighbridge/weighbridge/gateway/access"
)

// registerAccounts adds who may use the gateway, what waits for a second person,
// and what was done.
func (s *server) registerAccounts() {
	if s.Desk == nil {
		return
	}
	s.huma.OpenAPI().Components.SecuritySchemes = map[string]*huma.SecurityScheme{
		"token": {Type: "http", Scheme: "bearer", Description: "A token that an administrator or a user made."},
	}
	s.registerUsers()
	s.registerTokens()
	s.registerApprovals()
	s.registerActivity()
}

// operation describes a plain one.
func (s *server) operation(method, path, id, summary string) huma.Operation {
	return huma.Operation{
		OperationID: id, Method: method, Path: path, Summary: summary, Tags: []string{"accounts"}, MaxBodyBytes: publicBodyMax,
	}
}

// body is an answer of no block.
type body[T any] struct{ Body T }

// items is a list that is given whole.
type items[T any] struct {
	Items []T `json:"items"`
}

func whole[T any](list []T) *body[items[T]] {
	if list == nil {
		list = []T{}
	}
	return &body[items[T]]{items[T]{list}}
}

// account turns what went wrong with accounts into a problem.
func (s *server) account(ctx context.Context, err error) error {
	var wait *access.TooManyFailures
	switch {
	case err == nil:
		return nil
	case errors.As(err, &wait):
		return huma.ErrorWithHeaders(problem(http.StatusTooManyRequests, wait.Error()), http.Header{"Retry-After": {strconv.Itoa(int(wait.After.Seconds()) + 1)}})
	case errors.Is(err, access.ErrNoUser), errors.Is(err, access.ErrNotHeld):
		return problem(http.StatusNotFound, err.Error())
	case errors.Is(err, access.ErrRefused):
		p := problem(http.StatusUnprocessableEntity, err.Error())
		p.Errors = []Fault{{"request", err.Error()}}
		return p
	}
	return s.failure(ctx, err)
}

// userInput is what an administrator says of a user.
type userInput struct {
	FullName string        `json:"fullName,omitempty" maxLength:"128"`
	Roles    []access.Role `json:"roles" minItems:"1" maxItems:"5" doc:"viewer, operator, approver, administrator, auditor"`
	Disabled bool          `json:"disabled,omitempty" doc:"Ends the user's sessions and tokens at once."`
}

// Named is the part of a path that names a user. It is exported, as everything that
// is embedded must be, or it would not be read.
type Named struct {
	Name string `path:"name" maxLength:"64" doc:"The user's name."`
}

func (s *server) registerUsers() {
	accounts := s.Desk.Accounts
	register(s, access.Administer, s.operation(http.MethodGet, "/api/v1/users", "list-users", "The users of this gateway"),
		func(ctx context.Context, _ *struct{}) (*body[items[access.User]], error) {
			users, err := accounts.Users(ctx)
			return whole(users), s.account(ctx, err)
		})
	create := s.operation(http.MethodPut, "/api/v1/users/{name}", "put-user", "Add a user, or change their name, roles or being disabled; it holds from their next request on")
	register(s, access.Administer, create, func(ctx context.Context, in *struct {
		Named
		Body userInput
	}) (*body[access.User], error) {
		u := access.User{Name: in.Name, FullName: in.Body.FullName, Roles: in.Body.Roles, Disabled: in.Body.Disabled}
		err := accounts.ChangeUser(ctx, u)
		if errors.Is(err, access.ErrNoUser) {
			err = accounts.AddUser(ctx, u)
		}
		if err == nil {
			u, err = accounts.User(ctx, in.Name)
		}
		return &body[access.User]{u}, s.account(ctx, err)
	})
	link := s.operation(http.MethodPost, "/api/v1/users/{name}/sign-in-link", "create-sign-in-link", "Make a path that signs a user in once, within ten minutes")
	register(s, access.Administer, link, func(ctx context.Context, in *Named) (*body[signInLink], error) {
		path, err := accounts.SignInLink(ctx, in.Name)
		return &body[signInLink]{signInLink{path}}, s.account(ctx, err)
	})
	reset := s.operation(http.MethodDelete, "/api/v1/users/{name}/second-factor", "delete-second-factor", "Take a lost second factor away")
	register(s, access.Administer, reset, func(ctx context.Context, in *Named) (*struct{}, error) {
		_, err := accounts.User(ctx, in.Name)
		if err == nil {
			err = accounts.ResetSecondFactor(ctx, in.Name)
		}
		return nil, s.account(ctx, err)
	})
}

type signInLink struct {
	Path string `json:"path" doc:"At this gateway."`
}

// Caller is who asks, with what they may do.
type Caller struct {
	Name        string              `json:"name"`
	Roles       []access.Role       `json:"roles,omitempty"`
	Permissions []access.Permission `json:"permissions"`
}

type tokenInput struct {
	Label   string              `json:"label" minLength:"1" maxLength:"64" doc:"What it is for; it is written into the commands that it gives."`
	Scopes  []access.Permission `json:"scopes" minItems:"1" maxItems:"5" doc:"read, operate, administer, audit, observe"`
	Sites   []string            `json:"sites,omitempty" maxItems:"100" doc:"The sites for which commands may be given; all, if there are none."`
	Expires time.Time           `json:"expires" doc:"Within a year."`
}

// NewToken is a token with its secret, which is shown once.
type NewToken struct {
	access.Token
	Secret string `json:"secret"`
}

func (s *server) registerTokens() {
	accounts := s.Desk.Accounts
	register(s, access.Read, s.operation(http.MethodGet, "/api/v1/me", "get-me", "Who asks, and what they may do"),
		func(ctx context.Context, _ *struct{}) (*body[Caller], error) {
			actor := access.From(ctx)
			caller := Caller{Name: actor.Name, Roles: actor.Roles}
			for _, p := range access.Permissions {
				if actor.May(p) {
					caller.Permissions = append(caller.Permissions, p)
				}
			}
			return &body[Caller]{caller}, nil
		})
	register(s, access.Administer, s.operation(http.MethodGet, "/api/v1/tokens", "list-tokens", "The tokens of machines and of users"),
		func(ctx context.Context, _ *struct{}) (*body[items[access.Token]], error) {
			tokens, err := accounts.Tokens(ctx, "")
			return whole(tokens), s.account(ctx, err)
		})
	create := s.operation(http.MethodPost, "/api/v1/tokens", "create-token", "Make a token for a machine; its secret is shown in this answer and never again")
	create.DefaultStatus = http.StatusCreated
	register(s, access.Administer, create, func(ctx context.Context, in *struct{ Body tokenInput }) (*body[NewToken], error) {
		t, secret, err := accounts.AddToken(ctx, access.Token{Label: in.Body.Label, Scopes: in.Body.Scopes, Sites: sites(in.Body.Sites), Expires: in.Body.Expires})
		return &body[NewToken]{NewToken{t, secret}}, s.account(ctx, err)
	})
	revoke := s.operation(http.MethodDelete, "/api/v1/tokens/{id}", "delete-token", "Revoke a token, at once")
	register(s, access.Administer, revoke, func(ctx context.Context, in *struct {
		ID string `path:"id" maxLength:"64"`
	}) (*struct{}, error) {
		return nil, s.account(ctx, accounts.RevokeToken(ctx, in.ID, ""))
	})
}

func (s *server) registerActivity() {
	list := s.operation(http.MethodGet, "/api/v1/activity", "list-activity", "What was done at this gateway, by whom and with which outcome, the newest first")
	register(s, access.Audit, list, func(ctx context.Context, in *struct {
		Actor   string `query:"actor" maxLength:"200" doc:"Only what this user or token did."`
		Action  string `query:"action" maxLength:"64" doc:"Only this, such as \"signed in\" or \"command claim\"."`
		Subject string `query:"subject" maxLength:"200" doc:"Only what was done to this, such as a command's ID."`
		Before  uint64 `query:"before" maximum:"9007199254740991" doc:"The last number of the page before."`
		Limit   int    `query:"limit" minimum:"1" maximum:"500" default:"100" doc:"How many at most."`
	}) (*body[items[access.Act]], error) {
		acts, err := s.Desk.Accounts.Activity(ctx, access.ActivityFilter{Actor: in.Actor, Action: in.Action, Subject: in.Subject, Before: in.Before, Limit: in.Limit})
		return whole(acts), s.account(ctx, err)
	})
}
