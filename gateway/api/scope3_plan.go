package api

import (
	"context"
	"net/http"
	"reflect"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/weighbridge/weighbridge/chaincode/wire"
	"github.com/weighbridge/weighbridge/gateway/access"
	"github.com/weighbridge/weighbridge/gateway/readmodel"
	"github.com/weighbridge/weighbridge/gateway/scope3"
)

type planInput struct {
	commandsInput
	yearInput
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
		if err := in.checkType(); err != nil {
			return nil, err
		}
		request, err := wire.Decode[PlanRequest](in.RawBody)
		if err != nil {
			return nil, unreadable(err)
		}
		if len(request.Options) > commandLimit {
			return nil, problem(http.StatusBadRequest, "options: at most 500")
		}
		var plan scope3.Plan
		var at string
		err = s.Model.Read(ctx, func(snapshot *readmodel.Snapshot) error {
			at = height(snapshot.Next)
			report, err := scope3.Make(snapshot, in.Organisation, in.Year)
			plan = scope3.Try(report, request.Options)
			return err
		})
		if err != nil {
			return nil, s.failure(ctx, err)
		}
		return &keptOutput[scope3.Plan]{Height: at, Body: wired[scope3.Plan]{plan}}, nil
	})
	s.describeBody(path, schemaOf(s.schemas(), reflect.TypeFor[PlanRequest]()))
}
