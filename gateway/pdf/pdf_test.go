package pdf_test

import (
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/text/unicode/norm"

	"github.com/weighbridge/weighbridge/gateway/pdf"
	"github.com/weighbridge/weighbridge/gateway/pdf/pdftest"
)

var face = pdf.Font{Size: 10}

func TestEveryLetterOfEuropeComesOutAndCanBeCopied(t *testing.T) {
	d := pdf.New("Łódź")
	d.AddPage()
	lines := []string{
		"Łódź (100 %) \\ Größe € Þórshöfn Şırnak Ňůžř", "Αγροτικός Συνεταιρισμός Θεσσαλονίκης", "Одеський млин «Зерно» Ђурђевац",
		"Հայաստան", "საქართველო", "CO₂e ≤ 1 m² – “quoted” …",
	}
	for i, line := range lines {
		d.Text(40, 40+20*float64(i), face, line)
		d.Text(300, 40+20*float64(i), pdf.Font{Size: 10, Bold: true}, "bold")
	}
	d.Text(40, 300, face, "Cafe\u0301 ก \U0001F33E end")
	document, err := d.Bytes()
	require.NoError(t, err)
	text := pdftest.Text(t, document)
	for _, line := range lines {
		require.Contains(t, text, line)
	}
	require.Contains(t, text, "Café ? ? end", "what the face lacks is shown as such")
	fonts := pdftest.Fonts(t, document)
	require.Regexp(t, `utf8dejavu +CID TrueType +Identity-H +yes no +yes`, fonts, "embedded, with a way back to Unicode")
	require.Less(t, len(document), 120_000, "only the letters that are used are in it")
}

func TestLettersOfTheEastComeOutAndCanBeCopied(t *testing.T) {
	d := pdf.New("東京")
	d.AddPage()
	lines := []string{"東京製粉株式会社 ひらがな カタカナ", "山东面粉有限公司", "台灣農會 Taiwan 100 t", "한국제분 주식회사"}
	for i, line := range lines {
		d.Text(40, 40+20*float64(i), face, line)
		d.Text(300, 40+20*float64(i), pdf.Font{Size: 10, Bold: true}, line)
	}
	document, err := d.Bytes()
	require.NoError(t, err)
	text := pdftest.Text(t, document)
	for _, line := range lines {
		require.Equal(t, 2, strings.Count(text, line), "%s in\n%s", line, text)
	}
	require.Less(t, len(document), 120_000, "only the letters that are used are in it")
	require.InDelta(t, d.Measure(face, "東京")+d.Measure(face, "Mill"), d.Measure(face, "東京Mill"), 0.001)
	plain := pdf.New("t")
	plain.AddPage()
	plain.Text(40, 40, face, "Mill")
	document, err = plain.Bytes()
	require.NoError(t, err)
	require.NotContains(t, pdftest.Fonts(t, document), "droid", "a document without such letters has no such face")
}

// What runs from the right stands in the order in which it is read, and Arabic
// letters join.
func TestTextFromTheRightIsNotBroken(t *testing.T) {
	d := pdf.New("t")
	d.AddPage()
	d.Text(40, 40, face, "טחנת הקמח 2026")
	d.Text(40, 60, face, "مطحنة السلام")
	d.Text(40, 80, face, "Mill مطحنة 100 t")
	document, err := d.Bytes()
	require.NoError(t, err)
	text := norm.NFKC.String(pdftest.Text(t, document))
	for _, want := range []string{"טחנת הקמח", "2026", "مطحنة السلام", "Mill 100"} {
		require.Contains(t, text, want)
	}
	if dir := os.Getenv("KEEP_DOCUMENTS"); dir != "" {
		require.NoError(t, os.WriteFile(filepath.Join(dir, "right.pdf"), document, 0o600))
	}
}

func TestWrappedTextKeepsEveryWordWithinItsWidth(t *testing.T) {
	d := pdf.New("t")
	text := "The product was attributed this quantity " + strings.Repeat("0123456789abcdef", 8)
	lines := d.Wrap(face, 120, text)
	require.Greater(t, len(lines), 4)
	for _, line := range lines {
		require.LessOrEqual(t, d.Measure(face, line), 120.0)
	}
	require.Equal(t, strings.ReplaceAll(text, " ", ""), strings.ReplaceAll(strings.Join(lines, ""), " ", ""))
	require.Equal(t, []string{"é", "é"}, d.Wrap(face, 1, "éé"), "one letter at least, and no half of one")
	require.Empty(t, d.Wrap(face, 100, "  "))
}

func TestPagesCanBeGoneBackTo(t *testing.T) {
	d := pdf.New("t")
	d.AddPage()
	d.Area(0, 0, 10, 10, 0xff0000)
	d.AddPage()
	d.Line(0, 0, 10, 10, 1, 0)
	d.Text(10, 10, face, "second")
	d.Turn(0)
	d.Right(100, 10, face, "first")
	document, err := d.Bytes()
	require.NoError(t, err)
	require.Equal(t, 2, d.Pages())
	require.Regexp(t, "(?s)first.*\f.*second", pdftest.Text(t, document))
	again, err := d.Bytes()
	require.NoError(t, err)
	require.Equal(t, document, again, "the same content gives the same bytes")
}

// Documents are made for several people at once.
func TestDocumentsDoNotDisturbOneAnother(t *testing.T) {
	var together sync.WaitGroup
	for i := range 4 {
		together.Go(func() {
			d := pdf.New("t")
			d.AddPage()
			d.Text(40, 40, face, strings.Repeat("Ωж", i+1))
			document, err := d.Bytes()
			require.NoError(t, err)
			require.Contains(t, pdftest.Text(t, document), strings.Repeat("Ωж", i+1))
		})
	}
	together.Wait()
}

func FuzzText(f *testing.F) {
	f.Add("Łódź \x00 \xff (")
	f.Add("\xf0000A0 \U0001F33E")
	f.Add("東 مط\u064fلاح 12 ל")
	f.Fuzz(func(t *testing.T, text string) {
		d := pdf.New(text)
		d.AddPage()
		for _, line := range d.Wrap(face, 50, text) {
			d.Text(0, 0, face, line)
		}
		_, err := d.Bytes()
		require.NoError(t, err)
	})
}
