use std::time::Duration;

use duckspan_otlp::Segment;

use super::*;
use crate::sample::{read, rings, segment, spans, view};
use crate::table::LiveTable;

fn stats(view: &View, columns: &[&str]) -> Vec<String> {
    read(view, LiveTable::Stats, columns)
}

/// Of the traces, which come first.
fn of_traces(view: &View, columns: &[&str]) -> String {
    stats(view, columns).swap_remove(Signal::Traces as usize)
}

#[test]
fn what_a_ring_holds_is_of_the_moment_of_the_view() {
    let rings = rings(4);
    rings.append(spans("shop", [5000, 3_999, 9000, 1000, 7000]));
    let before = view(&rings);
    rings.append(spans("shop", [2000]));
    rings.clear_before(Signal::Traces, 4);
    let columns = ["rows", "received", "evicted", "cleared", "oldest", "newest"];
    assert_eq!(of_traces(&before, &columns[..4]), "4 5 1 0");
    let after = view(&rings);
    assert_eq!(of_traces(&after, &columns[..4]), "2 6 2 2");
    assert_eq!(stats(&after, &["signal", "rowid"]), ["traces 0", "metrics 1", "logs 2"]);
    assert_eq!(stats(&after, &columns)[1..], ["0 0 0 0 NULL NULL"; 2]);
    // What a transaction removed is gone for it, and counted; what came since is no part of it.
    let seen = before.snapshot(Signal::Traces);
    let cleared = before.with(Signal::Traces, seen.cleared(4));
    assert_eq!(of_traces(&cleared, &columns), "0 5 1 4 NULL NULL");
}

#[test]
fn times_are_microseconds() {
    let rings = rings(4);
    rings.append(spans("shop", [5_999, 3_000]));
    assert_eq!(of_traces(&view(&rings), &["oldest", "newest"]), "3 5");
}

#[test]
fn bytes_are_those_of_the_ring() {
    let rings = rings(4);
    rings.append(spans("shop", [1]));
    let mut view = view(&rings);
    view.pinned_bytes = [7, 8, 9];
    let bytes = rings.stats(Signal::Traces).bytes;
    assert!(bytes > 0);
    let expected = [format!("{bytes} 7"), "0 8".to_owned(), "0 9".to_owned()];
    assert_eq!(stats(&view, &["bytes", "pinned_bytes"]), expected);
}

#[test]
fn requests_by_what_became_of_them() {
    let mut counters = Counters { in_flight_bytes: 5, connections: 2, ..Counters::default() };
    counters.connections_refused = 1;
    counters.connections_displaced = 2;
    counters.connections_failed = 4;
    counters.unrouted[Reason::UnknownPath as usize] = 3;
    let traces = &mut counters.signals[Signal::Traces as usize];
    traces.requests = 9;
    traces.rejected[Reason::Malformed as usize] = 1;
    traces.rejected[Reason::Overload as usize] = 2;
    traces.repairs.count(Repair::Base64Id);
    let view = View { counters: Arc::new(counters), ..view(&rings(4)) };
    let refused = r#"3 {"malformed":1,"overload":2}"#;
    let repaired = r#"1 {"id written in base64 instead of hex, decoded":1}"#;
    let columns = ["requests", "rejected", "rejected_by", "repaired", "repaired_by"];
    let expected = [format!("9 {refused} {repaired}"), "0 0 {} 0 {}".to_owned()];
    assert_eq!(stats(&view, &columns)[..2], expected);
    // The same in every row.
    let columns =
        ["unrouted", "unrouted_by", "in_flight_bytes", "connections", "connections_failed"];
    assert_eq!(stats(&view, &columns), [r#"3 {"unknown_path":3} 5 2 7"#; 3]);
}

#[test]
fn what_is_not_asked_for_is_null() {
    let view = View { receiver: "0abc".into(), ..view(&rings(4)) };
    assert_eq!(of_traces(&view, &["receiver", "tls_error"]), "0abc NULL");
    let archive = ["archived", "waiting", "archived_at", "archive_lag_ms", "archive_error"];
    assert_eq!(of_traces(&view, &archive), ["NULL"; 5].join(" "));
    let forward = [
        "forwarded",
        "forward_waiting",
        "forward_rejected",
        "forward_dropped",
        "forwarded_at",
        "forward_error",
    ];
    assert_eq!(of_traces(&view, &forward), ["NULL"; 6].join(" "));
}

#[test]
fn how_far_archives_are() {
    let rings = rings(4);
    rings.append(spans("shop", 0..6));
    let log = || -> Segment { segment(Signal::Logs, "shop", [r#"{"severityText":"a"}"#]) };
    rings.append(log());
    let archived = Outcome {
        ends: [3, 0, 1],
        time: Some(2_000_999),
        error: Some("the disk is full".to_owned()),
        lag: Duration::from_millis(1500),
    };
    let view = View {
        archived: Some(Arc::new(archived)),
        tls_error: Some("no key".into()),
        ..view(&rings)
    };
    // Of six spans two are evicted and three archived, of which one is held still.
    let columns = ["archived", "waiting", "archive_lag_ms", "archived_at"];
    assert_eq!(stats(&view, &columns), ["3 3 1500 2000", "0 0 0 2000", "1 0 0 2000"]);
    let errors = ["archive_error", "tls_error"];
    assert_eq!(stats(&view, &errors), ["the disk is full no key"; 3]);
}

/// Nothing was sent yet: what is held waits, and what was evicted never will be.
#[test]
fn how_far_forwarding_is() {
    let rings = rings(4);
    rings.append(spans("shop", 0..6));
    let view = View { forwarded: Some(Arc::default()), ..view(&rings) };
    let columns = ["forwarded", "forward_waiting", "forward_rejected", "forward_dropped"];
    assert_eq!(stats(&view, &columns), ["0 4 0 2", "0 0 0 0", "0 0 0 0"]);
    assert_eq!(of_traces(&view, &["forwarded_at", "forward_error"]), "NULL NULL");
}

#[test]
fn every_column_is_told_and_read() {
    let view = view(&rings(4));
    let names: Vec<_> = Stat::ALL.iter().map(|stat| stat.column().name).collect();
    let rows = stats(&view, &names);
    assert_eq!(rows.len(), Signal::ALL.len());
    for (at, stat) in Stat::ALL.into_iter().enumerate() {
        let column = LiveTable::Stats.column(at);
        assert_eq!((column.column.name, column.comment), (stat.column().name, stat.comment()));
        assert!(names.iter().filter(|&&name| name == column.column.name).count() == 1);
        assert!(!column.is_virtual);
    }
}
