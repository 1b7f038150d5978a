package main

import (
	"context"
	"fmt"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/sdk/resource"
	sdk "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"
)

// remote is a span of another process.
func remote(traceID, spanID, state string) (trace.SpanContext, error) {
	var config trace.SpanContextConfig
	var err error
	if config.TraceID, err = trace.TraceIDFromHex(traceID); err != nil {
		return trace.SpanContext{}, err
	}
	if config.SpanID, err = trace.SpanIDFromHex(spanID); err != nil {
		return trace.SpanContext{}, err
	}
	if config.TraceState, err = trace.ParseTraceState(state); err != nil {
		return trace.SpanContext{}, err
	}
	config.TraceFlags, config.Remote = trace.FlagsSampled, true
	return trace.NewSpanContext(config), nil
}

func tellSpans(ctx context.Context, told *resource.Resource, to endpoints) error {
	exporter := &spanExporter{to: to}
	limits := sdk.SpanLimits{AttributeCountLimit: 10, EventCountLimit: 2, LinkCountLimit: 1}
	provider := sdk.NewTracerProvider(sdk.WithBatcher(exporter), sdk.WithResource(told), sdk.WithSpanLimits(limits))
	tracer := provider.Tracer(scope, trace.WithInstrumentationVersion(version), trace.WithSchemaURL(schema))
	if err := record(ctx, tracer); err != nil {
		return err
	}
	if err := provider.Shutdown(ctx); err != nil {
		return err
	}
	return exporter.failed
}

func record(ctx context.Context, tracer trace.Tracer) error {
	parent, err := remote("0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331", "vendor=value")
	if err != nil {
		return err
	}
	linked, err := remote("4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7", "a=b")
	if err != nil {
		return err
	}
	inside, server := tracer.Start(trace.ContextWithSpanContext(ctx, parent), "GET /cart/{id}",
		trace.WithSpanKind(trace.SpanKindServer),
		trace.WithTimestamp(start),
		trace.WithAttributes(attributes()...),
		trace.WithLinks(
			trace.Link{SpanContext: linked, Attributes: []attribute.KeyValue{attribute.Bool("dropped", true)}},
			trace.Link{SpanContext: linked, Attributes: []attribute.KeyValue{attribute.String("link.kind", "batch")}},
		),
	)
	for number := 0; number < 3; number++ {
		at := start.Add(time.Duration(number) * 100 * time.Millisecond)
		server.AddEvent(fmt.Sprintf("event %d", number),
			trace.WithTimestamp(at), trace.WithAttributes(attribute.Int("number", number)))
	}
	server.SetStatus(codes.Error, "out of stock")
	kinds := []trace.SpanKind{
		trace.SpanKindClient, trace.SpanKindProducer, trace.SpanKindConsumer, trace.SpanKindInternal,
	}
	for _, kind := range kinds {
		begun := start.Add(time.Second)
		_, child := tracer.Start(inside, kind.String(), trace.WithSpanKind(kind), trace.WithTimestamp(begun))
		child.SetStatus(codes.Ok, "")
		child.End(trace.WithTimestamp(begun.Add(time.Duration(kind))))
	}
	server.End(trace.WithTimestamp(start.Add(250 * time.Millisecond)))
	return nil
}

func attributes() []attribute.KeyValue {
	return []attribute.KeyValue{
		attribute.Bool("dropped", true), // the oldest goes when there are too many
		attribute.String("text", "Grüße, 世界 🦆 \"quoted\"\n"),
		attribute.Bool("flag", true),
		attribute.Int64("count", 9007199254740991),
		attribute.Int("negative", -42),
		attribute.Float64("fraction", 0.1),
		attribute.StringSlice("texts", []string{"a", "", "c"}),
		attribute.IntSlice("counts", []int{1, -2, 3}),
		attribute.Float64Slice("fractions", []float64{0.5, -1.5}),
		attribute.BoolSlice("flags", []bool{true, false}),
		attribute.String("empty", ""),
	}
}
