package webhooks

import (
	"context"
	"crypto/sha256"
	"fmt"
	"slices"
	"time"

	"github.com/weighbridge/weighbridge/chaincode/massbalance"
	"github.com/weighbridge/weighbridge/chaincode/wire"
)

// ReminderType is what a subscription names to be told what a day asks for in
// trade; one that names no type is told of records alone.
const ReminderType = "trade_reminder"

// Reminder is something that a day asks for, rather than something recorded.
type Reminder struct {
	// Key tells reminders apart: each is delivered once.
	Key      string
	Kind     string
	Subject  string
	Period   int
	With     massbalance.OrganisationID
	Due      massbalance.Date
	Days     int
	Quantity massbalance.Quantity
	Text     string
}

// ReminderEvent is the body of its delivery, of type trade_reminder.
type ReminderEvent struct {
	Type      string
	Timestamp string
	Data      ReminderData
}

// ReminderData says for whom the reminder is.
type ReminderData struct {
	Gateway  massbalance.OrganisationID
	Reminder Reminder
}

// Remind delivers those reminders to those subscriptions that have not had them.
// What a receiver does not take is tried again when it is called the next time;
// the webhook-id stays the same.
func (h *Hub) Remind(ctx context.Context, all []Reminder) error {
	subscriptions, err := h.Subscriptions(ctx)
	if err != nil {
		return err
	}
	for _, s := range subscriptions {
		if s.Disabled || !slices.Contains(s.Types, ReminderType) {
			continue
		}
		for _, r := range all {
			if err := h.remind(ctx, s, r); err != nil {
				return err
			}
		}
	}
	return nil
}

func (h *Hub) remind(ctx context.Context, s Subscription, r Reminder) error {
	var said int
	if err := h.store.QueryRow(ctx, `SELECT COUNT(*) FROM webhook_reminders WHERE webhook = ? AND reminder = ?`, s.ID, r.Key).Scan(&said); err != nil || said > 0 {
		return err
	}
	body, err := wire.Format(ReminderEvent{ReminderType, h.now().UTC().Format(time.RFC3339), ReminderData{h.organisation, r}})
	if err != nil {
		return err
	}
	digest := sha256.Sum256([]byte(r.Key))
	if d := h.post(ctx, s, fmt.Sprintf("%s.reminder.%x", s.ID, digest[:8]), body); !d.Delivered {
		return nil
	}
	_, err = h.store.Exec(ctx, `INSERT INTO webhook_reminders (webhook, reminder, said) VALUES (?, ?, ?) ON CONFLICT (webhook, reminder) DO NOTHING`, s.ID, r.Key, h.now().UnixMilli())
	return err
}
