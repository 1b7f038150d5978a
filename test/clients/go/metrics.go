package main

import (
	"context"
	"errors"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/exporters/otlp/otlpmetric/otlpmetricgrpc"
	"go.opentelemetry.io/otel/exporters/otlp/otlpmetric/otlpmetrichttp"
	"go.opentelemetry.io/otel/metric"
	sdk "go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"
	"go.opentelemetry.io/otel/sdk/resource"
)

// metricTee is a metric exporter that is several; it keeps what failed.
type metricTee struct {
	sdk.Exporter
	exporters []sdk.Exporter
	failed    error
}

func (tee *metricTee) Export(ctx context.Context, metrics *metricdata.ResourceMetrics) error {
	for _, exporter := range tee.exporters {
		tee.failed = joined(tee.failed, exporter.Export(ctx, metrics))
	}
	return tee.failed
}

func (tee *metricTee) Shutdown(ctx context.Context) error {
	for _, exporter := range tee.exporters {
		tee.failed = joined(tee.failed, exporter.Shutdown(ctx))
	}
	return tee.failed
}

func newMetricTee(ctx context.Context, protocol string, hosts []string) (*metricTee, error) {
	tee := &metricTee{}
	for _, host := range hosts {
		var exporter sdk.Exporter
		var err error
		switch protocol {
		case "grpc":
			exporter, err = otlpmetricgrpc.New(ctx, otlpmetricgrpc.WithInsecure(), otlpmetricgrpc.WithEndpoint(host))
		case "http/protobuf":
			exporter, err = otlpmetrichttp.New(ctx, otlpmetrichttp.WithInsecure(), otlpmetrichttp.WithEndpoint(host))
		default:
			err = errors.New("no exporter for " + protocol)
		}
		if err != nil {
			return nil, err
		}
		tee.exporters = append(tee.exporters, exporter)
	}
	tee.Exporter = tee.exporters[0]
	return tee, nil
}

func tellMetrics(ctx context.Context, told *resource.Resource, protocol string, hosts []string) error {
	tee, err := newMetricTee(ctx, protocol, hosts)
	if err != nil {
		return err
	}
	exponential := sdk.NewView(sdk.Instrument{Name: "size"},
		sdk.Stream{Aggregation: sdk.AggregationBase2ExponentialHistogram{MaxSize: 160, MaxScale: 20}})
	provider := sdk.NewMeterProvider(
		sdk.WithResource(told),
		sdk.WithView(exponential),
		sdk.WithReader(sdk.NewPeriodicReader(tee, sdk.WithInterval(time.Hour))),
	)
	meter := provider.Meter(scope, metric.WithInstrumentationVersion(version), metric.WithSchemaURL(schema))
	if err := measure(ctx, meter); err != nil {
		return err
	}
	return joined(provider.Shutdown(ctx), tee.failed)
}

func measure(ctx context.Context, meter metric.Meter) error {
	route := metric.WithAttributes(attribute.String("route", "/cart"))
	requests, err := meter.Int64Counter("requests", metric.WithUnit("1"), metric.WithDescription("Requests served"))
	if err != nil {
		return err
	}
	requests.Add(ctx, 3, route)
	requests.Add(ctx, 4, route)
	queue, err := meter.Int64UpDownCounter("queue.length")
	if err != nil {
		return err
	}
	queue.Add(ctx, -3)
	latency, err := meter.Float64Histogram("latency", metric.WithUnit("ms"), metric.WithDescription("Time to answer"))
	if err != nil {
		return err
	}
	size, err := meter.Float64Histogram("size", metric.WithUnit("By"))
	if err != nil {
		return err
	}
	for _, value := range []float64{1, 12.5, 700} {
		latency.Record(ctx, value, route)
		size.Record(ctx, value)
	}
	_, err = meter.Float64ObservableGauge("temperature", metric.WithUnit("Cel"),
		metric.WithFloat64Callback(func(_ context.Context, observer metric.Float64Observer) error {
			observer.Observe(21.5, metric.WithAttributes(attribute.String("room", "a")))
			observer.Observe(-3.25, metric.WithAttributes(attribute.String("room", "b")))
			return nil
		}))
	return err
}
