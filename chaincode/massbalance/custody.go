package massbalance

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

// carried is the model under which credits leave when they travel with
// physical material: a shipment or conversion input that is only partly
// attributed mixes in other material, so it is mass balance at best; one that
// joins several sets of characteristics is no longer a single origin.
func carried(model CustodyModel, attributed, physical Quantity, sets int) CustodyModel {
	if attributed.Less(physical) {
		return model.lower(MassBalance)
	}
	if sets > 1 {
		return model.lower(Segregated)
	}
	return model
}
