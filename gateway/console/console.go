package console

import (
	"bytes"
	"context"
	"embed"
	"errors"
	"html/template"
	"io/fs"
	"log/slog"
	"net/http"
	"slices"
	"time"

	"github.com/weighbridge/weighbridge/chaincode/massbalance"
	"github.com/weighbridge/weighbridge/gateway/access"
	"github.com/weighbridge/weighbridge/gateway/imports"
	"github.com/weighbridge/weighbridge/gateway/readmodel"
	"github.com/weighbridge/weighbridge/gateway/trade"
)

//go:embed templates assets geo
var files embed.FS

// Model is the gateway's own copy of the ledger.
type Model interface {
	Read(ctx context.Context, look func(*readmodel.Snapshot) error) error
	Await(ctx context.Context, block uint64) error
}

// Options say whose console it is.
type Options struct {
	Organisation massbalance.OrganisationID
	Model        Model
	// Problem says why the pages may be out of date, or "".
	Problem func() string
	// Logs has the alarms of the transparency log; without it there are none.
	Logs Logs
	// Submitter takes the commands of forms; without it the console only shows.
	Submitter Submitter
	// Now replaces the clock, which proposes dates and knows what is due.
	Now func() time.Time
	// Places is a GeoJSON file of the organisation's own places, or nothing; see ReadPlaces.
	Places []byte
	// Imports takes files; without it there is no page for them.
	Imports *imports.Importer
	// Trade opens what only the organisation and one other know; without it no
	// price is shown, and nothing is offered.
	Trade *trade.Desk
	// Desk has the accounts of people; without it nobody signs in here.
	Desk *access.Desk
	Log  *slog.Logger
}

// Console serves the pages.
type Console struct {
	Options
	pages map[string]*template.Template
	memo  memo
}

// New reads the pages' templates; those are part of the program.
func New(o Options) *Console {
	c := &Console{Options: o, pages: map[string]*template.Template{}}
	pages := []string{"overview", "site", "claim", "import", "problem", "action", "actions", "account", "people", "activity", "approvals", "map", "alarms"}
	for _, r := range slices.Concat(routes, tradeRoutes) {
		pages = append(pages, r.template)
	}
	for _, page := range pages {
		c.pages[page] = template.Must(template.New(page).Funcs(functions).ParseFS(files,
			"templates/base.html", "templates/parts.html", "templates/tables.html", "templates/people-parts.html", "templates/trade-parts.html", "templates/trial.html", "templates/"+page+".html"))
	}
	c.pages["live"] = c.pages["action"]
	c.pages["sign-in"] = template.Must(template.New("sign-in").Funcs(functions).ParseFS(files, "templates/sign-in.html"))
	return c
}

// Register adds the pages.
func (c *Console) Register(mux *access.Mux) {
	mux.HandleFunc(access.Read, "GET /{$}", c.page("overview", c.todayPage))
	mux.HandleFunc(access.Read, "GET /sites/{site}", c.page("site", func(l *lens, r *http.Request) (any, error) {
		return l.sitePage(massbalance.SiteID(r.PathValue("site")))
	}))
	mux.HandleFunc(access.Read, "GET /claims/{organisation}/{command}", c.page("claim", func(l *lens, r *http.Request) (any, error) {
		return l.claimPage(massbalance.ClaimID(r.PathValue("organisation") + "/" + r.PathValue("command")))
	}))
	mux.HandleFunc(access.Read, "GET /map", c.page("map", func(l *lens, r *http.Request) (any, error) {
		return remembered(l, r.URL.String(), func() (any, error) { return l.mapPage(c, r) })
	}))
	mux.HandleFunc(access.Read, "GET /alarms", c.page("alarms", func(l *lens, r *http.Request) (any, error) { return c.alarms(l, r) }))
	for _, route := range slices.Concat(routes, tradeRoutes) {
		mux.HandleFunc(route.who, "GET "+route.path, c.page(route.template, route.look))
	}
	c.registerPlan(mux)
	c.registerImport(mux)
	c.registerActions(mux)
	if c.Desk != nil {
		c.registerSignIn(mux)
		c.registerAccount(mux)
		c.registerPeople(mux)
		c.registerApprovals(mux)
	}
	assets, err := fs.Sub(files, "assets")
	if err != nil {
		panic(err) // the folder is embedded above
	}
	serve := http.StripPrefix("/assets/", http.FileServerFS(assets))
	mux.HandleFunc(access.Public, "GET /assets/", func(w http.ResponseWriter, r *http.Request) {
		protect(w)
		w.Header().Set("Cache-Control", "no-cache")
		serve.ServeHTTP(w, r)
	})
}

// protect keeps a page from loading, sending or being framed anywhere else.
func protect(w http.ResponseWriter) {
	h := w.Header()
	h.Set("Content-Security-Policy", "default-src 'none'; style-src 'self'; img-src 'self'; script-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("X-Frame-Options", "DENY")
	h.Set("Referrer-Policy", "same-origin")
	h.Set("Cross-Origin-Opener-Policy", "same-origin")
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
}

// page answers with a template, filled from one snapshot.
func (c *Console) page(name string, look func(*lens, *http.Request) (any, error)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) { c.answer(w, r, name, http.StatusOK, look) }
}

// answer shows a template, filled from one snapshot, with a status.
func (c *Console) answer(w http.ResponseWriter, r *http.Request, name string, status int, look func(*lens, *http.Request) (any, error)) {
	protect(w)
	var frame frame
	err := c.Model.Read(r.Context(), func(s *readmodel.Snapshot) (err error) {
		l := c.lens(r.Context(), s)
		l.acts = c.acts(l.role()) && access.From(r.Context()).May(access.Operate)
		if frame, err = l.frame(r.URL.Path, c.Problem()); err != nil {
			return err
		}
		frame.Imports, frame.Acts = c.takesFiles(frame.Role) && access.From(r.Context()).May(access.Operate), l.acts
		if c.Logs != nil {
			frame.Alarm = c.Logs.Problem(r.Context())
		}
		if frame.Caller, err = c.caller(r.Context()); err != nil {
			return err
		}
		frame.Page, err = look(l, r)
		return err
	})
	shown := name
	if err != nil {
		status, shown = c.failed(r, &frame, err), "problem"
	}
	c.render(w, r, shown, status, frame)
}

// caller is who looks at a page, for its frame.
type caller struct {
	Name                    string
	SignedIn, Administers   bool
	Audits, Approves, Holds bool
	// Waiting counts the commands that wait for a second person.
	Waiting int
}

func (c *Console) caller(ctx context.Context) (caller, error) {
	actor := access.From(ctx)
	who := caller{Name: actor.Name, SignedIn: actor.User != "", Administers: actor.May(access.Administer), Audits: actor.May(access.Audit), Approves: actor.May(access.Approve)}
	if c.Desk == nil {
		return caller{}, nil
	}
	who.Holds = actor.May(access.Read)
	waiting, err := c.accounts().Approvals(ctx, access.Pending, 100)
	who.Waiting = len(waiting)
	return who, err
}

// failed puts what went wrong in the page's place. Only what is missing is
// named; anything else is for the log.
func (c *Console) failed(r *http.Request, f *frame, err error) int {
	var missing *readmodel.NotFound
	if errors.As(err, &missing) {
		f.Page = failure{"Not on the ledger", "As of this block " + missing.Error() + ". It may have been misspelt, or it is not committed yet."}
		return http.StatusNotFound
	}
	c.Log.LogAttrs(r.Context(), slog.LevelError, "couldn't make a page", slog.String("path", r.URL.Path), slog.Any("error", err))
	f.Page = failure{"The page could not be made", "The gateway could not read its own copy of the ledger. Its log says why."}
	return http.StatusInternalServerError
}

// failure is the content of the problem page.
type failure struct{ Title, Detail string }

func (c *Console) render(w http.ResponseWriter, r *http.Request, name string, status int, f frame) {
	var page bytes.Buffer // so that a half page is never sent
	var err error
	if name == "live" { // a part of a page, for a form that is being filled in
		err = c.pages[name].ExecuteTemplate(&page, "live", f.Page)
	} else {
		err = c.pages[name].ExecuteTemplate(&page, "base", f)
	}
	if err != nil {
		c.Log.LogAttrs(r.Context(), slog.LevelError, "couldn't render a page", slog.String("page", name), slog.Any("error", err))
		http.Error(w, "The page could not be made; the gateway's log says why.", http.StatusInternalServerError)
		return
	}
	if asked := r.URL.Query().Get(exportName); asked != "" && status == http.StatusOK {
		if err := tableFile(w, asked, &page); err != nil {
			c.Log.LogAttrs(r.Context(), slog.LevelError, "couldn't give a table as a file", slog.String("page", name), slog.Any("error", err))
		}
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(status)
	_, _ = page.WriteTo(w) // whoever asked may be gone
}
