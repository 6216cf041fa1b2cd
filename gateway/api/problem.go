package api

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"reflect"
	"regexp"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"github.com/weighbridge/weighbridge/chaincode/massbalance"
	"github.com/weighbridge/weighbridge/chaincode/wire"
	"github.com/weighbridge/weighbridge/gateway/readmodel"
	"github.com/weighbridge/weighbridge/gateway/submit"
)

// Problem is an error as RFC 9457 has it, with what a command's sender needs
// to know beside.
type Problem struct {
	Type   string
	Title  string
	Status int
	Detail string
	// Errors say which part of the request is wrong.
	Errors []Fault
	// Command, Stage, Code, Message and Figures are a single command's result.
	Command massbalance.CommandID
	Stage   submit.Stage
	Code    massbalance.Code
	Message string
	Figures *massbalance.Figures
	// Results are those of all commands, where there was an array of them.
	Results []Result
}

// Fault is one thing that is wrong with a request.
type Fault struct {
	// Location is a path such as body[3].body.lines[0].quantity.
	Location string
	Message  string
}

const problemType = "application/problem+json"

// problem makes one without extensions.
func problem(status int, detail string) *Problem {
	return &Problem{Title: http.StatusText(status), Status: status, Detail: detail}
}

// Error gives the detail.
func (p *Problem) Error() string { return p.Detail }

// GetStatus gives the HTTP status.
func (p *Problem) GetStatus() int { return p.Status }

// ContentType says that this is a problem.
func (p *Problem) ContentType(string) string { return problemType }

// MarshalJSON gives the form of package wire.
func (p *Problem) MarshalJSON() ([]byte, error) { return wire.Format(*p) }

// Schema describes that form.
func (p *Problem) Schema(r huma.Registry) *huma.Schema {
	return schemaOf(r, reflect.TypeFor[Problem]())
}

var _ interface {
	huma.SchemaProvider
	huma.StatusError
	huma.ContentTypeFilter
	json.Marshaler
} = (*Problem)(nil)

// What huma refuses by itself has the form of all other problems. The
// constructor is huma's only way to say so, and one for the whole program.
func init() {
	huma.NewError = func(status int, message string, errs ...error) huma.StatusError {
		p := problem(status, message)
		for _, err := range errs {
			var detailed huma.ErrorDetailer
			if errors.As(err, &detailed) {
				d := detailed.ErrorDetail()
				p.Errors = append(p.Errors, Fault{d.Location, d.Message})
			} else if err != nil {
				p.Errors = append(p.Errors, Fault{Message: err.Error()})
			}
		}
		return p
	}
}

// write answers with the problem, outside of huma.
func (p *Problem) write(w http.ResponseWriter) {
	body, err := p.MarshalJSON()
	if err != nil {
		http.Error(w, p.Title, p.Status)
		return
	}
	w.Header().Set("Content-Type", problemType)
	w.WriteHeader(p.Status)
	_, _ = w.Write(append(body, '\n')) // whoever asked may be gone
}

// pathSegment is one step of a path that package wire puts before what is wrong.
var pathSegment = regexp.MustCompile(`^(\[[0-9]+\]|[a-z][A-Za-z0-9]*)$`)

// unreadable turns the codec's error into a problem that points at the field.
func unreadable(err error) *Problem {
	message := err.Error()
	if _, rest, ok := strings.Cut(message, ": "); ok && strings.HasPrefix(message, "couldn't parse a ") {
		message = rest // drops the name of a Go type
	}
	location := "body"
	for {
		segment, rest, ok := strings.Cut(message, ": ")
		if !ok || !pathSegment.MatchString(segment) {
			break
		}
		if !strings.HasPrefix(segment, "[") {
			location += "."
		}
		location, message = location+segment, rest
	}
	p := problem(http.StatusBadRequest, location+": "+message)
	p.Errors = []Fault{{location, message}}
	return p
}

// failure turns what went wrong while reading into a problem. What is not known
// to be of use to the asker is logged and kept inside.
func (s *server) failure(ctx context.Context, err error) error {
	var missing *readmodel.NotFound
	var known *Problem
	switch {
	case errors.As(err, &known):
		return err
	case errors.As(err, &missing):
		return problem(http.StatusNotFound, missing.Error())
	case ctx.Err() != nil:
		return later(problem(http.StatusServiceUnavailable, "the request was given up"))
	}
	s.log.LogAttrs(ctx, slog.LevelError, "couldn't answer a read", slog.Any("error", err))
	return problem(http.StatusInternalServerError, "the gateway couldn't read its own copy of the ledger; its log says why")
}
