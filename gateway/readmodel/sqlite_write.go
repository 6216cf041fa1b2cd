package readmodel

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"strings"
)

// begin has no need of package database/sql to know of the transaction: the
// connection is not shared.
func (d *sqlite) begin(ctx context.Context) (writing, error) {
	w := &sqliteWriting{database: d, ctx: ctx}
	if err := w.execute(`BEGIN`, nil); err != nil {
		return nil, err
	}
	w.open = true
	return w, nil
}

// ask reads with the connection that writes, whose cache is not lost with each
// block as a reader's is.
func (d *sqlite) ask(text string, args []any) (*sql.Rows, error) {
	query, ok := d.queries[text]
	if !ok {
		// Without a context that could end: the driver would start a goroutine for
		// each call to watch it.
		var err error
		if query, err = d.writer.PrepareContext(context.Background(), text); err != nil {
			return nil, err
		}
		d.queries[text] = query
	}
	return query.Query(args...)
}

// execute goes to the driver itself. Package database/sql would look at each of
// the hundreds of arguments of a statement, and copy them.
func (d *sqlite) execute(text string, args []any) error {
	return d.writer.Raw(func(conn any) error {
		statement, ok := d.executed[text]
		if !ok {
			var err error
			if statement, err = prepareOn(conn, text); err != nil {
				return err
			}
			d.executed[text] = statement
		}
		d.args = d.args[:0]
		for i, arg := range args {
			d.args = append(d.args, driver.NamedValue{Ordinal: i + 1, Value: arg})
		}
		_, err := statement.ExecContext(context.Background(), d.args)
		clear(d.args)
		return err
	})
}

// prepareOn prepares a statement. One that fails undoes nothing of what it has done
// by then, which SQLite would have to copy beforehand: the whole transaction is
// rolled back, whatever fails.
func prepareOn(conn any, text string) (driver.StmtExecContext, error) {
	if after, insert := strings.CutPrefix(text, "INSERT INTO "); insert {
		text = "INSERT OR FAIL INTO " + after
	}
	prepared, err := conn.(driver.ConnPrepareContext).PrepareContext(context.Background(), text)
	if err != nil {
		return nil, err
	}
	statement, ok := prepared.(driver.StmtExecContext)
	if !ok {
		return nil, errors.Join(fmt.Errorf("the driver's statements are of type %T", prepared), prepared.Close())
	}
	return statement, nil
}

func (d *sqlite) closeStatements() error {
	var errs []error
	for _, query := range d.queries {
		errs = append(errs, query.Close())
	}
	err := d.writer.Raw(func(any) error {
		for _, statement := range d.executed {
			errs = append(errs, statement.(driver.Stmt).Close())
		}
		return nil
	})
	return errors.Join(append(errs, err)...)
}

// sqliteWriting runs each statement at once.
type sqliteWriting struct {
	database *sqlite
	ctx      context.Context
	open     bool
}

// execute also looks whether there is still any wish to write, as read does.
func (w *sqliteWriting) execute(text string, args []any) error {
	if err := w.ctx.Err(); err != nil {
		return err
	}
	return w.database.execute(text, args)
}

func (w *sqliteWriting) read(text string, args []any) (*sql.Rows, error) {
	if err := w.ctx.Err(); err != nil {
		return nil, err
	}
	return w.database.ask(text, args)
}

func (w *sqliteWriting) commit() error {
	err := w.execute(`COMMIT`, nil)
	w.open = err != nil
	return err
}

// rollback cannot fail but where SQLite rolled back by itself.
func (w *sqliteWriting) rollback() {
	if !w.open {
		return // it was committed
	}
	w.open = false
	_ = w.database.execute(`ROLLBACK`, nil)
}
