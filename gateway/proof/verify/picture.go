package verify

import "fmt"

// Picture is the way from the farms to the claim as points in columns and lines
// between them.
type Picture struct {
	Points []Point `json:"points"`
	Lines  []Line  `json:"lines"`
}

// Point is a farm, a site or the claim. Columns count from 0, from left to right.
type Point struct {
	ID     string `json:"id"`
	Name   string `json:"name"`
	Detail string `json:"detail"`
	Column int    `json:"column"`
}

// Line is what moved from one point to another.
type Line struct {
	From  string `json:"from"`
	To    string `json:"to"`
	Label string `json:"label"`
}

// farmsShown bounds how many farms have a point of their own.
const farmsShown = 12

// Picture draws a statement: farms, the sites in the order in which the credit
// came by, the claim.
func (s Statement) Picture() Picture {
	var p Picture
	columns := map[string]int{}
	site := func(id string) {
		if _, known := columns[id]; !known {
			columns[id] = len(columns) + 1
			point := Point{ID: "site " + id, Name: id, Column: columns[id]}
			if name := s.Names["site "+id]; name != "" && name != id {
				point.Name, point.Detail = name, id
			}
			p.Points = append(p.Points, point)
		}
	}
	for _, step := range s.Steps {
		site(string(step.Site))
	}
	for i, f := range s.Farms {
		id := "farm " + string(f.Statement.ID)
		if i == farmsShown && len(s.Farms) > farmsShown+1 {
			p.Points = append(p.Points, Point{ID: "farms", Name: fmt.Sprintf("%d further farms", len(s.Farms)-i)})
			p.Lines = append(p.Lines, Line{From: "farms", To: "site " + string(f.Statement.Site), Label: "the rest"})
			break
		}
		p.Points = append(p.Points, Point{ID: id, Name: f.Statement.Producer, Detail: fmt.Sprintf("%s ha, %s", f.Statement.Area, f.Statement.Characteristics.Region)})
		p.Lines = append(p.Lines, Line{From: id, To: "site " + string(f.Statement.Site), Label: f.Quantity.String() + " kg"})
	}
	p.shipments(s)
	c := s.Claim
	p.Points = append(p.Points, Point{ID: "claim", Name: "Claim " + string(c.ID), Detail: fmt.Sprintf("%s kg of %s", c.Quantity, c.Product), Column: len(columns) + 1})
	p.Lines = append(p.Lines, Line{From: "site " + string(c.Site), To: "claim", Label: c.Quantity.String() + " kg"})
	return p
}

// shipments draws one line for each pair of sites and product.
func (p *Picture) shipments(s Statement) {
	sums := map[string]int{}
	var totals []Step
	for _, step := range s.Steps {
		if step.To == "" {
			continue
		}
		key := string(step.Site) + " " + string(step.To) + " " + string(step.Product)
		at, known := sums[key]
		if !known {
			at = len(totals)
			sums[key], totals = at, append(totals, Step{Site: step.Site, To: step.To, Product: step.Product})
		}
		totals[at].Quantity = totals[at].Quantity.Add(step.Quantity)
	}
	for _, t := range totals {
		p.Lines = append(p.Lines, Line{From: "site " + string(t.Site), To: "site " + string(t.To), Label: fmt.Sprintf("%s kg of %s", t.Quantity, t.Product)})
	}
}
