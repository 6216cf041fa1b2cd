package api

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"strconv"
	"strings"

	"github.com/danielgtaylor/huma/v2"
)

// etags name answers by the height that they are true at and what was asked:
// both together decide an answer. They hold for one run of the gateway, because
// a height says nothing about which chain it counts.
type etags struct{ run string }

func newETags() etags {
	run := make([]byte, 8)
	_, _ = rand.Read(run) // never fails
	return etags{hex.EncodeToString(run)}
}

// of names the answer to a request at a height.
func (e etags) of(next uint64, request string) string {
	sum := sha256.Sum256([]byte(e.run + " " + request))
	return `"` + strconv.FormatUint(next, 10) + "-" + hex.EncodeToString(sum[:8]) + `"`
}

type asked struct{}

// unchanged answers 304 where the asker has the answer already. It is put
// before each read and hands the request's name on to it.
func (s *server) unchanged(c huma.Context, next func(huma.Context)) {
	url := c.URL()
	form, _ := c.Context().Value(format{}).(string)
	request := url.RequestURI() + " " + form
	blocks := s.Model.Next()
	tag := s.etags.of(blocks, request)
	if matches(c.Header("If-None-Match"), tag) {
		c.SetHeader("ETag", tag)
		c.SetHeader("Cache-Control", cacheControl)
		c.SetHeader(heightHeader, height(blocks))
		c.SetStatus(http.StatusNotModified)
		return
	}
	next(huma.WithValue(c, asked{}, request))
}

// cacheControl lets the asker keep an answer, and makes it ask each time whether
// the answer still holds.
const cacheControl = "private, no-cache"

// etag is the name of the answer that is being made.
func (s *server) etag(ctx context.Context, next uint64) string {
	request, _ := ctx.Value(asked{}).(string)
	return s.etags.of(next, request)
}

// matches compares weakly, as If-None-Match does (RFC 9110, 13.1.2).
func matches(header, tag string) bool {
	for candidate := range strings.SplitSeq(header, ",") {
		if candidate = strings.TrimSpace(candidate); candidate == "*" || strings.TrimPrefix(candidate, "W/") == tag {
			return true
		}
	}
	return false
}
