package readmodel

import (
	"database/sql"
	"errors"
	"fmt"

	"golang.org/x/mod/sumdb/tlog"

	"github.com/weighbridge/weighbridge/chaincode/massbalance"
	"github.com/weighbridge/weighbridge/chaincode/wire"
	"github.com/weighbridge/weighbridge/gateway/proof/leaf"
)

// Registered is one key of the register with its value, at some size of the log.
type Registered struct {
	leaf.Registration
	Key   massbalance.Key
	Value []byte
}

// registerAt lists the register as it was at a size of the log, by the hash of the key.
func registerAt(query func(string, ...any) (*sql.Rows, error), size int64) ([]Registered, error) {
	rows, err := query(`SELECT r.key, r.value FROM log_register r
		WHERE r.size = (SELECT MAX(size) FROM log_register WHERE hash = r.hash AND size <= ?) ORDER BY r.hash`, size)
	if err != nil {
		return nil, fmt.Errorf("couldn't read the register: %w", err)
	}
	defer rows.Close()
	var all []Registered
	for rows.Next() {
		var name string
		var r Registered
		if err := rows.Scan(&name, &r.Value); err != nil {
			return nil, err
		}
		if r.Key, err = wire.ParseKey(name); err != nil {
			return nil, err
		}
		r.Registration = leaf.Registration{Key: leaf.KeyHash(r.Key), Value: leaf.ValueHash(r.Value)}
		all = append(all, r)
	}
	return all, rows.Err()
}

// Register lists the register as it was at a size of the log.
func (s *Snapshot) Register(size int64) ([]Registered, error) { return registerAt(s.query, size) }

// hashRows reads the log's hashes, and keeps the rows that were read last: a proof
// asks for several of a row.
type hashRows struct {
	query func(string, ...any) (*sql.Rows, error)
	rows  recent[int64, []byte]
}

// rowsKept bounds the rows kept, of 2 KiB each.
const rowsKept = 512

// ReadHashes makes the rows a tlog.HashReader.
func (r *hashRows) ReadHashes(indexes []int64) ([]tlog.Hash, error) {
	out := make([]tlog.Hash, len(indexes))
	for i, index := range indexes {
		row, err := r.row(index / hashesPerRow)
		if err != nil {
			return nil, err
		}
		at := int(index%hashesPerRow) * tlog.HashSize
		if len(row) < at+tlog.HashSize {
			return nil, fmt.Errorf("couldn't read hash %d of the log: its row ends before it", index)
		}
		copy(out[i][:], row[at:])
	}
	return out, nil
}

func (r *hashRows) row(number int64) (row []byte, err error) {
	if row, ok := r.rows.get(number); ok {
		return row, nil
	}
	rows, err := r.query(`SELECT hashes FROM log_hashes WHERE position = ?`, number)
	if err != nil {
		return nil, fmt.Errorf("couldn't read the log's hashes: %w", err)
	}
	defer rows.Close()
	if !rows.Next() {
		return nil, fmt.Errorf("couldn't read the log's hashes: %w", errors.Join(rows.Err(), sql.ErrNoRows))
	}
	if err := rows.Scan(&row); err != nil {
		return nil, err
	}
	r.rows.limit = rowsKept
	r.rows.put(number, row)
	return row, rows.Close()
}

// ReadHashes makes a snapshot the storage of the log's hashes.
func (s *Snapshot) ReadHashes(indexes []int64) ([]tlog.Hash, error) {
	if s.hashes.query == nil {
		s.hashes.query = s.query
	}
	return s.hashes.ReadHashes(indexes)
}

// LogSize is how many leaves the log has.
func (s *Snapshot) LogSize() (size int64, err error) {
	err = s.queryRow(`SELECT size FROM log`).Scan(&size)
	if errors.Is(err, sql.ErrNoRows) {
		return 0, nil
	}
	return size, err
}

// LogText is the text of the checkpoint at a size, or a *NotFound: there is one
// at the end of each block that brought records.
func (s *Snapshot) LogText(size int64) (text string, block uint64, err error) {
	err = s.queryRow(`SELECT text, block FROM log_checkpoints WHERE size = ?`, size).Scan(&text, &block)
	if errors.Is(err, sql.ErrNoRows) {
		err = &NotFound{"checkpoint", fmt.Sprint(size)}
	}
	return text, block, err
}

// Writers lists the leaves below an index that are sources of a key.
func (s *Snapshot) Writers(key massbalance.Key, below int64) ([]int64, error) {
	rows, err := s.query(`SELECT leaf FROM log_writers WHERE key = ? AND leaf < ? ORDER BY leaf`, wire.FormatKey(key), below)
	if err != nil {
		return nil, fmt.Errorf("couldn't look up who wrote %s: %w", wire.FormatKey(key), err)
	}
	defer rows.Close()
	var all []int64
	for rows.Next() {
		var index int64
		if err := rows.Scan(&index); err != nil {
			return nil, err
		}
		all = append(all, index)
	}
	return all, rows.Err()
}

// WritersOf lists the leaves below an index that are sources of a kind of keys, by key.
func (s *Snapshot) WritersOf(kind massbalance.Kind, below int64) (map[massbalance.Key][]int64, error) {
	rows, err := s.query(`SELECT key, leaf FROM log_writers WHERE key >= ? AND key < ? AND leaf < ? ORDER BY leaf`, string(kind)+":", string(kind)+";", below)
	if err != nil {
		return nil, fmt.Errorf("couldn't look up who wrote each %s: %w", kind, err)
	}
	defer rows.Close()
	all := map[massbalance.Key][]int64{}
	for rows.Next() {
		var text string
		var index int64
		if err := rows.Scan(&text, &index); err != nil {
			return nil, err
		}
		key, err := wire.ParseKey(text)
		if err != nil {
			return nil, err
		}
		all[key] = append(all[key], index)
	}
	return all, rows.Err()
}

// LotName is the pseudonym of a lot in the log.
func (s *Snapshot) LotName(id massbalance.LotID) (name string, err error) {
	err = s.queryRow(`SELECT name FROM lots WHERE key = ?`, wire.FormatKey(massbalance.LotKey(id))).Scan(&name)
	if errors.Is(err, sql.ErrNoRows) || err == nil && name == "" {
		err = &NotFound{"lot", string(id)}
	}
	return name, err
}

// LogOrigin names the log; "" before block 0.
func (s *Snapshot) LogOrigin() (origin string, err error) {
	err = s.queryRow(`SELECT origin FROM log`).Scan(&origin)
	if errors.Is(err, sql.ErrNoRows) {
		return "", nil
	}
	return origin, err
}
