package access

import (
	"context"
	"crypto/subtle"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/pquerna/otp"
	"github.com/pquerna/otp/totp"

	"github.com/weighbridge/weighbridge/gateway/store"
)

const (
	// stepTime, and six digits with SHA-1, are what every authenticator knows (RFC 6238).
	stepTime = 30 * time.Second
	// stepSkew is by how many steps a clock may differ.
	stepSkew      = 1
	recoveryCodes = 10
)

// BeginSecondFactor gives a user a secret for their authenticator. It counts
// once a code was confirmed.
func (a *Accounts) BeginSecondFactor(ctx context.Context, name, issuer string) (uri, secret string, err error) {
	key, err := totp.Generate(totp.GenerateOpts{Issuer: issuer, AccountName: name, Period: uint(stepTime.Seconds()), Algorithm: otp.AlgorithmSHA1})
	if err != nil {
		return "", "", fmt.Errorf("couldn't make a second factor: %w", err)
	}
	return key.URL(), key.Secret(), a.noted(ctx, "second factor begun", name, func(tx *store.Tx) error {
		u, err := findUser(ctx, tx, name)
		switch {
		case err != nil:
			return err
		case u.SecondFactor:
			return refuse("%s has a second factor already; remove it first", name)
		case u.Issuer != "":
			return refuse("%s signs in with %s, which asks for a second factor or does not", name, u.Issuer)
		}
		if _, err := tx.Exec(ctx, `UPDATE users SET totp = ?, totp_confirmed = 0, totp_step = 0 WHERE name = ?`, key.Secret(), name); err != nil {
			return fmt.Errorf("couldn't keep the second factor of %s: %w", name, err)
		}
		return nil
	})
}

// ConfirmSecondFactor makes the second factor count, and returns the recovery
// codes, once.
func (a *Accounts) ConfirmSecondFactor(ctx context.Context, name, code string) ([]string, error) {
	u, err := a.User(ctx, name)
	if err != nil {
		return nil, err
	}
	if u.secret == "" || u.SecondFactor {
		return nil, refuse("there is no second factor to confirm")
	}
	if err := a.guess(ctx, "code "+name, func() (bool, error) { return a.checkStep(ctx, u, code) }); err != nil {
		return nil, err
	}
	codes, hashes := make([]string, recoveryCodes), make([]string, recoveryCodes)
	for i := range codes {
		codes[i] = newRecoveryCode()
		hashes[i] = hashed(codes[i])
	}
	return codes, a.noted(ctx, "second factor set", name, func(tx *store.Tx) error {
		if _, err := tx.Exec(ctx, `UPDATE users SET totp_confirmed = 1, recovery = ? WHERE name = ? AND totp = ?`, strings.Join(hashes, " "), name, u.secret); err != nil {
			return fmt.Errorf("couldn't keep the second factor of %s: %w", name, err)
		}
		return endSessions(ctx, tx, name, From(ctx).Session)
	})
}

// RemoveSecondFactor takes it away from a user who has a code of it, too.
func (a *Accounts) RemoveSecondFactor(ctx context.Context, name, code string) error {
	u, err := a.User(ctx, name)
	if err != nil {
		return err
	}
	if !u.SecondFactor {
		return refuse("%s has no second factor", name)
	}
	if err := a.guess(ctx, "code "+name, func() (bool, error) { return a.checkCode(ctx, u, code) }); err != nil {
		return err
	}
	return a.ResetSecondFactor(ctx, name)
}

// ResetSecondFactor takes it away: for who lost both it and the recovery codes.
func (a *Accounts) ResetSecondFactor(ctx context.Context, name string) error {
	return a.noted(ctx, "second factor removed", name, func(tx *store.Tx) error {
		if _, err := tx.Exec(ctx, `UPDATE users SET totp = '', totp_confirmed = 0, totp_step = 0, recovery = '' WHERE name = ?`, name); err != nil {
			return fmt.Errorf("couldn't remove the second factor of %s: %w", name, err)
		}
		return nil
	})
}

// checkCode takes a code of the authenticator or a recovery code.
func (a *Accounts) checkCode(ctx context.Context, u User, code string) (bool, error) {
	if right, err := a.checkStep(ctx, u, code); err != nil || right {
		return right, err
	}
	return a.useRecoveryCode(ctx, u.Name, code)
}

// checkStep takes a code once: the step that it belongs to is written down, and
// none up to it is taken again (RFC 6238, 5.2).
func (a *Accounts) checkStep(ctx context.Context, u User, code string) (bool, error) {
	code = strings.ReplaceAll(code, " ", "")
	matched := int64(0)
	for skew := -stepSkew; skew <= stepSkew; skew++ {
		at := a.Now().Add(time.Duration(skew) * stepTime)
		want, err := totp.GenerateCodeCustom(u.secret, at, totp.ValidateOpts{Period: uint(stepTime.Seconds()), Digits: otp.DigitsSix, Algorithm: otp.AlgorithmSHA1})
		if err != nil {
			return false, fmt.Errorf("couldn't compute a code: %w", err)
		}
		if subtle.ConstantTimeCompare([]byte(want), []byte(code)) == 1 {
			matched = at.Unix() / int64(stepTime.Seconds())
		}
	}
	if matched == 0 {
		return false, nil
	}
	result, err := a.store.Exec(ctx, `UPDATE users SET totp_step = ? WHERE name = ? AND totp = ? AND totp_step < ?`, matched, u.Name, u.secret, matched)
	if err != nil {
		return false, fmt.Errorf("couldn't use up a code: %w", err)
	}
	n, err := result.RowsAffected()
	return n == 1, err
}

// useRecoveryCode takes a recovery code once.
func (a *Accounts) useRecoveryCode(ctx context.Context, name, code string) (used bool, err error) {
	hash := hashed(strings.ToLower(strings.TrimSpace(code)))
	err = a.store.Within(ctx, func(tx *store.Tx) error {
		var list string
		if err := tx.QueryRow(ctx, `SELECT recovery FROM users WHERE name = ?`, name).Scan(&list); err != nil {
			return fmt.Errorf("couldn't read the recovery codes of %s: %w", name, err)
		}
		hashes := strings.Fields(list)
		at := slices.Index(hashes, hash)
		if at < 0 {
			return nil
		}
		result, err := tx.Exec(ctx, `UPDATE users SET recovery = ? WHERE name = ? AND recovery = ?`, strings.Join(slices.Delete(hashes, at, at+1), " "), name, list)
		if err != nil {
			return fmt.Errorf("couldn't use up a recovery code: %w", err)
		}
		n, err := result.RowsAffected()
		used = n == 1
		return errors.Join(err)
	})
	return used, err
}
