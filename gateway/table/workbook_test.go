package table_test

import (
	"archive/zip"
	"bytes"
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"github.com/xuri/excelize/v2"

	"github.com/weighbridge/weighbridge/gateway/table"
)

// made is a workbook as a spreadsheet saves it.
func made(t testing.TB, make func(f *excelize.File) error) []byte {
	t.Helper()
	f := excelize.NewFile()
	defer f.Close()
	for i, row := range [][]any{{"ticket", "date", "net kg"}, {"T-1", 46254, 24820.1}, {"T-2", 46255, 14460}} {
		require.NoError(t, f.SetSheetRow("Sheet1", fmt.Sprintf("A%d", i+1), &row))
	}
	require.NoError(t, make(f))
	var out bytes.Buffer
	require.NoError(t, f.Write(&out))
	return out.Bytes()
}

// cells writes a table as one text per line.
func cells(read *table.Table) (lines []string) {
	for _, line := range read.Lines {
		var parts []string
		for _, c := range line.Cells {
			parts = append(parts, fmt.Sprintf("%s/%d", c.Text, c.Kind))
		}
		lines = append(lines, fmt.Sprintf("%d: %s", line.Number, strings.Join(parts, " ")))
	}
	return lines
}

func TestWorkbooksAreReadAsPeopleSeeThem(t *testing.T) {
	yes := true
	style := func(f *excelize.File, format string) int {
		id, err := f.NewStyle(&excelize.Style{CustomNumFmt: &format})
		require.NoError(t, err)
		return id
	}
	for _, test := range []struct {
		name string
		make func(f *excelize.File) error
		want []string
		line string
	}{
		{"numbers", func(*excelize.File) error { return nil }, []string{"2: T-1/0 46254/1 24820.1/1", "3: T-2/0 46255/1 14460/1"}, ""},
		{"dates", func(f *excelize.File) error { return f.SetCellStyle("Sheet1", "B2", "B3", style(f, `dd/mm/yyyy`)) },
			[]string{"2: T-1/0 2026-08-20/2 24820.1/1", "3: T-2/0 2026-08-21/2 14460/1"}, ""},
		{"a built-in format of dates", func(f *excelize.File) error {
			id, err := f.NewStyle(&excelize.Style{NumFmt: 14})
			require.NoError(t, err)
			return f.SetCellStyle("Sheet1", "B2", "B2", id)
		}, []string{"2: T-1/0 2026-08-20/2 24820.1/1", "3: T-2/0 46255/1 14460/1"}, ""},
		{"the epoch of old Macs", func(f *excelize.File) error {
			require.NoError(t, f.SetSheetRow("Sheet1", "A2", &[]any{"T-1", 46254 - 1462, 24820.1}))
			require.NoError(t, f.SetCellStyle("Sheet1", "B2", "B2", style(f, `d\.m\.yy`)))
			return f.SetWorkbookProps(&excelize.WorkbookPropsOptions{Date1904: &yes})
		}, []string{"2: T-1/0 2026-08-20/2 24820.1/1", "3: T-2/0 46255/1 14460/1"}, ""},
		{"no date, whatever its letters", func(f *excelize.File) error { return f.SetCellStyle("Sheet1", "C2", "C3", style(f, `0.0" day"`)) },
			[]string{"2: T-1/0 46254/1 24820.1/1", "3: T-2/0 46255/1 14460/1"}, ""},
		{"what a spreadsheet stores of 24820.1", func(f *excelize.File) error { return f.SetCellDefault("Sheet1", "C2", "24820.099999999999") },
			[]string{"2: T-1/0 46254/1 24820.1/1", "3: T-2/0 46255/1 14460/1"}, ""},
		{"a formula without its value", func(f *excelize.File) error {
			require.NoError(t, f.SetCellValue("Sheet1", "C2", nil))
			return f.SetCellFormula("Sheet1", "C2", "C3*2")
		}, []string{"2: T-1/0 46254/1 =C3*2/3", "3: T-2/0 46255/1 14460/1"}, ""},
		{"rich text and spaces", func(f *excelize.File) error {
			return f.SetCellRichText("Sheet1", "A2", []excelize.RichTextRun{{Text: " T-"}, {Text: "1 ", Font: &excelize.Font{Bold: true}}})
		}, []string{"2: T-1/0 46254/1 24820.1/1", "3: T-2/0 46255/1 14460/1"}, ""},
		{"a number that is a text", func(f *excelize.File) error { return f.SetCellStr("Sheet1", "C2", "24.820,1") },
			[]string{"2: T-1/0 46254/1 24.820,1/0", "3: T-2/0 46255/1 14460/1"}, ""},
		{"empty lines", func(f *excelize.File) error { return f.InsertRows("Sheet1", 3, 2) }, []string{"2: T-1/0 46254/1 24820.1/1", "5: T-2/0 46255/1 14460/1"}, ""},
		{"a hidden sheet before it", func(f *excelize.File) error {
			_, err := f.NewSheet("Old")
			require.NoError(t, err)
			require.NoError(t, f.SetSheetRow("Old", "A1", &[]any{"ticket", "date", "net kg"}))
			require.NoError(t, f.MoveSheet("Old", "Sheet1"))
			f.SetActiveSheet(1)
			return f.SetSheetVisible("Old", false)
		}, []string{"2: T-1/0 46254/1 24820.1/1", "3: T-2/0 46255/1 14460/1"}, ""},
		{"another sheet with something else", func(f *excelize.File) error {
			_, err := f.NewSheet("Legend")
			require.NoError(t, err)
			return f.SetCellStr("Legend", "A1", "T means ticket")
		}, []string{"2: T-1/0 46254/1 24820.1/1", "3: T-2/0 46255/1 14460/1"}, ""},
		{"a hidden line", func(f *excelize.File) error { return f.SetRowVisible("Sheet1", 3, false) }, []string{"2: T-1/0 46254/1 24820.1/1"}, "line 3: the spreadsheet hides this line"},
		{"lines that are merged", func(f *excelize.File) error { return f.MergeCell("Sheet1", "B2", "B3") }, nil, "line 2: the cells B2:B3 are merged"},
		{"cells that are merged in their line", func(f *excelize.File) error {
			require.NoError(t, f.SetCellValue("Sheet1", "C3", nil))
			return f.MergeCell("Sheet1", "B3", "C3")
		}, []string{"2: T-1/0 46254/1 24820.1/1", "3: T-2/0 46255/1"}, ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			read, err := table.Read(made(t, test.make))
			require.NoError(t, err)
			require.Equal(t, []string{"ticket", "date", "net kg"}, read.Columns)
			require.Equal(t, test.want, cells(read))
			if test.line == "" {
				require.Empty(t, read.Faults)
				return
			}
			require.Contains(t, read.Faults[0].Error(), test.line)
		})
	}
}

// changed gives a workbook with another text in one of its parts.
func changed(t testing.TB, book []byte, part, old, replacement string) []byte {
	t.Helper()
	archive, err := zip.NewReader(bytes.NewReader(book), int64(len(book)))
	require.NoError(t, err)
	var out bytes.Buffer
	w := zip.NewWriter(&out)
	found := false
	for _, f := range archive.File {
		r, err := f.Open()
		require.NoError(t, err)
		content, err := io.ReadAll(r)
		require.NoError(t, err)
		if f.Name == part {
			found = bytes.Contains(content, []byte(old))
			content = bytes.ReplaceAll(content, []byte(old), []byte(replacement))
		}
		to, err := w.Create(f.Name)
		require.NoError(t, err)
		_, err = to.Write(content)
		require.NoError(t, err)
	}
	require.True(t, found, "%s has no %s", part, old)
	require.NoError(t, w.Close())
	return out.Bytes()
}

func TestWorkbooksThatWouldBeReadWronglyAreRefused(t *testing.T) {
	sound := made(t, func(*excelize.File) error { return nil })
	const sheet = "xl/worksheets/sheet1.xml"
	for want, book := range map[string][]byte{
		`row "2" follows row 3`:        changed(t, sound, sheet, `<row r="2"`, `<row r="3"/><row r="2"`),
		`cell "A2" is out of order`:    changed(t, sound, sheet, `<c r="C2"`, `<c r="A2"`),
		"shared text":                  changed(t, sound, sheet, `t="s"><v>0</v>`, `t="s"><v>99</v>`),
		`row "9999999"`:                changed(t, sound, sheet, `<row r="3"`, `<row r="9999999"`),
		"may reach over":               changed(t, sound, sheet, `</sheetData>`, rowsOut(4)+`</sheetData>`),
		"a sheet may have":             changed(t, sound, sheet, `</sheetData>`, `</sheetData><mergeCells>`+strings.Repeat(`<mergeCell ref="A1:B1"/>`, 1001)+`</mergeCells>`),
		"a file may have 100000 lines": changed(t, sound, sheet, `</sheetData>`, `<row r="200000"><c r="A200000"><v>1</v></c></row></sheetData>`),
		"damaged workbook":             sound[:len(sound)/2],
		"have the same columns": made(t, func(f *excelize.File) error {
			_, err := f.NewSheet("B")
			require.NoError(t, err)
			return f.SetSheetRow("B", "A1", &[]any{"ticket", "date", "net kg"})
		}),
		"save it as .xlsx without a pa": {0xd0, 0xcf, 0x11, 0xe0},
	} {
		_, err := table.Read(book)
		require.ErrorContains(t, err, want)
	}
}

func TestACellThatShowsAnErrorIsBroken(t *testing.T) {
	book := changed(t, made(t, func(*excelize.File) error { return nil }), "xl/worksheets/sheet1.xml", `<v>14460</v>`, `<f>NA()</f><v>#N/A</v>`)
	read, err := table.Read(changed(t, book, "xl/worksheets/sheet1.xml", `r="C3"`, `r="C3" t="e"`))
	require.NoError(t, err)
	require.Equal(t, "3: T-2/0 46255/1 #N/A/3", cells(read)[1])
}

// rowsOut are rows whose only cell is the last one that a sheet has.
func rowsOut(from int) string {
	var b strings.Builder
	for row := from; row < from+200; row++ {
		fmt.Fprintf(&b, `<row r="%d"><c r="XFD%d"/></row>`, row, row)
	}
	return b.String()
}

func TestABookHoldsWhatItWasGiven(t *testing.T) {
	var out bytes.Buffer
	b := table.NewBook(&out, "Test")
	sheet, err := b.Sheet("Sums", table.Layout{Widths: []int{20, 16}, Frozen: 2})
	require.NoError(t, err)
	require.NoError(t, sheet.WriteAs(table.Title, table.Cell{Text: "Sums"}))
	require.NoError(t, sheet.WriteAs(table.Heading, table.Cell{Text: "what"}, table.Cell{Text: "kg"}))
	for _, kg := range []string{"0.100", "0.200"} {
		require.NoError(t, sheet.Write(table.Cell{Text: "load"}, table.Cell{Text: kg, Kind: table.Number}))
	}
	require.NoError(t, sheet.WriteAs(table.Total, table.Cell{Text: "Total"}, table.Cell{Text: "0.300", Kind: table.Number, Formula: "SUM(B3:B4)"}))
	require.NoError(t, sheet.WriteAs(table.Note, table.Cell{Text: "a note"}))
	require.Equal(t, 6, sheet.Line())
	for range 2 {
		_, err = b.Sheet("The same name [twice] that is too long for a sheet", table.Layout{})
		require.NoError(t, err)
	}
	require.NoError(t, b.Close())

	f, err := excelize.OpenReader(bytes.NewReader(out.Bytes()))
	require.NoError(t, err)
	defer f.Close()
	require.Equal(t, []string{"Sums", "The same name -twice- that is t", "The same name -twice- that is 2"}, f.GetSheetList())
	formula, err := f.GetCellFormula("Sums", "B5")
	require.NoError(t, err)
	require.Equal(t, "SUM(B3:B4)", formula)
	value, err := f.GetCellValue("Sums", "B5")
	require.NoError(t, err)
	require.Equal(t, "0.300", value, "the value is there before a spreadsheet works it out")
	worked, err := f.CalcCellValue("Sums", "B5")
	require.NoError(t, err)
	require.Equal(t, "0.300", worked)
	lines, _, err := table.Lines(out.Bytes())
	require.NoError(t, err)
	require.Equal(t, "0.3", lines[4].Cells[1].Text)

	require.Error(t, table.NewBook(io.Discard, "empty").Close())
	require.NoError(t, table.NewBook(io.Discard, "dropped").Abandon())
}

// A text longer than a cell says that it is cut.
func TestALongTextIsNotCutSilently(t *testing.T) {
	var out bytes.Buffer
	w := table.NewXLSX(&out, "long")
	require.NoError(t, w.Write(table.Cell{Text: "lots"}))
	require.NoError(t, w.Write(table.Cell{Text: strings.Repeat("x", 40_000)}))
	require.NoError(t, w.Close())
	read, err := table.Read(out.Bytes())
	require.NoError(t, err)
	require.Contains(t, read.Lines[0].Cells[0].Text, "longer than a cell")
}

func TestAnAbandonedFileDoesNotLookWhole(t *testing.T) {
	for _, begin := range []func(io.Writer) table.Writer{table.NewCSV, func(w io.Writer) table.Writer { return table.NewXLSX(w, "x") }} {
		var out bytes.Buffer
		w := begin(&out)
		require.NoError(t, w.Write(table.Cell{Text: "a"}))
		require.NoError(t, w.Abandon())
		require.Contains(t, out.String(), "INCOMPLETE")
	}
}

// FuzzSheet changes what is within a workbook, where a change of its packed
// bytes would only make it damaged.
func FuzzSheet(f *testing.F) {
	sound := made(f, func(f *excelize.File) error { return f.MergeCell("Sheet1", "B3", "C3") })
	const part = "xl/worksheets/sheet1.xml"
	archive, err := zip.NewReader(bytes.NewReader(sound), int64(len(sound)))
	require.NoError(f, err)
	reader, err := archive.Open(part)
	require.NoError(f, err)
	sheet, err := io.ReadAll(reader)
	require.NoError(f, err)
	f.Add(string(sheet))
	f.Add(strings.Replace(string(sheet), `r="C2"`, "", 1))
	f.Add(strings.Replace(string(sheet), `<row r="3"`, `<row r="300000"`, 1))
	f.Fuzz(func(t *testing.T, other string) {
		read, err := table.Read(changed(t, sound, part, string(sheet), other))
		if err != nil {
			return
		}
		for _, line := range read.Lines {
			require.LessOrEqual(t, len(line.Cells), len(read.Columns))
		}
	})
}
