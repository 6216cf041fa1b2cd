package api

import (
	"context"
	"crypto/rand"
	"errors"
	"net/http"
	"reflect"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"github.com/weighbridge/weighbridge/gateway/access"
	"github.com/weighbridge/weighbridge/gateway/journal"
	"github.com/weighbridge/weighbridge/gateway/submit"
)

// Journal knows what became of commands whose sender did not wait.
type Journal interface {
	Batch(ctx context.Context, batch string) ([]journal.Entry, error)
}

// preference is what a sender asks for that does not wait (RFC 7240).
const preference = "respond-async"

// Batch is what became of commands that were taken together.
type Batch struct {
	Batch string
	// UnderWay is how many of them are not decided yet.
	UnderWay int
	Results  []Result
}

// sender notes who submits, and whether they wait. A preference that cannot be
// met is passed over, as RFC 7240 has it.
func (s *server) sender(ctx context.Context, in *commandsInput) context.Context {
	ctx = submit.As(ctx, access.From(ctx).Name)
	if s.Journal == nil {
		return ctx
	}
	for _, wish := range strings.Split(in.Prefer, ",") {
		if name, _, _ := strings.Cut(wish, ";"); strings.EqualFold(strings.TrimSpace(name), preference) {
			return submit.Later(ctx, rand.Text())
		}
	}
	return ctx
}

// answerTaken is the answer to a sender that does not wait. The results say of
// which commands this gateway takes care from here on.
func (s *server) answerTaken(batch string, results []Result, many bool) *commandsOutput {
	out := &commandsOutput{
		Status: http.StatusAccepted, Location: "/api/v1/batches/" + batch, Applied: preference,
		Height: height(s.Model.Next()), Body: wired[[]Result]{results},
	}
	if !many {
		out.Body = wired[Result]{results[0]}
	}
	return out
}

func taken(results []Result) bool {
	for _, r := range results {
		if r.Stage == submit.Taken {
			return true
		}
	}
	return false
}

type batchInput struct {
	Batch string `path:"batch" doc:"As the Location of the answer named it."`
}

type batchOutput struct{ Body any }

func (s *server) registerBatches() {
	if s.Journal == nil {
		return
	}
	register(s, access.Operate, huma.Operation{
		OperationID: "get-batch", Method: http.MethodGet, Path: "/api/v1/batches/{batch}", Tags: []string{"commands"},
		Summary:     "What became of commands that were answered with 202",
		Description: "The stage is \"taken\" while a command is under way. What was decided is kept for a day.",
		Responses: map[string]*huma.Response{
			"200": {Description: "The commands in their order.", Content: map[string]*huma.MediaType{
				jsonType: {Schema: schemaOf(s.schemas(), reflect.TypeFor[Batch]())},
			}},
			"404": s.problemResponse("No such commands were taken, or they are forgotten."),
		},
	}, s.getBatch)
}

func (s *server) getBatch(ctx context.Context, in *batchInput) (*batchOutput, error) {
	entries, err := s.Journal.Batch(ctx, in.Batch)
	if errors.Is(err, journal.ErrUnknownBatch) {
		return nil, problem(http.StatusNotFound, err.Error())
	}
	if err != nil {
		return nil, s.failure(ctx, err)
	}
	b := Batch{Batch: in.Batch}
	for _, e := range entries {
		r := result(e.Command, e.Outcome)
		if r.Stage == submit.Taken {
			b.UnderWay++
		}
		b.Results = append(b.Results, r)
	}
	return &batchOutput{Body: wired[Batch]{b}}, nil
}
