//! Metrics of all five kinds, one to eight data points each.

use crate::fleet::{self, SERVICES};
use crate::rng::Rng;
use crate::writer::Value::{Int, Text};
use crate::writer::{Writer, attributes};

/// Points of one metric at most.
const MAX_POINTS: u64 = 8;
const CUMULATIVE: u32 = 2;
const BOUNDS: &[f64] =
    &[0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1.0, 2.5, 5.0, 7.5, 10.0];

/// Writes a `MetricsData` of `rows` data points taken after `time`.
pub fn request<W: Writer>(w: &mut W, rng: &mut Rng, rows: usize, time: u64) {
    w.list(1, "resourceMetrics", |w| {
        let mut left = rows;
        while left > 0 {
            let share = left.min(rng.between(100, 250) as usize);
            w.item(1, |w| resource_metrics(w, rng, share, time));
            left -= share;
        }
    });
}

fn resource_metrics<W: Writer>(w: &mut W, rng: &mut Rng, rows: usize, time: u64) {
    fleet::resource(w, fleet::instance(rng));
    w.list(2, "scopeMetrics", |w| {
        w.item(2, |w| {
            fleet::scope(w, "opentelemetry.instrumentation.runtime", "0.62.1");
            w.list(2, "metrics", |w| {
                let mut left = rows;
                while left > 0 {
                    let points = left.min(rng.between(1, MAX_POINTS) as usize);
                    w.item(2, |w| metric(w, rng, points, time));
                    left -= points;
                }
            });
        });
    });
    w.string(3, "schemaUrl", "https://opentelemetry.io/schemas/1.38.0");
}

fn metric<W: Writer>(w: &mut W, rng: &mut Rng, points: usize, time: u64) {
    match rng.below(10) {
        0..3 => gauge(w, rng, points, time),
        3..6 => sum(w, rng, points, time),
        6..8 => histogram(w, rng, points, time),
        8 => exponential_histogram(w, rng, points, time),
        _ => summary(w, rng, points, time),
    }
}

fn head<W: Writer>(w: &mut W, name: &str, description: &str, unit: &str) {
    w.string(1, "name", name);
    w.string(2, "description", description);
    w.string(3, "unit", unit);
}

/// Writes the list of data points, each filled by `point` from its own time.
fn points<W: Writer>(w: &mut W, count: usize, time: u64, mut point: impl FnMut(&mut W, u64)) {
    w.list(1, "dataPoints", |w| {
        (0..count as u64).for_each(|at| w.item(1, |w| point(w, time + at * 1_000_000)));
    });
}

fn times<W: Writer>(w: &mut W, time: u64) {
    w.fixed64(2, "startTimeUnixNano", time - 3_600_000_000_000);
    w.fixed64(3, "timeUnixNano", time);
}

fn request_attributes<W: Writer>(w: &mut W, rng: &mut Rng, number: u32) {
    let values = [
        ("http.request.method", Text(rng.pick(&["GET", "POST", "PUT"]))),
        ("http.response.status_code", Int(rng.pick(&[200, 201, 404, 503]))),
        ("http.route", Text(rng.pick(&SERVICES).route)),
        ("server.address", Text(rng.pick(&SERVICES).name)),
    ];
    attributes(w, number, "attributes", &values);
}

fn gauge<W: Writer>(w: &mut W, rng: &mut Rng, count: usize, time: u64) {
    head(w, "system.cpu.utilization", "Share of the time a CPU was busy.", "1");
    w.message(5, "gauge", |w| {
        points(w, count, time, |w, time| {
            let cpu = Int(rng.below(64) as i64);
            let state = rng.pick(&["user", "system", "iowait"]);
            attributes(w, 7, "attributes", &[("cpu", cpu), ("cpu.mode", Text(state))]);
            times(w, time);
            w.double(4, "asDouble", rng.measure(1.0, 17));
        });
    });
}

fn sum<W: Writer>(w: &mut W, rng: &mut Rng, count: usize, time: u64) {
    head(w, "http.server.requests", "Requests that were answered.", "{request}");
    w.message(7, "sum", |w| {
        points(w, count, time, |w, time| {
            request_attributes(w, rng, 7);
            times(w, time);
            w.sfixed64(6, "asInt", rng.below(1 << 40) as i64);
            exemplar(w, rng, 5, time);
        });
        w.uint32(2, "aggregationTemporality", CUMULATIVE);
        w.bool(3, "isMonotonic", true);
    });
}

fn histogram<W: Writer>(w: &mut W, rng: &mut Rng, count: usize, time: u64) {
    head(w, "http.server.request.duration", "Duration of requests.", "s");
    w.message(9, "histogram", |w| {
        points(w, count, time, |w, time| {
            let counts = [(); 15].map(|()| rng.below(5_000));
            request_attributes(w, rng, 9);
            times(w, time);
            w.fixed64(4, "count", counts.iter().sum());
            w.double(5, "sum", rng.measure(40_000.0, 6));
            w.fixed64s(6, "bucketCounts", &counts);
            w.doubles(7, "explicitBounds", BOUNDS);
            exemplar(w, rng, 8, time);
            w.double(11, "min", rng.measure(0.01, 6));
            w.double(12, "max", 10.0 + rng.measure(9.0, 6));
        });
        w.uint32(2, "aggregationTemporality", CUMULATIVE);
    });
}

fn exponential_histogram<W: Writer>(w: &mut W, rng: &mut Rng, count: usize, time: u64) {
    head(w, "db.client.operation.duration", "Duration of database calls.", "s");
    w.message(10, "exponentialHistogram", |w| {
        points(w, count, time, |w, time| {
            let counts = [(); 20].map(|()| rng.below(300));
            let zeros = rng.between(1, 30);
            request_attributes(w, rng, 1);
            times(w, time);
            w.fixed64(4, "count", zeros + counts.iter().sum::<u64>());
            w.double(5, "sum", rng.measure(4_000.0, 6));
            w.sint32(6, "scale", 3);
            w.fixed64(7, "zeroCount", zeros);
            w.message(8, "positive", |w| {
                w.sint32(1, "offset", -40);
                w.uint64s(2, "bucketCounts", &counts);
            });
            w.message(9, "negative", |_| {});
            exemplar(w, rng, 11, time);
        });
        w.uint32(2, "aggregationTemporality", CUMULATIVE);
    });
}

fn summary<W: Writer>(w: &mut W, rng: &mut Rng, count: usize, time: u64) {
    head(w, "rpc.server.duration", "Duration of calls, by quantile.", "ms");
    w.message(11, "summary", |w| {
        points(w, count, time, |w, time| {
            request_attributes(w, rng, 7);
            times(w, time);
            w.fixed64(4, "count", rng.between(1, 90_000));
            w.double(5, "sum", 1.0 + rng.measure(900_000.0, 3));
            w.list(6, "quantileValues", |w| {
                for quantile in [0.5, 0.9, 0.99] {
                    w.item(6, |w| {
                        w.double(1, "quantile", quantile);
                        w.double(2, "value", 1.0 + rng.measure(800.0, 3));
                    });
                }
            });
        });
    });
}

/// Writes an exemplar in 10 % of all points.
fn exemplar<W: Writer>(w: &mut W, rng: &mut Rng, number: u32, time: u64) {
    if !rng.chance(10) {
        return;
    }
    let (high, low, span) = (rng.id(), rng.id(), rng.id());
    w.list(number, "exemplars", |w| {
        w.item(number, |w| {
            w.fixed64(2, "timeUnixNano", time - 5_000_000);
            w.double(3, "asDouble", 0.001 + rng.measure(2.0, 6));
            w.id(5, "traceId", &[high.to_be_bytes(), low.to_be_bytes()].concat());
            w.id(4, "spanId", &span.to_be_bytes());
        });
    });
}
