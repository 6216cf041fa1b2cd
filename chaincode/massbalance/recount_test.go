package massbalance_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	. "github.com/weighbridge/weighbridge/chaincode/massbalance"
)

// A recount that finds nothing proves nothing unless it finds what is wrong:
// each row spoils one entry of a sound ledger.
func TestRecountFindsWhatIsWrong(t *testing.T) {
	posting := func(change func(*Posting)) func(*Entry) {
		return func(e *Entry) {
			e.Record.Credits = append([]Posting{}, e.Record.Credits...)
			change(&e.Record.Credits[0])
		}
	}
	body := func(b func(Body) Body) func(*Entry) { return func(e *Entry) { e.Command.Body = b(e.Command.Body) } }
	tests := []struct {
		name  string
		entry string // the type of the entry to spoil: the last one of it
		spoil func(*Entry)
		finds string
	}{
		{"more credit out of a lot", "dispatch", posting(func(p *Posting) { p.Quantity = kg("40000.001") }), "I1"},
		{"a claim of more than the lot", "claim", posting(func(p *Posting) { p.Quantity = kg("28800.001") }), "I2"},
		{"other characteristics", "claim", posting(func(p *Posting) { p.Characteristics = "other" }), "holds 0.000 kg"},
		{"credit out of a claim", "claim", posting(func(p *Posting) { p.From, p.To = p.To, p.From }), "I6"},
		{"credit from nowhere", "introduce", posting(func(p *Posting) { p.From.ID = "certifier/none" }), "nothing was verified"},
		{"more than verified", "introduce", posting(func(p *Posting) { p.Quantity = kg("60001") }), "verified"},
		{"a conversion that keeps credit", "convert", func(e *Entry) { e.Record.Credits = e.Record.Credits[:1] }, "neither left the conversion"},
		{"more attributed than shipped", "dispatch", body(func(b Body) Body { d := b.(Dispatch); d.Quantity = kg("39999"); return d }), "I3"},
		{"more flour than the factor allows", "convert", body(func(b Body) Body {
			c := b.(Convert)
			c.Outputs = []Output{{"flour", kg("36000.001")}, {"bran", kg("14000")}}
			return c
		}), "I7"},
		{"received before", "receive", body(func(b Body) Body { return b }), "I4"},
		{"material from nowhere", "convert", func(e *Entry) {
			e.Record.Materials = append([]Material{}, e.Record.Materials...)
			e.Record.Materials[0].Out = kg("50000.5")
		}, "short of 0.500 kg"},
		{"a stricter model than before", "claim", posting(func(p *Posting) { p.Model = IdentityPreserved }), "I9"},
		{"outside the period", "claim", func(e *Entry) { e.Record.Date = "2026-10-01" }, "I5"},
		{"a gap in the journal", "claim", func(e *Entry) { e.Record.Sequence++ }, "follows entry"},
		{"another command's record", "claim", func(e *Entry) { e.Command.ID = "other" }, "not of this command"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			l, flour := milled(t)
			l.must("miller", ClaimCredits{Site: "mill", Product: "flour", Lines: []LotLine{{flour, kg("28800")}}, Beneficiary: "B", ReportingYear: 2026, Purpose: "p"})
			l.check()
			entries := append([]Entry{}, l.entries...)
			for i := len(entries) - 1; i >= 0; i-- {
				if entries[i].Record.Type == test.entry {
					if test.finds == "I4" {
						entries = append(entries[:i+1:i+1], entries[i:]...)
						break
					}
					test.spoil(&entries[i])
					break
				}
			}
			requireFinding(t, Recount(entries), test.finds)
		})
	}
}

// requireFinding requires a recount to find something.
func requireFinding(t *testing.T, tally *Tally, finds string) {
	t.Helper()
	require.Condition(t, func() bool {
		return slices.ContainsFunc(tally.Findings, func(f string) bool { return strings.Contains(f, finds) })
	}, "%q not in %q", finds, tally.Findings)
}

func TestRecountComparesTheState(t *testing.T) {
	l, flour := milled(t)
	lot := l.lot(flour)
	lot.Spent = kg("1")
	l.state[LotKey(flour)] = lot
	require.Len(t, Recount(l.entries).CompareState(l.state), 1)
	delete(l.state, LotKey(flour))
	require.Contains(t, Recount(l.entries).CompareState(l.state)[0], "stored are")
}
