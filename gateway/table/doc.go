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
// The XLSX part is small on purpose: cells, shared strings and date formats in,
// cells and a few styles out. It evaluates nothing.
package table
