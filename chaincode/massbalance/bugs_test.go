package massbalance_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	. "github.com/weighbridge/weighbridge/chaincode/massbalance"
	"github.com/weighbridge/weighbridge/chaincode/wire"
)

// This file keeps bugs that other ledgers had from being ours.

const most = "999999999999999.999" // the greatest quantity that can be written

// Sums that outgrow the form in which they are kept: on a ledger whose numbers
// wrap that makes credit, on one whose numbers do not it makes a state that
// nobody can read again.
func TestSumsStayReadable(t *testing.T) {
	l := founded(t)
	full := TakeIn{Site: "mill", Product: "wheat", Quantity: kg(most), Evidence: "T1"}
	l.must("miller", full)
	l.refuses([]refusal{
		{"one gram more", QuantityTooLarge, "miller", with(full, func(b *TakeIn) { b.Quantity, b.Evidence = kg("0.001"), "T2" }), ""},
		{"lines that add up to more", InvalidCommand, "miller", Withdraw{Site: "mill", Product: "wheat", Quantity: kg("1"), Lines: []LotLine{{"a", kg(most)}, {"b", kg("0.001")}}, Purpose: "p"}, ""},
	})
	l.must("miller", Withdraw{Site: "mill", Product: "wheat", Quantity: kg(most), Purpose: "p"})
	for key, value := range l.state {
		data, err := wire.FormatValue(value)
		require.NoError(t, err)
		_, err = wire.ParseValue(key.Kind, data)
		require.NoError(t, err, "%s", data)
	}
	_, err := wire.Format(Account{PhysicalIn: kg(most).Add(kg("0.001"))})
	require.Error(t, err, "what could not be read again is not written")
}

// A statement at the limit times a yield at the limit does not wrap.
func TestLargestYield(t *testing.T) {
	l := founded(t)
	l.adopt(RegisterProduct{Product{ID: "giant", Name: "G", YieldCaps: []YieldCap{{"FRF2", kg(most), "test"}}}})
	l.must("growers", l.certificate("giants", func(c *Certificate) { c.Products = []ProductID{"giant"} }))
	l.must("growers", l.statement("g", func(s *Statement) {
		s.Certificate, s.Product, s.Area, s.Quantity = "giants", "giant", hectares("999999999.9999"), kg(most)
	}))
	l.must("growers", with(introduce(most, "T1"), func(b *Introduce) { b.Statement = "g" }))
	result := l.do("growers", with(introduce("1", "T2"), func(b *Introduce) { b.Statement = "g" }))
	require.Equal(t, ExceedsVerification, result.Code)
	_, err := wire.FormatAnswer(false, []Result{result})
	require.NoError(t, err)
	l.check()
}

// A lot named twice as input is read once and would be spent twice.
func TestALotNamedTwice(t *testing.T) {
	l, first, _ := stocked(t)
	twice := []LotLine{{first, kg("40000")}, {first, kg("40000")}}
	for _, body := range []Body{
		Dispatch{Site: "elevator", To: "mill", Product: "wheat", Quantity: kg("100000"), Lines: twice},
		Convert{Site: "elevator", Recipe: "milling", Quantity: kg("100000"), Lines: twice, Outputs: []Output{{"flour", kg("1")}}},
		Withdraw{Site: "elevator", Product: "wheat", Quantity: kg("100000"), Lines: twice, Purpose: "p"},
		Downgrade{Site: "elevator", Product: "wheat", Lines: twice, Model: Segregated},
		Decouple{"elevator", "wheat", twice},
		TransferCredits{"elevator", "mill", "wheat", twice, ""},
		ClaimCredits{Site: "elevator", Product: "wheat", Lines: twice, Beneficiary: "B", ReportingYear: 2026, Purpose: "p"},
	} {
		require.Equal(t, InvalidCommand, l.do("growers", body).Code, body.Type())
	}
	l.check()
}

// A refused item of a batch must not leak into its neighbour: neither the
// evidence it used, nor the lot it would have made, nor the stock it would have taken.
func TestABatchItemDoesNotLeak(t *testing.T) {
	l, first, _ := stocked(t)
	ship := func(id, weight, credit string) Command {
		return l.command(id, Dispatch{Site: "elevator", To: "mill", Product: "wheat", Quantity: kg(weight), Lines: []LotLine{{first, kg(credit)}}, Documents: []EvidenceID{"CMR9"}})
	}
	batch, err := ExecuteBatch(l.state, Tx{ID: "tx", Organisation: "growers"}, []Command{
		ship("leak-1", "100000", "40000.001"), // fails last of all, on the lot
		ship("leak-2", "100000", "40000"),     // needs all of the stock, the lot and the document
		l.command("leak-3", TakeIn{Site: "elevator", Product: "wheat", Quantity: kg(most), Evidence: "T9"}),
		l.command("leak-4", TakeIn{Site: "elevator", Product: "wheat", Quantity: kg("1"), Evidence: "T9"}),
	})
	require.NoError(t, err)
	var codes []Code
	for _, r := range batch.Results {
		codes = append(codes, r.Code)
	}
	require.Equal(t, []Code{InsufficientCredit, Accepted, QuantityTooLarge, Accepted}, codes)
	for i, r := range batch.Records {
		command := []string{"leak-2", "leak-4"}[i]
		require.Equal(t, CommandID(command), r.Record.Command)
		require.Len(t, r.Record.Materials, 1)
	}
}

// Exporting supply out of the ledger's sight must not break its sum: what leaves
// is cancelled, and cannot come back with its credit.
func TestExportKeepsTheSum(t *testing.T) {
	l, first, _ := stocked(t)
	l.must("growers", Withdraw{Site: "elevator", Product: "wheat", Quantity: kg("40000"), Lines: []LotLine{{first, kg("40000")}}, Purpose: "export"})
	l.must("growers", TakeIn{Site: "elevator", Product: "wheat", Quantity: kg("40000"), Supplier: "import", Evidence: "T9"})
	of := l.check().Characteristics[characteristics().ID()]
	require.Equal(t, of.Introduced, of.Total())
	require.Equal(t, "40000.000", FormatGrams(of.Cancelled))
	require.Equal(t, "20000", l.account("elevator", "wheat").Credit().String(), "what came back has no credit")
}

// A field named twice in a command: one reader takes the first, another the
// last, and both see a valid signature.
func TestAFieldNamedTwice(t *testing.T) {
	const command = `{"id":"1","type":"take_in","date":"2026-08-03","period":"Q3","body":{"site":"silo","product":"wheat","quantity":"1","quantity":"1000","evidence":"T1"}}`
	_, err := wire.Decode[Command]([]byte(command))
	require.ErrorContains(t, err, "stands twice")
	_, err = wire.ParseBatch([]byte("[" + command + "]"))
	require.Error(t, err)
}
