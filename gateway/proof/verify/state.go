package verify

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/weighbridge/weighbridge/chaincode/massbalance"
	"github.com/weighbridge/weighbridge/gateway/proof/leaf"
)

// state gathers what the records, executed again, say of the claim.
func (v *verification) state() error {
	v.out.Names = map[string]string{}
	for key, value := range v.world.State {
		switch value := value.(type) {
		case massbalance.Consortium:
			for _, m := range value.Members {
				v.out.Names["organisation "+string(m.Organisation)] = m.Name
			}
		case massbalance.Product:
			v.out.Names["product "+key.A] = value.Name
		case massbalance.Site:
			v.out.Names["site "+key.A] = value.Name
		}
	}
	v.sets()
	v.steps()
	if err := v.farms(); err != nil {
		return err
	}
	v.documents()
	return nil
}

func (v *verification) sets() {
	for _, line := range v.out.Claim.Lines {
		at := slices.IndexFunc(v.out.Sets, func(s Set) bool { return s.ID() == line.Characteristics && s.Model == line.Model })
		if at < 0 {
			set, _ := v.world.State[massbalance.CharacteristicsKey(line.Characteristics)].(massbalance.Characteristics)
			at, v.out.Sets = len(v.out.Sets), append(v.out.Sets, Set{Characteristics: set, Model: line.Model})
		}
		v.out.Sets[at].Quantity = v.out.Sets[at].Quantity.Add(line.Quantity)
	}
}

func (v *verification) lot(id massbalance.LotID) massbalance.Lot {
	lot, _ := v.world.State[massbalance.LotKey(id)].(massbalance.Lot)
	return lot
}

// steps lists the movements that took from lots on the way or made some.
func (v *verification) steps() {
	for i, l := range v.bundle.Leaves {
		record, body := v.records[i], l.Core.Command.Body
		step := Step{
			Index: l.Index, Block: l.Block, Type: body.Type(), Organisation: l.Core.Organisation, Command: l.Core.Command.ID,
			Site: massbalance.SiteOf(body), Date: l.Core.Command.Date,
		}
		if b, ok := body.(massbalance.Dispatch); ok {
			step.To = b.To
		}
		v.moved(&step, record)
		for _, o := range l.Lots {
			id := massbalance.NameLot(l.Core.Organisation, l.Core.Command.ID, o.Number)
			step.Made = append(step.Made, id)
			if lot := v.lot(id); len(step.From) == 0 {
				step.Quantity, step.Product = step.Quantity.Add(lot.Quantity), lot.Product
			}
		}
		if len(step.From)+len(step.Made) > 0 {
			v.out.Steps = append(v.out.Steps, step)
		}
	}
}

// moved sums up what a record took from lots on the way.
func (v *verification) moved(step *Step, record massbalance.Record) {
	for _, p := range record.Credits {
		if p.From.Kind != massbalance.HolderLot {
			continue
		}
		if strings.HasPrefix(p.From.ID, leaf.Sign) {
			step.Hidden++
			continue
		}
		step.From = append(step.From, massbalance.LotLine{Lot: massbalance.LotID(p.From.ID), Quantity: p.Quantity})
		step.Quantity, step.Product = step.Quantity.Add(p.Quantity), p.From.Product
	}
}

// farms shares the claim out among the statements that it rests on.
func (v *verification) farms() error {
	path, err := massbalance.Ancestry(v.world.State, v.out.Claim.Lines)
	if err != nil {
		return fmt.Errorf("%w: %w", ErrIncomplete, err)
	}
	var placed massbalance.Quantity
	farms := map[massbalance.Key]*Farm{}
	for _, a := range path {
		if len(a.Lot.Parents) > 0 {
			continue
		}
		key := massbalance.StatementKey(a.Lot.Certifier, a.Lot.Statement)
		verified, known := v.world.State[key].(massbalance.Verified)
		if !known {
			return fmt.Errorf("%w: lot %s comes from nowhere", ErrIncomplete, a.Lot.ID)
		}
		if farms[key] == nil {
			farms[key] = &Farm{Statement: verified.Statement}
		}
		farms[key].Quantity, placed = farms[key].Quantity.Add(a.Share), placed.Add(a.Share)
	}
	for _, farm := range farms {
		v.out.Farms = append(v.out.Farms, *farm)
	}
	slices.SortFunc(v.out.Farms, func(a, b Farm) int {
		if less := b.Quantity.Less(a.Quantity); less != a.Quantity.Less(b.Quantity) {
			if less {
				return -1
			}
			return 1
		}
		return cmp.Or(cmp.Compare(a.Statement.Certifier, b.Statement.Certifier), cmp.Compare(a.Statement.ID, b.Statement.ID))
	})
	v.out.Rounding = placed.Shortage(v.out.Claim.Quantity)
	return nil
}

// made lists the lots on the way in the order in which they were made.
func (v *verification) made() (lots []massbalance.LotID) {
	for _, l := range v.bundle.Leaves {
		for _, o := range l.Lots {
			lots = append(lots, massbalance.NameLot(l.Core.Organisation, l.Core.Command.ID, o.Number))
		}
	}
	return lots
}

// documents lists certificates, with what was declared of them, and versions.
func (v *verification) documents() {
	rules := map[int]bool{}
	versions := map[string]bool{}
	for _, l := range v.bundle.Leaves {
		switch b := l.Core.Command.Body.(type) {
		case massbalance.PublishCertificate:
			c := b.Document.Certificate
			history, _ := v.world.State[massbalance.StandingKey(c.Certifier, c.ID)].(massbalance.StandingHistory)
			v.out.Certificates = append(v.out.Certificates, Certificate{c, history.Standings})
		case massbalance.RegisterProduct:
			versions[fmt.Sprintf("product %s, version %d", b.Product.ID, max(b.Product.Version, 1))] = true
		case massbalance.RegisterRecipe:
			versions[fmt.Sprintf("recipe %s, version %d", b.Recipe.ID, max(b.Recipe.Version, 1))] = true
		case massbalance.RegisterProfile:
			versions[fmt.Sprintf("profile of %s, version %d", b.Profile.Scheme, max(b.Profile.Version, 1))] = true
		case massbalance.RegisterBaseline:
			versions[fmt.Sprintf("baseline of %s in %s, version %d", b.Baseline.Product, b.Baseline.Region, max(b.Baseline.Version, 1))] = true
		}
		if len(l.Lots) > 0 && !rules[l.Core.Rules] {
			rules[l.Core.Rules] = true
			versions[fmt.Sprintf("rules, version %d", l.Core.Rules)] = true
		}
	}
	for version := range versions {
		v.out.Versions = append(v.out.Versions, version)
	}
	slices.Sort(v.out.Versions)
}
