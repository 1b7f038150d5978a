// Tells the story of ../README.md with the OpenTelemetry SDK for Go that Debian 12 packages. That is
// 1.1.0, which has no logs; it comes without exporters, so those here are the test's own.
//
//	send PROTOCOL ENDPOINT...
package main

import (
	"context"
	"fmt"
	"os"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/sdk/resource"
)

const (
	schema  = "https://opentelemetry.io/schemas/1.37.0"
	scope   = "duckspan.test"
	version = "0.1.0"
)

var start = time.Unix(1763978400, 123456789)

func main() {
	if err := tell(context.Background(), os.Args[1], os.Args[2:]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// tell sends the whole story to every endpoint.
func tell(ctx context.Context, protocol string, endpoints []string) error {
	to, err := connect(protocol, endpoints)
	if err != nil {
		return err
	}
	told := resource.NewWithAttributes(schema,
		attribute.String("service.name", "checkout"),
		attribute.String("service.version", "1.2.3"),
		attribute.Int("replicas", 3),
		attribute.Float64("ratio", 0.25),
		attribute.Bool("canary", true),
		attribute.StringSlice("zones", []string{"a", "b"}),
	)
	if err := tellSpans(ctx, told, to); err != nil {
		return err
	}
	return tellMetrics(ctx, told, to)
}
