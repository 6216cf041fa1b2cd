package api

import (
	"encoding/base64"
	"fmt"
	"strconv"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"github.com/weighbridge/weighbridge/gateway/readmodel"
)

// Paging holds the parameters of every list. A cursor names the last item that
// was seen, by its place in the ledger and, where the list is sorted, by the
// value it is sorted by. Both never change, so pages join up while blocks come in.
type Paging struct {
	After string `query:"after" maxLength:"400" pattern:"^[0-9]{1,19}([.][A-Za-z0-9_-]*)?$" doc:"The \"next\" of the page before, asked with the same filters and sort."`
	Limit int    `query:"limit" minimum:"1" maximum:"500" default:"100" doc:"How many items at most."`
	Order string `query:"order" enum:"oldest,newest" default:"oldest" doc:"Where the list begins: oldest is also the least of what it is sorted by."`
	// Format is read by the middleware that puts it into the context.
	Format string `query:"format" enum:"json,csv,xlsx" doc:"csv and xlsx give the whole list, to its end, as a file; so does Accept."`

	position uint64
	value    string
}

// Resolve reads the cursor.
func (p *Paging) Resolve(c huma.Context) []error {
	if p.After == "" {
		return nil
	}
	position, value, sorted := strings.Cut(p.After, ".")
	text, err := base64.RawURLEncoding.DecodeString(value)
	p.value = string(text)
	if err == nil {
		p.position, err = strconv.ParseUint(position, 10, 63)
	}
	if err != nil || sorted != (c.Query("sort") != "") {
		return []error{&huma.ErrorDetail{Location: "query.after", Message: "is not the \"next\" of a page with this sort"}}
	}
	return nil
}

// page is the part of the list that is wanted, in the order of the ledger.
func (p Paging) page() readmodel.Page {
	return readmodel.Page{After: p.position, Limit: p.Limit, Newest: p.Order == "newest"}
}

// by is the part of the list that is wanted, sorted.
func (p Paging) by(sort readmodel.Sort) readmodel.Page {
	page := p.page()
	page.By, page.AfterValue = sort, p.value
	return page
}

// pager is the parameters of a list, which all embed Paging.
type pager interface {
	from(position uint64, value string)
}

// from asks for the next page of a file.
func (p *Paging) from(position uint64, value string) {
	p.position, p.value, p.Limit = position, value, readmodel.MaxLimit
}

// cursor is what "after" takes for the page behind a listing; "" on the last.
func cursor[T any](l readmodel.Listing[T]) string {
	switch {
	case l.Next == 0:
		return ""
	case !l.Sorted:
		return strconv.FormatUint(l.Next, 10)
	}
	return fmt.Sprintf("%d.%s", l.Next, base64.RawURLEncoding.EncodeToString([]byte(l.NextValue)))
}

// mapped turns a listing's items into what is answered.
func mapped[A, B any](in readmodel.Listing[A], change func(A) B) readmodel.Listing[B] {
	out := readmodel.Listing[B]{Next: in.Next, NextValue: in.NextValue, Sorted: in.Sorted}
	for _, item := range in.Items {
		out.Items = append(out.Items, change(item))
	}
	return out
}

// tried is mapped for what may fail.
func tried[A, B any](in readmodel.Listing[A], change func(A) (B, error)) (readmodel.Listing[B], error) {
	out := readmodel.Listing[B]{Next: in.Next, NextValue: in.NextValue, Sorted: in.Sorted}
	for _, item := range in.Items {
		changed, err := change(item)
		if err != nil {
			return out, err
		}
		out.Items = append(out.Items, changed)
	}
	return out, nil
}
