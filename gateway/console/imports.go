package console

import (
	"bytes"
	"compress/gzip"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"mime/multipart"
	"net/http"
	"strconv"
	"time"

	"github.com/weighbridge/weighbridge/chaincode/massbalance"
	"github.com/weighbridge/weighbridge/gateway/access"
	"github.com/weighbridge/weighbridge/gateway/imports"
	"github.com/weighbridge/weighbridge/gateway/readmodel"
	"github.com/weighbridge/weighbridge/gateway/table"
)

const (
	// importRows bounds the lines that a page shows; those that need a look come first.
	importRows = 200
	// faultRows bounds what is said of a file that cannot be read.
	faultRows = 20
	// formLimit is how large a form with two files may be, also where it comes
	// back packed; beyond formMemory its files are on disk for a moment.
	formLimit  = 4*table.ByteLimit + 1<<20
	formMemory = 4 << 20
	uploadTime = time.Minute
	// refresh is how often the page of a running job is read again, in seconds.
	refresh = 1
)

// importPage is the form, and what became of a file.
type importPage struct {
	Kind    imports.Kind
	Kinds   []imports.Kind
	Site    massbalance.SiteID
	Sites   []massbalance.Site
	Refusal string
	Faults  []string
	// Tried is set where there is a report.
	Tried  bool
	Report imports.Report
	Job    imports.Job
	Tally  []tally
	Rows   []importRow
	More   int
	// Hidden carries the tried file to its confirmation, or to the file of what
	// would become of it, so that what is sent is what was tried and the gateway
	// keeps nothing between.
	Hidden []hidden
}

type tally struct {
	Count       int
	Name, Class string
}

type hidden struct{ Name, Value string }

// importRow is a line in a table.
type importRow struct {
	imports.LineReport
	Name, Class string
}

var outcomeNames = map[imports.Outcome][2]string{
	imports.Accepted: {"Accepted", "received"}, imports.Repeated: {"There already", "in_transit"}, imports.Refused: {"Refused", "rejected"},
	imports.Malformed: {"Cannot be read", "rejected"}, imports.Waiting: {"Waiting", ""}, imports.NotSent: {"Not sent", "returned"}, imports.Unknown: {"Unknown", "returned"},
}

// takesFiles reports whether this organisation may import.
func (c *Console) takesFiles(role massbalance.Role) bool {
	return c.Imports != nil && role != massbalance.Certification
}

func (c *Console) registerImport(mux *access.Mux) {
	if c.Imports == nil {
		return
	}
	mux.HandleFunc(access.Operate, "GET /import", c.page("import", func(l *lens, r *http.Request) (any, error) {
		return l.importPage(imports.Request{Kind: imports.Tickets, Site: massbalance.SiteID(r.URL.Query().Get("site"))})
	}))
	mux.HandleFunc(access.Operate, "POST /import", c.postImport)
	mux.HandleFunc(access.Operate, "GET /import/{job}", func(w http.ResponseWriter, r *http.Request) {
		job, failed := c.Imports.Job(r.Context(), r.PathValue("job"))
		if failed == nil && job.State == imports.Running {
			w.Header().Set("Refresh", strconv.Itoa(refresh))
		}
		c.page("import", func(l *lens, r *http.Request) (any, error) {
			if failed != nil {
				return nil, failed
			}
			page, err := l.importPage(imports.Request{Kind: job.Report.Kind})
			page.Job = job
			page.show(job.Report, asksForFile(r))
			return page, err
		})(w, r)
	})
}

func (l *lens) importPage(request imports.Request) (importPage, error) {
	sites, err := l.s.Sites(l.organisation, readmodel.Page{Limit: readmodel.MaxLimit})
	return importPage{Kind: request.Kind, Kinds: imports.Kinds, Site: request.Site, Sites: sites.Items}, err
}

// show puts a report onto the page: the lines that need a look, then the others,
// and all of them where they are asked for as a file.
func (p *importPage) show(report imports.Report, whole bool) {
	p.Tried, p.Report = true, report
	counts := map[imports.Outcome]int{}
	var good []importRow
	for _, line := range report.Lines {
		counts[line.Outcome]++
		row := importRow{line, outcomeNames[line.Outcome][0], outcomeNames[line.Outcome][1]}
		if line.Outcome == imports.Accepted || line.Outcome == imports.Repeated || line.Outcome == imports.Waiting {
			good = append(good, row)
		} else {
			p.Rows = append(p.Rows, row)
		}
	}
	p.Rows = append(p.Rows, good...)
	if len(p.Rows) > importRows && !whole {
		p.More = len(p.Rows) - importRows
		p.Rows = p.Rows[:importRows]
	}
	for _, outcome := range imports.Outcomes {
		if n := counts[outcome]; n > 0 {
			p.Tally = append(p.Tally, tally{n, outcomeNames[outcome][0], outcomeNames[outcome][1]})
		}
	}
}

// postImport tries a file, or sends one that was tried.
func (c *Console) postImport(w http.ResponseWriter, r *http.Request) {
	// A slow sender must not hold the connection for ever; where the deadline
	// cannot be set there is none to reach, as in tests.
	_ = http.NewResponseController(w).SetReadDeadline(time.Now().Add(uploadTime))
	r.Body = http.MaxBytesReader(w, r.Body, formLimit)
	request, err := importRequest(r)
	if r.MultipartForm != nil {
		defer r.MultipartForm.RemoveAll() //nolint:errcheck // files of a form that was read
	}
	if err == nil && r.FormValue("do") == "send" {
		var job imports.Job
		if job, err = c.start(r, request); err == nil {
			http.Redirect(w, r, "/import/"+job.ID, http.StatusSeeOther)
			return
		}
	}
	var report imports.Report
	if err == nil {
		report, _, err = c.Imports.DryRun(r.Context(), request)
	}
	c.page("import", func(l *lens, r *http.Request) (any, error) {
		page, failed := l.importPage(request)
		if failed != nil {
			return page, failed
		}
		if err != nil {
			failed = page.refuse(c, r, err)
		} else {
			page.show(report, asksForFile(r))
		}
		if failed == nil && page.Tried {
			page.Hidden, failed = carry(r, request)
		}
		return page, failed
	})(w, r)
}

var errReadOnly = errors.New("a certification body reads everything and submits nothing")

func (c *Console) start(r *http.Request, request imports.Request) (imports.Job, error) {
	role := massbalance.Role("")
	err := c.Model.Read(r.Context(), func(s *readmodel.Snapshot) error {
		frame, err := newLens(s, c.Organisation).frame("", "")
		role = frame.Role
		return err
	})
	if err == nil && !c.takesFiles(role) {
		err = errReadOnly
	}
	if err != nil {
		return imports.Job{}, err
	}
	return c.Imports.Start(r.Context(), request)
}

// refuse says why a file was not taken; what is of no use to the asker goes to the log.
func (p *importPage) refuse(c *Console, r *http.Request, err error) error {
	var unreadable *imports.Unreadable
	var malformed *imports.MalformedFile
	var form *formError
	switch {
	case errors.As(err, &unreadable):
		p.Refusal = "Nothing was sent."
		for _, fault := range unreadable.Faults[:min(len(unreadable.Faults), faultRows)] {
			p.Faults = append(p.Faults, fault.Error())
		}
	case errors.As(err, &malformed):
		p.show(malformed.Report, asksForFile(r))
	case errors.As(err, &form), errors.Is(err, imports.ErrBusy), errors.Is(err, errReadOnly):
		p.Refusal = err.Error()
	default:
		return err
	}
	c.Log.LogAttrs(r.Context(), slog.LevelDebug, "a file was not taken", slog.Any("error", err))
	return nil
}

// formError is a form that is not as the page sends it.
type formError struct{ reason string }

// Error gives the reason.
func (f *formError) Error() string { return f.reason }

func importRequest(r *http.Request) (imports.Request, error) {
	if err := r.ParseMultipartForm(formMemory); err != nil {
		return imports.Request{Kind: imports.Tickets}, &formError{fmt.Sprintf("The form could not be read. A file may have %d MiB.", table.ByteLimit>>20)}
	}
	request := imports.Request{
		Kind: imports.Kind(r.FormValue("kind")), Site: massbalance.SiteID(r.FormValue("site")),
		Reading: table.Reading{
			Decimal:  map[string]string{"point": ".", "comma": ","}[r.FormValue("decimal")],
			DayFirst: r.FormValue("dates") == "day-first", MonthFirst: r.FormValue("dates") == "month-first",
		},
	}
	var err error
	if request.File, err = formFile(r, "file"); err == nil {
		request.Suppliers, err = formFile(r, "suppliers")
	}
	return request, err
}

// formFile reads a file of the form, or the packed one that a confirmation carries.
func formFile(r *http.Request, name string) ([]byte, error) {
	if packed := r.FormValue(packedPrefix + name); packed != "" {
		return unpack(packed)
	}
	file, _, err := r.FormFile(name)
	if errors.Is(err, http.ErrMissingFile) {
		return nil, nil
	}
	if err != nil {
		return nil, &formError{"The form holds no file."}
	}
	return readFile(file)
}

func readFile(file multipart.File) ([]byte, error) {
	defer file.Close()
	content, err := io.ReadAll(io.LimitReader(file, table.ByteLimit+1)) // one more, so that a longer one is refused
	if err != nil {
		return nil, &formError{"The file could not be read."}
	}
	return content, nil
}

const packedPrefix = "packed-"

// carry packs what was tried into fields of the confirmation.
func carry(r *http.Request, request imports.Request) ([]hidden, error) {
	var fields []hidden
	for _, name := range []string{"kind", "site", "decimal", "dates"} {
		fields = append(fields, hidden{name, r.FormValue(name)})
	}
	for _, file := range []struct {
		name    string
		content []byte
	}{{"file", request.File}, {"suppliers", request.Suppliers}} {
		if len(file.content) == 0 {
			continue
		}
		packed, err := pack(file.content)
		if err != nil {
			return nil, err
		}
		fields = append(fields, hidden{packedPrefix + file.name, packed})
	}
	return fields, nil
}

func pack(content []byte) (string, error) {
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	if _, err := w.Write(content); err != nil {
		return "", fmt.Errorf("couldn't pack a file: %w", err)
	}
	err := w.Close()
	return base64.StdEncoding.EncodeToString(b.Bytes()), err
}

func unpack(packed string) ([]byte, error) {
	raw, err := base64.StdEncoding.DecodeString(packed)
	if err != nil {
		return nil, &formError{"The confirmation is damaged; try the file again."}
	}
	reader, err := gzip.NewReader(bytes.NewReader(raw))
	if err != nil {
		return nil, &formError{"The confirmation is damaged; try the file again."}
	}
	content, err := io.ReadAll(io.LimitReader(reader, table.ByteLimit+1))
	if err != nil {
		return nil, &formError{"The confirmation is damaged; try the file again."}
	}
	return content, nil
}
