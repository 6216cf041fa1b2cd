package console

import (
	"net/url"

	"github.com/weighbridge/weighbridge/chaincode/massbalance"
)

// deed is something that may be done about what a page shows.
type deed struct {
	Title, Href string
	// Main is what is usually done.
	Main bool
}

func deedOf(name string, main bool, parameters ...string) deed {
	a, _ := actionNamed(name)
	values := url.Values{}
	for i := 0; i+1 < len(parameters); i += 2 {
		values.Set(parameters[i], parameters[i+1])
	}
	return deed{Title: a.Title, Href: "/do/" + name + "?" + values.Encode(), Main: main}
}

// transferDeeds is what whoever looks may do about a transfer, and, in a few
// words, what the organisation has to do, or "".
func (l *lens) transferDeeds(t massbalance.Transfer) (deeds []deed, todo string) {
	add := func(name string, main bool) { deeds = append(deeds, deedOf(name, main, "transfer", string(t.ID))) }
	credits, mine, theirs := t.Quantity.IsZero(), t.Receiver == l.organisation, t.Sender == l.organisation
	switch {
	case t.Status == massbalance.InTransit && mine && credits:
		add("accept-credits", true)
		add("reject", false)
		todo = "Accept or decline"
	case t.Status == massbalance.InTransit && mine:
		add("receive", true)
		add("reject", false)
		todo = "Receive or reject"
	case t.Status == massbalance.Rejected && theirs && credits:
		add("return-credits", true)
		todo = "Take credits back"
	case t.Status == massbalance.Rejected && theirs:
		add("return", true)
		todo = "Return to stock"
	case t.Status == massbalance.Reversing && theirs:
		add("complete-reversal", true)
		todo = "Complete a reversal"
	case t.Status == massbalance.Received && (mine || theirs) && t.Sender != t.Receiver:
		deeds, todo = l.reversalDeeds(t, mine)
	}
	if !l.acts {
		deeds = nil
	}
	return deeds, todo
}

func (l *lens) reversalDeeds(t massbalance.Transfer, mine bool) ([]deed, string) {
	of := func(name string, main bool) []deed { return []deed{deedOf(name, main, "transfer", string(t.ID))} }
	switch {
	case t.Reversal == nil:
		return of("propose-reversal", false), ""
	case t.Reversal.Agreed == "" && t.Reversal.Proposer != l.organisation:
		return of("confirm-reversal", true), "Confirm a reversal"
	case t.Reversal.Agreed != "" && mine:
		return of("complete-reversal", true), "Complete a reversal"
	}
	return nil, ""
}

// siteDeeds is what may be done at an own site.
func (l *lens) siteDeeds(card siteCard) []deed {
	if !l.acts || card.Site.Owner != l.organisation {
		return nil
	}
	site := string(card.Site.ID)
	if card.Head.Period == "" {
		return []deed{deedOf("open-period", true, "site", site)}
	}
	var deeds []deed
	for i, name := range []string{"intake", "dispatch", "convert", "claim", "close-period"} {
		deeds = append(deeds, deedOf(name, i == 0, "site", site))
	}
	return deeds
}

// lotDeeds is what may be done with an own lot that has credit left: all of it
// is proposed.
func (l *lens) lotDeeds(lot massbalance.Lot) []deed {
	site, err := find[massbalance.Site](l, massbalance.SiteKey(lot.Site))
	if err != nil || !l.acts || site.Owner != l.organisation || lot.Available().IsZero() {
		return nil
	}
	names := []string{"dispatch", "claim", "downgrade", "decouple", "cancel"}
	if lot.Model == massbalance.BookAndClaim {
		names = []string{"claim", "transfer-credits", "cancel"}
	}
	var deeds []deed
	for i, name := range names {
		deeds = append(deeds, deedOf(name, i == 0, "site", string(lot.Site), "product", string(lot.Product), lotField+":"+string(lot.ID), lot.Available().String()))
	}
	return deeds
}

// allowed leaves a deed out where whoever looks may not do it.
func (l *lens) allowed(d deed) []deed {
	if !l.acts {
		return nil
	}
	return []deed{d}
}
