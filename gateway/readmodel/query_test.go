package readmodel_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/weighbridge/weighbridge/chaincode/massbalance"
	"github.com/weighbridge/weighbridge/gateway/readmodel"
	"github.com/weighbridge/weighbridge/gateway/readmodel/ledgertest"
)

func TestFilters(t *testing.T) {
	_, m := season(t)
	read(t, m, func(s *readmodel.Snapshot) {
		count := func(n int, err error) int { require.NoError(t, err); return n }
		lots := func(f readmodel.LotFilter) int {
			page, err := s.Lots(f, readmodel.Page{})
			return count(len(page.Items), err)
		}
		require.Equal(t, 4, lots(readmodel.LotFilter{Site: "elevator"}))
		require.Equal(t, 3, lots(readmodel.LotFilter{Site: "elevator", Available: true}), "INT-1 is spent")
		require.Zero(t, lots(readmodel.LotFilter{Site: "elevator", Product: "wheat-flour"}))
		transfers := func(f readmodel.TransferFilter) int {
			page, err := s.Transfers(f, readmodel.Page{})
			return count(len(page.Items), err)
		}
		require.Equal(t, 5, transfers(readmodel.TransferFilter{Site: "mill"}))
		require.Equal(t, 4, transfers(readmodel.TransferFilter{Site: "mill", Direction: readmodel.In}))
		require.Equal(t, 1, transfers(readmodel.TransferFilter{Site: "mill", Direction: readmodel.Out}))
		require.Equal(t, 1, transfers(readmodel.TransferFilter{Site: "mill", Status: massbalance.Rejected}))
		sites, err := s.Sites("growers", readmodel.Page{})
		require.Equal(t, 2, count(len(sites.Items), err))
		claims, err := s.Claims(readmodel.ClaimFilter{Site: "brand-hub"}, readmodel.Page{})
		require.Equal(t, 1, count(len(claims.Items), err))
		statements, err := s.Statements(readmodel.StatementFilter{Holder: "growers"}, readmodel.Page{})
		require.Equal(t, 3, count(len(statements.Items), err))
		require.Equal(t, "170700", statements.Items[0].Introduced.String())
		certificates, err := s.Certificates("miller", readmodel.Page{})
		require.Zero(t, count(len(certificates.Items), err))
		recipes, err := s.Recipes("wheat", readmodel.Page{})
		require.Equal(t, 1, count(len(recipes.Items), err))
	})
}

func TestPagesJoinUpInBothDirections(t *testing.T) {
	_, m := season(t)
	read(t, m, func(s *readmodel.Snapshot) {
		whole, err := s.Entries(readmodel.EntryFilter{}, readmodel.Page{})
		require.NoError(t, err)
		require.Zero(t, whole.Next)
		for _, newest := range []bool{false, true} {
			var joined []uint64
			page := readmodel.Page{Limit: 7, Newest: newest}
			for {
				part, err := s.Entries(readmodel.EntryFilter{}, page)
				require.NoError(t, err)
				for _, e := range part.Items {
					joined = append(joined, e.Position)
				}
				if part.Next == 0 {
					break
				}
				page.After = part.Next
			}
			require.Len(t, joined, len(whole.Items))
			for i, position := range joined {
				want := uint64(i + 1)
				if newest {
					want = uint64(len(joined) - i)
				}
				require.Equal(t, want, position)
			}
		}
	})
}

// What the read model keeps must be enough for an auditor to add the ledger up again.
func TestEntriesAreEnoughForARecount(t *testing.T) {
	l, m := season(t)
	var want, got []massbalance.Entry
	for _, b := range l.Blocks() {
		for _, tx := range b.Transactions {
			want = append(want, tx.Entries...)
		}
	}
	read(t, m, func(s *readmodel.Snapshot) {
		page, err := s.Entries(readmodel.EntryFilter{}, readmodel.Page{Limit: readmodel.MaxLimit})
		require.NoError(t, err)
		for _, e := range page.Items {
			got = append(got, e.Entry)
		}
	})
	require.Equal(t, len(want), len(got))
	for i := range want {
		require.Equal(t, want[i].Command.Content, got[i].Command.Content)
		require.Equal(t, want[i].Record.Entry, got[i].Record.Entry)
		require.Equal(t, want[i].Block, got[i].Block)
	}
	require.Empty(t, massbalance.Recount(got).Findings)
}

func TestCommandTransactionAndWhatIsMissing(t *testing.T) {
	_, m := season(t)
	read(t, m, func(s *readmodel.Snapshot) {
		entry, err := s.Command("growers", "INT-1")
		require.NoError(t, err)
		require.Equal(t, "growers/INT-1/1", entry.Record.Subject)
		tx, err := s.Transaction(entry.Record.Transaction)
		require.NoError(t, err)
		require.Equal(t, entry.Block, tx.Block)
		require.Equal(t, "VALID", tx.Code)

		var missing *readmodel.NotFound
		_, err = s.Command("miller", "INT-1")
		require.ErrorAs(t, err, &missing)
		_, err = s.Transaction("nothing")
		require.ErrorAs(t, err, &missing)
		_, err = s.Trace("brand/nothing")
		require.ErrorAs(t, err, &missing)
		_, err = readmodel.Need[massbalance.Lot](s, massbalance.LotKey("a/b/1"))
		require.EqualError(t, err, "there is no lot a/b/1")
	})
}

func TestTraceReachesTheFarms(t *testing.T) {
	_, m := season(t)
	read(t, m, func(s *readmodel.Snapshot) {
		trace, err := s.Trace("brand/CLM-1")
		require.NoError(t, err)
		require.Len(t, trace.Origins, 2)
		require.Equal(t, "Hof Lindenau", trace.Origins[0].Statement.Producer)
		require.Equal(t, "11999.999", trace.Origins[0].Quantity.String(), "two lots of the farm were joined in the mill")
		require.Equal(t, "Gut Seeberg", trace.Origins[1].Statement.Producer)
		require.Equal(t, "8000.777", trace.Origins[1].Quantity.String())
		require.Equal(t, "0.001", trace.Rounding.String())
		require.Equal(t, massbalance.LotID("brand/RCV-1/2"), trace.Path[0].Lot.ID)
		require.Len(t, trace.Path, 12)
	})
}

// Two lots of equal characteristics join into one and are told apart again,
// with nothing lost but what is stated.
func TestTraceSharesJoinedLotsAndStatesRounding(t *testing.T) {
	l := ledgertest.New(t)
	l.Found()
	l.Documents()
	introduce := func(id massbalance.CommandID, kg string) {
		l.Must("growers", ledgertest.Command(id, "2026-08-03", massbalance.Introduce{
			Site: "elevator", Certifier: "certifier", Statement: "VS-2026-011", Quantity: ledgertest.Kg(kg),
			Model: massbalance.Segregated, Evidence: massbalance.EvidenceID(id)}))
	}
	introduce("A", "1")
	introduce("B", "1")
	introduce("C", "1")
	l.Must("growers", ledgertest.Command("D", "2026-08-04", massbalance.Dispatch{
		Site: "elevator", To: "mill", Product: "wheat", Quantity: ledgertest.Kg("3"),
		Lines: []massbalance.LotLine{{Lot: "growers/A/1", Quantity: ledgertest.Kg("1")}, {Lot: "growers/B/1", Quantity: ledgertest.Kg("1")}, {Lot: "growers/C/1", Quantity: ledgertest.Kg("1")}}}))
	l.Must("miller", ledgertest.Command("R", "2026-08-05", massbalance.Receive{Site: "mill", Transfer: "growers/D", Quantity: ledgertest.Kg("3"), Evidence: "R"}))
	l.Must("miller", ledgertest.Command("CLM", "2026-08-05", massbalance.ClaimCredits{
		Site: "mill", Product: "wheat", Lines: []massbalance.LotLine{{Lot: "miller/R/1", Quantity: ledgertest.Kg("1")}},
		Beneficiary: "b", ReportingYear: 2026, Purpose: "p"}))
	m := open(t, t.TempDir())
	apply(t, m, l.Blocks())
	read(t, m, func(s *readmodel.Snapshot) {
		trace, err := s.Trace("miller/CLM")
		require.NoError(t, err)
		require.Len(t, trace.Origins, 1, "one statement behind all three")
		require.Equal(t, "0.999", trace.Origins[0].Quantity.String())
		require.Len(t, trace.Origins[0].Lots, 3)
		require.Equal(t, "0.001", trace.Rounding.String())
	})
}
