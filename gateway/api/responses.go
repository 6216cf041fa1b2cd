package api

import (
	"net/http"
	"reflect"
	"strconv"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"github.com/weighbridge/weighbridge/gateway/access"
)

// failures are what any operation may answer, with what that means. There is
// none for a fault of the gateway itself: a description that promised one would
// promise nothing.
var failures = map[int]string{
	http.StatusForbidden:           "Who calls may not do this, or the request came from a foreign web page.",
	http.StatusMisdirectedRequest:  "The gateway does not answer under this host name.",
	http.StatusUnprocessableEntity: "A parameter is not what it must be; errors names it.",
	http.StatusTooManyRequests:     "Too many requests; the same one may be sent after Retry-After.",
	http.StatusServiceUnavailable:  "The gateway can't answer now; the same request may be sent after Retry-After.",
}

// documented adds those failures that an operation does not describe itself.
func (s *server) documented(who access.Permission, o huma.Operation) huma.Operation {
	responses := map[string]*huma.Response{}
	for status, description := range failures {
		responses[strconv.Itoa(status)] = s.problemResponse(description)
	}
	if who != access.Public {
		responses[strconv.Itoa(http.StatusUnauthorized)] = s.problemResponse("Nobody is signed in, and no token was sent.")
	}
	if o.Method != http.MethodGet {
		for status, description := range map[int]string{
			http.StatusBadRequest:            "The body is not what it must be; errors names the field. Nothing was done.",
			http.StatusRequestEntityTooLarge: "The body is too large.",
			http.StatusUnsupportedMediaType:  "The body is of another media type.",
		} {
			responses[strconv.Itoa(status)] = s.problemResponse(description)
		}
	}
	if strings.Contains(o.Path, "{") {
		responses[strconv.Itoa(http.StatusNotFound)] = s.problemResponse("There is no such thing at this height.")
	}
	for status, response := range o.Responses {
		responses[status] = response
	}
	for _, status := range []int{http.StatusTooManyRequests, http.StatusServiceUnavailable} {
		responses[strconv.Itoa(status)].Headers = map[string]*huma.Param{
			"Retry-After": {Schema: &huma.Schema{Type: huma.TypeInteger}, Description: "After how many seconds to try again."}}
	}
	o.Responses = responses
	return o
}

// readHeaders are those of every read.
func readHeaders() map[string]*huma.Param {
	text := &huma.Schema{Type: huma.TypeString}
	return map[string]*huma.Param{
		heightHeader: {Schema: text, Description: "The block at which this answer is true."},
		"ETag":       {Schema: text, Description: "Names this answer at this height; sent back as If-None-Match it gives 304 until the next block."},
	}
}

// notModified is the answer to who has it already.
func notModified() *huma.Response {
	return &huma.Response{Description: "Nothing changed since the answer named by If-None-Match.", Headers: readHeaders()}
}

func (s *server) problemResponse(description string) *huma.Response {
	return &huma.Response{
		Description: description,
		Content:     map[string]*huma.MediaType{problemType: {Schema: schemaOf(s.schemas(), reflect.TypeFor[Problem]())}},
	}
}

// ifNoneMatch is read before an operation's own parameters are.
func ifNoneMatch() []*huma.Param {
	return []*huma.Param{{Name: "If-None-Match", In: "header", Description: "The ETag of an answer that the asker has.", Schema: &huma.Schema{Type: huma.TypeString}}}
}

// describeHeights says of every answer that it has the height, once all
// operations are there with the answers that huma adds.
func (s *server) describeHeights() {
	for path, item := range s.huma.OpenAPI().Paths {
		if !strings.HasPrefix(path, "/api/v1/") {
			continue
		}
		for _, o := range []*huma.Operation{item.Get, item.Post, item.Put, item.Delete} {
			if o == nil {
				continue
			}
			for _, response := range o.Responses {
				if response.Headers == nil {
					response.Headers = map[string]*huma.Param{}
				}
				if response.Headers[heightHeader] == nil {
					response.Headers[heightHeader] = readHeaders()[heightHeader]
				}
			}
		}
	}
}
