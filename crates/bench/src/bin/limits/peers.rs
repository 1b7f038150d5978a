//! What the parsers that others would take do.

use duckspan_bench::probe::Probe;
use duckspan_otlp::Signal;
use opentelemetry_proto::tonic::logs::v1::LogsData;
use opentelemetry_proto::tonic::metrics::v1::MetricsData;
use opentelemetry_proto::tonic::trace::v1::TracesData;
use prost::Message;
use serde::de::IgnoredAny;
use sonic_rs::JsonContainerTrait;

use super::{Data, core, frames, lines};

pub(super) fn probes(data: &Data) -> Vec<Probe<'_>> {
    let decode = match Signal::ALL.into_iter().find(|signal| core::is_of(data, *signal)) {
        Some(Signal::Logs) => decode::<LogsData>,
        Some(Signal::Metrics) => decode::<MetricsData>,
        _ => decode::<TracesData>,
    };
    vec![
        Probe::new("prost", data.frames.len(), move || frames(&data.frames).map(decode).sum()),
        Probe::new("sonic-rs DOM", data.lines.len(), || lines(&data.lines).map(dom).sum()),
        Probe::new("serde_json skip", data.lines.len(), || lines(&data.lines).map(skip).sum()),
    ]
}

fn decode<M: Message + Default>(request: &[u8]) -> u64 {
    M::decode(request).is_ok().into()
}

fn dom(line: &[u8]) -> u64 {
    let value = sonic_rs::from_slice::<sonic_rs::Value>(line);
    value.is_ok_and(|value| value.as_object().is_some()).into()
}

fn skip(line: &[u8]) -> u64 {
    serde_json::from_slice::<IgnoredAny>(line).is_ok().into()
}
