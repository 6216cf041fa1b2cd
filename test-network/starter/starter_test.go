package starter_test

import (
	"fmt"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/weighbridge/weighbridge/chaincode/massbalance"
	"github.com/weighbridge/weighbridge/chaincode/wire"
	"github.com/weighbridge/weighbridge/test-network/starter"
)

func read(t *testing.T) ([]massbalance.Product, map[massbalance.RecipeID]massbalance.Recipe) {
	products, err := starter.Products()
	require.NoError(t, err)
	recipes, err := starter.Recipes()
	require.NoError(t, err)
	byID := map[massbalance.RecipeID]massbalance.Recipe{}
	for _, r := range recipes {
		require.NotContains(t, byID, r.ID)
		byID[r.ID] = r
	}
	return products, byID
}

// A consortium can adopt all of it at once: every recipe passes the rules' own
// checks, its products are there, and none leads backwards.
func TestEverythingCanBeAdopted(t *testing.T) {
	products, recipes := read(t)
	bodies := []massbalance.Body{massbalance.FoundConsortium{Members: []massbalance.Member{{Organisation: "one", Name: "One", Role: massbalance.Trading}}}}
	for _, p := range products {
		bodies = append(bodies, massbalance.RegisterProduct{Product: p})
	}
	for _, r := range recipes {
		bodies = append(bodies, massbalance.RegisterRecipe{Recipe: r})
	}
	state, used := massbalance.Memory{}, map[massbalance.ProductID]bool{}
	for i, body := range bodies {
		command, err := wire.NewCommand(massbalance.Command{ID: massbalance.CommandID(fmt.Sprint("c", i)), Body: body})
		require.NoError(t, err)
		outcome, err := massbalance.Execute(state, massbalance.Tx{ID: "tx", Organisation: "one"}, command)
		require.NoError(t, err, "%#v", body)
		require.False(t, outcome.Record.Pending)
		state.Apply(outcome.Writes)
	}
	for _, r := range recipes {
		used[r.Input] = true
		for _, o := range r.Outputs {
			used[o.Product] = true
		}
	}
	require.Len(t, products, len(used), "every product is in a recipe")
}

// Every source says how far it can be trusted, and all eight chains are there.
func TestSourcesSayHowFarTheyCanBeTrusted(t *testing.T) {
	_, recipes := read(t)
	trust := regexp.MustCompile(`\((read|second-hand|copy|from memory, not verified)[;)]`)
	for id, r := range recipes {
		require.Regexp(t, trust, r.Source, id)
		dated := regexp.MustCompile(`\b(19|20)\d\d\b|undated|from memory`)
		require.Regexp(t, dated, r.Source, "%s: the year of its source", id)
	}
	for _, chain := range []string{"wheat", "cocoa", "palm", "soy", "sugar", "cotton", "coffee", "dairy"} {
		found := false
		for id := range recipes {
			found = found || strings.HasPrefix(string(id), chain)
		}
		require.True(t, found, chain)
	}
}

// The factors against the published figures, in the direction in which they are
// published: kilograms of input for a quantity of output, rounded up.
func TestFactorsAreThePublishedOnes(t *testing.T) {
	_, recipes := read(t)
	for _, f := range []struct {
		recipe         massbalance.RecipeID
		output         massbalance.ProductID
		quantity, from string
	}{
		{"wheat-straight-flour", "wheat-flour", "72", "100"},
		{"wheat-straight-flour", "wheat-bran", "28", "100"},
		{"wheat-patent-flour", "wheat-patent-flour", "65", "100"},
		{"cocoa-beans", "cocoa-liquor", "82", "100"},
		{"cocoa-beans", "cocoa-butter", "35", "100"},
		{"cocoa-beans", "cocoa-powder", "45", "100"},
		{"coffee-hulling-cherry", "coffee-green", "60", "120"},
		{"coffee-hulling-parchment", "coffee-green", "60", "75"},
		{"coffee-roasting", "coffee-roasted", "100", "119"},
		{"coffee-soluble", "coffee-soluble", "1", "2.6"},
		{"coffee-decaffeination", "coffee-green-decaffeinated", "1", "1.05"},
		{"coffee-wet-arabica", "coffee-green", "1", "6"},
		{"coffee-wet-robusta", "coffee-green", "1", "5"},
		{"palm-mill", "palm-oil-crude", "1000", "4219.41"},             // 4.22 t
		{"palm-mill-high-yield", "palm-oil-crude", "1000", "3663.004"}, // 3.66 t
		{"palm-mill", "palm-kernels", "2.5", "100"},
		{"palm-kernel-crushing", "palm-kernel-oil", "45", "100"},
		{"palm-oil-refining", "palm-fatty-acid-distillate", "5", "100"},
		{"palm-oil-fractionation", "palm-olein", "80", "100"},
		{"palm-oil-fractionation", "palm-stearin", "20", "100"},
		{"soy-crushing", "soybean-oil", "19", "100"},
		{"soy-crushing", "soybean-meal", "80", "100"},
		{"sugar-cane-milling", "sugar-raw", "12", "100"},
		{"sugar-cane-milling", "sugar-molasses", "4", "100"},
		{"sugar-cane-milling", "sugar-bagasse", "30", "100"},
		{"cotton-ginning", "cotton-lint", "40", "100"},
		{"cotton-ginning", "cotton-seed", "62", "100"},
		{"cotton-spinning-combed", "cotton-yarn-combed", "100", "128"},
		{"cotton-spinning-carded", "cotton-yarn-carded", "100", "110"},
		{"dairy", "milk-fresh-cheese", "1", "5"},
		{"dairy", "milk-dry-cheese", "1", "10"},
		{"dairy", "milk-powder", "1", "7.6"},
		{"dairy", "butter", "1", "22"},
		{"dairy", "butteroil", "1", "25"},
	} {
		quantity, err := massbalance.ParseQuantity(f.quantity)
		require.NoError(t, err)
		found := false
		for _, o := range recipes[f.recipe].Outputs {
			if o.Product == f.output {
				found = true
				require.Equal(t, f.from, o.Factor.CeilInput(quantity).String(), "%s of %s", f.output, f.recipe)
			}
		}
		require.True(t, found, "%s of %s", f.output, f.recipe)
	}
}

// UTZ: credit of beans at 82 %, of liquor in halves from 2018 and whole before.
func TestCocoaShares(t *testing.T) {
	_, recipes := read(t)
	for id, share := range map[massbalance.RecipeID]string{"cocoa-beans": "41/50", "cocoa-press-2018": "1/2", "cocoa-press-2017": "1/1"} {
		for _, o := range recipes[id].Outputs {
			require.Equal(t, share, o.Share.String(), id)
		}
	}
	require.Equal(t, massbalance.FixedShares, recipes["cocoa-press-2018"].Attribution)
	require.Equal(t, massbalance.AnyDerivative, recipes["cocoa-press-2017"].Attribution)
}

// CIRAD's milk equivalents on the basis of solids.
func TestMilkSolids(t *testing.T) {
	_, recipes := read(t)
	equivalents := map[massbalance.ProductID]string{
		"milk": "1/1", "milk-fresh-cheese": "2/1", "milk-dry-cheese": "22/5", "milk-powder": "38/5", "butter": "33/5", "butteroil": "8/1",
	}
	require.Len(t, recipes["dairy"].Components, 1)
	for _, c := range recipes["dairy"].Components[0].Contents {
		require.Equal(t, equivalents[c.Product], c.Content.String(), c.Product)
		delete(equivalents, c.Product)
	}
	require.Empty(t, equivalents)
}
