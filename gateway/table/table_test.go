package table_test

import (
	"bytes"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/weighbridge/weighbridge/gateway/table"
)

func TestNumbersThatCouldBeTwoThingsAreRefused(t *testing.T) {
	unknown, comma, point := table.Reading{}, table.Reading{Decimal: ","}, table.Reading{Decimal: "."}
	for _, test := range []struct {
		reading    table.Reading
		text, want string
	}{
		{unknown, "24820", "24820"}, {unknown, "24820.125", "24820.125"}, {unknown, "24820,5", "24820.5"},
		{unknown, "24 820", "24820"}, {unknown, "24 820,5 kg", "24820.5"}, {unknown, "24\u202f820", "24820"}, {unknown, "24’820.5", "24820.5"},
		{unknown, "1.234.567", "1234567"}, {unknown, "1,234,567", "1234567"}, {unknown, "1.234,56", "1234.56"}, {unknown, "1,234.56", "1234.56"},
		{unknown, "0.820", "0.820"}, {unknown, "24.8", "24.8"},
		{unknown, "24.820", "?"}, {unknown, "24,820", "?"},
		{comma, "24.820", "24820"}, {comma, "24,820", "24.820"}, {comma, "24820.5", "?"},
		{point, "24.820", "24.820"}, {point, "24,820", "24820"}, {point, "24,82", "?"},
		{unknown, "-5", "?"}, {unknown, "", "?"}, {unknown, "5.", "?"}, {unknown, ".5", "?"}, {unknown, "1,23,456", "?"},
		{unknown, "1 23", "?"}, {unknown, "1.234,5,6", "?"}, {unknown, "12 t", "?"}, {unknown, "1e3", "?"}, {comma, "5,", "?"},
	} {
		got, err := test.reading.Number(table.Cell{Text: test.text})
		if test.want == "?" {
			require.Error(t, err, "%q gave %s", test.text, got)
			continue
		}
		require.NoError(t, err)
		require.Equal(t, test.want, got, test.text)
	}
}

func TestDatesThatCouldBeTwoDaysAreRefused(t *testing.T) {
	for _, test := range []struct {
		reading    table.Reading
		text, want string
	}{
		{table.Reading{}, "2025-07-25 12:34", "2025-07-25"}, {table.Reading{}, "2025-07-25T12:34:56Z", "2025-07-25"}, {table.Reading{}, "25.07.2025", "2025-07-25"},
		{table.Reading{}, "5.7.2025 08:00", "2025-07-05"}, {table.Reading{}, "25/07/2025", "2025-07-25"}, {table.Reading{}, "07/25/2025 1:04 PM", "2025-07-25"},
		{table.Reading{}, "45863", "2025-07-25"}, {table.Reading{}, "45863.52", "2025-07-25"}, {table.Reading{}, "04/04/2025", "2025-04-04"},
		{table.Reading{}, "03/04/2025", "?"}, {table.Reading{DayFirst: true}, "03/04/2025", "2025-04-03"}, {table.Reading{MonthFirst: true}, "03/04/2025", "2025-03-04"},
		{table.Reading{}, "2025-02-30", "?"}, {table.Reading{}, "31.06.2025", "?"}, {table.Reading{}, "25.07.25", "?"}, {table.Reading{}, "yesterday", "?"}, {table.Reading{}, "7", "?"}, {table.Reading{}, "", "?"},
	} {
		got, err := test.reading.Day(table.Cell{Text: test.text})
		if test.want == "?" {
			require.Error(t, err, "%q gave %s", test.text, got)
			continue
		}
		require.NoError(t, err, test.text)
		require.Equal(t, test.want, got, test.text)
	}
}

func TestTextsThatSpreadsheetsWouldRunAreInert(t *testing.T) {
	for text, want := range map[string]string{
		"=1+1": "'=1+1", "@SUM(A1)": "'@SUM(A1)", "+49 30": "'+49 30", "-cmd|x": "'-cmd|x", "\tx": "'\tx", "-0.03": "-0.03", "Mill": "Mill", "": "",
	} {
		require.Equal(t, want, table.Inert(text))
	}
}

// What is written is what is read again, in both forms.
func TestWrittenTablesReadTheSame(t *testing.T) {
	lines := [][]table.Cell{
		{{Text: "ticket"}, {Text: "date"}, {Text: "net kg"}, {Text: "note"}},
		{{Text: "T-1"}, {Text: "2025-07-25", Kind: table.Date}, {Text: "24820.125", Kind: table.Number}, {Text: "=HYPERLINK(\"x\")"}},
		{{Text: "T-2"}, {Text: "2025-07-26", Kind: table.Date}, {Text: "123456789012345.678", Kind: table.Number}, {Text: "Łódź & Söhne; \"quoted\",\nnext"}},
	}
	for name, begin := range map[string]func(*bytes.Buffer) table.Writer{
		"csv":  func(b *bytes.Buffer) table.Writer { return table.NewCSV(b) },
		"xlsx": func(b *bytes.Buffer) table.Writer { return table.NewXLSX(b, "Tickets [1/2]") },
	} {
		var file bytes.Buffer
		w := begin(&file)
		for _, line := range lines {
			require.NoError(t, w.Write(line...))
		}
		require.NoError(t, w.Close())
		read, err := table.Read(file.Bytes())
		require.NoError(t, err, name)
		require.Empty(t, read.Faults)
		require.Equal(t, []string{"ticket", "date", "net kg", "note"}, read.Columns)
		require.Len(t, read.Lines, 2)
		for i, line := range read.Lines {
			for j, cell := range line.Cells {
				require.Equal(t, lines[i+1][j].Text, cell.Text, "%s %d %d", name, i, j)
			}
		}
		if name == "xlsx" {
			require.Equal(t, table.Date, read.Lines[0].Cells[1].Kind)
			require.Equal(t, table.Number, read.Lines[0].Cells[2].Kind)
			require.Equal(t, table.Text, read.Lines[1].Cells[2].Kind, "18 digits are more than a spreadsheet's number keeps")
		}
	}
}

func TestWhatIsNoTableIsRefused(t *testing.T) {
	for _, file := range []string{"", "\n\n", "PK\x03\x04 damaged", "\xd0\xcf\x11\xe0 old", "a\x00b", "a,b;c\n1,2;3"} {
		_, err := table.Read([]byte(file))
		require.Error(t, err, "%q", file)
	}
	read, err := table.Read([]byte("a,b\n1,2\n3\n4,5,6\n\"7,8\n"))
	require.NoError(t, err)
	require.Len(t, read.Lines, 1)
	require.Len(t, read.Faults, 3)
	require.Contains(t, read.Faults[0].Error(), "line 3: has 1 fields, the header has 2")
}

func FuzzRead(f *testing.F) {
	for _, seed := range []string{"a;b\n1;2\n", "sep=|\na|b\n1|2", "\ufeffa,b\r\n\"x\"\"y\",2", "\xff\xfea\x00;\x00b\x00", "a,b\n\"1"} {
		f.Add([]byte(seed))
	}
	var book bytes.Buffer
	w := table.NewXLSX(&book, "S")
	require.NoError(f, w.Write(table.Cell{Text: "a"}, table.Cell{Text: "b"}))
	require.NoError(f, w.Write(table.Cell{Text: "1", Kind: table.Number}, table.Cell{Text: "2025-07-25", Kind: table.Date}))
	require.NoError(f, w.Close())
	f.Add(book.Bytes())
	f.Fuzz(func(t *testing.T, file []byte) {
		read, err := table.Read(file)
		if err != nil {
			return
		}
		require.NotEmpty(t, read.Columns)
		for _, line := range read.Lines {
			require.LessOrEqual(t, len(line.Cells), len(read.Columns))
		}
	})
}

func FuzzNumber(f *testing.F) {
	f.Add("24.820,5")
	f.Fuzz(func(t *testing.T, text string) {
		got, err := table.Reading{}.Number(table.Cell{Text: text})
		if err != nil {
			return
		}
		require.Regexp(t, `^[0-9]+(\.[0-9]+)?$`, got)
		// No digit is made up or dropped.
		digits := func(s string) string {
			return strings.Map(func(r rune) rune {
				if r < '0' || r > '9' {
					return -1
				}
				return r
			}, s)
		}
		require.Equal(t, digits(text), digits(got))
	})
}
