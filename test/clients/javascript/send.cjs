// Tells the story of ../README.md with the OpenTelemetry SDK for JavaScript.
//
//     NODE_PATH=build/clients/javascript/node_modules node send.cjs PROTOCOL ENDPOINT RECORDER
'use strict';

const api = require('@opentelemetry/api');
const { SeverityNumber } = require('@opentelemetry/api-logs');
const { resourceFromAttributes } = require('@opentelemetry/resources');
const { BatchLogRecordProcessor, LoggerProvider } = require('@opentelemetry/sdk-logs');
const metrics = require('@opentelemetry/sdk-metrics');
const { BatchSpanProcessor, NodeTracerProvider } = require('@opentelemetry/sdk-trace-node');

const PACKAGES = { grpc: 'grpc', 'http/protobuf': 'proto', 'http/json': 'http' };
const SCHEMA = 'https://opentelemetry.io/schemas/1.37.0';
const START = 1763978400;
const REMOTE = {
  traceId: '0af7651916cd43dd8448eb211c80319c',
  spanId: 'b7ad6b7169203331',
  traceFlags: api.TraceFlags.SAMPLED,
  traceState: api.createTraceState('vendor=value'),
  isRemote: true,
};
const LINKED = {
  traceId: '4bf92f3577b34da6a3ce929d0e0e4736',
  spanId: '00f067aa0ba902b7',
  traceFlags: api.TraceFlags.SAMPLED,
  traceState: api.createTraceState('a=b'),
  isRemote: true,
};

// Exports to each of several exporters, and notes what fails.
class Tee {
  constructor(exporters) {
    this.exporters = exporters;
  }

  export(batch, done) {
    let open = this.exporters.length;
    for (const exporter of this.exporters) {
      exporter.export(batch, (result) => {
        if (result.code !== 0) {
          console.error(`${exporter.constructor.name}: ${result.error}`);
          process.exitCode = 1;
        }
        open -= 1;
        if (open === 0) done({ code: 0 });
      });
    }
  }

  async forceFlush() {
    await Promise.all(this.exporters.map((exporter) => exporter.forceFlush()));
  }

  async shutdown() {
    await Promise.all(this.exporters.map((exporter) => exporter.shutdown()));
  }
}

// An exporter that sends to all endpoints, or to the SDK's own if there are none. `signal` is trace, metrics or logs.
function exporter(signal, name, protocol, endpoints) {
  const module = require(`@opentelemetry/exporter-${signal}-otlp-${PACKAGES[protocol]}`);
  const path = protocol === 'grpc' ? '' : `/v1/${signal === 'trace' ? 'traces' : signal}`;
  const options = endpoints.map((endpoint) => ({ url: endpoint + path }));
  return new Tee((options.length ? options : [{}]).map((option) => new module[name](option)));
}

// A time in seconds and nanoseconds, so much after the start.
function at(seconds, nanoseconds = 0) {
  const nanos = 123456789 + nanoseconds;
  return [START + seconds + Math.floor(nanos / 1e9), nanos % 1e9];
}

async function tellSpans(resource, spanExporter) {
  const provider = new NodeTracerProvider({
    resource,
    spanLimits: { attributeCountLimit: 10, eventCountLimit: 2, linkCountLimit: 1 },
    spanProcessors: [new BatchSpanProcessor(spanExporter)],
  });
  const tracer = provider.getTracer('duckspan.test', '0.1.0', { schemaUrl: SCHEMA });
  const remote = api.trace.setSpanContext(api.ROOT_CONTEXT, REMOTE);
  const attributes = {
    text: 'Grüße, 世界 🦆 "quoted"\n',
    flag: true,
    count: Number.MAX_SAFE_INTEGER,
    negative: -42,
    fraction: 0.1,
    texts: ['a', '', 'c'],
    counts: [1, -2, 3],
    fractions: [0.5, -1.5],
    flags: [true, false],
    empty: '',
    dropped: true, // the newest goes when there are too many
  };
  const links = [
    { context: LINKED, attributes: { dropped: true } },
    { context: LINKED, attributes: { 'link.kind': 'batch' } },
  ];
  const options = { kind: api.SpanKind.SERVER, attributes, links, startTime: at(0) };
  const server = tracer.startSpan('GET /cart/{id}', options, remote);
  for (let number = 0; number < 3; number += 1) {
    server.addEvent(`event ${number}`, { number }, at(0, number * 1e8));
  }
  server.setStatus({ code: api.SpanStatusCode.ERROR, message: 'out of stock' });
  const inside = api.trace.setSpan(api.ROOT_CONTEXT, server);
  for (const name of ['client', 'producer', 'consumer', 'internal']) {
    const kind = api.SpanKind[name.toUpperCase()];
    const child = tracer.startSpan(name, { kind, startTime: at(1) }, inside);
    child.setStatus({ code: api.SpanStatusCode.OK });
    child.end(at(1, kind));
  }
  server.end(at(0, 2.5e8));
  await provider.shutdown();
  return inside;
}

async function tellLogs(resource, logExporter, inside) {
  const processors = [new BatchLogRecordProcessor({ exporter: logExporter })];
  const provider = new LoggerProvider({ resource, processors });
  const logger = provider.getLogger('duckspan.test', '0.1.0', { schemaUrl: SCHEMA });
  logger.emit({
    timestamp: at(0),
    observedTimestamp: at(1),
    context: inside,
    severityNumber: SeverityNumber.WARN,
    severityText: 'WARN',
    body: 'cart is empty',
    attributes: { cart: 7, shop: 'Köln' },
    eventName: 'cart.emptied',
  });
  logger.emit({
    observedTimestamp: at(1),
    severityNumber: SeverityNumber.ERROR2,
    body: {
      items: [1, 'two', true, 0.5],
      owner: { name: 'x' },
      raw: new Uint8Array([0, 255]),
    },
  });
  await provider.shutdown();
}

async function tellMetrics(resource, metricExporter, inside) {
  const provider = new metrics.MeterProvider({
    resource,
    readers: [
      new metrics.PeriodicExportingMetricReader({
        exporter: metricExporter,
        exportIntervalMillis: 3600000,
      }),
    ],
    views: [
      {
        instrumentName: 'size',
        aggregation: { type: metrics.AggregationType.EXPONENTIAL_HISTOGRAM },
      },
    ],
  });
  const meter = provider.getMeter('duckspan.test', '0.1.0', { schemaUrl: SCHEMA });
  const requests = meter.createCounter('requests', { unit: '1', description: 'Requests served' });
  requests.add(3, { route: '/cart' }, inside);
  requests.add(4, { route: '/cart' }, inside);
  meter.createUpDownCounter('queue.length').add(-3);
  const latency = meter.createHistogram('latency', { unit: 'ms', description: 'Time to answer' });
  const size = meter.createHistogram('size', { unit: 'By' });
  for (const value of [1.0, 12.5, 700.0]) {
    latency.record(value, { route: '/cart' }, inside);
    size.record(value, {}, inside);
  }
  meter.createObservableGauge('temperature', { unit: 'Cel' }).addCallback((result) => {
    result.observe(21.5, { room: 'a' });
    result.observe(-3.25, { room: 'b' });
  });
  await provider.shutdown();
}

async function main([protocol, ...endpoints]) {
  const resource = resourceFromAttributes(
    {
      'service.name': 'checkout',
      'service.version': '1.2.3',
      replicas: 3,
      ratio: 0.25,
      canary: true,
      zones: ['a', 'b'],
    },
    { schemaUrl: SCHEMA },
  );
  const spans = exporter('trace', 'OTLPTraceExporter', protocol, endpoints);
  const inside = await tellSpans(resource, spans);
  await tellLogs(resource, exporter('logs', 'OTLPLogExporter', protocol, endpoints), inside);
  const metricExporter = exporter('metrics', 'OTLPMetricExporter', protocol, endpoints);
  await tellMetrics(resource, metricExporter, inside);
}

api.diag.setLogger(new api.DiagConsoleLogger(), api.DiagLogLevel.WARN);
main(process.argv.slice(2));
