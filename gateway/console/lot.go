package console

import (
	"github.com/weighbridge/weighbridge/chaincode/massbalance"
	"github.com/weighbridge/weighbridge/gateway/readmodel"
)

// lotPage is a lot with its history, and the lots before and after it.
type lotPage struct {
	titled
	lotRow
	SiteName  string
	Carbon    []carbonRow
	Statement massbalance.Statement
	Parents   []kinRow
	Children  []kinRow
	History   []entryRow
	Later     []descendantRow
	Origins   originTable
	Picture   *sankeyPicture
	Deeds     []deed
}

// kinRow is a lot before or after this one, and what one gave to the other.
type kinRow struct {
	massbalance.Lot
	Given                 massbalance.Quantity
	ProductName, SiteName string
}

// carbonRow is one figure of a set of characteristics.
type carbonRow struct{ Name, Intensity, Method string }

// descendantRow is a lot that rests on this one, with what left it.
type descendantRow struct {
	readmodel.Descendant
	ProductName, SiteName string
}

// carbonRows are all figures side by side; they are never netted.
func carbonRows(c massbalance.Carbon) []carbonRow {
	var rows []carbonRow
	for _, f := range figures(c) {
		rows = append(rows, carbonRow{f.name, minus(f.Intensity.String()), f.Method})
	}
	return rows
}

func (l *lens) lotPage(id massbalance.LotID) (any, error) {
	trace, err := l.s.TraceLot(id)
	if err != nil {
		return nil, err
	}
	lot := trace.Lot
	page := lotPage{titled: titled{"Lot " + string(id)}, Deeds: l.lotDeeds(lot), SiteName: l.siteName(lot.Site)}
	rows, err := l.lotRows([]massbalance.Lot{lot})
	if err != nil {
		return page, err
	}
	page.lotRow, page.Carbon = rows[0], carbonRows(rows[0].Traits.Carbon)
	page.Origins = l.originTable(trace.Sources, page.Product)
	if page.Picture, err = l.sourcesPicture(trace.Sources, readmodel.FlowEnd{}, "The lot"); err != nil {
		return page, err
	}
	if page.Parents, err = l.parents(lot); err != nil {
		return page, err
	}
	if page.Children, err = l.children(lot); err != nil {
		return page, err
	}
	history, err := l.s.AllHistory(readmodel.Holder(massbalance.HolderLot, string(id)))
	if err != nil {
		return page, err
	}
	page.History = l.entryRows(history)
	page.Later, err = l.later(id)
	return page, err
}

func (l *lens) parents(lot massbalance.Lot) ([]kinRow, error) {
	rows := make([]kinRow, 0, len(lot.Parents))
	for _, line := range lot.Parents {
		parent, err := find[massbalance.Lot](l, massbalance.LotKey(line.Lot))
		if err != nil {
			return nil, err
		}
		rows = append(rows, kinRow{parent, line.Quantity, l.productName(parent.Product), l.siteName(parent.Site)})
	}
	return rows, nil
}

func (l *lens) children(lot massbalance.Lot) ([]kinRow, error) {
	children, err := l.s.Children(lot.ID)
	rows := make([]kinRow, 0, len(children))
	for _, child := range children {
		row := kinRow{Lot: child, ProductName: l.productName(child.Product), SiteName: l.siteName(child.Site)}
		for _, parent := range child.Parents {
			if parent.Lot == lot.ID {
				row.Given = row.Given.Add(parent.Quantity)
			}
		}
		rows = append(rows, row)
	}
	return rows, err
}

// later lists what rests on the lot, itself left out.
func (l *lens) later(id massbalance.LotID) ([]descendantRow, error) {
	descendants, err := l.s.Descend(id)
	if err != nil {
		return nil, err
	}
	rows := make([]descendantRow, 0, len(descendants.Lots))
	for _, d := range descendants.Lots {
		rows = append(rows, descendantRow{d, l.productName(d.Lot.Product), l.siteName(d.Lot.Site)})
	}
	return rows, nil
}

// originTable is the origins of a claim or a lot.
type originTable struct {
	Product  string
	Rows     []originRow
	Rounding massbalance.Quantity
	Quantity massbalance.Quantity
}

func (l *lens) originTable(s readmodel.Sources, product string) originTable {
	table := originTable{Product: product, Rounding: s.Rounding, Quantity: s.Quantity}
	var before massbalance.Quantity
	for i, o := range s.Origins {
		table.Rows = append(table.Rows, originRow{
			Origin: o, Traits: newTraits(o.Statement.Characteristics.ID(), o.Statement.Characteristics),
			Site: l.siteName(o.Statement.Site), Material: l.productName(o.Introduced),
			Share: percent(o.Quantity, s.Quantity, 1), Start: percent(before, s.Quantity, 2), Width: percent(o.Quantity, s.Quantity, 2), Index: i % 6,
		})
		before = before.Add(o.Quantity)
	}
	return table
}

// transferPage is a transfer with its documents, lines, weights and history.
type transferPage struct {
	titled
	transferLine
	Lines      []transferPart
	Difference massbalance.Quantity
	// Lost is set where less arrived than left; Weighed where anything arrived.
	Lost, Weighed bool
	PerMille      string
	History       []entryRow
	Deeds         []deed
}

// transferPart is the part of a transfer that came from one lot.
type transferPart struct {
	massbalance.TransferLine
	Traits traits
}

func (l *lens) transferPage(id massbalance.TransferID) (any, error) {
	t, err := readmodel.Need[massbalance.Transfer](l.s, massbalance.TransferKey(id))
	if err != nil {
		return nil, err
	}
	page := transferPage{titled: titled{"Transfer " + string(id)}, transferLine: l.transferLine(t), Weighed: !t.Arrived.IsZero()}
	page.Difference, page.Lost = t.Quantity.Sub(t.Arrived)
	if !page.Lost {
		page.Difference, _ = t.Arrived.Sub(t.Quantity)
	}
	page.Deeds, _ = l.transferDeeds(t)
	page.PerMille = percent(page.Difference, t.Quantity, 2)
	for _, line := range t.Lines {
		traits, err := l.traits(line.Characteristics)
		if err != nil {
			return page, err
		}
		page.Lines = append(page.Lines, transferPart{line, traits})
	}
	history, err := l.s.AllHistory(readmodel.Holder(massbalance.HolderTransfer, string(id)))
	page.History = l.entryRows(history)
	return page, err
}
