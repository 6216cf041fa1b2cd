package process

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// Poll tries a condition until it holds or the context ends, and then returns the condition's last error, which says what was
// missing. A condition that can never hold any more stops the polling by returning an error made by Hopeless.
func Poll(ctx context.Context, interval time.Duration, condition func(context.Context) error) error {
	ticker := time.NewTicker(interval)
	defer ticker.Stop()
	for {
		err := condition(ctx)
		if err == nil {
			return nil
		}
		var final hopeless
		if errors.As(err, &final) {
			return final.error
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("%w: %w", context.Cause(ctx), err)
		case <-ticker.C:
		}
	}
}

type hopeless struct{ error }

func (h hopeless) Unwrap() error { return h.error }

// Hopeless marks an error after which waiting longer is pointless.
func Hopeless(err error) error { return hopeless{err} }
