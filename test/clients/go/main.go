// Tells the story of ../README.md with the OpenTelemetry SDK for Go, which has no logs yet in the
// version that Go 1.19 can build.
//
//	send PROTOCOL ENDPOINT RECORDER
package main

import (
	"context"
	"fmt"
	"os"
	"strings"
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
	hosts := make([]string, len(endpoints))
	for i, endpoint := range endpoints {
		hosts[i] = strings.TrimPrefix(endpoint, "http://")
	}
	told := resource.NewWithAttributes(schema,
		attribute.String("service.name", "checkout"),
		attribute.String("service.version", "1.2.3"),
		attribute.Int("replicas", 3),
		attribute.Float64("ratio", 0.25),
		attribute.Bool("canary", true),
		attribute.StringSlice("zones", []string{"a", "b"}),
	)
	if err := tellSpans(ctx, told, protocol, hosts); err != nil {
		return err
	}
	return tellMetrics(ctx, told, protocol, hosts)
}
