package scope3

import (
	"strconv"

	"github.com/weighbridge/weighbridge/chaincode/massbalance"
	"github.com/weighbridge/weighbridge/gateway/readmodel"
)

// factor is what a kilogram counts at that was not claimed.
type factor struct {
	basis     Basis
	intensity massbalance.Intensity
	version   int
}

// factor finds the residual or the average of a product and region; nil where no
// average was adopted.
//
// The residual is of what the consortium saw of the product in the region: what
// came in at the region's sites from outside in the year, less what was claimed of
// it for the year, by anybody. Where claims exceed that, or none was made, the
// average holds.
func (m *maker) factor(product massbalance.ProductID, region string) (*factor, error) {
	key := [2]string{string(product), region}
	if f, known := m.baselines[key]; known {
		return f, nil
	}
	m.baselines[key] = nil
	value, err := m.s.Get(massbalance.BaselineKey(product, region))
	if err != nil {
		return nil, err
	}
	baseline, adopted := value.(massbalance.Baseline)
	if !adopted {
		return nil, nil
	}
	f := &factor{Average, baseline.Intensity, max(baseline.Version, 1)}
	claimed, err := m.claimedOf(product, region)
	if err != nil {
		return nil, err
	}
	total, err := m.cameIn(product, region)
	if err != nil {
		return nil, err
	}
	if left, ok := massbalance.Residual(massbalance.Emitted{Quantity: total, Intensity: baseline.Intensity}, claimed); ok && len(claimed) > 0 {
		f.basis, f.intensity = Residual, left
	}
	m.baselines[key] = f
	return f, nil
}

// claimedOf lists what was claimed for the year of a product and region.
func (m *maker) claimedOf(product massbalance.ProductID, region string) (parts []massbalance.Emitted, err error) {
	claims, err := m.s.AllClaims(readmodel.ClaimFilter{Product: product, Year: strconv.Itoa(m.year), Standing: true})
	if err != nil {
		return nil, err
	}
	for _, claim := range claims {
		for _, line := range claim.Lines {
			set, err := readmodel.Need[massbalance.Characteristics](m.s, massbalance.CharacteristicsKey(line.Characteristics))
			if err != nil {
				return nil, err
			}
			if set.Region != region {
				continue
			}
			intensity, err := massbalance.ParseIntensity(set.Carbon.ExcludingUptake().String())
			if err != nil {
				return nil, err
			}
			parts = append(parts, massbalance.Emitted{Quantity: line.Quantity, Intensity: intensity})
		}
	}
	return parts, nil
}

// cameIn adds up what came in of a product from outside, and what was made of it,
// at the sites of a region in the year.
func (m *maker) cameIn(product massbalance.ProductID, region string) (total massbalance.Quantity, err error) {
	for _, kind := range []massbalance.Body{massbalance.Introduce{}, massbalance.TakeIn{}, massbalance.Convert{}} {
		filter := readmodel.EntryFilter{Type: kind.Type(), From: m.first(), To: m.last()}
		for page := (readmodel.Page{Limit: readmodel.MaxLimit}); ; {
			entries, err := m.s.Entries(filter, page)
			if err != nil {
				return total, err
			}
			for _, e := range entries.Items {
				in, err := m.broughtIn(e.Record, product, region)
				if err != nil {
					return total, err
				}
				total = total.Add(in)
			}
			if entries.Next == 0 {
				break
			}
			page.After = entries.Next
		}
	}
	return total, nil
}

func (m *maker) broughtIn(r massbalance.Record, product massbalance.ProductID, region string) (in massbalance.Quantity, err error) {
	for _, material := range r.Materials {
		if material.Product != product || material.In.IsZero() {
			continue
		}
		site, known := m.sites[material.Site]
		if !known {
			if site, err = readmodel.Need[massbalance.Site](m.s, massbalance.SiteKey(material.Site)); err != nil {
				return in, err
			}
			m.sites[material.Site] = site
		}
		if site.Region == region {
			in = in.Add(material.In)
		}
	}
	return in, nil
}

func (p *purchases) first() massbalance.Date {
	return massbalance.Date(strconv.Itoa(p.year) + "-01-01")
}
func (p *purchases) last() massbalance.Date {
	return massbalance.Date(strconv.Itoa(p.year) + "-12-31")
}
