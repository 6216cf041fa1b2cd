package api

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"reflect"
	"strconv"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/weighbridge/weighbridge/chaincode/massbalance"
	"github.com/weighbridge/weighbridge/chaincode/wire"
	"github.com/weighbridge/weighbridge/gateway/access"
	"github.com/weighbridge/weighbridge/gateway/submit"
)

const (
	// commandLimit is how many commands one request may hold.
	commandLimit = 500
	jsonType     = "application/json"
	// bodyLimit is how large it may be.
	bodyLimit = 4 << 20
	// WaitForRead bounds how long an answer waits for this gateway's own reads.
	WaitForRead = 10 * time.Second
	// retryAfter is when a command without a definite result may be sent again.
	retryAfter = 2 * time.Second
)

// Result is what became of one command.
type Result struct {
	Command massbalance.CommandID
	Stage   submit.Stage
	// Code is the rules' result; absent where they gave none.
	Code    massbalance.Code
	Message string
	Figures *massbalance.Figures
	// Repeated is set where the command had been accepted before.
	Repeated    bool
	Transaction string
	Block       uint64
	Subject     string
	Sequence    uint64
	// Pending is set where a change of the common register lacks approvals.
	Pending bool
}

func result(command massbalance.Command, o submit.Outcome) Result {
	r := Result{
		Command: command.ID, Stage: o.Stage, Code: o.Result.Code, Message: o.Result.Message, Figures: o.Result.Figures,
		Repeated: o.Result.Repeated, Transaction: o.Transaction, Block: o.Block,
		Subject: o.Result.Subject, Sequence: o.Result.Sequence, Pending: o.Result.Pending,
	}
	if r.Transaction == "" {
		r.Transaction = o.Result.Transaction
	}
	if r.Message == "" {
		r.Message = o.Detail
	}
	return r
}

// definite reports whether the rules decided, or this gateway did before them.
func (r Result) definite() bool {
	return r.Stage == submit.Valid || r.Stage == submit.Refused || r.Stage == submit.Held || r.Stage == submit.Forbidden || r.Stage == submit.Taken
}

type commandsInput struct {
	ContentType string `header:"Content-Type"`
	Prefer      string `header:"Prefer" doc:"respond-async: do not wait for the ledger. The answer is 202 as soon as the commands are safe at this gateway, which brings them to the ledger whatever happens."`
	RawBody     []byte `contentType:"application/json"`
}

// checkType refuses a body that is declared as something else.
func (in *commandsInput) checkType() error {
	if kind, _, _ := strings.Cut(in.ContentType, ";"); kind != "" && strings.TrimSpace(kind) != jsonType {
		return problem(http.StatusUnsupportedMediaType, fmt.Sprintf("commands are sent as application/json, not as %q", kind))
	}
	return nil
}

// commandsOutput holds one result, or a list of them.
type commandsOutput struct {
	Status   int
	Location string `header:"Location" doc:"Where a command is that waits for a second person, or what becomes of commands that were taken."`
	Applied  string `header:"Preference-Applied" doc:"respond-async where that was asked for and done."`
	Height   string `header:"Weighbridge-Height" doc:"The block at which this gateway's reads now stand."`
	Body     any
}

func (s *server) registerCommands() {
	register(s, access.Operate, huma.Operation{
		OperationID: "submit-commands", Method: http.MethodPost, Path: "/api/v1/commands",
		Summary:      "Submit commands",
		Description:  "Takes one command or an array of up to 500 and answers in the same shape. An ID makes its command idempotent.",
		MaxBodyBytes: bodyLimit, BodyReadTimeout: 30 * time.Second, SkipValidateBody: true,
		Tags:      []string{"commands"},
		Responses: s.commandResponses(oneOrMany(schemaOf(s.schemas(), reflect.TypeFor[Result]()))),
	}, s.postCommands)
	s.describeBody("/api/v1/commands", oneOrMany(commandSchema(s.schemas())))
	s.registerTyped()
}

func oneOrMany(s *huma.Schema) *huma.Schema {
	return &huma.Schema{OneOf: []*huma.Schema{s, {Type: huma.TypeArray, Items: s}}}
}

func (s *server) commandResponses(result *huma.Schema) map[string]*huma.Response {
	responses := map[string]*huma.Response{"200": {
		Description: "Every command has a definite result: accepted, or, in an array, refused by a rule or held for a second person.",
		Content:     map[string]*huma.MediaType{jsonType: {Schema: result}},
	}, "202": {
		Description: "The single command waits for a second person, or, where respond-async was preferred, the commands are taken: Location says where to look.",
		Content:     map[string]*huma.MediaType{jsonType: {Schema: result}},
	}}
	for status, description := range map[int]string{
		400: "The body is not a command; errors names the field. Nothing was sent.",
		403: "This organisation is read-only, the request came from a foreign web page, or whoever sent it may not give the command.",
		413: "The body is too large.",
		415: "The body is not JSON.",
		422: "The single command was refused by a rule: code, message and figures say why.",
		429: "Too many commands are waiting already, of this sender or of all. None was taken; Retry-After says when to send them again.",
		503: "Not every command has a definite result; the same request may be sent again.",
	} {
		responses[strconv.Itoa(status)] = s.problemResponse(description)
	}
	return responses
}

func (s *server) postCommands(ctx context.Context, in *commandsInput) (*commandsOutput, error) {
	commands, many, err := s.readCommands(in)
	if err != nil {
		return nil, err
	}
	return s.submit(s.sender(ctx, in), commands, many)
}

// submit brings commands to the ledger and answers with what became of each.
func (s *server) submit(ctx context.Context, commands []massbalance.Command, many bool) (*commandsOutput, error) {
	if s.Role == massbalance.Certification {
		p := problem(http.StatusForbidden, fmt.Sprintf("%s is a certification body: it reads everything and submits nothing", s.Organisation))
		p.Stage = submit.NotSubmitted
		return nil, p
	}
	outcomes, err := s.Submitter.Submit(ctx, commands)
	if err != nil {
		return nil, s.notTaken(ctx, err)
	}
	results := make([]Result, len(commands))
	for i, o := range outcomes {
		results[i] = result(commands[i], o)
		s.metrics.command(results[i])
	}
	if batch := submit.BatchOf(ctx); batch != "" && taken(results) {
		return s.answerTaken(batch, results, many), nil
	}
	s.awaitRead(ctx, results)
	if many {
		return s.answerMany(results)
	}
	return s.answerOne(results[0])
}

// notTaken answers where the submitter took none of the commands: it is busy or
// about to stop.
func (s *server) notTaken(ctx context.Context, err error) error {
	if errors.Is(err, access.ErrRefused) {
		return problem(http.StatusForbidden, err.Error())
	}
	s.log.LogAttrs(ctx, slog.LevelWarn, "couldn't take commands", slog.Any("error", err))
	var busy *submit.BusyError
	if errors.As(err, &busy) {
		p := problem(http.StatusTooManyRequests, "the gateway took none of the commands: "+busy.Error())
		p.Type, p.Stage = "urn:weighbridge:stage:"+string(submit.NotSubmitted), submit.NotSubmitted
		return after(p, busy.Again)
	}
	detail := "the gateway took none of the commands; its log says why"
	if errors.Is(err, submit.ErrClosed) {
		detail = "the gateway took none of the commands: " + submit.ErrClosed.Error()
	}
	p := problem(http.StatusServiceUnavailable, detail)
	p.Type, p.Stage = "urn:weighbridge:stage:"+string(submit.NotSubmitted), submit.NotSubmitted
	return later(p)
}

func (s *server) readCommands(in *commandsInput) (commands []massbalance.Command, many bool, err error) {
	if err := in.checkType(); err != nil {
		return nil, false, err
	}
	if body := bytes.TrimLeft(in.RawBody, " \t\r\n"); len(body) == 0 || body[0] != '[' {
		command, err := wire.Decode[massbalance.Command](in.RawBody)
		if err != nil {
			return nil, false, unreadable(err)
		}
		return []massbalance.Command{command}, false, nil
	}
	commands, err = wire.Decode[[]massbalance.Command](in.RawBody)
	if err != nil {
		return nil, true, unreadable(err)
	}
	if len(commands) == 0 || len(commands) > commandLimit {
		return nil, true, problem(http.StatusBadRequest, fmt.Sprintf("body: a request holds 1 to %d commands, this one has %d", commandLimit, len(commands)))
	}
	return commands, true, nil
}

// awaitRead waits for the last block that the commands stand in, so that
// whoever sent them reads their own writes. If the gateway is too far behind,
// the answer goes out all the same: its height tells.
func (s *server) awaitRead(ctx context.Context, results []Result) {
	var last uint64
	for _, r := range results {
		last = max(last, r.Block)
	}
	if last == 0 {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, s.wait)
	defer cancel()
	if err := s.Model.Await(ctx, last); err != nil {
		s.log.LogAttrs(ctx, slog.LevelWarn, "answered commands before they can be read here", slog.Any("error", err))
	}
}

func (s *server) answerOne(r Result) (*commandsOutput, error) {
	switch {
	case !r.definite():
		return nil, s.indefinite(r, nil)
	case r.Stage == submit.Held:
		return s.held(r), nil
	case r.Stage == submit.Forbidden:
		return nil, forbidden(r)
	case r.Code != massbalance.Accepted:
		p := problem(http.StatusUnprocessableEntity, r.Message)
		p.Type, p.Title = "urn:weighbridge:refusal:"+string(r.Code), "Refused: "+strings.ReplaceAll(string(r.Code), "_", " ")
		p.describe(r)
		return nil, p
	}
	return &commandsOutput{Status: http.StatusOK, Height: height(s.Model.Next()), Body: wired[Result]{r}}, nil
}

func (s *server) answerMany(results []Result) (*commandsOutput, error) {
	for _, r := range results {
		if !r.definite() {
			return nil, s.indefinite(r, results)
		}
	}
	return &commandsOutput{Status: http.StatusOK, Height: height(s.Model.Next()), Body: wired[[]Result]{results}}, nil
}

// indefinite is the problem of commands of which one, r, has no result. The
// results of all are given where there was an array.
func (s *server) indefinite(r Result, all []Result) error {
	if r.Stage == submit.NotSubmitted && strings.Contains(r.Message, "FORBIDDEN") {
		p := problem(http.StatusForbidden, fmt.Sprintf("the channel lets %s read, not submit: %s", s.Organisation, r.Message))
		p.describe(r)
		return p
	}
	p := problem(http.StatusServiceUnavailable, fmt.Sprintf("command %s has no result (%s): %s", r.Command, r.Stage, r.Message))
	p.Type = "urn:weighbridge:stage:" + string(r.Stage)
	p.describe(r)
	p.Results = all
	return later(p)
}

func (p *Problem) describe(r Result) {
	p.Command, p.Stage, p.Code, p.Message, p.Figures = r.Command, r.Stage, r.Code, r.Message, r.Figures
}

// later adds when to try again; a command's ID makes that safe.
func later(p *Problem) error { return after(p, retryAfter) }

func after(p *Problem, wait time.Duration) error {
	return huma.ErrorWithHeaders(p, http.Header{"Retry-After": {strconv.Itoa(int((wait + time.Second - 1).Seconds()))}})
}
