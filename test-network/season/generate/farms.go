package main

import (
	"fmt"
	"math/rand/v2"
)

// The sites. Elevators are the first gathering points, where grain is weighed in.
const (
	ely       = "elevator-ely"
	driffield = "elevator-driffield"
	mill      = "mill-newark"
	bakery    = "bakery-leeds"
	depot     = "depot-daventry"
)

// farm is a certified farm with its wheat of 2025. Masses are kilograms.
type farm struct {
	id, name, region, practice, elevator string
	tenths                               int // hectares × 10
	delivered                            int
	verified                             int
	firstDay                             int // day of the year of its first load
}

func (f farm) hectares() string { return fmt.Sprintf("%d.%d", f.tenths/10, f.tenths%10) }

func (f farm) cap() int {
	if f.region == eastAnglia {
		return f.tenths * capEastAnglia / 10
	}
	return f.tenths * capYorkshire / 10
}

// Farms with something left on their statement, and the one whose statement
// says more than its land can yield: the certifier's slip that the second bound
// catches.
const (
	overVerified     = "F-011"
	overVerifiedArea = 315
)

var leftOver = map[string]int{"F-003": 18240, "F-029": 31600}

var (
	farmFirst  = []string{"Alder", "Barrow", "Chalk", "Drove", "Elder", "Fallow", "Gault", "Hythe", "Ings", "Kiln", "Lode", "Marsh", "Nook", "Oxlip", "Pightle", "Quern", "Reach", "Stone", "Thorn", "Wold", "Yarrow", "Beck"}
	farmSecond = []string{"Hill Farm", "End Farm", "House Farm", "Field Farm", "Lane Farm", "Grange", "Lodge Farm", "Corner Farm", "Bank Farm", "Holme Farm"}
)

// makeFarms invents 44 farms: 24 in East Anglia, 20 in Yorkshire; nearly half
// of them in the programme's regenerative practices.
func makeFarms(random *rand.Rand) []farm {
	farms := make([]farm, 0, 44)
	for i := range 44 {
		f := farm{
			id:   fmt.Sprintf("F-%03d", i+1),
			name: farmFirst[i%len(farmFirst)] + " " + farmSecond[(i*7+i/len(farmFirst)*3)%len(farmSecond)],
			// 11 July and 25 July: the harvest of 2025 began early.
			region: eastAnglia, practice: typical, elevator: ely, firstDay: 192 + random.IntN(25),
			tenths: 220 + random.IntN(560),
		}
		if i >= 24 {
			f.region, f.elevator, f.firstDay = yorkshire, driffield, 206+random.IntN(24)
		}
		if i%9%2 == 1 {
			f.practice = regenerative
		}
		perHectare := 6100 + random.IntN(1900)
		if f.region == yorkshire {
			perHectare += 400
		}
		if f.id == overVerified {
			f.tenths, perHectare = overVerifiedArea, 7100
		}
		f.delivered = f.tenths * perHectare / 10 / 20 * 20
		f.verified = f.delivered + leftOver[f.id]
		if f.id == overVerified {
			f.verified = f.cap() + 28150
		}
		farms = append(farms, f)
	}
	return farms
}

// supplier delivers grain without a certificate.
type supplier struct{ id, name, elevator string }

var suppliers = []supplier{
	{"S-01", "Fen Edge Grain Merchants", ely}, {"S-02", "Ouse Valley Contract Farming", ely},
	{"S-03", "Washland Estates", ely}, {"S-04", "Breck Arable Partners", ely},
	{"S-05", "Isle Grain Storage", ely}, {"S-06", "Bedford Level Farms", ely},
	{"S-07", "Holderness Grain Merchants", driffield}, {"S-08", "Wolds Top Farming", driffield},
	{"S-09", "Derwent Ings Arable", driffield}, {"S-10", "Humber Bank Contracting", driffield},
}
