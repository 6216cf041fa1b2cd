package api

import (
	"context"
	"errors"
	"net/http"
	"reflect"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/weighbridge/weighbridge/chaincode/massbalance"
	"github.com/weighbridge/weighbridge/gateway/access"
	"github.com/weighbridge/weighbridge/gateway/readmodel"
	"github.com/weighbridge/weighbridge/gateway/trade"
)

// registerTradeReads adds what the ledger says of trade, which all can read, and
// what this organisation's own documents say, which its own people can.
func (s *server) registerTradeReads() {
	registerList(s, route{access.Read, "/api/v1/offers", "list-offers", "The offers, with the facts of those to all"},
		func(snapshot *readmodel.Snapshot, in *struct {
			Paging
			Seller massbalance.OrganisationID `query:"seller" doc:"Only of this organisation."`
			On     massbalance.Date           `query:"on" format:"date" doc:"Only those that stand on this day."`
		}) (readmodel.Listing[massbalance.Offer], error) {
			return sifted(snapshot, massbalance.KindOffer, in.page(), func(o massbalance.Offer) bool {
				return either(in.Seller, o.Seller) && (in.On == "" || in.On <= o.Expires && (o.Withdrawn == "" || in.On < o.Withdrawn))
			})
		})
	registerList(s, route{access.Read, "/api/v1/negotiations", "list-negotiations", "What lies on the table between sellers and buyers, as hashes"},
		func(snapshot *readmodel.Snapshot, in *struct {
			Paging
			Offer massbalance.OfferID        `query:"offer" doc:"Only of this offer."`
			Buyer massbalance.OrganisationID `query:"buyer" doc:"Only with this buyer."`
		}) (readmodel.Listing[massbalance.Negotiation], error) {
			filed, err := readmodel.Things[massbalance.Negotiation](snapshot, massbalance.KindNegotiation, readmodel.ThingFilter{A: string(in.Offer), B: string(in.Buyer)}, in.page())
			return mapped(filed, unfiled), err
		})
	registerList(s, route{access.Read, "/api/v1/agreements", "list-agreements", "The agreements, with what was called off"},
		func(snapshot *readmodel.Snapshot, in *struct {
			Paging
			Seller  massbalance.OrganisationID `query:"seller" doc:"Only those under which this organisation sells."`
			Buyer   massbalance.OrganisationID `query:"buyer" doc:"Only those under which this organisation buys."`
			Product massbalance.ProductID      `query:"product" doc:"Only of this product."`
		}) (readmodel.Listing[massbalance.Agreement], error) {
			return sifted(snapshot, massbalance.KindAgreement, in.page(), func(a massbalance.Agreement) bool {
				return either(in.Seller, a.Seller) && either(in.Buyer, a.Buyer) && either(in.Product, a.Commitment.Product)
			})
		})
	registerList(s, route{access.Read, "/api/v1/settlements", "list-settlements", "What parties said of the periods of their agreements"},
		func(snapshot *readmodel.Snapshot, in *struct {
			Paging
			Agreement massbalance.AgreementID `query:"agreement" doc:"Only of this agreement."`
		}) (readmodel.Listing[massbalance.Settlement], error) {
			filed, err := readmodel.Things[massbalance.Settlement](snapshot, massbalance.KindSettlement, readmodel.ThingFilter{A: string(in.Agreement)}, in.page())
			return mapped(filed, unfiled), err
		})
	registerList(s, route{access.Read, "/api/v1/premiums", "list-premiums", "The figures of the premium index, on their way and published"}, things[massbalance.PremiumRound](massbalance.KindPremium))
	s.registerDocumentsOfTrade()
}

// registerDocumentsOfTrade adds what only the parties can open.
func (s *server) registerDocumentsOfTrade() {
	registerKept(s, "/api/v1/trade/terms/{digest}", "get-terms", "Terms that this organisation keeps",
		func(ctx context.Context, desk *trade.Desk, in *struct {
			Digest string `path:"digest" pattern:"^[0-9a-f]{64}$" doc:"The hash by which the ledger knows them."`
		}) (trade.Terms, error) {
			var digest massbalance.Digest
			if err := digest.UnmarshalText([]byte(in.Digest)); err != nil {
				return trade.Terms{}, trade.ErrNotKept
			}
			return desk.Terms(ctx, digest)
		})
	registerKept(s, "/api/v1/trade/agreements/{organisation}/{command}/periods/{period}/statement", "get-settlement-statement", "What a period of an agreement comes to, as both parties compute it",
		func(ctx context.Context, desk *trade.Desk, in *struct {
			Derived
			Period int `path:"period" minimum:"1" maximum:"120"`
		}) (trade.Statement, error) {
			return desk.Statement(ctx, massbalance.AgreementID(in.id()), in.Period)
		})
	registerKept(s, "/api/v1/trade/offers/{organisation}/{command}/facts", "get-offer-facts", "What an offer states to a buyer, held against the seller's lots and statements as they are now",
		func(ctx context.Context, desk *trade.Desk, in *struct {
			Derived
			Buyer massbalance.OrganisationID `query:"buyer" doc:"The buyer; without it, this organisation."`
		}) (trade.FactsReport, error) {
			if in.Buyer == "" {
				in.Buyer = s.Organisation
			}
			return desk.Facts(ctx, massbalance.OfferID(in.id()), in.Buyer)
		})
	registerKept(s, "/api/v1/trade/available", "list-available", "Volume that this organisation could buy: offers to it that stand, and what is left of its agreements",
		func(ctx context.Context, desk *trade.Desk, in *AsOf) (Availables, error) {
			items, err := desk.Available(ctx, in.day())
			return Availables{in.day(), items}, err
		})
	registerKept(s, "/api/v1/trade/reminders", "list-reminders", "What of this organisation's trade ends soon, waits for it or is not settled",
		func(ctx context.Context, desk *trade.Desk, in *struct {
			AsOf
			Days int `query:"days" minimum:"0" maximum:"366" default:"14" doc:"How many days ahead to look."`
		}) (Reminders, error) {
			items, err := desk.Reminders(ctx, in.day(), in.Days)
			return Reminders{in.day(), items}, err
		})
}

// AsOf is a day on which something is looked at.
type AsOf struct {
	Day massbalance.Date `query:"asOf" format:"date" doc:"The day; without it, today in UTC."`
}

// Resolve refuses a day that the books cannot have.
func (in *AsOf) Resolve(huma.Context) []error {
	if in.Day != "" && !in.Day.Valid() {
		return []error{&huma.ErrorDetail{Location: "query.asOf", Message: "is no business date: those begin with the year 1900", Value: in.Day}}
	}
	return nil
}

func (in AsOf) day() massbalance.Date {
	if in.Day != "" {
		return in.Day
	}
	return massbalance.Date(time.Now().UTC().Format(time.DateOnly))
}

// What a day's look gives.
type (
	// Availables are what could be bought on a day.
	Availables struct {
		AsOf  massbalance.Date
		Items []trade.Available
	}
	// Reminders are what a day asks for.
	Reminders struct {
		AsOf  massbalance.Date
		Items []trade.Reminder
	}
)

// registerKept adds a GET of something that is computed from kept documents.
func registerKept[I, T any](s *server, path, id, summary string, look func(context.Context, *trade.Desk, *I) (T, error)) {
	register(s, access.Read, huma.Operation{
		OperationID: id, Method: http.MethodGet, Path: path, Summary: summary, Tags: []string{"trade"},
		Responses: map[string]*huma.Response{
			"200": {Description: "What the documents say.", Content: map[string]*huma.MediaType{jsonType: {Schema: schemaOf(s.schemas(), reflect.TypeFor[T]())}}},
		},
	}, func(ctx context.Context, in *I) (*keptOutput[T], error) {
		if s.Trade == nil {
			return nil, problem(http.StatusForbidden, string(s.Organisation)+" does not trade")
		}
		var value T
		var at string
		err := s.Model.Read(ctx, func(snapshot *readmodel.Snapshot) (err error) {
			at = height(snapshot.Next)
			value, err = look(ctx, s.Trade.At(snapshot), in)
			return err
		})
		if errors.Is(err, trade.ErrNotKept) && !strings.Contains(path, "{") {
			// What is asked for is there, and would not be whole.
			return nil, later(problem(http.StatusServiceUnavailable, "the peer does not have all of this organisation's terms (yet): "+err.Error()))
		}
		if err != nil {
			return nil, s.tradeFailure(ctx, err)
		}
		return &keptOutput[T]{Height: at, Body: wired[T]{value}}, nil
	})
}

type keptOutput[T any] struct {
	Height string `header:"Weighbridge-Height" doc:"The block at which this answer is true."`
	Body   wired[T]
}
