package chain

import (
	"fmt"

	"github.com/hyperledger/fabric-protos-go-apiv2/ledger/rwset/kvrwset"
	"github.com/hyperledger/fabric/core/chaincode/lifecycle"
	"github.com/hyperledger/fabric/core/ledger/kvledger/txmgmt/privacyenabledstate"
	"github.com/hyperledger/fabric/core/ledger/kvledger/txmgmt/rwsetutil"
)

// judge decides on a block of plain transactions. It finds them all valid, or
// says nothing: then Fabric's code decides on the whole block.
type judge struct {
	channel *channel
	state   *state
	number  uint64
	updates *privacyenabledstate.UpdateBatch
	ids     map[string]struct{}
	// guarded are the keys whose policies an earlier transaction of the block set.
	guarded map[place]struct{}
}

// judgeBlock gives the updates of a block all of whose transactions are valid; nil
// if that is not for it to say. An error is one of the store's.
func judgeBlock(c *channel, s *state, number uint64, transactions []*plain) (updates *privacyenabledstate.UpdateBatch, err error) {
	defer func() {
		if recover() != nil {
			updates, err = nil, nil // what is wrong with it is for Fabric's code to find
		}
	}()
	j := &judge{c, s, number, privacyenabledstate.NewUpdateBatch(), make(map[string]struct{}, len(transactions)), map[place]struct{}{}}
	for i, p := range transactions {
		for _, check := range []func(*plain) (bool, error){j.unused, j.created, j.endorsed, j.current} {
			if good, err := check(p); !good || err != nil {
				return nil, err
			}
		}
		if good, err := j.apply(p, uint64(i)); !good || err != nil {
			return nil, err
		}
	}
	return j.updates, nil
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
	guards, unguarded, err := j.guards(p)
	if guards == nil || err != nil {
		return false, err
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
func (j *judge) guards(p *plain) (rules map[*rule]struct{}, unguarded bool, err error) {
	rules = map[*rule]struct{}{}
	for i := range p.sets {
		for key := range p.sets[i].written() {
			at := place{p.sets[i].namespace, key}
			if _, changed := j.guarded[at]; changed {
				return nil, false, nil
			}
			metadata, err := j.state.db.GetStateMetadata(at.namespace, key)
			if err != nil {
				return nil, false, fmt.Errorf("couldn't read the policy of %s: %w", key, err)
			}
			if len(metadata) == 0 {
				unguarded = true
				continue
			}
			found, ok := j.channel.evaluation.guard(metadata)
			switch {
			case !ok:
				return nil, false, nil
			case found == nil:
				unguarded = true
			default:
				rules[found] = struct{}{}
			}
		}
	}
	return rules, unguarded, nil
}

// current reports whether every key is at the version that the transaction read,
// and not written by an earlier one of the block.
func (j *judge) current(p *plain) (bool, error) {
	for i := range p.sets {
		namespace := p.sets[i].namespace
		for _, r := range p.sets[i].reads {
			if j.updates.PubUpdates.Exists(namespace, r.key) {
				return false, nil
			}
			version, err := j.state.db.GetVersion(namespace, r.key)
			if err != nil {
				return false, fmt.Errorf("couldn't read the version of %s: %w", r.key, err)
			}
			if (version != nil) != r.there || version != nil && (version.BlockNum != r.block || version.TxNum != r.number) {
				return false, nil
			}
		}
	}
	return true, nil
}

// apply adds what the transaction writes to the block's updates.
func (j *judge) apply(p *plain, index uint64) (bool, error) {
	height := rwsetutil.NewVersion(&kvrwset.Version{BlockNum: j.number, TxNum: index})
	for i := range p.sets {
		namespace, metadata := p.sets[i].namespace, map[string][]byte{}
		for _, g := range p.sets[i].guards {
			metadata[g.key] = g.metadata
			j.guarded[place{namespace, g.key}] = struct{}{}
		}
		for _, w := range p.sets[i].writes {
			guard, set := metadata[w.key]
			delete(metadata, w.key)
			if w.deleted {
				j.updates.PubUpdates.Delete(namespace, w.key, height)
				continue
			}
			if !set {
				var err error
				if guard, err = j.metadata(namespace, w.key); err != nil {
					return false, err
				}
			}
			j.updates.PubUpdates.PutValAndMetadata(namespace, w.key, kept, guard, height)
		}
		for key, guard := range metadata { // of keys that are not written
			if j.updates.PubUpdates.Exists(namespace, key) {
				return false, nil
			}
			value, err := j.state.db.GetState(namespace, key)
			if err != nil {
				return false, fmt.Errorf("couldn't read %s: %w", key, err)
			}
			if value != nil {
				j.updates.PubUpdates.PutValAndMetadata(namespace, key, kept, guard, height)
			}
		}
	}
	return true, nil
}

// metadata are a key's before the transaction that is applied.
func (j *judge) metadata(namespace, key string) ([]byte, error) {
	if value := j.updates.PubUpdates.Get(namespace, key); value != nil {
		return value.Metadata, nil
	}
	metadata, err := j.state.db.GetStateMetadata(namespace, key)
	if err != nil {
		return nil, fmt.Errorf("couldn't read the policy of %s: %w", key, err)
	}
	return metadata, nil
}
