package main

import (
	"context"
	"log/slog"
	"time"

	"github.com/weighbridge/weighbridge/chaincode/massbalance"
	"github.com/weighbridge/weighbridge/gateway/trade"
	"github.com/weighbridge/weighbridge/gateway/webhooks"
)

const (
	// remindEvery is how often is looked whether a day asks for something new.
	remindEvery = 10 * time.Minute
	// remindDays is how many days before its end something is reminded of.
	remindDays = 14
)

// remind tells webhooks what the day asks for in trade, until ctx ends.
func (p *process) remind(ctx context.Context) {
	ticker := time.NewTicker(remindEvery)
	defer ticker.Stop()
	for {
		if err := p.remindOf(ctx, time.Now()); err != nil && ctx.Err() == nil {
			p.log.LogAttrs(ctx, slog.LevelError, "couldn't remind of what trade asks for", slog.Any("error", err))
		}
		select {
		case <-ticker.C:
		case <-ctx.Done():
			return
		}
	}
}

// remindOf looks at one day, provided that the reads are not behind the chain:
// what was answered long ago is nothing to be reminded of.
func (p *process) remindOf(ctx context.Context, now time.Time) error {
	if status := p.status(); p.trade == nil || !status.Connected || p.model.Next() < status.Chain {
		return nil
	}
	return remind(ctx, p.trade, p.webhooks, massbalance.Date(now.UTC().Format(time.DateOnly)))
}

// remind hands the reminders of a day to the webhooks.
func remind(ctx context.Context, desk *trade.Desk, hub *webhooks.Hub, today massbalance.Date) error {
	found, err := desk.Reminders(ctx, today, remindDays)
	if err != nil {
		return err
	}
	all := make([]webhooks.Reminder, 0, len(found))
	for _, r := range found {
		all = append(all, webhooks.Reminder{Key: r.Key(), Kind: string(r.Kind), Subject: r.Subject, Period: r.Period, With: r.With, Due: r.Due, Days: r.Days, Quantity: r.Quantity, Text: r.Text})
	}
	return hub.Remind(ctx, all)
}
