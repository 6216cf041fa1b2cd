package api

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"mime"
	"mime/multipart"
	"net/http"
	"reflect"
	"strconv"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/weighbridge/weighbridge/chaincode/massbalance"
	"github.com/weighbridge/weighbridge/gateway/access"
	"github.com/weighbridge/weighbridge/gateway/imports"
	"github.com/weighbridge/weighbridge/gateway/table"
)

// faultLimit is how many faults of a file a problem names.
const faultLimit = 100

// importLimit leaves room for a second file and the form around both.
const importLimit = 2*table.ByteLimit + 1<<20

type importInput struct {
	Kind        imports.Kind             `query:"kind" required:"true" enum:"tickets,shipments,receipts,conversions" doc:"What the lines of the file are."`
	Site        massbalance.SiteID       `query:"site" doc:"The site of every line; without it a column names the site."`
	Period      massbalance.PeriodID     `query:"period" doc:"The period of every line; without it, the site's period that holds the line's date."`
	Model       massbalance.CustodyModel `query:"model" enum:"identity_preserved,segregated,controlled_blending,mass_balance" doc:"The custody model of introductions whose line names none; without it, mass balance."`
	DryRun      bool                     `query:"dryRun" doc:"Say what the ledger would decide of each line, and send nothing."`
	Decimal     string                   `query:"decimal" enum:"point,comma" doc:"The file's decimal sign, for figures that could be read in two ways."`
	Dates       string                   `query:"dates" enum:"day-first,month-first" doc:"The order in dates such as 03/04/2025."`
	ContentType string                   `header:"Content-Type"`
	RawBody     []byte
}

func (in *importInput) request() (imports.Request, error) {
	r := imports.Request{
		Kind: in.Kind, Site: in.Site, Period: in.Period, Model: in.Model, File: in.RawBody,
		Reading: table.Reading{
			Decimal:  map[string]string{"point": ".", "comma": ","}[in.Decimal],
			DayFirst: in.Dates == "day-first", MonthFirst: in.Dates == "month-first",
		},
	}
	kind, parameters, err := mime.ParseMediaType(in.ContentType)
	if err != nil || kind != "multipart/form-data" {
		return r, nil
	}
	r.File = nil
	form := multipart.NewReader(bytes.NewReader(in.RawBody), parameters["boundary"])
	for {
		part, err := form.NextPart()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return r, problem(http.StatusBadRequest, "body: the form is damaged")
		}
		content, err := io.ReadAll(part)
		switch {
		case err != nil:
			return r, problem(http.StatusBadRequest, "body: the form is damaged")
		case part.FormName() == "file":
			r.File = content
		case part.FormName() == "suppliers":
			r.Suppliers = content
		default:
			return r, problem(http.StatusBadRequest, fmt.Sprintf("body: the parts of the form are file and suppliers, not %q", part.FormName()))
		}
	}
	if r.File == nil {
		return r, problem(http.StatusBadRequest, "body: the form has no part \"file\"")
	}
	return r, nil
}

// importOutput holds the report of a dry run, or the job of a run.
type importOutput struct {
	Status   int
	Height   string `header:"Weighbridge-Height" doc:"The block at which a dry run is true."`
	Location string `header:"Location" doc:"Where the job is."`
	Body     any
}

func (s *server) registerImports() {
	responses := map[string]*huma.Response{}
	for status, example := range map[int]reflect.Type{http.StatusOK: reflect.TypeFor[imports.Report](), http.StatusAccepted: reflect.TypeFor[imports.Job]()} {
		responses[strconv.Itoa(status)] = &huma.Response{
			Description: map[int]string{200: "What would become of each line. Nothing was sent.", 202: "The file is being sent; the job has its progress."}[status],
			Content:     map[string]*huma.MediaType{"application/json": {Schema: schemaOf(s.schemas(), example)}},
		}
	}
	for status, description := range map[int]string{
		400: "The file or the request can't be read; errors names line and column. Nothing was sent.",
		403: "This organisation is read-only, or the request came from a foreign web page.",
		413: "The body is too large.",
		422: "Some lines can't be read; errors names line and column. Nothing was sent.",
		503: "Too many imports are running.",
	} {
		responses[strconv.Itoa(status)] = s.problemResponse(description)
	}
	register(s, access.Operate, huma.Operation{
		OperationID: "import-file", Method: http.MethodPost, Path: "/api/v1/imports", Summary: "Import a file",
		Description: "Takes weighbridge tickets, shipments, receipts or conversions as CSV or XLSX and makes a command of each line. " +
			"Command IDs are made of the documents' numbers, so a file may be imported again. " +
			"As a form, \"file\" is the file, and \"suppliers\" a second one that lists suppliers with their verification statements.",
		MaxBodyBytes: importLimit, BodyReadTimeout: time.Minute, SkipValidateBody: true, Responses: responses,
	}, s.postImport)
	file := &huma.Schema{Type: huma.TypeString, Format: "binary"}
	s.huma.OpenAPI().Paths["/api/v1/imports"].Post.RequestBody.Content = map[string]*huma.MediaType{
		"text/csv": {Schema: file}, xlsxType: {Schema: file},
		"multipart/form-data": {Schema: &huma.Schema{Type: huma.TypeObject, Required: []string{"file"},
			Properties: map[string]*huma.Schema{"file": file, "suppliers": file}}},
	}
	registerJob(s)
}

// xlsxType is the media type of a workbook.
const xlsxType = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"

func registerJob(s *server) {
	register(s, access.Operate, huma.Operation{
		OperationID: "get-import", Method: http.MethodGet, Path: "/api/v1/imports/{id}", Summary: "One import with its progress and the outcome of each line",
		Description: "The last hundred imports are kept. One that runs goes on when the gateway is started again.",
	}, func(ctx context.Context, in *struct {
		ID string `path:"id"`
	}) (*answer[wired[imports.Job]], error) {
		job, err := s.Imports.Job(ctx, in.ID)
		if err != nil {
			return nil, s.failure(ctx, err)
		}
		return &answer[wired[imports.Job]]{Height: height(s.Model.Next()), Body: wired[imports.Job]{job}}, nil
	})
}

func (s *server) postImport(ctx context.Context, in *importInput) (*importOutput, error) {
	if s.Role == massbalance.Certification {
		return nil, problem(http.StatusForbidden, fmt.Sprintf("%s is a certification body: it reads everything and submits nothing", s.Organisation))
	}
	request, err := in.request()
	if err != nil {
		return nil, err
	}
	if in.DryRun {
		report, next, err := s.Imports.DryRun(ctx, request)
		if err != nil {
			return nil, s.importFailure(ctx, err)
		}
		return &importOutput{Status: http.StatusOK, Height: height(next), Body: wired[imports.Report]{report}}, nil
	}
	job, err := s.Imports.Start(ctx, request)
	if err != nil {
		return nil, s.importFailure(ctx, err)
	}
	s.log.LogAttrs(ctx, slog.LevelInfo, "an import began", slog.String("job", job.ID), slog.Int("lines", job.Total))
	return &importOutput{
		Status: http.StatusAccepted, Location: "/api/v1/imports/" + job.ID, Height: height(s.Model.Next()), Body: wired[imports.Job]{job},
	}, nil
}

// importFailure turns what is wrong with a file into a problem that names lines
// and columns.
func (s *server) importFailure(ctx context.Context, err error) error {
	var unreadable *imports.Unreadable
	var malformed *imports.MalformedFile
	switch {
	case errors.As(err, &unreadable):
		p := problem(http.StatusBadRequest, unreadable.Error())
		for _, f := range unreadable.Faults[:min(len(unreadable.Faults), faultLimit)] {
			p.Errors = append(p.Errors, fault(f))
		}
		return p
	case errors.As(err, &malformed):
		p := problem(http.StatusUnprocessableEntity, malformed.Error())
		for _, l := range malformed.Report.Lines {
			if l.Outcome == imports.Malformed && len(p.Errors) < faultLimit {
				p.Errors = append(p.Errors, fault(table.Fault{Line: l.Line, Column: l.Column, Message: l.Message}))
			}
		}
		return p
	case errors.Is(err, imports.ErrBusy):
		return later(problem(http.StatusServiceUnavailable, imports.ErrBusy.Error()))
	}
	return s.failure(ctx, err)
}

func fault(f table.Fault) Fault {
	location := fmt.Sprintf("line %d", f.Line)
	if f.Column != "" {
		location += ", " + f.Column
	}
	return Fault{location, f.Message}
}
