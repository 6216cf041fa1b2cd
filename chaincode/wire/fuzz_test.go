package wire_test

import (
	"encoding/json"
	"reflect"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/weighbridge/weighbridge/chaincode/massbalance"
	"github.com/weighbridge/weighbridge/chaincode/wire"
)

// Every kind of state value has one form, and no bytes are more than an error.
func FuzzParseValue(f *testing.F) {
	for i, value := range values {
		filled := reflect.New(reflect.TypeOf(value)).Elem()
		fill(filled, "")
		data, err := wire.FormatValue(filled.Interface().(massbalance.Value))
		require.NoError(f, err)
		f.Add(string(kindsOfValues[i]), data)
	}
	f.Fuzz(func(t *testing.T, kind string, data []byte) {
		value, err := wire.ParseValue(massbalance.Kind(kind), data)
		if err != nil {
			return
		}
		again, err := wire.FormatValue(value)
		require.NoError(t, err)
		require.Equal(t, string(data), string(again))
	})
}

// An answer in its old form is read from its canonical bytes alone; whatever is read as
// rows is read again from what is written of it.
func FuzzParseAnswer(f *testing.F) {
	commands := make([]massbalance.Command, 3)
	for _, sample := range samples() {
		if result, ok := sample.(massbalance.Result); ok {
			for _, paged := range []bool{false, true} {
				data, err := wire.FormatAnswer(paged, []massbalance.Result{result, {Code: massbalance.Accepted}, result})
				require.NoError(f, err)
				f.Add(data)
			}
		}
	}
	f.Add([]byte(`[]`))
	f.Fuzz(func(t *testing.T, data []byte) {
		wire.ShowAnswer(data)
		results, err := wire.ParseAnswer(data, commands)
		if err != nil {
			return
		}
		paged := data[0] == 0
		again, err := wire.FormatAnswer(paged, results)
		require.NoError(t, err)
		if !paged {
			require.Equal(t, string(data), string(again))
			return
		}
		back, err := wire.ParseAnswer(again, commands)
		require.NoError(t, err)
		require.Equal(t, results, back)
	})
}

// Every kind of signed document, read from the same bytes: at most one kind takes
// them, since the type is signed, and then its signature is over just these.
func FuzzParseSigned(f *testing.F) {
	for _, document := range []any{
		massbalance.Certificate{ID: "CERT-1"}, massbalance.Standing{}, massbalance.ReversalConsent{}, massbalance.CreditAudit{},
		massbalance.FraudFinding{ID: "FF-1"}, massbalance.BalanceConsent{}, massbalance.Statement{ID: "VS-1"},
	} {
		f.Add(wire.JWS(envelope(document)))
	}
	f.Fuzz(func(t *testing.T, jws string) {
		taken := 0
		took := func(e massbalance.Envelope, err error) {
			if err == nil {
				taken++
				require.Equal(t, jws, wire.JWS(e))
			}
		}
		certificate, err := wire.ParseSignedCertificate(jws)
		took(certificate.Envelope, err)
		standing, err := wire.ParseSignedStanding(jws)
		took(standing.Envelope, err)
		reversal, err := wire.ParseSignedReversalConsent(jws)
		took(reversal.Envelope, err)
		audit, err := wire.ParseSignedCreditAudit(jws)
		took(audit.Envelope, err)
		finding, err := wire.ParseSignedFinding(jws)
		took(finding.Envelope, err)
		balance, err := wire.ParseSignedBalanceConsent(jws)
		took(balance.Envelope, err)
		statement, err := wire.ParseSignedStatement(jws)
		took(statement.Envelope, err)
		require.LessOrEqual(t, taken, 1)
	})
}

// Parts of a batch are what stands in it, one after the other.
func FuzzSplitBatch(f *testing.F) {
	f.Add([]byte(`[` + takeIn + `,` + takeIn + `]`))
	f.Fuzz(func(t *testing.T, data []byte) {
		commands, each, err := wire.SplitBatch(data)
		if err != nil {
			return
		}
		require.Len(t, each, len(commands))
		var parts []json.RawMessage
		require.NoError(t, json.Unmarshal(data, &parts))
		require.Len(t, parts, len(each))
		for i := range each {
			require.Equal(t, string(parts[i]), string(each[i]))
		}
	})
}
