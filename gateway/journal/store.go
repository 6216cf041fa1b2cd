package journal

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/weighbridge/weighbridge/chaincode/massbalance"
	"github.com/weighbridge/weighbridge/chaincode/wire"
	"github.com/weighbridge/weighbridge/gateway/store"
	"github.com/weighbridge/weighbridge/gateway/submit"
)

// steps are the journal's tables. Ended is 0 while a command is under way.
var steps = []string{
	`CREATE TABLE taken (batch TEXT NOT NULL, place BIGINT NOT NULL, carrier TEXT NOT NULL, serial BIGINT NOT NULL, caller TEXT NOT NULL,
		id TEXT NOT NULL, command BLOB NOT NULL, outcome BLOB NOT NULL, since BIGINT NOT NULL, ended BIGINT NOT NULL, PRIMARY KEY (batch, place))`,
	`CREATE INDEX taken_under_way ON taken (ended, carrier, serial)`,
	`CREATE INDEX taken_id ON taken (id)`,
	`CREATE TABLE carriers (name TEXT NOT NULL, beat BIGINT NOT NULL, PRIMARY KEY (name))`,
}

// write puts commands into the store, which is synced when it returns.
func (j *Journal) write(ctx context.Context, caller string, items []*item) error {
	now, serial := time.Now().UnixMilli(), j.serial
	err := j.Store.Within(ctx, func(tx *store.Tx) error {
		for _, it := range items {
			content, err := wire.Format(it.command)
			if err != nil {
				return err
			}
			serial++
			if _, err := tx.Exec(ctx, `INSERT INTO taken (batch, place, carrier, serial, caller, id, command, outcome, since, ended) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, 0)`,
				it.batch, it.place, j.Carrier, serial, caller, string(it.command.ID), content, []byte{}, now); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("couldn't write the journal: %w", err)
	}
	j.serial = serial
	return nil
}

// close writes down what became of commands.
func (j *Journal) close(ctx context.Context, items []*item, outcomes []submit.Outcome) error {
	now := time.Now().UnixMilli()
	err := j.Store.Within(ctx, func(tx *store.Tx) error {
		for i, it := range items {
			outcome, err := wire.Format(outcomes[i])
			if err != nil {
				return err
			}
			if _, err := tx.Exec(ctx, `UPDATE taken SET outcome = ?, ended = ? WHERE batch = ? AND place = ? AND ended = 0`, outcome, now, it.batch, it.place); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("couldn't write the journal: %w", err)
	}
	return nil
}

// resume goes on with what this gateway had taken before it was stopped.
func (j *Journal) resume(ctx context.Context) error {
	j.mu.Lock()
	defer j.mu.Unlock()
	if err := j.Store.QueryRow(ctx, `SELECT COALESCE(MAX(serial), 0) FROM taken`).Scan(&j.serial); err != nil {
		return fmt.Errorf("couldn't read the journal: %w", err)
	}
	groups, err := read(ctx, j.Store, j.Carrier)
	if err != nil {
		return err
	}
	j.pick(groups)
	return nil
}

// pick carries on what was read; the lock is held.
func (j *Journal) pick(groups []group) {
	n := 0
	for _, g := range groups {
		j.carry(g.caller, []*item{g.item})
		n++
	}
	if n > 0 {
		j.Log.Info("going on with commands that were taken before", "commands", n)
	}
}

// group is an item with whose it is.
type group struct {
	caller string
	item   *item
}

// asking is what a store and a transaction of it have in common.
type asking interface {
	Query(ctx context.Context, query string, args ...any) (*sql.Rows, error)
}

// read gives what a carrier has under way, in its order.
func read(ctx context.Context, s asking, carrier string) ([]group, error) {
	rows, err := s.Query(ctx, `SELECT batch, place, caller, command FROM taken WHERE ended = 0 AND carrier = ? ORDER BY serial`, carrier)
	if err != nil {
		return nil, fmt.Errorf("couldn't read the journal: %w", err)
	}
	defer rows.Close()
	var groups []group
	for rows.Next() {
		g := group{item: &item{}}
		var content []byte
		if err := rows.Scan(&g.item.batch, &g.item.place, &g.caller, &content); err != nil {
			return nil, fmt.Errorf("couldn't read the journal: %w", err)
		}
		if g.item.command, err = wire.Parse[massbalance.Command](content); err != nil {
			return nil, fmt.Errorf("couldn't read the journal: %w", err)
		}
		groups = append(groups, g)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("couldn't read the journal: %w", err)
	}
	return groups, nil
}

// beat gives a sign of life.
func (j *Journal) beat(ctx context.Context) error {
	_, err := j.Store.Exec(ctx, `INSERT INTO carriers (name, beat) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET beat = excluded.beat`, j.Carrier, time.Now().UnixMilli())
	if err != nil {
		return fmt.Errorf("couldn't give a sign of life: %w", err)
	}
	return nil
}

// takeOver makes what a dead carrier took this one's own.
func (j *Journal) takeOver(ctx context.Context) error {
	j.mu.Lock()
	defer j.mu.Unlock()
	var taken []group
	serial := j.serial
	err := j.Store.Within(ctx, func(tx *store.Tx) error {
		taken = nil
		dead, err := silent(ctx, tx, j.Carrier, time.Now().Add(-j.Lease))
		if err != nil {
			return err
		}
		for _, name := range dead {
			groups, err := read(ctx, tx, name)
			if err != nil {
				return err
			}
			for _, g := range groups {
				serial++
				if _, err := tx.Exec(ctx, `UPDATE taken SET carrier = ?, serial = ? WHERE batch = ? AND place = ?`, j.Carrier, serial, g.item.batch, g.item.place); err != nil {
					return err
				}
			}
			if _, err := tx.Exec(ctx, `DELETE FROM carriers WHERE name = ?`, name); err != nil {
				return err
			}
			taken = append(taken, groups...)
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("couldn't carry on what others took: %w", err)
	}
	j.serial = serial
	j.pick(taken)
	return nil
}

// silent names the carriers that gave no sign of life since.
func silent(ctx context.Context, s asking, own string, since time.Time) ([]string, error) {
	rows, err := s.Query(ctx, `SELECT name FROM carriers WHERE name <> ? AND beat < ?`, own, since.UnixMilli())
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var names []string
	for rows.Next() {
		var name string
		if err := rows.Scan(&name); err != nil {
			return nil, err
		}
		names = append(names, name)
	}
	return names, rows.Err()
}

// forget removes what was decided long ago.
func (j *Journal) forget(ctx context.Context) error {
	if _, err := j.Store.Exec(ctx, `DELETE FROM taken WHERE ended > 0 AND ended < ?`, time.Now().Add(-j.Keep).UnixMilli()); err != nil {
		return fmt.Errorf("couldn't shorten the journal: %w", err)
	}
	return nil
}

// Entry is what became of one command that was taken.
type Entry struct {
	Command massbalance.Command
	// Outcome has the stage Taken while the command is under way.
	Outcome submit.Outcome
}

// ErrUnknownBatch says that a batch was not taken here, or so long ago that it
// was forgotten.
var ErrUnknownBatch = errors.New("no such commands were taken, or they were decided more than a day ago")

// Batch gives what became of commands that were taken together, in their order.
func (j *Journal) Batch(ctx context.Context, batch string) ([]Entry, error) {
	rows, err := j.Store.Query(ctx, `SELECT command, outcome FROM taken WHERE batch = ? ORDER BY place`, batch)
	if err != nil {
		return nil, fmt.Errorf("couldn't read the journal: %w", err)
	}
	defer rows.Close()
	var entries []Entry
	for rows.Next() {
		var content, outcome []byte
		e := Entry{Outcome: submit.Outcome{Stage: submit.Taken}}
		if err := rows.Scan(&content, &outcome); err != nil {
			return nil, fmt.Errorf("couldn't read the journal: %w", err)
		}
		if e.Command, err = wire.Parse[massbalance.Command](content); err != nil {
			return nil, fmt.Errorf("couldn't read the journal: %w", err)
		}
		if len(outcome) > 0 {
			if e.Outcome, err = wire.Parse[submit.Outcome](outcome); err != nil {
				return nil, fmt.Errorf("couldn't read the journal: %w", err)
			}
		}
		entries = append(entries, e)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("couldn't read the journal: %w", err)
	}
	if len(entries) == 0 {
		return nil, ErrUnknownBatch
	}
	return entries, nil
}
