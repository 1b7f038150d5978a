//! OTLP/JSON over HTTP. The rules of the encoding are tested where it is read; here is what a client sees.

use duckspan_otlp::{Repair, Signal};
use duckspan_receiver::Reason;
use opentelemetry_proto::tonic::trace::v1::Span;

use crate::data::{gzip, spans, traces};
use crate::server::Server;
use crate::wire::{post, post_json};

fn span_with(members: &str) -> String {
    format!(r#"{{"resourceSpans":[{{"scopeSpans":[{{"spans":[{{{members}}}]}}]}}]}}"#)
}

/// H6, rows 3, 4, 12: bodies that are not JSON, or not of OTLP.
#[test]
fn malformed_bodies_are_refused() {
    let server = Server::start();
    let deep = format!(r#"{{"unknown":{}"#, "[".repeat(1_000_000));
    let nested = "{\"arrayValue\":{\"values\":[".repeat(1000);
    let cases = [
        "1234",
        "[]",
        "null",
        "\"text\"",
        "{",
        "{\"resourceSpans\":[{",
        "{\"resourceSpans\":{}",
        "not JSON",
        "{} trailing",
        r#"{"resourceProfiles":[]}"#,
        &deep,
        &span_with(&format!(r#""attributes":[{{"key":"k","value":{nested}"#)),
    ];
    for case in cases {
        let answer = post_json(&server, "/v1/traces", case);
        let shown: String = case.chars().take(40).collect();
        assert_eq!(answer.status, 400, "{shown}: {answer:?}");
        assert_eq!(answer.header("content-type"), "application/json");
        let status = answer.json();
        assert_eq!(status["code"], 3, "{shown}");
        let violation = &status["details"][0]["fieldViolations"][0]["description"];
        assert_eq!(violation, &status["message"], "{shown}");
    }
    assert_eq!(server.rows(), [0; 3]);
    assert_eq!(server.counters().rejected(Reason::Malformed), cases.len() as u64);
    server.wait_idle();
}

/// Row 4: a document that is cut anywhere.
#[test]
fn cut_documents_are_refused() {
    let server = Server::start();
    let body = serde_json::to_string(&traces(2)).expect("JSON");
    for len in 1..body.len() {
        assert_eq!(post_json(&server, "/v1/traces", &body[..len]).status, 400, "cut at {len}");
    }
    assert_eq!(server.rows(), [0; 3]);
}

/// Rows 29, 69: members that occur twice, and those of OTLP 0.19 and older.
#[test]
fn odd_members_are_read() {
    let server = Server::start();
    let attribute = |value| format!(r#"{{"key":"k","value":{{"intValue":"{value}"}}}}"#);
    let cases = [
        span_with(r#""name":"first","name":"last""#),
        span_with(&format!(r#""name":"both","attributes":[{},{}]"#, attribute(1), attribute(2))),
        r#"{"resourceSpans":[{"instrumentationLibrarySpans":[{"spans":[{"name":"old"}]}]}]}"#
            .to_owned(),
    ];
    for body in &cases {
        let answer = post_json(&server, "/v1/traces", body);
        assert_eq!((answer.status, answer.body.as_slice()), (200, &b"{}"[..]), "{body}");
    }
    let spans = server.messages::<Span>(Signal::Traces);
    let found: Vec<_> =
        spans.iter().map(|span| (span.name.as_str(), span.attributes.len())).collect();
    assert_eq!(found, [("last", 0), ("both", 2), ("old", 0)]);
}

/// A9, J3, J4, row 67: a body without a known key is a success, with a word on what was found (A7).
#[test]
fn foreign_keys_are_warned_of() {
    let server = Server::start();
    let cases = [
        (r#"{"resource_spans":[{}]}"#, "snake_case"),
        (r#"{"something":{"else":[1,2,{}]}}"#, "\"something\""),
    ];
    for (body, word) in cases {
        let answer = post_json(&server, "/v1/traces", body);
        assert_eq!(answer.status, 200, "{answer:?}");
        let partial = &answer.json()["partialSuccess"];
        assert_eq!(partial["rejectedSpans"], "0");
        assert!(partial["errorMessage"].as_str().expect("a message").contains(word), "{answer:?}");
    }
    assert_eq!(server.counters().signal(Signal::Traces).warnings, 2);
}

/// Row 65: of a body with several signals, those that belong elsewhere are rejected, and counted.
#[test]
fn mixed_signals_are_told_apart() {
    let server = Server::start();
    let body = r#"{"resourceSpans":[{"scopeSpans":[{"spans":[{"name":"a"}]}]}],
        "resourceLogs":[{"scopeLogs":[{"logRecords":[{"severityNumber":9},{}]}]}]}"#;
    let answer = post_json(&server, "/v1/traces", body);
    assert_eq!(answer.json()["partialSuccess"]["rejectedSpans"], "2");
    assert_eq!(server.rows(), [1, 0, 0]);
    assert_eq!(server.counters().signal(Signal::Traces).rejected_rows, 2);
}

/// J1, J2, J5, J8, J9, J10, rows 17, 20, 26 to 28: what can be understood is, and what cannot is counted.
#[test]
fn odd_values_are_repaired() {
    let cases = [
        (r#""traceId":"5B8EFFF798038103D269B633813FC60C""#, None),
        (r#""traceId":"W47/95gDgQPSabYzgT/GDA==""#, Some(Repair::Base64Id)),
        (r#""traceId":"xyz""#, Some(Repair::InvalidId)),
        (r#""kind":"SPAN_KIND_SERVER""#, None),
        (r#""kind":"SPAN_KIND_UNHEARD_OF""#, Some(Repair::UnknownEnumName)),
        (r#""kind":99"#, None),
        (r#""startTimeUnixNano":"1700000000000000000""#, None),
        (r#""startTimeUnixNano":1700000000000000000"#, None),
        (r#""startTimeUnixNano":{"low":1,"high":2}"#, None),
        (r#""startTimeUnixNano":"2025-06-15T12:00:00Z""#, Some(Repair::WrongType)),
        (r#""name":null"#, None),
        (r#""name":"\ud800""#, Some(Repair::LoneSurrogate)),
        (r#""attributes":[{"key":"k","value":{"doubleValue":null}}]"#, None),
        (r#""attributes":[{"key":"k","value":{}}]"#, None),
        (r#""attributes":[{"key":"k","value":{"intValue":"abc"}}]"#, Some(Repair::WrongType)),
    ];
    for (members, repair) in cases {
        let server = Server::start();
        let answer = post_json(&server, "/v1/traces", &span_with(members));
        assert_eq!(answer.status, 200, "{members}");
        // A7: what is lost of what was sent is told, and nothing rejected.
        match repair.filter(|repair| !repair.is_lossless()) {
            None => assert_eq!(answer.body.as_slice(), b"{}", "{members}"),
            Some(repair) => {
                let partial = &answer.json()["partialSuccess"];
                assert_eq!(partial["rejectedSpans"], "0", "{members}");
                let message = partial["errorMessage"].as_str().expect("a message");
                let member = "stored, but resourceSpans[0].scopeSpans[0].spans[0].";
                let told = message.starts_with(member) && message.ends_with(repair.description());
                assert!(told, "{message}");
            }
        }
        assert_eq!(server.rows(), [1, 0, 0], "{members}");
        let repairs = server.counters().signal(Signal::Traces).repairs.clone();
        for known in Repair::ALL {
            assert_eq!(repairs.of(known), u64::from(repair == Some(known)), "{members} {known:?}");
        }
    }
}

/// What is stored from JSON is what is stored from protobuf.
#[test]
fn json_and_protobuf_meet() {
    let server = Server::start();
    let body = serde_json::to_vec(&traces(50)).expect("JSON");
    let headers = [("content-type", "application/json"), ("content-encoding", "gzip")];
    assert_eq!(post(&server, "/v1/traces", &headers, &gzip(&body)).status, 200);
    assert_eq!(server.messages::<Span>(Signal::Traces), spans(50));
    // Large enough to be decoded apart from the connections.
    let body = serde_json::to_vec(&traces(10_000)).expect("JSON");
    assert!(body.len() > 2 << 20);
    assert_eq!(post(&server, "/v1/traces", &headers[..1], &body).status, 200);
    assert_eq!(server.rows(), [10_050, 0, 0]);
    assert_eq!(server.messages::<Span>(Signal::Traces)[50..], spans(10_000));
    server.wait_idle();
}
