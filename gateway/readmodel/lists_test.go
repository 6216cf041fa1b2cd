package readmodel_test

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/weighbridge/weighbridge/chaincode/massbalance"
	"github.com/weighbridge/weighbridge/gateway/readmodel"
	"github.com/weighbridge/weighbridge/gateway/readmodel/ledgertest"
)

// joined reads a list in small pages.
func joined[T any](t *testing.T, page readmodel.Page, fetch func(readmodel.Page) (readmodel.Listing[T], error)) (items []T) {
	t.Helper()
	page.Limit = 2
	for {
		part, err := fetch(page)
		require.NoError(t, err)
		items = append(items, part.Items...)
		if part.Next == 0 {
			return items
		}
		page.After, page.AfterValue = part.Next, part.NextValue
	}
}

func TestSortedPagesJoinUpInBothDirections(t *testing.T) {
	_, m := season(t)
	read(t, m, func(s *readmodel.Snapshot) {
		lots := func(p readmodel.Page) (readmodel.Listing[massbalance.Lot], error) {
			return s.Lots(readmodel.LotFilter{}, p)
		}
		all := joined(t, readmodel.Page{}, lots)
		for _, newest := range []bool{false, true} {
			for by, before := range map[readmodel.Sort]func(a, b massbalance.Lot) bool{
				readmodel.ByProduct:  func(a, b massbalance.Lot) bool { return a.Product < b.Product },
				readmodel.ByQuantity: func(a, b massbalance.Lot) bool { return a.Quantity.Less(b.Quantity) },
			} {
				want := slices.Clone(all)
				if newest {
					slices.Reverse(want)
				}
				slices.SortStableFunc(want, func(a, b massbalance.Lot) int {
					switch {
					case before(a, b) != newest && !sameSort(a, b, before):
						return -1
					case sameSort(a, b, before):
						return 0
					}
					return 1
				})
				require.Equal(t, want, joined(t, readmodel.Page{By: by, Newest: newest}, lots), "%s %v", by, newest)
			}
			dates := joined(t, readmodel.Page{By: readmodel.ByDate, Newest: newest}, func(p readmodel.Page) (readmodel.Listing[readmodel.Entry], error) {
				return s.Entries(readmodel.EntryFilter{From: "2026-01-01"}, p)
			})
			require.True(t, slices.IsSortedFunc(dates, func(a, b readmodel.Entry) int {
				order := 1
				if newest {
					order = -1
				}
				switch {
				case a.Record.Date < b.Record.Date, a.Record.Date == b.Record.Date && a.Position < b.Position:
					return -order
				}
				return order
			}))
			require.Len(t, dates, len(joined(t, readmodel.Page{}, func(p readmodel.Page) (readmodel.Listing[readmodel.Entry], error) {
				return s.Entries(readmodel.EntryFilter{From: "2026-01-01"}, p)
			})))
		}
		_, err := s.Sites("", readmodel.Page{By: readmodel.ByDate})
		require.ErrorIs(t, err, readmodel.ErrSort)
	})
}

func sameSort(a, b massbalance.Lot, before func(a, b massbalance.Lot) bool) bool {
	return !before(a, b) && !before(b, a)
}

// What is filtered by one value and by all others together is the whole list.
func TestFurtherFilters(t *testing.T) {
	l, m := season(t)
	l.Must(ledgertest.Growers, ledgertest.Command("CLM-2", "2026-08-30", massbalance.ClaimCredits{
		Site: "elevator", Product: "wheat", Lines: []massbalance.LotLine{{Lot: "growers/INT-2/1", Quantity: ledgertest.Kg("1")}},
		Beneficiary: "x", ReportingYear: 2027, Purpose: "y"}))
	apply(t, m, l.Blocks()[m.Next():])
	read(t, m, func(s *readmodel.Snapshot) {
		lots := func(f readmodel.LotFilter) int {
			page, err := s.Lots(f, readmodel.Page{})
			require.NoError(t, err)
			return len(page.Items)
		}
		all := lots(readmodel.LotFilter{})
		require.Equal(t, all, lots(readmodel.LotFilter{Scheme: "REGEN-PLUS"}))
		require.Equal(t, all, lots(readmodel.LotFilter{Region: "DE-BB", Vintage: "2026"}))
		require.Zero(t, lots(readmodel.LotFilter{Vintage: "2025"}))
		require.Equal(t, all, lots(readmodel.LotFilter{Available: true})+lots(readmodel.LotFilter{Spent: true}))
		require.Equal(t, 4, lots(readmodel.LotFilter{Owner: "growers"}))
		require.Equal(t, 2, lots(readmodel.LotFilter{Certifier: "certifier", Statement: "VS-2026-011", Site: "elevator"}))
		require.Positive(t, lots(readmodel.LotFilter{Model: massbalance.Segregated}))
		claims := func(f readmodel.ClaimFilter) int {
			page, err := s.Claims(f, readmodel.Page{})
			require.NoError(t, err)
			return len(page.Items)
		}
		require.Equal(t, 2, claims(readmodel.ClaimFilter{Standing: true}))
		require.Equal(t, 1, claims(readmodel.ClaimFilter{Year: "2027"}))
		require.Equal(t, 1, claims(readmodel.ClaimFilter{From: "2026-08-31"}))
		require.Zero(t, claims(readmodel.ClaimFilter{Reversed: true}))
		transfers, err := s.Transfers(readmodel.TransferFilter{Organisation: "miller", Direction: readmodel.Out}, readmodel.Page{})
		require.NoError(t, err)
		require.Len(t, transfers.Items, 1)
		certifiers, err := readmodel.AllThings[massbalance.Certifier](s, massbalance.KindCertifier, readmodel.ThingFilter{})
		require.NoError(t, err)
		require.Len(t, certifiers, 1)
		require.Equal(t, "certifier", certifiers[0].Key.A)
		statements, err := s.Statements(readmodel.StatementFilter{Open: true, Vintage: "2026"}, readmodel.Page{})
		require.NoError(t, err)
		require.Len(t, statements.Items, 3)
	})
}
