package readmodel

import (
	"database/sql"
	"slices"

	"github.com/weighbridge/weighbridge/chaincode/massbalance"
)

// Holder names what credit rests in or passes through, and so what an entry can
// touch: a lot, a transfer, a claim or a statement.
func Holder(kind massbalance.HolderKind, id string) string { return string(kind) + ":" + id }

// holders lists what an entry touches, each once: both ends of its postings, and
// the transfer that it is about, which may carry no credit.
func holders(e *massbalance.Entry) []string {
	var touched []string
	add := func(kind massbalance.HolderKind, id string) {
		if name := Holder(kind, id); id != "" && !slices.Contains(touched, name) {
			touched = append(touched, name)
		}
	}
	for _, p := range e.Record.Credits {
		for _, h := range []massbalance.Holder{p.From, p.To} {
			switch h.Kind {
			case massbalance.HolderStatement, massbalance.HolderLot, massbalance.HolderTransfer, massbalance.HolderClaim:
				add(h.Kind, h.ID)
			}
		}
	}
	switch e.Command.Body.(type) {
	case massbalance.Dispatch, massbalance.Receive, massbalance.Reject, massbalance.Return,
		massbalance.TransferCredits, massbalance.AcceptCredits, massbalance.ReturnCredits,
		massbalance.ProposeReversal, massbalance.ConfirmReversal, massbalance.CompleteReversal:
		add(massbalance.HolderTransfer, e.Record.Subject)
	}
	return touched
}

// History lists the entries that touch a holder.
func (s *Snapshot) History(holder string, p Page) (Listing[Entry], error) {
	return list(s, selection{columns: "t.position, t.block, t.content, t.record", from: "touched JOIN entries t ON t.position = touched.entry",
		where: []condition{{"touched.holder = ?", holder}}}, p, scanEntry)
}

// AllHistory lists them to the end.
func (s *Snapshot) AllHistory(holder string) ([]Entry, error) {
	return all(func(p Page) (Listing[Entry], error) { return s.History(holder, p) })
}

// Children lists the lots that were made of a lot, in the order of their creation.
func (s *Snapshot) Children(lot massbalance.LotID) ([]massbalance.Lot, error) {
	q := selection{columns: "t.position, t.key, state.value", from: "descent JOIN lots t ON t.key = descent.child JOIN state ON state.key = t.key",
		where: []condition{{"descent.parent = ?", string(lot)}}}
	return all(func(p Page) (Listing[massbalance.Lot], error) { return values[massbalance.Lot](s, q, p) })
}

// Blocks lists the entries of blocks from one on, as many blocks as the limit
// at most. A block without entries has an empty list.
func (s *Snapshot) Blocks(from uint64, limit int) ([]Block, error) {
	to := min(s.Next, from+uint64(limit)) //nolint:gosec // a limit is positive
	if from >= to {
		return nil, nil
	}
	blocks := make([]Block, to-from)
	for i := range blocks {
		blocks[i].Number = from + uint64(i) //nolint:gosec // an index is positive
	}
	rows, err := s.query(`SELECT position, block, content, record FROM entries WHERE position > `+entriesBefore+` AND position <= `+entriesBefore+` ORDER BY position`, from, to)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		_, e, err := scanEntry(rows)
		if err != nil {
			return nil, err
		}
		b := &blocks[e.Block-from]
		b.Entries = append(b.Entries, e)
	}
	return blocks, rows.Err()
}

// entriesBefore is the position of the last entry before a block: a block that brought
// entries has a checkpoint, of as many leaves as there are entries.
const entriesBefore = `coalesce((SELECT size FROM log_checkpoints WHERE block < ? ORDER BY block DESC LIMIT 1), 0)`

// Block is a block with the entries that it brought.
type Block struct {
	Number  uint64
	Entries []Entry
}

// Proposal is a change of the common register with who asked for it.
type Proposal struct {
	// What names the thing: product/wheat. Digest is the hash of what is asked for.
	What   string
	Digest string
	massbalance.Proposal
	// Command is the first command that asked for it.
	Command massbalance.Command
}

// Proposals lists what was asked for of the common register, in the order in
// which it was first asked for; pending leaves out what was adopted.
func (s *Snapshot) Proposals(pending bool, p Page) (Listing[Proposal], error) {
	adopted := condition{sql: "t.adopted = ?"}
	if pending {
		adopted.arg = "0"
	}
	q := selection{columns: "t.position, t.key, state.value, t.content", from: "proposals t JOIN state ON state.key = t.key", where: []condition{adopted}}
	return list(s, q, p, func(rows *sql.Rows) (position uint64, proposal Proposal, err error) {
		var name string
		var data, content []byte
		if err = rows.Scan(&position, &name, &data, &content); err != nil {
			return position, proposal, err
		}
		return position, proposal, proposal.read(name, data, content)
	})
}
