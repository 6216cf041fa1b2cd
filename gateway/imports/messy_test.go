package imports_test

import (
	"bytes"
	"testing"

	"github.com/stretchr/testify/require"
	"github.com/xuri/excelize/v2"

	"github.com/weighbridge/weighbridge/gateway/imports"
	"github.com/weighbridge/weighbridge/gateway/readmodel/ledgertest"
)

// messy is a workbook of tickets as a weighbridge's office keeps it.
func messy(t *testing.T, change func(f *excelize.File)) imports.Request {
	t.Helper()
	f := excelize.NewFile()
	defer f.Close()
	for at, row := range map[string][]any{
		"A1": {"Docket No.", "Delivery date", "Farm", "Commodity", "Gross weight (kg)", "Tare weight (kg)", "Net weight (kg)", "Remarks"},
		"A2": {"T-1", 46254, "VS-2026-011", "wheat", 40500, 15680, 24820},
		"A3": {"T-2", 46255, "Somebody", "wheat", 29820, 15360, 14460},
	} {
		require.NoError(t, f.SetSheetRow("Sheet1", at, &row))
	}
	format := "dd.mm.yyyy"
	style, err := f.NewStyle(&excelize.Style{CustomNumFmt: &format})
	require.NoError(t, err)
	require.NoError(t, f.SetCellStyle("Sheet1", "B2", "B3", style))
	if change != nil {
		change(f)
	}
	var out bytes.Buffer
	require.NoError(t, f.Write(&out))
	return tickets(out.String())
}

// The corpus of messy workbooks: each says, line by line, what must come of it.
func TestTheCorpusOfMessyWorkbooks(t *testing.T) {
	g := serve(t, ledgertest.Growers)
	const first, second = "line 2: accepted: introduce 24820 kg on statement VS-2026-011, mass balance\n", "line 3: accepted: take in 14460 kg of wheat from Somebody, undifferentiated\n"
	yes := true
	set := func(f *excelize.File, cell string, value any) {
		require.NoError(t, f.SetCellValue("Sheet1", cell, value))
	}
	for _, test := range []struct {
		name   string
		change func(f *excelize.File)
		want   string
	}{
		{"headers by other names", nil, first + second + "ignored: Remarks\n"},
		{"the epoch of old Macs", func(f *excelize.File) {
			set(f, "B2", 46254-1462)
			set(f, "B3", 46255-1462)
			require.NoError(t, f.SetWorkbookProps(&excelize.WorkbookPropsOptions{Date1904: &yes}))
		}, first + second + "ignored: Remarks\n"},
		{"lines that are merged", func(f *excelize.File) { require.NoError(t, f.MergeCell("Sheet1", "B2", "B3")) },
			"line 2: malformed: : the cells B2:B3 are merged, so nobody knows to which line their content belongs; split them\n" +
				"line 3: malformed: : the cells B2:B3 are merged, so nobody knows to which line their content belongs; split them\nignored: Remarks\n"},
		{"a hidden line", func(f *excelize.File) { require.NoError(t, f.SetRowVisible("Sheet1", 2, false)) },
			"line 2: malformed: : the spreadsheet hides this line; show it or delete it\n" + second + "ignored: Remarks\n"},
		{"a formula that has no value", func(f *excelize.File) {
			set(f, "G3", nil)
			require.NoError(t, f.SetCellFormula("Sheet1", "G3", "E3-F3"))
		}, first + "line 3: malformed: net: the spreadsheet shows \"=E3-F3\", which is an error or a formula without its value\nignored: Remarks\n"},
		{"a formula with its value", func(f *excelize.File) { require.NoError(t, f.SetCellFormula("Sheet1", "G3", "E3-F3")) }, first + second + "ignored: Remarks\n"},
		{"blank lines and a row of sums", func(f *excelize.File) {
			set(f, "A7", "Total")
			set(f, "G7", 39280)
		}, first + second + "ignored: Remarks\nleft out: line 7\n"},
		{"a row of sums over a missing line", func(f *excelize.File) {
			set(f, "A7", "Total")
			set(f, "G7", 50000)
		}, first + second + "line 7: malformed: net: the row of sums says 50000, the lines above it add up to 39280\nignored: Remarks\n"},
		{"a text that could be two numbers", func(f *excelize.File) { require.NoError(t, f.SetCellStr("Sheet1", "G3", "14.460")) },
			first + "line 3: malformed: net: \"14.460\" could be 14460 or 14.460; say which decimal sign the file has (decimal=point or decimal=comma)\nignored: Remarks\n"},
		{"the same docket twice", func(f *excelize.File) { set(f, "A3", "T-1") }, first + "line 3: malformed: : T-1 stands on line 2 already\nignored: Remarks\n"},
		{"a second sheet with the rest", func(f *excelize.File) {
			_, err := f.NewSheet("August")
			require.NoError(t, err)
			require.NoError(t, f.SetSheetRow("August", "A1", &[]any{"Docket No.", "Delivery date", "Farm", "Commodity", "Gross weight (kg)", "Tare weight (kg)", "Net weight (kg)", "Remarks"}))
		}, "unreadable: line 1: couldn't read the workbook: its sheets \"Sheet1\" and \"August\" have the same columns; import one at a time\n"},
	} {
		t.Run(test.name, func(t *testing.T) {
			require.Equal(t, test.want, outcome(g, messy(t, test.change).File))
		})
	}
}

// Shipments and conversions are as messy as tickets, and read by the same rules.
func TestMessyShipmentsAndConversions(t *testing.T) {
	growers := serve(t, ledgertest.Growers)
	file := "\ufeffShipment No;Dispatch Date;Site;Ship to;Crop;Net weight kg;Certified kg;CMR\r\n" +
		"S/1;20.08.2026 07:00;elevator;mill;wheat;50.000,0;20000;WB 1\r\n;;;;;;;\r\n" +
		"S/2;21/08/2026;elevator;mill;wheat;1.234.567;;WB 2\r\n" +
		"Summe;;;;;1.284.567,0;20000;\r\n"
	report := growers.dry(imports.Request{Kind: imports.Shipments, File: []byte(file)})
	require.Equal(t, []int{2, 0, 5}, []int{len(report.Lines), report.Malformed, report.LeftOut}, "%+v", report.Lines)
	require.Equal(t, "dispatch 50000 kg of wheat to mill, 12680.5 kg of growers/INT-2/1 + 7319.5 kg of growers/INT-3/1", report.Lines[0].What)
	require.Equal(t, []int{1, 1}, []int{report.Accepted, report.Refused}, "%+v", report.Lines)

	runs := "production order\tdate\trecipe\tinput kg\toutputs kg\nR 1\t2026-08-23\tmilling\t10 000,5\twheat-flour=7200 wheat-bran=2800\nR 1\t2026-08-23\tmilling\t1\twheat-flour=1\nR 2\t03/04/2026\tmilling\t1\twheat-flour=1\n"
	report = growers.dry(imports.Request{Kind: imports.Conversions, Site: "mill", File: []byte(runs)})
	require.Equal(t, "R-1 stands on line 2 already", report.Lines[1].Message)
	require.Contains(t, report.Lines[2].Message, "could be in month 03 or 04")
	require.Equal(t, 2, report.Malformed)
	height := growers.model.Next()
	_, err := growers.Start(t.Context(), imports.Request{Kind: imports.Conversions, Site: "mill", File: []byte(runs)})
	var malformed *imports.MalformedFile
	require.ErrorAs(t, err, &malformed, "nothing is half-imported")
	require.Equal(t, height, growers.model.Next())
}
