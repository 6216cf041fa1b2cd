package trade_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/weighbridge/weighbridge/chaincode/massbalance"
	"github.com/weighbridge/weighbridge/gateway/trade"
)

// What another member put into the private data that both read has one form.
func FuzzReadTerms(f *testing.F) {
	_, terms := agree(f, quarter(true), trade.Price{
		Currency: "EUR", PerTonne: money("41.5"), Models: []trade.ModelPremium{{Model: massbalance.Segregated, PerTonne: money("55")}},
		Saving: &trade.SavingPremium{PerKg: money("0.05"), Region: "FRF2", Version: 1, Intensity: intensity("0.4")},
	})
	document, _, err := terms.Document()
	require.NoError(f, err)
	f.Add(document)
	f.Fuzz(func(t *testing.T, document []byte) {
		terms, err := trade.ReadTerms(document)
		if err != nil {
			return
		}
		again, _, err := terms.Document()
		require.NoError(t, err)
		require.Equal(t, string(document), string(again))
	})
}

func FuzzReadShare(f *testing.F) {
	shares, err := trade.Split(massbalance.PremiumIndex{}, "brand", []massbalance.OrganisationID{"brand", "miller"}, trade.Cents(1250), massbalance.Grams(1500))
	require.NoError(f, err)
	for _, share := range shares {
		document, err := share.Document()
		require.NoError(f, err)
		f.Add(document)
	}
	f.Fuzz(func(t *testing.T, document []byte) {
		share, err := trade.ReadShare(document)
		if err != nil {
			return
		}
		again, err := share.Document()
		require.NoError(t, err)
		require.Equal(t, string(document), string(again))
		trade.Sum([]trade.Share{share})
	})
}
