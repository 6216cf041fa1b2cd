package api

import (
	"log/slog"

	"github.com/danielgtaylor/huma/v2"

	"github.com/weighbridge/weighbridge/gateway/access"
	"github.com/weighbridge/weighbridge/gateway/webhooks"
)

// Describe gives the interface's description without serving it, for programs
// that call it and are made of it. It is that of a gateway which has everything.
func Describe() *huma.OpenAPI {
	s := newServer(Options{Desk: &access.Desk{}, Webhooks: &webhooks.Hub{}, Log: slog.New(slog.DiscardHandler)})
	return s.huma.OpenAPI()
}
