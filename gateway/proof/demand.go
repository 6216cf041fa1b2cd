package proof

import (
	"maps"
	"slices"

	"github.com/weighbridge/weighbridge/chaincode/massbalance"
	"github.com/weighbridge/weighbridge/gateway/proof/verify"
)

// demand is a first pass over the records on the way, in which whatever a command
// looks up is executed at that moment, if it was not yet. The order is not the
// log's, so what comes out proves nothing; but nearly all that is missing is
// found at once, and not one more of it each time that everything is executed.
func (b *builder) demand() error {
	b.world = verify.NewWorld()
	b.world.Read = map[massbalance.Key]bool{}
	d := &demand{builder: b, done: map[int64]bool{}}
	b.world.Look = d.look
	for _, index := range slices.Sorted(maps.Keys(b.leaves)) {
		d.run(index)
	}
	if d.failed != nil {
		return d.failed
	}
	return b.later()
}

type demand struct {
	*builder
	done map[int64]bool
	// now is the record being executed.
	now    int64
	failed error
}

// run executes a record once; refusals are for the passes in order to find.
func (d *demand) run(index int64) {
	if d.done[index] || d.failed != nil {
		return
	}
	d.done[index] = true
	outer := d.now
	d.now = index
	defer func() { d.now = outer }()
	l, known := d.opened[index]
	if !known {
		var err error
		if l, err = d.openLeaf(index); err != nil {
			d.failed = err
			return
		}
		d.opened[index] = l
	}
	_, _ = d.world.Nested(l)
}

// look executes what made a key before the record being executed.
func (d *demand) look(key massbalance.Key) {
	if d.failed != nil {
		return
	}
	if d.failed = d.sources(key, d.now); d.failed != nil {
		return
	}
	writers, err := d.writersOf(key)
	if err != nil {
		d.failed = err
		return
	}
	for _, index := range writers {
		if index < d.now {
			d.run(index)
		}
	}
}
