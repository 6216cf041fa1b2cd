package witness

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"

	"github.com/weighbridge/weighbridge/chaincode/massbalance"
	"github.com/weighbridge/weighbridge/gateway/proof/checkpoint"
)

// CosignerState is how another organisation's log stands to ours.
type CosignerState struct {
	Organisation massbalance.OrganisationID `json:"organisation"`
	Address      string                     `json:"address"`
	// Registered is its key on the ledger, "" where there is none.
	Registered string `json:"registered,omitempty"`
	// Seen is the size of the latest log that it showed, Cosigned that of the latest
	// of ours that it vouched for.
	Seen     int64 `json:"seen"`
	Cosigned int64 `json:"cosigned"`
	// Refused is set while an alarm about it is open: nothing that it signs counts.
	Refused bool `json:"refused"`
	// Problem is why the last comparison failed, "" where it did not.
	Problem string `json:"problem,omitempty"`
}

// failures remember why the last comparison with each organisation failed.
type failures struct {
	mu sync.Mutex
	of map[massbalance.OrganisationID]string
}

func (f *failures) note(org massbalance.OrganisationID, err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.of == nil {
		f.of = map[massbalance.OrganisationID]string{}
	}
	delete(f.of, org)
	if err != nil {
		f.of[org] = err.Error()
	}
}

func (f *failures) last(org massbalance.OrganisationID) string {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.of[org]
}

// Cosigners lists the organisations whose logs are compared with ours, by name.
func (w *Witness) Cosigners(ctx context.Context) ([]CosignerState, error) {
	keys, err := w.keys(ctx)
	if err != nil {
		return nil, err
	}
	all := []CosignerState{}
	for _, org := range slices.Sorted(maps.Keys(w.Others)) {
		c := CosignerState{Organisation: org, Address: w.Others[org], Problem: w.failures.last(org)}
		for _, key := range keys {
			if key.Organisation == org {
				c.Registered = checkpoint.FormatKey(key.Public)
			}
		}
		if c.Refused, err = w.accused(ctx, org); err != nil {
			return nil, fmt.Errorf("couldn't look for alarms about %s: %w", org, err)
		}
		for query, size := range map[string]*int64{
			`SELECT size FROM witness_seen WHERE organisation = ?`:                                &c.Seen,
			`SELECT size FROM witness_cosigned WHERE organisation = ? ORDER BY size DESC LIMIT 1`: &c.Cosigned,
		} {
			if err := w.Store.QueryRow(ctx, query, string(org)).Scan(size); err != nil && !errors.Is(err, sql.ErrNoRows) {
				return nil, fmt.Errorf("couldn't look up what %s signed: %w", org, err)
			}
		}
		all = append(all, c)
	}
	return all, nil
}
