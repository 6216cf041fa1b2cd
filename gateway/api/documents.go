package api

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"net/http"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"github.com/weighbridge/weighbridge/chaincode/massbalance"
	"github.com/weighbridge/weighbridge/gateway/access"
	"github.com/weighbridge/weighbridge/gateway/exports"
	"github.com/weighbridge/weighbridge/gateway/readmodel"
)

const pdfType = "application/pdf"

// paper is a document that is sent as a file.
type paper struct {
	Type        string `header:"Content-Type"`
	Disposition string `header:"Content-Disposition"`
	Height      string `header:"Weighbridge-Height" doc:"The block at which the document is true."`
	ETag        string `header:"ETag"`
	Cache       string `header:"Cache-Control"`
	Body        []byte
}

// privatePaper is one that does not follow from the height alone, and is kept by
// nobody on its way.
type privatePaper struct {
	Type        string `header:"Content-Type"`
	Disposition string `header:"Content-Disposition"`
	Height      string `header:"Weighbridge-Height" doc:"The block at which the document is true."`
	Body        []byte
}

func (s *server) registerDocuments() {
	registerPaper(s, route{access.Read, "/api/v1/sites/{site}/workbook", "get-site-workbook", "The mass balance workbook of a site and period, as certifiers expect it"}, xlsxType, s.workbook)
	registerPaper(s, route{access.Read, "/api/v1/claims/{organisation}/{command}/certificate", "get-claim-certificate", "The certificate of a claim, as PDF"}, pdfType, s.certificate)
	registerPaper(s, route{access.Read, "/api/v1/transfers/{organisation}/{command}/declaration.pdf", "get-transfer-declaration-pdf", "The sustainability declaration of a transfer, as PDF"}, pdfType, s.declarationPaper)
	registerPaper(s, route{access.Read, "/api/v1/transfers/{organisation}/{command}/declaration.csv", "get-transfer-declaration-csv", "The sustainability declaration of a transfer, field by field with where each comes from, as CSV"}, "text/csv", s.declarationTable)
	registerOne(s, route{access.Read, "/api/v1/transfers/{organisation}/{command}/declaration", "get-transfer-declaration", "The sustainability declaration of a transfer"},
		func(snapshot *readmodel.Snapshot, in *Derived) (exports.Declaration, error) {
			return exports.NewDeclaration(snapshot, massbalance.TransferID(in.id()))
		})
}

// address is where a document's code leads: below the public address, whatever
// name this request came by, or else below the one that the gateway listens on.
func (s *server) address(path string) exports.Address {
	if s.PublicURL != "" {
		return exports.Address{URL: strings.TrimSuffix(s.PublicURL, "/") + path}
	}
	return exports.Address{URL: cmp.Or(s.ListensOn, "http://localhost") + path, Local: true}
}

// registerPaper adds a GET of a document.
func registerPaper[I any](s *server, r route, mediaType string, make func(*readmodel.Snapshot, *I) (name string, content []byte, err error)) {
	register(s, r.who, huma.Operation{
		OperationID: r.id, Method: http.MethodGet, Path: r.path, Summary: r.summary,
		Middlewares: huma.Middlewares{s.unchanged}, Parameters: ifNoneMatch(),
		Responses: map[string]*huma.Response{
			"200": {
				Description: "The document.",
				Headers:     readHeaders(),
				Content:     map[string]*huma.MediaType{mediaType: {Schema: &huma.Schema{Type: huma.TypeString, Format: "binary"}}},
			},
			"304": notModified(),
		},
	}, func(ctx context.Context, in *I) (*paper, error) {
		out := &paper{Type: mediaType, Cache: cacheControl}
		err := s.Model.Read(ctx, func(snapshot *readmodel.Snapshot) (err error) {
			var name string
			out.Height, out.ETag = height(snapshot.Next), s.etag(ctx, snapshot.Next)
			name, out.Body, err = make(snapshot, in)
			out.Disposition = fmt.Sprintf("attachment; filename=%q", name)
			return err
		})
		if err != nil {
			return nil, huma.ErrorWithHeaders(s.failure(ctx, err), http.Header{heightHeader: {out.Height}})
		}
		return out, nil
	})
}

type workbookInput struct {
	Site   massbalance.SiteID   `path:"site"`
	Period massbalance.PeriodID `query:"period" doc:"Without it, the open period, or else the last."`
}

func (s *server) workbook(snapshot *readmodel.Snapshot, in *workbookInput) (name string, content []byte, err error) {
	if _, err := readmodel.Need[massbalance.Site](snapshot, massbalance.SiteKey(in.Site)); err != nil {
		return "", nil, err
	}
	period := in.Period
	if period == "" {
		head, err := readmodel.Need[massbalance.Head](snapshot, massbalance.HeadKey(in.Site))
		if err != nil {
			return "", nil, err
		}
		if period = head.Period; period == "" {
			period = head.Last
		}
	}
	var file bytes.Buffer
	err = exports.Workbook(snapshot, in.Site, period, &file)
	return fmt.Sprintf("mass-balance-%s-%s.xlsx", in.Site, period), file.Bytes(), err
}

type documentInput struct{ Derived }

func (s *server) certificate(snapshot *readmodel.Snapshot, in *documentInput) (name string, content []byte, err error) {
	content, err = exports.ClaimCertificate(snapshot, massbalance.ClaimID(in.id()), s.address("/claims/"+in.id()+"/bundle"))
	return fmt.Sprintf("claim-%s-%s.pdf", in.Organisation, in.Command), content, err
}

// declarationTable is the declaration field by field.
func (s *server) declarationTable(snapshot *readmodel.Snapshot, in *documentInput) (name string, content []byte, err error) {
	declaration, err := exports.NewDeclaration(snapshot, massbalance.TransferID(in.id()))
	if err != nil {
		return "", nil, err
	}
	var file bytes.Buffer
	err = declaration.CSV(&file)
	return fmt.Sprintf("declaration-%s-%s.csv", in.Organisation, in.Command), file.Bytes(), err
}

func (s *server) declarationPaper(snapshot *readmodel.Snapshot, in *documentInput) (name string, content []byte, err error) {
	declaration, err := exports.NewDeclaration(snapshot, massbalance.TransferID(in.id()))
	if err != nil {
		return "", nil, err
	}
	content, err = declaration.PDF(s.address("/api/v1/transfers/" + in.id() + "/declaration"))
	return fmt.Sprintf("declaration-%s-%s.pdf", in.Organisation, in.Command), content, err
}
