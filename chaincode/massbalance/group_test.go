package massbalance_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	. "github.com/weighbridge/weighbridge/chaincode/massbalance"
)

// Credit goes to another product only within a product group of its scheme, and
// only as far as that product is there (ISCC, news of 13 May 2016).
func TestReassignWithinAProductGroup(t *testing.T) {
	l := depot(t, func(p *Profile) {
		p.ProductGroups = []ProductGroup{{"cereals", []ProductID{"rye", "wheat"}}}
	})
	l.adopt(RegisterProduct{Product{ID: "rye", Name: "Rye"}})
	lot := LotID(l.must("growers", deliver("1000", "T1")).Subject)
	segregated := LotID(l.must("growers", with(deliver("1000", "T2"), func(b *Introduce) { b.Model = Segregated })).Subject)
	l.must("growers", TakeIn{Site: "depot", Product: "rye", Quantity: kg("600"), Evidence: "T3"})
	to := Reassign{"depot", "wheat", "rye", []LotLine{{lot, kg("600")}}}
	l.refuses([]refusal{
		{"to itself", InvalidCommand, "growers", with(to, func(b *Reassign) { b.To = "wheat" }), ""},
		{"product unknown", NotFound, "growers", with(to, func(b *Reassign) { b.To = "gold" }), ""},
		{"another's site", NotOwner, "miller", to, ""},
		{"outside the group", ProductMismatch, "growers", with(to, func(b *Reassign) { b.To = "flour" }), ""},
		{"a lot that was kept apart", WrongModel, "growers", with(to, func(b *Reassign) { b.Lines[0].Lot = segregated }), ""},
	})
	to.Lines = []LotLine{{lot, kg("600")}}
	l.refuses([]refusal{{"more than there is rye", AttributionExceeds, "growers", with(to, func(b *Reassign) { b.Lines = []LotLine{{lot, kg("600.001")}} }), "0.001"}})
	l.must("growers", to)
	require.Equal(t, "600", l.account("depot", "rye").Credit().String())
	require.Equal(t, "1400", l.account("depot", "wheat").Credit().String())
	require.Equal(t, []LotLine{{lot, kg("600")}}, l.lot(l.lots("depot", "rye")[0]).Parents)
	l.refuses([]refusal{{"the rye is full", AttributionExceeds, "growers", with(to, func(b *Reassign) { b.Lines = []LotLine{{lot, kg("1")}} }), "1"}})
	l.check()
}
