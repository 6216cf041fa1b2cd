package massbalance

import (
	"fmt"
	"maps"
	"math/big"
	"strings"
)

// intakeTally recounts the bounds on what comes in that reach over several
// statements: quotas and land.
type intakeTally struct {
	quotas       map[string]*big.Int // certifier/certificate/product
	certificates map[string]string   // certifier/statement → certifier/certificate/product
	introduced   map[string]*big.Int // by the same key as quotas
	sizes        map[LandUnitID]*big.Rat
	verified     map[string]*big.Rat // land unit/product/vintage
	limits       map[string]*big.Int // product/region/vintage
	regions      map[string]*big.Int // verified, by the same key
	projects     map[string]string   // certifier/statement → project
	outcomes     map[string]*big.Int // introduced, by project/site
}

func newIntakeTally() *intakeTally {
	return &intakeTally{
		quotas: map[string]*big.Int{}, certificates: map[string]string{}, introduced: map[string]*big.Int{},
		sizes: map[LandUnitID]*big.Rat{}, verified: map[string]*big.Rat{},
		limits: map[string]*big.Int{}, regions: map[string]*big.Int{}, projects: map[string]string{}, outcomes: map[string]*big.Int{},
	}
}

func (i *intakeTally) entry(t *Tally, e Entry) {
	switch body := e.Command.Body.(type) {
	case PublishCertificate:
		c := body.Document.Certificate
		for _, q := range c.Quotas {
			i.quotas[fmt.Sprintf("%s/%s/%s", c.Certifier, c.ID, q.Product)] = GramsOf(q.Quantity)
		}
	case PublishStatement:
		s := body.Document.Statement
		i.certificates[string(s.Certifier)+"/"+string(s.ID)] = fmt.Sprintf("%s/%s/%s", s.Certifier, s.Certificate, s.Product)
		i.projects[string(s.Certifier)+"/"+string(s.ID)] = string(s.Characteristics.Project)
		i.land(t, e, s)
		i.region(t, e, s)
	case Introduce:
		i.introduce(t, e, i.certificates[string(body.Certifier)+"/"+string(body.Statement)], e.Record.Credits)
		if project := i.projects[string(body.Certifier)+"/"+string(body.Statement)]; project != "" {
			for _, p := range e.Record.Credits {
				add(i.outcomes, project+"/"+string(body.Site), GramsOf(p.Quantity))
			}
		}
	}
}

// limit notes the limits of a product's regions, in the place of earlier ones.
func (i *intakeTally) limit(p Product) {
	maps.DeleteFunc(i.limits, func(key string, _ *big.Int) bool { return strings.HasPrefix(key, string(p.ID)+"/") })
	for _, limit := range p.RegionLimits {
		i.limits[fmt.Sprintf("%s/%s/%d", p.ID, limit.Region, limit.Vintage)] = GramsOf(limit.Quantity)
	}
}

func (i *intakeTally) region(t *Tally, e Entry, s Statement) {
	key := fmt.Sprintf("%s/%s/%d", s.Product, s.Characteristics.Region, s.Characteristics.Vintage)
	limit := i.limits[key]
	if limit == nil {
		return
	}
	if so := add(i.regions, key, GramsOf(s.Quantity)); so.Cmp(limit) > 0 {
		t.find(e, "%s kg verified of %s, the limit is %s kg", FormatGrams(so), key, FormatGrams(limit))
	}
}

// compare checks the projects' outcomes of a state against the recount.
func (i *intakeTally) compare(state Memory) (differences []string) {
	for key, value := range state {
		if v, ok := value.(ProjectOutcome); ok {
			if counted := at(i.outcomes, key.A+"/"+key.B); GramsOf(v.Introduced).Cmp(counted) != 0 {
				differences = append(differences, fmt.Sprintf("project %s at %s: stored %s kg, recounted %v g", key.A, key.B, v.Introduced, counted))
			}
		}
	}
	return differences
}

func (i *intakeTally) introduce(t *Tally, e Entry, under string, credits []Posting) {
	so := i.introduced[under]
	if so == nil {
		so = new(big.Int)
		i.introduced[under] = so
	}
	for _, p := range credits {
		so.Add(so, GramsOf(p.Quantity))
	}
	if quota := i.quotas[under]; quota != nil && so.Cmp(quota) > 0 {
		t.find(e, "%s kg introduced under %s, the quota is %s kg", FormatGrams(so), under, FormatGrams(quota))
	}
}

func (i *intakeTally) land(t *Tally, e Entry, s Statement) {
	for _, p := range s.Parcels {
		size, okSize := new(big.Rat).SetString(p.Size.String())
		area, okArea := new(big.Rat).SetString(p.Area.String())
		if !okSize || !okArea {
			t.find(e, "land unit %s has no area", p.LandUnit)
			continue
		}
		if i.sizes[p.LandUnit] == nil {
			i.sizes[p.LandUnit] = size
		}
		key := fmt.Sprintf("%s/%s/%d", p.LandUnit, s.Product, s.Characteristics.Vintage)
		if i.verified[key] == nil {
			i.verified[key] = new(big.Rat)
		}
		so := i.verified[key].Add(i.verified[key], area)
		if size.Cmp(i.sizes[p.LandUnit]) != 0 || so.Cmp(size) > 0 {
			t.find(e, "%s ha verified of land unit %s, it has %s ha", so.FloatString(4), key, i.sizes[p.LandUnit].FloatString(4))
		}
	}
}
