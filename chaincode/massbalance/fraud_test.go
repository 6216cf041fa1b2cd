package massbalance_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	. "github.com/weighbridge/weighbridge/chaincode/massbalance"
	"github.com/weighbridge/weighbridge/chaincode/wire"
)

// This file plays the fraud and failure cases of the field on the ledger and
// shows where it stops them, or says what it cannot see. Those that need a chapter
// of their own are elsewhere: fraud found after the sale, and the taint of a pool,
// in recall_test; a wrong booking in reversal_test; mixed schemes in land_test; a
// buyer who claims too many credits in audit_test.

// Forged upstream certificates (organic cotton, India 2020: 20,000 t on fake
// transaction certificates behind a cloned web site). A document counts by the
// signature of a recognised key, not by where it can be looked up. What a
// certifier signed in good faith on forged grounds is recalled, see recall_test.
func TestFraudForgedCertificates(t *testing.T) {
	l, cloned := founded(t), empty(t)
	l.refuses([]refusal{
		{"a statement of a cloned certifier", SignatureInvalid, "growers", cloned.statement("fake", nil), ""},
		{"a certificate of one", SignatureInvalid, "growers", cloned.certificate("fake", nil), ""},
		{"credit without a statement", NotFound, "growers", with(introduce("20000000", "T1"), func(b *Introduce) { b.Statement = "fake" }), ""},
	})
}

// Phantom movement (organic cotton: "no material movement actually took place",
// the shipping company did not exist). Where sender and receiver both sign, the
// ledger cannot see that no lorry drove. What it does see: the shipment used up
// stock and credit that came in on a weighbridge ticket and a statement, the
// delivery document counts once, and nobody ends up with more than came in. The
// physical check stays with the auditor, who finds both signatures and the
// document's number.
func TestFraudPhantomShipmentMakesNoCredit(t *testing.T) {
	l, transfer := shipped(t)
	introduced := l.check().Characteristics[characteristics().ID()].Introduced
	l.must("miller", Receive{Site: "mill", Transfer: transfer, Quantity: kg("50000"), Evidence: "W1"})
	l.refuses([]refusal{
		{"the same delivery note again", EvidenceUsed, "growers", Dispatch{Site: "elevator", To: "mill", Product: "wheat", Quantity: kg("1000"), Documents: []EvidenceID{"CMR1"}}, ""},
		{"the same weighbridge ticket again", EvidenceUsed, "miller", TakeIn{Site: "mill", Product: "wheat", Quantity: kg("50000"), Evidence: "W1"}, ""},
		{"received a second time", TransferResolved, "miller", Receive{Site: "mill", Transfer: transfer, Quantity: kg("50000"), Evidence: "W2"}, ""},
		{"material that was never there", InsufficientStock, "growers", Dispatch{Site: "elevator", To: "mill", Product: "wheat", Quantity: kg("50000.001")}, "0.001"},
	})
	require.Equal(t, introduced, l.check().Characteristics[characteristics().ID()].Introduced)
}

// The certified share explodes (cocoa, Côte d'Ivoire 2024: "97 % of our cocoa is
// Fairtrade certified. That's not possible"). Each producer group has a quota,
// so the share cannot grow beyond what was set; a region can have a limit, see
// TestRegionLimits; and a suspension stops all of it.
func TestFraudCertifiedShareExplodes(t *testing.T) {
	l := founded(t)
	l.must("growers", l.certificate("group", func(c *Certificate) { c.Quotas = []Quota{{"wheat", kg("10000")}} }))
	for _, id := range []string{"g1", "g2", "g3"} {
		l.must("growers", l.statement(id, func(s *Statement) { s.Certificate = "group" }))
	}
	share := func(id StatementID, quantity string) Introduce {
		return with(introduce(quantity, "T-"+string(id)), func(b *Introduce) { b.Statement = id })
	}
	l.must("growers", share("g1", "9000"))
	l.refuses([]refusal{{"97 of 100 t", ExceedsQuota, "growers", share("g2", "88000"), "87000"}})
	l.must("growers", share("g2", "1000"))
	l.must("brand", l.standing("stop", Suspended, day, func(s *Standing) { s.Certificate = "group" }))
	l.refuses([]refusal{{"the programme is suspended", CertificateSuspended, "growers", share("g3", "1"), ""}})
}

// Two books that differ (flooring 2017-18: far less claimed sold than claimed
// purchased). There is one record of a transfer, and both parties guard it.
func TestFraudSoldAndBoughtCannotDiffer(t *testing.T) {
	l, transfer := shipped(t)
	l.refuses([]refusal{
		{"more bought than sold", WeightOutOfTolerance, "miller", Receive{Site: "mill", Transfer: transfer, Quantity: kg("60000")}, "9750"},
		{"bought by somebody else", NotOwner, "brand", Receive{Site: "shop", Transfer: transfer, Quantity: kg("50000")}, ""},
	})
	l.must("miller", Receive{Site: "mill", Transfer: transfer, Quantity: kg("50000")})
	require.Equal(t, l.account("elevator", "wheat").CreditOut.String(), l.account("mill", "wheat").CreditIn.String())
	l.refuses([]refusal{{"taken back after the sale", TransferResolved, "growers", Return{Site: "elevator", Transfer: transfer, Quantity: kg("50000")}, ""}})
}

// More out than in along the chain (bamboo and charcoal: 591 holders checked, 22
// false claims). Conservation holds across organisations, at every command.
func TestFraudMoreOutThanIn(t *testing.T) {
	l, flour := milled(t)
	l.must("miller", TakeIn{Site: "mill", Product: "wheat", Quantity: kg("10000"), Evidence: "T1"})
	l.refuses([]refusal{
		{"more flour than wheat gives", ConversionExceeds, "miller", Convert{Site: "mill", Recipe: "milling", Quantity: kg("10000"), Outputs: []Output{{"flour", kg("7200.001")}}}, "0.001"},
		{"more flour sold than milled", InsufficientStock, "miller", Dispatch{Site: "mill", To: "bakery", Product: "flour", Quantity: kg("36001")}, "1"},
		{"more of it certified than was", InsufficientCredit, "miller", Dispatch{Site: "mill", To: "bakery", Product: "flour", Quantity: kg("36000"), Lines: []LotLine{{flour, kg("28801")}}}, "1"},
	})
}

// Refusal to hand over data (charcoal, Brazil: volumes did not match, no
// invoices; blocked). The ledger has no clock that could find a deadline missed,
// so the certifier blocks, by a signed suspension that any member relays.
func TestFraudRefusalToSupplyData(t *testing.T) {
	l, first, _ := stocked(t)
	l.must("brand", l.standing("block", Suspended, day, func(s *Standing) { s.Reason = "invoices not handed over" }))
	l.refuses([]refusal{
		{"ships", CertificateSuspended, "growers", Dispatch{Site: "elevator", To: "mill", Product: "wheat", Quantity: kg("1"), Lines: []LotLine{{first, kg("1")}}}, ""},
		{"claims", CertificateSuspended, "growers", ClaimCredits{Site: "elevator", Product: "wheat", Lines: []LotLine{{first, kg("1")}}, Beneficiary: "B", ReportingYear: 2026, Purpose: "p"}, ""},
		{"converts to credits", CertificateSuspended, "growers", Decouple{"elevator", "wheat", []LotLine{{first, kg("1")}}}, ""},
	})
}

// Conventional grain sold as organic (more than 142 million dollars, 2010-2017).
// Conventional material has stock and no credit, and a statement gives no more
// than its hectares can bear.
func TestFraudConventionalSoldAsOrganic(t *testing.T) {
	l := founded(t)
	l.must("growers", l.statement("small", func(s *Statement) { s.Area = hectares("1") }))
	l.must("growers", TakeIn{Site: "elevator", Product: "wheat", Quantity: kg("100000"), Supplier: "Farm X", Evidence: "T1"})
	require.True(t, l.account("elevator", "wheat").Credit().IsZero())
	l.refuses([]refusal{
		{"introduced on another farm's hectare", ExceedsYield, "growers", with(introduce("100000", "T2"), func(b *Introduce) { b.Statement = "small" }), "91000"},
		{"with the ticket of the conventional load", EvidenceUsed, "growers", introduce("100000", "T1"), ""},
		{"claimed out of nothing", NotFound, "growers", ClaimCredits{Site: "elevator", Product: "wheat", Lines: []LotLine{{"growers/T1/1", kg("1")}}, Beneficiary: "B", ReportingYear: 2026, Purpose: "p"}, ""},
	})
}

// Overselling (a quota sold before the harvest fell 20 % short). Credit comes of
// what crossed the weighbridge, not of what was estimated.
func TestFraudOversoldHarvest(t *testing.T) {
	l := founded(t)
	lot := LotID(l.must("growers", introduce("80000", "T1")).Subject)
	sell := Dispatch{Site: "elevator", To: "mill", Product: "wheat", Quantity: kg("80000"), Lines: []LotLine{{lot, kg("100000")}}}
	l.refuses([]refusal{
		{"all that was verified", AttributionExceeds, "growers", sell, "20000"},
		{"with conventional grain under it", InsufficientStock, "growers", with(sell, func(b *Dispatch) { b.Quantity = kg("100000") }), "20000"},
	})
	l.must("growers", TakeIn{Site: "elevator", Product: "wheat", Quantity: kg("20000"), Evidence: "T2"})
	l.refuses([]refusal{{"that really being there", InsufficientCredit, "growers", with(sell, func(b *Dispatch) { b.Quantity = kg("100000") }), "20000"}})
}

// One harvest under two schemes, and one harvest before two certifiers (UNTP: an
// input "cannot be re-presented to a different third party"). The field's size
// is the same for all certifiers; the legitimate way is one statement that names
// both schemes, see TestSeveralSchemesOneVolume.
func TestFraudSameHarvestTwice(t *testing.T) {
	l, other := founded(t), empty(t)
	l.adopt(RegisterOrganisation{Member{Organisation: "second", Name: "Second certifier", Role: Certification}})
	point, err := wire.PublicKey(&other.key.PublicKey)
	require.NoError(t, err)
	l.adopt(RegisterCertifier{Certifier{ID: "second", Keys: []SigningKey{{ID: "k1", Point: point}}}})
	l.must("growers", other.certificate("bio", func(c *Certificate) { c.Certifier, c.Scheme = "second", "organic" }))
	l.must("growers", l.statement("field", parcel("FR-12", "20", "20")))
	again := func(ha string) PublishStatement {
		return other.statement("field", func(s *Statement) {
			parcel("FR-12", "20", ha)(s)
			s.Certifier, s.Certificate, s.Characteristics.Scheme = "second", "bio", "organic"
		})
	}
	l.refuses([]refusal{
		{"the field before a second certifier", ExceedsLand, "growers", again("20"), ""},
		{"a hectare of it", ExceedsLand, "growers", again("0.0001"), ""},
	})
	l.must("growers", with(introduce("100000", "T1"), func(b *Introduce) { b.Statement = "field" }))
	l.check()
}

// Methane capture counted in a proof of sustainability and sold once more as a
// carbon credit (acceptance test AT-23). Within the ledger a set of
// characteristics travels whole and is used once; a sale in a register outside
// it the ledger cannot see. It shows an outsider what was claimed, for when.
func TestFraudCharacteristicsSoldTwice(t *testing.T) {
	l, flour := milled(t)
	claim := ClaimCredits{Site: "mill", Product: "flour", Lines: []LotLine{{flour, kg("28800")}}, Beneficiary: "Fuel", ReportingYear: 2026, Purpose: "proof of sustainability"}
	l.must("miller", claim)
	l.refuses([]refusal{
		{"claimed in another regime", InsufficientCredit, "miller", with(claim, func(b *ClaimCredits) { b.Purpose = "carbon credit" }), "28800"},
		{"parted from its material afterwards", InsufficientCredit, "miller", Decouple{"mill", "flour", []LotLine{{flour, kg("1")}}}, "1"},
	})
}

// Reporting after the fact (the EU's Union Database: offline reporting "will
// lead to double counting"). A late entry goes into the open period, and shows
// the date on which it was made; a closed period takes nothing.
func TestFraudOfflineReporting(t *testing.T) {
	l, _, _ := stocked(t)
	l.must("growers", ClosePeriod{Site: "elevator", Period: period, Balances: []AccountBalance{{"wheat", kg("100000")}}})
	l.must("growers", OpenPeriod{"elevator", "2026-Q4", "2026-10-01", "2026-12-31"})
	l.refuses([]refusal{{"into the closed period", PeriodNotOpen, "growers", introduce("1", "T9"), ""}})
	late, err := wire.NewCommand(Command{ID: "late", Date: day, Period: "2026-Q4", Body: introduce("1", "T9")})
	require.NoError(t, err)
	require.Equal(t, DateOutsidePeriod, l.send("growers", late).Code)
}

// Feedstock relabelled (the Union Database: "not allowed and is illegal"). A
// lot's product never changes but by a recipe that the consortium adopted.
func TestFraudRelabelledFeedstock(t *testing.T) {
	l, flour := milled(t)
	l.refuses([]refusal{
		{"flour as wheat", ProductMismatch, "miller", Dispatch{Site: "mill", To: "bakery", Product: "wheat", Quantity: kg("1"), Lines: []LotLine{{flour, kg("1")}}}, ""},
		{"claimed as bran", ProductMismatch, "miller", ClaimCredits{Site: "mill", Product: "bran", Lines: []LotLine{{flour, kg("1")}}, Beneficiary: "B", ReportingYear: 2026, Purpose: "p"}, ""},
		{"by an output that the recipe has not", ProductMismatch, "miller", Convert{Site: "mill", Recipe: "milling", Quantity: kg("1"), Outputs: []Output{{"wheat", kg("1")}}}, ""},
		{"by a recipe that nobody adopted", NotFound, "miller", Convert{Site: "mill", Recipe: "alchemy", Quantity: kg("1"), Outputs: []Output{{"wheat", kg("1")}}}, ""},
	})
}

// A certificate is suspended after the sale. No scheme was read that would undo
// a clean sale: a suspension holds from its day on, and the buyer keeps what it
// received before. That a sale rested on fraud is for a recall to say.
func TestFraudSuspendedAfterTheSale(t *testing.T) {
	l, transfer := shipped(t)
	l.must("brand", l.standing("su", Suspended, "2026-08-04", nil))
	l.must("miller", Receive{Site: "mill", Transfer: transfer, Quantity: kg("50000")})
	require.Equal(t, "40000", l.account("mill", "wheat").Credit().String())
	require.Equal(t, CertificateSuspended, l.on("2026-08-04", "growers", introduce("1", "T9")).Code)
	l.check()
}
