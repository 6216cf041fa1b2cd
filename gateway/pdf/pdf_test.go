package pdf_test

import (
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

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
	d.Text(40, 300, face, "Cafe\u0301 農 \U0001F33E end")
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
