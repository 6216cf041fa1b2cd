package console

import (
	"fmt"

	"github.com/weighbridge/weighbridge/chaincode/massbalance"
	"github.com/weighbridge/weighbridge/gateway/readmodel"
)

// undifferentiated is the choice of no statement.
const undifferentiated = "none"

// intakeForm takes a load over the weighbridge: with the characteristics of a
// verification statement, or without any.
func intakeForm(f *form) (massbalance.Body, error) {
	site, err := f.ownSite("Site")
	if err != nil || site == "" {
		return nil, err
	}
	if err := f.when(site); err != nil || f.Stop != "" {
		return nil, err
	}
	statement, err := f.statement(site)
	if err != nil {
		return nil, err
	}
	if f.field("statement").Value == undifferentiated {
		product, err := f.anyProduct()
		if err != nil || product.ID == "" {
			return nil, err
		}
		supplier := f.text("supplier", "Supplier", "Who delivered it, as on the ticket")
		evidence := f.evidence()
		net, moisture := f.weight(product)
		return massbalance.TakeIn{Site: site, Product: product.ID, Quantity: net, Supplier: supplier, Evidence: evidence, Moisture: moisture}, nil
	}
	if statement.ID == "" {
		return nil, nil
	}
	product, err := find[massbalance.Product](f.lens, massbalance.ProductKey(statement.Product))
	if err != nil {
		return nil, err
	}
	model := massbalance.CustodyModel(f.choose("model", "Custody model", "How it is kept from here on. A step down later is always possible, a step up never.", modelChoices(massbalance.MassBalance)))
	evidence := f.evidence()
	net, moisture := f.weight(product)
	return massbalance.Introduce{
		Site: site, Certifier: statement.Certifier, Statement: statement.ID, Quantity: net, Model: model, Evidence: evidence, Moisture: moisture,
	}, nil
}

func (f *form) evidence() massbalance.EvidenceID {
	return massbalance.EvidenceID(f.name("evidence", "Weighbridge ticket", "Its number. A document counts once: the same ticket is refused a second time."))
}

// statement is a verification statement for the site, or the choice of none.
func (f *form) statement(site massbalance.SiteID) (massbalance.Statement, error) {
	all, err := f.statements(site)
	if err != nil {
		return massbalance.Statement{}, err
	}
	choices := []choice{{Value: undifferentiated, Name: "None: undifferentiated material, stock without credit"}}
	for _, v := range all {
		left, _ := v.Statement.Quantity.Sub(v.Introduced)
		choices = append(choices, choice{
			Value: string(v.Statement.Certifier) + "/" + string(v.Statement.ID),
			Name:  fmt.Sprintf("%s, %s, %s: %s left", v.Statement.ID, v.Statement.Producer, f.productName(v.Statement.Product), worded(left)),
		})
	}
	chosen := f.decides("statement", "Verification statement", "What comes in under a statement becomes a lot with its characteristics", choices)
	f.field("statement").Wide = true
	for _, v := range all {
		if chosen == string(v.Statement.Certifier)+"/"+string(v.Statement.ID) {
			left, _ := v.Statement.Quantity.Sub(v.Introduced)
			f.field("statement").Hint = fmt.Sprintf("%s of %s verified on %s ha are left to bring in under %s.",
				worded(left), worded(v.Statement.Quantity), v.Statement.Area, v.Statement.Certificate)
			return v.Statement, nil
		}
	}
	return massbalance.Statement{}, nil
}

func (f *form) statements(site massbalance.SiteID) ([]massbalance.Verified, error) {
	var all []massbalance.Verified
	p := readmodel.Page{Limit: readmodel.MaxLimit}
	for {
		listing, err := f.s.Statements(readmodel.StatementFilter{Holder: f.organisation, Site: site}, p)
		if err != nil {
			return nil, err
		}
		for _, v := range listing.Items {
			if v.Introduced.Less(v.Statement.Quantity) {
				all = append(all, v)
			}
		}
		if p.After = listing.Next; p.After == 0 {
			return all, nil
		}
	}
}

func (f *form) anyProduct() (massbalance.Product, error) {
	choices, err := f.productChoices()
	if err != nil {
		return massbalance.Product{}, err
	}
	id := massbalance.ProductID(f.decides("product", "Product", "", choices))
	return find[massbalance.Product](f.lens, massbalance.ProductKey(id))
}

// weight is what the weighbridge says: net, or gross and tare. Moisture is asked
// for where the product is booked at a moisture of reference.
func (f *form) weight(product massbalance.Product) (net massbalance.Quantity, moisture massbalance.Ratio) {
	gross := f.maybeKg("gross", "Gross", "The vehicle with its load")
	tare := f.maybeKg("tare", "Tare", "The empty vehicle")
	field := f.add("kg", "quantity", "Net", "Gross less tare; fill it in alone if that is all you have")
	field.Unit = "kg"
	weighed := f.field("gross").Value != "" && f.field("tare").Value != ""
	difference, more := gross.Sub(tare)
	switch {
	case weighed && (!more || difference.IsZero()):
		f.field("tare").fail("%s is not less than the gross weight", worded(tare))
	case weighed && field.Value == "":
		field.Hint = "Gross less tare: " + worded(difference)
		net = difference
	default:
		f.need(field, "How many kilograms, net?")
		net = field.kilograms()
		if weighed && field.Fault == "" && !net.Equal(difference) {
			field.fail("gross less tare is %s, not %s", worded(difference), worded(net))
		}
	}
	if field.Fault == "" && field.Value != "" && net.IsZero() {
		field.fail("0 kg is no movement")
	}
	if !product.ReferenceMoisture.IsZero() {
		moisture = f.percent("moisture", "Moisture as weighed", "The weight is booked at the product's reference moisture of "+perCent(product.ReferenceMoisture)+". Leave it empty if it is at that moisture already.")
	}
	return net, moisture
}

func modelChoices(proposed massbalance.CustodyModel) []choice {
	var choices []choice
	for _, m := range massbalance.CustodyModels {
		if m.Physical() {
			choices = append(choices, choice{Value: string(m), Name: modelName(m), Chosen: m == proposed})
		}
	}
	return choices
}

// dispatchForm sends material, with the lots attributed to it, to another site.
func dispatchForm(f *form) (massbalance.Body, error) {
	site, product, err := f.stock("From", false)
	if err != nil || product == "" {
		return nil, err
	}
	sites, err := f.otherSites(site)
	if err != nil {
		return nil, err
	}
	to := massbalance.SiteID(f.choose("to", "To", "Its scale decides what arrives", sites))
	agreement, err := f.calledOff(product)
	if err != nil {
		return nil, err
	}
	quantity := f.kg("quantity", "Weight of the shipment", "All of it, attributed or not")
	document := f.maybeName("document", "Waybill or delivery note", "Its number, such as that of the CMR")
	body := massbalance.Dispatch{Site: site, To: to, Product: product, Quantity: quantity, Agreement: agreement}
	if document != "" {
		body.Documents = []massbalance.EvidenceID{massbalance.EvidenceID(document)}
	}
	body.Model = massbalance.CustodyModel(f.maybeChoose("model", "Step down to", "A shipment leaves under the loosest model of its lots, or a looser one if you want", "No further step down", modelChoices("")))
	body.Lines, err = f.lots("Attributed to the shipment", "Never more than its weight. Leave all empty to ship it undifferentiated.",
		lotFilter{Site: site, Product: product, Moves: true, Optional: true})
	return body, err
}

// stock begins a form about a product at an own site: site, day and product.
func (f *form) stock(label string, credit bool) (massbalance.SiteID, massbalance.ProductID, error) {
	site, err := f.ownSite(label)
	if err != nil || site == "" {
		return "", "", err
	}
	if err := f.when(site); err != nil || f.Stop != "" {
		return "", "", err
	}
	product, _, err := f.stocked(site, "Product", credit)
	return site, product, err
}

// otherSites lists all sites but one, with their owners.
func (f *form) otherSites(not massbalance.SiteID) ([]choice, error) {
	sites, err := f.s.Sites("", readmodel.Page{Limit: readmodel.MaxLimit})
	var choices []choice
	for _, s := range sites.Items {
		if s.ID != not {
			choices = append(choices, choice{Value: string(s.ID), Name: s.Name + ", " + f.memberName(s.Owner)})
		}
	}
	return choices, err
}

// transfer is the one that the form is about.
func (f *form) transfer() (massbalance.Transfer, error) {
	id := massbalance.TransferID(f.typed.Get("transfer"))
	t, err := readmodel.Need[massbalance.Transfer](f.s, massbalance.TransferKey(id))
	if err != nil {
		return t, err
	}
	var attributed massbalance.Quantity
	for _, line := range t.Lines {
		attributed = attributed.Add(line.Quantity)
	}
	f.Lead = append(f.Lead, fmt.Sprintf("%s %s from %s to %s, dispatched on %s; %s of it attributed.",
		worded(t.Quantity), f.productName(t.Product), f.siteName(t.From), f.siteName(t.To), t.Dispatched, worded(attributed)))
	if t.Quantity.IsZero() {
		f.Lead[0] = fmt.Sprintf("%s of credits of %s from %s to %s, offered on %s.", worded(attributed), f.productName(t.Product), f.siteName(t.From), f.siteName(t.To), t.Dispatched)
	}
	return t, nil
}

// receiveForm takes a shipment in at the weight found on arrival.
func receiveForm(f *form) (massbalance.Body, error) {
	t, err := f.transfer()
	if err == nil {
		err = f.when(t.To)
	}
	if err != nil || f.Stop != "" {
		return nil, err
	}
	found := f.kg("quantity", "Weight found on arrival", "As your own scale says")
	if one := f.field("quantity"); one.Value != "" && one.Fault == "" {
		one.Hint = difference(t.Quantity, found)
	}
	return massbalance.Receive{Site: t.To, Transfer: t.ID, Quantity: found, Evidence: f.evidence()}, nil
}

// difference says by how much a weight differs from that of the dispatch.
func difference(sent, found massbalance.Quantity) string {
	missing, more := found.Shortage(sent), sent.Shortage(found)
	switch {
	case !missing.IsZero():
		return fmt.Sprintf("%s less than was dispatched (−%s %%)", worded(missing), percent(missing, sent, 2))
	case !more.IsZero():
		return fmt.Sprintf("%s more than was dispatched (+%s %%)", worded(more), percent(more, sent, 2))
	}
	return "Exactly what was dispatched"
}

func rejectForm(f *form) (massbalance.Body, error) {
	t, err := f.transfer()
	if err == nil {
		err = f.when(t.To)
	}
	if err != nil || f.Stop != "" {
		return nil, err
	}
	return massbalance.Reject{Site: t.To, Transfer: t.ID, Reason: f.text("reason", "Reason", "The sender reads it, and so do auditors")}, nil
}

// returnForm books a rejected shipment in again where it came from.
func returnForm(f *form) (massbalance.Body, error) {
	t, err := f.transfer()
	if err == nil {
		err = f.when(t.From)
	}
	if err != nil || f.Stop != "" {
		return nil, err
	}
	found := f.kg("quantity", "Weight found on its return", "As your own scale says")
	if one := f.field("quantity"); one.Value != "" && one.Fault == "" {
		one.Hint = difference(t.Quantity, found)
	}
	return massbalance.Return{Site: t.From, Transfer: t.ID, Quantity: found, Evidence: f.evidence()}, nil
}

// withdrawForm books material out without a receiver.
func withdrawForm(f *form) (massbalance.Body, error) {
	site, product, err := f.stock("Site", false)
	if err != nil || product == "" {
		return nil, err
	}
	quantity := f.kg("quantity", "Weight", "What leaves the sight of the consortium: used up, sold outside of it, lost")
	purpose := f.text("purpose", "Purpose", "")
	lines, err := f.lots("Lots that go with it", "They are cancelled. Leave all empty if nothing of it is attributed.", lotFilter{Site: site, Product: product, Moves: true, Optional: true})
	return massbalance.Withdraw{Site: site, Product: product, Quantity: quantity, Lines: lines, Purpose: purpose}, err
}
