// Package table reads and writes tables as people keep them in files: CSV in
// its dialects, and XLSX workbooks.
//
// Reading takes what trade software and spreadsheets really write: UTF-8 with
// or without a byte order mark, UTF-16 with one, otherwise Windows-1252; commas,
// semicolons, tabs or bars; any line ending; empty lines; quoted fields. A cell
// keeps its text and the line it stands on. What a text means as a number or a
// date is decided here too, and where a text could mean two things it is
// refused: a guessed figure is worth nothing to an auditor.
//
// Writing keeps quantities exact: CSV holds their decimal text, XLSX a numeric
// cell only where a spreadsheet's number holds it to the last digit. A text that
// a spreadsheet would take for a formula is written so that it stays a text.
//
// Workbooks are read and written with github.com/xuri/excelize. Of a workbook the
// first sheet is read that people see; formulas are not worked out, the value
// that the spreadsheet stored with them counts. Hidden lines, and lines that are
// merged with others, are refused, because people see something else than what
// is stored. Before the library builds a sheet in memory, its bounds are checked
// here (bounded): one cell far out is enough to fill all memory.
package table
