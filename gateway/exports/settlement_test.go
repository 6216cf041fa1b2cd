package exports_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/weighbridge/weighbridge/chaincode/massbalance"
	"github.com/weighbridge/weighbridge/gateway/exports"
	"github.com/weighbridge/weighbridge/gateway/pdf/pdftest"
	"github.com/weighbridge/weighbridge/gateway/readmodel"
	"github.com/weighbridge/weighbridge/gateway/readmodel/ledgertest"
	"github.com/weighbridge/weighbridge/gateway/trade"
)

func money(t *testing.T, text string) trade.Money {
	m, err := trade.ParseMoney(text)
	require.NoError(t, err)
	return m
}

// A settlement says who owes what for which receipts, and that it is not settled
// as long as nobody confirmed it. Sixty lines take several pages.
func TestSettlementPaper(t *testing.T) {
	_, model := season(t)
	terms := trade.Terms{
		Salt: trade.NewSalt(), Seller: "growers", Buyer: "miller", Price: trade.Price{Currency: "EUR", PerTonne: money(t, "41.5"), Shortfall: money(t, "12")},
		Commitment: massbalance.Commitment{Product: "wheat", Specification: massbalance.Specification{Model: massbalance.MassBalance}, Salt: trade.NewSalt(),
			Periods: []massbalance.SupplyPeriod{{From: "2026-08-01", To: "2026-08-31", Minimum: ledgertest.Kg("2000000"), Maximum: ledgertest.Kg("3000000")}}},
	}
	_, digest, err := terms.Document()
	require.NoError(t, err)
	agreement := massbalance.Agreement{ID: "miller/ACC-1", Seller: "growers", Buyer: "miller", Terms: digest, Commitment: terms.Commitment}
	var receipts []trade.Receipt
	for range 60 {
		receipts = append(receipts, trade.Receipt{Transfer: "growers/DSP-1", Dispatched: "2026-08-10", Received: "2026-08-11", Model: massbalance.MassBalance,
			Parts: []trade.Part{{Characteristics: "set", Quantity: ledgertest.Kg("29990")}}})
	}
	statement, err := trade.Settle(agreement, terms, receipts, 1)
	require.NoError(t, err)
	read(t, model, func(s *readmodel.Snapshot) error {
		content, err := exports.Settlement(s, statement, exports.Address{URL: "https://gateway.example/agreements/miller/ACC-1/periods/1"})
		require.NoError(t, err)
		keep(t, "settlement.pdf", content)
		text := pdftest.Text(t, content)
		// 60 × 1,244.585, each rounded to the even 1,244.58, are 74,674.80; 200.6 t short at 12.00 are 2,407.20.
		for _, want := range []string{"72 267.60 EUR", "Oderbruch Mills pays Growers' Co-operative", "Not settled", "1 244.58", "74 674.80 EUR", "2 407.20 EUR", "200 600 kg", "Page 1 of 4"} {
			require.Contains(t, text, want)
		}
		again, err := exports.Settlement(s, statement, exports.Address{URL: "https://gateway.example/agreements/miller/ACC-1/periods/1"})
		require.Equal(t, content, again, "the same statement is the same paper")
		return err
	})
	owed, err := trade.Settle(agreement, terms, nil, 1)
	require.NoError(t, err)
	read(t, model, func(s *readmodel.Snapshot) error {
		content, err := exports.Settlement(s, owed, exports.Address{URL: "https://gateway.example/"})
		require.NoError(t, err)
		require.Contains(t, pdftest.Text(t, content), "owes Oderbruch Mills for what it did not deliver")
		return nil
	})
}
