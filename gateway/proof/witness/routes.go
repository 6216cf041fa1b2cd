package witness

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"math"
	"net/http"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"golang.org/x/mod/sumdb/tlog"

	"github.com/weighbridge/weighbridge/chaincode/massbalance"
	"github.com/weighbridge/weighbridge/gateway/access"
	"github.com/weighbridge/weighbridge/gateway/proof"
	"github.com/weighbridge/weighbridge/gateway/proof/checkpoint"
	"github.com/weighbridge/weighbridge/gateway/readmodel"
)

// tileHeight is that of C2SP tlog-tiles: 256 hashes in a tile.
const tileHeight = 8

// Register adds the routes. What the log says is public: it says nothing to who
// was not given the salts. A bundle is public once its claimant published it.
func (w *Witness) Register(mux *access.Mux) {
	for _, r := range []struct {
		who     access.Permission
		pattern string
		handle  func(http.ResponseWriter, *http.Request) error
		query   []string
	}{
		{access.Public, "GET " + Prefix + "/checkpoint", w.getCheckpoint, nil},
		{access.Public, "GET " + Prefix + "/checkpoints/{size}", w.getCheckpointAt, nil},
		{access.Public, "GET " + Prefix + "/tile/{level}/{index}", w.getTile, nil},
		{access.Public, "GET " + Prefix + "/tile/{level}/{index...}", w.getTile, nil},
		{access.Public, "GET " + Prefix + "/proof/inclusion", w.getInclusion, []string{"leaf", "size"}},
		{access.Public, "GET " + Prefix + "/proof/consistency", w.getConsistency, []string{"from", "to"}},
		{access.Public, "GET " + Prefix + "/key", w.getKey, nil},
		{access.Public, "GET /verifier", w.getVerifier, nil},
		{access.Public, "GET /claims/{organisation}/{command}/bundle", w.getBundle, nil},
		{access.Public, "GET /api/v1/claims/{organisation}/{command}/bundle", w.getBundle, nil},
		{access.Operate, "POST /api/v1/claims/{organisation}/{command}/publish", w.postPublish, nil},
		{access.Read, "GET " + Prefix + "/cosigners", w.getCosigners, nil},
		{access.Read, "GET " + Prefix + "/alarms", w.getAlarms, nil},
		{access.Administer, "POST " + Prefix + "/alarms/{id}/note", w.postNote, nil},
	} {
		mux.HandleFunc(r.who, r.pattern, func(rw http.ResponseWriter, request *http.Request) {
			err := known(request, r.query)
			if err == nil {
				err = r.handle(rw, request)
			}
			if err != nil {
				w.failed(rw, request, err)
			}
		})
	}
}

// known refuses parameters that programs send by mistake, as the rest of the
// interface does; links to pages and files may carry what others append to them.
func known(r *http.Request, query []string) error {
	for name := range r.URL.Query() {
		if strings.HasPrefix(r.URL.Path, "/api/") && !slices.Contains(query, name) {
			return &badParameter{"query." + name, "there is no such parameter"}
		}
	}
	return nil
}

// badParameter is one that is not what it must be.
type badParameter struct{ Location, Message string }

func (b *badParameter) Error() string { return b.Location + ": " + b.Message }

var errNotOurs = errors.New("only the claimant publishes")

// failed answers with a problem (RFC 9457).
func (w *Witness) failed(rw http.ResponseWriter, r *http.Request, err error) {
	status, detail := http.StatusInternalServerError, "the gateway failed; its log says why"
	var none *readmodel.NotFound
	var bad *badParameter
	problem := map[string]any{}
	switch {
	case errors.As(err, &none):
		status, detail = http.StatusNotFound, none.Error()
	case errors.As(err, &bad):
		status, detail = http.StatusUnprocessableEntity, bad.Error()
		problem["errors"] = []map[string]string{{"location": bad.Location, "message": bad.Message}}
	case errors.Is(err, errNotOurs):
		status, detail = http.StatusForbidden, err.Error()
	case errors.Is(err, errBehind), errors.Is(err, proof.ErrTooEarly):
		status, detail = http.StatusServiceUnavailable, err.Error()
	case errors.Is(err, ErrBusy):
		status, detail = http.StatusTooManyRequests, err.Error()
	case errors.Is(err, ErrRefused):
		status, detail = http.StatusConflict, ErrRefused.Error()
	default:
		w.Log.LogAttrs(r.Context(), slog.LevelError, "couldn't answer about the log", slog.String("path", r.URL.Path), slog.Any("error", err))
	}
	if status == http.StatusServiceUnavailable || status == http.StatusTooManyRequests {
		rw.Header().Set("Retry-After", strconv.Itoa(int(comeAgain.Seconds())))
	}
	problem["status"], problem["title"], problem["detail"] = status, http.StatusText(status), detail
	rw.Header().Set("Content-Type", "application/problem+json")
	rw.WriteHeader(status)
	_ = json.NewEncoder(rw).Encode(problem)
}

func text(rw http.ResponseWriter, body string) error {
	rw.Header().Set("Content-Type", "text/plain; charset=utf-8")
	_, err := rw.Write([]byte(body))
	return err
}

func answer(rw http.ResponseWriter, body any) error {
	rw.Header().Set("Content-Type", "application/json")
	return json.NewEncoder(rw).Encode(body)
}

// anywhere lets pages of other origins and of files on disk read what is public.
func anywhere(rw http.ResponseWriter) { rw.Header().Set("Access-Control-Allow-Origin", "*") }

func (w *Witness) getCheckpoint(rw http.ResponseWriter, r *http.Request) error {
	anywhere(rw)
	latest, err := w.latest(r.Context())
	if err != nil {
		return err
	}
	if latest.Size == 0 {
		return &readmodel.NotFound{Kind: "checkpoint", Name: "yet"}
	}
	note, err := w.Sign(r.Context(), latest.Size)
	if err != nil {
		return err
	}
	return text(rw, note)
}

func (w *Witness) getCheckpointAt(rw http.ResponseWriter, r *http.Request) error {
	anywhere(rw)
	size, err := number("path.size", r.PathValue("size"))
	if err != nil {
		return err
	}
	note, err := w.Sign(r.Context(), size)
	if err != nil {
		return err
	}
	return text(rw, note)
}

func number(location, text string) (int64, error) {
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil || n < 0 || strconv.FormatInt(n, 10) != text {
		return 0, &badParameter{location, fmt.Sprintf("%q is not a number of records", text)}
	}
	return n, nil
}

// getTile serves hash tiles and bundles of entries (C2SP tlog-tiles).
func (w *Witness) getTile(rw http.ResponseWriter, r *http.Request) error {
	anywhere(rw)
	level := r.PathValue("level")
	entries := level == "entries"
	if entries {
		level = "data"
	}
	path := level + "/" + r.PathValue("index")
	tile, err := tlog.ParseTilePath(fmt.Sprintf("tile/%d/%s", tileHeight, path))
	if err != nil {
		return &badParameter{"path.index", fmt.Sprintf("%q names no tile", path)}
	}
	first, end := leavesUnder(tile)
	var data []byte
	err = w.Model.Read(r.Context(), func(s *readmodel.Snapshot) error {
		size, err := s.LogSize()
		if err != nil {
			return err
		}
		if end > uint64(size) { //nolint:gosec // no log has less than nothing
			return &readmodel.NotFound{Kind: "tile", Name: path}
		}
		if entries {
			data, err = entryBundle(s, int64(first), tile.W) //nolint:gosec // it is less than the log's size
		} else {
			data, err = tlog.ReadTileData(tile, s)
		}
		return err
	})
	if err != nil {
		return err
	}
	rw.Header().Set("Content-Type", "application/octet-stream")
	if tile.W == 1<<tileHeight {
		rw.Header().Set("Cache-Control", "public, max-age=31536000, immutable")
	}
	_, err = rw.Write(data)
	return err
}

// leavesUnder gives the leaves that a tile rests on, from first to end − 1; of a
// tile beyond all logs, whose leaves cannot be counted, end is the greatest number.
func leavesUnder(tile tlog.Tile) (first, end uint64) {
	level := max(tile.L, 0) * tileHeight
	n := uint64(tile.N) //nolint:gosec // ParseTilePath bounds it
	if level >= 48 || n >= 1<<(48-level) {
		return 0, math.MaxUint64
	}
	first = n << tileHeight
	return first << level, (first + uint64(tile.W)) << level //nolint:gosec // a width is one to 2^tileHeight
}

func entryBundle(s *readmodel.Snapshot, first int64, n int) (data []byte, err error) {
	leaves, err := s.LeafData(first, n)
	for _, l := range leaves {
		data = binary.BigEndian.AppendUint16(data, uint16(len(l))) //nolint:gosec // a leaf has some 130 bytes
		data = append(data, l...)
	}
	return data, err
}

type inclusion struct {
	Leaf  int64       `json:"leaf"`
	Size  int64       `json:"size"`
	Proof []tlog.Hash `json:"proof"`
}

// consistency is a proof that a log of Size continues one of From.
type consistency struct {
	From  int64       `json:"from"`
	Size  int64       `json:"size"`
	Proof []tlog.Hash `json:"proof"`
}

func (w *Witness) numbers(r *http.Request, first, second string) (a, b int64, err error) {
	if a, err = number("query."+first, r.URL.Query().Get(first)); err != nil {
		return 0, 0, err
	}
	b, err = number("query."+second, r.URL.Query().Get(second))
	return a, b, err
}

func (w *Witness) getInclusion(rw http.ResponseWriter, r *http.Request) error {
	anywhere(rw)
	index, size, err := w.numbers(r, "leaf", "size")
	if err != nil {
		return err
	}
	out := inclusion{Leaf: index, Size: size}
	if err := w.Model.Read(r.Context(), func(s *readmodel.Snapshot) error {
		if own, err := s.LogSize(); err != nil || size > own || index >= size {
			return errors.Join(err, &readmodel.NotFound{Kind: "leaf", Name: fmt.Sprintf("%d of %d", index, size)})
		}
		out.Proof, err = tlog.ProveRecord(size, index, s)
		return err
	}); err != nil {
		return err
	}
	return answer(rw, out)
}

func (w *Witness) getConsistency(rw http.ResponseWriter, r *http.Request) error {
	anywhere(rw)
	from, size, err := w.numbers(r, "from", "to")
	if err != nil {
		return err
	}
	out := consistency{From: from, Size: size}
	if err := w.Model.Read(r.Context(), func(s *readmodel.Snapshot) error {
		if own, err := s.LogSize(); err != nil || size > own || from > size || from < 1 {
			return errors.Join(err, &readmodel.NotFound{Kind: "log", Name: fmt.Sprintf("of %d records that continues one of %d", size, from)})
		}
		out.Proof, err = tlog.ProveTree(size, from, s)
		return err
	}); err != nil {
		return err
	}
	return answer(rw, out)
}

// keyAnswer is how the others, and outsiders, get to know a gateway's key.
type keyAnswer struct {
	Organisation massbalance.OrganisationID `json:"organisation"`
	Name         string                     `json:"name"`
	Origin       string                     `json:"origin"`
	// Key is what the gateway signs with, Registered what the ledger holds to be
	// the organisation's key.
	Key        string `json:"key,omitempty"`
	Registered string `json:"registered,omitempty"`
	Version    int    `json:"version,omitempty"`
}

func (w *Witness) getKey(rw http.ResponseWriter, r *http.Request) error {
	anywhere(rw)
	out := keyAnswer{Organisation: w.Organisation}
	if w.Signer != nil {
		out.Key = checkpoint.FormatKey(w.Signer.Public())
	}
	if err := w.Model.Read(r.Context(), func(s *readmodel.Snapshot) (err error) {
		if out.Origin, err = s.LogOrigin(); err != nil {
			return err
		}
		if value, err := s.Get(massbalance.ConsortiumKey()); err != nil {
			return err
		} else if consortium, ok := value.(massbalance.Consortium); ok {
			for _, m := range consortium.Members {
				if m.Organisation == w.Organisation {
					out.Name = m.Name
				}
			}
		}
		value, err := s.Get(massbalance.CosignerKey(w.Organisation))
		if cosigner, ok := value.(massbalance.Cosigner); ok {
			out.Registered, out.Version = checkpoint.FormatKey(cosigner.Key[:]), max(cosigner.Version, 1)
		}
		return err
	}); err != nil {
		return err
	}
	return answer(rw, out)
}

func (w *Witness) getBundle(rw http.ResponseWriter, r *http.Request) error {
	id := claimOf(r)
	public, err := w.Published(r.Context(), id)
	if err != nil {
		return err
	}
	if !public && !access.From(r.Context()).May(access.Read) {
		return &readmodel.NotFound{Kind: "published claim", Name: string(id)}
	}
	if public {
		anywhere(rw)
	}
	age := time.Duration(0)
	if !access.From(r.Context()).May(access.Read) {
		age = strangersAge
	}
	file, err := w.Bundle(r.Context(), id, age)
	if err != nil {
		return err
	}
	rw.Header().Set("Content-Type", "application/gzip")
	rw.Header().Set("Content-Disposition", fmt.Sprintf("attachment; filename=%q", "claim-"+strings.ReplaceAll(string(id), "/", "-")+".bundle"))
	_, err = rw.Write(file)
	return err
}

// verifierPolicy lets the page run what it brings, load nothing, and reach
// nothing of the gateway's: in a sandbox it has an origin of its own, so what
// somebody smuggled into a bundle would not be signed in here.
const verifierPolicy = "sandbox allow-scripts; default-src 'none'; script-src 'unsafe-inline' 'wasm-unsafe-eval'; style-src 'unsafe-inline'; " +
	"base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

// getVerifier serves the page that verifies claims. It is the same file that works
// from disk.
func (w *Witness) getVerifier(rw http.ResponseWriter, _ *http.Request) error {
	page, err := os.ReadFile(w.Verifier)
	if w.Verifier == "" || errors.Is(err, fs.ErrNotExist) {
		return &readmodel.NotFound{Kind: "page", Name: "that verifies claims: make one by go run ./gateway/proof/browser"}
	}
	if err != nil {
		return err
	}
	rw.Header().Set("Content-Type", "text/html; charset=utf-8")
	rw.Header().Set("Content-Security-Policy", verifierPolicy)
	_, err = rw.Write(page)
	return err
}

func claimOf(r *http.Request) massbalance.ClaimID {
	return massbalance.ClaimID(r.PathValue("organisation") + "/" + r.PathValue("command"))
}

func (w *Witness) postPublish(rw http.ResponseWriter, r *http.Request) error {
	id := claimOf(r)
	if err := w.Publish(r.Context(), id, access.From(r.Context()).Name); err != nil {
		return err
	}
	if strings.Contains(r.Header.Get("Accept"), "text/html") {
		http.Redirect(rw, r, "/claims/"+string(id), http.StatusSeeOther)
		return nil
	}
	return answer(rw, map[string]string{"claim": string(id), "bundle": "/claims/" + string(id) + "/bundle"})
}

func (w *Witness) getCosigners(rw http.ResponseWriter, r *http.Request) error {
	all, err := w.Cosigners(r.Context())
	if err != nil {
		return err
	}
	return answer(rw, map[string]any{"cosigners": all})
}

func (w *Witness) getAlarms(rw http.ResponseWriter, r *http.Request) error {
	alarms, err := w.Alarms(r.Context())
	if err != nil {
		return err
	}
	return answer(rw, map[string]any{"alarms": alarms})
}

func (w *Witness) postNote(rw http.ResponseWriter, r *http.Request) error {
	if err := w.Note(r.Context(), r.PathValue("id")); err != nil {
		return err
	}
	if strings.Contains(r.Header.Get("Accept"), "text/html") {
		http.Redirect(rw, r, "/alarms", http.StatusSeeOther)
		return nil
	}
	return w.getAlarms(rw, r)
}
