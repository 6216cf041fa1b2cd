package massbalance

import (
	"cmp"
	"fmt"
	"slices"
)

func (b MergeLots) check() string {
	if b.Carbon != CarbonHighest && b.Carbon != CarbonWeightedMean {
		return fmt.Sprintf("carbon: figures become one as the %s or as the %s, not as %q", CarbonHighest, CarbonWeightedMean, b.Carbon)
	}
	if len(b.Lines) < 2 || !ValidName(string(b.Product)) || !ValidName(string(b.Site)) {
		return fmt.Sprintf("site %q and product %q must be names, and lines name two lots at least", b.Site, b.Product)
	}
	return checkLines(b.Lines)
}

// MergeLots makes one lot of several whose characteristics are equal but for the
// carbon figures. ISCC lets a batch keep its own figures or take the highest of
// all, and forbids the average; other schemes allow it. The scheme's profile
// says which, and where none does the lots stay apart.
func (b MergeLots) execute(e *execution) error {
	books, err := e.open(b.Site)
	if err != nil {
		return err
	}
	lots, err := books.usable(b.Product, b.Lines, "")
	if err != nil {
		return err
	}
	lines, err := books.leaves(lots, b.Lines, sumLines(b.Lines), "", "")
	if err != nil {
		return err
	}
	merged, sources, err := b.characteristics(e, lines)
	if err != nil {
		return err
	}
	for i := range lines {
		lines[i].Characteristics = merged
	}
	if len(blends(lines)) > 1 {
		return refuse(SetsDiffer, "the lots are not alike: some were used under a scheme already, or their shares differ")
	}
	process := Holder{Kind: HolderConversion, ID: e.reference()}
	if err := books.out(b.Product, Quantity{}, lots, b.Lines, process); err != nil {
		return err
	}
	one := blends(books.clear(lines))[0]
	id := books.createOf(one.lot(b.Product, one.total), sources, process)
	if err := books.in(b.Product, Quantity{}, one.total); err != nil {
		return err
	}
	e.record.Subject = string(id)
	books.close()
	return nil
}

// characteristics finds the set of the merged lot, and how much of which sets goes in.
func (b MergeLots) characteristics(e *execution, lines []TransferLine) (CharacteristicsID, []source, error) {
	var sources []source
	for _, line := range lines {
		at := slices.IndexFunc(sources, func(s source) bool { return s.set == line.Characteristics })
		if at < 0 {
			at, sources = len(sources), append(sources, source{set: line.Characteristics})
		}
		sources[at].quantity = sources[at].quantity.Add(line.Quantity)
	}
	if len(sources) == 1 {
		return sources[0].set, sources, nil
	}
	var merged Characteristics
	var shares []share
	for i, s := range sources {
		set, err := need[Characteristics](e, CharacteristicsKey(s.set))
		if err != nil {
			return "", nil, err
		}
		if i == 0 {
			merged = set
		}
		if !set.alike(merged) {
			return "", nil, refuse(SetsDiffer, "set %s differs from %s in more than its carbon figures", s.set, sources[0].set)
		}
		shares = append(shares, share{s.quantity, set.Carbon})
	}
	scheme := cmp.Or(lines[0].Scheme, merged.Scheme)
	profile, err := e.profileOf(scheme)
	if err != nil {
		return "", nil, err
	}
	if !profile.Carbon.allows(b.Carbon) {
		return "", nil, refuse(CarbonMergeForbidden, "under %s lots of different carbon figures are merged as %s, not as %s", scheme, profile.Carbon, b.Carbon)
	}
	if merged.Carbon, err = merge(shares, b.Carbon); err != nil {
		return "", nil, err
	}
	id, err := e.derived(merged, sources)
	return id, sources, err
}

// alike reports whether two sets say the same of everything but carbon.
func (c Characteristics) alike(other Characteristics) bool {
	c.Carbon, c.DerivedFrom = other.Carbon, other.DerivedFrom
	return c.ID() == other.ID()
}

// derived keeps a set that the ledger computed, with where it comes from.
func (e *execution) derived(set Characteristics, sources []source) (CharacteristicsID, error) {
	set.DerivedFrom = nil
	for _, s := range sources {
		set.DerivedFrom = append(set.DerivedFrom, s.set)
	}
	slices.Sort(set.DerivedFrom)
	id := set.ID()
	_, known, err := find[Characteristics](e, CharacteristicsKey(id))
	if err != nil || known {
		return id, err
	}
	e.put(CharacteristicsKey(id), set)
	e.record.Sets = append(e.record.Sets, set)
	return id, nil
}

// checkValid refuses a claim on figures whose validity has ended.
func (b *books) checkValid(lots []Lot) error {
	for _, id := range characteristicsOf(lots) {
		set, err := need[Characteristics](b.e, CharacteristicsKey(id))
		if err != nil {
			return err
		}
		if last := set.Carbon.ValidTo; last != "" && b.e.command.Date > last {
			return refuse(FiguresExpired, "the carbon figures of set %s are valid to %s, not on %s", id, last, b.e.command.Date)
		}
	}
	return nil
}
