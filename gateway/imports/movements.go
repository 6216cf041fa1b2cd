package imports

import (
	"errors"
	"fmt"
	"strings"

	"github.com/weighbridge/weighbridge/chaincode/massbalance"
	"github.com/weighbridge/weighbridge/gateway/readmodel"
)

// shipment is material leaving for another site, with the lots attributed to it.
func (p *planner) shipment(l *line) (massbalance.Command, string, error) {
	number := l.document("shipment")
	c := massbalance.Command{ID: massbalance.CommandID(dispatchPrefix + number), Date: l.day("dispatched"), By: "logistics"}
	body := massbalance.Dispatch{
		Site: p.site(l, "from"), To: massbalance.SiteID(l.name("to")), Product: massbalance.ProductID(l.name("product")),
		Quantity: l.quantity("quantity"), Model: l.model("custody model", ""), Scheme: massbalance.SchemeID(l.optionalName("scheme")),
	}
	if waybill := l.optionalDocument("waybill"); waybill != "" {
		body.Documents = []massbalance.EvidenceID{massbalance.EvidenceID(waybill)}
	}
	l.checked("shipment", string(c.ID))
	if l.fault != nil {
		return c, number, nil
	}
	var err error
	body.Lines, err = p.attribute(l, c.ID, stock{body.Site, body.Product})
	c.Body = body
	return c, number, err
}

// Prefixes of the IDs of commands that are about the same shipment.
const (
	dispatchPrefix = "dispatch-"
	receivePrefix  = "receive-"
)

// receipt is a shipment's arrival at the weight that was found.
func (p *planner) receipt(l *line) (massbalance.Command, string, error) {
	named := l.text("shipment")
	_, after, _ := strings.Cut(named, "/")
	if after == "" || strings.Contains(after, "/") {
		after = strings.NewReplacer("/", "-", " ", "-").Replace(named)
	}
	number := l.checked("shipment", strings.TrimPrefix(after, dispatchPrefix))
	c := massbalance.Command{ID: massbalance.CommandID(receivePrefix + number), Date: l.day("arrived"), By: "weighbridge"}
	body := massbalance.Receive{Site: p.site(l, "site"), Quantity: l.quantity("arrived kg"), Evidence: massbalance.EvidenceID(l.optionalDocument("ticket"))}
	waybill := massbalance.EvidenceID(l.optionalDocument("waybill"))
	if body.Evidence == "" {
		body.Evidence = waybill
	}
	l.checked("shipment", string(c.ID))
	if l.fault != nil {
		return c, number, nil
	}
	transfers, err := p.transfers(body.Site)
	if err != nil {
		return c, number, err
	}
	var fitting []massbalance.TransferID
	for _, t := range transfers {
		_, command, _ := strings.Cut(string(t.ID), "/")
		if string(t.ID) == named || command == number || command == dispatchPrefix+number {
			fitting = append(fitting, t.ID)
		}
	}
	if len(fitting) != 1 {
		l.fail("shipment", "%d shipments to %s are called %s; name the transfer as sender/command", len(fitting), body.Site, named)
		return c, number, nil
	}
	body.Transfer = fitting[0]
	c.Body = body
	return c, number, nil
}

func (p *planner) transfers(to massbalance.SiteID) ([]massbalance.Transfer, error) {
	if known, ok := p.arriving[to]; ok {
		return known, nil
	}
	filter := readmodel.TransferFilter{Site: to, Direction: readmodel.In}
	transfers, err := all(func(page readmodel.Page) (readmodel.Listing[massbalance.Transfer], error) {
		return p.s.Transfers(filter, page)
	})
	p.arriving[to] = transfers
	return transfers, err
}

// conversion is a run of a recipe.
func (p *planner) conversion(l *line) (massbalance.Command, string, error) {
	number := l.document("conversion")
	c := massbalance.Command{ID: massbalance.CommandID(number), Date: l.day("date"), By: "production"}
	body := massbalance.Convert{
		Site: p.site(l, "site"), Recipe: massbalance.RecipeID(l.name("recipe")), Quantity: l.quantity("input"), Model: l.model("custody model", ""),
	}
	for _, output := range l.pairs("outputs") {
		body.Outputs = append(body.Outputs, massbalance.Output{Product: massbalance.ProductID(l.checked("outputs", output.name)), Quantity: output.quantity})
	}
	if l.text("outputs"); l.fault != nil {
		return c, number, nil
	}
	input, known := p.recipes[body.Recipe]
	if !known {
		recipe, err := get[massbalance.Recipe](p.s, massbalance.RecipeKey(body.Recipe))
		if err != nil {
			return c, number, err
		}
		input = recipe.Input
		p.recipes[body.Recipe] = input
	}
	var err error
	body.Lines, err = p.attribute(l, c.ID, stock{body.Site, input})
	c.Body = body
	return c, number, err
}

// attribute gives the lots of a movement: those that the line names, or the
// oldest on site up to the number of kilograms that it gives.
func (p *planner) attribute(l *line, id massbalance.CommandID, at stock) ([]massbalance.LotLine, error) {
	text := l.optional("attributed")
	if text == "" {
		return nil, nil
	}
	if strings.Contains(text, "=") {
		var lines []massbalance.LotLine
		for _, one := range l.pairs("attributed") {
			if strings.Count(one.name, "/") != 2 {
				l.fail("attributed", "%q is not a lot such as growers/INT-1/1", one.name)
			}
			lines = append(lines, massbalance.LotLine{Lot: massbalance.LotID(one.name), Quantity: one.quantity})
		}
		return lines, nil
	}
	wanted := l.kilograms("attributed", l.cell("attributed"))
	if wanted.IsZero() || l.fault != nil {
		return nil, nil
	}
	if before, err := p.attributedBefore(id, wanted); err != nil || before != nil {
		return before, err
	}
	return p.oldest(l, at, wanted)
}

// attributedBefore finds the lots of a command that was accepted already: the
// oldest lots are others by now, but the same file must give the same command.
func (p *planner) attributedBefore(id massbalance.CommandID, wanted massbalance.Quantity) ([]massbalance.LotLine, error) {
	entry, err := p.s.Command(p.organisation, id)
	var missing *readmodel.NotFound
	if errors.As(err, &missing) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var lines []massbalance.LotLine
	switch body := entry.Command.Body.(type) {
	case massbalance.Dispatch:
		lines = body.Lines
	case massbalance.Convert:
		lines = body.Lines
	}
	if !total(lines).Equal(wanted) {
		return nil, nil
	}
	return lines, nil
}

func total(lines []massbalance.LotLine) massbalance.Quantity {
	var sum massbalance.Quantity
	for _, line := range lines {
		sum = sum.Add(line.Quantity)
	}
	return sum
}

// oldest takes from the lots that the file's earlier lines left.
func (p *planner) oldest(l *line, at stock, wanted massbalance.Quantity) ([]massbalance.LotLine, error) {
	left, ok := p.lots[at]
	if !ok {
		lots, err := all(func(page readmodel.Page) (readmodel.Listing[massbalance.Lot], error) {
			return p.s.Lots(readmodel.LotFilter{Site: at.site, Product: at.product, Available: true}, page)
		})
		if err != nil {
			return nil, err
		}
		for _, lot := range lots {
			if lot.Model != massbalance.BookAndClaim { // which moves with no material
				left = append(left, massbalance.LotLine{Lot: lot.ID, Quantity: lot.Available()})
			}
		}
	}
	var lines []massbalance.LotLine
	for i := range left {
		taken := wanted.Min(left[i].Quantity)
		if taken.IsZero() {
			continue
		}
		lines = append(lines, massbalance.LotLine{Lot: left[i].Lot, Quantity: taken})
		left[i].Quantity, _ = left[i].Quantity.Sub(taken)
		wanted, _ = wanted.Sub(taken)
	}
	if p.lots[at] = left; !wanted.IsZero() {
		l.fail("attributed", "the lots of %s at %s are %s kg short of it", at.product, at.site, wanted)
	}
	return lines, nil
}

// describe says in words what a line becomes.
func describe(body massbalance.Body) string {
	switch b := body.(type) {
	case massbalance.Introduce:
		return fmt.Sprintf("introduce %s kg on statement %s, %s", b.Quantity, b.Statement, strings.ReplaceAll(string(b.Model), "_", " "))
	case massbalance.TakeIn:
		return fmt.Sprintf("take in %s kg of %s from %s, undifferentiated", b.Quantity, b.Product, b.Supplier)
	case massbalance.Dispatch:
		return fmt.Sprintf("dispatch %s kg of %s to %s, %s", b.Quantity, b.Product, b.To, described(b.Lines))
	case massbalance.Receive:
		return fmt.Sprintf("receive %s kg of transfer %s", b.Quantity, b.Transfer)
	case massbalance.Convert:
		return fmt.Sprintf("convert %s kg by %s, %s", b.Quantity, b.Recipe, described(b.Lines))
	}
	return body.Type()
}

func described(lines []massbalance.LotLine) string {
	if len(lines) == 0 {
		return "no lots"
	}
	parts := make([]string, len(lines))
	for i, line := range lines {
		parts[i] = fmt.Sprintf("%s kg of %s", line.Quantity, line.Lot)
	}
	return strings.Join(parts, " + ")
}
