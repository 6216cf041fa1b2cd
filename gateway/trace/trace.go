package trace

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracehttp"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/sdk/resource"
	sdk "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"
)

// The attributes of spans.
const (
	CommandKey     = attribute.Key("weighbridge.command")
	CommandsKey    = attribute.Key("weighbridge.commands")
	TransactionKey = attribute.Key("weighbridge.transaction")
	BlockKey       = attribute.Key("weighbridge.block")
	StageKey       = attribute.Key("weighbridge.stage")
)

// Options say where spans go.
type Options struct {
	// Endpoint is the collector's address for OTLP over HTTP,
	// http://127.0.0.1:4318 for example.
	Endpoint string
	// Percent is how many of a hundred traces that begin here are kept. Those that
	// a client began are kept if the client says so.
	Percent int
	// Organisation and Version name the gateway.
	Organisation, Version string
	// Log hears when the collector can't be reached.
	Log *slog.Logger
}

var propagator = propagation.TraceContext{}

// Setup sends spans to a collector until shutdown, which sends the last ones.
func Setup(ctx context.Context, o Options) (shutdown func(context.Context) error, err error) {
	exporter, err := otlptracehttp.New(ctx, otlptracehttp.WithEndpointURL(o.Endpoint+"/v1/traces"))
	if err != nil {
		return nil, fmt.Errorf("couldn't set up traces to %s: %w", o.Endpoint, err)
	}
	described := resource.NewSchemaless(
		attribute.String("service.name", "weighbridge-gateway"), attribute.String("service.namespace", o.Organisation),
		attribute.String("service.version", o.Version))
	provider := sdk.NewTracerProvider(
		sdk.WithBatcher(exporter), sdk.WithResource(described),
		sdk.WithSampler(sdk.ParentBased(sdk.TraceIDRatioBased(float64(o.Percent)/100))))
	otel.SetErrorHandler(otel.ErrorHandlerFunc(func(err error) { o.Log.Warn("couldn't send traces", "error", err) }))
	before := otel.GetTracerProvider()
	otel.SetTracerProvider(provider)
	return func(ctx context.Context) error {
		otel.SetTracerProvider(before)
		return provider.Shutdown(ctx)
	}, nil
}

func tracer() trace.Tracer { return otel.Tracer("github.com/weighbridge/weighbridge/gateway") }

// Start begins a span below that of the context.
func Start(ctx context.Context, name string, options ...trace.SpanStartOption) (context.Context, trace.Span) {
	return tracer().Start(ctx, name, options...)
}

// End ends a span, as failed where there is an error.
func End(span trace.Span, err error) {
	if err != nil && !errors.Is(err, context.Canceled) {
		span.RecordError(err)
		span.SetStatus(codes.Error, err.Error())
	}
	span.End()
}

// waiting are the submissions under way, by their commands.
var waiting sync.Map

type submission struct {
	context trace.SpanContext
	since   time.Time
}

// Submit begins the span of a submission. Batches that carry its commands are
// linked to it until end is called.
func Submit(ctx context.Context, commands []string) (_ context.Context, end func(error)) {
	ctx, span := Start(ctx, "submit", trace.WithAttributes(CommandsKey.Int(len(commands))))
	if !span.SpanContext().IsValid() {
		return ctx, func(error) {}
	}
	for _, id := range commands {
		waiting.Store(id, submission{span.SpanContext(), time.Now()})
	}
	return ctx, func(err error) {
		for _, id := range commands {
			waiting.Delete(id)
		}
		End(span, err)
	}
}

// Batch begins the span of a transaction, linked to the submissions of its
// commands, each of which gets a span for the time that it waited.
func Batch(ctx context.Context, commands []string) (context.Context, trace.Span) {
	var links []trace.Link
	for _, id := range commands {
		found, ok := waiting.Load(id)
		if !ok {
			continue
		}
		s := found.(submission)
		links = append(links, trace.Link{SpanContext: s.context, Attributes: []attribute.KeyValue{CommandKey.String(id)}})
		_, queued := Start(trace.ContextWithRemoteSpanContext(ctx, s.context), "queue", trace.WithTimestamp(s.since), trace.WithAttributes(CommandKey.String(id)))
		queued.End()
	}
	return Start(ctx, "batch", trace.WithNewRoot(), trace.WithLinks(links...), trace.WithAttributes(CommandsKey.Int(len(commands))))
}

// transactions are those that were ordered and not seen in a block yet.
var transactions sync.Map

// Ordered remembers whose a transaction is, until it is replayed.
func Ordered(ctx context.Context, id string) {
	if span := trace.SpanContextFromContext(ctx); span.IsValid() {
		trace.SpanFromContext(ctx).SetAttributes(TransactionKey.String(id))
		transactions.Store(id, span)
	}
}

// Replay begins the span of a block's replay, linked to what this gateway ordered of it.
func Replay(ctx context.Context, block uint64, ids []string) (context.Context, trace.Span) {
	var links []trace.Link
	for _, id := range ids {
		if found, ok := transactions.LoadAndDelete(id); ok {
			links = append(links, trace.Link{SpanContext: found.(trace.SpanContext), Attributes: []attribute.KeyValue{TransactionKey.String(id)}})
		}
	}
	return Start(ctx, "replay", trace.WithLinks(links...), trace.WithAttributes(BlockKey.Int64(int64(block)))) //nolint:gosec // a block's number
}
