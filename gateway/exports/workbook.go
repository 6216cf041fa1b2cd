package exports

import (
	"fmt"
	"io"
	"math/big"
	"strconv"
	"strings"

	"github.com/weighbridge/weighbridge/chaincode/massbalance"
	"github.com/weighbridge/weighbridge/gateway/readmodel"
	"github.com/weighbridge/weighbridge/gateway/table"
)

// workbook is a mass balance workbook on its way.
type workbook struct {
	names
	site   massbalance.Site
	period massbalance.PeriodID
	book   readmodel.PeriodBook
	count  *count
	out    *table.Book
}

// Workbook writes the mass balance workbook of a site and period.
func Workbook(s *readmodel.Snapshot, site massbalance.SiteID, period massbalance.PeriodID, out io.Writer) error {
	w := &workbook{names: names{s: s}, period: period}
	var err error
	if w.site, err = readmodel.Need[massbalance.Site](s, massbalance.SiteKey(site)); err != nil {
		return err
	}
	if w.book, err = s.Book(site, period); err != nil {
		return err
	}
	if w.count, err = newCount(s, site, period); err != nil {
		return fmt.Errorf("couldn't count the records of %s: %w", site, err)
	}
	w.out = table.NewBook(out, "Mass balance "+string(site)+" "+string(period))
	for _, write := range []func() error{w.summary, w.journals, w.lots} {
		if err := write(); err != nil {
			return fmt.Errorf("couldn't write the workbook of %s in %s: %w", site, period, err)
		}
	}
	return w.out.Close()
}

func texts(values ...string) []table.Cell {
	cells := make([]table.Cell, len(values))
	for i, v := range values {
		cells[i] = table.Cell{Text: v}
	}
	return cells
}

// kg is a numeric cell, to the gram.
func kg(grams *big.Int) table.Cell {
	return table.Cell{Text: massbalance.FormatGrams(grams), Kind: table.Number}
}

// moved leaves the cell empty where nothing moved.
func moved(grams *big.Int) table.Cell {
	if grams.Sign() == 0 {
		return table.Cell{}
	}
	return kg(grams)
}

func day(date massbalance.Date) table.Cell {
	return table.Cell{Text: string(date), Kind: table.Date}
}

func (w *workbook) summary() error {
	sheet, err := w.out.Sheet("Summary", table.Layout{Widths: []int{28, 12, 18, 18, 18, 18, 18, 22, 16}})
	if err != nil {
		return err
	}
	state := "open: figures so far"
	if w.book.Closed {
		state = "closed"
	}
	head := [][2]string{
		{"Site", w.site.Name + " (" + string(w.site.ID) + "), " + w.site.Region + ", " + w.site.Country},
		{"Kept by", w.member(w.site.Owner)},
		{"Period", fmt.Sprintf("%s, %s to %s, %s", w.period, w.book.From, w.book.To, state)},
		{"True at block", strconv.FormatUint(w.s.Next-1, 10)},
		{"Unit", "kilograms, to the gram"},
	}
	err = sheet.WriteAs(table.Title, texts("Mass balance")...)
	for _, row := range head {
		if err == nil {
			err = sheet.Write(texts(row[0], row[1])...)
		}
	}
	if err == nil {
		err = sheet.Write()
	}
	if err == nil {
		err = sheet.WriteAs(table.Heading, texts("Product", "", "Opening", "In", "Out", "Of it lost", "Closing", "Account on the ledger", "Difference")...)
	}
	differs := false
	for _, l := range w.count.summary(w.book) {
		style := table.Plain
		if l.differs.Sign() != 0 {
			style, differs = table.Warning, true
		}
		if err == nil {
			err = sheet.WriteAs(style, table.Cell{Text: w.product(l.product)}, table.Cell{Text: l.what},
				kg(l.opening), kg(l.in), kg(l.out), moved(l.loss), kg(l.closing), kg(l.account), kg(l.differs))
		}
	}
	if err != nil {
		return err
	}
	return w.verdict(sheet, differs)
}

func (w *workbook) verdict(sheet *table.Sheet, differs bool) error {
	style, verdict := table.Plain, "Counted from the administrative records; every figure agrees with the stock accounts that the rules keep."
	if differs {
		style, verdict = table.Warning, "The count of the administrative records DIFFERS from the stock accounts. Do not rely on these figures before the cause is found."
	}
	if err := sheet.Write(); err != nil {
		return err
	}
	if err := sheet.WriteAs(style, texts(verdict)...); err != nil {
		return err
	}
	for _, note := range []string{
		"Material is what crossed the weighbridge, certified or not. Credit is the quantity that may be attributed with specified characteristics.",
		"Lost is credit that no later product carries: conversion losses and short arrivals. A conversion's loss is part of its credit out; a short arrival's never came in.",
	} {
		if err := sheet.Write(texts(note)...); err != nil {
			return err
		}
	}
	return nil
}

// journal is one sheet of movements.
type journal struct {
	name  string
	types []string
}

var journals = []journal{
	{"Receipts", []string{"introduce", "take_in", "receive", "return", "accept_credits", "return_credits"}},
	{"Dispatches", []string{"dispatch", "transfer_credits"}},
	{"Conversions", []string{"convert", "downgrade", "decouple"}},
	{"Claims and cancellations", []string{"claim", "withdraw"}},
}

// sheetOf names the sheet of a record's type; a type that came with later rules
// goes into a sheet of its own rather than nowhere.
func sheetOf(recordType string) string {
	for _, j := range journals {
		for _, t := range j.types {
			if t == recordType {
				return j.name
			}
		}
	}
	return other
}

const other = "Other movements"

func (w *workbook) journals() error {
	by := map[string][]movement{}
	for _, m := range w.count.movements {
		name := sheetOf(m.entry.Record.Type)
		by[name] = append(by[name], m)
	}
	for _, j := range append(journals[:len(journals):len(journals)], journal{name: other}) {
		if len(by[j.name]) == 0 && j.name == other {
			continue
		}
		if err := w.journal(j.name, by[j.name]); err != nil {
			return err
		}
	}
	return nil
}

func (w *workbook) journal(name string, movements []movement) error {
	sheet, err := w.out.Sheet(name, table.Layout{Widths: []int{9, 12, 18, 26, 30, 24, 16, 16, 16, 16, 14, 20, 44, 9, 26}, Frozen: 1})
	if err != nil {
		return err
	}
	if err := sheet.WriteAs(table.Heading, texts("No.", "Date", "What", "Documents", "With", "Product", "Material in", "Material out",
		"Credit in", "Credit out", "Credit lost", "Custody model", "Lots", "Block", "Command")...); err != nil {
		return err
	}
	total := newFigures()
	for _, m := range movements {
		total.add(m.figures)
		if err := w.movement(sheet, m); err != nil {
			return err
		}
	}
	if len(movements) == 0 {
		return sheet.Write(texts("", "", "Nothing in this period.")...)
	}
	cells := append(texts("", "", "Total", "", "", ""), kg(total.in), kg(total.out), kg(total.creditIn), kg(total.creditOut), kg(total.loss))
	return sheet.WriteAs(table.Total, cells...)
}

func (w *workbook) movement(sheet *table.Sheet, m movement) error {
	r := m.entry.Record
	documents, with := w.papers(m.entry)
	models := make([]string, len(m.models))
	for i, model := range m.models {
		models[i] = spoken(string(model))
	}
	lots := make([]string, len(m.lots))
	for i, lot := range m.lots {
		lots[i] = string(lot)
	}
	number := func(n uint64) table.Cell { return table.Cell{Text: strconv.FormatUint(n, 10), Kind: table.Number} }
	return sheet.Write(number(r.Sequence), day(r.Date), table.Cell{Text: spoken(r.Type)}, table.Cell{Text: documents}, table.Cell{Text: with},
		table.Cell{Text: w.product(m.product)}, moved(m.in), moved(m.out), moved(m.creditIn), moved(m.creditOut), moved(m.loss),
		table.Cell{Text: strings.Join(models, ", ")}, table.Cell{Text: strings.Join(lots, ", ")}, number(m.entry.Block), table.Cell{Text: string(r.Command)})
}

// spoken turns a name on the wire into words.
func spoken(name string) string { return strings.ReplaceAll(name, "_", " ") }

// papers are the documents behind a record, and whom it was with.
func (w *workbook) papers(e readmodel.Entry) (documents, with string) {
	switch b := e.Command.Body.(type) {
	case massbalance.Introduce:
		return string(b.Evidence), "statement " + string(b.Statement)
	case massbalance.TakeIn:
		return string(b.Evidence), b.Supplier
	case massbalance.Dispatch:
		all := make([]string, len(b.Documents))
		for i, d := range b.Documents {
			all[i] = string(d)
		}
		return strings.Join(all, ", "), w.siteName(b.To)
	case massbalance.Receive:
		return string(b.Evidence), "transfer " + string(b.Transfer)
	case massbalance.Return:
		return string(b.Evidence), "transfer " + string(b.Transfer)
	case massbalance.TransferCredits:
		return "", w.siteName(b.To)
	case massbalance.AcceptCredits:
		return "", "transfer " + string(b.Transfer)
	case massbalance.ReturnCredits:
		return "", "transfer " + string(b.Transfer)
	case massbalance.Convert:
		return "", "recipe " + string(b.Recipe)
	case massbalance.Withdraw:
		return "", b.Purpose
	case massbalance.ClaimCredits:
		return "", fmt.Sprintf("%s, %d: %s", b.Beneficiary, b.ReportingYear, b.Purpose)
	}
	return "", ""
}

func (w *workbook) lots() error {
	sheet, err := w.out.Sheet("Open lots", table.Layout{Widths: []int{34, 24, 16, 22, 16, 12, 12, 9, 20, 40}, Frozen: 1})
	if err != nil {
		return err
	}
	if err := sheet.WriteAs(table.Heading, texts("Lot", "Product", "Left, kg", "Custody model", "Scheme", "Country", "Region", "Vintage", "Statement", "Characteristics")...); err != nil {
		return err
	}
	total := new(big.Int)
	for _, id := range w.count.order {
		left := w.count.lots[id]
		if left.Sign() == 0 {
			continue
		}
		total.Add(total, left)
		lot, err := readmodel.Need[massbalance.Lot](w.s, massbalance.LotKey(id))
		if err != nil {
			return err
		}
		c, err := readmodel.Need[massbalance.Characteristics](w.s, massbalance.CharacteristicsKey(lot.Characteristics))
		if err != nil {
			return err
		}
		cells := append(texts(string(id), w.product(lot.Product)), kg(left))
		cells = append(cells, texts(spoken(string(lot.Model)), string(c.Scheme), c.Country, c.Region)...)
		cells = append(cells, table.Cell{Text: strconv.Itoa(c.Vintage), Kind: table.Number})
		if err := sheet.Write(append(cells, texts(string(lot.Statement), string(lot.Characteristics))...)...); err != nil {
			return err
		}
	}
	return sheet.WriteAs(table.Total, append(texts("Total", ""), kg(total))...)
}
