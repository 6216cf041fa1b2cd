package console

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/weighbridge/weighbridge/gateway/access"
	"github.com/weighbridge/weighbridge/gateway/proof/witness"
	"github.com/weighbridge/weighbridge/gateway/readmodel"
)

// Logs is the gateway's part in the transparency log.
type Logs interface {
	// Alarms lists contradictions between logs, the latest first, and Problem says in
	// words that there are some of which nobody took note, or "".
	Alarms(ctx context.Context) ([]witness.Alarm, error)
	Problem(ctx context.Context) string
	// Cosigners lists how the other organisations' logs stand to ours.
	Cosigners(ctx context.Context) ([]witness.CosignerState, error)
}

// alarmsPage is what speaks against believing the ledger as this gateway shows it.
type alarmsPage struct {
	Open, Noted []alarmRow
	Cosigners   []cosignerRow
	Findings    []readmodel.Finding
	Problem     string
	Administers bool
}

// Title is the page's name.
func (alarmsPage) Title() string { return "Alarms" }

// Compared reports whether another organisation's log was ever seen.
func (p alarmsPage) Compared() bool {
	return slices.ContainsFunc(p.Cosigners, func(c cosignerRow) bool { return c.Seen > 0 })
}

// alarmRow is one contradiction with both sides.
type alarmRow struct {
	ID, Who, What, Meaning string
	Size                   int
	Ours, Theirs           side
	Raised, Noted          time.Time
}

// side is a checkpoint as somebody signed it: the lines of its text, those in which
// it differs marked, and who signed.
type side struct {
	Name  string
	Lines []sideLine
	Rest  string
}

type sideLine struct {
	Text   string
	Differ bool
}

type cosignerRow struct {
	witness.CosignerState
	Name           string
	Cosigned, Seen int
}

func (c *Console) alarms(l *lens, r *http.Request) (any, error) {
	page := alarmsPage{Administers: access.From(r.Context()).May(access.Administer), Problem: c.Problem()}
	findings, err := l.s.Findings(readmodel.Page{Newest: true, Limit: entryRows})
	if page.Findings = findings.Items; err != nil || c.Logs == nil {
		return page, err
	}
	alarms, err := c.Logs.Alarms(r.Context())
	if err != nil {
		return page, err
	}
	for _, a := range alarms {
		row := l.alarm(a)
		if a.Noted.IsZero() {
			page.Open = append(page.Open, row)
		} else {
			page.Noted = append(page.Noted, row)
		}
	}
	cosigners, err := c.Logs.Cosigners(r.Context())
	for _, other := range cosigners {
		page.Cosigners = append(page.Cosigners, cosignerRow{other, l.memberName(other.Organisation), int(other.Cosigned), int(other.Seen)})
	}
	return page, err
}

func (l *lens) alarm(a witness.Alarm) alarmRow {
	who := l.memberName(a.Organisation)
	row := alarmRow{ID: a.ID, Who: who, Size: int(a.Size), Raised: a.Raised, Noted: a.Noted}
	ours, theirs := "This gateway", who
	switch a.Problem {
	case witness.SplitView:
		row.What = fmt.Sprintf("Split view: %s and this gateway show different logs", who)
		row.Meaning = "Both have as many records, and not the same ones. One of the two was shown another ledger, or shows one; who, an audit of both from block 0 tells. Until then nothing that it signs counts here, and it gets no signature of ours under its log."
	case witness.NotExtension:
		row.What = fmt.Sprintf("Rewritten: the log of %s does not continue what it signed before", who)
		row.Meaning = "What it vouched for once is no more part of what it shows now. Both notes are its own."
		ours, theirs = who+", before", who+", now"
	case witness.Truncated:
		row.What = fmt.Sprintf("Cut off: the log of %s became shorter", who)
		row.Meaning = "It showed more records before than it shows now. Both notes are its own."
		ours, theirs = who+", before", who+", now"
	default:
		row.What = "This gateway contradicts itself: its log is not what it signed before"
		row.Meaning = "It refuses to sign until that is mended: its copy of the ledger was made from another chain, or its database was changed."
		ours, theirs = "Its log now", "What it signed"
	}
	row.Ours, row.Theirs = sides(ours, a.Ours, theirs, a.Theirs)
	return row
}

// sides parts two notes into lines and marks those in which they differ.
func sides(ourName, ours, theirName, theirs string) (own, other side) {
	parts := func(name, note string) (side, []string) {
		body, signatures, _ := strings.Cut(note, "\n\n")
		return side{Name: name, Rest: strings.TrimSpace(signatures)}, strings.Split(strings.TrimSpace(body), "\n")
	}
	own, first := parts(ourName, ours)
	other, second := parts(theirName, theirs)
	for i, text := range first {
		own.Lines = append(own.Lines, sideLine{text, i >= len(second) || second[i] != text})
	}
	for i, text := range second {
		other.Lines = append(other.Lines, sideLine{text, i >= len(first) || first[i] != text})
	}
	return own, other
}
