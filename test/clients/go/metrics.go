package main

import (
	"context"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"
	"go.opentelemetry.io/otel/metric/sdkapi"
	"go.opentelemetry.io/otel/metric/unit"
	export "go.opentelemetry.io/otel/sdk/export/metric"
	"go.opentelemetry.io/otel/sdk/export/metric/aggregation"
	"go.opentelemetry.io/otel/sdk/metric/controller/basic"
	processor "go.opentelemetry.io/otel/sdk/metric/processor/basic"
	"go.opentelemetry.io/otel/sdk/metric/selector/simple"
	"go.opentelemetry.io/otel/sdk/resource"
)

// selector keeps of sizes what a summary tells, since this SDK has no exponential histograms.
type selector struct{ histograms, summaries export.AggregatorSelector }

func (selector selector) AggregatorFor(instrument *sdkapi.Descriptor, aggregators ...*export.Aggregator) {
	if instrument.Name() == "size" {
		selector.summaries.AggregatorFor(instrument, aggregators...)
	} else {
		selector.histograms.AggregatorFor(instrument, aggregators...)
	}
}

func tellMetrics(ctx context.Context, told *resource.Resource, to endpoints) error {
	exporter := &metricExporter{aggregation.CumulativeTemporalitySelector(), to}
	aggregators := selector{simple.NewWithHistogramDistribution(), simple.NewWithInexpensiveDistribution()}
	controller := basic.New(processor.NewFactory(aggregators, exporter),
		basic.WithResource(told), basic.WithExporter(exporter))
	if err := controller.Start(ctx); err != nil {
		return err
	}
	measure(ctx, metric.Must(controller.Meter(scope,
		metric.WithInstrumentationVersion(version), metric.WithSchemaURL(schema))))
	return controller.Stop(ctx)
}

func measure(ctx context.Context, meter metric.MeterMust) {
	route := attribute.String("route", "/cart")
	requests := meter.NewInt64Counter("requests",
		metric.WithUnit(unit.Dimensionless), metric.WithDescription("Requests served"))
	requests.Add(ctx, 3, route)
	requests.Add(ctx, 4, route)
	meter.NewInt64UpDownCounter("queue.length").Add(ctx, -3)
	latency := meter.NewFloat64Histogram("latency",
		metric.WithUnit(unit.Milliseconds), metric.WithDescription("Time to answer"))
	size := meter.NewFloat64Histogram("size", metric.WithUnit(unit.Bytes))
	for _, value := range []float64{1, 12.5, 700} {
		latency.Record(ctx, value, route)
		size.Record(ctx, value)
	}
	meter.NewFloat64GaugeObserver("temperature",
		func(_ context.Context, result metric.Float64ObserverResult) {
			result.Observe(21.5, attribute.String("room", "a"))
			result.Observe(-3.25, attribute.String("room", "b"))
		}, metric.WithUnit("Cel"))
}
