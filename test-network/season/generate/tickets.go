package main

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"slices"
	"time"
)

// ticket is one load over the weighbridge; masses are kilograms in steps of 20,
// as a weighbridge shows them.
type ticket struct {
	number      string
	at          time.Time
	elevator    string
	supplier    string
	set         string // "" for grain without a certificate
	gross, tare int
	moisture    int // per mille
}

func (t ticket) net() int { return t.gross - t.tare }

const undifferentiatedLoads = 320

func makeTickets(random *rand.Rand, farms []farm) []ticket {
	var tickets []ticket
	for _, f := range farms {
		tickets = append(tickets, loadsOf(random, f)...)
	}
	for range undifferentiatedLoads {
		s := suppliers[random.IntN(len(suppliers))]
		first := 192
		if s.elevator == driffield {
			first = 206
		}
		net := (13500 + random.IntN(13500)) / 20 * 20
		tickets = append(tickets, weigh(random, first+random.IntN(34), s.elevator, s.id, "", net))
	}
	slices.SortStableFunc(tickets, func(a, b ticket) int {
		return cmp.Or(cmp.Compare(a.elevator, b.elevator), a.at.Compare(b.at), cmp.Compare(a.supplier, b.supplier))
	})
	numbers := map[string]int{}
	prefixes := map[string]string{ely: "ELY", driffield: "DRI"}
	for i := range tickets {
		numbers[tickets[i].elevator]++
		tickets[i].number = fmt.Sprintf("%s-25-%05d", prefixes[tickets[i].elevator], numbers[tickets[i].elevator])
	}
	return tickets
}

// loadsOf splits a farm's harvest into loads of about equal size, none over
// 27 t, over the days that its combine needs.
func loadsOf(random *rand.Rand, f farm) []ticket {
	count := (f.delivered + 20999) / 21000
	var loads []ticket
	left := f.delivered
	for i := range count {
		net := left
		if rest := count - i; rest > 1 {
			net = (left/rest + random.IntN(4000) - 2000) / 20 * 20
		}
		left -= net
		loads = append(loads, weigh(random, f.firstDay+i/5, f.elevator, f.id, setName(f.region, f.practice), net))
	}
	return loads
}

func weigh(random *rand.Rand, day int, elevator, supplier, set string, net int) ticket {
	at := time.Date(vintage, 1, 1, 7, 0, 0, 0, time.UTC).AddDate(0, 0, day-1).Add(time.Duration(random.IntN(14*60)) * time.Minute)
	tare := (14200 + random.IntN(1900)) / 20 * 20
	return ticket{at: at, elevator: elevator, supplier: supplier, set: set, gross: tare + net, tare: tare, moisture: 121 + random.IntN(42)}
}
