package main

import (
	"context"

	"go.opentelemetry.io/otel/codes"
	sdk "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"
	collector "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	traces "go.opentelemetry.io/proto/otlp/trace/v1"
)

// spanExporter keeps what failed, since the SDK does not return it.
type spanExporter struct {
	to     endpoints
	failed error
}

// ExportSpans sends the spans of one tracer; the story has no more.
func (exporter *spanExporter) ExportSpans(ctx context.Context, spans []sdk.ReadOnlySpan) error {
	library := spans[0].InstrumentationLibrary()
	scoped := &traces.ScopeSpans{Scope: toScope(library), SchemaUrl: library.SchemaURL}
	for _, span := range spans {
		scoped.Spans = append(scoped.Spans, toSpan(span))
	}
	request := &collector.ExportTraceServiceRequest{ResourceSpans: []*traces.ResourceSpans{{
		Resource:   toResource(spans[0].Resource()),
		SchemaUrl:  spans[0].Resource().SchemaURL(),
		ScopeSpans: []*traces.ScopeSpans{scoped},
	}}}
	err := exporter.to.export(ctx, traceService, request, &collector.ExportTraceServiceResponse{})
	if err != nil {
		exporter.failed = err
	}
	return err
}

func (exporter *spanExporter) Shutdown(context.Context) error {
	return nil
}

func toSpan(span sdk.ReadOnlySpan) *traces.Span {
	traceID, spanID := span.SpanContext().TraceID(), span.SpanContext().SpanID()
	parentID := span.Parent().SpanID()
	result := &traces.Span{
		TraceId:                traceID[:],
		SpanId:                 spanID[:],
		TraceState:             span.SpanContext().TraceState().String(),
		ParentSpanId:           parentID[:],
		Flags:                  toFlags(span.SpanContext(), span.Parent()),
		Name:                   span.Name(),
		Kind:                   traces.Span_SpanKind(span.SpanKind()), // the same numbers
		StartTimeUnixNano:      toNanoseconds(span.StartTime()),
		EndTimeUnixNano:        toNanoseconds(span.EndTime()),
		Attributes:             toAttributes(span.Attributes()),
		DroppedAttributesCount: uint32(span.DroppedAttributes()),
		DroppedEventsCount:     uint32(span.DroppedEvents()),
		DroppedLinksCount:      uint32(span.DroppedLinks()),
		Status:                 toStatus(span.Status()),
	}
	for _, event := range span.Events() {
		result.Events = append(result.Events, &traces.Span_Event{
			TimeUnixNano:           toNanoseconds(event.Time),
			Name:                   event.Name,
			Attributes:             toAttributes(event.Attributes),
			DroppedAttributesCount: uint32(event.DroppedAttributeCount),
		})
	}
	for _, link := range span.Links() {
		result.Links = append(result.Links, toLink(link))
	}
	return result
}

func toLink(link sdk.Link) *traces.Span_Link {
	traceID, spanID := link.SpanContext.TraceID(), link.SpanContext.SpanID()
	return &traces.Span_Link{
		TraceId:                traceID[:],
		SpanId:                 spanID[:],
		TraceState:             link.SpanContext.TraceState().String(),
		Attributes:             toAttributes(link.Attributes),
		DroppedAttributesCount: uint32(link.DroppedAttributeCount),
		Flags:                  toFlags(link.SpanContext, link.SpanContext),
	}
}

// toFlags has those of W3C, and whether the other span is of another process.
func toFlags(own, other trace.SpanContext) uint32 {
	flags := traces.SpanFlags(own.TraceFlags()) | traces.SpanFlags_SPAN_FLAGS_CONTEXT_HAS_IS_REMOTE_MASK
	if other.IsRemote() {
		flags |= traces.SpanFlags_SPAN_FLAGS_CONTEXT_IS_REMOTE_MASK
	}
	return uint32(flags)
}

func toStatus(status sdk.Status) *traces.Status {
	result := &traces.Status{Message: status.Description}
	switch status.Code {
	case codes.Ok:
		result.Code = traces.Status_STATUS_CODE_OK
	case codes.Error:
		result.Code = traces.Status_STATUS_CODE_ERROR
	}
	return result
}
