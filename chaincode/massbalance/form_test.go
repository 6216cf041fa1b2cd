package massbalance

import (
	"crypto/sha256"
	"fmt"
	"strconv"
	"testing"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// What is written out for speed, against the standard library.
func TestFormsAreThoseOfTheStandardLibrary(t *testing.T) {
	date := rapid.OneOf(
		rapid.Custom(func(t *rapid.T) string {
			return fmt.Sprintf("%04d-%02d-%02d", rapid.IntRange(1890, 2110).Draw(t, "year"), rapid.IntRange(0, 13).Draw(t, "month"), rapid.IntRange(0, 32).Draw(t, "day"))
		}),
		rapid.StringMatching(`[0-9+ -]{4}-[0-9 ]{1,2}-[0-9 ]{1,3}`), rapid.String())
	text := rapid.OneOf(rapid.String(), rapid.StringMatching(`[a-z"\\\x00-\x20\x7f-\xa0�]{0,6}`), rapid.Custom(func(t *rapid.T) string {
		return string(rapid.SliceOfN(rapid.Byte(), 0, 300).Draw(t, "bytes"))
	}))
	rapid.Check(t, func(t *rapid.T) {
		day := date.Draw(t, "date")
		parsed, err := time.Parse(time.DateOnly, day)
		require.Equal(t, err == nil && parsed.Year() >= 1900, Date(day).Valid(), day)
		words := text.Draw(t, "text")
		require.Equal(t, strconv.AppendQuote([]byte("x"), words), appendQuoted([]byte("x"), words))
		valid := len(words) <= textLimit && utf8.ValidString(words)
		for _, r := range words {
			valid = valid && !unicode.IsControl(r)
		}
		require.Equal(t, valid, validText(words))
	})
	for _, day := range []Date{"2024-02-29", "2000-02-29", "1900-02-28", "2026-12-31"} {
		require.True(t, day.Valid(), day)
	}
	for _, day := range []Date{"2026-02-29", "1900-02-29", "2026-04-31", "1899-12-31", "2026-00-10", ""} {
		require.False(t, day.Valid(), day)
	}
}

// A journal's entry is the hash of this text.
func TestTheJournalsEntry(t *testing.T) {
	text := rapid.OneOf(rapid.StringMatching(`[a-z0-9-]{1,12}`), rapid.String())
	rapid.Check(t, func(t *rapid.T) {
		e := &execution{tx: Tx{Organisation: OrganisationID(text.Draw(t, "organisation"))}}
		e.command.ID, e.command.Content[0] = CommandID(text.Draw(t, "command")), rapid.Byte().Draw(t, "content")
		e.record.Statement[0] = rapid.Byte().Draw(t, "statement")
		site, head := SiteID(text.Draw(t, "site")), Head{Sequence: rapid.Uint64().Draw(t, "sequence"), Entry: Digest{31: 7}}
		entry := fmt.Sprintf("weighbridge journal v1\nsite %q\nsequence %d\nprevious %s\norganisation %q\ncommand %q\ncontent %s\n",
			site, head.Sequence, head.Entry, e.tx.Organisation, e.command.ID, e.command.Content)
		if !e.record.Statement.IsZero() {
			entry += fmt.Sprintf("statement %s\n", e.record.Statement)
		}
		require.Equal(t, Digest(sha256.Sum256([]byte(entry))), e.entry(site, head))
	})
}

// Writes come out by key, and of each command all or nothing.
func TestAnOverlayDropsWhatWasRefused(t *testing.T) {
	below := Memory{HeadKey("a"): Head{Sequence: 1}}
	o := newOverlay(below, 0)
	guard := &Guard{All: []OrganisationID{"x"}}
	o.put(Write{Key: SiteKey("b"), Value: Site{Name: "refused"}, Guard: guard})
	o.put(Write{Key: HeadKey("a"), Value: Head{Sequence: 9}})
	require.True(t, o.wrote(HeadKey("a")))
	require.Len(t, o.pending(), 2)
	o.drop()
	require.False(t, o.wrote(HeadKey("a")))
	require.Empty(t, o.pending())
	require.Empty(t, o.committed())
	for key, want := range map[Key]Value{HeadKey("a"): Head{Sequence: 1}, SiteKey("b"): nil} {
		value, err := o.Get(key)
		require.NoError(t, err)
		require.Equal(t, want, value, "as it was below")
	}
	o.put(Write{Key: SiteKey("b"), Value: Site{Name: "first"}, Guard: guard})
	o.put(Write{Key: SiteKey("b"), Value: Site{Name: "second"}})
	o.commit()
	o.put(Write{Key: SiteKey("b"), Value: Site{Name: "third"}})
	o.put(Write{Key: AccountKey("b", "wheat"), Value: Account{}})
	o.put(Write{Key: AccountKey("a", "wheat"), Value: Account{}})
	o.put(Write{Key: AccountKey("a", "flour"), Value: Account{}})
	o.commit()
	require.Equal(t, []Write{
		{AccountKey("a", "flour"), Account{}, nil}, {AccountKey("a", "wheat"), Account{}, nil}, {AccountKey("b", "wheat"), Account{}, nil},
		{SiteKey("b"), Site{Name: "third"}, guard},
	}, o.committed(), "a guard asked for stays")
}
