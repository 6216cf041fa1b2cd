package api_test

import (
	"crypto/sha256"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/weighbridge/weighbridge/chaincode/massbalance"
	"github.com/weighbridge/weighbridge/gateway/readmodel/ledgertest"
	"github.com/weighbridge/weighbridge/gateway/trade"
)

// bargain is what the parties to the story's agreement hold beside the ledger.
func bargain(t *testing.T) trade.Terms {
	t.Helper()
	price, err := trade.ParseMoney("44.123456")
	require.NoError(t, err)
	commitment := massbalance.Commitment{Product: "wheat", Specification: massbalance.Specification{Model: massbalance.MassBalance}, Salt: sha256.Sum256([]byte("commitment"))}
	for _, span := range [][2]massbalance.Date{
		{"2026-09-01", "2026-09-05"}, {"2026-09-06", "2026-09-10"}, {"2026-09-11", "2026-09-15"}, {"2026-09-16", "2026-09-20"}, {"2026-09-21", "2026-09-25"},
	} {
		commitment.Periods = append(commitment.Periods, massbalance.SupplyPeriod{From: span[0], To: span[1], Minimum: ledgertest.Kg("0"), Maximum: ledgertest.Kg("2000")})
	}
	return trade.Terms{
		Salt: sha256.Sum256([]byte("terms")), Seller: ledgertest.Growers, Buyer: ledgertest.Miller, Commitment: commitment,
		Price: trade.Price{Currency: "EUR", PerTonne: price}, Note: "As agreed by telephone",
	}
}

// keepBargain puts the terms where the parties' peers keep them.
func keepBargain(t *testing.T, vault *ledgertest.Vault) {
	t.Helper()
	document, _, err := bargain(t).Document()
	require.NoError(t, err)
	_, err = vault.Of(ledgertest.Growers).Keep(t.Context(), document, ledgertest.Miller)
	require.NoError(t, err)
}
