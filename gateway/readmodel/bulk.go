package readmodel

import "strings"

// portions are how many rows one statement writes or looks up: most of what a
// single row costs is the way into the database.
var portions = [...]int{64, 8, 1}

// inserts are the statements that insert rows of a table.
type inserts struct {
	width int
	texts [len(portions)]string
}

// insertsInto makes them; what is to be done with a row whose key is there is
// said after ON CONFLICT, "" where there never is one.
func insertsInto(table, columns, conflict string) *inserts {
	in := &inserts{width: strings.Count(columns, ",") + 1}
	row := "(?" + strings.Repeat(", ?", in.width-1) + ")"
	for i, n := range portions {
		in.texts[i] = "INSERT INTO " + table + " (" + columns + ") VALUES " + row + strings.Repeat(", "+row, n-1)
		if conflict != "" {
			in.texts[i] += " ON CONFLICT " + conflict
		}
	}
	return in
}

var (
	intoState   = insertsInto("state", "key, value", "(key) DO UPDATE SET value = excluded.value")
	intoEntries = insertsInto("entries", "position, block, organisation, command, type, date, site, period, subject, content, record", "")
	intoTouched = insertsInto("touched", "holder, entry", "")
	intoDescent = insertsInto("descent", "parent, child", "DO NOTHING")
	intoClaimed = insertsInto("claimed", "lot, claim", "DO NOTHING")
	intoLots    = insertsInto("lots", "position, "+lotColumns, "")
	intoLeaves  = insertsInto("log_leaves", "position, leaves", "(position) DO UPDATE SET leaves = excluded.leaves")
	intoWriters = insertsInto("log_writers", "key, leaf", "DO NOTHING")
	intoHashes  = insertsInto("log_hashes", "position, hashes", "(position) DO UPDATE SET hashes = excluded.hashes")
	intoTexts   = insertsInto("log_register", "hash, size, key, value", "")
)

// lotColumns are those of a lot's row but for its position.
const lotColumns = "key, site, product, available, model, characteristics, certifier, statement, grams, name"

// lotAvailable is where a row of lots says whether any of it is available.
const lotAvailable = 4

// rows are what a block brings to the tables that nearly every command writes to.
// They are written at the end of the block, so nothing in it may read them there.
type rows struct {
	state, entries, touched, descent, claimed, lots, leaves, writers, hashes, texts columns
	// stateAt and lotAt say where the row of a key begins.
	stateAt, lotAt map[string]int
}

func newRows() *rows { return &rows{stateAt: map[string]int{}, lotAt: map[string]int{}} }

// empty makes room for the next block's rows in the place of the last one's. All
// statements that had them were run by then: a block begins with a read.
func (r *rows) empty() {
	for _, table := range []*columns{&r.state, &r.entries, &r.touched, &r.descent, &r.claimed, &r.lots, &r.leaves, &r.writers, &r.hashes, &r.texts} {
		if cap(*table) > roomKept {
			*table = nil
		}
		clear(*table)
		*table = (*table)[:0]
	}
	clear(r.stateAt)
	clear(r.lotAt)
}

// roomKept is how many columns of a table room is kept for: those of a full block.
const roomKept = 1 << 15

// columns are those of a table's rows, one row after the other.
type columns []any

// add appends a row. A column that says the same as that of the row before is the
// same value, which is then not made again: most of a block's rows are of one
// organisation and site.
func (c *columns) add(row ...column) {
	rows := *c
	for i := range row {
		value := row[i].value
		if at := len(rows) - len(row); value == nil && at >= 0 {
			if before, ok := rows[at].(string); ok && before == row[i].text {
				value = rows[at]
			}
		}
		if value == nil {
			value = row[i].text
		}
		rows = append(rows, value)
	}
	*c = rows
}

// column is one of a row: a text, or any other value of the kinds that columns have.
type column struct {
	text  string
	value any
}

func text[T ~string](s T) column          { return column{text: string(s)} }
func number[T int64 | uint64](n T) column { return column{value: int64(n)} } //nolint:gosec // numbers of blocks and positions
func blob(b []byte) column                { return column{value: b} }

// setState puts a value at a key, in place of what the block put there before.
func (r *rows) setState(key string, value []byte) {
	if at, again := r.stateAt[key]; again {
		r.state[at+1] = value
		return
	}
	r.stateAt[key] = len(r.state)
	r.state = append(r.state, key, value)
}

// flush writes all rows.
func (f *fold) flush() error {
	r := f.rows
	for _, table := range []struct {
		into *inserts
		args columns
	}{
		{intoState, r.state}, {intoEntries, r.entries}, {intoTouched, r.touched}, {intoDescent, r.descent}, {intoClaimed, r.claimed},
		{intoLots, r.lots}, {intoLeaves, r.leaves}, {intoWriters, r.writers}, {intoHashes, r.hashes}, {intoTexts, r.texts},
	} {
		for i, n := range portions {
			for width := n * table.into.width; len(table.args) >= width; table.args = table.args[width:] {
				if err := f.execute(table.into.texts[i], table.args[:width:width]); err != nil {
					return err
				}
			}
		}
	}
	return nil
}
