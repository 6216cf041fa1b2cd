package massbalance

import "fmt"

// This file holds what a claim says of where its credit comes from, and the
// other way in which credit ends without material: cancellation.

// TraceabilityLevel is how near to the land a claim can be traced.
type TraceabilityLevel string

// The levels, finest first. The GHG Protocol Land Sector and Removals Standard
// asks for traceability to a sourcing region, a land management unit or a
// harvested area; we read only summaries of it.
const (
	TracedToLandUnit TraceabilityLevel = "land_unit"
	TracedToRegion   TraceabilityLevel = "region"
	TracedToCountry  TraceabilityLevel = "country"
	NotTraced        TraceabilityLevel = "none"
)

// TraceabilityLevels lists the levels, finest first.
var TraceabilityLevels = []TraceabilityLevel{TracedToLandUnit, TracedToRegion, TracedToCountry, NotTraced}

// place is a spatial key, which may end early: what is empty is not shared.
type place struct{ country, region, landUnit string }

// traced finds the finest spatial key that all lines of a claim share. Mass
// balance traces to the sourcing region at best, for the material delivered need
// not be the land unit's; book and claim traces nothing, for it delivers none.
func (e *execution) traced(lines []TransferLine) (place, error) {
	var shared place
	for i, line := range lines {
		set, err := need[Characteristics](e, CharacteristicsKey(line.Characteristics))
		if err != nil {
			return place{}, err
		}
		own := place{set.Country, set.Region, set.LandUnit}
		switch {
		case !line.Model.Physical():
			return place{}, nil
		case line.Model == MassBalance:
			own.landUnit = ""
		}
		if i == 0 {
			shared = own
		}
		shared = shared.common(own)
	}
	return shared, nil
}

// common is what two spatial keys share, from the coarsest down.
func (p place) common(other place) place {
	switch {
	case p.country != other.country:
		return place{}
	case p.region != other.region:
		return place{country: p.country}
	case p.landUnit != other.landUnit:
		return place{country: p.country, region: p.region}
	}
	return p
}

func (p place) level() TraceabilityLevel {
	switch {
	case p.landUnit != "":
		return TracedToLandUnit
	case p.region != "":
		return TracedToRegion
	case p.country != "":
		return TracedToCountry
	}
	return NotTraced
}

// loosest is the lowest custody model among lines.
func loosest(lines []TransferLine) CustodyModel {
	model := IdentityPreserved
	for _, line := range lines {
		model = model.lower(line.Model)
	}
	return model
}

func (b Cancel) check() string {
	if b.Reason == "" || !validText(b.Reason) {
		return fmt.Sprintf("reason: must be 1 to %d bytes without control characters", textLimit)
	}
	return Decouple{b.Site, b.Product, b.Lines}.check()
}

// Cancel uses credit up without a claim. It asks for no certificate: giving up
// is always allowed, inside a suspension too.
func (b Cancel) execute(e *execution) error {
	books, err := e.open(b.Site)
	if err != nil {
		return err
	}
	lots, err := books.lotsOf(b.Product, b.Lines)
	if err != nil {
		return err
	}
	if err := books.out(b.Product, Quantity{}, lots, b.Lines, Holder{Kind: HolderCancelled, ID: e.reference()}); err != nil {
		return err
	}
	e.record.Subject = e.reference()
	books.close()
	return nil
}
