package main

import (
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/sdk/instrumentation"
	"go.opentelemetry.io/otel/sdk/resource"
	common "go.opentelemetry.io/proto/otlp/common/v1"
	resources "go.opentelemetry.io/proto/otlp/resource/v1"
)

func toResource(told *resource.Resource) *resources.Resource {
	return &resources.Resource{Attributes: toAttributes(told.Attributes())}
}

func toScope(library instrumentation.Library) *common.InstrumentationScope {
	return &common.InstrumentationScope{Name: library.Name, Version: library.Version}
}

func toAttributes(attributes []attribute.KeyValue) []*common.KeyValue {
	var pairs []*common.KeyValue
	for _, pair := range attributes {
		pairs = append(pairs, &common.KeyValue{Key: string(pair.Key), Value: toValue(pair.Value.AsInterface())})
	}
	return pairs
}

// toValue takes the types that an attribute can have; another gives an empty value.
func toValue(value interface{}) *common.AnyValue {
	switch value := value.(type) {
	case bool:
		return &common.AnyValue{Value: &common.AnyValue_BoolValue{BoolValue: value}}
	case int64:
		return &common.AnyValue{Value: &common.AnyValue_IntValue{IntValue: value}}
	case float64:
		return &common.AnyValue{Value: &common.AnyValue_DoubleValue{DoubleValue: value}}
	case string:
		return &common.AnyValue{Value: &common.AnyValue_StringValue{StringValue: value}}
	case []bool:
		return toArray(value)
	case []int64:
		return toArray(value)
	case []float64:
		return toArray(value)
	case []string:
		return toArray(value)
	}
	return &common.AnyValue{}
}

func toArray[T any](items []T) *common.AnyValue {
	array := &common.ArrayValue{}
	for _, item := range items {
		array.Values = append(array.Values, toValue(item))
	}
	return &common.AnyValue{Value: &common.AnyValue_ArrayValue{ArrayValue: array}}
}

func toNanoseconds(at time.Time) uint64 {
	return uint64(at.UnixNano())
}
