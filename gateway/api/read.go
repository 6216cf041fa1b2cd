package api

import (
	"context"
	"net/http"
	"strconv"

	"github.com/danielgtaylor/huma/v2"

	"github.com/weighbridge/weighbridge/gateway/access"
	"github.com/weighbridge/weighbridge/gateway/readmodel"
)

// heightHeader says at which block an answer is true.
const heightHeader = "Weighbridge-Height"

// height writes a number of blocks as the number of the last one; there is none
// before the first block was applied.
func height(next uint64) string {
	if next == 0 {
		return ""
	}
	return strconv.FormatUint(next-1, 10)
}

// answer is a body with the height that it belongs to.
type answer[B any] struct {
	Height string `header:"Weighbridge-Height" doc:"The block at which this answer is true."`
	ETag   string `header:"ETag" doc:"Names this answer at this height; sent back as If-None-Match it gives 304 until the next block."`
	Cache  string `header:"Cache-Control"`
	Body   B
}

// route is one read.
type route struct {
	who               access.Permission
	path, id, summary string
}

// registerRead adds a GET whose body is made from one snapshot of the read model.
func registerRead[I, B any](s *server, r route, look func(*readmodel.Snapshot, *I) (B, error)) {
	register(s, r.who, huma.Operation{
		OperationID: r.id, Method: http.MethodGet, Path: r.path, Summary: r.summary,
		Middlewares: huma.Middlewares{s.unchanged}, Parameters: ifNoneMatch(),
		Responses: map[string]*huma.Response{"304": notModified()},
	}, func(ctx context.Context, in *I) (*answer[B], error) {
		out := &answer[B]{Cache: cacheControl}
		err := s.Model.Read(ctx, func(snapshot *readmodel.Snapshot) (err error) {
			out.Height, out.ETag = height(snapshot.Next), s.etag(ctx, snapshot.Next)
			out.Body, err = look(snapshot, in)
			return err
		})
		if err != nil {
			return nil, huma.ErrorWithHeaders(s.failure(ctx, err), http.Header{heightHeader: {out.Height}})
		}
		return out, nil
	})
}

// registerOne adds a GET of one thing.
func registerOne[I, T any](s *server, r route, look func(*readmodel.Snapshot, *I) (T, error)) {
	registerRead(s, r, func(snapshot *readmodel.Snapshot, in *I) (wired[T], error) {
		value, err := look(snapshot, in)
		return wired[T]{value}, err
	})
}
