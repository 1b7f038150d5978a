//! The metrics of the story.

use std::error::Error;
use std::time::Duration;

use opentelemetry::KeyValue;
use opentelemetry::metrics::{Meter, MeterProvider};
use opentelemetry_otlp::MetricExporter;
use opentelemetry_sdk::metrics::{
    Aggregation, Instrument, PeriodicReader, SdkMeterProvider, Stream,
};

use crate::tee::Tee;
use crate::{resource, scope};

/// Sends the metrics.
pub(crate) fn tell(exporter: Tee<MetricExporter>) -> Result<(), Box<dyn Error>> {
    let hour = Duration::from_secs(3_600);
    let provider = SdkMeterProvider::builder()
        .with_reader(PeriodicReader::builder(exporter).with_interval(hour).build())
        .with_resource(resource())
        .with_view(exponential)
        .build();
    record(&provider.meter_with_scope(scope()));
    Ok(provider.shutdown()?)
}

/// The view that makes an exponential histogram of `size`.
fn exponential(instrument: &Instrument) -> Option<Stream> {
    let aggregation = Aggregation::Base2ExponentialHistogram {
        max_size: 160,
        max_scale: 20,
        record_min_max: true,
    };
    let of_size = instrument.name() == "size";
    of_size.then(|| Stream::builder().with_aggregation(aggregation).build().ok()).flatten()
}

fn record(meter: &Meter) {
    let route = [KeyValue::new("route", "/cart")];
    let requests =
        meter.u64_counter("requests").with_unit("1").with_description("Requests served").build();
    requests.add(3, &route);
    requests.add(4, &route);
    meter.i64_up_down_counter("queue.length").build().add(-3, &[]);
    let latency =
        meter.f64_histogram("latency").with_unit("ms").with_description("Time to answer").build();
    let size = meter.f64_histogram("size").with_unit("By").build();
    for value in [1.0, 12.5, 700.0] {
        latency.record(value, &route);
        size.record(value, &[]);
    }
    let rooms = [("a", 21.5), ("b", -3.25)];
    meter
        .f64_observable_gauge("temperature")
        .with_unit("Cel")
        .with_callback(move |observer| {
            for (room, value) in rooms {
                observer.observe(value, &[KeyValue::new("room", room)]);
            }
        })
        .build();
}
