package pdf

import (
	"fmt"
	"strings"
)

// encoding gives each letter of a document a byte: Windows-1252, and beyond it
// the Central European letters that Helvetica has, at codes that are free.
type encoding struct {
	codes map[rune]byte
	free  []byte
	used  map[byte]glyph
}

// glyph is a letter that Windows-1252 lacks: its name in the font, and the
// letter that it is made of, which is as wide.
type glyph struct {
	name string
	base byte
}

// windows1252 holds the characters 0x80 to 0x9f; 0 is none.
var windows1252 = [32]rune{
	'€', 0, '‚', 'ƒ', '„', '…', '†', '‡', 'ˆ', '‰', 'Š', '‹', 'Œ', 0, 'Ž', 0,
	0, '‘', '’', '“', '”', '•', '–', '—', '˜', '™', 'š', '›', 'œ', 0, 'ž', 'Ÿ',
}

// alike are characters that can be set as others without a change of meaning.
var alike = map[rune]rune{'₂': '2', '−': '–', '\u202f': ' ', '\u2009': ' ', '\u2011': '-', 'ș': 'ş', 'Ș': 'Ş', 'ț': 'ţ', 'Ț': 'Ţ', '→': '>', '≤': '<'}

var glyphs = func() map[rune]glyph {
	all := map[rune]glyph{}
	for _, one := range strings.Fields(`Ā=Amacron ā=amacron Ă=Abreve ă=abreve Ą=Aogonek ą=aogonek Ć=Cacute ć=cacute Č=Ccaron č=ccaron
		Ď=Dcaron ď=dcaron Đ=Dcroat đ=dcroat Ē=Emacron ē=emacron Ė=Edotaccent ė=edotaccent Ę=Eogonek ę=eogonek Ě=Ecaron ě=ecaron
		Ğ=Gbreve ğ=gbreve Ģ=Gcommaaccent ģ=gcommaaccent Ī=Imacron ī=imacron Į=Iogonek į=iogonek İ=Idotaccent ı=idotless Ķ=Kcommaaccent ķ=kcommaaccent
		Ĺ=Lacute ĺ=lacute Ļ=Lcommaaccent ļ=lcommaaccent Ľ=Lcaron ľ=lcaron Ł=Lslash ł=lslash Ń=Nacute ń=nacute Ņ=Ncommaaccent ņ=ncommaaccent
		Ň=Ncaron ň=ncaron Ō=Omacron ō=omacron Ő=Ohungarumlaut ő=ohungarumlaut Ŕ=Racute ŕ=racute Ŗ=Rcommaaccent ŗ=rcommaaccent Ř=Rcaron ř=rcaron
		Ś=Sacute ś=sacute Ş=Scedilla ş=scedilla Ţ=Tcommaaccent ţ=tcommaaccent Ť=Tcaron ť=tcaron Ū=Umacron ū=umacron Ů=Uring ů=uring
		Ű=Uhungarumlaut ű=uhungarumlaut Ų=Uogonek ų=uogonek Ź=Zacute ź=zacute Ż=Zdotaccent ż=zdotaccent`) {
		letter, name, _ := strings.Cut(one, "=")
		all[[]rune(letter)[0]] = glyph{name, name[0]}
	}
	all['ı'] = glyph{"dotlessi", 'i'}
	return all
}()

func newEncoding() encoding {
	e := encoding{codes: map[rune]byte{}, used: map[byte]glyph{}}
	for c := rune(32); c < 256; c++ {
		if c < 127 || c >= 160 {
			e.codes[c] = byte(c)
		}
	}
	for i, r := range windows1252 {
		if r != 0 {
			e.codes[r] = byte(0x80 + i)
		}
	}
	for c := byte(1); c < 32; c++ {
		e.free = append(e.free, c)
	}
	return e
}

func (e *encoding) encode(text string) []byte {
	out := make([]byte, 0, len(text))
	for _, r := range text {
		if other, ok := alike[r]; ok {
			r = other
		}
		code, ok := e.codes[r]
		if !ok {
			code = e.add(r)
		}
		out = append(out, code)
	}
	return out
}

// add finds a code for a letter; where the codes have run out, the letter
// without its accent stands.
func (e *encoding) add(r rune) byte {
	g, ok := glyphs[r]
	switch {
	case !ok:
		return '?'
	case len(e.free) == 0:
		return g.base
	}
	code := e.free[0]
	e.free = e.free[1:]
	e.codes[r], e.used[code] = code, g
	return code
}

// metric is the character whose width a code has.
func (e *encoding) metric(code byte) byte {
	if g, ok := e.used[code]; ok {
		return g.base
	}
	return code
}

// differences lists the codes that are not Windows-1252.
func (e *encoding) differences() string {
	var b strings.Builder
	for code := byte(1); code < 32; code++ {
		if g, ok := e.used[code]; ok {
			fmt.Fprintf(&b, " %d /%s", code, g.name)
		}
	}
	if b.Len() == 0 {
		return ""
	}
	return "/Differences [" + b.String() + " ]"
}
