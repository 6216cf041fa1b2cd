package api

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"reflect"
	"strconv"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"github.com/weighbridge/weighbridge/chaincode/massbalance"
	"github.com/weighbridge/weighbridge/chaincode/wire"
	"github.com/weighbridge/weighbridge/gateway/access"
	"github.com/weighbridge/weighbridge/gateway/readmodel"
)

const (
	// subscriberLimit bounds how many may listen to events at once.
	subscriberLimit = 64
	// heartbeatTime is how long a stream is silent at most, so that both ends
	// notice a connection that is gone.
	heartbeatTime = 15 * time.Second
	// eventWriteTime is how long one write may take: a listener that does not
	// read is dropped and may come back with its Last-Event-ID.
	eventWriteTime = 30 * time.Second
	// eventBlocks is how many blocks are read at once.
	eventBlocks = 50
)

// BlockEvent is the data of an event: a block that was applied, with what it recorded.
type BlockEvent struct {
	Height  uint64
	Records []RecordEvent
}

// RecordEvent is a record in short; /api/v1/commands/{organisation}/{command} has all of it.
type RecordEvent struct {
	Position     uint64
	Organisation massbalance.OrganisationID
	Command      massbalance.CommandID
	Type         string
	Site         massbalance.SiteID
	Subject      string
	Date         massbalance.Date
	Pending      bool
}

func blockEvent(b readmodel.Block) BlockEvent {
	out := BlockEvent{Height: b.Number}
	for _, e := range b.Entries {
		r := e.Record
		out.Records = append(out.Records, RecordEvent{e.Position, r.Organisation, r.Command, r.Type, r.Site, r.Subject, r.Date, r.Pending})
	}
	return out
}

// eventsInput says where a stream begins.
type eventsInput struct {
	LastEventID string `header:"Last-Event-ID" doc:"The height of the last block that was seen; the stream goes on after it."`
	After       string `query:"after" doc:"The same, for who can't set the header. Without either, the stream begins with the next block."`
}

// registerEvents adds the stream of applied blocks (server-sent events).
func (s *server) registerEvents() {
	s.listeners = make(chan struct{}, subscriberLimit)
	register(s, access.Read, huma.Operation{
		OperationID: "get-events", Method: http.MethodGet, Path: "/api/v1/events",
		Summary:     "Each block as it is applied, as server-sent events",
		Description: "The event is \"block\", its ID the block's height and its data a BlockEvent. Comments keep the connection alive. It ends with the session or the token. At most " + strconv.Itoa(subscriberLimit) + " may listen at once.",
		Responses: map[string]*huma.Response{
			"200": {Description: "The stream.", Content: map[string]*huma.MediaType{
				"text/event-stream": {Schema: schemaOf(s.schemas(), reflect.TypeFor[BlockEvent]())}}},
		},
	}, func(_ context.Context, in *eventsInput) (*huma.StreamResponse, error) {
		next, err := s.firstEvent(in)
		if err != nil {
			return nil, err
		}
		select {
		case s.listeners <- struct{}{}:
		default:
			return nil, later(problem(http.StatusServiceUnavailable, "too many listen to events already"))
		}
		return &huma.StreamResponse{Body: func(c huma.Context) {
			defer func() { <-s.listeners }()
			r, w := humago.Unwrap(c)
			ctx, cancel := context.WithCancel(r.Context())
			defer cancel()
			if s.Stopping != nil {
				defer context.AfterFunc(s.Stopping, cancel)()
			}
			s.stream(ctx, w, next)
		}}, nil
	})
}

// firstEvent is the block with which a stream begins.
func (s *server) firstEvent(in *eventsInput) (uint64, error) {
	last := in.LastEventID
	if last == "" {
		last = in.After
	}
	if last == "" {
		return s.Model.Next(), nil
	}
	height, err := strconv.ParseUint(last, 10, 63)
	if err != nil {
		p := problem(http.StatusUnprocessableEntity, fmt.Sprintf("the last event %q is not a height", last))
		p.Errors = []Fault{{"query.after", "is not the height of a block"}}
		return 0, p
	}
	return height + 1, nil
}

// mayListen reports whether who listens still may: their session or token may
// have ended since they began. Where that cannot be found out they may come back.
func (s *server) mayListen(ctx context.Context) bool {
	if s.Gate == nil {
		return true
	}
	may, err := s.Gate.Still(ctx, access.From(ctx), access.Read)
	if err != nil && ctx.Err() == nil {
		s.log.LogAttrs(ctx, slog.LevelError, "couldn't find out who listens", slog.Any("error", err))
	}
	return may && err == nil
}

// stream writes blocks until the listener is gone or may no longer listen, or the
// gateway stops. It runs in the request's own goroutine, so none outlives the
// request.
func (s *server) stream(ctx context.Context, w http.ResponseWriter, next uint64) {
	h := w.Header()
	h.Set("Content-Type", "text/event-stream")
	h.Set("Cache-Control", "no-store")
	h.Set("X-Accel-Buffering", "no")
	if s.say(w, "retry: 2000\n: from block "+strconv.FormatUint(next, 10)+"\n\n") != nil {
		return
	}
	for ctx.Err() == nil {
		wait, cancel := context.WithTimeout(ctx, s.heartbeat)
		err := s.Model.Await(wait, next)
		cancel()
		switch {
		case ctx.Err() != nil || !s.mayListen(ctx):
			return
		case errors.Is(err, context.DeadlineExceeded):
			err = s.say(w, ": heartbeat\n\n")
		case err == nil:
			next, err = s.blocks(ctx, w, next)
		}
		if err != nil {
			return
		}
	}
}

// blocks writes the blocks that there are and returns the one after them.
func (s *server) blocks(ctx context.Context, w http.ResponseWriter, next uint64) (uint64, error) {
	var blocks []readmodel.Block
	if err := s.Model.Read(ctx, func(snapshot *readmodel.Snapshot) (err error) {
		blocks, err = snapshot.Blocks(next, eventBlocks)
		return err
	}); err != nil {
		return next, err
	}
	for _, b := range blocks {
		data, err := wire.Format(blockEvent(b))
		if err != nil {
			return next, err
		}
		if err := s.say(w, fmt.Sprintf("event: block\nid: %d\ndata: %s\n\n", b.Number, data)); err != nil {
			return next, err
		}
		next = b.Number + 1
	}
	return next, nil
}

func (s *server) say(w http.ResponseWriter, text string) error {
	controller := http.NewResponseController(w)
	if err := controller.SetWriteDeadline(time.Now().Add(eventWriteTime)); err != nil && !errors.Is(err, http.ErrNotSupported) {
		return err
	}
	if _, err := w.Write([]byte(text)); err != nil {
		return err
	}
	return controller.Flush()
}
