package main

import (
	"context"
	"fmt"

	"go.opentelemetry.io/otel/metric/number"
	export "go.opentelemetry.io/otel/sdk/export/metric"
	"go.opentelemetry.io/otel/sdk/export/metric/aggregation"
	"go.opentelemetry.io/otel/sdk/instrumentation"
	"go.opentelemetry.io/otel/sdk/resource"
	collector "go.opentelemetry.io/proto/otlp/collector/metrics/v1"
	metrics "go.opentelemetry.io/proto/otlp/metrics/v1"
	"google.golang.org/protobuf/proto"
)

const cumulative = metrics.AggregationTemporality_AGGREGATION_TEMPORALITY_CUMULATIVE

type metricExporter struct {
	aggregation.TemporalitySelector
	to endpoints
}

func (exporter *metricExporter) Export(
	ctx context.Context, told *resource.Resource, libraries export.InstrumentationLibraryReader,
) error {
	group := &metrics.ResourceMetrics{Resource: toResource(told), SchemaUrl: told.SchemaURL()}
	err := libraries.ForEach(func(library instrumentation.Library, records export.Reader) error {
		scoped, err := exporter.toMetrics(records)
		if err != nil {
			return err
		}
		group.ScopeMetrics = append(group.ScopeMetrics, &metrics.ScopeMetrics{
			Scope: toScope(library), SchemaUrl: library.SchemaURL, Metrics: scoped,
		})
		return nil
	})
	if err != nil {
		return err
	}
	request := &collector.ExportMetricsServiceRequest{ResourceMetrics: []*metrics.ResourceMetrics{group}}
	return exporter.to.export(ctx, metricsService, request, &collector.ExportMetricsServiceResponse{})
}

// toMetrics gathers the points, of which each record is one.
func (exporter *metricExporter) toMetrics(records export.Reader) ([]*metrics.Metric, error) {
	var all []*metrics.Metric
	named := map[string]*metrics.Metric{}
	err := records.ForEach(exporter, func(record export.Record) error {
		metric, err := toMetric(record)
		if err != nil {
			return err
		}
		if first, ok := named[metric.Name]; ok {
			proto.Merge(first, metric)
			return nil
		}
		named[metric.Name] = metric
		all = append(all, metric)
		return nil
	})
	return all, err
}

// toMetric makes a metric with one point.
func toMetric(record export.Record) (*metrics.Metric, error) {
	instrument := record.Descriptor()
	metric := &metrics.Metric{
		Name:        instrument.Name(),
		Description: instrument.Description(),
		Unit:        string(instrument.Unit()),
	}
	switch found := record.Aggregation().(type) { // the first two are sums as well
	case aggregation.Histogram:
		point, err := toHistogramPoint(record, found)
		if err != nil {
			return nil, err
		}
		metric.Data = &metrics.Metric_Histogram{Histogram: &metrics.Histogram{
			DataPoints: []*metrics.HistogramDataPoint{point}, AggregationTemporality: cumulative,
		}}
	case aggregation.MinMaxSumCount:
		point, err := toSummaryPoint(record, found)
		if err != nil {
			return nil, err
		}
		metric.Data = &metrics.Metric_Summary{Summary: &metrics.Summary{
			DataPoints: []*metrics.SummaryDataPoint{point},
		}}
	case aggregation.Sum:
		value, err := found.Sum()
		if err != nil {
			return nil, err
		}
		metric.Data = &metrics.Metric_Sum{Sum: &metrics.Sum{
			DataPoints:             []*metrics.NumberDataPoint{toNumberPoint(record, value)},
			AggregationTemporality: cumulative,
			IsMonotonic:            instrument.InstrumentKind().Monotonic(),
		}}
	case aggregation.LastValue:
		value, _, err := found.LastValue()
		if err != nil {
			return nil, err
		}
		metric.Data = &metrics.Metric_Gauge{Gauge: &metrics.Gauge{
			DataPoints: []*metrics.NumberDataPoint{toNumberPoint(record, value)},
		}}
	default:
		return nil, fmt.Errorf("%s has no form in OTLP", found.Kind())
	}
	return metric, nil
}

func toNumberPoint(record export.Record, value number.Number) *metrics.NumberDataPoint {
	point := &metrics.NumberDataPoint{
		StartTimeUnixNano: toNanoseconds(record.StartTime()),
		TimeUnixNano:      toNanoseconds(record.EndTime()),
		Attributes:        toAttributes(record.Labels().ToSlice()),
	}
	if record.Descriptor().NumberKind() == number.Int64Kind {
		point.Value = &metrics.NumberDataPoint_AsInt{AsInt: value.AsInt64()}
	} else {
		point.Value = &metrics.NumberDataPoint_AsDouble{AsDouble: value.AsFloat64()}
	}
	return point
}

func toHistogramPoint(record export.Record, found aggregation.Histogram) (*metrics.HistogramDataPoint, error) {
	count, err := found.Count()
	if err != nil {
		return nil, err
	}
	sum, err := found.Sum()
	if err != nil {
		return nil, err
	}
	buckets, err := found.Histogram()
	if err != nil {
		return nil, err
	}
	return &metrics.HistogramDataPoint{
		StartTimeUnixNano: toNanoseconds(record.StartTime()),
		TimeUnixNano:      toNanoseconds(record.EndTime()),
		Attributes:        toAttributes(record.Labels().ToSlice()),
		Count:             count,
		Sum:               proto.Float64(toFloat(record, sum)),
		BucketCounts:      buckets.Counts,
		ExplicitBounds:    buckets.Boundaries,
	}, nil
}

// toSummaryPoint has the least and the greatest value as the quantiles 0 and 1.
func toSummaryPoint(record export.Record, found aggregation.MinMaxSumCount) (*metrics.SummaryDataPoint, error) {
	count, err := found.Count()
	if err != nil {
		return nil, err
	}
	sum, err := found.Sum()
	if err != nil {
		return nil, err
	}
	least, err := found.Min()
	if err != nil {
		return nil, err
	}
	greatest, err := found.Max()
	if err != nil {
		return nil, err
	}
	return &metrics.SummaryDataPoint{
		StartTimeUnixNano: toNanoseconds(record.StartTime()),
		TimeUnixNano:      toNanoseconds(record.EndTime()),
		Attributes:        toAttributes(record.Labels().ToSlice()),
		Count:             count,
		Sum:               toFloat(record, sum),
		QuantileValues: []*metrics.SummaryDataPoint_ValueAtQuantile{
			{Quantile: 0, Value: toFloat(record, least)},
			{Quantile: 1, Value: toFloat(record, greatest)},
		},
	}, nil
}

func toFloat(record export.Record, value number.Number) float64 {
	return value.CoerceToFloat64(record.Descriptor().NumberKind())
}
