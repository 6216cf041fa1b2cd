package main

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"slices"
	"time"
)

// Masses in this file are whole kilograms; a tonne is a thousand of them.
const tonne = 1000

// share is a quantity of one set of characteristics.
type share struct {
	set      string
	quantity int
}

type shipment struct {
	id, document, mode   string
	dispatched, received time.Time
	from, to, product    string
	quantity, arrived    int
	attributed           []share
}

type conversion struct {
	id           string
	date         time.Time
	site, recipe string
	input        int
	attributed   []share
	outputs      []output
}

type output struct {
	product  string
	quantity int
}

type withdrawal struct {
	id            string
	date          time.Time
	site, product string
	quantity      int
	cancelled     []share
	purpose       string
}

type claim struct {
	id            string
	date          time.Time
	site, product string
	attributed    []share
	purpose       string
}

type flows struct {
	shipments   []shipment
	conversions []conversion
	withdrawals []withdrawal
	claims      []claim
}

// account is a site's stock of a product and its credit by set, as far as the
// generator can know it: rounded down to the kilogram wherever the ledger
// rounds down to the gram, so never more than the ledger will find.
type account struct {
	stock  int
	credit map[string]int
}

// free is stock that can leave without taking credit along.
func (a *account) free() int {
	free := a.stock
	for _, quantity := range a.credit {
		free -= quantity
	}
	return free
}

// sets lists the sets of characteristics, that with most credit first.
func (a *account) sets() []string {
	return slices.SortedFunc(slices.Values(setNames), func(x, y string) int {
		return cmp.Or(cmp.Compare(a.credit[y], a.credit[x]), cmp.Compare(x, y))
	})
}

var setNames = []string{"uke1-regenerative", "uke1-typical", "ukh1-regenerative", "ukh1-typical"}

// state is where the season stands while it is made up.
type state struct {
	random   *rand.Rand
	accounts map[string]*account
	flows    flows
}

func (s *state) at(site, product string) *account {
	key := site + "/" + product
	if s.accounts[key] == nil {
		s.accounts[key] = &account{credit: map[string]int{}}
	}
	return s.accounts[key]
}

// makeFlows lets the season run week by week from the first full week of
// harvest to Christmas: grain to the mill, flour to the bakery, goods to the
// brand, claims at the end.
func makeFlows(random *rand.Rand, tickets []ticket) flows {
	s := &state{random: random, accounts: map[string]*account{}}
	monday := time.Date(vintage, 7, 21, 0, 0, 0, 0, time.UTC)
	byTime := slices.SortedStableFunc(slices.Values(tickets), func(a, b ticket) int { return a.at.Compare(b.at) })
	taken := 0
	for week := range 20 {
		day := monday.AddDate(0, 0, 7*week)
		for ; taken < len(byTime) && byTime[taken].at.Before(day); taken++ {
			s.takeIn(byTime[taken])
		}
		// Within a week the order is that of the days, so that nothing is used
		// before it arrived.
		s.toMill(day)
		s.baking(day.AddDate(0, 0, 2))
		if week%3 == 2 {
			s.toBrand(day.AddDate(0, 0, 3))
		}
		s.milling(day.AddDate(0, 0, 3))
		s.toBakery(day.AddDate(0, 0, 4))
		if week%4 == 3 {
			s.sell(day.AddDate(0, 0, 5))
		}
	}
	s.claimAll(time.Date(vintage, 12, 19, 0, 0, 0, 0, time.UTC))
	s.sell(time.Date(vintage, 12, 22, 0, 0, 0, 0, time.UTC))
	return s.flows
}

func (s *state) takeIn(t ticket) {
	a := s.at(t.elevator, "wheat")
	a.stock += t.net()
	if t.set != "" {
		a.credit[t.set] += t.net()
	}
}

// ship books a shipment out and in. Loads weigh a little less on arrival, now
// and then a little more.
func (s *state) ship(sh shipment, days int) {
	n := len(s.flows.shipments) + 1
	sh.id, sh.document = fmt.Sprintf("SH-%03d", n), fmt.Sprintf("WB-25-%04d", 4100+n*7)
	sh.received = sh.dispatched.AddDate(0, 0, days)
	sh.arrived = sh.quantity - sh.quantity/10000*s.random.IntN(26)
	if s.random.IntN(6) == 0 {
		sh.arrived = sh.quantity + sh.quantity/10000*s.random.IntN(12)
	}
	from, to := s.at(sh.from, sh.product), s.at(sh.to, sh.product)
	from.stock -= sh.quantity
	to.stock += sh.arrived
	total := 0
	for _, a := range sh.attributed {
		total += a.quantity
	}
	for _, a := range sh.attributed {
		from.credit[a.set] -= a.quantity
		credit := a.quantity
		if total > sh.arrived {
			credit = credit * sh.arrived / total
		}
		to.credit[a.set] += credit
	}
	s.flows.shipments = append(s.flows.shipments, sh)
}

// toMill ships grain by rail from Ely and by road from Driffield. Driffield
// keeps the regenerative grain in a silo of its own and ships it unmixed.
func (s *state) toMill(day time.Time) {
	for _, site := range []string{driffield, ely} {
		a := s.at(site, "wheat")
		quantity, mode := (1000+s.random.IntN(400))*tonne, "rail"
		if site == driffield {
			quantity, mode = (500+s.random.IntN(260))*tonne, "road"
		}
		quantity = min(quantity, a.stock-250*tonne) / 20 * 20
		if quantity < 400*tonne {
			continue
		}
		name := a.sets()[0]
		wanted := min(a.credit[name], quantity/100*(60+s.random.IntN(26))) / tonne * tonne
		attributed := covering(a, quantity, wanted)
		if name == "uke1-regenerative" && a.credit[name] >= 400*tonne {
			quantity = min(quantity, a.credit[name]/20*20)
			attributed = []share{{name, quantity}}
		}
		s.ship(shipment{dispatched: day, from: site, to: mill, product: "wheat", quantity: quantity, mode: mode, attributed: attributed}, 2)
	}
}

// shares leaves out shares of nothing.
func shares(all ...share) []share {
	return slices.DeleteFunc(all, func(s share) bool { return s.quantity <= 0 })
}

// every takes so much of the account's credit, the largest set first.
func every(a *account, most int) []share {
	var all []share
	for _, name := range a.sets() {
		quantity := min(a.credit[name], most)
		most -= quantity
		all = append(all, share{name, quantity})
	}
	return shares(all...)
}

// covering is what must be attributed to a shipment so that no more credit
// stays behind than material: carrying credit over without the stock is what
// certification schemes forbid.
func covering(a *account, quantity, wanted int) []share {
	return every(a, max(wanted, quantity-max(a.free(), 0)))
}

// milling grinds nine tenths of the wheat in the mill's silos: 71.2 to 72.0 %
// flour, the rest bran and a little dust.
func (s *state) milling(day time.Time) {
	wheat := s.at(mill, "wheat")
	input := wheat.stock / 10 * 9
	if input < 300*tonne {
		return
	}
	flour := input / 1000 * (712 + s.random.IntN(9))
	bran := input / 1000 * (274 + s.random.IntN(7))
	s.convert(conversion{
		date: day, site: mill, recipe: "milling", input: input, attributed: every(wheat, input),
		outputs: []output{{"flour", flour}, {"bran", bran}},
	}, "wheat")
}

// baking turns most of the bakery's flour into biscuits: 83 to 84.5 % of the
// flour's weight is left after baking.
func (s *state) baking(day time.Time) {
	flour := s.at(bakery, "flour")
	input := flour.stock / 100 * 65
	if input < 100*tonne {
		return
	}
	biscuit := input / 1000 * (830 + s.random.IntN(16))
	s.convert(conversion{
		date: day, site: bakery, recipe: "baking", input: input, attributed: every(flour, input*8/10),
		outputs: []output{{"biscuit", biscuit}},
	}, "flour")
}

func (s *state) convert(c conversion, product string) {
	c.id = fmt.Sprintf("CV-%03d", len(s.flows.conversions)+1)
	from := s.at(c.site, product)
	from.stock -= c.input
	for _, a := range c.attributed {
		from.credit[a.set] -= a.quantity
	}
	for _, o := range c.outputs {
		to := s.at(c.site, o.product)
		to.stock += o.quantity
		for _, a := range c.attributed {
			to.credit[a.set] += max(a.quantity*o.quantity/c.input-1, 0)
		}
	}
	s.flows.conversions = append(s.flows.conversions, c)
}

// toBakery ships flour in bulk.
func (s *state) toBakery(day time.Time) {
	flour := s.at(mill, "flour")
	quantity := min((420+s.random.IntN(260))*tonne, flour.stock/20*20)
	if quantity < 100*tonne {
		return
	}
	wanted := min(flour.credit[flour.sets()[0]], quantity/100*(70+s.random.IntN(25))) / tonne * tonne
	s.ship(shipment{dispatched: day, from: mill, to: bakery, product: "flour", quantity: quantity, mode: "road", attributed: covering(flour, quantity, wanted)}, 1)
}

// toBrand ships what the bakery has made, and some flour packed for the shelf.
func (s *state) toBrand(day time.Time) {
	for _, product := range []string{"biscuit", "flour"} {
		goods := s.at(bakery, product)
		quantity := goods.stock / 100 * 92 / 20 * 20
		if product == "flour" {
			quantity = goods.stock / 100 * 55 / 20 * 20
		}
		if quantity < 40*tonne {
			continue
		}
		s.ship(shipment{dispatched: day, from: bakery, to: depot, product: product, quantity: quantity, mode: "road", attributed: covering(goods, quantity, quantity/100*90)}, 1)
	}
}

// sell books out what leaves the consortium: bran to feed, with its credit
// cancelled; flour without credit to other buyers; the brand's goods to shops.
func (s *state) sell(day time.Time) {
	bran := s.at(mill, "bran")
	s.withdraw(withdrawal{date: day, site: mill, product: "bran", quantity: bran.stock / 100 * 95, cancelled: every(bran, bran.stock/100*95), purpose: "sold as animal feed"})
	flour := s.at(mill, "flour")
	s.withdraw(withdrawal{date: day, site: mill, product: "flour", quantity: flour.free() / 100 * 80, purpose: "sold outside the consortium without a claim"})
	for _, product := range []string{"biscuit", "flour"} {
		goods := s.at(depot, product)
		s.withdraw(withdrawal{date: day, site: depot, product: product, quantity: goods.free() / 100 * 90, purpose: "delivered to shops"})
	}
}

func (s *state) withdraw(w withdrawal) {
	if w.quantity < tonne {
		return
	}
	w.id = fmt.Sprintf("WD-%03d", len(s.flows.withdrawals)+1)
	a := s.at(w.site, w.product)
	a.stock -= w.quantity
	for _, c := range w.cancelled {
		a.credit[c.set] -= c.quantity
	}
	s.flows.withdrawals = append(s.flows.withdrawals, w)
}

// claimAll claims for the reporting year what the brand has of each set, in
// whole tonnes; the rest stays for the next year.
func (s *state) claimAll(day time.Time) {
	for _, product := range []string{"biscuit", "flour"} {
		goods := s.at(depot, product)
		for _, name := range goods.sets() {
			quantity := goods.credit[name] / tonne * tonne
			if quantity == 0 {
				continue
			}
			goods.credit[name] -= quantity
			s.flows.claims = append(s.flows.claims, claim{
				id: fmt.Sprintf("CL-%d-%02d", vintage, len(s.flows.claims)+1), date: day, site: depot, product: product,
				attributed: []share{{name, quantity}},
				purpose:    "scope 3, category 1: purchased goods",
			})
		}
	}
}
