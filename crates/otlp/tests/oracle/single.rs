//! Decoded requests, cut into requests of one row each.

use duckspan_otlp::Signal;
use opentelemetry_proto::tonic::common::v1::InstrumentationScope;
use opentelemetry_proto::tonic::logs::v1::{LogRecord, LogsData, ResourceLogs, ScopeLogs};
use opentelemetry_proto::tonic::metrics::v1::metric::Data;
use opentelemetry_proto::tonic::metrics::v1::{
    ExponentialHistogram, Gauge, Histogram, Metric, MetricsData, ResourceMetrics, ScopeMetrics,
    Sum, Summary,
};
use opentelemetry_proto::tonic::resource::v1::Resource;
use opentelemetry_proto::tonic::trace::v1::{ResourceSpans, ScopeSpans, Span, TracesData};
use serde::Serialize;
use serde::de::DeserializeOwned;

/// A request of one signal.
pub(crate) trait Request: prost::Message + Default + Serialize + DeserializeOwned {
    const SIGNAL: Signal;

    /// A request for each row, but for what is documented as lost.
    fn single(self) -> Vec<Self>;
}

/// A resource that is absent beside a schema URL reads as an empty one.
fn resource(resource: Option<Resource>, schema_url: &str) -> Option<Resource> {
    resource.or_else(|| (!schema_url.is_empty()).then(Resource::default))
}

macro_rules! request {
    ($data:ident, $signal:ident, $group:ident $groups:ident, $scope:ident $scopes:ident, $leaf:ident $leaves:ident, $cut:path) => {
        impl Request for $data {
            const SIGNAL: Signal = Signal::$signal;

            fn single(self) -> Vec<$data> {
                let mut single = Vec::new();
                for group in self.$groups {
                    for scope in group.$scopes {
                        let mut push = |leaf: $leaf| {
                            let context: Option<InstrumentationScope> = scope.scope.clone();
                            let $scopes = vec![$scope {
                                scope: context,
                                $leaves: vec![leaf],
                                schema_url: scope.schema_url.clone(),
                            }];
                            let $groups = vec![$group {
                                resource: resource(group.resource.clone(), &group.schema_url),
                                $scopes,
                                schema_url: group.schema_url.clone(),
                            }];
                            single.push($data { $groups });
                        };
                        scope.$leaves.into_iter().flat_map($cut).for_each(&mut push);
                    }
                }
                single
            }
        }
    };
}

request!(TracesData, Traces, ResourceSpans resource_spans, ScopeSpans scope_spans, Span spans, Some);
request!(LogsData, Logs, ResourceLogs resource_logs, ScopeLogs scope_logs, LogRecord log_records, Some);
request!(MetricsData, Metrics, ResourceMetrics resource_metrics, ScopeMetrics scope_metrics, Metric metrics, points);

/// A metric for each of its points, or as it is if there are none.
fn points(metric: Metric) -> Vec<Metric> {
    let cut: Vec<Data> = match metric.data.clone() {
        None => vec![],
        Some(Data::Gauge(data)) => {
            each(data.data_points, |data_points| Data::Gauge(Gauge { data_points }))
        }
        Some(Data::Sum(data)) => {
            let (points, data) = (data.data_points, Sum { data_points: vec![], ..data });
            each(points, |data_points| Data::Sum(Sum { data_points, ..data }))
        }
        Some(Data::Histogram(data)) => {
            let (points, data) = (data.data_points, Histogram { data_points: vec![], ..data });
            each(points, |data_points| Data::Histogram(Histogram { data_points, ..data }))
        }
        Some(Data::ExponentialHistogram(data)) => {
            let aggregation_temporality = data.aggregation_temporality;
            each(data.data_points, |data_points| {
                Data::ExponentialHistogram(ExponentialHistogram {
                    data_points,
                    aggregation_temporality,
                })
            })
        }
        Some(Data::Summary(data)) => {
            each(data.data_points, |data_points| Data::Summary(Summary { data_points }))
        }
    };
    match cut.is_empty() {
        true => vec![metric],
        false => {
            cut.into_iter().map(|data| Metric { data: Some(data), ..metric.clone() }).collect()
        }
    }
}

fn each<P>(points: Vec<P>, data: impl Fn(Vec<P>) -> Data) -> Vec<Data> {
    points.into_iter().map(|point| data(vec![point])).collect()
}
