package proof_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/weighbridge/weighbridge/chaincode/massbalance"
	"github.com/weighbridge/weighbridge/chaincode/wire"
	"github.com/weighbridge/weighbridge/gateway/readmodel"
	"github.com/weighbridge/weighbridge/gateway/readmodel/ledgertest"
)

// A sweep over the whole ledger: no text and no figure of any record that is not
// shown is in the file, unless a record that is shown says it as well. What stays
// visible beyond that is said in doc.go.
func TestNothingOfOtherCustomersIsInABundle(t *testing.T) {
	c := seasoned(t)
	l := c.ledger
	l.Must(ledgertest.Growers, ledgertest.Command("OTHER-1", "2026-08-27", massbalance.Dispatch{Site: "elevator", To: "silo-north", Product: "wheat", Quantity: ledgertest.Kg("7131.917"),
		Lines: []massbalance.LotLine{line("growers/INT-2/1", "7131.917")}, Documents: []massbalance.EvidenceID{"CMR-OTHER"}}))
	l.Must(ledgertest.Brand, ledgertest.Command("OTHER-2", "2026-09-01", massbalance.ClaimCredits{Site: "brand-hub", Product: "wheat-flour",
		Lines: []massbalance.LotLine{line("brand/RCV-1/2", "613.271")}, Beneficiary: "A rival's biscuits", ReportingYear: 2026, Purpose: "Sold to a rival"}))
	b := c.bundle(claim, c.signed(everybody()...))
	data, err := wire.Format(b)
	require.NoError(t, err)
	shown := map[int64]bool{}
	for _, leaf := range b.Leaves {
		shown[leaf.Index] = true
	}
	said, hidden := map[string]bool{}, map[string]bool{}
	for _, r := range b.Register { // keys of the log, and what happened since
		var told any
		if r.Value != "" {
			require.NoError(t, json.Unmarshal([]byte(r.Value), &told))
			texts(told, said)
		}
	}
	require.NoError(t, c.model.Read(t.Context(), func(s *readmodel.Snapshot) error {
		size, err := s.LogSize()
		require.NoError(t, err)
		for index := range size {
			one, err := s.Leaf(index)
			require.NoError(t, err)
			for _, value := range []any{one.Entry.Command, one.Entry.Record} {
				text, err := wire.Format(value)
				require.NoError(t, err)
				var parsed any
				require.NoError(t, json.Unmarshal(text, &parsed))
				if shown[index] {
					texts(parsed, said)
				} else {
					texts(parsed, hidden)
				}
			}
		}
		return nil
	}))
	swept := 0
	for text := range hidden {
		if said[text] || len(text) < 5 {
			continue
		}
		swept++
		require.False(t, strings.Contains(string(data), `"`+text+`"`), text)
		if strings.ContainsAny(text, " -.") {
			require.False(t, strings.Contains(string(data), text), text)
		}
	}
	require.Greater(t, swept, 30, "the ledger says much that the claim does not need")
	for _, text := range []string{"A rival's biscuits", "613.271", "7131.917", "CMR-OTHER", "OTHER-1"} {
		require.True(t, hidden[text] && !said[text], text)
	}
}

// texts collects all texts of a value.
func texts(value any, into map[string]bool) {
	switch value := value.(type) {
	case string:
		into[value] = true
	case []any:
		for _, one := range value {
			texts(one, into)
		}
	case map[string]any:
		for _, one := range value {
			texts(one, into)
		}
	}
}
