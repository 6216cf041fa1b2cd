package massbalance

import "fmt"

// CustodyModel is one of the chain of custody models of ISO 22095:2020, 3.3.
type CustodyModel string

// The models, strictest first.
const (
	IdentityPreserved  CustodyModel = "identity_preserved"
	Segregated         CustodyModel = "segregated"
	ControlledBlending CustodyModel = "controlled_blending"
	MassBalance        CustodyModel = "mass_balance"
	BookAndClaim       CustodyModel = "book_and_claim"
)

// CustodyModels lists the models from the strictest to the loosest.
var CustodyModels = []CustodyModel{IdentityPreserved, Segregated, ControlledBlending, MassBalance, BookAndClaim}

// Level is 5 for identity preserved down to 1 for book and claim; 0 for
// anything that is not a model.
func (m CustodyModel) Level() int {
	for i, model := range CustodyModels {
		if m == model {
			return len(CustodyModels) - i
		}
	}
	return 0
}

// Valid reports whether m is one of the five models.
func (m CustodyModel) Valid() bool { return m.Level() > 0 }

// Physical reports whether the model ties attributes to shipments; book and
// claim does not.
func (m CustodyModel) Physical() bool { return m.Level() > BookAndClaim.Level() }

// lower returns the looser of two models: on merge the lowest level wins (I9).
func (m CustodyModel) lower(other CustodyModel) CustodyModel {
	if other.Level() < m.Level() {
		return other
	}
	return m
}

// Wording is what a claim under the model may say of the product (ISO 22095
// leaves the words to the schemes; the difference between the models it does
// not): only the first three speak of what is in the product.
func (m CustodyModel) Wording() string {
	switch m {
	case IdentityPreserved:
		return "The product comes from the named source and was kept apart from all other material."
	case Segregated:
		return "The product comes from sources with these characteristics and was kept apart from all other material."
	case ControlledBlending:
		return "The stated share of the product comes from sources with these characteristics."
	case MassBalance:
		return "The product was attributed this quantity with these characteristics by mass balance; it need not physically contain it."
	case BookAndClaim:
		return "The claimant supports the production of this quantity with these characteristics; it is not linked to the product's physical supply chain."
	}
	return ""
}

// origin names the single source of a lot whose identity is preserved.
type origin struct {
	certifier OrganisationID
	statement StatementID
}

// leaving describes lots as they leave a site in one body of material, under
// one model: the lowest among them, for on merge the lowest level wins. Several
// sources together are no longer identity preserved. Material that is only
// partly attributed mixes in other material: it is controlled blending if that
// was asked for and the share is no greater than in any lot, and else mass
// balance. A looser model may be asked for, a stricter one not (I9).
func leaving(lots []Lot, lines []LotLine, physical Quantity, asked CustodyModel) ([]TransferLine, error) {
	if len(lots) == 0 {
		return nil, nil
	}
	model, share, err := together(lots)
	if err != nil {
		return nil, err
	}
	if total := sumLines(lines); physical.Less(total) {
		// The caller refuses this with its own words.
		share = Ratio{}
	} else if total.Less(physical) || model == ControlledBlending {
		blended, err := RatioOf(total, physical)
		if err != nil {
			return nil, refuse(InvalidCommand, "quantities: %v", err)
		}
		controlled := model == ControlledBlending || asked == ControlledBlending && model.Level() > asked.Level()
		if controlled && !blended.Exceeds(share) {
			model, share = ControlledBlending, blended
		} else {
			model = model.lower(MassBalance)
		}
	}
	if asked != "" && asked.Level() > model.Level() {
		return nil, refuse(CustodyModelRaised, "these lots can leave as %s at best, not as %s", model, asked)
	}
	if asked != "" && asked != ControlledBlending {
		model = asked
	}
	return linesOf(lots, lines, model, share), nil
}

// together is the model and the greatest share of lots in one body of material.
func together(lots []Lot) (CustodyModel, Ratio, error) {
	model, share := IdentityPreserved, Ratio{1, 1}
	origins := map[origin]bool{}
	for _, lot := range lots {
		if !lot.Model.Physical() {
			return "", share, refuse(WrongModel, "lot %s is %s: it is not tied to material and can only be transferred as credits", lot.ID, lot.Model)
		}
		model = model.lower(lot.Model)
		if lot.Model == ControlledBlending && share.Exceeds(lot.Share) {
			share = lot.Share
		}
		origins[origin{lot.Certifier, lot.Statement}] = true
	}
	if len(origins) > 1 {
		model = model.lower(Segregated)
	}
	return model, share, nil
}

func linesOf(lots []Lot, lines []LotLine, model CustodyModel, share Ratio) []TransferLine {
	out := make([]TransferLine, 0, len(lots))
	for i, lot := range lots {
		line := TransferLine{Lot: lot.ID, Quantity: lines[i].Quantity, Characteristics: lot.Characteristics, Model: model, Scheme: lot.Scheme}
		switch model {
		case IdentityPreserved:
			line.Certifier, line.Statement = lot.Certifier, lot.Statement
		case ControlledBlending:
			line.Share = share
		}
		out = append(out, line)
	}
	return out
}

func (b Downgrade) check() string {
	if b.Model != Segregated && b.Model != ControlledBlending && b.Model != MassBalance {
		return fmt.Sprintf("model: nothing is stepped down to %q; leave book and claim to decouple", b.Model)
	}
	if (b.Model == ControlledBlending) == b.Quantity.IsZero() {
		return "quantity: controlled blending, and only that, names the quantity of the blend"
	}
	if len(b.Lines) == 0 || !ValidName(string(b.Product)) || !ValidName(string(b.Site)) {
		return fmt.Sprintf("site %q and product %q must be names, and lines name the lots", b.Site, b.Product)
	}
	return checkLines(b.Lines)
}

// Downgrade steps lots down to a looser model; there is no way back (I9).
func (b Downgrade) execute(e *execution) error {
	return e.restate(b.Site, b.Product, b.Product, b.Lines, func(lots []Lot) ([]TransferLine, error) {
		for _, lot := range lots {
			if lot.Model.Level() <= b.Model.Level() {
				return nil, refuse(CustodyModelRaised, "lot %s is %s already, which is no stricter than %s", lot.ID, lot.Model, b.Model)
			}
		}
		if b.Model != ControlledBlending {
			return linesOf(lots, b.Lines, b.Model, Ratio{}), nil
		}
		if total := sumLines(b.Lines); b.Quantity.Less(total) {
			return nil, lacking(AttributionExceeds, b.Quantity, total, "the lots in a blend cannot exceed it")
		}
		return leaving(lots, b.Lines, b.Quantity, ControlledBlending)
	})
}

// restate replaces lots by others at the same site, of the same product or of
// another one.
func (e *execution) restate(site SiteID, from, product ProductID, lines []LotLine, as func([]Lot) ([]TransferLine, error)) error {
	books, err := e.open(site)
	if err != nil {
		return err
	}
	lots, err := books.usable(from, lines, "")
	if err != nil {
		return err
	}
	restated, err := as(lots)
	if err != nil {
		return err
	}
	if err := books.checkModels(restated); err != nil {
		return err
	}
	process := Holder{Kind: HolderConversion, ID: e.reference()}
	if err := books.out(from, Quantity{}, lots, lines, process); err != nil {
		return err
	}
	for _, g := range blends(books.clear(restated)) {
		books.credits = !g.Model.Physical() // of one restatement all or none are
		books.create(g.lot(product, g.total), process)
	}
	if err := books.in(product, Quantity{}, sumLines(lines)); err != nil {
		return err
	}
	e.record.Subject = process.ID
	books.close()
	return nil
}
