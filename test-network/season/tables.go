package season

import (
	"errors"
	"fmt"
	"io/fs"
	"strings"

	"github.com/weighbridge/weighbridge/chaincode/massbalance"
)

func (s *Season) readTickets(files fs.FS) error {
	seen := map[string]bool{}
	return table(files, "tickets.csv", "ticket,date and time,site,supplier,product,gross kg,tare kg,net kg,moisture %", func(r *row) error {
		date, clock, _ := strings.Cut(r.text("date and time"), " ")
		r.fields["date"] = date
		t := Ticket{
			Number: massbalance.EvidenceID(r.name("ticket")), Date: s.day(r, "date"), Time: clock,
			Site: s.site(r, "site"), Supplier: r.name("supplier"), Product: s.product(r, "product"),
			Gross: r.quantity("gross kg"), Tare: r.quantity("tare kg"), Net: r.quantity("net kg"), Moisture: r.text("moisture %"),
		}
		s.Tickets = append(s.Tickets, t)
		if net, ok := t.Gross.Sub(t.Tare); !ok || !net.Equal(t.Net) {
			return fmt.Errorf("gross %s less tare %s is not net %s", t.Gross, t.Tare, t.Net)
		}
		return errors.Join(unique(seen, string(t.Number)), s.checkSupplier(t))
	})
}

// checkSupplier refuses a load from nobody, or at another elevator than agreed.
func (s *Season) checkSupplier(t Ticket) error {
	if farm, ok := s.farm(t.Supplier); ok && farm.Elevator == t.Site {
		return nil
	}
	for _, supplier := range s.Suppliers {
		if supplier.ID == t.Supplier && supplier.Elevator == t.Site {
			return nil
		}
	}
	return fmt.Errorf("%s does not deliver to %s", t.Supplier, t.Site)
}

func (s *Season) farm(id string) (Farm, bool) {
	for _, f := range s.Farms {
		if f.ID == id {
			return f, true
		}
	}
	return Farm{}, false
}

func (s *Season) readShipments(files fs.FS) error {
	seen := map[string]bool{}
	return table(files, "shipments.csv", "shipment,dispatched,from,to,product,quantity kg,attributed kg,mode,waybill,arrived,arrived kg,deal", func(r *row) error {
		shipment := Shipment{
			ID: r.name("shipment"), Dispatched: s.day(r, "dispatched"), From: s.site(r, "from"), To: s.site(r, "to"),
			Product: s.product(r, "product"), Quantity: r.quantity("quantity kg"), Attributed: s.shares(r, "attributed kg"),
			Mode: r.text("mode"), Waybill: massbalance.EvidenceID(r.name("waybill")), Received: s.day(r, "arrived"), Arrived: r.quantity("arrived kg"),
			Deal: r.fields["deal"],
		}
		s.Shipments = append(s.Shipments, shipment)
		if shipment.Received < shipment.Dispatched {
			return fmt.Errorf("it arrived on %s, before it left on %s", shipment.Received, shipment.Dispatched)
		}
		return unique(seen, shipment.ID)
	})
}

func (s *Season) readConversions(files fs.FS) error {
	seen := map[string]bool{}
	return table(files, "conversions.csv", "conversion,date,site,recipe,input kg,attributed kg,outputs kg", func(r *row) error {
		c := Conversion{
			ID: r.name("conversion"), Date: s.day(r, "date"), Site: s.site(r, "site"), Recipe: massbalance.RecipeID(r.name("recipe")),
			Input: r.quantity("input kg"), Attributed: s.shares(r, "attributed kg"),
		}
		for _, p := range r.pairs("outputs kg") {
			c.Outputs = append(c.Outputs, massbalance.Output{Product: massbalance.ProductID(p.name), Quantity: p.quantity})
		}
		s.Conversions = append(s.Conversions, c)
		return errors.Join(unique(seen, c.ID), s.checkRecipe(c))
	})
}

func (s *Season) checkRecipe(c Conversion) error {
	if _, ok := s.recipe(c.Recipe); !ok {
		return fmt.Errorf("there is no recipe %s", c.Recipe)
	}
	return nil
}

func (s *Season) recipe(id massbalance.RecipeID) (massbalance.Recipe, bool) {
	for _, recipe := range s.Recipes {
		if recipe.ID == id {
			return recipe, true
		}
	}
	return massbalance.Recipe{}, false
}

func (s *Season) readWithdrawals(files fs.FS) error {
	seen := map[string]bool{}
	return table(files, "withdrawals.csv", "withdrawal,date,site,product,quantity kg,cancelled kg,purpose", func(r *row) error {
		w := Withdrawal{
			ID: r.name("withdrawal"), Date: s.day(r, "date"), Site: s.site(r, "site"), Product: s.product(r, "product"),
			Quantity: r.quantity("quantity kg"), Cancelled: s.shares(r, "cancelled kg"), Purpose: r.text("purpose"),
		}
		s.Withdrawals = append(s.Withdrawals, w)
		return unique(seen, w.ID)
	})
}

func (s *Season) readClaims(files fs.FS) error {
	seen := map[string]bool{}
	return table(files, "claims.csv", "claim,date,site,product,claimed kg,beneficiary,reporting year,purpose", func(r *row) error {
		c := Claim{
			ID: r.name("claim"), Date: s.day(r, "date"), Site: s.site(r, "site"), Product: s.product(r, "product"),
			Claimed: s.shares(r, "claimed kg"), Beneficiary: r.text("beneficiary"), ReportingYear: r.year("reporting year"), Purpose: r.text("purpose"),
		}
		s.Claims = append(s.Claims, c)
		return unique(seen, c.ID)
	})
}
