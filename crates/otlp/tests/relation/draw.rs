//! OTLP data drawn from random bytes: every field may be set, absent or odd.

use opentelemetry_proto::tonic::common::v1::any_value::Value as Any;
use opentelemetry_proto::tonic::common::v1::{
    AnyValue, ArrayValue, EntityRef, InstrumentationScope, KeyValue, KeyValueList,
};
use opentelemetry_proto::tonic::logs::v1::{LogRecord, LogsData, ResourceLogs, ScopeLogs};
use opentelemetry_proto::tonic::metrics::v1::exponential_histogram_data_point::Buckets;
use opentelemetry_proto::tonic::metrics::v1::metric::Data;
use opentelemetry_proto::tonic::metrics::v1::summary_data_point::ValueAtQuantile;
use opentelemetry_proto::tonic::metrics::v1::{
    Exemplar, ExponentialHistogram, ExponentialHistogramDataPoint, Gauge, Histogram,
    HistogramDataPoint, Metric, MetricsData, NumberDataPoint, ResourceMetrics, ScopeMetrics, Sum,
    Summary, SummaryDataPoint, exemplar, number_data_point,
};
use opentelemetry_proto::tonic::resource::v1::Resource;
use opentelemetry_proto::tonic::trace::v1::span::{Event, Link};
use opentelemetry_proto::tonic::trace::v1::{ResourceSpans, ScopeSpans, Span, Status, TracesData};

/// Random bytes to draw from; zeros when they are used up, so that everything ends.
pub(crate) struct Draw<'a>(pub(crate) &'a [u8]);

impl Draw<'_> {
    fn byte(&mut self) -> u8 {
        let Some((&first, rest)) = self.0.split_first() else { return 0 };
        self.0 = rest;
        first
    }

    fn below(&mut self, limit: u8) -> u8 {
        self.byte() % limit
    }

    fn word(&mut self) -> u64 {
        u64::from_le_bytes(std::array::from_fn(|_| self.byte()))
    }

    fn list<T>(&mut self, most: u8, mut each: impl FnMut(&mut Self) -> T) -> Vec<T> {
        (0..self.below(most + 1)).map(|_| each(self)).collect()
    }

    fn maybe<T>(&mut self, each: impl FnOnce(&mut Self) -> T) -> Option<T> {
        (self.below(3) != 0).then(|| each(self))
    }

    fn pick<T: Copy>(&mut self, of: &[T]) -> T {
        of[usize::from(self.byte()) % of.len()]
    }

    fn time(&mut self) -> u64 {
        match self.below(6) {
            0 => self.pick(&[0, 1, i64::MAX as u64 - 1, i64::MAX as u64, u64::MAX]),
            _ => 1_700_000_000_000_000_000 + self.word() % 1_000,
        }
    }

    fn id(&mut self, len: usize) -> Vec<u8> {
        match self.below(8) {
            0 => Vec::new(),
            1 => vec![0; len],
            2 => vec![7; len - 1],
            _ => vec![self.below(3) + 1; len],
        }
    }

    fn text(&mut self) -> String {
        let words = [
            "",
            "checkout",
            "cart",
            "GET /api",
            "a \"quoted\" \\ text",
            "tab\tand\u{1}",
            "größe 🦆",
            "a text of more than thirty-two bytes, which is one block of the writer",
        ];
        self.pick(&words).to_owned()
    }

    fn double(&mut self) -> f64 {
        match self.below(4) {
            0 => self.pick(&[0.0, -1.5, f64::NAN, f64::INFINITY, f64::NEG_INFINITY, 1e300, 5e-324]),
            _ => f64::from(self.byte()) / 8.0,
        }
    }

    fn int(&mut self) -> i64 {
        match self.below(4) {
            0 => self.pick(&[0, -1, i64::MIN, i64::MAX, 1 << 53]),
            _ => self.byte().into(),
        }
    }

    fn uint32(&mut self) -> u32 {
        self.pick(&[0, 0, 1, 127, 128, 300, u32::MAX])
    }

    fn uint64(&mut self) -> u64 {
        self.pick(&[0, 1, 5, 127, 128, 1 << 40, u64::MAX])
    }

    fn enum_number(&mut self) -> i32 {
        self.pick(&[0, 1, 2, 3, 4, 5, 9, 17, 24, 25, 99, -1, i32::MAX, i32::MIN])
    }

    fn value(&mut self, depth: u8) -> AnyValue {
        let value = match self.below(if depth == 0 { 6 } else { 8 }) {
            0 => None,
            1 => Some(Any::StringValue(self.text())),
            2 => Some(Any::BoolValue(self.below(2) == 0)),
            3 => Some(Any::IntValue(self.int())),
            4 => Some(Any::DoubleValue(self.double())),
            5 => Some(Any::BytesValue(self.list(5, Draw::byte))),
            6 => {
                let values = self.list(3, |draw| draw.value(depth - 1));
                Some(Any::ArrayValue(ArrayValue { values }))
            }
            _ => {
                let values = self.attributes(depth - 1);
                Some(Any::KvlistValue(KeyValueList { values }))
            }
        };
        AnyValue { value }
    }

    fn attributes(&mut self, depth: u8) -> Vec<KeyValue> {
        let keys = [
            "",
            "a",
            "b",
            "http.route",
            "http.request.method",
            "service.name",
            "service.namespace",
            "service.instance.id",
            "url.path",
            "größe",
        ];
        self.list(6, |draw| KeyValue {
            key: draw.pick(&keys).to_owned(),
            value: draw.maybe(|draw| draw.value(depth)),
            ..KeyValue::default()
        })
    }

    fn resource(&mut self) -> Resource {
        Resource {
            attributes: self.attributes(2),
            dropped_attributes_count: self.uint32(),
            entity_refs: self.list(2, |draw| EntityRef {
                schema_url: draw.text(),
                r#type: draw.text(),
                id_keys: draw.list(2, Draw::text),
                description_keys: draw.list(2, Draw::text),
            }),
        }
    }

    fn scope(&mut self) -> InstrumentationScope {
        InstrumentationScope {
            name: self.text(),
            version: self.text(),
            attributes: self.attributes(1),
            dropped_attributes_count: self.uint32(),
        }
    }

    pub(crate) fn traces(&mut self) -> TracesData {
        let resource_spans = self.list(3, |draw| ResourceSpans {
            resource: draw.maybe(Draw::resource),
            scope_spans: draw.list(3, |draw| ScopeSpans {
                scope: draw.maybe(Draw::scope),
                spans: draw.list(6, Draw::span),
                schema_url: draw.text(),
            }),
            schema_url: draw.text(),
        });
        TracesData { resource_spans }
    }

    fn span(&mut self) -> Span {
        Span {
            trace_id: self.id(16),
            span_id: self.id(8),
            trace_state: self.text(),
            parent_span_id: self.id(8),
            flags: self.uint32(),
            name: self.text(),
            kind: self.enum_number(),
            start_time_unix_nano: self.time(),
            end_time_unix_nano: self.time(),
            attributes: self.attributes(3),
            dropped_attributes_count: self.uint32(),
            events: self.list(3, |draw| Event {
                time_unix_nano: draw.time(),
                name: draw.text(),
                attributes: draw.attributes(1),
                dropped_attributes_count: draw.uint32(),
            }),
            dropped_events_count: self.uint32(),
            links: self.list(2, |draw| Link {
                trace_id: draw.id(16),
                span_id: draw.id(8),
                trace_state: draw.text(),
                attributes: draw.attributes(1),
                dropped_attributes_count: draw.uint32(),
                flags: draw.uint32(),
            }),
            dropped_links_count: self.uint32(),
            status: self.maybe(|draw| Status { message: draw.text(), code: draw.enum_number() }),
        }
    }

    pub(crate) fn logs(&mut self) -> LogsData {
        let resource_logs = self.list(3, |draw| ResourceLogs {
            resource: draw.maybe(Draw::resource),
            scope_logs: draw.list(3, |draw| ScopeLogs {
                scope: draw.maybe(Draw::scope),
                log_records: draw.list(6, Draw::log_record),
                schema_url: draw.text(),
            }),
            schema_url: draw.text(),
        });
        LogsData { resource_logs }
    }

    fn log_record(&mut self) -> LogRecord {
        LogRecord {
            time_unix_nano: self.time(),
            observed_time_unix_nano: self.time(),
            severity_number: self.enum_number(),
            severity_text: self.text(),
            body: self.maybe(|draw| draw.value(3)),
            attributes: self.attributes(2),
            dropped_attributes_count: self.uint32(),
            flags: self.uint32(),
            trace_id: self.id(16),
            span_id: self.id(8),
            event_name: self.text(),
        }
    }

    pub(crate) fn metrics(&mut self) -> MetricsData {
        let resource_metrics = self.list(3, |draw| ResourceMetrics {
            resource: draw.maybe(Draw::resource),
            scope_metrics: draw.list(2, |draw| ScopeMetrics {
                scope: draw.maybe(Draw::scope),
                metrics: draw.list(4, Draw::metric),
                schema_url: draw.text(),
            }),
            schema_url: draw.text(),
        });
        MetricsData { resource_metrics }
    }

    fn metric(&mut self) -> Metric {
        Metric {
            name: self.text(),
            description: self.text(),
            unit: self.text(),
            metadata: self.attributes(1),
            data: self.maybe(Draw::data),
        }
    }

    fn data(&mut self) -> Data {
        let temporality = self.enum_number();
        match self.below(5) {
            0 => Data::Gauge(Gauge { data_points: self.list(4, Draw::number) }),
            1 => Data::Sum(Sum {
                data_points: self.list(4, Draw::number),
                aggregation_temporality: temporality,
                is_monotonic: self.below(2) == 0,
            }),
            2 => Data::Histogram(Histogram {
                data_points: self.list(4, Draw::histogram),
                aggregation_temporality: temporality,
            }),
            3 => Data::ExponentialHistogram(ExponentialHistogram {
                data_points: self.list(4, Draw::exponential),
                aggregation_temporality: temporality,
            }),
            _ => Data::Summary(Summary { data_points: self.list(4, Draw::summary) }),
        }
    }

    fn number(&mut self) -> NumberDataPoint {
        NumberDataPoint {
            attributes: self.attributes(1),
            start_time_unix_nano: self.time(),
            time_unix_nano: self.time(),
            exemplars: self.list(2, Draw::exemplar),
            flags: self.uint32(),
            value: self.maybe(|draw| match draw.below(2) {
                0 => number_data_point::Value::AsInt(draw.int()),
                _ => number_data_point::Value::AsDouble(draw.double()),
            }),
        }
    }

    fn histogram(&mut self) -> HistogramDataPoint {
        HistogramDataPoint {
            attributes: self.attributes(1),
            start_time_unix_nano: self.time(),
            time_unix_nano: self.time(),
            count: self.uint64(),
            sum: self.maybe(Draw::double),
            bucket_counts: self.list(5, Draw::uint64),
            explicit_bounds: self.list(5, Draw::double),
            exemplars: self.list(2, Draw::exemplar),
            flags: self.uint32(),
            min: self.maybe(Draw::double),
            max: self.maybe(Draw::double),
        }
    }

    fn exponential(&mut self) -> ExponentialHistogramDataPoint {
        ExponentialHistogramDataPoint {
            attributes: self.attributes(1),
            start_time_unix_nano: self.time(),
            time_unix_nano: self.time(),
            count: self.uint64(),
            sum: self.maybe(Draw::double),
            scale: self.enum_number(),
            zero_count: self.uint64(),
            positive: self.maybe(Draw::buckets),
            negative: self.maybe(Draw::buckets),
            flags: self.uint32(),
            exemplars: self.list(2, Draw::exemplar),
            min: self.maybe(Draw::double),
            max: self.maybe(Draw::double),
            zero_threshold: self.double(),
        }
    }

    fn buckets(&mut self) -> Buckets {
        Buckets { offset: self.enum_number(), bucket_counts: self.list(5, Draw::uint64) }
    }

    fn summary(&mut self) -> SummaryDataPoint {
        SummaryDataPoint {
            attributes: self.attributes(1),
            start_time_unix_nano: self.time(),
            time_unix_nano: self.time(),
            count: self.uint64(),
            sum: self.double(),
            quantile_values: self
                .list(3, |draw| ValueAtQuantile { quantile: draw.double(), value: draw.double() }),
            flags: self.uint32(),
        }
    }

    fn exemplar(&mut self) -> Exemplar {
        Exemplar {
            filtered_attributes: self.attributes(1),
            time_unix_nano: self.time(),
            span_id: self.id(8),
            trace_id: self.id(16),
            value: self.maybe(|draw| match draw.below(2) {
                0 => exemplar::Value::AsInt(draw.int()),
                _ => exemplar::Value::AsDouble(draw.double()),
            }),
        }
    }
}
