//! Log records: about 300 bytes of protobuf each with their share of the resource.

use crate::fleet::{self, CUSTOMERS, Service};
use crate::rng::Rng;
use crate::writer::Value::{Bool, Double, Int, Map, Text};
use crate::writer::{Value, Writer, any_value, attributes};

/// Severities and how many of 100 records have each.
const SEVERITIES: &[(u64, u32, &str)] =
    &[(15, 5, "DEBUG"), (65, 9, "INFO"), (12, 13, "WARN"), (7, 17, "ERROR"), (1, 21, "FATAL")];

/// Writes a `LogsData` of `rows` records made after `time`.
pub fn request<W: Writer>(w: &mut W, rng: &mut Rng, rows: usize, time: u64) {
    let resources = rng.between(2, 4) as usize;
    w.list(1, "resourceLogs", |w| {
        for at in 0..resources.min(rows) {
            // Shares that differ by one at most, and add up to the rows that were asked for.
            let share = rows * (at + 1) / resources.min(rows) - rows * at / resources.min(rows);
            w.item(1, |w| resource_logs(w, rng, share, time));
        }
    });
}

fn resource_logs<W: Writer>(w: &mut W, rng: &mut Rng, rows: usize, time: u64) {
    let instance = fleet::instance(rng);
    let service = fleet::service_of(instance);
    fleet::resource(w, instance);
    w.list(2, "scopeLogs", |w| {
        w.item(2, |w| {
            fleet::scope(w, service.function, "2.0.3");
            w.list(2, "logRecords", |w| {
                (0..rows).for_each(|_| w.item(2, |w| log_record(w, rng, service, time)));
            });
        });
    });
    w.string(3, "schemaUrl", "https://opentelemetry.io/schemas/1.38.0");
}

fn log_record<W: Writer>(w: &mut W, rng: &mut Rng, service: &Service, time: u64) {
    let time = time + rng.below(100_000_000);
    let (number, text) = severity(rng);
    if rng.chance(95) {
        w.fixed64(1, "timeUnixNano", time);
    }
    w.fixed64(11, "observedTimeUnixNano", time + rng.below(2_000_000));
    w.uint32(2, "severityNumber", number);
    w.string(3, "severityText", text);
    w.message(5, "body", |w| body(w, rng, service));
    details(w, rng, service, number);
    correlation(w, rng);
    if rng.chance(5) {
        w.string(12, "eventName", "shop.order.placed");
    }
}

fn severity(rng: &mut Rng) -> (u32, &'static str) {
    let mut left = rng.below(100);
    for &(share, number, text) in SEVERITIES {
        if left < share {
            return (number, text);
        }
        left -= share;
    }
    (9, "INFO")
}

/// Writes the body: text in 85 % of all records, else a map.
fn body<W: Writer>(w: &mut W, rng: &mut Rng, service: &Service) {
    let number = rng.below(1_000_000);
    if rng.chance(15) {
        let values = [
            ("event", Text(service.function)),
            ("order", Int(number as i64)),
            ("total", Double(rng.measure(900.0, 2))),
            ("express", Bool(rng.chance(30))),
            ("customer", Map(&[("name", Text(rng.pick(CUSTOMERS)))])),
        ];
        return any_value(w, Map(&values));
    }
    let customer = rng.pick(CUSTOMERS);
    let text = match rng.below(4) {
        0 => format!(
            "{} handled order {number} of \"{customer}\" within its deadline, {} retries left",
            service.function,
            rng.below(5)
        ),
        1 => format!("cache miss for key {}:{number}, reading {0}", service.table),
        2 => format!("GET /health?verbose=true 200 {number} \"kube-probe/1.31\" 10.0.3.17"),
        _ => format!("retrying request {number} to postgres.shop.svc:5432 after timeout of 2.5 s"),
    };
    any_value(w, Text(&text));
}

fn details<W: Writer>(w: &mut W, rng: &mut Rng, service: &Service, severity: u32) {
    let file = format!("/app/services/{}/src/{}.{}", service.name, service.table, service.language);
    let stack = format!("Error: timeout\n\tat {} ({file}:41)", service.function);
    let values: [(&str, Value<'_>); 6] = [
        ("code.file.path", Text(&file)),
        ("code.line.number", Int(rng.between(10, 900) as i64)),
        ("thread.name", Text("request-executor")),
        ("enduser.id", Text(rng.pick(CUSTOMERS))),
        ("shop.elapsed_ms", Double(rng.measure(2_000.0, 3))),
        ("exception.stacktrace", Text(&stack)),
    ];
    attributes(w, 6, "attributes", &values[..if severity >= 17 { 6 } else { 5 }]);
}

/// Writes the flags and ids of the span that logged, in 60 % of all records.
fn correlation<W: Writer>(w: &mut W, rng: &mut Rng) {
    let (high, low, span) = (rng.id(), rng.id(), rng.id());
    if rng.chance(60) {
        w.fixed32(8, "flags", 1);
        w.id(9, "traceId", &[high.to_be_bytes(), low.to_be_bytes()].concat());
        w.id(10, "spanId", &span.to_be_bytes());
    } else {
        w.id(9, "traceId", &[]);
        w.id(10, "spanId", &[]);
    }
}
