//! Rows and resources of segments.

use super::super::{Renderer, data, resource};
use crate::segment::{Segment, SegmentBuilder};
use crate::signal::Signal;
use crate::wire::sample::{all, attribute, fixed64, message, text, varint};

fn segment(signal: Signal, request: &[u8]) -> Segment {
    let mut builder = SegmentBuilder::new(signal);
    builder.push_protobuf(request).expect("a well-formed request");
    builder.finish()
}

/// The rows, each rendered alone and by one renderer, in order and backwards.
fn rows(segment: &Segment) -> Vec<String> {
    let alone: Vec<_> = (0..segment.len())
        .map(|row| {
            let mut out = Vec::new();
            data(segment, row, &mut out);
            String::from_utf8(out).expect("text is UTF-8")
        })
        .collect();
    let mut renderer = Renderer::new(segment);
    for row in (0..segment.len()).chain((0..segment.len()).rev()) {
        let mut out = Vec::new();
        renderer.data(row, &mut out);
        assert_eq!(String::from_utf8_lossy(&out), alone[row]);
    }
    alone
}

fn resources(segment: &Segment) -> Vec<Option<String>> {
    let resource = |row| {
        let mut out = b"before".to_vec();
        let shown = resource(segment, segment.resource_of(row), &mut out);
        let text = String::from_utf8(out.split_off(6)).expect("text is UTF-8");
        assert_eq!((out.as_slice(), shown), (&b"before"[..], !text.is_empty()));
        shown.then_some(text)
    };
    (0..segment.len()).map(resource).collect()
}

#[test]
fn scope_and_schema_url_follow_the_fields_of_a_row() {
    let span = text(2, text(5, "s"));
    let scope = |fields: &[Vec<u8>]| text(2, fields.concat());
    let name = message(1, [text(1, "n"), varint(4, 1)]);
    let url = text(3, "u");
    let request = text(
        1,
        [
            scope(&[name.clone(), span.clone(), text(2, ""), url.clone()]),
            scope(&[name, span.clone()]),
            scope(&[span.clone(), url.clone()]),
            scope(&[text(1, ""), span.clone(), text(2, ""), text(3, "")]),
            scope(&[span, text(2, "")]),
            scope(&[text(2, ""), url]),
        ]
        .concat(),
    );
    let expected = [
        r#"{"name":"s","scope":{"name":"n","droppedAttributesCount":1},"schemaUrl":"u"}"#,
        r#"{"scope":{"name":"n","droppedAttributesCount":1},"schemaUrl":"u"}"#,
        r#"{"name":"s","scope":{"name":"n","droppedAttributesCount":1}}"#,
        r#"{"name":"s","schemaUrl":"u"}"#,
        r#"{"name":"s","scope":{}}"#,
        r#"{"scope":{}}"#,
        r#"{"name":"s"}"#,
        "{}",
        r#"{"schemaUrl":"u"}"#,
    ];
    assert_eq!(rows(&segment(Signal::Traces, &request)), expected);
}

#[test]
fn resources_with_their_schema_url() {
    let log = message(2, [text(2, "")]);
    let attribute = attribute(1, "k", b"");
    let cases: [(Vec<u8>, Option<&str>); 7] = [
        (log.clone(), None),
        (all([text(1, ""), log.clone()]), Some("{}")),
        (all([log.clone(), text(3, "u")]), Some(r#"{"schemaUrl":"u"}"#)),
        (all([log.clone(), text(3, "")]), None),
        (all([text(1, ""), log.clone(), text(3, "u")]), Some(r#"{"schemaUrl":"u"}"#)),
        (
            all([text(1, &attribute), log.clone()]),
            Some(r#"{"attributes":[{"key":"k","value":{}}]}"#),
        ),
        (
            all([text(1, all([attribute, varint(2, 1)])), log, text(3, "\"u\"")]),
            Some(
                r#"{"attributes":[{"key":"k","value":{}}],"droppedAttributesCount":1,"schemaUrl":"\"u\""}"#,
            ),
        ),
    ];
    for (group, expected) in cases {
        let segment = segment(Signal::Logs, &text(1, group));
        assert_eq!(resources(&segment), [expected.map(str::to_owned)]);
    }
}

#[test]
fn a_metric_stands_around_each_of_its_points() {
    let point = |time| message(1, [fixed64(3, time)]);
    let metadata = text(12, text(1, "k"));
    let head = all([text(1, "n"), text(3, "By")]);
    let metrics = [
        all([
            head.clone(),
            message(7, [point(1), point(2), varint(2, 2), varint(3, 1)]),
            metadata.clone(),
        ]),
        all([head.clone(), message(5, [text(1, ""), point(3)])]),
        all([message(9, [point(4), varint(2, 1)]), metadata.clone()]),
        message(10, [point(5)]),
        all([text(2, "d"), message(11, [point(6)])]),
        all([head.clone(), message(7, [varint(2, 2)]), metadata.clone()]),
        all([head, metadata]),
        text(9, ""),
        vec![],
    ];
    let metrics = metrics.map(|metric| text(2, metric)).concat();
    let request = message(1, [message(2, [message(1, [text(1, "s")]), metrics, text(3, "u")])]);
    let expected = [
        r#"{"name":"n","unit":"By","sum":{"dataPoints":[{"timeUnixNano":"1"}],"aggregationTemporality":2,"isMonotonic":true},"metadata":[{"key":"k"}]"#,
        r#"{"name":"n","unit":"By","sum":{"dataPoints":[{"timeUnixNano":"2"}],"aggregationTemporality":2,"isMonotonic":true},"metadata":[{"key":"k"}]"#,
        r#"{"name":"n","unit":"By","gauge":{"dataPoints":[{}]}"#,
        r#"{"name":"n","unit":"By","gauge":{"dataPoints":[{"timeUnixNano":"3"}]}"#,
        r#"{"histogram":{"dataPoints":[{"timeUnixNano":"4"}],"aggregationTemporality":1},"metadata":[{"key":"k"}]"#,
        r#"{"exponentialHistogram":{"dataPoints":[{"timeUnixNano":"5"}]}"#,
        r#"{"description":"d","summary":{"dataPoints":[{"timeUnixNano":"6"}]}"#,
        r#"{"name":"n","unit":"By","sum":{"aggregationTemporality":2},"metadata":[{"key":"k"}]"#,
        r#"{"name":"n","unit":"By","metadata":[{"key":"k"}]"#,
        r#"{"histogram":{}"#,
        "{",
    ];
    let expected = expected.map(|row| {
        let comma = if row == "{" { "" } else { "," };
        format!("{row}{comma}\"scope\":{{\"name\":\"s\"}},\"schemaUrl\":\"u\"}}")
    });
    assert_eq!(rows(&segment(Signal::Metrics, &request)), expected);
}

#[test]
fn metrics_of_several_scopes_keep_apart() {
    let metric = text(2, all([text(1, "same"), message(5, [text(1, "")])]));
    let scope =
        |name: &str| message(2, [message(1, [text(1, name)]), metric.clone(), metric.clone()]);
    let request = text(1, [scope("a"), scope("b")].concat());
    let row = |scope: &str| {
        format!(r#"{{"name":"same","gauge":{{"dataPoints":[{{}}]}},"scope":{{"name":"{scope}"}}}}"#)
    };
    assert_eq!(rows(&segment(Signal::Metrics, &request)), ["a", "a", "b", "b"].map(row));
}
