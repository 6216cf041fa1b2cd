package main

import (
	"context"

	"github.com/weighbridge/weighbridge/gateway/webhooks"
)

// openWebhooks makes ready to tell others what is recorded.
func (p *process) openWebhooks(ctx context.Context) error {
	allow, err := webhooks.ParseAllow(p.config.Webhooks.Allow)
	if err != nil {
		return err
	}
	p.webhooks, err = webhooks.New(ctx, webhooks.Options{
		Organisation: p.config.Organisation, Model: p.model, Store: p.own, Log: p.log, Allow: allow, Registerer: p.metrics,
	})
	return err
}

func checkAllow(value string) error {
	_, err := webhooks.ParseAllow(value)
	return err
}
