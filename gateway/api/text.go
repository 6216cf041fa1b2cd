package api

import (
	"net/http"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/danielgtaylor/huma/v2"
)

// plainText refuses addresses that hold what no name on the ledger can: bytes
// that are not UTF-8, and control characters. No database has to cope with them.
func (s *server) plainText(c huma.Context, next func(huma.Context)) {
	u := c.URL()
	if fault := textFault("path", u.Path); fault != nil {
		_ = huma.WriteErr(s.huma, c, http.StatusUnprocessableEntity, "the address is not plain text", fault) // whoever asked may be gone
		return
	}
	for name, values := range u.Query() {
		for _, value := range append(values, name) {
			if fault := textFault("query."+strings.ToValidUTF8(name, "\uFFFD"), value); fault != nil {
				_ = huma.WriteErr(s.huma, c, http.StatusUnprocessableEntity, "the address is not plain text", fault)
				return
			}
		}
	}
	next(c)
}

func textFault(location, text string) error {
	switch {
	case !utf8.ValidString(text):
		return &huma.ErrorDetail{Location: location, Message: "is not valid UTF-8"}
	case strings.ContainsFunc(text, unicode.IsControl):
		return &huma.ErrorDetail{Location: location, Message: "holds a control character"}
	}
	return nil
}
