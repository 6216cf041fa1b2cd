// Package starter holds products and recipes to begin with, for wheat, cocoa,
// palm, soy, sugar cane, cotton, coffee and milk. They are data: a consortium
// adopts those it agrees on, or others. Each recipe's source says where its
// factors are published, when, and how they came here: read in the publisher's
// own text, second-hand, or from memory and not verified. What is from memory
// is to be checked before it is adopted.
//
// A factor bounds what a conversion may yield, so of a published span the upper
// end stands in the recipe. Factors that are published the other way round, as
// kilograms of input per kilogram of output or as an addition, are turned over
// here and quoted as published in the source.
package starter

import (
	_ "embed" // recipes.json and products.json
	"fmt"

	"github.com/weighbridge/weighbridge/chaincode/massbalance"
	"github.com/weighbridge/weighbridge/chaincode/wire"
)

var (
	//go:embed products.json
	products []byte
	//go:embed recipes.json
	recipes []byte
)

// Products are the products that the recipes name, without yield caps: those
// belong to a region and a crop's statistics.
func Products() ([]massbalance.Product, error) {
	list, err := wire.Decode[[]massbalance.Product](products)
	if err != nil {
		return nil, fmt.Errorf("couldn't read the starter's products: %w", err)
	}
	return list, nil
}

// Recipes are the recipes, in the direction of processing.
func Recipes() ([]massbalance.Recipe, error) {
	list, err := wire.Decode[[]massbalance.Recipe](recipes)
	if err != nil {
		return nil, fmt.Errorf("couldn't read the starter's recipes: %w", err)
	}
	return list, nil
}
