package console

import (
	"net/http"

	"github.com/weighbridge/weighbridge/chaincode/massbalance"
	"github.com/weighbridge/weighbridge/gateway/readmodel"
)

type conversionsPage struct {
	listing
	Rows []conversionRow
}

// conversionRow is a conversion: what went in, what came out, and what of the
// credit was lost on the way.
type conversionRow struct {
	readmodel.Entry
	SiteName, Recipe string
	In, Out          []conversionPart
	Lost             massbalance.Quantity
	// Reversed is the day on which it was reversed, or "".
	Reversed massbalance.Date
}

// conversionPart is one product of a conversion, with the credit that it brought
// or took along.
type conversionPart struct {
	Product          string
	Quantity, Credit massbalance.Quantity
}

func (l *lens) conversionsPage(r *http.Request) (any, error) {
	around, err := l.listing(r, "Conversions", "/api/v1/conversions", "site", "organisation", "period", "from", "to", "dates-by")
	page := conversionsPage{listing: around}
	if err != nil {
		return page, err
	}
	entries, err := l.s.Entries(readmodel.EntryFilter{
		Type: massbalance.Convert{}.Type(), Site: massbalance.SiteID(page.get("site")), Organisation: massbalance.OrganisationID(page.get("organisation")),
		Period: massbalance.PeriodID(page.get("period")), From: massbalance.Date(page.get("from")), To: massbalance.Date(page.get("to"))}, page.asked)
	page.seen(entries.Next, entries.NextValue)
	for _, e := range entries.Items {
		row := l.conversionRow(e)
		reversal, err := find[massbalance.Reversal](l, massbalance.ReversalKey(e.Record.Organisation, e.Record.Command))
		if err != nil {
			return page, err
		}
		row.Reversed = reversal.Date
		page.Rows = append(page.Rows, row)
	}
	return page, err
}

func (l *lens) conversionRow(e readmodel.Entry) conversionRow {
	row := conversionRow{Entry: e, SiteName: l.siteName(e.Record.Site)}
	if body, ok := e.Command.Body.(massbalance.Convert); ok {
		row.Recipe = string(body.Recipe)
	}
	for _, m := range e.Record.Materials {
		part := conversionPart{Product: l.productName(m.Product), Quantity: m.In}
		if m.In.IsZero() {
			part.Quantity = m.Out
		}
		for _, p := range e.Record.Credits {
			if m.In.IsZero() && p.From.Kind == massbalance.HolderLot && p.From.Product == m.Product || !m.In.IsZero() && p.To.Kind == massbalance.HolderLot && p.To.Product == m.Product {
				part.Credit = part.Credit.Add(p.Quantity)
			}
		}
		if m.In.IsZero() {
			row.In = append(row.In, part)
		} else {
			row.Out = append(row.Out, part)
		}
	}
	for _, p := range e.Record.Credits {
		if p.To.Kind == massbalance.HolderLoss {
			row.Lost = row.Lost.Add(p.Quantity)
		}
	}
	return row
}
