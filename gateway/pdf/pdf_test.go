package pdf_test

import (
	"bytes"
	"compress/zlib"
	"io"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/weighbridge/weighbridge/gateway/pdf"
)

var face = pdf.Font{Size: 10}

// content unpacks what is drawn on each page.
func content(t *testing.T, document []byte) (pages []string) {
	t.Helper()
	for _, at := range regexp.MustCompile(`stream\n`).FindAllIndex(document, -1) {
		if bytes.HasSuffix(document[:at[0]], []byte("end")) {
			continue
		}
		reader, err := zlib.NewReader(bytes.NewReader(document[at[1]:]))
		require.NoError(t, err)
		page, err := io.ReadAll(reader)
		require.NoError(t, err)
		pages = append(pages, string(page))
	}
	return pages
}

func TestLettersOfCentralEuropeAreEncoded(t *testing.T) {
	d := pdf.New("Łódź")
	d.AddPage()
	d.Text(10, 10, face, "Łódź (100 %) \\ Größe €")
	d.Text(10, 20, face, "Łódź 農")
	document, err := d.Bytes()
	require.NoError(t, err)
	require.Contains(t, string(document), "/Differences [ 1 /Lslash 2 /zacute ]")
	require.Contains(t, string(document), "/Title <FEFF014100F30064017A>")
	page := content(t, document)[0]
	require.Contains(t, page, `(\001\363d\002 \(100 %\) \\ Gr\366\337e \200) Tj`)
	require.Contains(t, page, `(\001\363d\002 ?) Tj`)
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

func TestTheTableOfObjectsIsRight(t *testing.T) {
	d := pdf.New("t")
	d.AddPage()
	d.Area(0, 0, 10, 10, 0xff0000)
	d.AddPage()
	d.Line(0, 0, 10, 10, 1, 0)
	d.Turn(0)
	d.Right(100, 10, face, "x")
	document, err := d.Bytes()
	require.NoError(t, err)
	require.Equal(t, 2, d.Pages())
	require.Contains(t, content(t, document)[0], "1.000 0.000 0.000 rg")
	for i, entry := range regexp.MustCompile(`(?m)^(\d{10}) 00000 n $`).FindAllSubmatch(document, -1) {
		offset := 0
		for _, digit := range entry[1] {
			offset = offset*10 + int(digit-'0')
		}
		require.Regexp(t, `^`+string(rune('1'+i))+` 0 obj`, string(document[offset:offset+10]))
	}
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
