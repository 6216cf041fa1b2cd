package season

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/weighbridge/weighbridge/chaincode/massbalance"
)

// Vouch lets the members adopt the keys with which the organisations' gateways
// sign their logs, and the claimant publish one of its claims, so that anybody
// may fetch its proof. Doing it again changes nothing.
func (p *Plan) Vouch(ctx context.Context, options Options, claim string) error {
	options = options.complete()
	members := map[massbalance.OrganisationID]gateway{}
	var commands []massbalance.Command
	for _, m := range p.Season.Members {
		g := gateway{m.Organisation, strings.TrimSuffix(options.Gateways[string(m.Organisation)], "/"), options.Tokens[string(m.Organisation)], options.Client, options.Patience}
		members[m.Organisation] = g
		key, err := g.logKey(ctx)
		if err != nil {
			return err
		}
		commands = append(commands, massbalance.Command{
			ID:   massbalance.CommandID("cosigner-" + m.Organisation),
			Body: massbalance.RegisterCosigner{Cosigner: massbalance.Cosigner{Organisation: m.Organisation, Key: key}},
		})
	}
	asked := 0
	for _, m := range p.Season.Members {
		if m.Role != massbalance.Trading || asked == p.majority() {
			continue
		}
		if err := members[m.Organisation].insist(ctx, commands, options.Patience); err != nil {
			return err
		}
		asked++
	}
	owner, _, _ := strings.Cut(claim, "/")
	status, text, err := members[massbalance.OrganisationID(owner)].exchange(ctx, http.MethodPost, "/api/v1/claims/"+claim+"/publish", nil)
	if err == nil && status != http.StatusOK {
		err = fmt.Errorf("couldn't publish claim %s: HTTP %d: %s", claim, status, text)
	}
	return err
}

// majority is how many of the trading members it takes.
func (p *Plan) majority() int {
	trading := 0
	for _, m := range p.Season.Members {
		if m.Role == massbalance.Trading {
			trading++
		}
	}
	return trading/2 + 1
}

// insist sends commands until all are accepted or one is refused.
func (g gateway) insist(ctx context.Context, commands []massbalance.Command, patience time.Duration) error {
	deadline := time.Now().Add(patience)
	for {
		answers, err := g.send(ctx, commands)
		accepted := err == nil
		for _, a := range answers {
			if a.decided() && !a.accepted() {
				return fmt.Errorf("couldn't adopt the keys of the log: %s", a)
			}
			accepted = accepted && a.accepted()
		}
		if accepted {
			return nil
		}
		if time.Now().After(deadline) {
			return fmt.Errorf("couldn't adopt the keys of the log in %s: %v: %w", patience, answers, err)
		}
		if err := pause(ctx, 200*time.Millisecond); err != nil {
			return err
		}
	}
}

// logKey asks a gateway with which key it signs.
func (g gateway) logKey(ctx context.Context) (key massbalance.LogKey, err error) {
	status, text, err := g.read(ctx, "/api/v1/log/key")
	if err != nil {
		return key, err
	}
	var said struct{ Key massbalance.LogKey }
	if err := json.Unmarshal(text, &said); err != nil || status != http.StatusOK {
		return key, fmt.Errorf("couldn't read the key that the gateway of %s signs its log with: HTTP %d: %s", g.organisation, status, text)
	}
	return said.Key, nil
}
