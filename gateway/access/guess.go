package access

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net"
	"time"
)

const (
	// freeTries are how many wrong guesses in a row cost no time.
	freeTries = 5
	// addressTries is the same for an address, behind which there may be an office.
	addressTries = 20
	firstWait    = 30 * time.Second
	longestWait  = 15 * time.Minute
	// forgiven is after how long failures are forgotten.
	forgiven = 24 * time.Hour
)

// A TooManyFailures says when a guess may be made again.
type TooManyFailures struct{ After time.Duration }

// Error says how long to wait.
func (t *TooManyFailures) Error() string {
	return fmt.Sprintf("too many wrong guesses; the next one may be made in %s", t.After.Round(time.Second))
}

// ErrWrong is a wrong name, password or code; it does not say which.
var ErrWrong = fmt.Errorf("the name, the password or the code is wrong: %w", ErrRefused)

// tries names what failures count against, with how many are free.
func tries(ctx context.Context, what string) map[string]int {
	counted := map[string]int{what: freeTries}
	// Whoever comes over loopback comes from this machine or through a proxy on
	// it: one address for many.
	if address := From(ctx).Address; address != "" && !net.ParseIP(address).IsLoopback() {
		counted["address "+address] = addressTries
	}
	return counted
}

// guess lets a secret be checked unless too many were wrong. A try is counted
// before it is made, so that many at once gain nothing; a right one clears the
// account, and leaves the address its count less one. A password and a code are
// counted apart, or knowing one would clear the guesses of the other.
func (a *Accounts) guess(ctx context.Context, what string, check func() (bool, error)) error {
	counted := tries(ctx, what)
	for one, free := range counted {
		if wait, err := a.countFailure(ctx, one, free); err != nil || wait > 0 {
			return errors.Join(err, tooMany(wait))
		}
	}
	right, err := check()
	if err != nil {
		return err
	}
	if !right {
		return ErrWrong
	}
	for one := range counted {
		query := `UPDATE failures SET count = count - 1 WHERE what = ? AND count > 0`
		if one == what {
			query = `DELETE FROM failures WHERE what = ?`
		}
		if _, err := a.store.Exec(ctx, query, one); err != nil {
			return fmt.Errorf("couldn't forget wrong guesses: %w", err)
		}
	}
	return nil
}

func tooMany(wait time.Duration) error {
	if wait <= 0 {
		return nil
	}
	return &TooManyFailures{wait}
}

// countFailure counts a try, or says how long to wait for it.
func (a *Accounts) countFailure(ctx context.Context, what string, free int) (wait time.Duration, err error) {
	a.guessing.Lock()
	defer a.guessing.Unlock()
	now := a.Now()
	var count, latest int64
	err = a.store.QueryRow(ctx, `SELECT count, latest FROM failures WHERE what = ?`, what).Scan(&count, &latest)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return 0, fmt.Errorf("couldn't read wrong guesses: %w", err)
	}
	since := now.Sub(moment(latest))
	if since > forgiven {
		count = 0
	}
	if wait = waitAfter(int(count), free) - since; wait > 0 {
		return wait, nil
	}
	_, err = a.store.Exec(ctx, `INSERT INTO failures (what, count, latest) VALUES (?, ?, ?)
		ON CONFLICT (what) DO UPDATE SET count = excluded.count, latest = excluded.latest`, what, count+1, now.UnixMilli())
	if err != nil {
		return 0, fmt.Errorf("couldn't count a guess: %w", err)
	}
	return 0, nil
}

// waitAfter is how long to wait after so many failures in a row.
func waitAfter(count, free int) time.Duration {
	if count < free {
		return 0
	}
	wait := firstWait
	for range min(count-free, 10) {
		wait *= 2
	}
	return min(wait, longestWait)
}
