package api

import (
	"context"
	"errors"
	"net/http"
	"reflect"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/weighbridge/weighbridge/gateway/access"
	"github.com/weighbridge/weighbridge/gateway/webhooks"
)

// Webhook is a subscription as it stands.
type Webhook struct {
	ID string
	// URL is where to send, Types the types of commands whose records are sent; none means all.
	URL     string
	Types   []string
	Creator string
	Created string
	// Height is the block of the last record that was delivered or given up.
	Height uint64
	// Attempts of the next record failed; Problem says how the last one did, and
	// Retry when the next one is made.
	Attempts int
	Problem  string
	Retry    string
	// DeadInRow counts dead letters since the last success; Disabled is set where
	// nothing is sent until it is enabled.
	DeadInRow int
	Disabled  bool
	// Secret is shown once, in the answer to its creation.
	Secret string
}

// DeadLetter is a record that could not be delivered. Body is what was sent.
type DeadLetter struct {
	ID      string
	Type    string
	Body    string
	Problem string
	Died    string
}

// Delivery is what became of one attempt.
type Delivery struct {
	ID        string
	Delivered bool
	// Status is the receiver's answer, absent where there was none.
	Status  int
	Problem string
}

func webhook(s webhooks.Subscription) Webhook {
	return Webhook{
		ID: s.ID, URL: s.URL, Types: s.Types, Creator: s.Creator, Created: moment(s.Created), Height: s.Height,
		Attempts: s.Attempts, Problem: s.Problem, Retry: moment(s.Retry), DeadInRow: s.DeadInRow, Disabled: s.Disabled,
	}
}

func moment(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.RFC3339)
}

// listed is a list that is given whole, of values in the ledger's form.
type listed[T any] struct {
	Body page[T]
}

func listedAll[A, B any](in []A, change func(A) B) *listed[B] {
	out := &listed[B]{}
	for _, item := range in {
		out.Body.Items = append(out.Body.Items, change(item))
	}
	return out
}

// OneWebhook is the part of a path that names a webhook.
type OneWebhook struct {
	ID string `path:"id" maxLength:"64" doc:"The webhook's ID."`
}

// webhookInput is a new subscription.
type webhookInput struct {
	Body struct {
		URL   string   `json:"url" maxLength:"1024" doc:"Where to send; https, but to addresses that the settings allow." example:"https://erp.example/hooks/weighbridge"`
		Types []string `json:"types,omitempty" maxItems:"100" doc:"Types of commands whose records are sent; none means all. trade_reminder sends what a day asks for in trade, too." example:"[\"dispatch\",\"receive\"]"`
	}
}

type createdWebhook struct {
	Status   int
	Location string `header:"Location" doc:"Where the webhook is."`
	Body     wired[Webhook]
}

// hook describes an operation on webhooks.
func (s *server) hook(method, path, id, summary string) huma.Operation {
	return huma.Operation{OperationID: id, Method: method, Path: "/api/v1/webhooks" + path, Summary: summary, Tags: []string{"webhooks"}, MaxBodyBytes: publicBodyMax}
}

// registerWebhooks adds who else is told of what is recorded.
func (s *server) registerWebhooks() {
	hub := s.Webhooks
	if hub == nil {
		return
	}
	register(s, access.Administer, s.hook(http.MethodGet, "", "list-webhooks", "The webhooks with how far they are"),
		func(ctx context.Context, _ *struct{}) (*listed[Webhook], error) {
			all, err := hub.Subscriptions(ctx)
			return listedAll(all, webhook), s.hookFailure(ctx, err)
		})
	create := s.hook(http.MethodPost, "", "create-webhook", "Subscribe to what is recorded from now on; the answer shows the secret, once")
	create.Responses = map[string]*huma.Response{"201": {
		Description: "The webhook, with its secret.",
		Content:     map[string]*huma.MediaType{jsonType: {Schema: schemaOf(s.schemas(), reflect.TypeFor[Webhook]())}},
	}}
	register(s, access.Administer, create, func(ctx context.Context, in *webhookInput) (*createdWebhook, error) {
		subscription, secret, err := hub.Subscribe(ctx, in.Body.URL, in.Body.Types, access.From(ctx).Name)
		if err != nil {
			return nil, s.hookFailure(ctx, err)
		}
		out := webhook(subscription)
		out.Secret = secret
		return &createdWebhook{http.StatusCreated, "/api/v1/webhooks/" + out.ID, wired[Webhook]{out}}, nil
	})
	register(s, access.Administer, s.hook(http.MethodGet, "/{id}", "get-webhook", "One webhook with how far it is"),
		func(ctx context.Context, in *OneWebhook) (*body[wired[Webhook]], error) {
			one, err := hub.Subscription(ctx, in.ID)
			return &body[wired[Webhook]]{wired[Webhook]{webhook(one)}}, s.hookFailure(ctx, err)
		})
	register(s, access.Administer, s.hook(http.MethodDelete, "/{id}", "delete-webhook", "End a subscription and forget its dead letters"),
		func(ctx context.Context, in *OneWebhook) (*struct{}, error) {
			return nil, s.hookFailure(ctx, hub.Remove(ctx, in.ID))
		})
	register(s, access.Administer, s.hook(http.MethodPost, "/{id}/enable", "enable-webhook", "Let a webhook go on where it was, at once"),
		func(ctx context.Context, in *OneWebhook) (*body[wired[Webhook]], error) {
			one, err := hub.Enable(ctx, in.ID)
			return &body[wired[Webhook]]{wired[Webhook]{webhook(one)}}, s.hookFailure(ctx, err)
		})
	s.registerDeliveries(hub)
}

func (s *server) registerDeliveries(hub *webhooks.Hub) {
	register(s, access.Administer, s.hook(http.MethodPost, "/{id}/test", "test-webhook", "Send an event of no record, and say what came of it"),
		func(ctx context.Context, in *OneWebhook) (*body[wired[Delivery]], error) {
			d, err := hub.Test(ctx, in.ID)
			return &body[wired[Delivery]]{wired[Delivery]{Delivery(d)}}, s.hookFailure(ctx, err)
		})
	register(s, access.Administer, s.hook(http.MethodGet, "/{id}/dead-letters", "list-dead-letters", "What could not be delivered, the oldest first, up to 500"),
		func(ctx context.Context, in *OneWebhook) (*listed[DeadLetter], error) {
			all, err := hub.Letters(ctx, in.ID)
			return listedAll(all, func(l webhooks.Letter) DeadLetter {
				return DeadLetter{l.ID, l.Type, l.Body, l.Problem, moment(l.Died)}
			}), s.hookFailure(ctx, err)
		})
	register(s, access.Administer, s.hook(http.MethodPost, "/{id}/dead-letters/{letter}/redeliver", "redeliver-dead-letter", "Send a dead letter once more; it is forgotten if that succeeds"),
		func(ctx context.Context, in *struct {
			OneWebhook
			Letter string `path:"letter" maxLength:"128" doc:"The dead letter's ID."`
		}) (*body[wired[Delivery]], error) {
			d, err := hub.Redeliver(ctx, in.ID, in.Letter)
			return &body[wired[Delivery]]{wired[Delivery]{Delivery(d)}}, s.hookFailure(ctx, err)
		})
}

// hookFailure turns what went wrong with webhooks into a problem.
func (s *server) hookFailure(ctx context.Context, err error) error {
	var invalid *webhooks.Invalid
	switch {
	case err == nil:
		return nil
	case errors.Is(err, webhooks.ErrUnknown):
		return problem(http.StatusNotFound, err.Error())
	case errors.As(err, &invalid):
		p := problem(http.StatusUnprocessableEntity, invalid.Error())
		p.Errors = []Fault{{"body." + invalid.Field, invalid.Message}}
		return p
	}
	return s.failure(ctx, err)
}
