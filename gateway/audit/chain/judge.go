package chain

import (
	"github.com/hyperledger/fabric/core/chaincode/lifecycle"
)

// judge decides on a block of plain transactions. It finds them all valid, or
// says nothing: then Fabric's code decides on the whole block.
type judge struct {
	channel *channel
	state   *state
	effects []effect
	ids     map[string]struct{}
	// judging marks the keys that transactions of the block changed.
	judging uint32
}

// judgeBlock gives the changes of a block all of whose transactions are valid; nil
// if that is not for it to say. An error is one of the store's.
func judgeBlock(c *channel, s *state, transactions []*plain) (found *changes, err error) {
	defer func() {
		if recover() != nil {
			found, err = nil, nil // what is wrong with it is for Fabric's code to find
		}
	}()
	writes := 0
	for _, p := range transactions {
		for i := range p.sets {
			writes += len(p.sets[i].writes)
		}
	}
	s.cache.judging++
	j := &judge{c, s, make([]effect, 0, writes), make(map[string]struct{}, len(transactions)), s.cache.judging}
	for i, p := range transactions {
		for _, check := range []func(*plain) (bool, error){j.unused, j.created, j.endorsed, j.current} {
			if good, err := check(p); !good || err != nil {
				return nil, err
			}
		}
		if !j.apply(p, uint64(i)) {
			return nil, nil
		}
	}
	return &changes{judged: j.effects}, nil
}

// unused reports whether the transaction is of this channel, and its ID neither
// in the block nor in one before.
func (j *judge) unused(p *plain) (bool, error) {
	if _, again := j.ids[p.id]; again || p.channel != j.channel.name {
		return false, nil
	}
	j.ids[p.id] = struct{}{}
	used, err := reading{j.state}.TxIDExists(p.id)
	return !used, err
}

// created reports whether a valid identity of a member's signed the transaction.
func (j *judge) created(p *plain) (bool, error) {
	creator := j.channel.evaluation.signed(&p.creator, func() []byte { return p.payload })
	return creator != nil && creator.valid, nil
}

// endorsed reports whether those who endorsed the transaction, each of them once
// and with a good signature, are whom the policies of the keys that it writes
// want: a key's own, in place of the chaincode's, which is asked for where a key
// has none or nothing is written.
func (j *judge) endorsed(p *plain) (bool, error) {
	endorsers := j.endorsers(p)
	if endorsers == nil || p.chaincode == lifecycle.LifecycleNamespace {
		return false, nil
	}
	plugin, policy, err, invalid := j.channel.definitions.ValidationInfo(j.channel.name, p.chaincode, reading{j.state})
	if err != nil || invalid != nil || plugin != builtinPlugin || len(policy) == 0 {
		return false, nil
	}
	for i := range p.sets {
		if err := j.state.cache.resolve(&p.sets[i]); err != nil {
			return false, err
		}
	}
	guards, unguarded := j.guards(p)
	if guards == nil {
		return false, nil
	}
	if unguarded || len(guards) == 0 {
		guards[j.channel.evaluation.rule(policy)] = struct{}{}
	}
	for rule := range guards {
		if rule == nil || !rule.by(endorsers) {
			return false, nil
		}
	}
	return true, nil
}

// endorsers are those of the transaction; nil if one of them is not good, or
// there twice.
func (j *judge) endorsers(p *plain) []*identity {
	endorsers := make([]*identity, 0, len(p.endorsements))
	for i := range p.endorsements {
		s := &p.endorsements[i]
		m := j.channel.evaluation.signed(s, func() []byte { return append(append([]byte(nil), p.response...), s.identity...) })
		if m == nil {
			return nil
		}
		for _, other := range endorsers {
			if other.name == m.name {
				return nil
			}
		}
		endorsers = append(endorsers, m)
	}
	return endorsers
}

// guards are the policies of the keys written, and whether any has none. They are
// nil if a policy cannot be told: an earlier transaction of the block set it, say,
// which Fabric does not allow.
func (j *judge) guards(p *plain) (rules map[*rule]struct{}, unguarded bool) {
	rules = map[*rule]struct{}{}
	for i := range p.sets {
		for k := range p.sets[i].writes {
			at := p.sets[i].writes[k].at
			if at.guarded == j.judging {
				return nil, false
			}
			if len(at.metadata) == 0 {
				unguarded = true
				continue
			}
			found, ok := j.channel.evaluation.guard(at.metadata)
			switch {
			case !ok:
				return nil, false
			case found == nil:
				unguarded = true
			default:
				rules[found] = struct{}{}
			}
		}
	}
	return rules, unguarded
}

// current reports whether every key is at the version that the transaction read,
// and not written by an earlier one of the block.
func (j *judge) current(p *plain) (bool, error) {
	for i := range p.sets {
		for k := range p.sets[i].reads {
			r := &p.sets[i].reads[k]
			if there := r.at.value != nil; r.at.written == j.judging || there != r.there || there && r.at.height != r.height {
				return false, nil
			}
		}
	}
	return true, nil
}

// apply adds what the transaction writes to the block's changes.
func (j *judge) apply(p *plain, number uint64) bool {
	for i := range p.sets {
		for k := range p.sets[i].writes {
			w := &p.sets[i].writes[k]
			if w.guarded {
				w.at.guarded = j.judging
			}
			again, metadata := w.at.written == j.judging, w.metadata
			switch {
			case w.deleted:
				metadata = nil
			case !w.written && again:
				return false
			case !w.written && w.at.value == nil:
				continue
			case w.guarded:
			case again:
				metadata = j.effects[w.at.effect].metadata
			default:
				metadata = w.at.metadata
			}
			w.at.written, w.at.effect = j.judging, uint32(len(j.effects))
			j.effects = append(j.effects, effect{w.at, metadata, number, w.deleted})
		}
	}
	return true
}
