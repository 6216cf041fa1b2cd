package pdf

import (
	"slices"
	"strings"
	"sync"
	"unicode"

	"golang.org/x/text/unicode/bidi"
	"golang.org/x/text/unicode/norm"
)

// visual is a line as it is seen from left to right. Arabic letters get the forms
// in which they join their neighbours, and what runs from the right is turned
// round, figures within it excepted: Unicode Standard Annex 9 without embeddings,
// which names have none of. (The library's Order gives its runs as they were
// written, not as they are seen.)
func visual(line string) string {
	if !strings.ContainsFunc(line, fromTheRight) {
		return line
	}
	runs := levels([]rune(joined(line)))
	deepest := 0
	for _, r := range runs {
		deepest = max(deepest, r.level)
	}
	for level := deepest; level > 0; level-- { // rule L2
		for from := 0; from < len(runs); from++ {
			to := from
			for to < len(runs) && runs[to].level >= level {
				to++
			}
			slices.Reverse(runs[from:to])
			from = max(from, to)
		}
	}
	var b strings.Builder
	for _, r := range runs {
		if r.level%2 == 1 {
			b.WriteString(bidi.ReverseString(r.text))
		} else {
			b.WriteString(r.text)
		}
	}
	return b.String()
}

// run is a piece of a line of one embedding level: odd runs from the right.
type run struct {
	level int
	text  string
}

// levels cuts a line into runs: first the letters, then figures, which belong to
// what stands before them, then what has no direction, which belongs to its
// neighbours where they agree and else to the line.
func levels(line []rune) []run {
	const undecided = -1
	base, found := 0, false
	level := make([]int, len(line))
	for i, r := range line {
		level[i] = undecided
		if class := classOf(r); class == bidi.L || class == bidi.R {
			if level[i] = int(class & 1); !found { // L is 0, R is 1
				base, found = level[i], true
			}
		}
	}
	before := base
	for i, r := range line {
		switch {
		case level[i] != undecided:
			before = level[i]
		case classOf(r) == bidi.EN || classOf(r) == bidi.CS && i+1 < len(line) && classOf(line[i+1]) == bidi.EN && i > 0 && classOf(line[i-1]) == bidi.EN:
			level[i] = 2 * max(before, base)
		}
	}
	for i := range level {
		if level[i] == undecided {
			level[i] = between(level, i, base)
		} else if base == 1 && level[i] == 0 {
			level[i] = 2
		}
	}
	var runs []run
	for i, r := range line {
		if i == 0 || level[i] != level[i-1] {
			runs = append(runs, run{level: level[i]})
		}
		runs[len(runs)-1].text += string(r)
	}
	return runs
}

// between is the level of what has no direction: that of both its neighbours, a
// figure counting as what it stands among, or that of the line.
func between(level []int, at, base int) int {
	before, after := base, base
	if at > 0 {
		before = min(level[at-1], 1)
		if base == 1 && level[at-1] == 2 {
			before = level[at-1]
		}
	}
	for _, next := range level[at:] {
		if next >= 0 {
			after = min(next, 1)
			if base == 1 && next != 1 {
				after = 2
			}
			break
		}
	}
	if before == after {
		return before
	}
	return base
}

// classOf is a letter's direction, L or R, or that it is a figure, EN, or stands
// between figures, CS; else ON.
func classOf(r rune) bidi.Class {
	properties, _ := bidi.LookupRune(r)
	switch class := properties.Class(); class {
	case bidi.R, bidi.AL:
		return bidi.R
	case bidi.EN, bidi.AN:
		return bidi.EN
	case bidi.L, bidi.CS:
		return class
	}
	return bidi.ON
}

func fromTheRight(r rune) bool {
	properties, _ := bidi.LookupRune(r)
	return properties.Class() == bidi.R || properties.Class() == bidi.AL
}

// forms are how a letter looks by itself, at the end, at the beginning and in the
// middle of a joined piece; 0 where it has no such form.
type forms struct{ alone, end, begin, middle rune }

// joiners are the forms of each letter, and of lam with alef after it, which
// become one. They are read out of Unicode itself: each of its presentation forms
// is compatible with the letter, and they stand in the order alone, end, begin, middle.
var joiners = sync.OnceValue(func() map[string]forms {
	all := map[string]forms{}
	for _, block := range [][2]rune{{0xfb50, 0xfbb1}, {0xfbd3, 0xfbff}, {0xfe80, 0xfefc}} {
		for r := block[0]; r <= block[1]; r++ {
			letter := norm.NFKC.String(string(r))
			if letter == string(r) {
				continue // not assigned
			}
			f := all[letter]
			switch {
			case f.alone == 0:
				f.alone = r
			case f.end == 0:
				f.end = r
			case f.begin == 0:
				f.begin = r
			case f.middle == 0:
				f.middle = r
			}
			all[letter] = f
		}
	}
	return all
})

// joined writes each letter in the form that joins its neighbours.
func joined(line string) string {
	letters := []rune(line)
	var b strings.Builder
	before := false // the letter before reaches over to this one
	for i := 0; i < len(letters); i++ {
		r := letters[i]
		if unicode.Is(unicode.Mn, r) { // a mark stands on its letter and parts nothing
			b.WriteRune(r)
			continue
		}
		f, next := joiners()[string(r)], i+1
		if next < len(letters) {
			if both, ok := joiners()[string(letters[i:i+2])]; ok {
				f, next = both, i+2
				i++
			}
		}
		if f.alone == 0 {
			b.WriteRune(r)
			before = false
			continue
		}
		after := f.begin != 0 && reaches(letters[next:])
		b.WriteRune(f.in(before && f.end != 0, after))
		before = after
	}
	return b.String()
}

// reaches reports whether what follows begins with a letter that joins to the one before it.
func reaches(letters []rune) bool {
	for _, r := range letters {
		if !unicode.Is(unicode.Mn, r) {
			return joiners()[string(r)].end != 0
		}
	}
	return false
}

func (f forms) in(before, after bool) rune {
	switch {
	case before && after && f.middle != 0:
		return f.middle
	case before:
		return f.end
	case after:
		return f.begin
	}
	return f.alone
}
