package api

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"reflect"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"github.com/weighbridge/weighbridge/gateway/readmodel"
	"github.com/weighbridge/weighbridge/gateway/table"
)

const csvType = "text/csv; charset=utf-8"

// format is the form in which a list is wanted.
type format struct{}

// wanted finds out the form: as the parameter says, else as Accept does.
func wanted(c huma.Context, next func(huma.Context)) {
	form := c.Query("format")
	if form == "" {
		switch accept := c.Header("Accept"); {
		case strings.Contains(accept, xlsxType):
			form = "xlsx"
		case strings.HasPrefix(accept, "text/csv"):
			form = "csv"
		}
	}
	c.AppendHeader("Vary", "Accept")
	next(huma.WithValue(c, format{}, form))
}

// registerList adds a GET of a list: a page of it as JSON, or all of it as a file.
func registerList[I, T any](s *server, r route, look func(*readmodel.Snapshot, *I) (readmodel.Listing[T], error)) {
	file := &huma.Schema{Type: huma.TypeString, Format: "binary"}
	register(s, r.who, huma.Operation{
		OperationID: r.id, Method: http.MethodGet, Path: r.path, Summary: r.summary,
		Middlewares: huma.Middlewares{wanted, s.unchanged}, Parameters: ifNoneMatch(),
		Responses: map[string]*huma.Response{
			"200": {
				Description: "A page of the list, or, as a file, the list to its end.",
				Headers:     readHeaders(),
				Content: map[string]*huma.MediaType{
					"application/json": {Schema: page[T]{}.Schema(s.schemas())}, "text/csv": {Schema: file}, xlsxType: {Schema: file},
				},
			},
			"304": notModified(),
		},
	}, func(ctx context.Context, in *I) (*huma.StreamResponse, error) {
		if form, _ := ctx.Value(format{}).(string); form == "csv" || form == "xlsx" {
			return streamFile(s, ctx, download{r.id, form}, in, look)
		}
		return listPage(s, ctx, in, look)
	})
}

func listPage[I, T any](s *server, ctx context.Context, in *I, look func(*readmodel.Snapshot, *I) (readmodel.Listing[T], error)) (*huma.StreamResponse, error) {
	var body []byte
	var at, tag string
	err := s.Model.Read(ctx, func(snapshot *readmodel.Snapshot) error {
		at, tag = height(snapshot.Next), s.etag(ctx, snapshot.Next)
		listing, err := look(snapshot, in)
		if err == nil {
			body, err = page[T]{listing}.MarshalJSON()
		}
		return err
	})
	if err != nil {
		return nil, huma.ErrorWithHeaders(s.failure(ctx, err), http.Header{heightHeader: {at}})
	}
	return &huma.StreamResponse{Body: func(c huma.Context) {
		c.SetHeader("Content-Type", "application/json")
		c.SetHeader("Cache-Control", cacheControl)
		c.SetHeader("ETag", tag)
		c.SetHeader(heightHeader, at)
		_, _ = c.BodyWriter().Write(append(body, '\n')) // whoever asked may be gone
	}}, nil
}

// download is a file that a list is given as.
type download struct{ id, form string }

func (d download) name() string { return strings.TrimPrefix(d.id, "list-") + "." + d.form }

// begin writes the answer's head, and begins the file.
func (d download) begin(c huma.Context, next uint64) table.Writer {
	c.SetHeader(heightHeader, height(next))
	c.SetHeader("Content-Disposition", fmt.Sprintf("attachment; filename=%q", d.name()))
	if d.form == "xlsx" {
		c.SetHeader("Content-Type", xlsxType)
		return table.NewXLSX(c.BodyWriter(), strings.TrimPrefix(d.id, "list-"))
	}
	c.SetHeader("Content-Type", csvType)
	return table.NewCSV(c.BodyWriter())
}

// streamFile sends a list page by page from one snapshot, so that a long one is
// never held whole. The first page is read before anything is sent: what is
// wrong with the request is still a problem then.
func streamFile[I, T any](s *server, ctx context.Context, d download, in *I, look func(*readmodel.Snapshot, *I) (readmodel.Listing[T], error)) (*huma.StreamResponse, error) {
	paging, ok := any(in).(pager)
	if !ok {
		return nil, problem(http.StatusNotAcceptable, "this list is not given as a file")
	}
	if err := s.Model.Read(ctx, func(snapshot *readmodel.Snapshot) error { _, err := look(snapshot, in); return err }); err != nil {
		return nil, s.failure(ctx, err)
	}
	paging.from(0, "")
	return &huma.StreamResponse{Body: func(c huma.Context) {
		err := s.Model.Read(c.Context(), func(snapshot *readmodel.Snapshot) error {
			c.SetHeader("ETag", s.etag(ctx, snapshot.Next))
			c.SetHeader("Cache-Control", cacheControl)
			file := d.begin(c, snapshot.Next)
			err := writeList(file, func(after uint64, value string) (readmodel.Listing[T], error) {
				paging.from(after, value)
				return look(snapshot, in)
			})
			if err != nil {
				return errors.Join(err, file.Abandon())
			}
			return file.Close()
		})
		if err != nil && c.Context().Err() == nil {
			s.log.LogAttrs(c.Context(), slog.LevelError, "couldn't write a file", slog.String("file", d.name()), slog.Any("error", err))
		}
	}}, nil
}

func writeList[T any](file table.Writer, fetch func(after uint64, value string) (readmodel.Listing[T], error)) error {
	fields := fieldsOf(reflect.TypeFor[T]())
	header := make([]table.Cell, len(fields))
	for i, f := range fields {
		header[i] = table.Cell{Text: f.name}
	}
	if err := file.Write(header...); err != nil {
		return err
	}
	var after uint64
	var value string
	for {
		listing, err := fetch(after, value)
		if err != nil {
			return err
		}
		for _, item := range listing.Items {
			cells := make([]table.Cell, len(fields))
			for i, f := range fields {
				if cells[i], err = f.cell(reflect.ValueOf(item)); err != nil {
					return err
				}
			}
			if err := file.Write(cells...); err != nil {
				return err
			}
		}
		if after, value = listing.Next, listing.NextValue; after == 0 {
			return nil
		}
	}
}
