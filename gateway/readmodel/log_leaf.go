package readmodel

import (
	"database/sql"
	"encoding/binary"
	"errors"
	"fmt"
	"strings"

	"github.com/weighbridge/weighbridge/chaincode/massbalance"
	"github.com/weighbridge/weighbridge/chaincode/wire"
	"github.com/weighbridge/weighbridge/gateway/proof/leaf"
)

// leavesPerRow is how many of the log's leaves stand in one row of log_leaves, each
// in leafBytes: its block, its secret, its core and its whole. A row is short enough
// for PostgreSQL to keep it with its key.
const (
	leavesPerRow = 16
	leafBytes    = 8 + 32 + 32 + 32
)

func appendLeaf(b []byte, m *leaf.Made) []byte {
	b = binary.BigEndian.AppendUint64(b, m.Leaf.Block)
	b = append(b, m.Secret[:]...)
	b = append(b, m.Leaf.Core[:]...)
	return append(b, m.Leaf.Whole[:]...)
}

// leafOf reads the leaf of an index out of its row.
func leafOf(row []byte, index int64) (l leaf.Leaf, secret leaf.Secret, err error) {
	at := int(index%leavesPerRow) * leafBytes
	if len(row) < at+leafBytes {
		return l, secret, fmt.Errorf("couldn't read leaf %d of the log: its row ends before it", index)
	}
	row = row[at : at+leafBytes]
	l.Block = binary.BigEndian.Uint64(row)
	copy(secret[:], row[8:])
	copy(l.Core[:], row[40:])
	copy(l.Whole[:], row[72:])
	return l, secret, nil
}

// LogLeaf is one leaf with what it is opened with.
type LogLeaf struct {
	leaf.Leaf
	Index  int64
	Secret leaf.Secret
	Entry  Entry
}

var leafColumns = fmt.Sprintf(`SELECT e.position, e.block, e.content, e.record, l.leaves
	FROM entries e JOIN log_leaves l ON l.position = (e.position - 1) / %d `, leavesPerRow)

// Leaf reads one leaf.
func (s *Snapshot) Leaf(index int64) (LogLeaf, error) {
	return s.leaf(fmt.Sprint(index), `WHERE e.position = ?`, index+1)
}

// LeafOf reads the leaf of a command's record.
func (s *Snapshot) LeafOf(org massbalance.OrganisationID, command massbalance.CommandID) (LogLeaf, error) {
	return s.leaf(string(command)+" of "+string(org), `WHERE e.organisation = ? AND e.command = ?`, org, command)
}

func (s *Snapshot) leaf(name, where string, args ...any) (l LogLeaf, err error) {
	var row, command, record []byte
	err = s.queryRow(leafColumns+where, args...).Scan(&l.Entry.Position, &l.Entry.Block, &command, &record, &row)
	if errors.Is(err, sql.ErrNoRows) {
		return l, &NotFound{"leaf", name}
	}
	if err != nil {
		return l, fmt.Errorf("couldn't read leaf %s: %w", name, err)
	}
	l.Index = int64(l.Entry.Position) - 1 //nolint:gosec // positions are counted from 1
	if l.Leaf, l.Secret, err = leafOf(row, l.Index); err != nil {
		return l, err
	}
	if l.Entry.Command, err = wire.Parse[massbalance.Command](command); err != nil {
		return l, err
	}
	l.Entry.Record, err = wire.Parse[massbalance.Record](record)
	return l, err
}

// LeafOfClaim reads the leaf of the record that made a claim.
func (s *Snapshot) LeafOfClaim(id massbalance.ClaimID) (LogLeaf, error) {
	org, command, _ := strings.Cut(string(id), "/")
	return s.LeafOf(massbalance.OrganisationID(org), massbalance.CommandID(command))
}

// LeafData lists the texts of leaves from one on, as many as the limit at most.
func (s *Snapshot) LeafData(from int64, limit int) ([][]byte, error) {
	size, err := s.LogSize()
	if err != nil {
		return nil, err
	}
	to := min(size, from+int64(limit))
	if from < 0 || from >= to {
		return nil, nil
	}
	rows, err := s.query(`SELECT leaves FROM log_leaves WHERE position >= ? AND position <= ? ORDER BY position`, from/leavesPerRow, (to-1)/leavesPerRow)
	if err != nil {
		return nil, fmt.Errorf("couldn't read leaves from %d on: %w", from, err)
	}
	defer rows.Close()
	all := make([][]byte, 0, to-from)
	for rows.Next() {
		var row []byte
		if err := rows.Scan(&row); err != nil {
			return nil, err
		}
		for last := from - from%leavesPerRow + leavesPerRow; from < min(last, to); from++ {
			l, _, err := leafOf(row, from)
			if err != nil {
				return nil, err
			}
			all = append(all, l.Bytes())
		}
	}
	return all, rows.Err()
}
