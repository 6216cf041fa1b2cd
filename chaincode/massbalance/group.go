package massbalance

import "fmt"

func (b Reassign) check() string {
	if !ValidName(string(b.To)) || b.To == b.Product {
		return fmt.Sprintf("to: %q is not a name, or is the product that the credit is of", b.To)
	}
	return Decouple{b.Site, b.Product, b.Lines}.check()
}

// Reassign gives credit of mass balance to another product of the same group:
// similar products of equal conversion factors, as the scheme's profile lists
// them (ISCC: credit moves within a product group). The product that gets it
// must be there to carry it, or a product that the site never had could be sold
// as certified. Without a group credit stays with its product.
func (b Reassign) execute(e *execution) error {
	return e.restate(b.Site, b.Product, b.To, b.Lines, func(lots []Lot) ([]TransferLine, error) {
		if _, err := need[Product](e, ProductKey(b.To)); err != nil {
			return nil, err
		}
		lines := linesOf(lots, b.Lines, MassBalance, Ratio{})
		all, err := e.govern(lines)
		if err != nil {
			return nil, err
		}
		for _, g := range all {
			if !g.profile.groups(b.Product, b.To) {
				return nil, refuse(ProductMismatch, "scheme %s has no product group of both %s and %s", g.Scheme, b.Product, b.To)
			}
		}
		for _, lot := range lots {
			if lot.Model != MassBalance {
				return nil, refuse(WrongModel, "lot %s is %s: only credit of mass balance goes to another product", lot.ID, lot.Model)
			}
		}
		account, _, err := find[Account](e, AccountKey(b.Site, b.To))
		if err != nil {
			return nil, err
		}
		room, total := account.Credit().Shortage(account.Stock()), sumLines(b.Lines)
		if room.Less(total) {
			return nil, lacking(AttributionExceeds, room, total, "%s kg of %s are in stock at %s and %s kg of credit with them", account.Stock(), b.To, b.Site, account.Credit())
		}
		return lines, nil
	})
}
