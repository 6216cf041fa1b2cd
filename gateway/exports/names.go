package exports

import (
	"errors"
	"fmt"

	"github.com/weighbridge/weighbridge/chaincode/massbalance"
	"github.com/weighbridge/weighbridge/gateway/readmodel"
)

// names says what things are called; what has no name keeps its ID.
type names struct {
	s *readmodel.Snapshot
	// certificates are those of the sites that were asked for already: a workbook
	// asks for each movement. Without the map they are looked up each time.
	certificates map[massbalance.SiteID][]massbalance.Certificate
}

func (n names) member(org massbalance.OrganisationID) string {
	consortium, err := readmodel.Need[massbalance.Consortium](n.s, massbalance.ConsortiumKey())
	if err == nil {
		for _, m := range consortium.Members {
			if m.Organisation == org && m.Name != "" {
				return m.Name
			}
		}
	}
	return string(org)
}

func (n names) product(id massbalance.ProductID) string {
	if p, err := readmodel.Need[massbalance.Product](n.s, massbalance.ProductKey(id)); err == nil && p.Name != "" {
		return p.Name
	}
	return string(id)
}

func (n names) siteName(id massbalance.SiteID) string {
	if s, err := readmodel.Need[massbalance.Site](n.s, massbalance.SiteKey(id)); err == nil && s.Name != "" {
		return s.Name
	}
	return string(id)
}

// recipe is the version of a recipe that was in force at a place in the journal.
func (n names) recipe(id massbalance.RecipeID, position uint64) (massbalance.Recipe, error) {
	recipe, err := readmodel.Need[massbalance.Recipe](n.s, massbalance.RecipeKey(id))
	if err != nil {
		return recipe, err
	}
	for version := max(recipe.Version, 1); version > 1; version-- {
		adopted, err := n.adopted(id, version)
		if err != nil || adopted <= position {
			return recipe, err
		}
		old, err := readmodel.Need[massbalance.Superseded](n.s, massbalance.SupersededKey("recipe/"+string(id), version-1))
		if err != nil || old.Recipe == nil {
			return recipe, errors.Join(err, fmt.Errorf("recipe %s has no version %d", id, version-1))
		}
		recipe = *old.Recipe
	}
	return recipe, nil
}

// adopted is the place in the journal at which a version of a recipe took effect.
func (n names) adopted(id massbalance.RecipeID, version int) (uint64, error) {
	page := readmodel.Page{Limit: readmodel.MaxLimit}
	for {
		listing, err := n.s.Entries(readmodel.EntryFilter{Type: "register_recipe"}, page)
		if err != nil {
			return 0, err
		}
		for _, e := range listing.Items {
			if b, ok := e.Command.Body.(massbalance.RegisterRecipe); ok && b.Recipe.ID == id && max(b.Recipe.Version, 1) == version && !e.Record.Pending {
				return e.Position, nil
			}
		}
		if page.After = listing.Next; page.After == 0 {
			return 0, fmt.Errorf("version %d of recipe %s was never adopted", version, id)
		}
	}
}
