package massbalance_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	. "github.com/weighbridge/weighbridge/chaincode/massbalance"
	"github.com/weighbridge/weighbridge/chaincode/wire"
)

// short is what the state keeps of a record from version 4 of the rules on.
func short(r Record) Record {
	r.Rules = 4
	return r.Noted()
}

// shortly is a state with every record in its short form.
type shortly struct{ Memory }

func (s shortly) Get(key Key) (Value, error) {
	value, err := s.Memory.Get(key)
	if record, ok := value.(Record); ok {
		value = short(record)
	}
	return value, err
}

// asking is a state that notes whether a record was read from it.
type asking struct {
	Memory
	record bool
}

func (a *asking) Get(key Key) (Value, error) {
	value, err := a.Memory.Get(key)
	if _, ok := value.(Record); ok {
		a.record = true
	}
	return value, err
}

// sendShort executes a command that read a record once more, over the state with
// short records only; one that read none would read just the same. Each story of
// this package so shows that nothing else is ever asked of a record: the outcome is
// the same, but for what a repetition is told and how a reuse of an ID is put.
func (l *ledger) sendShort(org OrganisationID, c Command, batch BatchOutcome) {
	l.t.Helper()
	again, err := ExecuteBatch(shortly{l.state}, Tx{ID: fmt.Sprintf("tx%d", l.next), Organisation: org}, []Command{c})
	require.NoError(l.t, err)
	require.Equal(l.t, batch.Writes, again.Writes)
	require.Equal(l.t, batch.Records, again.Records)
	want, got := batch.Results[0], again.Results[0]
	if want.Repeated {
		require.Equal(l.t, Result{Command: c.ID, Code: Accepted, Repeated: true}, got)
		return
	}
	if want.Code == CommandIDReused || want.Code == NotReversible {
		want.Message, got.Message = "", ""
	}
	require.Equal(l.t, want, got)
}

func TestTheStateKeepsOfARecordWhatIsAskedOfIt(t *testing.T) {
	l := founded(t)
	before := l.command("before", introduce("1000", "T0"))
	l.send("growers", before)
	require.Equal(t, l.entries[len(l.entries)-1].Record, l.state[RecordKey("growers", "before")], "up to version 3 all of it")
	for version := 2; version <= RulesVersion; version++ {
		l.adopt(AdoptRules{version})
	}
	take := l.command("take", introduce("1000", "T1"))
	result := l.send("growers", take)
	require.Equal(t, Result{Command: "take", Code: Accepted, Subject: result.Subject, Sequence: result.Sequence}, result, "its transaction is the one that answers")
	require.NotEmpty(t, result.Subject)
	record := l.entries[len(l.entries)-1].Record
	require.NotEmpty(t, record.Transaction)
	require.NotEmpty(t, record.Credits, "what was replayed is the whole record")
	kept := l.state[RecordKey("growers", "take")]
	var half Digest
	copy(half[:], take.Content[:16])
	require.Equal(t, Record{Content: half}, kept)
	text, err := wire.FormatValue(kept)
	require.NoError(t, err)
	require.Equal(t, fmt.Sprintf(`{"content":"%s"}`, half), string(text))
	require.Equal(t, Result{Command: "take", Code: Accepted, Repeated: true}, l.send("growers", take))

	other := l.command("take", introduce("999", "T2"))
	require.Equal(t, fmt.Sprintf("command take of growers was accepted before with other content (its SHA-256 begins with %x)", half[:16]), l.send("growers", other).Message)
	repeated := l.send("growers", before)
	require.True(t, repeated.Repeated)
	require.Equal(t, l.state[RecordKey("growers", "before")].(Record).Transaction, repeated.Transaction, "what was kept whole is told whole")
	require.Contains(t, l.send("growers", l.command("before", introduce("998", "T3"))).Message, "a introduce, in transaction")
	l.check()
	l.replays()
}

// What was accepted under the old rules is reversed under the new ones, and what
// was accepted under the new ones, too.
func TestBothFormsOfARecordAreReversed(t *testing.T) {
	l, transfer := shipped(t)
	l.must("miller", Receive{Site: "mill", Transfer: transfer, Quantity: kg("50000"), Evidence: "R1"})
	for version := 2; version <= RulesVersion; version++ {
		l.adopt(AdoptRules{version})
	}
	second := TransferID(l.must("growers", Dispatch{Site: "elevator", To: "mill", Product: "wheat", Quantity: kg("100")}).Subject)
	l.must("miller", Receive{Site: "mill", Transfer: second, Quantity: kg("100"), Evidence: "R2"})
	for _, id := range []TransferID{transfer, second} {
		l.must("growers", ProposeReversal{Site: "elevator", Transfer: id, Reason: "booked twice"})
		l.must("miller", ConfirmReversal{Site: "mill", Transfer: id})
		l.must("growers", CompleteReversal{Site: "elevator", Transfer: id})
		require.Equal(t, Reversed, l.state[TransferKey(id)].(Transfer).Status)
	}
	l.check()
	l.replays()
}
