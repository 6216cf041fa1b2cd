package readmodel_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/weighbridge/weighbridge/chaincode/massbalance"
	"github.com/weighbridge/weighbridge/gateway/readmodel"
	"github.com/weighbridge/weighbridge/gateway/readmodel/ledgertest"
)

// At each stock, what flows in is what flows out, of material and of credit.
func requireConserved(t *testing.T, f readmodel.Flow) {
	t.Helper()
	type sums struct{ in, out, creditIn, creditOut massbalance.Quantity }
	at := map[readmodel.FlowEnd]sums{}
	for _, l := range f.Links {
		to, from := at[l.To], at[l.From]
		to.in, to.creditIn = to.in.Add(l.Material), to.creditIn.Add(l.Credit)
		from.out, from.creditOut = from.out.Add(l.Material), from.creditOut.Add(l.Credit)
		at[l.To] = to
		at[l.From] = from
	}
	for end, s := range at {
		if end.Kind == readmodel.FlowStock {
			require.Equal(t, s.in.String(), s.out.String(), "material at %v", end)
			require.Equal(t, s.creditIn.String(), s.creditOut.String(), "credit at %v", end)
		}
	}
}

func TestFlowsConserveAtEveryStock(t *testing.T) {
	_, m := season(t)
	read(t, m, func(s *readmodel.Snapshot) {
		for _, span := range [][2]massbalance.Date{{"", ""}, {"2026-07-01", "2026-09-30"}, {"2026-08-08", "2026-08-19"}, {"2026-08-10", ""}, {"2027-01-01", ""}, {"", "2026-01-01"}} {
			f, err := s.Flow(span[0], span[1])
			require.NoError(t, err)
			requireConserved(t, f)
		}
	})
}

func TestFlowNamesWhereItBeginsAndEnds(t *testing.T) {
	_, m := season(t)
	read(t, m, func(s *readmodel.Snapshot) {
		f, err := s.Flow("", "")
		require.NoError(t, err)
		links := map[[2]readmodel.FlowEnd][2]string{}
		for _, l := range f.Links {
			links[[2]readmodel.FlowEnd{l.From, l.To}] = [2]string{l.Material.String(), l.Credit.String()}
		}
		stock := func(site massbalance.SiteID, product massbalance.ProductID) readmodel.FlowEnd {
			return readmodel.FlowEnd{Kind: readmodel.FlowStock, Site: site, Product: product}
		}
		end := func(kind readmodel.FlowKind) readmodel.FlowEnd { return readmodel.FlowEnd{Kind: kind} }
		wheat, mill := stock("elevator", "wheat"), stock("mill", "wheat")
		for ends, want := range map[[2]readmodel.FlowEnd][2]string{
			{{Kind: readmodel.FlowVerified, Product: "wheat"}, wheat}:   {"369620.625", "369620.625"},
			{{Kind: readmodel.FlowSupplier, Name: "Spot market"}, mill}: {"310000", "0"},
			{wheat, mill}:                                                  {"239640", "189400"},
			{wheat, end(readmodel.FlowTransit)}:                            {"49500.5", "49500.5"},
			{wheat, end(readmodel.FlowWeights)}:                            {"360", "0"},
			{end(readmodel.FlowWeights), mill}:                             {"40", "0"},
			{stock("brand-hub", "wheat-flour"), end(readmodel.FlowClaims)}: {"0", "20000.777"},
		} {
			require.Equal(t, want, links[ends], "%v", ends)
		}
	})
}

func TestFlowOfAReturnedTransferIsNone(t *testing.T) {
	l, m := season(t)
	l.Must(ledgertest.Growers, ledgertest.Command("RET-1", "2026-08-20", massbalance.Return{
		Site: "elevator", Transfer: "growers/DSP-3", Quantity: ledgertest.Kg("24490.5"), Evidence: "WB-R"}))
	apply(t, m, l.Blocks())
	read(t, m, func(s *readmodel.Snapshot) {
		f, err := s.Flow("", "")
		require.NoError(t, err)
		requireConserved(t, f)
		for _, link := range f.Links {
			if link.To.Kind == readmodel.FlowTransit {
				require.Equal(t, "25000", link.Material.String())
			}
		}
	})
}

func TestBookOfAPeriod(t *testing.T) {
	l, m := season(t)
	l.Must(ledgertest.Brand, massbalance.Command{ID: "CLOSE", Body: massbalance.ClosePeriod{Site: "brand-hub", Period: "2026-Q3",
		Balances: []massbalance.AccountBalance{{Product: "wheat-flour", Balance: ledgertest.Kg("50000")}}}})
	l.Must(ledgertest.Brand, massbalance.Command{ID: "OPEN-2", Body: massbalance.OpenPeriod{Site: "brand-hub", Period: "2026-Q4", From: "2026-10-01", To: "2026-12-31"}})
	l.Must(ledgertest.Brand, massbalance.Command{ID: "WD-1", Date: "2026-10-02", Period: "2026-Q4", Body: massbalance.Withdraw{
		Site: "brand-hub", Product: "wheat-flour", Quantity: ledgertest.Kg("10000"), Purpose: "Baked"}})
	apply(t, m, l.Blocks())
	read(t, m, func(s *readmodel.Snapshot) {
		kg := ledgertest.Kg
		closed, err := s.Book("brand-hub", "2026-Q3")
		require.NoError(t, err)
		require.True(t, closed.Closed)
		require.Equal(t, []string{"0", "50000", "0", "50000", "0", "45000.001", "20000.777", "24999.224"}, figures(closed.Lines[0]))
		open, err := s.Book("brand-hub", "2026-Q4")
		require.NoError(t, err)
		require.Equal(t, massbalance.PeriodID("2026-Q3"), open.Previous)
		require.True(t, open.Lines[0].OpeningStock.Equal(kg("50000")))
		require.True(t, open.Lines[0].MaterialOut.Equal(kg("10000")))
		require.True(t, open.Lines[0].ClosingStock.Equal(kg("40000")))
		require.True(t, open.Lines[0].MaterialIn.IsZero())
		periods, err := s.AllPeriods(readmodel.PeriodFilter{Open: true})
		require.NoError(t, err)
		require.Len(t, periods, 5)
	})
}

func figures(l readmodel.PeriodLine) (texts []string) {
	for _, q := range []massbalance.Quantity{l.OpeningStock, l.MaterialIn, l.MaterialOut, l.ClosingStock, l.OpeningCredit, l.CreditIn, l.CreditOut, l.ClosingCredit} {
		texts = append(texts, q.String())
	}
	return texts
}
