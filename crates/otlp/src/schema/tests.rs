use super::*;
use crate::signal::Signal;

/// The message in a field that only one name leads to.
fn inner(message: &'static Message, name: &str) -> &'static Message {
    match message.fields.iter().find(|field| field.name == name).expect("a field").kind {
        Kind::Message(inner) => inner,
        _ => panic!("{name} is no message"),
    }
}

/// By the names of OTLP/JSON, not by what is stated of parts.
#[test]
fn the_parts_of_a_request() {
    let paths = [
        (Signal::Traces, ["resourceSpans", "scopeSpans", "spans"]),
        (Signal::Metrics, ["resourceMetrics", "scopeMetrics", "metrics"]),
        (Signal::Logs, ["resourceLogs", "scopeLogs", "logRecords"]),
    ];
    for (signal, [groups, scopes, elements]) in paths {
        assert_eq!((signal.data().role, signal.groups().name), (Role::Other, groups));
        let group = inner(signal.data(), groups);
        let scope = inner(group, scopes);
        assert_eq!((group.role, scope.role), (Role::ResourceGroup, Role::ScopeGroup));
        assert_eq!(inner(scope, "scope").role, Role::Scope);
        assert_eq!(inner(scope, elements).name, signal.element().name);
    }
    let kinds: Vec<_> = role::metric_kinds().map(|(field, _)| field.name).collect();
    assert_eq!(kinds, ["gauge", "sum", "histogram", "exponentialHistogram", "summary"]);
    for (field, data) in role::metric_kinds() {
        assert_eq!(inner(&METRIC, field.name).name, data.name);
        let point = inner(data, "dataPoints");
        assert_eq!((data.role, point.role), (Role::MetricData, Role::DataPoint));
        assert_eq!(data.points().map(|known| known.name), Some(point.name));
    }
}

/// What has times is a row, and what is a row has times: these.
#[test]
fn the_times_of_rows() {
    let fields = |message: &'static Message| {
        let times = message.times.into_iter().filter_map(|number| message.field(number.into()));
        times.map(|field| (field.number, field.name)).collect::<Vec<_>>()
    };
    assert_eq!(fields(&SPAN), [(7, "startTimeUnixNano")]);
    assert_eq!(fields(&LOG_RECORD), [(1, "timeUnixNano"), (11, "observedTimeUnixNano")]);
    for (_, data) in role::metric_kinds() {
        assert_eq!(data.points().map(fields), Some(vec![(3, "timeUnixNano")]));
    }
    let (mut messages, mut next) = (Signal::ALL.map(Signal::data).to_vec(), 0);
    while let Some(&message) = messages.get(next) {
        next += 1;
        assert_eq!(message.times != [0; 2], message.role.is_row(), "{}", message.name);
        for field in message.fields {
            let is_moment = matches!(field.kind, Kind::Fixed64) && field.rule == Rule::Singular;
            assert!(is_moment || !field.is_time(), "{}.{}", message.name, field.name);
            if let Kind::Message(inner) = field.kind
                && !messages.iter().any(|known| known.name == inner.name)
            {
                messages.push(inner);
            }
        }
    }
    assert_eq!(role::TIMES, 1 << 7 | 1 << 1 | 1 << 11 | 1 << 3);
}
