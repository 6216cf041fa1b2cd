package massbalance_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	. "github.com/weighbridge/weighbridge/chaincode/massbalance"
	"github.com/weighbridge/weighbridge/chaincode/wire"
)

// A product, a recipe and a certifier's keys are replaced by their next version
// as they came: by a majority. The old one stays readable.
func TestTheNextVersionNeedsAMajority(t *testing.T) {
	l := founded(t)
	second := RegisterProduct{Product{ID: "wheat", Name: "Winter wheat", Version: 2, YieldCaps: []YieldCap{{Region: "FRF2", PerHectare: kg("4000"), Source: "test"}}}}
	l.refuses([]refusal{
		{"version below 0", InvalidCommand, "growers", with(second, func(b *RegisterProduct) { b.Product.Version = -1 }), ""},
		{"other content as version 1", AlreadyExists, "growers", with(second, func(b *RegisterProduct) { b.Product.Version = 1 }), ""},
		{"a version left out", VersionNotNext, "growers", with(second, func(b *RegisterProduct) { b.Product.Version = 3 }), ""},
		{"a first version that is the second", VersionNotNext, "growers", RegisterProduct{Product{ID: "rye", Name: "Rye", Version: 2}}, ""},
		{"keys as version 3", VersionNotNext, "growers", RegisterCertifier{Certifier{ID: "certifier", Version: 3, Keys: l.state[CertifierKey("certifier")].(Certifier).Keys}}, ""},
	})
	first := l.state[ProductKey("wheat")].(Product)
	require.True(t, l.must("growers", second).Pending)
	require.True(t, l.must("miller", second).Pending)
	require.Equal(t, first, l.state[ProductKey("wheat")], "two of four are no majority")
	require.False(t, l.must("brand", second).Pending)
	require.Equal(t, second.Product, l.state[ProductKey("wheat")])
	require.Equal(t, first, *l.state[SupersededKey("product/wheat", 1)].(Superseded).Product)
	require.False(t, l.must("manufacturer", second).Pending, "agreeing late is agreeing")
	l.refuses([]refusal{
		{"other content as version 2", AlreadyExists, "growers", with(second, func(b *RegisterProduct) { b.Product.Name = "Wheat" }), ""},
		{"beyond the new cap", ExceedsYield, "growers", introduce("80000.001", "T1"), "0.001"},
	})
	l.must("growers", introduce("80000", "T1"))
	l.check()
}

func TestNewRecipesAndKeysReplaceTheOldOnes(t *testing.T) {
	l := founded(t)
	l.must("miller", TakeIn{Site: "mill", Product: "wheat", Quantity: kg("2000"), Evidence: "T1"})
	convert := Convert{Site: "mill", Recipe: "milling", Quantity: kg("1000"), Outputs: []Output{{"flour", kg("720")}}}
	l.must("miller", convert)
	recipe := l.state[RecipeKey("milling")].(Recipe)
	recipe.Version, recipe.Outputs = 2, []RecipeOutput{{Product: "flour", Factor: ratio("0.65")}}
	l.adopt(RegisterRecipe{recipe})
	l.refuses([]refusal{{"by the old factor", ConversionExceeds, "miller", convert, "70"}})

	other := empty(t)
	point, err := wire.PublicKey(&other.key.PublicKey)
	require.NoError(t, err)
	l.adopt(RegisterCertifier{Certifier{ID: "certifier", Version: 2, Keys: []SigningKey{{ID: "k1", Point: point}}}})
	l.refuses([]refusal{{"signed with the old key", SignatureInvalid, "growers", l.statement("s2", nil), ""}})
	l.must("growers", other.statement("s2", nil))
	require.Len(t, l.state[SupersededKey("certifier/certifier", 1)].(Superseded).Certifier.Keys, 1)
	l.check()
}

// A ledger is carried across a change of the rules. Version 1 let a shipment
// arrive on a day before it was dispatched; version 2 does not. The program that
// knows version 2 decides what was entered under version 1 as it was decided
// then, to the byte.
func TestALedgerIsCarriedAcrossARuleChange(t *testing.T) {
	l := founded(t)
	lot := LotID(l.must("growers", introduce("40000", "T1")).Subject)
	ship := func() TransferID {
		return TransferID(l.must("growers", Dispatch{Site: "elevator", To: "mill", Product: "wheat", Quantity: kg("1000"), Lines: []LotLine{{lot, kg("1000")}}}).Subject)
	}
	early := func(id TransferID) Result {
		return l.dated("2026-08-02", "miller", Receive{Site: "mill", Transfer: id, Quantity: kg("1000")})
	}
	require.Equal(t, Accepted, early(ship()).Code, "version 1 does not ask")
	l.refuses([]refusal{
		{"version 1", InvalidCommand, "growers", AdoptRules{1}, ""},
		{"a version that nobody wrote", NotFound, "growers", AdoptRules{RulesVersion + 1}, ""},
		{"by the certifier", NotMember, "certifier", AdoptRules{2}, ""},
	})
	l.must("growers", AdoptRules{2})
	l.must("miller", AdoptRules{2})
	pending := len(l.entries)
	l.must("brand", AdoptRules{2})
	require.False(t, l.must("manufacturer", AdoptRules{2}).Pending, "agreeing late is agreeing")
	require.Equal(t, 1, l.entries[pending].Record.Rules, "the change itself is decided by the rules before it")
	require.Equal(t, 2, l.entries[pending+1].Record.Rules)

	transfer := ship()
	require.Equal(t, DateBeforeDispatch, l.dated("2026-08-02", "miller", Receive{Site: "mill", Transfer: transfer, Quantity: kg("1000")}).Code)
	require.Equal(t, DateBeforeDispatch, l.dated("2026-08-02", "miller", Reject{"mill", transfer, "wet"}).Code)
	produced[DateBeforeDispatch] = true
	l.must("miller", Reject{"mill", transfer, "wet"})
	back := Return{Site: "elevator", Transfer: transfer, Quantity: kg("1000")}
	require.Equal(t, DateBeforeDispatch, l.dated("2026-08-02", "growers", back).Code, "returned before it was rejected")
	l.must("growers", back)
	l.check()
	l.replays()
}

// dated sends a body on a day of its own under an ID of its own.
func (l *ledger) dated(date Date, org OrganisationID, body Body) Result {
	l.t.Helper()
	c := l.command(fmt.Sprintf("d%d", l.next+1), body)
	c.Date = date
	require.NoError(l.t, wire.Seal(&c))
	return l.send(org, c)
}

// replays decides every entry again from nothing and compares the bytes of the
// whole state, records included.
func (l *ledger) replays() {
	l.t.Helper()
	again := Memory{}
	for _, e := range l.entries {
		outcome, err := Execute(again, Tx{ID: e.Record.Transaction, Organisation: e.Record.Organisation}, e.Command)
		require.NoError(l.t, err)
		again.Apply(outcome.Writes)
	}
	require.Len(l.t, again, len(l.state))
	for key, value := range l.state {
		want, err := wire.FormatValue(value)
		require.NoError(l.t, err)
		got, err := wire.FormatValue(again[key])
		require.NoError(l.t, err)
		require.Equal(l.t, string(want), string(got), wire.FormatKey(key))
	}
}

// A program that is older than the rules in force decides nothing.
func TestRulesThatTheProgramDoesNotKnow(t *testing.T) {
	l := founded(t)
	l.state[RulesKey()] = Rules{RulesVersion + 1}
	_, err := Execute(l.state, Tx{ID: "tx", Organisation: "growers"}, l.command("c", introduce("1", "T1")))
	require.ErrorIs(t, err, ErrUnknownRules)
}

func TestRecountFollowsTheRulesInForce(t *testing.T) {
	l := founded(t)
	l.adopt(AdoptRules{2})
	l.must("growers", introduce("1", "T1"))
	entries := append([]Entry{}, l.entries...)
	entries[len(entries)-1].Record.Rules = 1
	require.Contains(t, Recount(entries).Findings[0], "version 2 is in force")
}
