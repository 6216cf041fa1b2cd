package massbalance

import (
	"fmt"
	"math/big"
)

// Moisture is taken out once, where material crosses the weighbridge on its way
// in, and the books stay in kilograms at the product's reference moisture from
// then on. It belongs there and nowhere later: what a certifier verifies, what
// a hectare yields and what a recipe's factors say are all stated at a
// reference moisture, and water that was given credit as grain would, once the
// grain has dried, leave credit without material behind it. A site states its
// shipments, stocks and conversions of such a product at that moisture too. The
// command keeps the weight and the moisture of the ticket, so that an auditor
// finds both.

func checkWeighed(site SiteID, quantity Quantity, moisture Ratio, evidence EvidenceID) string {
	if !one.Exceeds(moisture) {
		return fmt.Sprintf("moisture: %s is not less than 1", moisture)
	}
	return checkMove(site, quantity, evidence)
}

// atReference gives the weight at the product's reference moisture: net weight
// × (1 − moisture) ÷ (1 − reference), rounded down to the gram. A weight given
// without a moisture is at the reference moisture already.
func (e *execution) atReference(id ProductID, net Quantity, moisture Ratio) (Quantity, error) {
	if moisture.IsZero() {
		return net, nil
	}
	product, err := need[Product](e, ProductKey(id))
	if err != nil {
		return net, err
	}
	if product.ReferenceMoisture.IsZero() {
		return net, refuse(NotFound, "there is no reference moisture of %s to bring the weight to", id)
	}
	dry, reference := new(big.Rat).Sub(one.rat(), moisture.rat()), new(big.Rat).Sub(one.rat(), product.ReferenceMoisture.rat())
	quantity := floorGrams(dry.Mul(dry, one.of(net)).Quo(dry, reference))
	if quantity.IsZero() {
		return net, refuse(InvalidCommand, "quantity: %s kg at moisture %s are less than a gram at %s", net, moisture, product.ReferenceMoisture)
	}
	return quantity, nil
}
