package api

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"reflect"
	"slices"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/weighbridge/weighbridge/chaincode/massbalance"
	"github.com/weighbridge/weighbridge/chaincode/wire"
	"github.com/weighbridge/weighbridge/gateway/access"
	"github.com/weighbridge/weighbridge/gateway/readmodel"
	"github.com/weighbridge/weighbridge/gateway/scope3"
	"github.com/weighbridge/weighbridge/gateway/trade"
)

// planInput names its fields one by one: those of structures that are embedded and
// not exported would stay empty.
type planInput struct {
	Organisation massbalance.OrganisationID `path:"organisation"`
	Year         int                        `path:"year" minimum:"1900" maximum:"9999"`
	ContentType  string                     `header:"Content-Type"`
	RawBody      []byte                     `contentType:"application/json"`
}

// registerPlan adds the planning view: nothing is written by it, it is a POST
// because of what it is told.
func registerPlan(s *server) {
	path := "/api/v1/scope3/{organisation}/{year}/plan"
	register(s, access.Read, huma.Operation{
		OperationID: "plan-scope3", Method: http.MethodPost, Path: path, Summary: "What the year would look like with volume that might be bought, and what a tonne avoided would cost",
		Tags: []string{"trade"}, MaxBodyBytes: bodyLimit, BodyReadTimeout: 30 * time.Second, SkipValidateBody: true,
		Responses: map[string]*huma.Response{
			"200": {Description: "The year with the options taken in their order.", Content: map[string]*huma.MediaType{jsonType: {Schema: schemaOf(s.schemas(), reflect.TypeFor[scope3.Plan]())}}},
		},
	}, func(ctx context.Context, in *planInput) (*keptOutput[scope3.Plan], error) {
		if err := (&commandsInput{ContentType: in.ContentType}).checkType(); err != nil {
			return nil, err
		}
		request, err := wire.Decode[PlanRequest](in.RawBody)
		if err != nil {
			return nil, unreadable(err)
		}
		if len(request.Options)+len(request.Offers) > commandLimit {
			return nil, problem(http.StatusBadRequest, "offers and options: at most 500")
		}
		var plan scope3.Plan
		var at string
		err = s.Model.Read(ctx, func(snapshot *readmodel.Snapshot) error {
			at = height(snapshot.Next)
			offered, err := s.planned(ctx, snapshot, in.Organisation, request)
			if err != nil {
				return err
			}
			report, err := scope3.Make(snapshot, in.Organisation, in.Year)
			plan = scope3.Try(report, append(offered, request.Options...))
			return err
		})
		var refused *Problem
		if errors.As(err, &refused) {
			return nil, refused
		}
		if err != nil {
			return nil, s.failure(ctx, err)
		}
		return &keptOutput[scope3.Plan]{Height: at, Body: wired[scope3.Plan]{plan}}, nil
	})
	s.describeBody(path, schemaOf(s.schemas(), reflect.TypeFor[PlanRequest]()))
}

// planned makes options of what stands on offer to this organisation: how much,
// at which figures and at what price the ledger and its own documents say.
func (s *server) planned(ctx context.Context, snapshot *readmodel.Snapshot, organisation massbalance.OrganisationID, request PlanRequest) ([]scope3.Option, error) {
	if len(request.Offers) == 0 {
		return nil, nil
	}
	if s.Trade == nil || organisation != s.Organisation {
		return nil, problem(http.StatusForbidden, "offers to "+string(organisation)+" are known to its own gateway")
	}
	available, err := s.Trade.At(snapshot).Available(ctx, AsOf{request.AsOf}.day())
	if err != nil {
		return nil, err
	}
	var options []scope3.Option
	for _, wanted := range request.Offers {
		at := slices.IndexFunc(available, func(a trade.Available) bool { return a.Name == wanted.ID })
		if at < 0 {
			return nil, problem(http.StatusNotFound, fmt.Sprintf("offers: nothing by the name of %s can be bought by %s on that day", wanted.ID, organisation))
		}
		option, err := optionOf(available[at], wanted.Quantity)
		if err != nil {
			return nil, err
		}
		options = append(options, option)
	}
	return options, nil
}

func optionOf(a trade.Available, quantity massbalance.Quantity) (scope3.Option, error) {
	if quantity.IsZero() {
		quantity = a.Quantity
	}
	if a.Quantity.Less(quantity) {
		return scope3.Option{}, problem(http.StatusBadRequest, fmt.Sprintf("offers: %s has %s kg, not %s kg", a.Name, a.Quantity, quantity))
	}
	premium, currency, _ := a.Premium(quantity)
	return scope3.Option{Name: a.Name, Product: a.Product, Quantity: quantity, Intensity: a.Intensity, Premium: premium.Cents(), Currency: currency}, nil
}
