package main

import (
	"bytes"
	"compress/gzip"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"strings"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"
	grpcgzip "google.golang.org/grpc/encoding/gzip"
	"google.golang.org/grpc/metadata"
	"google.golang.org/protobuf/proto"
)

// A service is where one signal goes.
type service struct{ method, path string }

var (
	traceService   = service{"/opentelemetry.proto.collector.trace.v1.TraceService/Export", "/v1/traces"}
	metricsService = service{"/opentelemetry.proto.collector.metrics.v1.MetricsService/Export", "/v1/metrics"}
)

// An endpoint takes requests over one of the protocols.
type endpoint interface {
	call(ctx context.Context, to service, request, response proto.Message) error
}

// endpoints are told the same.
type endpoints []endpoint

// connect makes an endpoint of each URL, as the variables say that all SDKs know.
func connect(protocol string, urls []string) (endpoints, error) {
	zipped := os.Getenv("OTEL_EXPORTER_OTLP_COMPRESSION") == "gzip"
	headers, err := parseHeaders(os.Getenv("OTEL_EXPORTER_OTLP_HEADERS"))
	if err != nil {
		return nil, err
	}
	trusted, err := secured()
	if err != nil {
		return nil, err
	}
	var to endpoints
	for _, address := range urls {
		switch protocol {
		case "grpc":
			options := []grpc.CallOption{grpc.ForceCodec(codec{})}
			if zipped {
				options = append(options, grpc.UseCompressor(grpcgzip.Name))
			}
			target, err := url.Parse(address)
			if err != nil {
				return nil, err
			}
			transport := grpc.WithInsecure()
			if target.Scheme == "https" {
				transport = grpc.WithTransportCredentials(credentials.NewTLS(trusted))
			}
			connection, err := grpc.Dial(target.Host, transport, grpc.WithDefaultCallOptions(options...))
			if err != nil {
				return nil, err
			}
			to = append(to, grpcEndpoint{connection, metadata.New(headers)})
		case "http/protobuf":
			client := &http.Client{Transport: &http.Transport{TLSClientConfig: trusted}}
			to = append(to, httpEndpoint{address, client, headers, zipped})
		default:
			return nil, errors.New("no exporter for " + protocol)
		}
	}
	return to, nil
}

// secured is what TLS trusts and shows by the variables that all SDKs know.
func secured() (*tls.Config, error) {
	config := &tls.Config{}
	if authority := os.Getenv("OTEL_EXPORTER_OTLP_CERTIFICATE"); authority != "" {
		content, err := os.ReadFile(authority)
		if err != nil {
			return nil, err
		}
		config.RootCAs = x509.NewCertPool()
		config.RootCAs.AppendCertsFromPEM(content)
	}
	if shown := os.Getenv("OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE"); shown != "" {
		pair, err := tls.LoadX509KeyPair(shown, os.Getenv("OTEL_EXPORTER_OTLP_CLIENT_KEY"))
		if err != nil {
			return nil, err
		}
		config.Certificates = []tls.Certificate{pair}
	}
	return config, nil
}

// parseHeaders reads a list as in "a=b,c=d%20e".
func parseHeaders(list string) (map[string]string, error) {
	headers := map[string]string{}
	for _, pair := range strings.FieldsFunc(list, func(char rune) bool { return char == ',' }) {
		name, value, _ := strings.Cut(pair, "=")
		unescaped, err := url.PathUnescape(value)
		if err != nil {
			return nil, err
		}
		headers[name] = unescaped
	}
	return headers, nil
}

// export sends a request to all; it fails unless each takes the whole of it.
func (to endpoints) export(ctx context.Context, through service, request, response proto.Message) error {
	for _, one := range to {
		if err := one.call(ctx, through, request, response); err != nil {
			return err
		}
		if proto.Size(response) > 0 {
			return fmt.Errorf("not everything was taken: %v", response)
		}
	}
	return nil
}

type grpcEndpoint struct {
	connection *grpc.ClientConn
	headers    metadata.MD
}

func (to grpcEndpoint) call(ctx context.Context, through service, request, response proto.Message) error {
	return to.connection.Invoke(metadata.NewOutgoingContext(ctx, to.headers), through.method, request, response)
}

// codec is for classes of today's protobuf; the one of grpc 1.33 knows the older ones.
type codec struct{}

func (codec) Name() string { return "proto" }

func (codec) Marshal(message interface{}) ([]byte, error) {
	return proto.Marshal(message.(proto.Message))
}

func (codec) Unmarshal(content []byte, message interface{}) error {
	return proto.Unmarshal(content, message.(proto.Message))
}

type httpEndpoint struct {
	url     string
	client  *http.Client
	headers map[string]string
	zipped  bool
}

func (to httpEndpoint) call(ctx context.Context, through service, request, response proto.Message) error {
	content, err := proto.Marshal(request)
	if err != nil {
		return err
	}
	if to.zipped {
		if content, err = zip(content); err != nil {
			return err
		}
	}
	post, err := http.NewRequestWithContext(ctx, http.MethodPost, to.url+through.path, bytes.NewReader(content))
	if err != nil {
		return err
	}
	for name, value := range to.headers {
		post.Header.Set(name, value)
	}
	post.Header.Set("Content-Type", "application/x-protobuf")
	if to.zipped {
		post.Header.Set("Content-Encoding", "gzip")
	}
	answer, err := to.client.Do(post)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	if err != nil {
		return err
	}
	if answer.StatusCode != http.StatusOK {
		return fmt.Errorf("%s: %s", answer.Status, body)
	}
	return proto.Unmarshal(body, response)
}

func zip(content []byte) ([]byte, error) {
	var zipped bytes.Buffer
	writer := gzip.NewWriter(&zipped)
	if _, err := writer.Write(content); err != nil {
		return nil, err
	}
	err := writer.Close()
	return zipped.Bytes(), err
}
