package console

import (
	"fmt"
	"strconv"

	"github.com/weighbridge/weighbridge/chaincode/massbalance"
	"github.com/weighbridge/weighbridge/gateway/readmodel"
)

// todayTrade lists offers that wait for an answer, periods that are not settled
// or disputed, and agreements that fall short.
func (l *lens) todayTrade(page *todayPage, _ []massbalance.Site) error {
	if l.role() != massbalance.Trading {
		return nil
	}
	if err := l.todayOffers(page); err != nil {
		return err
	}
	agreements, err := l.agreements(func(a massbalance.Agreement) bool { return a.Seller == l.organisation || a.Buyer == l.organisation })
	for _, a := range agreements {
		for _, p := range a.Periods {
			l.todayPeriod(page, a, p)
		}
	}
	return err
}

func (l *lens) todayOffers(page *todayPage) error {
	negotiations, err := readmodel.AllThings[massbalance.Negotiation](l.s, massbalance.KindNegotiation, readmodel.ThingFilter{})
	for _, one := range negotiations {
		n := one.Value
		if !l.party(n) || n.By == l.organisation || n.Status != massbalance.NegotiationOpen {
			continue
		}
		offer, err := find[massbalance.Offer](l, massbalance.OfferKey(n.Offer))
		if err != nil {
			return err
		}
		deeds, do := l.negotiationDeeds(offer, n)
		if do == "" {
			continue
		}
		page.Todo = append(page.Todo, todo{Class: "pending", Do: do, What: fmt.Sprintf("%s proposed terms that stand until %s (%s)", l.memberName(n.By), min(n.Expires, offer.Expires), plural(dayCount(l.today, min(n.Expires, offer.Expires)), "day left", "days left")),
			Href: "/offers/" + string(n.Offer), Where: string(n.Offer), Deeds: deeds, Due: min(n.Expires, offer.Expires)})
	}
	return err
}

func plural(n int, one, more string) string {
	if n == 1 {
		return "1 " + one
	}
	return strconv.Itoa(n) + " " + more
}

// todayPeriod lists what a period of an own agreement needs.
func (l *lens) todayPeriod(page *todayPage, a agreementRow, p periodRow) {
	other := a.BuyerName
	if a.Buyer == l.organisation {
		other = a.SellerName
	}
	about := fmt.Sprintf("Period %d of %s with %s, %s to %s", p.Period, a.Product, other, p.From, p.To)
	one := todo{Href: periodHref(a.ID, p.Period), Where: string(a.ID), Due: p.To}
	if p.Todo != "" && p.Settlement.Agreed == "" {
		one.Class, one.Do, one.What = p.Class, p.Todo, about
		if len(p.Deeds) > 0 {
			one.Deeds = p.Deeds[:1]
		}
		page.Todo = append(page.Todo, one)
	}
	if p.Disputed() {
		disputed := one
		disputed.Class, disputed.Do, disputed.What, disputed.Deeds = "rejected", "In dispute", about, nil
		page.Todo = append(page.Todo, disputed)
	}
	if p.Now && !p.Shortfall.IsZero() && p.enough(l.today) {
		short := one
		short.Class, short.Do, short.What = "returned", "Falls short", fmt.Sprintf("%s of %s will be missing if it goes on so. %s", worded(p.Shortfall), worded(p.Due), about)
		short.Deeds = nil
		if l.acts && a.Seller == l.organisation {
			short.Deeds = []deed{deedOf("dispatch", true, "agreement", string(a.ID), "product", string(a.Commitment.Product))}
		}
		page.Todo = append(page.Todo, short)
	}
}

// enough reports whether a quarter of a period has passed: before that, a
// forecast by what was called off so far says little.
func (p periodRow) enough(today massbalance.Date) bool {
	return 4*(dayCount(p.From, today)+1) >= dayCount(p.From, p.To)+1
}
