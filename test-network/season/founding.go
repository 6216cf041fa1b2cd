package season

import (
	"github.com/weighbridge/weighbridge/chaincode/massbalance"
)

// lane rehearses commands of one organisation one after the other.
func (r *rehearsal) lane(org massbalance.OrganisationID, site massbalance.SiteID, commands ...massbalance.Command) (Lane, error) {
	lane := Lane{Organisation: org, Site: site}
	for _, c := range commands {
		c, err := r.accept(org, c)
		if err != nil {
			return lane, err
		}
		lane.Steps = append(lane.Steps, Step{Command: c})
	}
	return lane, nil
}

func (r *rehearsal) founding() ([]Phase, error) {
	founder := r.trading()[0]
	lane, err := r.lane(founder, "", massbalance.Command{ID: "found-consortium", Body: massbalance.FoundConsortium{Members: r.season.Members, Rules: massbalance.RulesVersion}})
	return []Phase{{"founding", []Lane{lane}}}, err
}

// registration lets just as many members ask for each entry of the common
// register as it takes, one member after the other: they vote on the same key.
func (r *rehearsal) registration() ([]Phase, error) {
	first, second := []massbalance.Command{}, []massbalance.Command{}
	for _, p := range r.season.Products {
		first = append(first, massbalance.Command{ID: massbalance.CommandID("product-" + p.ID), Body: massbalance.RegisterProduct{Product: p}})
	}
	first = append(first, massbalance.Command{
		ID: massbalance.CommandID("certifier-" + r.season.Certifier.ID), Body: massbalance.RegisterCertifier{Certifier: r.season.Certifier},
	})
	for _, recipe := range r.season.Recipes {
		second = append(second, massbalance.Command{ID: massbalance.CommandID("recipe-" + recipe.ID), Body: massbalance.RegisterRecipe{Recipe: recipe}})
	}
	for _, b := range r.season.Baselines {
		second = append(second, massbalance.Command{ID: massbalance.CommandID("baseline-" + string(b.Product) + "-" + b.Region), Body: massbalance.RegisterBaseline{Baseline: b}})
	}
	members := r.trading()
	members = members[:len(members)/2+1]
	var phases []Phase
	for _, round := range []struct {
		name     string
		commands []massbalance.Command
	}{{"products and certifier", first}, {"recipes and baselines", second}} {
		for _, org := range members {
			lane, err := r.lane(org, "", round.commands...)
			if err != nil {
				return nil, err
			}
			phases = append(phases, Phase{round.name + ", asked for by " + string(org), []Lane{lane}})
		}
	}
	return phases, nil
}

// opening registers every site and opens its first period, and registers the
// insetting projects.
func (r *rehearsal) opening() ([]Phase, error) {
	phase := Phase{Name: "sites and periods"}
	for _, site := range r.season.Sites {
		register := massbalance.Command{
			ID:   massbalance.CommandID("site-" + site.Site),
			Body: massbalance.RegisterSite{Site: site.Site, Name: site.Name, Country: site.Country, Region: site.Region},
		}
		open, err := r.roll(site.Site, r.season.Periods[0].Period)
		if err != nil {
			return nil, err
		}
		lane, err := r.lane(site.Owner, site.Site, append([]massbalance.Command{register}, open...)...)
		if err != nil {
			return nil, err
		}
		phase.Lanes = append(phase.Lanes, lane)
	}
	for _, p := range r.season.Projects {
		lane, err := r.lane(p.Owner, "", massbalance.Command{ID: massbalance.CommandID("project-" + p.ID), Body: massbalance.RegisterProject{Project: p}})
		if err != nil {
			return nil, err
		}
		phase.Lanes = append(phase.Lanes, lane)
	}
	return []Phase{phase}, nil
}

// publication relays the certifier's documents: their holder hands them in.
func (r *rehearsal) publication() ([]Phase, error) {
	certificates, err := r.relay("certificates", func(yield func(massbalance.OrganisationID, massbalance.Command)) {
		for _, signed := range r.season.Certificates {
			c := signed.Certificate
			yield(c.Holder, massbalance.Command{ID: massbalance.CommandID("certificate-" + c.ID), Body: massbalance.PublishCertificate{Document: signed}})
		}
	})
	if err != nil {
		return nil, err
	}
	statements, err := r.relay("verification statements", func(yield func(massbalance.OrganisationID, massbalance.Command)) {
		for _, signed := range r.season.Statements {
			s := signed.Statement
			yield(s.Holder, massbalance.Command{ID: massbalance.CommandID("statement-" + s.ID), Body: massbalance.PublishStatement{Document: signed}})
		}
	})
	return []Phase{certificates, statements}, err
}

// relay makes a phase with one lane per holder.
func (r *rehearsal) relay(name string, each func(func(massbalance.OrganisationID, massbalance.Command))) (Phase, error) {
	phase := Phase{Name: name}
	commands := map[massbalance.OrganisationID][]massbalance.Command{}
	each(func(holder massbalance.OrganisationID, c massbalance.Command) {
		commands[holder] = append(commands[holder], c)
	})
	for _, org := range r.trading() {
		if len(commands[org]) == 0 {
			continue
		}
		lane, err := r.lane(org, "", commands[org]...)
		if err != nil {
			return phase, err
		}
		phase.Lanes = append(phase.Lanes, lane)
	}
	return phase, nil
}
