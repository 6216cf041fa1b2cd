package trade

import (
	"cmp"
	"slices"

	"github.com/weighbridge/weighbridge/chaincode/massbalance"
	"github.com/weighbridge/weighbridge/gateway/readmodel"
)

// hand is what credit of a project does in an organisation's hands: what it is in
// or how it came and went. The product is that of what is held, on the way or
// claimed, and "" elsewhere.
type hand struct {
	organisation massbalance.OrganisationID
	what         deed
	product      massbalance.ProductID
}

// deed is a way in which credit comes to an organisation, is there or goes.
type deed string

const (
	introduced deed = "introduced"
	received   deed = "received"
	passedOn   deed = "passed on"
	held       deed = "held"
	onTheWay   deed = "on the way"
	claimed    deed = "claimed"
	lost       deed = "lost"
	forfeited  deed = "forfeited"
	withdrawn  deed = "withdrawn"
)

// ended are the holders that credit does not go on from, but by a reversal.
var ended = map[massbalance.HolderKind]deed{
	massbalance.HolderLoss: lost, massbalance.HolderExpired: forfeited, massbalance.HolderCancelled: withdrawn, massbalance.HolderClaim: claimed,
}

// moved is what came and what went; a reversal goes the other way.
type moved struct{ in, out massbalance.Quantity }

func (m *moved) rest() massbalance.Quantity {
	if m == nil {
		return massbalance.Quantity{}
	}
	return m.out.Shortage(m.in)
}

// follower follows a project's credit through all that moved it. Credit of a
// project never merges with other credit, so every lot it went into carries the
// project's name, and each posting is wholly the project's or not at all.
type follower struct {
	s       *readmodel.Snapshot
	project massbalance.ProjectID
	sets    map[massbalance.CharacteristicsID]bool
	entries map[uint64]bool
	// transfers are those that carried it, and ways what is left in each.
	transfers map[massbalance.TransferID]massbalance.Transfer
	ways      map[massbalance.TransferID]*moved
	hands     map[hand]*moved
}

// follow adds up what became of all that came in for a project.
func follow(s *readmodel.Snapshot, project massbalance.ProjectID) (*follower, error) {
	f := &follower{
		s: s, project: project, sets: map[massbalance.CharacteristicsID]bool{}, entries: map[uint64]bool{},
		transfers: map[massbalance.TransferID]massbalance.Transfer{}, ways: map[massbalance.TransferID]*moved{}, hands: map[hand]*moved{},
	}
	for page := (readmodel.Page{Limit: readmodel.MaxLimit}); ; {
		lots, err := s.Lots(readmodel.LotFilter{Project: project}, page)
		if err != nil {
			return nil, err
		}
		for _, lot := range lots.Items {
			if err := f.holder(massbalance.HolderLot, string(lot.ID)); err != nil {
				return nil, err
			}
		}
		if lots.Next == 0 {
			break
		}
		page.After = lots.Next
	}
	for id, way := range f.ways {
		// What was rejected or given back is bound for the sender.
		t := f.transfers[id]
		to := t.Sender
		if t.Status == massbalance.InTransit {
			to = t.Receiver
		}
		enter(f.hands, hand{to, onTheWay, t.Product}, way.rest())
	}
	return f, nil
}

// holder takes up all entries that touch a lot or a transfer, each once. The order
// does not matter, for what came and what went is added up apart.
func (f *follower) holder(kind massbalance.HolderKind, id string) error {
	entries, err := f.s.AllHistory(readmodel.Holder(kind, id))
	if err != nil {
		return err
	}
	for _, e := range entries {
		if f.entries[e.Position] {
			continue
		}
		f.entries[e.Position] = true
		for _, p := range e.Record.Credits {
			ours, err := f.ours(p.Characteristics)
			if err != nil {
				return err
			}
			if !ours {
				continue
			}
			if err := f.leaves(e.Record.Organisation, p); err != nil {
				return err
			}
			if err := f.enters(e.Record.Organisation, p); err != nil {
				return err
			}
		}
	}
	return nil
}

func (f *follower) ours(id massbalance.CharacteristicsID) (bool, error) {
	ours, known := f.sets[id]
	if known {
		return ours, nil
	}
	set, err := readmodel.Need[massbalance.Characteristics](f.s, massbalance.CharacteristicsKey(id))
	f.sets[id] = set.Project == f.project
	return f.sets[id], err
}

// leaves books a posting at the end that it comes from, and enters at the other.
// Whoever made the entry owns the lots at its ends, for nobody moves another's.
func (f *follower) leaves(by massbalance.OrganisationID, p massbalance.Posting) error {
	switch from := p.From; from.Kind {
	case massbalance.HolderStatement:
		enter(f.hands, hand{by, introduced, ""}, p.Quantity)
	case massbalance.HolderLot:
		leave(f.hands, hand{by, held, from.Product}, p.Quantity)
	case massbalance.HolderTransfer:
		t, err := f.transfer(massbalance.TransferID(from.ID))
		if err != nil {
			return err
		}
		leave(f.ways, t.ID, p.Quantity)
		switch {
		case t.Sender == t.Receiver: // between two sites of one
		case by == t.Sender:
			leave(f.hands, hand{by, passedOn, ""}, p.Quantity) // it came back
		default:
			enter(f.hands, hand{by, received, ""}, p.Quantity)
		}
	default:
		if what, isEnd := ended[from.Kind]; isEnd { // a reversal
			leave(f.hands, handOf(by, what, p.To), p.Quantity)
		}
	}
	return nil
}

func (f *follower) enters(by massbalance.OrganisationID, p massbalance.Posting) error {
	switch to := p.To; to.Kind {
	case massbalance.HolderLot:
		enter(f.hands, hand{by, held, to.Product}, p.Quantity)
	case massbalance.HolderTransfer:
		t, err := f.transfer(massbalance.TransferID(to.ID))
		if err != nil {
			return err
		}
		enter(f.ways, t.ID, p.Quantity)
		switch {
		case t.Sender == t.Receiver:
		case by == t.Sender:
			enter(f.hands, hand{by, passedOn, ""}, p.Quantity)
		default:
			leave(f.hands, hand{by, received, ""}, p.Quantity) // it gave it back
		}
	default:
		if what, isEnd := ended[to.Kind]; isEnd {
			enter(f.hands, handOf(by, what, p.From), p.Quantity)
		}
	}
	return nil
}

// handOf names the product of a claim by the lot at its other end.
func handOf(by massbalance.OrganisationID, what deed, other massbalance.Holder) hand {
	if what == claimed {
		return hand{by, what, other.Product}
	}
	return hand{by, what, ""}
}

func enter[K comparable](in map[K]*moved, at K, q massbalance.Quantity) {
	if in[at] == nil {
		in[at] = &moved{}
	}
	in[at].in = in[at].in.Add(q)
}

func leave[K comparable](in map[K]*moved, at K, q massbalance.Quantity) {
	if in[at] == nil {
		in[at] = &moved{}
	}
	in[at].out = in[at].out.Add(q)
}

// transfer looks a transfer up; at first sight its own entries are taken up too,
// for what was lost of it to the last gram touches no lot.
func (f *follower) transfer(id massbalance.TransferID) (massbalance.Transfer, error) {
	if t, known := f.transfers[id]; known {
		return t, nil
	}
	t, err := readmodel.Need[massbalance.Transfer](f.s, massbalance.TransferKey(id))
	if err != nil {
		return t, err
	}
	f.transfers[id] = t
	return t, f.holder(massbalance.HolderTransfer, string(id))
}

// holders lists what is held, on the way or claimed, by organisation and product.
func (f *follower) holders(project massbalance.Project) (all []ProjectHolder) {
	type key struct {
		organisation massbalance.OrganisationID
		product      massbalance.ProductID
	}
	seen := map[key]bool{}
	for at := range f.hands {
		k := key{at.organisation, at.product}
		if at.product == "" || seen[k] {
			continue
		}
		seen[k] = true
		h := ProjectHolder{
			Organisation: k.organisation, Product: k.product, Held: f.hands[hand{k.organisation, held, k.product}].rest(),
			InTransit: f.hands[hand{k.organisation, onTheWay, k.product}].rest(), Claimed: f.hands[hand{k.organisation, claimed, k.product}].rest(),
		}
		h.Avoided = project.Saving.Emissions(h.All()).String()
		if !h.All().IsZero() {
			all = append(all, h)
		}
	}
	slices.SortFunc(all, func(a, b ProjectHolder) int {
		return cmp.Or(cmp.Compare(a.Organisation, b.Organisation), cmp.Compare(a.Product, b.Product))
	})
	return all
}

// organisations lists those through whose hands it went and those that paid, sorted.
func (f *follower) organisations(project massbalance.Project, consortium massbalance.Consortium) (all []massbalance.OrganisationID) {
	for at := range f.hands {
		all = append(all, at.organisation)
	}
	for _, m := range consortium.Members {
		if _, paid := funds(project, consortium, m.Organisation); paid {
			all = append(all, m.Organisation)
		}
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// part adds up one organisation's part.
func (f *follower) part(id massbalance.OrganisationID, holders []ProjectHolder) ProjectPart {
	of := func(what deed) massbalance.Quantity { return f.hands[hand{id, what, ""}].rest() }
	p := ProjectPart{
		Organisation: id, Introduced: of(introduced), Received: of(received), PassedOn: of(passedOn),
		Lost: of(lost), Forfeited: of(forfeited), Withdrawn: of(withdrawn),
	}
	var has, used massbalance.Quantity
	for _, h := range holders {
		if h.Organisation == id {
			has, used = has.Add(h.Held).Add(h.InTransit), used.Add(h.Claimed)
		}
	}
	p.Unsold = has.Min(p.Introduced)
	p.Used = used.Min(p.Unsold.Shortage(p.Introduced))
	p.Bought = p.Unsold.Add(p.Used).Shortage(has.Add(used))
	return p
}
