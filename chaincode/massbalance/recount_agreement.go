package massbalance

import (
	"fmt"
	"math/big"
	"slices"
	"strings"
)

// agreements is what a recount finds of call-offs: what was sent under each
// agreement in each period, less what came back, in grams.
type agreements struct {
	signed map[AgreementID]*counted
	sent   map[TransferID]calledOff
}

type counted struct {
	seller, buyer OrganisationID
	terms         Commitment
	called        []*big.Int
}

type calledOff struct {
	agreement AgreementID
	period    int
	grams     *big.Int
}

func newAgreements() agreements {
	return agreements{signed: map[AgreementID]*counted{}, sent: map[TransferID]calledOff{}}
}

// agreement follows what was signed, called off and given back (I16).
func (t *Tally) agreement(e Entry) {
	reference := string(e.Record.Organisation) + "/" + string(e.Record.Command)
	switch body := e.Command.Body.(type) {
	case AcceptOffer:
		seller, _, _ := strings.Cut(string(body.Offer), "/")
		c := &counted{seller: OrganisationID(seller), buyer: body.Buyer, terms: body.Commitment}
		for range body.Commitment.Periods {
			c.called = append(c.called, new(big.Int))
		}
		t.agreements.signed[AgreementID(reference)] = c
	case Dispatch:
		t.calledOff(e, TransferID(reference), body.Agreement, body.To)
	case TransferCredits:
		t.calledOff(e, TransferID(reference), body.Agreement, body.To)
	case Return:
		t.agreements.back(body.Transfer)
	case ReturnCredits:
		t.agreements.back(body.Transfer)
	case CompleteReversal:
		if e.Record.Organisation == senderOf(body.Transfer) {
			t.agreements.back(body.Transfer)
		}
	}
}

func senderOf(id TransferID) OrganisationID {
	sender, _, _ := strings.Cut(string(id), "/")
	return OrganisationID(sender)
}

// calledOff counts a shipment in the period of its day.
func (t *Tally) calledOff(e Entry, id TransferID, agreement AgreementID, to SiteID) {
	if agreement == "" {
		return
	}
	c := t.agreements.signed[agreement]
	if c == nil || c.seller != e.Record.Organisation || c.buyer != t.tiers.owners[to] {
		t.find(e, "I16: called off under agreement %s, which is not between these parties", agreement)
		return
	}
	day := e.Command.Date
	if e.Command.Occurred != "" {
		day = e.Command.Occurred
	}
	at := slices.IndexFunc(c.terms.Periods, func(p SupplyPeriod) bool { return p.From <= day && day <= p.To })
	if at < 0 {
		t.find(e, "I16: agreement %s has no period of %s", agreement, day)
		return
	}
	grams := new(big.Int)
	for _, p := range e.Record.Credits {
		grams.Add(grams, GramsOf(p.Quantity))
		if set, known := t.sets[p.Characteristics]; !known || c.terms.Specification.offends(set) {
			t.find(e, "I16: set %s is not what agreement %s asks for", p.Characteristics, agreement)
		}
	}
	t.agreements.sent[id] = calledOff{agreement, at, grams}
	c.called[at].Add(c.called[at], grams)
	for i := range c.called {
		if c.called[i].Cmp(c.most(i)) > 0 {
			t.find(e, "I16: %s kg called off in period %d of agreement %s, at most %s", FormatGrams(c.called[i]), i+1, agreement, FormatGrams(c.most(i)))
		}
	}
}

// most is the maximum and, where it is carried, the shortfall of the period before.
func (c *counted) most(period int) *big.Int {
	most := new(big.Int).Set(GramsOf(c.terms.Periods[period].Maximum))
	if !c.terms.CarryForward || period == 0 {
		return most
	}
	short := new(big.Int).Sub(GramsOf(c.terms.Periods[period-1].Minimum), c.called[period-1])
	if short.Sign() > 0 {
		most.Add(most, short)
	}
	return most
}

// offends looks at what a set alone can tell: not the model, nor under which of
// several schemes it was used.
func (s Specification) offends(set Characteristics) bool {
	if s.Intensity != nil {
		emitted := new(big.Rat)
		for i, figure := range set.Carbon.vector() {
			perKg, _ := new(big.Rat).SetString(figure.Intensity.String())
			if i != 4 && i != 5 && i != 7 {
				emitted.Add(emitted, perKg)
			}
		}
		most, _ := new(big.Rat).SetString(s.Intensity.String())
		if emitted.Cmp(most) > 0 {
			return true
		}
	}
	absent := func(n int, found bool) bool { return n > 0 && !found }
	schemed := slices.Contains(s.Schemes, set.Scheme)
	for _, also := range set.AlsoSchemes {
		schemed = schemed || slices.Contains(s.Schemes, also)
	}
	return absent(len(s.Schemes), schemed) || absent(len(s.Countries), slices.Contains(s.Countries, set.Country)) ||
		absent(len(s.Regions), slices.Contains(s.Regions, set.Region)) || absent(len(s.Vintages), slices.Contains(s.Vintages, set.Vintage)) ||
		absent(len(s.Projects), slices.Contains(s.Projects, set.Project))
}

// back takes what returned to its sender from what was called off.
func (a agreements) back(id TransferID) {
	if sent, called := a.sent[id]; called {
		at := a.signed[sent.agreement].called[sent.period]
		at.Sub(at, sent.grams)
		delete(a.sent, id)
	}
}

// compare checks what the agreements of a state say was called off.
func (a agreements) compare(state Memory) (differences []string) {
	stored := 0
	for _, value := range state {
		agreement, ok := value.(Agreement)
		if !ok {
			continue
		}
		stored++
		c := a.signed[agreement.ID]
		for i, called := range agreement.Called {
			if c == nil || i >= len(c.called) || GramsOf(called).Cmp(c.called[i]) != 0 {
				differences = append(differences, fmt.Sprintf("agreement %s: %s kg called off in period %d, recounted otherwise", agreement.ID, called, i+1))
			}
		}
	}
	if stored != len(a.signed) {
		differences = append(differences, fmt.Sprintf("%d agreements are stored, %d were signed", stored, len(a.signed)))
	}
	return differences
}
