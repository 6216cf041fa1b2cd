package imports

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/weighbridge/weighbridge/chaincode/massbalance"
	"github.com/weighbridge/weighbridge/chaincode/wire"
	"github.com/weighbridge/weighbridge/gateway/readmodel"
	"github.com/weighbridge/weighbridge/gateway/store"
)

// steps are the tables of jobs and of their lines. A job is its carrier's, the
// gateway that took it, and is sent by no other.
var steps = []string{
	`CREATE TABLE imports (id TEXT NOT NULL, carrier TEXT NOT NULL, who BLOB NOT NULL, state TEXT NOT NULL, reason TEXT NOT NULL,
		kind TEXT NOT NULL, ignored TEXT NOT NULL, sent BIGINT NOT NULL, total BIGINT NOT NULL, begun BIGINT NOT NULL, PRIMARY KEY (id))`,
	`CREATE TABLE import_lines (job TEXT NOT NULL, place BIGINT NOT NULL, command BLOB NOT NULL, known BIGINT NOT NULL, report BLOB NOT NULL, PRIMARY KEY (job, place))`,
	`ALTER TABLE imports ADD COLUMN left_out BIGINT NOT NULL DEFAULT 0`,
}

// write writes a job down, whole or not at all, and forgets the oldest that are over.
func (i *Importer) write(ctx context.Context, job *sending) error {
	ignored, err := json.Marshal(job.Report.IgnoredColumns)
	if err != nil {
		return err
	}
	err = i.Store.Within(ctx, func(tx *store.Tx) error {
		_, err := tx.Exec(ctx, `INSERT INTO imports (id, carrier, who, state, reason, kind, ignored, sent, total, begun, left_out) VALUES (?, ?, ?, ?, '', ?, ?, ?, ?, ?, ?)`,
			job.ID, i.Carrier, i.Who(ctx), string(job.State), string(job.Report.Kind), string(ignored), job.Sent, job.Total, time.Now().UnixMilli(), job.Report.LeftOut)
		if err != nil {
			return err
		}
		for n, command := range job.commands {
			content, err := wire.Format(command)
			if err != nil {
				return err
			}
			report, err := wire.Format(job.Report.Lines[n])
			if err != nil {
				return err
			}
			known := 0
			if job.there[n] {
				known = 1
			}
			if _, err := tx.Exec(ctx, `INSERT INTO import_lines (job, place, command, known, report) VALUES (?, ?, ?, ?, ?)`, job.ID, n, content, known, report); err != nil {
				return err
			}
		}
		return forget(ctx, tx)
	})
	if err != nil {
		return fmt.Errorf("couldn't write an import down: %w", err)
	}
	return nil
}

func forget(ctx context.Context, tx *store.Tx) error {
	const old = `SELECT id FROM imports WHERE state <> ? AND id NOT IN (SELECT id FROM imports ORDER BY begun DESC, id LIMIT ?)`
	if _, err := tx.Exec(ctx, `DELETE FROM import_lines WHERE job IN (`+old+`)`, string(Running), jobsKept); err != nil {
		return err
	}
	_, err := tx.Exec(ctx, `DELETE FROM imports WHERE id IN (`+old+`)`, string(Running), jobsKept)
	return err
}

// update writes down where a job stands, with some of its lines.
func (i *Importer) update(ctx context.Context, job *sending, from, to int) error {
	return i.Store.Within(ctx, func(tx *store.Tx) error {
		for n := from; n < to; n++ {
			report, err := wire.Format(job.Report.Lines[n])
			if err != nil {
				return err
			}
			if _, err := tx.Exec(ctx, `UPDATE import_lines SET report = ? WHERE job = ? AND place = ?`, report, job.ID, n); err != nil {
				return err
			}
		}
		_, err := tx.Exec(ctx, `UPDATE imports SET state = ?, reason = ?, sent = ? WHERE id = ?`, string(job.State), job.Reason, job.Sent, job.ID)
		return err
	})
}

// taken is a job as it was written down, with who handed it in.
type taken struct {
	*sending
	who []byte
}

// read reads a job with all of its lines.
func (i *Importer) read(ctx context.Context, id string) (taken, error) {
	job := taken{sending: &sending{Job: Job{ID: id}}}
	var ignored string
	err := i.Store.QueryRow(ctx, `SELECT who, state, reason, kind, ignored, sent, total, left_out FROM imports WHERE id = ?`, id).
		Scan(&job.who, &job.State, &job.Reason, &job.Report.Kind, &ignored, &job.Sent, &job.Total, &job.Report.LeftOut)
	if errors.Is(err, sql.ErrNoRows) {
		return job, &readmodel.NotFound{Kind: "import", Name: id}
	}
	if err == nil {
		err = json.Unmarshal([]byte(ignored), &job.Report.IgnoredColumns)
	}
	if err == nil {
		err = i.readLines(ctx, job)
	}
	if err != nil {
		return job, fmt.Errorf("couldn't read import %s: %w", id, err)
	}
	return job, nil
}

func (i *Importer) readLines(ctx context.Context, job taken) error {
	rows, err := i.Store.Query(ctx, `SELECT command, known, report FROM import_lines WHERE job = ? ORDER BY place`, job.ID)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var content, report []byte
		var known int
		if err := rows.Scan(&content, &known, &report); err != nil {
			return err
		}
		command, err := wire.Parse[massbalance.Command](content)
		if err != nil {
			return err
		}
		line, err := wire.Decode[LineReport](report)
		if err != nil {
			return err
		}
		job.commands, job.there = append(job.commands, command), append(job.there, known == 1)
		job.Report.Lines = append(job.Report.Lines, line)
		job.Report.count(line.Outcome)
	}
	return rows.Err()
}

// unfinished reads the jobs that this gateway was sending when it ended.
func (i *Importer) unfinished(ctx context.Context) ([]taken, error) {
	rows, err := i.Store.Query(ctx, `SELECT id FROM imports WHERE state = ? AND carrier = ? ORDER BY begun, id`, string(Running), i.Carrier)
	if err != nil {
		return nil, fmt.Errorf("couldn't list imports: %w", err)
	}
	defer rows.Close()
	var ids []string
	for rows.Next() {
		var id string
		if err := rows.Scan(&id); err != nil {
			return nil, fmt.Errorf("couldn't list imports: %w", err)
		}
		ids = append(ids, id)
	}
	if err := errors.Join(rows.Err(), rows.Close()); err != nil {
		return nil, fmt.Errorf("couldn't list imports: %w", err)
	}
	var jobs []taken
	for _, id := range ids {
		job, err := i.read(ctx, id)
		if err != nil {
			return nil, err
		}
		jobs = append(jobs, job)
	}
	return jobs, nil
}
