package massbalance

import "fmt"

// This file holds book and claim: credit without material. It begins with
// decoupling, moves from site to site by offer and acceptance, and ends in a
// claim or a cancellation. There is no way back to a model that moves with
// material, and every lot, transfer and claim on the way says what it is.

func (b Decouple) check() string {
	if len(b.Lines) == 0 || !ValidName(string(b.Product)) || !ValidName(string(b.Site)) {
		return fmt.Sprintf("site %q and product %q must be names, and lines name the lots", b.Site, b.Product)
	}
	return checkLines(b.Lines)
}

// Decouple leaves the material behind as undifferentiated stock.
func (b Decouple) execute(e *execution) error {
	return e.restate(b.Site, b.Product, b.Product, b.Lines, func(lots []Lot) ([]TransferLine, error) {
		for _, lot := range lots {
			if !lot.Model.Physical() {
				return nil, refuse(WrongModel, "lot %s is %s already", lot.ID, lot.Model)
			}
		}
		return linesOf(lots, b.Lines, BookAndClaim, Ratio{}), nil
	})
}

func (b TransferCredits) check() string {
	if !ValidName(string(b.To)) || b.To == b.Site {
		return fmt.Sprintf("to: %q is not a name, or is the sending site", b.To)
	}
	return Decouple{b.Site, b.Product, b.Lines}.check()
}

// TransferCredits puts credits in transit without a shipment.
func (b TransferCredits) execute(e *execution) error {
	books, err := e.open(b.Site)
	if err != nil {
		return err
	}
	to, err := e.destination(b.To)
	if err != nil {
		return err
	}
	lots, err := books.usable(b.Product, b.Lines, "")
	if err != nil {
		return err
	}
	for _, lot := range lots {
		if lot.Model.Physical() {
			return refuse(WrongModel, "lot %s is %s: it moves with material; decouple it to transfer it without", lot.ID, lot.Model)
		}
	}
	lines := linesOf(lots, b.Lines, BookAndClaim, Ratio{})
	if err := books.checkModels(lines); err != nil {
		return err
	}
	return books.send(to, Transfer{Product: b.Product, Lines: lines, Agreement: b.Agreement}, lots, b.Lines)
}

func (b AcceptCredits) check() string { return checkArrival(b.Site, b.Transfer) }

func (b AcceptCredits) execute(e *execution) error {
	return e.resolve(arrival{site: b.Site, transfer: b.Transfer, credits: true}, InTransit, Received)
}

func (b ReturnCredits) check() string { return checkArrival(b.Site, b.Transfer) }

func (b ReturnCredits) execute(e *execution) error {
	return e.resolve(arrival{site: b.Site, transfer: b.Transfer, credits: true}, Rejected, Returned)
}

func checkArrival(site SiteID, transfer TransferID) string {
	if transfer == "" || !ValidName(string(site)) {
		return fmt.Sprintf("transfer must be named, and site %q be a name", site)
	}
	return ""
}
