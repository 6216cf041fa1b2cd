package recalls

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/weighbridge/weighbridge/chaincode/massbalance"
	"github.com/weighbridge/weighbridge/chaincode/wire"
	"github.com/weighbridge/weighbridge/gateway/readmodel"
)

// recall is what is known of one recalled statement.
type recall struct {
	reach readmodel.RecallReach
	lots  map[massbalance.LotID]bool
	// settled is set once all was traced; it holds until something new is made
	// of the lots.
	settled bool
	// since says of each untraced lot and claim when it was first seen to be, and
	// known what the ledger knows of its taint.
	since map[string]moment
	known map[string]string
	// repeated counts calls that brought nothing but repetitions, see commandID.
	repeated int
}

// moment is a time of this process and the number of blocks that it had read.
type moment struct {
	time  time.Time
	block uint64
}

// oldest is when what has been untraced for the longest was first seen.
func (r *recall) oldest() moment {
	var oldest moment
	for _, since := range r.since {
		if oldest.time.IsZero() || since.time.Before(oldest.time) {
			oldest = since
		}
	}
	return oldest
}

// look takes the blocks in that came since the last look, and follows every
// recall that is new, not settled, or of whose lots something new was made.
func (t *Tracer) look(s *readmodel.Snapshot) error {
	recalls, err := s.AllRecalls()
	if err != nil || len(recalls) == 0 {
		t.next = s.Next
		return err
	}
	if len(t.cases) > 0 {
		if err := t.unsettle(s); err != nil {
			return err
		}
	}
	var untraced int64
	for _, found := range recalls {
		f := found.Finding
		key := massbalance.RecallKey(f.Certifier, f.Statement)
		r, ok := t.cases[key]
		if !ok {
			r = &recall{}
			t.cases[key] = r
		}
		if !r.settled {
			if err := t.follow(s, r, f); err != nil {
				return err
			}
		}
		untraced += int64(len(r.reach.Untraced.Lots) + len(r.reach.Untraced.Claims) + len(r.reach.Untraced.Refused))
	}
	t.untraced.Store(untraced)
	t.next = s.Next
	return nil
}

// follow reads how far a recall reaches and what of that is untraced.
func (t *Tracer) follow(s *readmodel.Snapshot, r *recall, f massbalance.FraudFinding) error {
	reach, err := s.Reach(f.Certifier, f.Statement)
	if err != nil {
		return err
	}
	was := r.reach.Untraced.Empty()
	r.reach, r.lots, r.settled = reach, map[massbalance.LotID]bool{}, reach.Untraced.Empty()
	for _, lot := range reach.Lots {
		r.lots[lot] = true
	}
	switch {
	case r.settled && !was:
		t.Log.Info("all that rests on a recalled statement is traced", "certifier", f.Certifier, "statement", f.Statement,
			"frozen", reach.Recall.Frozen, "claimed", reach.Recall.Claimed)
	case was && !r.settled:
		t.Log.Warn("lots and claims rest on a recalled statement and are not traced", "certifier", f.Certifier, "statement", f.Statement,
			"lots", len(reach.Untraced.Lots), "claims", len(reach.Untraced.Claims))
	}
	return r.note(s)
}

// note keeps of each untraced lot and claim since when it is, and what the
// ledger knows of its taint.
func (r *recall) note(s *readmodel.Snapshot) error {
	since, now := r.since, moment{time.Now(), s.Next}
	r.since, r.known = map[string]moment{}, map[string]string{}
	if r.settled {
		r.repeated = 0
	}
	each := func(name string, key massbalance.Key) error {
		first, seen := since[name]
		if !seen {
			first = now
		}
		r.since[name] = first
		value, err := s.Get(key)
		if err != nil || value == nil {
			return err
		}
		data, err := wire.FormatValue(value)
		r.known[name] = string(data)
		return err
	}
	for _, id := range r.reach.Untraced.Lots {
		if err := each("lot "+string(id), massbalance.TaintKey(id)); err != nil {
			return err
		}
	}
	for _, id := range r.reach.Untraced.Claims {
		if err := each("claim "+string(id), massbalance.MarkKey(id)); err != nil {
			return err
		}
	}
	return nil
}

// unsettle looks for new lots and claims that rest on lots of a settled recall.
func (t *Tracer) unsettle(s *readmodel.Snapshot) error {
	const atOnce = 100
	for from := t.next; from < s.Next; from += atOnce {
		blocks, err := s.Blocks(from, atOnce)
		if err != nil {
			return err
		}
		for _, b := range blocks {
			for _, e := range b.Entries {
				if err := t.unsettleBy(s, e.Record); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

func (t *Tracer) unsettleBy(s *readmodel.Snapshot, record massbalance.Record) error {
	for _, p := range record.Credits {
		lots, err := restsOn(s, p.To)
		if err != nil {
			return err
		}
		for _, r := range t.cases {
			r.settled = r.settled && !slices.ContainsFunc(lots, func(lot massbalance.LotID) bool { return r.lots[lot] })
		}
	}
	return nil
}

// restsOn lists the lots that a lot or a claim was made of.
func restsOn(s *readmodel.Snapshot, holder massbalance.Holder) (lots []massbalance.LotID, err error) {
	switch holder.Kind {
	case massbalance.HolderLot:
		lot, err := readmodel.Need[massbalance.Lot](s, massbalance.LotKey(massbalance.LotID(holder.ID)))
		if err != nil {
			return nil, err
		}
		for _, parent := range lot.Parents {
			lots = append(lots, parent.Lot)
		}
	case massbalance.HolderClaim:
		claim, err := readmodel.Need[massbalance.Claim](s, massbalance.ClaimKey(massbalance.ClaimID(holder.ID)))
		if err != nil {
			return nil, err
		}
		for _, line := range claim.Lines {
			lots = append(lots, line.Lot)
		}
	}
	return lots, nil
}

// open lists the recalls with something to be traced, in a fixed order.
func (t *Tracer) open() []*recall {
	var open []*recall
	for _, r := range t.cases {
		if !r.settled && !r.reach.Untraced.Empty() {
			open = append(open, r)
		}
	}
	slices.SortFunc(open, func(a, b *recall) int {
		x, y := a.reach.Recall.Finding, b.reach.Recall.Finding
		return strings.Compare(string(x.Certifier)+"/"+string(x.Statement), string(y.Certifier)+"/"+string(y.Statement))
	})
	return open
}

// placeOf is an organisation's place in the order in which the trading members
// take their turns: by a hash of finding and name, so that no member is always
// the first.
func placeOf(org massbalance.OrganisationID, f massbalance.FraudFinding, trading []massbalance.OrganisationID) (place int, ok bool) {
	rank := func(id massbalance.OrganisationID) string {
		sum := sha256.Sum256(fmt.Appendf(nil, "weighbridge recall turn v1\n%q\n%q\n%q\n", f.Certifier, f.Statement, id))
		return string(sum[:])
	}
	ours := rank(org)
	for _, id := range trading {
		if id == org {
			ok = true
		} else if rank(id) < ours {
			place++
		}
	}
	return place, ok
}

// commandID follows from what is named and what was known of it. Where such a
// command was accepted before and yet something is left, the next one has
// another ID.
func (r *recall) commandID(body massbalance.TraceRecall) massbalance.CommandID {
	hash := sha256.New()
	fmt.Fprintf(hash, "weighbridge trace v1\n%q\n%q\n%d\n", body.Certifier, body.Statement, r.repeated)
	for _, id := range body.Lots {
		fmt.Fprintf(hash, "lot %q %q\n", id, r.known["lot "+string(id)])
	}
	for _, id := range body.Claims {
		fmt.Fprintf(hash, "claim %q %q\n", id, r.known["claim "+string(id)])
	}
	return massbalance.CommandID("trace-" + hex.EncodeToString(hash.Sum(nil)[:16]))
}
